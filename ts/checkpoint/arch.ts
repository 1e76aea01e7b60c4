/**
 * The arch file: a small JSON that says what the tensors of a checkpoint of any other naming are.
 * Knows how such a file is checked and how its operators are built; nothing of formats.
 *
 * Either it renames tensors into one of the known conventions (`stack` here):
 *
 * ```json
 * {
 *   "convention": "stack",
 *   "rename": { "encoder.embed": "linear_in", "encoder.blocks": "layers", "head": "classifier" },
 *   "ignore": ["aux_head"],
 *   "labels": ["yes", "no"]
 * }
 * ```
 *
 * or it lists the operators, in execution order:
 *
 * ```json
 * {
 *   "ops": [
 *     { "kind": "linear", "name": "embed" },
 *     { "kind": "norm", "name": "block.norm", "norm": "layer", "eps": 1e-6 },
 *     { "kind": "mamba", "name": "block.ssm", "weights": "encoder.ssm" },
 *     { "kind": "add", "name": "block.add", "inputs": ["embed", "block.ssm"] },
 *     { "kind": "pool", "name": "pool", "pool": "max" },
 *     { "kind": "activation", "name": "act", "activation": "gelu" },
 *     { "kind": "linear", "name": "head" }
 *   ]
 * }
 * ```
 *
 * - `rename` maps the beginning of a name, up to a dot or the end, to another; "" drops it. The
 *   longest match wins. `ignore` leaves out the tensors that begin so; it sees the file's names.
 *   Both see names without, and then with, what wrappers put before all of them (`module.`,
 *   `_orig_mod.`, `model.`, `net.`). A tensor that an operator reads cannot be left out.
 * - An operator reads the one before it, or the one named by `input`; "input" is the network's.
 *   Its tensors are `<weights>.weight`, `<weights>.bias` and, for mamba, `<weights>.A_log` and so
 *   on, where `weights` is its name if not given.
 * - `norm` is "rms" or "layer" (default: layer where there is a bias), `eps` 1e-5 by default;
 *   `pool` is "mean", "last" or "max", exactly once; `activation` is "silu", "relu" or "gelu". An
 *   `embedding` can only come first, and makes the input integer tokens.
 */
import { BadArgument, BadCheckpoint, BadFile } from "../core/errors.js";
import { isNormalFloat32, NORMAL_FLOAT32 } from "../float32.js";
import type { ActivationOp, NormOp, PoolOp, Value } from "../network.js";
import { abbreviate, describe, quoted } from "../plain-text.js";
import { CONVENTION_NAMES, type ConventionName } from "./conventions.js";
import type { NetworkBuilder } from "./network-builder.js";
import type { Naming } from "./weights.js";

export interface Arch {
  readonly convention?: ConventionName;
  readonly ops?: readonly ArchOp[];
  readonly rename?: Readonly<Record<string, string>>;
  readonly ignore?: readonly string[];
  /** One name a logit. */
  readonly labels?: readonly string[];
}

export type ArchOp = {
  /** Unique. */
  readonly name: string;
  /** Name of an earlier operator, or "input"; by default the operator before. */
  readonly input?: string;
} & (
  | { readonly kind: "linear" | "mamba" | "embedding"; readonly weights?: string }
  | {
      readonly kind: "norm";
      readonly weights?: string;
      readonly norm?: NormOp["norm"];
      readonly eps?: number;
    }
  | { readonly kind: "add"; readonly inputs: readonly [string, string] }
  | { readonly kind: "pool"; readonly pool: PoolOp["pool"] }
  | { readonly kind: "activation"; readonly activation: ActivationOp["activation"] }
);

/**
 * Reads an arch file.
 *
 * @throws BadFile when it is not JSON text.
 * @throws BadArgument naming the field that is wrong.
 */
