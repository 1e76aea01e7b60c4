/**
 * A search as somebody might have made it: checkpoints of several sizes with random weights, and a labelled set cut from
 * the bundled windows. Knows nothing of how it is swept.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readNpy, writeNpy, writeSafetensors } from "../../ts/checkpoint/index.js";

const har = fileURLToPath(new URL("../../ts/models/har", import.meta.url));
const LABELS: readonly string[] = JSON.parse(readFileSync(join(har, "labels.json"), "utf8"));
const WINDOWS = [
  ["walking.npy", "WALKING"],
  ["standing.npy", "STANDING"],
  ["laying.npy", "LAYING"],
] as const;
const CHANNELS = 9;
const WIDTHS = [8, 16, 24, 32];
const TAPS = 4;
const STATE = 8;

export interface Search {
  readonly models: number;
  /** Of each bundled window. */
  readonly crops: number;
  readonly frames?: number;
  /** Of all widths; 2 makes networks as large as the bundled ones. */
  readonly scale?: number;
}

/** runs/000/model.safetensors ..., test.npy, test-classes.npy, train.npy, frontend.json, labels.json. */
export function makeSearch(
  folder: string,
  { models, crops, frames = 32, scale = 1 }: Search,
): void {
  for (let seed = 0; seed < models; seed++) {
    const run = join(folder, "runs", String(seed).padStart(3, "0"));
    mkdirSync(run, { recursive: true });
    writeFileSync(join(run, "model.safetensors"), checkpoint(seed, scale));
  }
  for (const name of ["frontend.json", "labels.json"]) {
    writeFileSync(join(folder, name), readFileSync(join(har, name)));
  }
  writeSet(folder, "test", crops, frames);
  writeSet(folder, "train", Math.ceil(crops / 2), frames);
}

function writeSet(folder: string, name: string, crops: number, frames: number): void {
  const windows = WINDOWS.map(
    ([file]) => readNpy(readFileSync(join(har, file))).data as Float32Array,
  );
  const items = windows.flatMap((window, index) => {
    const steps = window.length / CHANNELS - frames;
    return Array.from({ length: crops }, (_, crop) => {
      const first = Math.floor((crop * steps) / crops) * CHANNELS;
      return { index, data: window.subarray(first, first + frames * CHANNELS) };
    });
  });
  const all = new Float32Array(items.length * frames * CHANNELS);
  for (const [i, { data }] of items.entries()) all.set(data, i * data.length);
  writeFileSync(join(folder, `${name}.npy`), writeNpy(all, [items.length, frames, CHANNELS]));
  const classes = Int32Array.from(items, ({ index }) => LABELS.indexOf(WINDOWS[index]![1]));
  writeFileSync(join(folder, `${name}-classes.npy`), writeNpy(classes, [classes.length]));
}

/** A network of the stack naming: its size and its weights follow from the seed. */
export function checkpoint(seed: number, scale = 1): Uint8Array {
  const random = mulberry32(seed + 1);
  const model = scale * WIDTHS[seed % WIDTHS.length]!;
  const layers = 1 + (Math.floor(seed / WIDTHS.length) % 2);
  const inner = 2 * model;
  const rank = Math.ceil(model / 16);
  const tensors: { name: string; shape: number[]; data: Float32Array }[] = [];
  const add = (name: string, shape: number[], scale: number, offset = 0) => {
    const count = shape.reduce((product, size) => product * size, 1);
    const data = Float32Array.from({ length: count }, () => offset + scale * (2 * random() - 1));
    tensors.push({ name, shape, data });
  };
  add("linear_in.weight", [model, CHANNELS], 0.4);
  add("linear_in.bias", [model], 0.1);
  for (let layer = 0; layer < layers; layer++) {
    const mixer = `layers.${layer}.mixer`;
    add(`layers.${layer}.norm.weight`, [model], 0.1, 1);
    add(`${mixer}.in_proj.weight`, [2 * inner, model], 1 / Math.sqrt(model));
    add(`${mixer}.conv1d.weight`, [inner, 1, TAPS], 0.5);
    add(`${mixer}.conv1d.bias`, [inner], 0.1);
    add(`${mixer}.x_proj.weight`, [rank + 2 * STATE, inner], 1 / Math.sqrt(inner));
    add(`${mixer}.dt_proj.weight`, [inner, rank], 0.5);
    add(`${mixer}.dt_proj.bias`, [inner], 0.5, -3);
    add(`${mixer}.A_log`, [inner, STATE], 0.5, 1);
    add(`${mixer}.D`, [inner], 0.2, 1);
    add(`${mixer}.out_proj.weight`, [model, inner], 1 / Math.sqrt(inner));
  }
  add("norm_f.weight", [model], 0.1, 1);
  add("classifier.weight", [LABELS.length, model], 0.5);
  add("classifier.bias", [LABELS.length], 0.1);
  return writeSafetensors(tensors);
}

/** Tommy Ettinger's generator: from 0 to 1. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A plan over all of it. */
export function planOf(more: object = {}): object {
  return {
    sweep: 1,
    models: [
      { model: "runs/*/model.safetensors", frontend: "frontend.json", labels: "labels.json" },
    ],
    variants: {
      type: ["f32", "w8", "int"],
      calibration: [{ inputs: "train.npy", most: 16 }],
      tile: [1, 2, 4, 8],
    },
    data: { name: "test", inputs: "test.npy", classes: "test-classes.npy" },
    boards: ["stm32h743", "nrf52840", "rp2040", "microbit"],
    ...more,
  };
}
