/**
 * Every op kind either has a form in integers or is refused by the op's name; what is refused stays in floats between
 * conversions when it is named, and the network runs. Over the golden cases, of which there is one a kind.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DESCRIPTORS } from "../../ts/graph/descriptors/index.js";
import { Engine } from "../../ts/node.js";
import { readGoldenOps } from "./network-files.js";
import { quantizedWithFloats } from "./quantized-with-floats.js";

const REFUSED_GATES = ["gelu", "gelu_tanh", "softplus", "hard_sigmoid", "relu6"].map(
  (name) => `gate ${name}`,
);
/** Of the kinds that are refused, all of them or some forms: what the refusals say it is. */
const REFUSED: Readonly<Record<string, readonly string[]>> = {
  attention: ["attention"],
  gru: ["gru"],
  lstm: ["lstm"],
  mamba2: ["ssd_scan", "grouped_norm"],
  norm: ["grouped_norm"],
  pool: ["pool std"],
  attention_pool: ["attention_pool"],
  flatten_linear: ["flatten_linear"],
  softmax: ["softmax"],
  divide: ["activation softplus", "arithmetic divide"],
  selective_scan: ["ssm_norm"],
  conv1d: ["conv1d", "a convolution that looks ahead"],
  window_pool: ["window_pool"],
  insert_row: ["insert_row"],
  positions: ["positions"],
  split_rows: ["split_rows"],
  sequence_norm: ["sequence_norm"],
  activation: [
    ...["gelu", "gelu_tanh", "softplus", "leaky_relu", "elu", "hard_sigmoid", "relu6"],
    "hard_swish",
  ].map((name) => `activation ${name}`),
  gate: REFUSED_GATES,
  mamba: [...REFUSED_GATES, "a convolution that looks ahead", "ssm_norm"],
  // Their golden cases have other ops before and behind them.
  add: ["activation softplus"],
  subtract: ["activation softplus"],
  multiply: ["activation softplus"],
  maximum: ["activation softplus"],
  minimum: ["activation softplus"],
  upsample: ["window_pool"],
};
/** Mean error of outputs, relative to the largest one; the largest here is 0.0022. */
const MOST_ERROR = 0.005;

const golden = fileURLToPath(new URL("../golden", import.meta.url));
const families = readdirSync(golden).filter((name) => name.startsWith("op_"));
const cases = families.flatMap((family) => readGoldenOps(join(golden, family)));
let engine: Engine;

beforeAll(async () => {
  engine = await Engine.load();
});

afterAll(() => engine.dispose());

test("every kind has its golden case", () => {
  expect(cases.map(({ kind }) => kind).sort()).toEqual(Object.keys(DESCRIPTORS).sort());
});

test.each(cases)("$kind", async ({ kind, network, input }) => {
  const { blob, report, refusals } = await quantizedWithFloats(engine, { network, input });
  const said = new Set<string>();
  for (const [name, message] of refusals) {
    const [beginning, got] = message.split(", got ") as [string, string];
    const expected = `a kind of op that has a form in integers, or --float ${name}`;
    expect(beginning).toBe(`op ${name}: expected ${expected}`);
    said.add(got);
  }
  expect([...said].sort()).toEqual([...(REFUSED[kind] ?? [])].sort());
  expect(report.evaluation.meanRelative).toBeLessThan(MOST_ERROR);

  const model = await engine.loadModel(blob);
  const ops = new Map(model.ops.map((op) => [op.name, op]));
  for (const name of refusals.keys()) expect(ops.get(name)?.type).toBe("f32");
  expect(model.selfTest()).toBe(true);
  model.dispose();
});
