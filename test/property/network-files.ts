/**
 * Networks as the two files that scripts/reference/network_reference.py reads, NAME.json and
 * NAME.safetensors, and the results that it writes; and how to have PyTorch evaluate a number of them.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { InputArray } from "../../ts/core/input.js";
import type { Outputs } from "../../ts/core/outputs.js";
import { tensorsOf } from "../../ts/graph/form.js";
import { type Network, outputsOf } from "../../ts/graph/network.js";
import { isTensor, type Tensor } from "../../ts/graph/tensor.js";

const SCRIPT = fileURLToPath(new URL("../../scripts/reference/run_networks.py", import.meta.url));
/** Of the largest element of an output. */
const TOLERANCE = 2e-6;
/** Where float32 PyTorch itself is farther off, the question is ill-conditioned, whoever answers it: as in
 * scripts/golden/make_golden.py. Such a network is held to a multiple of that error. */
export const FLOAT32_LIMIT = 6e-7;
const TIMES_FLOAT32 = 10;
const INPUT = "input";
const LENGTH_BYTES = 8;

export interface Values {
  readonly shape: readonly number[];
  readonly data: Float64Array | Float32Array;
}

export interface Expected {
  /** By name, float64. */
  readonly outputs: ReadonlyMap<string, Values>;
  /** Of float32 PyTorch, as a part of an output's largest element; the largest one. */
  readonly roundingError: number;
}

export interface Question {
  readonly network: Network;
  readonly input: InputArray;
}

/** A Python that has PyTorch; undefined if there is none. */
export function findPython(): string | undefined {
  return ["python3", "/usr/bin/python3"].find((python) => {
    return spawnSync(python, ["-c", "import numpy, torch"], { stdio: "ignore" }).status === 0;
  });
}

