/** Sessions: the calls in their orders, their errors, and that an error changes nothing. */
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { HEADER } from "../../../ts/core/format.js";
import {
  BadFile,
  BadInput,
  BadState,
  createBlob,
  Disposed,
  Engine,
  type InputArray,
  logitsOf,
  type Model,
  NonFinite,
  SelfTestFailed,
  writeBlob,
} from "../../../ts/node.js";
import { changed, word } from "./blobs.js";
import { NetworkMaker, paperNetwork, tiedLanguageModel } from "./networks.js";

const WIDTH = 5;

let engine: Engine;
let paperBlob: Uint8Array;
let paper: Model;
let language: Model;
const frames = new NetworkMaker(7).frames(12, WIDTH);
const tokens = new NetworkMaker(7).tokens(12, 19);

beforeAll(async () => {
  engine = await Engine.load();
  paperBlob = await createBlob(engine, paperNetwork());
  paper = await engine.loadModel(paperBlob);
  language = await engine.loadModel(await createBlob(engine, tiedLanguageModel()));
});

/** Sessions of a test, disposed behind it. */
const sessions: { dispose(): void }[] = [];

afterEach(() => {
  for (const session of sessions.splice(0)) session.dispose();
});

function open(model: Model, options?: Parameters<Model["createSession"]>[0]) {
  const session = model.createSession(options);
  sessions.push(session);
  return session;
}

describe("a session", () => {
  test("counts frames, forgets them, and may go on after finish", () => {
    const session = open(paper);
    const whole = session.run(frames);
    expect(session.frames).toBe(12);
    session.reset();
    expect(session.frames).toBe(0);
    session.push(frames.subarray(0, 4 * WIDTH));
    const early = session.finish();
    expect(session.finish()).toEqual(early);
    expect(early).not.toEqual(whole);
    session.push(frames.subarray(4 * WIDTH));
    expect(session.finish()).toEqual(whole);
  });

  test("steps the same operators with and without their outputs, and may end again and again", () => {
    const [a, b] = [open(paper), open(paper)];
    const expected = a.run(frames);
    for (const session of [a, b]) session.reset();
    for (let at = 0; at < frames.length; at += WIDTH) {
      for (const session of [a, b]) session.feed(frames.subarray(at, at + WIDTH));
      for (let step = a.step(); step !== undefined; step = a.step()) {
        expect(b.stepOperator()).toBe(step.operatorIndex);
      }
      expect(b.stepOperator()).toBe(-1);
    }
    for (let i = 0; i < 3; i++) {
      b.feedEnd();
      while (b.stepOperator() >= 0);
      expect(b.finish()).toEqual(expected);
    }
  });

  test("repeats the work of a step without going on to it", () => {
    const [a, b] = [open(paper), open(paper)];
    const expected = a.run(frames);
    for (const session of [a, b]) session.reset();
    for (let at = 0; at < frames.length; at += WIDTH) {
      for (const session of [a, b]) session.feed(frames.subarray(at, at + WIDTH));
      for (let step = a.step(); step !== undefined; step = a.step()) {
        const before = b.arena().slice();
        b.repeatOperator(3);
        expect(b.arena()).not.toEqual(before);
        b.arena().set(before);
        expect(b.stepOperator()).toBe(step.operatorIndex);
      }
      expect(b.stepOperator()).toBe(-1);
    }
    expect(b.finish()).toEqual(expected);
  });

  test("gives logits that are the caller's to keep", () => {
    const session = open(paper);
    const first = session.run(frames);
    const copy = structuredClone(first);
    session.run(frames.subarray(0, WIDTH));
    expect(first).toEqual(copy);
  });

  test("takes more input than it has memory for", () => {
    const many = new NetworkMaker(8).frames(5000, WIDTH);
    const before = paper.memoryBytes;
    const session = open(paper);
    const whole = session.run(many);
    expect(paper.memoryBytes - before).toBeLessThan(many.byteLength);
    session.reset();
    for (let t = 0; t < 5000; t++) session.push(many.subarray(t * WIDTH, (t + 1) * WIDTH));
    expect(session.finish()).toEqual(whole);
    expect(open(paper, { tile: 64 }).run(many)).toEqual(whole);
  });

  test("takes tokens", () => {
    const session = open(language);
    const whole = session.run(tokens);
    session.reset();
    session.push(tokens.subarray(0, 5));
    session.push(tokens.subarray(5));
    expect(session.finish()).toEqual(whole);
    expect(logitsOf(whole)).toHaveLength(19);
  });

  test("passes the self-test of its blob and is reset by it", () => {
    for (const options of [{}, { tile: 8 }, { schedule: "layer", maxFrames: 8 }] as const) {
      const session = open(paper, options);
      session.push(frames.subarray(0, WIDTH));
      session.selfTest();
      expect(session.frames).toBe(0);
    }
    open(language).selfTest();
  });

  test("works in memory that several others are in", () => {
    const [a, b, c] = [open(paper), open(paper, { tile: 3 }), open(paper)];
    const expected = a.run(frames);
    for (let t = 0; t < 12; t++) {
      const frame = frames.subarray(t * WIDTH, (t + 1) * WIDTH);
      if (t === 0) a.reset();
      a.push(frame);
      b.push(frame);
      if (t === 5) c.dispose();
      if (t === 6) open(paper, { schedule: "unfused", maxFrames: 4000 });
    }
    expect(a.finish()).toEqual(expected);
    expect(b.finish()).toEqual(expected);
  });

  test("is of no use after dispose", () => {
    const session = paper.createSession();
    const state = session.saveState();
    session.dispose();
    session.dispose();
    expect(session.alive).toBe(false);
    expect(session.plan.tile).toBe(1);
    for (const use of [
      () => session.run(frames),
      () => session.push(frames),
      () => session.finish(),
      () => session.reset(),
      () => session.frames,
      () => session.saveState(),
      () => session.loadState(state),
      () => session.selfTest(),
      () => session.feed(frames),
      () => session.feedEnd(),
      () => session.step(),
      () => session.stepOperator(),
      () => session.repeatOperator(1),
      () => session.arena(),
    ]) {
      expect(use).toThrow(Disposed);
    }
  });

  test("is disposed by `using`, where there is such a thing", () => {
    const session = paper.createSession();
    session[Symbol.dispose]();
    expect(session.alive).toBe(false);
  });
});

