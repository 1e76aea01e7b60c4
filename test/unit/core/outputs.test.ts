/** Networks of several outputs, of rows over time, of a look ahead, and of whole sequences. */
import { beforeAll, describe, expect, test } from "vitest";
import type { Network, Op } from "../../../ts/graph/network.js";
import {
  BadArgument,
  BadState,
  createBlob,
  Engine,
  logitsOf,
  type Model,
} from "../../../ts/node.js";
import { add, NetworkMaker, paperNetwork, pool } from "./networks.js";

const WIDTH = 5;
const FRAMES = 12;
const make = new NetworkMaker(11);
const frames = make.frames(FRAMES, WIDTH);
const lookingAhead: Op = {
  kind: "conv1d",
  name: "smooth",
  input: 0,
  weight: make.tensor("smooth.weight", [WIDTH, WIDTH, 3], 0.5),
  padding: "same",
};

function network(ops: readonly Op[], outputs: Network["outputs"]): Network {
  return {
    ...{ inputKind: "frames", inputWidth: WIDTH, ops, convention: "test" },
    ...(outputs && { outputs }),
  } as Network;
}

/** Rows of 3 over time, and 2 logits. */
const twoHeads = network(
  [
    make.linear("body", 0, WIDTH, 4, true),
    make.linear("labels", 1, 4, 3, true),
    pool("pool", 1, "mean"),
    make.linear("class", 3, 4, 2, true),
  ],
  [
    { name: "rows", value: 2 },
    { name: "class", value: 4 },
  ],
);
const ahead = network(
  [lookingAhead, pool("pool", 1, "max")],
  [
    { name: "smooth", value: 1 },
    { name: "largest", value: 2 },
  ],
);
const palindrome = network(
  [{ kind: "reverse", name: "flip", input: 0 }, add("both", 0, 1)],
  undefined,
);

let engine: Engine;
let heads: Model;
let smooth: Model;
let whole: Model;

beforeAll(async () => {
  engine = await Engine.load();
  const load = async (of: Network) => engine.loadModel(await createBlob(engine, of));
  [heads, smooth, whole] = await Promise.all([load(twoHeads), load(ahead), load(palindrome)]);
});

const frame = (t: number) => frames.subarray(t * WIDTH, (t + 1) * WIDTH);

describe("several outputs", () => {
  test("are said by the model, and have the shapes it says", () => {
    expect(heads.info.outputs).toEqual([
      { name: "rows", width: 3, isSequence: true },
      { name: "class", width: 2, isSequence: false },
    ]);
    const outputs = heads.createSession().run(frames);
    expect(outputs.map(({ name, shape }) => [name, shape])).toEqual([
      ["rows", [FRAMES, 3]],
      ["class", [2]],
    ]);
    expect(outputs.map(({ shape }) => shape)).toEqual(heads.outputShapes(FRAMES));
    expect(outputs.map(({ data }) => data.length)).toEqual([FRAMES * 3, 2]);
  });

  test("come row by row, vectors at the end", () => {
    const session = heads.createSession();
    const expected = session.run(frames);
    session.reset();
    for (let t = 0; t < FRAMES; t++) {
      const [rows, ...others] = session.push(frame(t));
      expect(others).toEqual([]);
      expect(rows).toEqual({
        name: "rows",
        shape: [1, 3],
        data: expected[0]!.data.slice(3 * t, 3 * t + 3),
      });
    }
    const [left, logits] = session.finish();
    expect(left).toMatchObject({ name: "rows", shape: [0, 3] });
    expect(logits).toEqual(expected[1]);
  });

  test("are no logits", () => {
    const outputs = heads.createSession().run(frames);
    expect(() => logitsOf(outputs)).toThrow(BadState);
    expect(() => logitsOf(outputs)).toThrow(/rows \[12, 3\], class \[2\]/);
    expect(() => logitsOf(whole.createSession({ maxFrames: FRAMES }).run(frames))).toThrow(
      BadState,
    );
  });

  test("that are vectors can be read behind the steps of the end", () => {
    const session = heads.createSession({ tile: FRAMES });
    const [, logits] = session.run(frames);
    session.reset();
    session.feed(frames);
    while (session.step() !== undefined);
    session.feedEnd();
    while (session.step() !== undefined);
    expect(session.vectors()).toEqual([logits]);
  });

  test("pass the self-test, all of them", () => {
    for (const model of [heads, smooth, whole]) expect(model.selfTest()).toBe(true);
  });
});

