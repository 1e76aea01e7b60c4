/** Detectors against sessions driven by hand: the same answers, bit for bit, however the stream is cut. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readCheckpoint, toNetwork } from "../../../ts/checkpoint/index.js";
import { readFrontEnd, readLabels, withFrontEnd } from "../../../ts/frontend/index.js";
import { BUNDLED_MODELS } from "../../../ts/models/node.js";
import {
  BadArgument,
  BadInput,
  createBlob,
  Disposed,
  Engine,
  type Network,
  NonFinite,
} from "../../../ts/node.js";
import {
  createDetector,
  type Detection,
  type DetectorOptions,
  runningNetwork,
  windowNetworks,
} from "../../../ts/streaming/index.js";
import { uniformNumbers } from "../core/networks.js";

const FORM = { windowFrames: 12, hopFrames: 4 };
const HOP_SAMPLES = 160;
const WINDOW_SAMPLES = 400;
const THRESHOLDS = { thresholds: 0.13, smooth: 3, holdOff: 2 };

let engine: Engine;
let kws: Network;
let har: Network;

function bundled(name: string): Network {
  const model = BUNDLED_MODELS.find((one) => one.name === name)!;
  const read = (url: URL) => readFileSync(fileURLToPath(url));
  const network = toNetwork(readCheckpoint(read(model.checkpoint)));
  return {
    ...withFrontEnd(network, readFrontEnd(read(model.frontEnd))),
    labels: readLabels(read(model.labels)),
  };
}

beforeAll(async () => {
  engine = await Engine.load();
  // Noise is what these streams are of: a class that fires here.
  const labels = (network: Network) => network.labels!.map((l) => l.replace("_silence_", "noise"));
  kws = bundled("kws");
  kws = { ...kws, labels: labels(kws) };
  har = bundled("har");
});

afterAll(() => engine.dispose());

function noise(count: number): Float32Array {
  const uniform = uniformNumbers(3);
  return Float32Array.from(
    { length: count },
    (_, i) => (uniform() - 0.5) * (i % 5000 < 2500 ? 0.3 : 0.01),
  );
}

async function heard(options: DetectorOptions, stream: Float32Array, portion: number) {
  const detector = await createDetector(engine, options);
  const events: Detection[] = [];
  for (let at = 0; at < stream.length; at += portion) {
    events.push(...detector.push(stream.subarray(at, at + portion)));
  }
  const all = { events, answers: detector.answers, labels: detector.labels };
  detector.dispose();
  return all;
}

/** As mlm_detector.h says it, over all answers at once. */
function expectedEvents(answers: readonly Float32Array[], labels: readonly string[]) {
  const lastFired = new Map<number, number>();
  const events: { label: string; confidence: number; answer: number }[] = [];
  answers.forEach((_, a) => {
    const kept = answers.slice(Math.max(0, a - THRESHOLDS.smooth + 1), a + 1);
    const means = labels.map((__, c) =>
      Math.fround(kept.reduce((sum, row) => Math.fround(sum + row[c]!), 0) / kept.length),
    );
    const best = means.indexOf(Math.max(...means));
    const fires =
      !labels[best]!.startsWith("_") && means[best]! >= Math.fround(THRESHOLDS.thresholds);
    if (!fires || a - (lastFired.get(best) ?? -1e9) <= THRESHOLDS.holdOff) return;
    lastFired.set(best, a);
    events.push({ label: labels[best]!, confidence: means[best]!, answer: a });
  });
  return events;
}

