/** A conversation with a board: the stand-in's, told well and told badly, in pieces of every length. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { readNpy } from "../../../ts/checkpoint/npy.js";
import { hexWord } from "../../../ts/hex-word.js";
import { Engine, type Model } from "../../../ts/node.js";
import { parseTimingReport } from "../../../ts/profile/timing-report.js";
import { RunnerConsole } from "../../../ts/runner/console.js";
import { expectedBits, firstDifference } from "../../../ts/runner/expected.js";
import { RunnerLink } from "../../../ts/runner/link.js";
import { recordText } from "../../../ts/runner/record.js";
import { BoardFailed } from "../../../ts/runner/serial-errors.js";
import { inputValues } from "../../../ts/runner/values.js";
import { StandIn, type StandInOptions } from "../../runner/stand-in.js";

const models = new URL("../../../ts/models/", import.meta.url);
/** For boards that answer, on a machine that may be slow; and for those that do not. */
const WAITS = { patienceMs: 20_000, quietMs: 20, answerMs: 5_000 };
const SHORT_WAITS = { patienceMs: 200, quietMs: 20, answerMs: 40 };

let har: Model;
let kws: Model;
let walking: Float32Array;

beforeAll(async () => {
  const engine = await Engine.load();
  har = await engine.loadModel(readFileSync(new URL("har/model.mlm", models)));
  kws = await engine.loadModel(readFileSync(new URL("kws/model-int.mlm", models)));
  walking = readNpy(readFileSync(new URL("har/walking.npy", models))).data as Float32Array;
});

/** A board and a link to it; what they say to each other arrives later, in pieces of `size` bytes. */
function linked(options: StandInOptions, size = 1000, waits = WAITS) {
  const lines: string[] = [];
  const sent: number[] = [];
  const link: RunnerLink = new RunnerLink(
    (bytes) => {
      sent.push(bytes.length);
      setTimeout(() => board.take(bytes));
    },
    { ...waits, onLine: (text) => lines.push(text) },
  );
  const board = new StandIn((bytes) => {
    setTimeout(() => {
      for (let at = 0; at < bytes.length; at += size) link.take(bytes.subarray(at, at + size));
    });
  }, options);
  return { link, board, lines, sent };
}

describe("a board that starts", () => {
  test.each([1, 3, 1000])("is known when it is ready, in pieces of %d bytes", async (size) => {
    const { link, board, lines, sent } = linked({ model: har, example: walking }, size);
    board.start();
    const { facts, report } = await link.greet();
    expect(facts).toMatchObject({
      ...{ format: 1, board: "microbit", core: "0.1.0", clockHz: 16e6, wrong: [] },
      ...{ model: hexWord(har.info.crc32), selfTest: "MLM_OK", stackBytes: 700 },
      arena: { planned: 4000, available: 12000, high: 3900 },
    });
    expect(facts.example).toEqual({
      ...{ classIndex: 0, label: har.labels[0] },
      logitsBits: expectedBits(har, walking),
    });
    expect(parseTimingReport(report!)).toMatchObject({ counter: "instructions", total: 123456 });
    expect(lines).toContain("self-test MLM_OK");
    expect(sent).toEqual([]); // nothing had to be asked
    const record = recordText(facts, report!);
    expect(record).toMatch(
      /^mambalite-runner 1\nrunner microbit\n[\s\S]*stack 700\nmambalite-timing 1\n/,
    );
    expect(parseTimingReport(record)).toEqual(parseTimingReport(report!));
  });

  test("without a model says why, and its console answers", async () => {
    const { link, board } = linked({});
    board.start();
    const { facts, report } = await link.greet();
    expect(facts).toMatchObject({ model: null, status: "no model" });
    expect(report).toBeUndefined();
    await expect(link.report()).rejects.toThrow('the board: it says "no model"');
    await expect(link.run()).rejects.toThrow(BoardFailed);
  });

  test("says what of FPU, clock and caches is not as it should be", async () => {
    const change = (line: string) =>
      line.startsWith("configuration") ? "configuration the clock is 64 MHz" : line;
    const { link, board } = linked({ model: har, example: walking, change });
    board.start();
    expect((await link.greet()).facts.wrong).toEqual(["the clock is 64 MHz"]);
  });
});

