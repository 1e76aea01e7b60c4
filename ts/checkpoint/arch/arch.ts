/**
 * The arch file: a small JSON that says what the tensors of a checkpoint are, where their names do not, and
 * which variant of a network they are of (docs/arch.md). Here is its form and the check of it; knows nothing
 * of checkpoints.
 */
import { BadArgument, BadFile } from "../../core/errors.js";
import { describe, quoted } from "../../plain-text.js";
import { CONVENTION_NAMES, type ConventionName } from "../convention-names.js";
import { archOfConfig, isConfig } from "../model-config.js";
import {
  type JsonObject,
  requireArray,
  requireField,
  requireInteger,
  requireObject,
  requireOneOf,
  requireString,
  requireStrings,
} from "./check.js";
import { type ExpandedOp, expandOps, INPUT_NAME } from "./expand.js";
import { ARCH_KINDS, type ArchKind } from "./kinds.js";
import { CONVENTION_OPTIONS, type ConventionOptions } from "./options.js";

export interface Arch extends ConventionOptions {
  /** Where this form is described; for editors. */
  readonly $schema?: string;
  readonly convention?: ConventionName;
  readonly ops?: readonly ArchItem[];
  /** Names of ops, or ops by the names that outputs are to have; default: the last op. */
  readonly outputs?: readonly string[] | Readonly<Record<string, string>>;
  /** Width of an input row, where the tensors leave it open. */
  readonly inputWidth?: number;
  /** Fewest and most rows of an input. */
  readonly minFrames?: number;
  readonly maxFrames?: number;
  /** Beginnings of names, and what becomes of them. */
  readonly rename?: Readonly<Record<string, string>>;
  /** Beginnings of names that are left out. */
  readonly ignore?: readonly string[];
  /** One name an element of the first output. */
  readonly labels?: readonly string[];
  /** What of the file is a guess: a sentence that is printed as an assumption. */
  readonly guess?: string;
}

export type ArchItem = ArchOp | ArchRepeat;

/** Ops several times; `{i}` in their texts is the round, `{start}` what a round begins with. */
export interface ArchRepeat {
  readonly repeat: number;
  /** Of the first round; default 0. */
  readonly first?: number;
  /** The letter; default "i". */
  readonly index?: string;
  readonly ops: readonly ArchItem[];
}

/** An op by name, the network's "input"; of arithmetic also a number or a tensor of the checkpoint. */
export type ArchInput = string | number | { readonly tensor: string };

/** Its other members are the fields of its kind. */
export interface ArchOp {
  readonly kind: string;
  /** Unique. */
  readonly name: string;
  /** Default: the op before. */
  readonly input?: string;
  readonly inputs?: readonly ArchInput[];
  /** What its tensors' names begin with; default: its name. null: it has none. */
  readonly weights?: string | null;
  /** Tensors of other names; a number: all elements are that; null: it has none. */
  readonly tensors?: Readonly<Record<string, string | number | null>>;
  /** What of the op is a guess: printed as an assumption. */
  readonly guess?: string;
  readonly [field: string]: unknown;
}

/** An op that was checked, with its kind and where it stands in the file. */
export interface CheckedOp {
  readonly op: ArchOp;
  readonly kind: ArchKind;
  readonly path: string;
}

const ARCH_FIELDS = [
  ...["$schema", "convention", "ops", "outputs", "inputWidth", "minFrames", "maxFrames"],
  ...["rename", "ignore", "labels", "guess", ...CONVENTION_OPTIONS],
];
const OF_OPS = ["outputs", "inputWidth"];

/**
 * Reads an arch file, or the config.json that lies beside a language model's weights.
 *
 * @throws BadFile when it is not JSON text.
 * @throws BadArgument naming the field that is wrong.
 */
