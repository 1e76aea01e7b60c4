/** Models that take samples: what they say, sessions that push any number of them, their errors. */
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { inputLength } from "../../../ts/core/input.js";
import {
  BadFile,
  BadInput,
  BadState,
  createBlob,
  Engine,
  logitsOf,
  type Model,
  NonFinite,
  type Session,
  type SessionOptions,
} from "../../../ts/node.js";
import { audioNetwork, NetworkMaker } from "./networks.js";

/** Of audioNetwork. */
const [WINDOW, HOP, BANDS] = [12, 5, 6];
const samples = new NetworkMaker(31).frames(100, 1);

let engine: Engine;
let audio: Model;
const sessions: Session[] = [];

beforeAll(async () => {
  engine = await Engine.load();
  audio = await engine.loadModel(await createBlob(engine, audioNetwork()));
});

afterEach(() => {
  for (const session of sessions.splice(0)) session.dispose();
});

function open(options?: SessionOptions): Session {
  const session = audio.createSession(options);
  sessions.push(session);
  return session;
}

describe("a model of samples", () => {
  test("says what it takes", () => {
    expect(audio.info).toMatchObject({
      ...{ inputKind: "samples", inputWidth: 1 },
      ...{ sampleRateHz: 16_000, windowSamples: WINDOW, hopSamples: HOP },
    });
    expect(audio.info.selfTestInputs).toBe(inputLength(audio.info, 8));
    expect(audio.ops[0]).toMatchObject({ kind: "logmel", inputs: [0], width: BANDS });
    expect(audio.ops[1]).toMatchObject({ kind: "affine", inputs: [1], width: BANDS });
    expect(audio.ops.slice(0, 2).map(({ parameters }) => parameters)).toEqual([0, 0]);
  });

  test("counts the work of frames", () => {
    const [first, second] = [audio.operatorCounts(1), audio.operatorCounts(4)];
    expect(second[0]!.macs).toBe(4 * first[0]!.macs);
    expect(second[0]!.exps).toBe(4 * BANDS);
    expect(second[1]).toMatchObject({ macs: 4 * BANDS, exps: 0 });
  });

  test("plans for the samples of a tile and for those that wait for a window", () => {
    const plan = audio.plan({ tile: 3 });
    expect(plan.inputBytes).toBe(3 * HOP * 4);
    const waiting = plan.buffers.find(({ name }) => name.endsWith("samples"))!;
    expect(waiting).toMatchObject({ kind: "state", bytes: WINDOW * 4 });
    const spectrum = plan.buffers.find(({ name }) => name.endsWith("spectrum"))!;
    expect(spectrum).toMatchObject({ kind: "scratch", firstOp: 0, lastOp: 0, bytes: 64 });
  });

  test.each([
    { schedule: "stream", tile: 1 },
    { schedule: "stream", tile: 4 },
    { schedule: "layer" },
    { schedule: "unfused" },
  ] as const)("touches what was planned: %j", (options) => {
    for (const length of [inputLength(audio.info, 10), samples.length]) {
      const { plan, highWaterBytes, guardsIntact } = audio.measureArena(
        samples.subarray(0, length),
        options,
      );
      expect(guardsIntact).toBe(true);
      expect(highWaterBytes).toBe(plan.arenaBytes);
    }
  });

  test("does not measure what makes no frame", () => {
    for (const options of [{}, { schedule: "layer" }] as const) {
      const measure = () => audio.measureArena(samples.subarray(0, WINDOW - 1), options);
      expect(measure).toThrow(BadInput);
      expect(measure).toThrow(/at least 12 samples, a window, got 11/);
    }
  });
});