describe("a board that has been running", () => {
  test("is asked, measures and runs", async () => {
    const { link } = linked({ model: har, example: walking });
    const { facts, report } = await link.greet();
    expect(facts.board).toBe("microbit");
    expect(report).toBeUndefined();
    expect(parseTimingReport(await link.report()).frames).toBe(100);
    expect((await link.run()).logitsBits).toEqual(expectedBits(har, walking));
  });

  test("is given input as fast as it asks for it, never more", async () => {
    const { link, sent } = linked({ model: har, example: walking, piece: 32 }, 5);
    await link.greet();
    sent.length = 0;
    const answer = await link.stream(inputValues(har.info, walking));
    expect(answer).toMatchObject({ classIndex: 0, label: har.labels[0] });
    expect(firstDifference(answer, expectedBits(har, walking))).toBeUndefined();
    const [command, ...pieces] = sent;
    expect(command).toBe("stream 1152 reset\n".length);
    expect(new Set(pieces)).toEqual(new Set([128]));
    expect(pieces).toHaveLength((walking.length * 4) / 128);
  });

  test("takes samples of 16 bits, and gives the bits of the integers' simulation", async () => {
    const samples = Float32Array.from({ length: 16_000 }, (_, i) => Math.sin(i / 9) / 3);
    const { link, sent } = linked({ model: kws, example: samples, piece: 64 });
    await link.greet();
    sent.length = 0;
    const answer = await link.stream(inputValues(kws.info, samples));
    expect(firstDifference(answer, expectedBits(kws, samples))).toBeUndefined();
    expect(Math.max(...sent.slice(1))).toBe(128);
    const other = expectedBits(kws, new Float32Array(16_000));
    expect(firstDifference(answer, other)).toMatch(/^logit 0 is [0-9a-f]{8}, not [0-9a-f]{8}$/);
    expect(firstDifference(answer, [])).toMatch(/^\d+ logits where the simulation has 0$/);
  });

  test("may have a network of rows over time, without a class", async () => {
    const change = (line: string) => {
      if (line.startsWith("logits")) return null;
      return line.startsWith("class") ? "class none: no output is a vector" : line;
    };
    const { link } = linked({ model: har, example: walking, change });
    const { facts } = await link.greet();
    expect(facts.example).toEqual({ classIndex: -1, logitsBits: [] });
    expect(await link.run()).toEqual({ classIndex: -1, logitsBits: [] });
  });

  test("is asked again where the first command was garbled", async () => {
    const { link, board } = linked({ model: har, example: walking });
    board.take(Buffer.from("inf")); // what somebody typed before
    expect((await link.greet()).facts.board).toBe("microbit");
  });

  test("may compute for long in the middle of what it says", async () => {
    const waits = { ...WAITS, answerMs: SHORT_WAITS.answerMs };
    const { link, board, sent } = linked({ model: har, example: walking }, 1000, waits);
    board.print("mambalite-runner 1");
    board.print("runner microbit");
    setTimeout(() => board.print("self-test MLM_OK"), 3 * waits.answerMs);
    setTimeout(() => board.print("ready"), 6 * waits.answerMs);
    expect((await link.greet()).facts).toMatchObject({ board: "microbit", selfTest: "MLM_OK" });
    expect(sent).toEqual([]);
  });

  test("may be busy with what nobody has seen begin, and lose what it is asked meanwhile", async () => {
    const waits = { ...WAITS, answerMs: SHORT_WAITS.answerMs };
    let isBusy = true;
    const link: RunnerLink = new RunnerLink((bytes) => {
      // Its receiver has room for two bytes.
      setTimeout(() => board.take(isBusy ? bytes.subarray(0, 2) : bytes));
    }, waits);
    const board = new StandIn((bytes) => link.take(bytes), { model: har, example: walking });
    setTimeout(() => {
      isBusy = false;
      board.print("total 12");
      board.print("end");
      board.print("ready");
    }, 2.5 * waits.answerMs);
    expect((await link.greet()).facts.board).toBe("microbit");
    expect(await link.report()).toMatch(/^mambalite-timing 1\n/);
  });

  test("does one thing at a time", async () => {
    const { link } = linked({ model: har, example: walking });
    await link.greet();
    const first = link.run();
    await expect(link.run()).rejects.toThrow(/at another command/);
    expect((await first).classIndex).toBe(0);
  });
});

