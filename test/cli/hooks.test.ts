/** Traces as ordinary forward hooks of PyTorch give them: before the functions behind a module, batch in front. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { zipSync } from "fflate";
import { beforeAll, describe, expect, it } from "vitest";
import { readNpyFloat64, readSafetensors, writeNpy } from "../../ts/checkpoint/index.js";
import { golden, json, output, temporaryFolder } from "./support.js";

const temporary = temporaryFolder();
const folder = golden("stack_rms_d7_l2_t37");
const model = `${folder}/model.safetensors`;
const { tensors } = readSafetensors(readFileSync(model));
const hooks = new Map<string, Uint8Array>();

function traced(index: string, name: string) {
  const { data, shape } = readNpyFloat64(readFileSync(`${folder}/trace/${index}_${name}.npy`));
  const [rows = 0, columns = 0] = shape.slice(-2);
  return { at: (row: number, column: number) => data[row * columns + column] ?? 0, rows, columns };
}

function weight(name: string): Float32Array {
  return tensors.get(`layers.0.mixer.${name}`)!.data;
}

function add(name: string, shape: readonly number[], at: (i: number) => number): void {
  const elements = shape.reduce((product, size) => product * size, 1);
  hooks.set(
    name,
    writeNpy(
      Float64Array.from({ length: elements }, (_, i) => at(i)),
      shape,
    ),
  );
}

beforeAll(() => {
  const block = "model.layers.0.mixer";
  const projected = traced("02", "layers.0.mixer.in_proj");
  const { rows } = projected;
  const [inner = 0, , taps = 0] = tensors.get("layers.0.mixer.conv1d.weight")!.shape;
  // [1, channels, time + taps - 1], before SiLU
  const length = rows + taps - 1;
  add(`${block}.conv1d`, [1, inner, length], (i) => {
    const [channel, row] = [Math.floor(i / length), i % length];
    let sum = tensors.has("layers.0.mixer.conv1d.bias") ? weight("conv1d.bias")[channel]! : 0;
    for (let tap = 0; tap < taps; tap++) {
      const from = row - (taps - 1) + tap;
      const x = from >= 0 && from < rows ? projected.at(from, channel) : 0;
      sum += weight("conv1d.weight")[channel * taps + tap]! * x;
    }
    return sum;
  });
  // [1, time, channels], before softplus
  const dbl = traced("04", "layers.0.mixer.x_proj");
  const [, rank = 0] = tensors.get("layers.0.mixer.dt_proj.weight")!.shape;
  add(`${block}.dt_proj`, [1, rows, inner], (i) => {
    const [row, channel] = [Math.floor(i / inner), i % inner];
    let sum = weight("dt_proj.bias")[channel]!;
    for (let k = 0; k < rank; k++)
      sum += weight("dt_proj.weight")[channel * rank + k]! * dbl.at(row, k);
    return sum;
  });
  const out = traced("07", "layers.0.mixer.out_proj");
  add(block, [1, rows, out.columns], (i) => out.at(Math.floor(i / out.columns), i % out.columns));
  add("model.layers.0.mixer.act", [1, rows], () => 0);
});

describe("compare, with a trace of forward hooks", () => {
  it("finds each operator by its module's name and how the values lie", () => {
    const trace = temporary("trace");
    mkdirSync(trace);
    for (const [name, bytes] of hooks) writeFileSync(`${trace}/${name}.npy`, bytes);
    const files = [`${folder}/input.npy`, `${folder}/logits_float64.npy`, trace];
    const report = json(["compare", model, "--golden", ...files]);
    expect(report.trace.firstDeparture).toBeNull();
    expect(report.trace.operators.map(({ name }: { name: string }) => name)).toEqual([
      "layers.0.mixer.conv1d",
      "layers.0.mixer.dt_proj",
      "layers.0.mixer.out_proj",
    ]);
    expect(report.trace.notCompared).toContain("model.layers.0.mixer.act");
    expect(report.warning).toBeNull();
  });

  it("takes them as one .npz", () => {
    const npz = temporary("hooks.npz");
    const entries = [...hooks].map(([name, bytes]) => [`${name}.npy`, bytes] as const);
    writeFileSync(npz, zipSync(Object.fromEntries(entries)));
    const files = [`${folder}/input.npy`, `${folder}/logits_float64.npy`, npz];
    expect(output(["compare", model, "--golden", ...files])).toMatch(/3 operators of case 0/);
  });

  it("needs no fixed names in a folder", () => {
    const free = temporary("free");
    mkdirSync(free);
    writeFileSync(`${free}/sample.npy`, readFileSync(`${folder}/input.npy`));
    writeFileSync(`${free}/expected.npy`, readFileSync(`${folder}/logits_float64.npy`));
    expect(json(["compare", model, "--golden", free]).maxRelative).toBeLessThan(2e-6);
  });
});
