/** Graphs of many shapes: written, opened by the core, and computed as their definitions say. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeNetwork } from "../../../ts/blob/encode.js";
import { createBlob, Engine } from "../../../ts/node.js";
import { NetworkMaker } from "../core/networks.js";
import { GRAPHS, WIDTH } from "./graphs.js";
import { plainOutputs } from "./plain.js";

const FRAMES = 20;
/** Of the largest element of an output. */
const TOLERANCE = 2e-6;

let engine: Engine;

beforeAll(async () => {
  engine = await Engine.load();
});

afterAll(() => {
  engine.dispose();
});

describe.each(Object.entries(GRAPHS))("%s", (_, network) => {
  const { lengths, outputs } = encodeNetwork(network);
  const frames = lengths.near(FRAMES);
  const input = new NetworkMaker(6).frames(frames, WIDTH);
  const expected = plainOutputs(network, input);

  test("has as many rows as it says", () => {
    expect(outputs.map(({ rows }) => rows(frames))).toEqual(expected.map(({ length }) => length));
    expect(outputs.map(({ width }) => width)).toEqual(expected.map((rows) => rows[0]!.length));
  });

  test.each([
    { schedule: "stream", tile: 1 },
    { schedule: "stream", tile: 7 },
    { schedule: "layer" },
  ] as const)("computes what it means, under $schedule $tile", async (options) => {
    const model = await engine.loadModel(await createBlob(engine, network));
    const session = model.createSession({ ...options, maxFrames: frames });
    session.selfTest();
    session.run(input).forEach(({ data }, i) => {
      const wanted = expected[i]!.flat();
      const largest = Math.max(...wanted.map(Math.abs));
      const errors = wanted.map((value, at) => Math.abs(data[at]! - value));
      expect(data.length).toBe(wanted.length);
      expect(Math.max(...errors)).toBeLessThanOrEqual(TOLERANCE * largest);
    });
    model.dispose();
  });
});
