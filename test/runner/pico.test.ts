/**
 * A Pico's image with a model, from the boot ROM's jump on, in an emulated Cortex-M0+ with as much of an RP2040 around it as
 * pico.ts states: QEMU has none. Bits and classes are WebAssembly's; the report says cycles, which here are instructions.
 */
import { expect, test } from "vitest";
import { parseTimingReport } from "../../ts/profile/timing-report.js";
import { flashOf, runnerImages } from "./emulated-board.js";
import { boardModel, exampleOf, lineBytes, wantedLines } from "./models.js";
import { Pico } from "./pico.js";
import { rawPayload } from "./raw-payload.js";

const FRAMES = 16;
const MOST_INSTRUCTIONS = 40_000_000;
const TIMEOUT_MS = 300_000;

test(
  "har-int passes its self-test, and an example and a stream give WebAssembly's bits",
  async () => {
    const whole = boardModel("har-int");
    const recordings = whole.recordings.map(({ label, input }) => ({
      label,
      input: input.slice(0, FRAMES * 9),
    }));
    const model = { ...whole, recordings };
    const wanted = await wantedLines(model);
    const payload = rawPayload({ blob: model.blob, example: exampleOf(model, recordings[0]!) });
    const pico = new Pico(flashOf(runnerImages().pico!, payload));
    pico.boot();
    pico.runUntil(() => pico.said.endsWith("ready\n"), MOST_INSTRUCTIONS);
    const lines = pico.said.split("\n");
    expect(lines).toContain("self-test MLM_OK");
    expect(lines).toContain(`${wanted[0]![0]} (example)`);
    expect(lines).toContain(wanted[0]![1]);
    const report = parseTimingReport(pico.said);
    expect(report).toMatchObject({
      ...{ board: "rp2040", counter: "cycles", clockHz: 133_000_000, state: "as planned" },
      ...{ frames: FRAMES, arena: "sram" },
    });
    // Instructions of this model's Cortex-M0+: SysTick's rounds are joined to 32 bits.
    expect(report.total).toBeGreaterThan(1_000_000);
    expect(report.total).toBeLessThan(MOST_INSTRUCTIONS);

    const { bytes, values } = lineBytes(model, recordings[1]!);
    pico.input.push(...new TextEncoder().encode(`stream ${values} reset\n`));
    const from = pico.said.length;
    let [sent, at] = [0, from];
    const answered = () => {
      const asked = /send (\d+)\n/.exec(pico.said.slice(at));
      if (asked !== null) {
        at += asked.index + asked[0].length;
        const end = sent + 4 * Number(asked[1]);
        pico.input.push(...bytes.subarray(sent, end));
        sent = end;
      }
      return /status .*\n$/.test(pico.said.slice(from));
    };
    let before = pico.said.length;
    while (!answered()) {
      pico.runUntil(() => pico.said.length > before, MOST_INSTRUCTIONS);
      before = pico.said.length;
    }
    const answer = pico.said.slice(from).trimEnd().split("\n");
    expect(answer.slice(-3)).toEqual([...wanted[1]!, "status ok"]);
  },
  TIMEOUT_MS,
);