export function readArch(bytes: Uint8Array): Arch {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new BadFile("arch", `not JSON text: ${(error as Error).message}`);
  }
  return checkArch(value);
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
  if (arch.convention !== undefined) {
    requireOneOf(arch.convention, CONVENTION_NAMES, "arch.convention");
  }
  if (arch.ops !== undefined) requireArray(arch.ops, "arch.ops").forEach(checkOp);
  if (arch.rename !== undefined) {
    for (const [from, to] of Object.entries(requireObject(arch.rename, "arch.rename"))) {
      requireString(to, `arch.rename.${from}`);
    }
  }
  if (arch.ignore !== undefined) requireStrings(arch.ignore, "arch.ignore");
  if (arch.labels !== undefined) requireStrings(arch.labels, "arch.labels");
  return arch as Arch;
}

/** What the arch does to the names of tensors. */
export function namingOf({ rename = {}, ignore = [] }: Arch): Naming {
  const rules = Object.entries(rename).sort(([a], [b]) => b.length - a.length);
  return {
    rename: (name) => {
      const rule = rules.find(([from]) => isUnder(name, from));
      if (rule === undefined) return undefined;
      const [from, to] = rule;
      const rest = name.slice(from.length);
      return to === "" ? rest.replace(/^\./, "") : to + rest;
    },
    ignoredBy: (name) => ignore.find((prefix) => isUnder(name, prefix)),
  };
}

/**
 * Adds the listed operators to the builder.
 *
 * @throws BadArgument when they do not form a network.
 * @throws BadCheckpoint for a tensor that is missing, misshapen or used by none of them.
 */
export function buildArchOps(ops: readonly ArchOp[], builder: NetworkBuilder): void {
  const assembly = new Assembly(builder);
  ops.forEach((op, i) => {
    assembly.add(op, `arch.ops[${i}]`);
  });
  assembly.requirePooled();
  const unused = builder.weights.unused();
  const [first] = unused;
  if (first !== undefined) {
    throw new BadCheckpoint(
      first,
      "tensors that an operator of the arch file (--arch) uses, or that its ignore leaves out",
      `unknown tensors: ${abbreviate(unused)}`,
    );
  }
}

const INPUT_NAME = "input";
const ARCH_FIELDS = ["convention", "ops", "rename", "ignore", "labels"];
const COMMON_FIELDS = ["kind", "name"];
const FIELDS_BY_KIND: Readonly<Record<ArchOp["kind"], readonly string[]>> = {
  linear: ["input", "weights"],
  mamba: ["input", "weights"],
  embedding: ["weights"],
  norm: ["input", "weights", "norm", "eps"],
  add: ["inputs"],
  pool: ["input", "pool"],
  activation: ["input", "activation"],
};
const KINDS = Object.keys(FIELDS_BY_KIND) as ArchOp["kind"][];

/** Resolves operators' names to values, and keeps track of what has been pooled. */
class Assembly {
  private readonly values = new Map<string, Value>([[INPUT_NAME, 0]]);
  private readonly pooled = new Set<Value>();
  private pools = 0;

  constructor(private readonly builder: NetworkBuilder) {}

  add(op: ArchOp, path: string): void {
    if (this.values.has(op.name)) {
      throw new BadArgument(`${path}.name`, "a name not used before", op.name);
    }
    const inputs = this.inputsOf(op, path);
    this.checkPooling(op, inputs, path);
    const value = this.build(op, inputs, path);
    if (op.kind === "pool" || inputs.some((input) => this.pooled.has(input))) {
      this.pooled.add(value);
    }
    this.values.set(op.name, value);
  }

  requirePooled(): void {
    if (this.pools !== 1) throw new BadArgument("arch.ops", "exactly one pool", `${this.pools}`);
    if (!this.pooled.has(this.builder.last)) {
      throw new BadArgument("arch.ops", "a last operator after the pool", "one before it");
    }
  }

  private inputsOf(op: ArchOp, path: string): Value[] {
    if (op.kind === "add") {
      return op.inputs.map((name, i) => this.resolve(name, `${path}.inputs[${i}]`));
    }
    return [op.input === undefined ? this.builder.last : this.resolve(op.input, `${path}.input`)];
  }

  private resolve(name: string, path: string): Value {
    const value = this.values.get(name);
    if (value === undefined) {
      throw new BadArgument(path, `"${INPUT_NAME}" or an earlier operator`, quoted(name));
    }
    return value;
  }