describe("a session of samples", () => {
  test.each([1, 2, 5, 7, 12, 13, 99])("takes %d at a time", (portion) => {
    const session = open();
    const whole = session.run(samples);
    expect(session.frames).toBe(18);
    session.reset();
    for (let start = 0; start < samples.length; start += portion) {
      const end = Math.min(start + portion, samples.length);
      session.push(samples.subarray(start, end));
      expect(session.frames).toBe(end < WINDOW ? 0 : 1 + Math.floor((end - WINDOW) / HOP));
    }
    expect(session.finish()).toEqual(whole);
  });

  test("takes more of them than it has memory for, without more memory", () => {
    const many = new NetworkMaker(32).frames(50_003, 1);
    const session = open();
    const whole = session.run(many);
    const before = audio.memoryBytes;
    session.reset();
    for (let start = 0; start < many.length; start += 333) {
      session.push(many.subarray(start, start + 333));
    }
    expect(session.finish()).toEqual(whole);
    expect(audio.memoryBytes).toBe(before);
    expect(open({ schedule: "layer", maxFrames: 10_000 }).run(many)).toEqual(whole);
  });

  test("needs a window before finish", () => {
    const session = open();
    session.push(samples.subarray(0, WINDOW - 1));
    expect(session.frames).toBe(0);
    expect(() => session.finish()).toThrow(BadState);
    expect(() => session.feedEnd()).toThrow(BadState);
    session.push(samples.subarray(WINDOW - 1, WINDOW));
    expect(session.finish()).toEqual(open().run(samples.subarray(0, WINDOW)));
  });

  test("refuses a run that makes no frame, and changes nothing", () => {
    const session = open();
    const expected = session.run(samples);
    const tooFew = samples.subarray(0, WINDOW - 1);
    expect(() => session.run(tooFew)).toThrow(BadInput);
    expect(() => session.run(tooFew)).toThrow(/at least 12 samples, a window, got 11/);
    expect(session.frames).toBe(18);
    expect(session.finish()).toEqual(expected);
  });

  test.each([
    ["nothing", new Float32Array(0), /at least one sample, got 0/],
    ["doubles", new Float64Array(20), /Float32Array of samples, got Float64Array/],
    ["integers", new Int16Array(20), /got Int16Array/],
    ["tokens", new Int32Array(20), /got Int32Array/],
  ])("refuses %s", (_, input, message) => {
    const session = open();
    for (const call of ["run", "push", "feed"] as const) {
      expect(() => session[call](input as unknown as Float32Array)).toThrow(BadInput);
      expect(() => session[call](input as unknown as Float32Array)).toThrow(message);
    }
  });

  test("names the sample that is not finite", () => {
    const input = samples.slice();
    input[17] = Number.NaN;
    const session = open();
    expect(() => session.push(input)).toThrow(NonFinite);
    expect(() => session.push(input)).toThrow(/at \[17\]/);
    const logits = logitsOf(session.run(input, { allowNonfinite: true }));
    expect(logits.every(Number.isNaN)).toBe(true);
    expect(session.run(samples)).toEqual(open().run(samples));
  });

  test.each(["layer", "unfused"] as const)("keeps to the frames of a %s plan", (schedule) => {
    const session = open({ schedule, maxFrames: 4 });
    const most = inputLength(audio.info, 5) - 1;
    session.push(samples.subarray(0, most));
    expect(session.frames).toBe(4);
    expect(() => session.push(samples.subarray(0, 1))).toThrow(BadState);
    expect(() => session.push(samples.subarray(0, 1))).toThrow(
      /31 \+ 1 samples, 5 frames, exceed this session's limit of 4/,
    );
    expect(() => session.run(samples.subarray(0, most + 1))).toThrow(BadState);
    expect(session.finish()).toEqual(open().run(samples.subarray(0, most)));
    expect(() => session.selfTest()).toThrow(/needs 8 frames, the plan has 4/);
  });

  test("is stepped through in hops, of which some make no frame", () => {
    const session = open({ tile: 2 });
    const expected = session.run(samples.subarray(0, 23));
    session.reset();
    expect(() => session.feed(samples.subarray(0, 11))).toThrow(
      /at most 10 samples, the plan's tile, got 11 samples/,
    );
    session.feed(samples.subarray(0, 10));
    expect(session.step()).toMatchObject({ operatorIndex: 0, rows: 0, width: BANDS });
    expect(session.step()).toBeUndefined();
    session.feed(samples.subarray(10, 20));
    const step = session.step()!;
    expect(step).toMatchObject({ operatorIndex: 0, rows: 2, width: BANDS });
    expect(step.output()).toHaveLength(2 * BANDS);
    expect(() => session.push(samples)).toThrow(BadState);
    while (session.step() !== undefined);
    session.push(samples.subarray(20, 23));
    expect(session.frames).toBe(3);
    expect(session.finish()).toEqual(expected);
  });

  test("goes on in the middle of a window, elsewhere", () => {
    const expected = open().run(samples);
    for (const cut of [1, 11, 12, 14, 50, 99]) {
      const first = open({ tile: 3 });
      first.push(samples.subarray(0, cut));
      const second = open({ schedule: "layer", maxFrames: 18 });
      second.loadState(first.saveState());
      expect(second.frames).toBe(first.frames);
      second.push(samples.subarray(cut));
      expect(second.finish()).toEqual(expected);
    }
  });

  test("refuses a state of too many frames, or a damaged one", () => {
    const first = open();
    first.push(samples);
    const state = first.saveState();
    const second = open({ schedule: "layer", maxFrames: 17 });
    expect(() => second.loadState(state)).toThrow(BadState);
    state[20]! ^= 1;
    expect(() => open().loadState(state)).toThrow(BadFile);
    expect(second.frames).toBe(0);
  });

  test("passes its self-test under every schedule and is reset by it", () => {
    for (const options of [{}, { tile: 8 }, { schedule: "unfused", maxFrames: 8 }] as const) {
      const session = open(options);
      session.push(samples.subarray(0, 7));
      session.selfTest();
      expect(session.frames).toBe(0);
      session.push(samples.subarray(0, WINDOW - 1));
      expect(session.frames).toBe(0);
    }
  });
});
