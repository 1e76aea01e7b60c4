/** Traces of modules around Mamba as PyTorch's hooks give them: other axes, other orders, other names than ours. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { GruOp, Network } from "../../../ts/graph/network.js";
import { createBlob, Engine, type Model } from "../../../ts/node.js";
import { compareTrace, type TraceTensor } from "../../../ts/profile/index.js";
import { NetworkMaker } from "../core/networks.js";
import { linear, network, tensor, WIDTH } from "../graph/graphs.js";
import { traceOf } from "./traces.js";

const FRAMES = 12;
const INNER = 8;
const [GROUPS, STATES] = [2, 3];
const [CHANNELS, BANDS] = [4, 3];

function gru(name: string, input: number): GruOp {
  const weights = {
    weightIh: tensor(`${name}.ih`, 3 * WIDTH, WIDTH),
    weightHh: tensor(`${name}.hh`, 3 * WIDTH, WIDTH),
  };
  return { kind: "gru", name, input, ...weights };
}

const NETWORK: Network = network([
  {
    ...{ kind: "conv2d", name: "stem", input: 0, bands: BANDS, padding: 1, bandPadding: 1 },
    weight: tensor("stem.weight", CHANNELS, WIDTH / BANDS, 3, 3),
  },
  linear("proj", 1, CHANNELS * BANDS, WIDTH),
  {
    ...{ kind: "mamba2", name: "mix", input: 2, groups: GROUPS },
    inProj: { weight: tensor("mix.in", 2 * INNER + 2 * GROUPS * STATES + 2, WIDTH) },
    conv1d: { weight: tensor("mix.conv", INNER + 2 * GROUPS * STATES, 1, 4) },
    aLog: tensor("mix.a", 2),
    normWeight: tensor("mix.n", INNER),
  },
  linear("behind", 3, INNER, WIDTH),
  {
    ...{ kind: "attention", name: "att", input: 4, heads: 2 },
    inProj: { weight: tensor("att.in", 3 * WIDTH, WIDTH) },
    outProj: { weight: tensor("att.out", WIDTH, WIDTH) },
  },
  gru("gru.l0", 5),
  gru("gru.l1", 6),
]);
const input = new NetworkMaker(3).frames(FRAMES, WIDTH);

let engine: Engine;
let model: Model;
let ours: Map<string, TraceTensor>;

beforeAll(async () => {
  engine = await Engine.load();
  model = await engine.loadModel(await createBlob(engine, NETWORK));
  ours = new Map(traceOf(model, input).map((one) => [one.name, one]));
});

afterAll(() => engine.dispose());

/** Element (row, column) of the tensor is that of ours which `from` names. */
function rearranged(name: string, as: string, from: (column: number) => number): TraceTensor {
  const { shape, data } = ours.get(name)!;
  const [rows = 0, columns = 0] = shape;
  const at = (i: number) =>
    data[Math.floor(i / columns) * columns + from(i % columns)] ?? Number.NaN;
  const taken = Float64Array.from({ length: data.length }, (_, i) => at(i));
  return { name: as, shape: [1, rows, columns], data: taken };
}

function compared(one: TraceTensor): (string | number)[] {
  const session = model.createSession({ maxFrames: FRAMES });
  const [found] = compareTrace(model, session, input, [one]).operators;
  session.dispose();
  return [found?.name ?? "", found?.maxRelative ?? Number.NaN];
}

test("of bands are [channels, time, bands], or with bands first", () => {
  const { data } = ours.get("stem")!;
  const element = (channel: number, row: number, band: number) =>
    data[row * CHANNELS * BANDS + band * CHANNELS + channel]!;
  const each = Array.from({ length: data.length }, (_, i) => i);
  const timeFirst = each.map((i) =>
    element(Math.floor(i / FRAMES / BANDS), Math.floor(i / BANDS) % FRAMES, i % BANDS),
  );
  const bandsFirst = each.map((i) =>
    element(Math.floor(i / FRAMES / BANDS), i % FRAMES, Math.floor(i / FRAMES) % BANDS),
  );
  for (const [shape, values] of [
    [[1, CHANNELS, FRAMES, BANDS], timeFirst],
    [[1, CHANNELS, BANDS, FRAMES], bandsFirst],
  ] as const) {
    const stem = { name: "stem", shape, data: Float64Array.from(values) };
    expect(compared(stem)).toEqual(["stem", 0]);
  }
});

/** Columns of x, all B, all C: ours has a B and a C by turns. */
function convolved(column: number): number {
  const pairs = GROUPS * STATES;
  if (column < INNER) return column;
  const at = column - INNER;
  return INNER + 2 * (at % pairs) + Math.floor(at / pairs);
}

test("of Mamba-2 have B before C, and the norm's own name", () => {
  expect(compared(rearranged("mix.conv1d", "mix.conv1d", convolved))).toEqual(["mix.conv1d", 0]);
  const norm = rearranged("mix.gated_norm", "mix.norm", (column) => column);
  expect(compared(norm)).toEqual(["mix.gated_norm", 0]);
});

test("of whole modules are what runs last in them", () => {
  const same = (column: number) => column;
  for (const [name, module] of [
    ["mix.gated_norm", "mix"],
    ["att.out_proj", "att"],
    ["gru.l1", "gru"],
  ] as const) {
    expect(compared(rearranged(name, module, same))).toEqual([name, 0]);
  }
});