  /** What is pooled is one row: it cannot be a sequence again. */
  private checkPooling(op: ArchOp, inputs: readonly Value[], path: string): void {
    const pooledInputs = inputs.filter((input) => this.pooled.has(input)).length;
    if (op.kind === "pool") this.pools++;
    const needsSequence = op.kind === "pool" || op.kind === "mamba";
    if (needsSequence && pooledInputs > 0) {
      throw new BadArgument(path, `a sequence for ${op.kind}`, "something after the pool");
    }
    if (pooledInputs !== 0 && pooledInputs !== inputs.length) {
      throw new BadArgument(`${path}.inputs`, "both before or both after the pool", "one of each");
    }
  }

  private build(op: ArchOp, inputs: readonly Value[], path: string): Value {
    const { builder } = this;
    const [input = 0] = inputs;
    const { name } = op;
    switch (op.kind) {
      case "linear":
        return builder.linear({ name, input, prefix: op.weights ?? name });
      case "mamba":
        return builder.mamba({ name, input, prefix: op.weights ?? name });
      case "norm":
        return builder.norm({ name, input, prefix: op.weights ?? name }, op.norm, op.eps);
      case "add":
        return builder.sum(name, inputs as [Value, Value]);
      case "pool":
        return builder.pool(name, input, op.pool);
      case "activation":
        return builder.activation(name, input, op.activation);
      case "embedding":
        if (builder.last !== 0) throw new BadArgument(path, "an embedding only first", "one later");
        return builder.embedding(name, op.weights ?? name);
    }
  }
}

function isUnder(name: string, prefix: string): boolean {
  return name === prefix || name.startsWith(`${prefix}.`);
}

function checkOp(value: unknown, i: number): void {
  const path = `arch.ops[${i}]`;
  const kind = requireOneOf(requireObject(value, path).kind, KINDS, `${path}.kind`);
  const op = requireObject(value, path, [...COMMON_FIELDS, ...FIELDS_BY_KIND[kind]]);
  requireString(op.name, `${path}.name`);
  for (const field of ["input", "weights"]) {
    if (op[field] !== undefined) requireString(op[field], `${path}.${field}`);
  }
  if (kind === "norm") checkNorm(op, path);
  if (kind === "pool") requireOneOf(op.pool, ["mean", "last", "max"], `${path}.pool`);
  if (kind === "activation") {
    requireOneOf(op.activation, ["silu", "relu", "gelu"], `${path}.activation`);
  }
  if (kind === "add" && requireStrings(op.inputs, `${path}.inputs`).length !== 2) {
    throw new BadArgument(`${path}.inputs`, "two names", describe(op.inputs));
  }
}

function checkNorm(op: Record<string, unknown>, path: string): void {
  if (op.norm !== undefined) requireOneOf(op.norm, ["rms", "layer"], `${path}.norm`);
  const { eps } = op;
  if (eps !== undefined && !(typeof eps === "number" && isNormalFloat32(eps))) {
    throw new BadArgument(`${path}.eps`, NORMAL_FLOAT32, describe(eps));
  }
}

function requireObject(
  value: unknown,
  path: string,
  fields?: readonly string[],
): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new BadArgument(path, "an object", describe(value));
  }
  const unknown = fields && Object.keys(value).find((key) => !fields.includes(key));
  if (unknown !== undefined) {
    throw new BadArgument(`${path}.${unknown}`, `only ${fields?.join(", ")}`, "an unknown field");
  }
  return value as Record<string, unknown>;
}

function requireArray(value: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new BadArgument(path, "a list", describe(value));
  return value;
}

function requireString(value: unknown, path: string): string {
  if (typeof value !== "string") throw new BadArgument(path, "a string", describe(value));
  return value;
}

function requireStrings(value: unknown, path: string): string[] {
  return requireArray(value, path).map((item, i) => requireString(item, `${path}[${i}]`));
}

function requireOneOf<T extends string>(value: unknown, allowed: readonly T[], path: string): T {
  if (!allowed.includes(value as T))
    throw new BadArgument(path, allowed.join(", "), describe(value));
  return value as T;
}
