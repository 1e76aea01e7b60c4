/** Lines of a timing report: what is read of them, and what is refused. */
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { COSTS } from "../../../ts/board/cost-table.js";
import { BadFile } from "../../../ts/core/errors.js";
import { hexWord } from "../../../ts/hex-word.js";
import { Engine, type Model } from "../../../ts/node.js";
import {
  EMPTY_TIMINGS,
  parseTimingReport,
  parseTimings,
  timingRow,
  withTiming,
} from "../../../ts/profile/timing-report.js";

let model: Model;

beforeAll(async () => {
  const engine = await Engine.load();
  const url = new URL("../../../ts/models/har/model.mlm", import.meta.url);
  model = await engine.loadModel(readFileSync(url));
});

function lines(changes: Readonly<Record<string, string | undefined>> = {}): string {
  const { total = "7000000", ...marks } = changes;
  const words: Record<string, string | undefined> = {
    ...{ "mambalite-timing": "1", core: "0.2.0", board: "stm32h743" },
    ...{ model: hexWord(model.info.crc32), tile: "1", counter: "cycles", clock: "480000000" },
    ...{ state: "as planned", weights: "dtcm", arena: "dtcm", frames: "100" },
    ...marks,
  };
  const facts = Object.entries(words).flatMap(([key, value]) => (value ? [`${key} ${value}`] : []));
  const operators = model.operators("stream").map((_, i) => `operator ${i} ${1000 * (i + 1)}`);
  return [...facts, ...operators, `total ${total}`, "end"].join("\n");
}

describe("a report", () => {
  test("is found among what a console shows, the last of several", () => {
    const noise = lines({ frames: "7" }).replaceAll("\n", "\r\n");
    const report = parseTimingReport(`boot\r\n${noise}\r\nself-test MLM_OK\n${lines()}\ndone\n`);
    expect(report).toMatchObject({
      ...{ board: "stm32h743", tile: 1, counter: "cycles", clockHz: 480e6, frames: 100 },
      ...{ state: "as planned", weights: "dtcm", arena: "dtcm", total: 7_000_000 },
    });
    expect(report.operators.slice(0, 2)).toEqual([1000, 2000]);
  });

  test.each([
    ["", /no line "mambalite-timing 1"/],
    ["cut", /it stops before its last line, "end"/],
    [{ "mambalite-timing": "2" }, /its format is 2, this version reads 1/],
    [{ frames: undefined }, /no lines "frames"/],
    [{ frames: "-3" }, /frames is "-3", not a whole number/],
    [{ counter: "ticks" }, /it counts "ticks", not cycles or instructions/],
    [{ clock: undefined }, /no lines "clock"/],
    [{ clock: "0" }, /its clock is 0/],
    [{ total: "0" }, /its total is 0/],
    [{ board: "\x1b[2Jevil" }, /its board is no short line of printable ASCII/],
    [{ state: "x".repeat(201) }, /its state is no short line/],
    [{ model: "har" }, /its model is "har", not a CRC-32/],
    ["order", /"operator 1 2000" where operator 0 was expected/],
  ])("is refused by what is wrong: %j", (change, message) => {
    const whole = lines(typeof change === "string" ? {} : change);
    const texts: Record<string, string> = {
      ...{ "": "done\n", cut: whole.replace(/\nend$/, "") },
      order: whole.replace("operator 0 1000\n", ""),
    };
    const text = typeof change === "string" ? texts[change]! : whole;
    expect(() => parseTimingReport(text)).toThrow(BadFile);
    expect(() => parseTimingReport(text)).toThrow(message);
  });

  test("of another plan than the model's is refused", () => {
    const report = parseTimingReport(lines());
    const short = { ...report, operators: report.operators.slice(1) };
    expect(() => timingRow(short, model, COSTS)).toThrow(/it has \d+ operators, the model \d+/);
  });
});

describe("a row", () => {
  test("has the estimate for the same plan and places beside it", () => {
    const row = timingRow(parseTimingReport(lines()), model, COSTS);
    expect(row.ms).toBeCloseTo(7000 / 480, 9);
    const { cycles, lowCycles, highCycles } = row.estimate!;
    expect(lowCycles).toBeLessThan(cycles);
    expect(highCycles).toBeGreaterThan(cycles);
    const inFlash = timingRow(parseTimingReport(lines({ weights: "flash" })), model, COSTS);
    expect(inFlash.estimate!.cycles).toBeGreaterThan(1.5 * cycles);
    const measured = row.operators.reduce((sum, op) => sum + op.measured, 0);
    expect(measured).toBe(parseTimingReport(lines()).operators.reduce((sum, one) => sum + one, 0));
    for (const op of row.operators) expect(op.estimatedCycles, op.name).toBeGreaterThan(0);
  });

  test("says why there is none", () => {
    const reason = (changes: Record<string, string>) =>
      timingRow(parseTimingReport(lines(changes)), model, COSTS).noEstimate;
    expect(reason({ board: "unknown" })).toBe("no timing of the board (unknown)");
    expect(reason({ weights: "psram" })).toBe("no timing of the memory (psram)");
    expect(reason({ arena: "toString" })).toBe("no timing of the memory (toString)");
  });

  test("takes the place of an earlier one of the same measurement in a catalogue", () => {
    const row = timingRow(parseTimingReport(lines()), model, COSTS);
    const once = withTiming(EMPTY_TIMINGS, row);
    const again = withTiming(once, { ...row, total: 8_000_000 });
    expect(again.rows.map(({ total }) => total)).toEqual([8_000_000]);
    expect(withTiming(again, { ...row, weights: "flash" }).rows).toHaveLength(2);
    expect(parseTimings(JSON.stringify(again))).toEqual(JSON.parse(JSON.stringify(again)));
    for (const text of ["", "{}", '{"schema":"mambalite-timings-1","rows":[1]}'])
      expect(() => parseTimings(text)).toThrow(BadFile);
  });
});
