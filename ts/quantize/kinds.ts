/** Which ops have a form for integers. */
import type { EncodedOp } from "../blob/encode.js";
import { elementsOfPacked } from "../blob/tensors.js";
import type { Primitive } from "../graph/descriptors/index.js";

/** Ops that only move elements: the same op does it with integers of 32 bits. */
const MOVES: readonly string[] = [
  "concat",
  "slice",
  "unfold",
  "upsample",
  "align",
  "reverse",
  "transpose",
  "flatten",
];

export function isMove({ name }: Primitive): boolean {
  return MOVES.includes(name);
}

/** By name; where only some variants have one, these. */
const INTEGER_KINDS: Readonly<Record<string, readonly string[] | "all">> = {
  linear: "all",
  embedding: "all",
  logmel: "all",
  affine: "all",
  activation: ["silu", "relu", "sigmoid", "tanh"],
  arithmetic: ["add", "subtract", "multiply", "maximum", "minimum"],
  norm: "all",
  causal_conv: "all",
  pool: ["mean", "last", "max", "first", "sum", "row", "min"],
  selective_scan: "all",
  gate: ["silu", "relu", "sigmoid", "tanh"],
  conv2d: "all",
  pool2d: "all",
};

/** Why an op has no form for integers; undefined where it has one. */
export function refusal(op: EncodedOp): string | undefined {
  const { primitive, variant } = op;
  const { name } = primitive;
  if (isMove(primitive)) return undefined;
  const known = INTEGER_KINDS[name];
  if (known === undefined) return name;
  const variantName = primitive.variants?.[variant];
  if (known !== "all" && !known.includes(variantName ?? "")) return `${name} ${variantName}`;
  return name === "causal_conv" && looksAhead(op) ? "a convolution that looks ahead" : undefined;
}

function looksAhead({ primitive, attributes }: EncodedOp): boolean {
  const index = primitive.attributes?.findIndex(({ name }) => name === "ahead") ?? -1;
  return (attributes[index] ?? 0) > 0;
}

/** A convolution that is there for its pace only, not for what it computes: it stays as it is. */
export function isPaceOnly(op: EncodedOp): boolean {
  const [weight] = op.tensors;
  if (op.primitive.name !== "causal_conv" || !looksAhead(op) || weight === undefined) return false;
  return elementsOfPacked(weight).every((tap) => tap === 0);
}
