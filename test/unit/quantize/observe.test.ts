/** What calibration sees inside of fused operators, against the same network written out in doubles. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { encodeNetwork } from "../../../ts/blob/encode.js";
import type { MambaOp, Network } from "../../../ts/graph/network.js";
import { Engine, writeBlob } from "../../../ts/node.js";
import { observe } from "../../../ts/quantize/observe.js";
import { NetworkMaker } from "../core/networks.js";
import { sourceOf } from "./support.js";

const [WIDTH, INNER, STATES, TAPS, RANK, FRAMES] = [5, 7, 3, 3, 2, 17];
const CLOSE = 1e-5;

let engine: Engine;

beforeAll(async () => {
  engine = await Engine.load();
});

afterAll(() => engine.dispose());

const silu = (x: number) => x / (1 + Math.exp(-x));

/** Rows [first, first + rows) of a layer, of one input row. */
function layer(
  { weight, bias }: { weight: { data: Float32Array }; bias?: { data: Float32Array } },
  x: readonly number[],
  first: number,
  rows: number,
): number[] {
  return Array.from({ length: rows }, (_, r) => {
    const row = first + r;
    const products = x.map((value, i) => value * weight.data[row * x.length + i]!);
    return products.reduce((sum, product) => sum + product, bias?.data[row] ?? 0);
  });
}

/** Largest magnitudes of what is inside, over one input. */
function inside(m: MambaOp, frames: Float32Array) {
  const largest = { conv: 0, z: 0, dt: 0, state: 0, b: 0 };
  const note = (name: keyof typeof largest, values: readonly number[]) => {
    largest[name] = Math.max(largest[name], ...values.map(Math.abs));
  };
  const past: number[][] = Array.from({ length: TAPS }, () => new Array<number>(INNER).fill(0));
  const h = new Float64Array(INNER * STATES);
  for (let t = 0; t < FRAMES; t++) {
    const x = [...frames.subarray(t * WIDTH, (t + 1) * WIDTH)];
    past.shift();
    past.push(layer(m.inProj, x, 0, INNER));
    note("z", layer(m.inProj, x, INNER, INNER));
    const taps = m.conv1d!.weight.data;
    const sums = Array.from({ length: INNER }, (_, c) =>
      past.reduce((sum, row, k) => sum + taps[c * TAPS + k]! * row[c]!, m.conv1d!.bias!.data[c]!),
    );
    note("conv", sums);
    const u = sums.map(silu);
    const projected = layer(m.xProj, u, 0, RANK + 2 * STATES);
    const b = projected.slice(RANK, RANK + STATES);
    note("b", b);
    const dt = layer(m.dtProj, projected.slice(0, RANK), 0, INNER).map((v) =>
      Math.log1p(Math.exp(v)),
    );
    note("dt", dt);
    for (let i = 0; i < h.length; i++) {
      const [c, n] = [Math.floor(i / STATES), i % STATES];
      const decay = Math.exp(-dt[c]! * Math.exp(m.aLog.data[i]!));
      h[i] = decay * h[i]! + dt[c]! * u[c]! * b[n]!;
    }
    note("state", [...h]);
  }
  return largest;
}

test("dt, B, the state, z and what goes into SiLU, over two inputs", async () => {
  const make = new NetworkMaker(5);
  const sizes = { inner: INNER, states: STATES, taps: TAPS, rank: RANK, output: 4, biases: true };
  const mamba = make.mamba("m", 0, WIDTH, sizes);
  const network: Network = {
    inputKind: "frames",
    inputWidth: WIDTH,
    ops: [mamba],
    convention: "test",
  };
  const inputs = [make.frames(FRAMES, WIDTH), make.frames(FRAMES, WIDTH).map((x) => 2 * x)];
  const encoded = encodeNetwork(network);
  const model = await engine.loadModel(writeBlob(network));
  const seen = await observe(model, encoded, sourceOf(inputs));
  model.dispose();
  const each = inputs.map((input) => inside(mamba, input));
  const expected = (name: keyof (typeof each)[0]) => Math.max(...each.map((one) => one[name]));
  const indexOf = (part: string) => encoded.ops.findIndex(({ name }) => name === `m.${part}`);
  const near = (got: number, wanted: number) =>
    expect(Math.abs(got - wanted)).toBeLessThan(CLOSE * wanted);
  near(seen.inner.get(indexOf("conv1d"))!.largest, expected("conv"));
  near(seen.inner.get(indexOf("gate"))!.largest, expected("z"));
  const scan = seen.scans.get(indexOf("selective_scan"))!;
  near(scan.dt.largest, expected("dt"));
  near(scan.state.largest, expected("state"));
  const projected = seen.values[indexOf("x_proj") + 1]!;
  near(projected.largestOf(RANK, RANK + 2 * STATES, 2), expected("b"));
  expect(seen.growth?.factor).toBeGreaterThanOrEqual(1);
});