export function readArch(bytes: Uint8Array): Arch {
  let value: unknown;
  try {
    value = JSON.parse(withInfinity(new TextDecoder("utf-8", { fatal: true }).decode(bytes)));
  } catch (error) {
    const advice = "mambalite draft CHECKPOINT -o FILE writes one";
    throw new BadFile("arch", `not JSON text (${advice}): ${(error as Error).message}`);
  }
  return checkArch(isConfig(value) ? archOfConfig(value) : value);
}

/** Python writes Infinity, as of a time_step_limit, which is no JSON; a number as large is the same. */
function withInfinity(text: string): string {
  return text.replace(/(?<=[:,[]\s*)Infinity(?=\s*[,\]}])/g, "1e999");
}

/**
 * Checks that parsed JSON is an arch.
 *
 * @throws BadArgument naming the field that is wrong.
 */
export function checkArch(value: unknown): Arch {
  const arch = requireObject(value, "arch", ARCH_FIELDS);
  if ((arch.convention === undefined) === (arch.ops === undefined)) {
    const both = arch.convention !== undefined;
    throw new BadArgument("arch", "one of convention and ops", both ? "both" : "neither");
  }
  if (arch.convention === undefined) {
    refuseFields(arch, CONVENTION_OPTIONS, "convention");
    checkOps(arch.ops);
  } else {
    requireOneOf(arch.convention, CONVENTION_NAMES, "arch.convention");
    refuseFields(arch, OF_OPS, "ops");
    checkOptions(arch);
  }
  if (arch.$schema !== undefined) requireString(arch.$schema, "arch.$schema");
  if (arch.outputs !== undefined) checkOutputs(arch.outputs);
  for (const field of ["inputWidth", "minFrames", "maxFrames"]) {
    if (arch[field] !== undefined) requireInteger(arch[field], 1, `arch.${field}`);
  }
  if (arch.rename !== undefined) {
    for (const [from, to] of Object.entries(requireObject(arch.rename, "arch.rename"))) {
      requireString(to, `arch.rename.${from}`);
    }
  }
  if (arch.ignore !== undefined) requireStrings(arch.ignore, "arch.ignore");
  if (arch.labels !== undefined) requireStrings(arch.labels, "arch.labels");
  if (arch.guess !== undefined) requireString(arch.guess, "arch.guess");
  return arch as Arch;
}

/** @throws BadArgument */
export function checkOps(items: unknown): CheckedOp[] {
  const ops = expandOps(items, "arch.ops").map(checkOp);
  const names = new Set([INPUT_NAME]);
  for (const { op, path } of ops) {
    if (names.has(op.name)) {
      throw new BadArgument(`${path}.name`, "a name not used before", quoted(op.name));
    }
    names.add(op.name);
  }
  return ops;
}

function refuseFields(arch: JsonObject, fields: readonly string[], owner: string): void {
  const field = fields.find((name) => arch[name] !== undefined);
  if (field === undefined) return;
  throw new BadArgument(`arch.${field}`, `it only beside ${owner}`, describe(arch[field]));
}

function checkOptions(arch: JsonObject): void {
  const { eps, norm, normPlace, residual, pooling } = arch;
  const kindFields = (kind: string) => (ARCH_KINDS.get(kind) as ArchKind).fields;
  const { eps: epsField, norm: normField } = kindFields("norm");
  if (eps !== undefined && epsField) requireField(eps, epsField, "arch.eps");
  if (norm !== undefined && normField) requireField(norm, normField, "arch.norm");
  if (normPlace !== undefined) requireOneOf(normPlace, ["before", "after"], "arch.normPlace");
  if (residual !== undefined && typeof residual !== "boolean") {
    throw new BadArgument("arch.residual", "true or false", describe(residual));
  }
  if (pooling !== undefined) requireOneOf(pooling, POOLINGS, "arch.pooling");
  for (const kind of ["mamba", "mamba2"]) {
    if (arch[kind] === undefined) continue;
    const fields = kindFields(kind);
    const given = requireObject(arch[kind], `arch.${kind}`, Object.keys(fields));
    for (const [name, value] of Object.entries(given)) {
      const field = fields[name];
      if (field !== undefined) requireField(value, field, `arch.${kind}.${name}`);
    }
  }
}

