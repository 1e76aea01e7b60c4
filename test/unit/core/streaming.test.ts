/** Audio as it comes from a microphone: any number of samples at a time, and no end in sight. */
import { readFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { BUNDLED_MODELS } from "../../../ts/models/node.js";
import { Engine, logitsOf, type Model, type Outputs } from "../../../ts/node.js";

const SECOND = 16_000;
const MINUTES = 10;

let model: Model;
const noise = Float32Array.from({ length: SECOND }, (_, i) => Math.sin(i * i * 0.37) / 4);

beforeAll(async () => {
  const kws = BUNDLED_MODELS.find(({ name }) => name === "kws")!;
  model = await (await Engine.load()).loadModel(readFileSync(kws.blob));
});

function bitsOf(outputs: Outputs): Uint32Array {
  return new Uint32Array(logitsOf(outputs).buffer);
}

test.each([1, 160, 333, SECOND])(
  "portions of %i samples give the bits of a whole run",
  (portion) => {
    const session = model.createSession();
    for (let at = 0; at < noise.length; at += portion) {
      session.push(noise.subarray(at, at + portion));
    }
    expect(session.frames).toBe(98);
    const whole = model.createSession({ schedule: "layer", maxFrames: 98 }).run(noise);
    expect(bitsOf(session.finish())).toEqual(bitsOf(whole));
  },
);

test(`${MINUTES} minutes of audio need no more memory than their first second`, () => {
  const session = model.createSession();
  session.push(noise);
  const bytes = model.memoryBytes;
  for (let second = 1; second < MINUTES * 60; second++) session.push(noise);
  expect(session.frames).toBe(1 + Math.floor((MINUTES * 60 * SECOND - 400) / 160));
  expect(logitsOf(session.finish()).every(Number.isFinite)).toBe(true);
  expect(model.memoryBytes).toBe(bytes);
}, 60_000);