describe("a running detector", () => {
  it("fires what the rows of one push of all of it say, for any portions", async () => {
    const model = await createBlob(engine, runningNetwork(kws, FORM));
    const stream = noise(40_000);
    const opened = await engine.loadModel(model);
    const [rows] = opened.createSession().push(stream);
    const answers = Array.from({ length: rows!.shape[0]! }, (_, i) =>
      rows!.data.subarray(i * 8, i * 8 + 8),
    );
    expect(opened.labels).toEqual(kws.labels);
    expect(opened.isEndless).toBe(true);
    const wanted = expectedEvents(answers, kws.labels!);
    expect(wanted.length).toBeGreaterThan(3);
    for (const portion of [160, 333, 16_000, 40_000]) {
      const { events, answers: count } = await heard({ model, ...THRESHOLDS }, stream, portion);
      expect(count).toBe(answers.length);
      expect(events.map(({ label, confidence }) => ({ label, confidence }))).toEqual(
        wanted.map(({ label, confidence }) => ({ label, confidence })),
      );
      const samples = (answer: number) =>
        (FORM.windowFrames - 1 + answer * FORM.hopFrames) * HOP_SAMPLES + WINDOW_SAMPLES;
      expect(events.map(({ inputs }) => inputs)).toEqual(
        wanted.map(({ answer }) => samples(answer)),
      );
      expect(events[0]!.seconds).toBe(events[0]!.inputs / 16_000);
    }
    opened.dispose();
  });

  it("has the whole sequence's probabilities where the window is the sequence", async () => {
    const network = runningNetwork(kws, { windowFrames: 98, hopFrames: 98 });
    const running = await engine.loadModel(await createBlob(engine, network));
    const whole = await engine.loadModel(await createBlob(engine, windowNetworks(kws).model));
    const front = await engine.loadModel(await createBlob(engine, windowNetworks(kws).front!));
    const stream = noise(97 * HOP_SAMPLES + WINDOW_SAMPLES);
    const [row] = running.createSession().push(stream);
    const frames = front.createSession().push(stream)[0]!.data;
    const [wanted] = whole.createSession().run(frames);
    expect(row!.data.length).toBe(8);
    row!.data.forEach((value, i) => {
      expect(Math.abs(value - wanted!.data[i]!)).toBeLessThan(1e-6);
    });
    for (const model of [running, whole, front]) model.dispose();
  });
});

describe("a detector of exact windows", () => {
  it("gives each window the probabilities of a run of it alone", async () => {
    const { front, model } = windowNetworks(kws);
    const blobs = {
      front: await createBlob(engine, front!),
      model: await createBlob(engine, model),
    };
    const stream = noise(20_000);
    const opened = await engine.loadModel(await createBlob(engine, kws));
    const softmaxed = await engine.loadModel(
      await createBlob(engine, {
        ...kws,
        ops: [
          ...kws.ops,
          { kind: "softmax", softmax: "softmax", name: "softmax", input: kws.ops.length },
        ],
      }),
    );
    const session = softmaxed.createSession();
    const samples = (FORM.windowFrames - 1) * HOP_SAMPLES + WINDOW_SAMPLES;
    const answers: Float32Array[] = [];
    for (let at = 0; at + samples <= stream.length; at += FORM.hopFrames * HOP_SAMPLES) {
      answers.push(session.run(stream.subarray(at, at + samples))[0]!.data);
    }
    const wanted = expectedEvents(answers, kws.labels!);
    expect(wanted.length).toBeGreaterThan(2);
    for (const portion of [160, 333, 20_000]) {
      const { events, answers: count } = await heard(
        { ...blobs, ...FORM, ...THRESHOLDS },
        stream,
        portion,
      );
      expect(count).toBe(answers.length);
      expect(events.map(({ label, confidence }) => ({ label, confidence }))).toEqual(
        wanted.map(({ label, confidence }) => ({ label, confidence })),
      );
    }
    for (const one of [opened, softmaxed]) one.dispose();
  });

  it("takes logarithms of probabilities for what they are", async () => {
    const { front, model } = windowNetworks(kws);
    const last = model.ops.at(-1)!;
    const inLogarithms = { ...last, softmax: "log_softmax" } as typeof last;
    const stream = noise(20_000);
    const heardOf = async (network: typeof model) => {
      const blobs = {
        front: await createBlob(engine, front!),
        model: await createBlob(engine, network),
      };
      const { events } = await heard({ ...blobs, ...FORM, ...THRESHOLDS }, stream, 333);
      return events.map(({ label, confidence }) => ({ label, confidence }));
    };
    const wanted = await heardOf(model);
    const found = await heardOf({ ...model, ops: [...model.ops.slice(0, -1), inLogarithms] });
    expect(wanted.length).toBeGreaterThan(2);
    expect(found.map(({ label }) => label)).toEqual(wanted.map(({ label }) => label));
    for (const [i, { confidence }] of found.entries()) {
      expect(Math.abs(confidence - wanted[i]!.confidence)).toBeLessThan(1e-5);
    }
  });

  it("takes frames as they come, and tells how much memory it needs", async () => {
    const { front, model } = windowNetworks(har);
    expect(front).toBeUndefined();
    const detector = await createDetector(engine, {
      model: await createBlob(engine, model),
      windowFrames: 128,
      hopFrames: 64,
      rateHz: 50,
    });
    const bad = noise(64 * 9);
    bad[9 * 9] = Number.NaN;
    expect(() => detector.push(bad)).toThrow(NonFinite);
    expect(() => detector.push(noise(9 * 9 + 1))).toThrow(BadInput);
    detector.push(noise(256 * 9));
    expect(detector.answers).toBe(3);
    expect(detector.averages().reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5);
    expect(detector.arenaBytes).toBeGreaterThan(128 * 9 * 4);
    detector.reset();
    expect(detector.answers).toBe(0);
    detector.dispose();
    expect(() => detector.push(noise(9))).toThrow(Disposed);
    expect(() => detector.averages()).toThrow(Disposed);
  });
});