/** Pools that need nothing but their name; "none": rows are the output. */
export const POOLINGS = ["mean", "last", "max", "first", "sum", "min", "none"];

const COMMON_FIELDS = ["kind", "name", "guess"];

function checkOp({ op, path }: ExpandedOp): CheckedOp {
  const kinds = [...ARCH_KINDS.keys()];
  const kind = ARCH_KINDS.get(requireOneOf(op.kind, kinds, `${path}.kind`)) as ArchKind;
  const tensorFields = kind.tensors.length === 0 ? [] : ["weights", "tensors"];
  const inputField = kind.inputs === undefined ? "input" : "inputs";
  requireObject(op, path, [
    ...COMMON_FIELDS,
    inputField,
    ...tensorFields,
    ...Object.keys(kind.fields),
  ]);
  requireString(op.name, `${path}.name`);
  if (op.guess !== undefined) requireString(op.guess, `${path}.guess`);
  if (op.weights !== undefined && op.weights !== null) requireString(op.weights, `${path}.weights`);
  checkInputs(op, kind, path);
  if (op.tensors !== undefined) checkTensors(op.tensors, kind, path);
  for (const [name, field] of Object.entries(kind.fields)) {
    requireField(op[name], field, `${path}.${name}`);
  }
  return { op: op as unknown as ArchOp, kind, path };
}

function checkInputs(op: JsonObject, kind: ArchKind, path: string): void {
  if (kind.inputs === undefined) {
    if (op.input !== undefined) requireString(op.input, `${path}.input`);
    return;
  }
  const { least, most, names } = kind.inputs;
  const inputs = requireArray(op.inputs, `${path}.inputs`);
  if (inputs.length < least || inputs.length > most) {
    const count = least === most ? `${least} names` : `${least} names or more`;
    const what = names.length === 0 ? count : `${count} (${names.join(", ")})`;
    throw new BadArgument(`${path}.inputs`, what, describe(op.inputs));
  }
  inputs.forEach((input, i) => {
    checkInput(input, kind, `${path}.inputs[${i}]`);
  });
  if (inputs.every((input) => typeof input !== "string")) {
    throw new BadArgument(
      `${path}.inputs`,
      "at least one name of an operator",
      describe(op.inputs),
    );
  }
}

function checkInput(input: unknown, { takesConstants }: ArchKind, path: string): void {
  if (takesConstants !== true) {
    requireString(input, path);
    return;
  }
  if (typeof input === "string" || (typeof input === "number" && Number.isFinite(input))) return;
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    const expected = 'the name of an operator, a number or { "tensor": NAME }';
    throw new BadArgument(path, expected, describe(input));
  }
  requireString(requireObject(input, path, ["tensor"]).tensor, `${path}.tensor`);
}

function checkTensors(value: unknown, kind: ArchKind, path: string): void {
  const keys = kind.tensors.map(({ key }) => key);
  for (const [key, name] of Object.entries(requireObject(value, `${path}.tensors`, keys))) {
    const isNumber = typeof name === "number" && Number.isFinite(name);
    if (typeof name === "string" || name === null || isNumber) continue;
    const expected = "a tensor's name, a number or null";
    throw new BadArgument(`${path}.tensors.${key}`, expected, describe(name));
  }
}

function checkOutputs(outputs: unknown): void {
  if (Array.isArray(outputs)) requireStrings(outputs, "arch.outputs");
  else {
    for (const [name, op] of Object.entries(requireObject(outputs, "arch.outputs"))) {
      requireString(op, `arch.outputs.${name}`);
    }
  }
  const isEmpty = Object.keys(outputs as object).length === 0;
  if (isEmpty) throw new BadArgument("arch.outputs", "one operator or more", "none");
}