describe("what is wrong is said in a line", () => {
  const answering = (changed: (line: string) => string | null) => {
    const options = {
      ...{ model: har, example: walking },
      change: (line: string) => (isAsked ? changed(line) : line),
    };
    const waits = { ...WAITS, patienceMs: 2000 };
    const both = linked(options, 1000, waits);
    let isAsked = false;
    return {
      ...both,
      greeted: async () => {
        await both.link.greet();
        isAsked = true;
        return both.link;
      },
    };
  };

  test("nothing on the line", async () => {
    const link = new RunnerLink(() => {}, SHORT_WAITS);
    await expect(link.greet()).rejects.toThrow(/it says nothing; is it the right port/);
  });

  test("something else on the line, which says a lot", async () => {
    const link = new RunnerLink(() => {}, SHORT_WAITS);
    const chatter = setInterval(() => link.take(Buffer.from("\x1b[2JGPS $GPGGA,1\r\n")), 5);
    await expect(link.greet()).rejects.toThrow(
      /does not answer as a runner does, its last line is "\\\\u\{1b\}\[2JGPS \$GPGGA,1"/,
    );
    clearInterval(chatter);
  });

  test("a console of another format", async () => {
    const change = (line: string) => line.replace("runner 1", "runner 2");
    const { link, board } = linked({ model: har, example: walking, change });
    board.start();
    await expect(link.greet()).rejects.toThrow(/its console has format 2, this version reads 1/);
  });

  test.each([
    ["send 33", /it wants 33 values where 1152 are left; at most 128 bytes go at once/],
    ["send 0", /it wants 0 values/],
    ["send many", /it wants no number of values/],
    ["status timed out", /it says "timed out"/],
    ["status ok", /ended `stream 1152 reset` without a line "class"/],
  ])("%s where input should be asked for", async (line, message) => {
    const { greeted } = answering((said) => (said.startsWith("send") ? line : said));
    const link = await greeted();
    await expect(link.stream(inputValues(har.info, walking))).rejects.toThrow(message);
  });

  test.each([
    [/^logits/, "logits xyz", /without a line "logits"/],
    [/^class/, "class 99999999999", /without a line "class"/],
    [/^status/, "status MLM_ERR_LENGTH", /it says "MLM_ERR_LENGTH"/],
    [/^status/, null, /has said nothing for 2 s/],
    [/^status/, "ready", /it started again in the middle of a command/],
  ])("%s becomes %s", async (which, line, message) => {
    const { greeted } = answering((said) => (which.test(said) ? line : said));
    await expect((await greeted()).run()).rejects.toThrow(message);
  });

  test("a report that a status cuts off", async () => {
    const { greeted } = answering((said) => (said.startsWith("total") ? "status lost" : said));
    await expect((await greeted()).report()).rejects.toThrow(/it says "lost"/);
  });

  test("the line itself ends", async () => {
    const { link, greeted } = answering(() => null);
    await greeted();
    const running = link.run();
    link.close(new BoardFailed("unplugged"));
    await expect(running).rejects.toThrow(/unplugged/);
    await expect(link.run()).rejects.toThrow(/unplugged/);
    await expect(link.greet()).rejects.toThrow(/unplugged/);
  });
});

test("a line without an end takes no memory, and no line is obeyed by a terminal", async () => {
  const { link, lines } = linked({ model: har, example: walking });
  const noise = Buffer.alloc(1 << 20, "x");
  for (let i = 0; i < 4; i++) link.take(noise);
  link.take(Buffer.from("\n\x9b\x1b]0;evil\x07\n"));
  expect(lines[0]!.length).toBeLessThanOrEqual(1 << 16);
  expect(lines[1]).toMatch(/^\P{C}*$/u);
  expect((await link.greet()).facts.board).toBe("microbit");
});

/** What a runner prints, whole and cut, and what it does not. */
const anyLine = fc.oneof(
  fc.constantFrom(
    ...[
      "mambalite-runner 1",
      "mambalite-timing 1",
      "end",
      "ready",
      "status ok",
      "status",
      "send 9",
    ],
    ...[
      "class 1 a",
      "class none",
      "logits 00000000",
      "logits",
      "arena 1 of 2 high 3",
      "clock 9 Hz",
    ],
    ...[
      "model none",
      "model 01234567",
      "configuration bad",
      "self-test MLM_OK",
      "stack",
      "send -1",
    ],
  ),
  fc.string(),
);

test("whatever comes, in whatever pieces, is told the same and never throws", () => {
  fc.assert(
    fc.property(
      fc.array(anyLine),
      fc.uint8Array(),
      fc.integer({ min: 1, max: 9 }),
      (all, noise, size) => {
        const bytes = Buffer.concat([Buffer.from(all.join("\n")), noise, Buffer.from("\n")]);
        const [whole, pieces] = [new RunnerConsole(), new RunnerConsole()];
        const events = [];
        for (let at = 0; at < bytes.length; at += size) {
          events.push(...pieces.take(bytes.subarray(at, at + size)));
        }
        expect(events).toEqual(whole.take(bytes));
        expect(pieces.facts).toEqual(whole.facts);
      },
    ),
  );
});

test("answers to questions that were given up are not taken for later ones", async () => {
  const { link, board } = linked({ model: har, example: walking });
  await link.greet();
  board.take(Buffer.from("info\n"));
  expect(await link.report()).toMatch(/^mambalite-timing 1\n/);
});