describe("input is refused", () => {
  test.each([
    ["no frames", new Float32Array(0), /one or more frames of 5 elements/],
    ["part of a frame", new Float32Array(7), /multiple of 5, got 7 elements/],
    ["another array", new Float64Array(5), /Float32Array of frames, got Float64Array/],
    ["tokens", new Int32Array(5), /got Int32Array/],
    ["no array", [1, 2, 3, 4, 5], /got Array/],
    ["nothing", undefined, /got Undefined/],
  ])("that is %s", (_, input, message) => {
    const session = open(paper);
    for (const call of ["run", "push", "feed"] as const) {
      expect(() => session[call](input as Float32Array)).toThrow(BadInput);
      expect(() => session[call](input as Float32Array)).toThrow(message);
    }
  });

  test.each([
    ["frames", new Float32Array(3), /Int32Array of tokens, got Float32Array/],
    ["nothing", new Int32Array(0), /at least one token/],
    ["negative", Int32Array.of(1, -1), /tokens from 0 to 18, got -1 at position 1/],
    ["beyond the vocabulary", Int32Array.of(18, 19), /got 19 at position 1/],
  ])("for tokens that are %s", (_, input: InputArray, message) => {
    const session = open(language);
    for (const call of ["run", "push", "feed"] as const) {
      expect(() => session[call](input)).toThrow(BadInput);
      expect(() => session[call](input)).toThrow(message);
    }
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    "with %s in it, naming the position, and nothing of it was pushed",
    (value) => {
      const input = frames.slice();
      input[7 * WIDTH + 3] = value;
      const session = open(paper);
      session.push(frames);
      const expected = session.finish();
      for (const call of ["run", "push"] as const) {
        const error = { where: "input", position: [7, 3], value };
        expect(() => session[call](input)).toThrow(expect.objectContaining(error));
        expect(() => session[call](input)).toThrow(NonFinite);
      }
      expect(session.frames).toBe(12);
      expect(session.finish()).toEqual(expected);
    },
  );

  test("with NaN in its last element, wherever that lies, and while fed frames wait", () => {
    for (const length of [WIDTH, 3 * WIDTH, 5000 * WIDTH]) {
      const input = new Float32Array(length).fill(0.5);
      const session = open(paper, { tile: 4 });
      expect(() => session.push(input)).not.toThrow();
      input[length - 1] = Number.NaN;
      expect(() => session.push(input)).toThrow(NonFinite);
      session.reset();
      session.feed(frames.subarray(0, 4 * WIDTH));
      expect(() => session.run(input)).toThrow(NonFinite);
      while (session.step() !== undefined);
      const fresh = open(paper);
      fresh.push(frames.subarray(0, 4 * WIDTH));
      expect(session.finish()).toEqual(fresh.finish());
    }
  });

  test("with NaN in it, unless that is allowed", () => {
    const nan = new Float32Array(5).fill(Number.NaN);
    const logits = logitsOf(open(paper).run(nan, { allowNonfinite: true }));
    expect(logits.every(Number.isNaN)).toBe(true);
  });
});

describe("the order of calls", () => {
  test("needs a frame before finish", () => {
    const session = open(paper);
    expect(() => session.finish()).toThrow(BadState);
    expect(() => session.feedEnd()).toThrow(BadState);
    session.push(frames);
    session.reset();
    expect(() => session.finish()).toThrow(/needs more frames than there were/);
  });

  test("keeps to the longest sequence that was planned", () => {
    const session = open(paper, { schedule: "layer", maxFrames: 12 });
    session.push(frames);
    expect(() => session.push(frames.subarray(0, WIDTH))).toThrow(/12 \+ 1 frames exceed.*12/);
    expect(() => session.feed(frames.subarray(0, WIDTH))).toThrow(BadState);
    const whole = session.finish();
    expect(() => session.run(new Float32Array(13 * WIDTH))).toThrow(BadState);
    expect(session.frames).toBe(12);
    expect(session.finish()).toEqual(whole);
    expect(() => open(paper, { schedule: "layer", maxFrames: 7 }).selfTest()).toThrow(
      /8 frames, the plan has 7/,
    );
  });

  test("needs fed frames to be stepped through, and they are safe until then", () => {
    const session = open(paper, { tile: 12 });
    const expected = session.run(frames);
    session.reset();
    session.feed(frames);
    const other = frames.map((value) => -value);
    for (const use of [
      () => session.push(other),
      () => session.feed(other),
      () => session.feedEnd(),
      () => session.finish(),
      () => session.saveState(),
      () => session.selfTest(),
    ]) {
      expect(use).toThrow(/stepped through/);
    }
    while (session.step() !== undefined);
    expect(session.finish()).toEqual(expected);
    session.feed(other);
    expect(session.run(frames)).toEqual(expected);
  });

  test("takes one tile at a time to step through", () => {
    const session = open(paper, { tile: 3 });
    expect(() => session.feed(frames)).toThrow(/at most 3 frames, the plan's tile, got 12/);
    expect(session.step()).toBeUndefined();
  });
});

describe("step", () => {
  test("goes through all operators, whose outputs cover their widths", () => {
    const session = open(paper, { tile: 4 });
    const operators = paper.operators("stream");
    const channels = operators.map(() => 0);
    session.feed(frames.subarray(0, 4 * WIDTH));
    for (let step = session.step(); step !== undefined; step = session.step()) {
      const output = step.output();
      if (operators[step.operatorIndex]!.name !== "pool") {
        expect(step).toMatchObject({ rows: 4, firstRow: 0 });
        expect(output).toHaveLength(step.rows * step.width);
        channels[step.operatorIndex]! += step.width;
      }
    }
    session.feedEnd();
    for (let step = session.step(); step !== undefined; step = session.step()) {
      expect(step).toMatchObject({ rows: 1, firstRow: 0 });
      channels[step.operatorIndex]! += step.output().length;
    }
    expect(channels).toEqual(operators.map(({ outputWidth }) => outputWidth));
  });

  test("gives the output of linear_in as it is by hand", () => {
    const network = paperNetwork();
    const layer = network.ops[0]!;
    if (layer.kind !== "linear") throw new Error("not a linear layer");
    const session = open(paper);
    session.feed(frames.subarray(0, WIDTH));
    const output = session.step()!.output();
    output.forEach((value, o) => {
      let sum = layer.bias!.data[o]!;
      for (let i = 0; i < WIDTH; i++) {
        sum = Math.fround(sum + Math.fround(layer.weight.data[o * WIDTH + i]! * frames[i]!));
      }
      expect(value).toBe(sum);
    });
  });

  test("has an output only until the session goes on", () => {
    const session = open(paper);
    session.feed(frames.subarray(0, WIDTH));
    const step = session.step()!;
    expect(step.output()).toEqual(step.output());
    session.step();
    expect(() => step.output()).toThrow(BadState);
    const next = session.step()!;
    session.reset();
    expect(() => next.output()).toThrow(BadState);
  });

  test("has an empty output where there is no single one", () => {
    const session = open(paper, { schedule: "unfused", maxFrames: 4 });
    const names = paper.operators("unfused").map(({ name }) => name);
    session.feed(frames.subarray(0, 4 * WIDTH));
    for (let step = session.step(); step !== undefined; step = session.step()) {
      if (names[step.operatorIndex] !== "mamba.discretize") continue;
      expect(step.output()).toHaveLength(0);
      return;
    }
    throw new Error("discretize was never executed");
  });
});

describe("saved state", () => {
  test("goes on in another session, model and schedule", async () => {
    const whole = open(paper).run(frames);
    const first = open(paper);
    first.push(frames.subarray(0, 5 * WIDTH));
    const state = first.saveState();
    const other = await engine.loadModel(paperBlob);
    const second = other.createSession({ schedule: "unfused", maxFrames: 12 });
    second.loadState(state);
    expect(second.frames).toBe(5);
    second.push(frames.subarray(5 * WIDTH));
    expect(second.finish()).toEqual(whole);
    other.dispose();
  });

  test("of another model, damaged or too long is refused", () => {
    const session = open(paper);
    session.push(frames);
    const state = session.saveState();
    const expected = session.finish();
    expect(() => open(language).loadState(state)).toThrow(BadFile);
    for (let i = 0; i < state.length; i += 7) {
      const damaged = state.slice();
      damaged[i]! ^= 0x40;
      expect(() => session.loadState(damaged)).toThrow(BadFile);
    }
    const short = open(paper, { schedule: "layer", maxFrames: 11 });
    expect(() => short.loadState(state)).toThrow(/more than 11 frames/);
    expect(() => session.loadState([] as unknown as Uint8Array)).toThrow(BadInput);
    expect(session.finish()).toEqual(expected);
  });
});

describe("the self-test", () => {
  test("fails when the logits are not those recorded", async () => {
    const blob = changed(paperBlob, (view) => {
      const at = word(view, HEADER.selfTestOutputs);
      view.setUint32(at, word(view, at) ^ 1, true);
    });
    const model = await engine.loadModel(blob);
    const session = model.createSession();
    expect(() => session.selfTest()).toThrow(SelfTestFailed);
    expect(() => session.selfTest()).toThrow(expect.objectContaining({ frames: 8 }));
    expect(session.run(frames)).toEqual(open(paper).run(frames));
    model.dispose();
  });

  test("is an error where there is none", async () => {
    const model = await engine.loadModel(writeBlob(paperNetwork()));
    expect(model.info.selfTestInputs).toBe(0);
    expect(() => model.createSession().selfTest()).toThrow(/no self-test/);
    model.dispose();
  });
});

describe("arena", () => {
  test("is the plan's bytes, aligned, and the session lives in it", () => {
    const session = open(paper);
    expect(session.arena()).toHaveLength(session.plan.arenaBytes);
    expect(session.arena().byteOffset % 16).toBe(0);
    const expected = session.run(frames);
    const kept = session.plan.buffers.filter(({ kind }) => kind === "state");
    const arena = session.arena();
    session.reset();
    for (let byte = 0; byte < arena.length; byte++) {
      const isState = kept.some((b) => byte >= b.offset && byte < b.offset + b.bytes);
      if (!isState) arena[byte] = 0xff;
    }
    session.push(frames);
    expect(session.finish()).toEqual(expected);
  });
});