describe("windows of a whole model", () => {
  it("are those of its parts, frames made anew each time", async () => {
    const { front, model } = windowNetworks(kws);
    const parts = {
      front: await createBlob(engine, front!),
      model: await createBlob(engine, model),
    };
    const apart = await createDetector(engine, { ...parts, ...FORM, ...THRESHOLDS });
    const blob = await createBlob(engine, kws);
    const whole = await createDetector(engine, { model: blob, ...FORM, ...THRESHOLDS });
    const samples = noise(20_011);
    const expected = apart.push(samples);
    const events = [...whole.push(samples.subarray(0, 333)), ...whole.push(samples.subarray(333))];
    expect(whole.answers).toBe(apart.answers);
    expect(events.map(({ label, inputs }) => [label, inputs])).toEqual(
      expected.map(({ label, inputs }) => [label, inputs]),
    );
    for (const [i, average] of whole.averages().entries()) {
      expect(average).toBeCloseTo(apart.averages()[i]!, 5);
    }
  });

  it("show the frames that a front end makes, without another answer", async () => {
    const model = await createBlob(engine, runningNetwork(kws, FORM));
    const frames: Float32Array[] = [];
    const onFrame = (frame: Float32Array) => frames.push(frame.slice());
    const shown = await createDetector(engine, { model, ...THRESHOLDS, onFrame });
    const plain = await createDetector(engine, { model, ...THRESHOLDS });
    const samples = noise(8_080);
    expect(shown.push(samples)).toEqual(plain.push(samples));
    expect(shown.averages()).toEqual(plain.averages());
    expect(frames.length).toBe(1 + (samples.length - WINDOW_SAMPLES) / HOP_SAMPLES);
    expect(new Set(frames.map(({ length }) => length))).toEqual(new Set([40]));
  });
});

