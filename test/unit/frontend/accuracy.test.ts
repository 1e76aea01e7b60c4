/**
 * The log-mel front end against an independent one: float64 with torch.fft, by
 * scripts/reference/log_mel_reference.py, on the clips that are shipped with the keyword spotter. And
 * its tables against those that the features for training were made with, bit for bit.
 */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readNpy, readNpyFloat64 } from "../../../ts/checkpoint/index.js";
import { type LogmelForm, logmelOp, readFrontEnd } from "../../../ts/frontend/index.js";
import { Engine, type Model, type SimdChoice } from "../../../ts/node.js";

const ROOT = new URL("../../../", import.meta.url);
const CLIPS = ["on", "stop", "yes"];
const WAV_HEADER_BYTES = 44;
const INT16_SCALE = 32768;

/**
 * Away from the floor: the energy of the band is at least this many times the floor. Nearer to it,
 * what is left of a window's sum is of the size of the rounding of the sum.
 */
const AWAY = 5;
/** Of max(1, |log-mel|): a log-mel of about 0 is an energy of about 1, not a small one. */
const STATED_ERROR = 7e-6;
/** Of the values nearer to the floor, those on it included. */
const STATED_ERROR_NEAR_THE_FLOOR = 1.2e-5;
/** A stated error that is far from what is measured is stale. */
const STALE = 0.8;

function read(path: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(path, ROOT)));
}

function readClip(name: string): Float32Array {
  const bytes = read(`ts/models/kws/${name}.wav`).slice(WAV_HEADER_BYTES);
  return Float32Array.from(new Int16Array(bytes.buffer), (value) => value / INT16_SCALE);
}

const frontEnd = readFrontEnd(read("ts/models/kws/frontend.json")) as LogmelForm;
const logmel = logmelOp(frontEnd);

/** What the operator `logmel` makes of a whole clip. */
function logmelFrames(model: Model, samples: Float32Array): Float32Array {
  const session = model.createSession({ tile: samples.length / frontEnd.hopSamples });
  session.feed(samples);
  const frames = session.step()!.output();
  session.dispose();
  return frames;
}

describe.each<SimdChoice>(["off", "on"])("log-mel frames with SIMD %s", (simd) => {
  let engine: Engine;
  let model: Model;

  beforeAll(async () => {
    engine = await Engine.load({ simd });
    model = await engine.loadModel(read("ts/models/kws/model.mlm"));
  });

  afterAll(() => {
    engine.dispose();
  });

  test("are those of float64", () => {
    let [away, near] = [0, 0];
    for (const clip of CLIPS) {
      const { data, shape } = readNpyFloat64(read(`test/golden/frontend/logmel_${clip}.npy`));
      const frames = logmelFrames(model, readClip(clip));
      expect(shape).toEqual([98, 40]);
      expect(frames).toHaveLength(data.length);
      for (const [i, value] of data.entries()) {
        const error = Math.abs(frames[i]! - value) / Math.max(1, Math.abs(value));
        if (value >= Math.log(AWAY * frontEnd.energyFloor)) away = Math.max(away, error);
        else near = Math.max(near, error);
      }
    }
    expectStated(away, STATED_ERROR);
    expectStated(near, STATED_ERROR_NEAR_THE_FLOOR);
  });
});

function expectStated(measured: number, stated: number): void {
  expect(measured).toBeLessThanOrEqual(stated);
  expect(measured).toBeGreaterThan(STALE * stated);
}

describe("the tables", () => {
  test("have the window of the training scripts", () => {
    const { data } = readNpy(read("test/golden/frontend/window.npy"));
    expect(bitsOf(logmel.window.data)).toEqual(bitsOf(data as Float32Array));
  });

  test("have the triangles of the training scripts", () => {
    const { data, shape } = readNpy(read("test/golden/frontend/triangles.npy"));
    const [bands, bins] = shape as [number, number];
    const whole = new Float32Array(bands * bins);
    let next = 0;
    for (let band = 0; band < bands; band++) {
      const [first, count] = logmel.filterBins.data.subarray(2 * band, 2 * band + 2);
      for (let i = 0; i < count!; i++)
        whole[band * bins + first! + i] = logmel.filters.data[next++]!;
    }
    expect(next).toBe(logmel.filters.data.length);
    expect(bitsOf(whole)).toEqual(bitsOf(data as Float32Array));
  });

  test("are in the blob of the keyword spotter as they are", async () => {
    const blob = read("ts/models/kws/model.mlm");
    for (const { data } of [logmel.window, logmel.twiddles, logmel.filters]) {
      expect(Buffer.from(blob).includes(Buffer.from(data.buffer))).toBe(true);
    }
    expect(
      Buffer.from(blob).includes(Buffer.from(Uint32Array.from(logmel.filterBins.data).buffer)),
    ).toBe(true);
  });
});

function bitsOf(values: Float32Array): number[] {
  return [...new Uint32Array(values.buffer, values.byteOffset, values.length)];
}
