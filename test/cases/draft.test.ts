/**
 * What a person has to mend in a draft: the edits of each case, at most three, after which it agrees with PyTorch. An
 * edit is a field, or one place in the list of operators.
 */
import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { draftOf, draftText } from "../../ts/checkpoint/draft/index.js";
import { readArch, readCheckpoint, readNpy, readNpyFloat64 } from "../../ts/checkpoint/index.js";
import { Engine } from "../../ts/node.js";
import { errorOf, joined, networkOf, run, TOLERANCE } from "./support.js";

const CASES = new URL("../../../shared/cases/", import.meta.url);
const MAMBABEAT = new URL("../../../shared/data/checkpoints/mambabeat/", import.meta.url);
const MOST_EDITS = 3;

type Op = Record<string, unknown>;
type Edit =
  /** Fields of an operator. */
  | { readonly op: string; readonly set: Op }
  /** Consecutive operators become others. */
  | { readonly replace: readonly string[]; readonly by: readonly Op[] }
  | { readonly behind: string; readonly insert: readonly Op[] }
  | { readonly before: string; readonly insert: readonly Op[] }
  /** Fields of the file; undefined: removed. */
  | { readonly file: Op };

const EDITS: Readonly<Record<string, readonly Edit[]>> = {
  attention_pool_gate: [
    {
      replace: ["f.sum", "gate"],
      by: [
        { kind: "linear", name: "gate", input: "embed" },
        { kind: "activation", name: "g", activation: "sigmoid" },
        { kind: "subtract", name: "1-g", inputs: [1, "g"] },
        { kind: "multiply", name: "gf", inputs: ["g", "f"] },
        { kind: "multiply", name: "gb", inputs: ["1-g", "b"] },
        { kind: "add", name: "y", inputs: ["gf", "gb"] },
      ],
    },
    { before: "att", insert: [{ kind: "activation", name: "tanh", activation: "tanh" }] },
    {
      replace: ["pool", "pool.max"],
      by: [
        { kind: "pool", name: "pool", input: "y", pool: "attention", score: "att" },
        { kind: "pool", name: "pool.max", input: "y", pool: "max" },
      ],
    },
  ],
  bidirectional_sum: [],
  conv1x1_linear: [],
  conv_bn_stem: [{ op: "conv", set: { stride: 2 } }],
  flatten_head: [],
  full_module_pickle: [],
  ignore_hides: [
    { replace: ["aux"], by: [] },
    { file: { outputs: undefined } },
    { file: { ignore: ["aux"] } },
  ],
  inverted_revin: [
    { file: { inputWidth: 5 } },
    {
      before: "embed",
      insert: [
        { kind: "revin", name: "revin" },
        { kind: "transpose", name: "channels" },
      ],
    },
    {
      replace: ["pool", "proj"],
      by: [
        { kind: "linear", name: "proj" },
        { kind: "transpose", name: "times", rows: 5 },
        { kind: "revin_undo", name: "forecast", of: "revin" },
      ],
    },
  ],
  mamba_norm_false_mamba2: [],
  multi_head: [{ op: "pool", set: { pool: "last" } }],
  per_frame_output: [
    { replace: ["pool"], by: [] },
    { behind: "head", insert: [{ kind: "activation", name: "tanh", activation: "tanh" }] },
  ],
  bcdt_order_silent: [{ op: "mamba", set: { xProjOrder: "BCdt" } }],
  sigmoid_gate_silent: [{ op: "mamba", set: { gate: "sigmoid" } }],
  same_conv_silent: [{ op: "mamba", set: { convolution: "centred" } }],
  postnorm_stack_silent: [
    { behind: "linear_in", insert: [{ kind: "activation", name: "silu", activation: "silu" }] },
    {
      replace: ["layers.{i}.norm", "layers.{i}.mixer", "layers.{i}.add"],
      by: [
        { kind: "mamba", name: "layers.{i}.mixer" },
        { kind: "add", name: "layers.{i}.add", inputs: ["{start}", "layers.{i}.mixer"] },
        { kind: "norm", name: "layers.{i}.norm" },
      ],
    },
  ],
};

const MAMBABEAT_EDITS: readonly Edit[] = [
  { op: "layers.0", set: { xProjOrder: "BCdt" } },
  { op: "pool", set: { pool: "last" } },
];

interface File {
  readonly ops: Op[];
  [field: string]: unknown;
}

/** The list that has an operator of that name, and where. */
function place(ops: Op[], name: string): { readonly list: Op[]; readonly at: number } {
  for (const list of [ops, ...ops.map((op) => (op.ops as Op[]) ?? [])]) {
    const at = list.findIndex((op) => op.name === name);
    if (at >= 0) return { list, at };
  }
  throw new Error(`the draft has no ${name}`);
}

function apply(file: File, edit: Edit): void {
  if ("file" in edit) Object.assign(file, edit.file);
  else if ("set" in edit) {
    const { list, at } = place(file.ops, edit.op);
    Object.assign(list[at] as Op, edit.set);
  } else if ("replace" in edit) {
    const { list, at } = place(file.ops, edit.replace[0] as string);
    const names = list.slice(at, at + edit.replace.length).map(({ name }) => name);
    expect(names).toEqual(edit.replace);
    list.splice(at, edit.replace.length, ...edit.by);
  } else {
    const { list, at } = place(file.ops, "before" in edit ? edit.before : edit.behind);
    list.splice("before" in edit ? at : at + 1, 0, ...edit.insert);
  }
}

function editedNetwork(checkpoint: Uint8Array, edits: readonly Edit[]) {
  expect(edits.length).toBeLessThanOrEqual(MOST_EDITS);
  const file = JSON.parse(draftText(draftOf(readCheckpoint(checkpoint)))) as File;
  for (const edit of edits) apply(file, edit);
  return networkOf(checkpoint, readArch(new TextEncoder().encode(JSON.stringify(file))));
}

function bytesOf(folder: URL, name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(name, folder)));
}

let engine: Engine;

beforeAll(async () => {
  engine = await Engine.load();
});

afterAll(() => {
  engine.dispose();
});

describe("a draft, with the edits that it needs", () => {
  for (const [name, edits] of Object.entries(EDITS)) {
    const folder = new URL(`${name}/`, CASES);
    it.skipIf(!existsSync(folder))(`${name}: ${edits.length}`, async () => {
      const network = editedNetwork(bytesOf(folder, "model.pth"), edits);
      const outputs = await run(engine, network, readNpy(bytesOf(folder, "input.npy")).data);
      const { data } = readNpyFloat64(bytesOf(folder, "expected.npy"));
      expect(errorOf(joined(outputs), data)).toBeLessThan(TOLERANCE);
    });
  }

  it.skipIf(!existsSync(MAMBABEAT))(`MambaBEAT: ${MAMBABEAT_EDITS.length}`, async () => {
    const network = editedNetwork(bytesOf(MAMBABEAT, "model.pth"), MAMBABEAT_EDITS);
    const { data, shape } = readNpy(bytesOf(MAMBABEAT, "inputs.npy"));
    const [, rows = 0, width = 0] = shape;
    const [logits] = await run(engine, network, data.subarray(0, rows * width));
    const reference = readNpyFloat64(bytesOf(MAMBABEAT, "logits_float64.npy"));
    const expected = reference.data.subarray(0, reference.shape[1]);
    expect(errorOf(logits?.data ?? [], expected)).toBeLessThan(TOLERANCE);
  });
});