/** What PyTorch makes of networks, in one process. */
export function askPytorch(python: string, questions: readonly Question[]): Expected[] {
  const folder = mkdtempSync(join(tmpdir(), "mambalite-networks-"));
  try {
    questions.forEach((question, index) => {
      writeNetwork(folder, nameOf(index), question);
    });
    const { status, stderr } = spawnSync(python, [SCRIPT, folder], { encoding: "utf8" });
    if (status !== 0) throw new Error(`${SCRIPT}: ${stderr}`);
    return questions.map((_, index) => {
      return expectedOf(readSafetensors(join(folder, `${nameOf(index)}.expected.safetensors`)));
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function nameOf(index: number): string {
  return String(index).padStart(6, "0");
}

/** From a file's tensors: outputs by their names, and `error.NAME` of each. */
export function expectedOf(values: ReadonlyMap<string, Values>): Expected {
  const entries = [...values];
  const isError = (name: string) => name.startsWith("error.");
  const errors = entries.filter(([name]) => isError(name)).map(([, { data }]) => data[0] as number);
  const outputs = new Map(entries.filter(([name]) => !isError(name)));
  return { outputs, roundingError: Math.max(0, ...errors) };
}

/** Largest difference, as a part of the largest expected element; NaN where there is one. */
export function errorOf(got: Float32Array, expected: Values): number {
  const values = Array.from(expected.data);
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), Number.MIN_VALUE);
  return values.reduce(
    (most, value, i) => Math.max(most, Math.abs((got[i] as number) - value) / largest),
    0,
  );
}

/** @throws Error unless they are as near to PyTorch's as float32 allows */
export function assertAgrees(
  outputs: Outputs,
  { outputs: expected, roundingError }: Expected,
): void {
  const isIll = roundingError > FLOAT32_LIMIT;
  const tolerance = isIll ? TIMES_FLOAT32 * roundingError : TOLERANCE;
  for (const { name, shape, data } of outputs) {
    const reference = expected.get(name);
    if (reference === undefined || String(reference.shape) !== String(shape)) {
      throw new Error(`${name}: shape [${shape}], not [${reference?.shape}]`);
    }
    const error = errorOf(data, reference);
    if (error <= tolerance) continue;
    throw new Error(
      `${name} [${shape}]: ${error} of the largest element: ${data}\nnot ${reference.data}`,
    );
  }
}

// ---- files ---------------------------------------------------------------------------------------------

export function writeNetwork(folder: string, name: string, { network, input }: Question): void {
  const { inputKind, inputWidth, ops } = network;
  const names = namesOf(new Set(ops.flatMap(tensorsOf)));
  const replace = (_: string, value: unknown) =>
    isTensor(value) ? { tensor: names.get(value) } : value;
  const content = { inputKind, inputWidth, ops, outputs: outputsOf(network) };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(content, replace));
  const shape = inputKind === "frames" ? [input.length / inputWidth, inputWidth] : [input.length];
  const tensors = new Map<string, Values>([[INPUT, { shape, data: Float32Array.from(input) }]]);
  for (const [tensor, key] of names) tensors.set(key, tensor);
  writeFileSync(join(folder, `${name}.safetensors`), encodeSafetensors(tensors));
}

/** Names as they are, or with a number where two tensors have the same. */
function namesOf(tensors: ReadonlySet<Tensor>): Map<Tensor, string> {
  const taken = new Set([INPUT]);
  return new Map(
    [...tensors].map((tensor) => {
      let name = tensor.name;
      for (let copy = 2; taken.has(name); copy++) name = `${tensor.name}.${copy}`;
      taken.add(name);
      return [tensor, name];
    }),
  );
}

/** A golden case of an op kind: see scripts/golden/op_cases.py. */
export interface GoldenOp extends Question, Expected {
  readonly kind: string;
}

/** Those of a folder test/golden/op_FAMILY. */
export function readGoldenOps(folder: string): GoldenOp[] {
  const [tensors, expected] = ["tensors", "expected"].map((name) => {
    return readSafetensors(join(folder, `${name}.safetensors`));
  }) as [Map<string, Values>, Map<string, Values>];
  const cases: Record<string, object> = JSON.parse(
    readFileSync(join(folder, "cases.json"), "utf8"),
  );
  return Object.entries(cases).map(([kind, content]) => ({
    kind,
    ...questionOf(content, under(kind, tensors)),
    ...expectedOf(under(kind, expected)),
  }));
}

/** Of names KIND/NAME those of a kind, without it. */
function under(kind: string, values: ReadonlyMap<string, Values>): Map<string, Values> {
  const own = [...values].filter(([name]) => name.startsWith(`${kind}/`));
  return new Map(own.map(([name, value]) => [name.slice(kind.length + 1), value]));
}

function questionOf(content: object, values: ReadonlyMap<string, Values>): Question {
  const tensors = new Map<string, Tensor>();
  for (const [name, { shape, data }] of values)
    tensors.set(name, { name, shape, data: Float32Array.from(data) });
  const network = withTensors(content, tensors) as Omit<Network, "convention">;
  const input = values.get(INPUT)?.data ?? [];
  const elements = network.inputKind === "tokens" ? Int32Array : Float32Array;
  return { network: { ...network, convention: "golden" }, input: elements.from(input) };
}

/** With tensors where their names are. */
function withTensors(value: unknown, tensors: ReadonlyMap<string, Tensor>): unknown {
  if (Array.isArray(value)) return value.map((member) => withTensors(member, tensors));
  if (typeof value !== "object" || value === null) return value;
  if ("tensor" in value) return tensors.get(String(value.tensor));
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, withTensors(member, tensors)]),
  );
}

/** As scripts/reference/safetensors_file.py writes it: float32 alone. */
function encodeSafetensors(tensors: ReadonlyMap<string, Values>): Uint8Array {
  const header: Record<string, unknown> = {};
  let bytes = 0;
  for (const [name, { shape, data }] of tensors) {
    header[name] = { dtype: "F32", shape, data_offsets: [bytes, bytes + data.byteLength] };
    bytes += data.byteLength;
  }
  const text = JSON.stringify(header);
  const padded = new TextEncoder().encode(
    text.padEnd(Math.ceil(text.length / LENGTH_BYTES) * LENGTH_BYTES),
  );
  const start = LENGTH_BYTES + padded.length;
  const file = new Uint8Array(start + bytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(padded.length), true);
  file.set(padded, LENGTH_BYTES);
  let at = start;
  for (const { data } of tensors.values()) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return file;
}

/** Of float32 and float64. */
export function readSafetensors(path: string): Map<string, Values> {
  const file = new Uint8Array(readFileSync(path));
  const length = Number(new DataView(file.buffer).getBigUint64(0, true));
  const start = LENGTH_BYTES + length;
  const text = new TextDecoder().decode(file.subarray(LENGTH_BYTES, start));
  const header: Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }> =
    JSON.parse(text);
  return new Map(
    Object.entries(header).map(
      ([
        name,
        {
          dtype,
          shape,
          data_offsets: [from, to],
        },
      ]) => {
        const bytes = file.slice(start + from, start + to).buffer;
        return [
          name,
          { shape, data: dtype === "F64" ? new Float64Array(bytes) : new Float32Array(bytes) },
        ];
      },
    ),
  );
}
