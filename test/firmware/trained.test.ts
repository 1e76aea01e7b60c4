/**
 * The bundled models as firmware: at least 200 inputs each from raw samples, on the emulated
 * Cortex-M7, with the bits of WebAssembly. Items of the test sets where they are, else inputs made of
 * the shipped examples.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { hasData, readTestSet } from "../../scripts/models/test-sets.mjs";
import { readAudio } from "../../ts/audio/index.js";
import { readNpy } from "../../ts/checkpoint/index.js";
import { BUNDLED_MODELS } from "../../ts/models/node.js";
import { skipReason, verifyCase } from "./support.js";

const ITEMS = 200;
/** Of every buffer in an arena. */
const ALIGNMENT = 16;
const TIMEOUT_MS = 900_000;
const skipped = skipReason("cortex-m7");
const ofWhat = hasData
  ? "items of the test set"
  : "inputs made of the examples, for want of the test set";

function inputsOf(name: string): Float32Array[] {
  if (!hasData) return mixedInputs(name);
  const { inputs } = readTestSet(name === "har" ? "har" : "kws");
  const step = inputs.length / ITEMS;
  return Array.from({ length: ITEMS }, (_, i) => inputs[Math.floor(i * step)]!);
}

/** Two of a model's examples, moved in time and over each other at random loudness, and noise. */
function mixedInputs(name: string): Float32Array[] {
  const { examples } = BUNDLED_MODELS.find((model) => model.name === name)!;
  const recorded = examples.map(({ url }) => {
    const bytes = readFileSync(url);
    return url.href.endsWith(".wav") ? readAudio(bytes, 16_000) : readNpy(bytes).data;
  });
  const random = mulberry32(200);
  const pick = () => recorded[Math.floor(random() * recorded.length)]!;
  return Array.from({ length: ITEMS }, () => {
    const [a, b] = [pick(), pick()];
    const [gain, other, noise] = [1 + random(), random(), 0.1 * random() ** 4];
    const shift = Math.floor(random() * b.length);
    return new Float32Array(a.length).map((_, i) => {
      const mixed = gain * a[i]! + other * b[(i + shift) % b.length]! + noise * (random() - 0.5);
      return Math.round(8192 * mixed) / 32768;
    });
  });
}

/** Tommy Ettinger's mulberry32: numbers in [0, 1). */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe.skipIf(skipped !== "")(`the bundled models${skipped}`, { timeout: TIMEOUT_MS }, () => {
  test.each(BUNDLED_MODELS)(`$name, ${ofWhat}: the bits of WebAssembly`, async ({ name, blob }) => {
    const inputs = inputsOf(name);
    const model = { name, blob: new Uint8Array(readFileSync(blob)), inputs };
    const verification = await verifyCase("cortex-m7", model, {
      execution: { schedule: "stream" },
      variants: ["double"],
    });
    expect(verification).toMatchObject({ items: ITEMS, equalItems: ITEMS });
    expect(verification.builds).toEqual(["baseline", "simd"]);
    const [image] = verification.images;
    const { highWaterBytes, guardsIntact } = image!.arena;
    expect(guardsIntact).toBe(true);
    // The last buffer may end within its last 16 bytes: a spectrum has 2 floats more than a power of two.
    expect(Math.ceil(highWaterBytes / ALIGNMENT) * ALIGNMENT).toBe(image!.plan.arenaBytes);
  });
});