describe("any detector", () => {
  const CASES = ["running", "exact", "whole"] as const;

  async function optionsOf(mode: (typeof CASES)[number]): Promise<DetectorOptions> {
    if (mode === "running") {
      return { model: await createBlob(engine, runningNetwork(kws, FORM)), ...THRESHOLDS };
    }
    if (mode === "whole") return { model: await createBlob(engine, kws), ...FORM, ...THRESHOLDS };
    const { front, model } = windowNetworks(kws);
    const blobs = {
      model: await createBlob(engine, model),
      front: await createBlob(engine, front!),
    };
    return { ...blobs, ...FORM, ...THRESHOLDS };
  }

  it.each(CASES)("%s: after a reset it is as new", async (mode) => {
    const options = await optionsOf(mode);
    const stream = noise(20_000);
    const fresh = await createDetector(engine, options);
    const expected = fresh.push(stream);
    expect(expected.length).toBeGreaterThan(2);
    // Ends anywhere: within a frame, a window, an average and what is held off.
    for (const before of [123, 2_777, expected[0]!.inputs + 7, 9_999]) {
      const detector = await createDetector(engine, options);
      detector.push(noise(before).reverse());
      detector.push(stream.subarray(0, before));
      detector.reset();
      expect(detector.answers).toBe(0);
      expect(detector.push(stream)).toEqual(expected);
      expect(detector.averages()).toEqual(fresh.averages());
      detector.dispose();
    }
  });

  it.each(CASES)(
    "%s: what it refuses changes nothing, and what is given back is gone",
    async (mode) => {
      const frames: number[] = [];
      const onFrame = (frame: Float32Array) => frames.push(frame.length);
      const options = await optionsOf(mode);
      const shown = await createDetector(engine, { ...options, onFrame });
      const plain = await createDetector(engine, options);
      const stream = noise(8_080);
      const bad = stream.slice();
      bad[8_000] = Number.NaN;
      for (const detector of [shown, plain]) {
        expect(() => detector.push(bad)).toThrow(NonFinite);
        expect(() => detector.push(new Float32Array(0))).toThrow(BadInput);
        expect(() => detector.push(new Int32Array(160))).toThrow(BadInput);
      }
      expect(frames).toEqual([]);
      expect(shown.push(stream)).toEqual(plain.push(stream));
      expect(plain.answers).toBe((48 - FORM.windowFrames) / FORM.hopFrames + 1);
      expect(plain.averages()).toEqual(shown.averages());
      // Of a whole model's windows no frames are seen: each is made as often as windows have it.
      expect(frames).toEqual(mode === "whole" ? [] : Array.from({ length: 49 }, () => 40));
      for (const detector of [shown, plain]) {
        detector.dispose();
        detector.dispose();
        expect(() => detector.push(noise(9))).toThrow(Disposed);
        expect(() => detector.reset()).toThrow(Disposed);
        expect(() => detector.averages()).toThrow(Disposed);
      }
    },
  );

  it("has memory for what it averages, and for all answers of a tile", async () => {
    const model = await createBlob(engine, runningNetwork(kws, FORM));
    const opened = await engine.loadModel(model);
    const bytes = async (options: Partial<DetectorOptions>) =>
      (await createDetector(engine, { model, ...options })).arenaBytes;
    const rowBytes = 8 * 4;
    expect((await bytes({ smooth: 9 })) - (await bytes({ smooth: 4 }))).toBe(5 * rowBytes);
    // Of eight frames two answers may come, one every four.
    const plans = [8, 1].map((tile) => opened.plan({ tile }).arenaBytes) as [number, number];
    const more = (await bytes({ tile: 8 })) - (await bytes({ tile: 1 }));
    expect(more).toBe(plans[0] - plans[1] + rowBytes);
    expect((await createDetector(engine, { model })).setup).toMatchObject({
      ...{ smooth: 3, holdOff: 5, tile: 1, windowFrames: 0, hopFrames: 0 },
      thresholds: [0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 2, 0.7],
    });
    opened.dispose();
  });
});

describe("what is refused", () => {
  it("names the op that cannot run for ever, the window, the label", async () => {
    const attention: Network = {
      ...har,
      ops: har.ops.map((op) => (op.kind === "pool" ? { ...op, pool: "std" as const } : op)),
    };
    expect(() => runningNetwork(attention, FORM)).toThrow(/a pool of std .*windows can be exact/);
    expect(() => runningNetwork(har, { windowFrames: 10, hopFrames: 4 })).toThrow(
      /a multiple of the hop \(4\)/,
    );
    const model = await createBlob(engine, runningNetwork(kws, FORM));
    const labels = { model, thresholds: { no: 0.5 } };
    await expect(createDetector(engine, labels)).rejects.toThrow(/labels of the model .*no/);
    await expect(createDetector(engine, { model, windowFrames: 12 })).rejects.toThrow(BadArgument);
    await expect(createDetector(engine, { model, smooth: 0 })).rejects.toThrow(/1 to 64 answers/);
    for (const rateHz of [0, -5, Number.NaN, Number.POSITIVE_INFINITY]) {
      await expect(createDetector(engine, { model, rateHz })).rejects.toThrow(
        `rateHz: expected a number above 0, got ${rateHz}`,
      );
    }
    for (const thresholds of [0, -1, 1e-50, Number.NaN]) {
      await expect(createDetector(engine, { model, thresholds })).rejects.toThrow(
        `thresholds: expected one above 0 a class, got ${thresholds}`,
      );
    }
    const running = await createDetector(engine, { model });
    expect(() => running.push(new Float32Array(0))).toThrow(/at least one sample, got 0 elements/);
    expect(() => running.push(Float32Array.of(0, Number.NaN))).toThrow(NonFinite);
    running.dispose();
    expect(() => running.push(noise(9))).toThrow(Disposed);
    const rows = await createBlob(engine, runningNetwork(har, FORM));
    await expect(createDetector(engine, { model: rows, ...FORM })).rejects.toThrow(BadArgument);
  });
});