describe("a network that looks ahead", () => {
  test("gives its last rows at the end, and then needs a reset", () => {
    expect(smooth.info).toMatchObject({ looksAhead: true, needsMaxFrames: false });
    const session = smooth.createSession();
    const expected = session.run(frames);
    session.reset();
    const pushed = session.push(frames);
    expect(pushed[0]!.shape).toEqual([FRAMES - 1, WIDTH]);
    const [last, largest] = session.finish();
    expect(last!.data).toEqual(expected[0]!.data.slice(-WIDTH));
    expect(largest).toEqual(expected[1]);
    expect(() => session.push(frame(0))).toThrow(BadState);
    expect(() => session.push(frame(0))).toThrow(/reset\(\) before going on/);
    session.reset();
    session.push(frames);
    expect(session.finish()[1]).toEqual(expected[1]);
  });
});

describe("a network that sees the whole sequence", () => {
  test("needs a bound in frames, under every schedule", () => {
    expect(whole.info).toMatchObject({ needsMaxFrames: true, maxFrames: 0 });
    expect(() => whole.createSession()).toThrow(BadArgument);
    expect(() => whole.plan()).toThrow(
      "maxFrames: expected the longest sequence for this network, part of which sees a whole sequence",
    );
    const [expected] = whole.createSession({ maxFrames: FRAMES }).run(frames);
    for (let t = 0; t < FRAMES; t++) {
      for (let i = 0; i < WIDTH; i++) {
        const sum = Math.fround(frame(t)[i]! + frame(FRAMES - 1 - t)[i]!);
        expect(expected!.data[t * WIDTH + i]).toBe(sum);
      }
    }
    for (const options of [{ tile: 5 }, { schedule: "layer" }, { schedule: "unfused" }] as const) {
      const session = whole.createSession({ ...options, maxFrames: FRAMES + 3 });
      expect(session.run(frames)).toEqual([expected]);
    }
  });

  test("plans buffers for it, and says how many bytes they are", () => {
    const plan = whole.plan({ maxFrames: 100 });
    const kept = plan.buffers.filter(({ isWhole }) => isWhole);
    expect(kept.length).toBeGreaterThan(0);
    expect(plan.wholeBytes).toBe(kept.reduce((sum, { bytes }) => sum + bytes, 0));
    expect(plan.wholeBytes).toBeGreaterThanOrEqual(100 * WIDTH * 4);
    expect(whole.plan({ maxFrames: 200 }).wholeBytes).toBe(2 * plan.wholeBytes);
    expect(smooth.plan().wholeBytes).toBe(0);
  });

  test("touches what was planned", () => {
    for (const options of [{}, { tile: 4 }, { schedule: "layer" }] as const) {
      const { plan, highWaterBytes, guardsIntact, outputs } = whole.measureArena(frames, options);
      expect(guardsIntact).toBe(true);
      expect(highWaterBytes).toBeLessThanOrEqual(plan.arenaBytes);
      expect(outputs).toEqual(whole.createSession({ maxFrames: FRAMES }).run(frames));
    }
  });

  test("keeps to its bound", () => {
    const session = whole.createSession({ maxFrames: FRAMES - 1 });
    expect(() => session.run(frames)).toThrow(BadState);
  });
});

test("a network is defined for some lengths only, if it says so", async () => {
  const limited = { ...paperNetwork(), minFrames: 4, maxFrames: 6 };
  const model = await engine.loadModel(await createBlob(engine, limited));
  expect(model.info).toMatchObject({ minFrames: 4, maxFrames: 6 });
  const session = model.createSession();
  for (const count of [3, 7]) {
    const input = make.frames(count, WIDTH);
    expect(() => session.run(input)).toThrow(`4 to 6 frames, which the network is defined for`);
  }
  expect(logitsOf(session.run(make.frames(5, WIDTH)))).toHaveLength(3);
  expect(() => model.plan({ schedule: "layer", maxFrames: 7 })).toThrow(/at most 6/);
  expect(model.plan({ schedule: "layer" }).maxFrames).toBe(6);
  model.dispose();
});
