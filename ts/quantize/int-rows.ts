/** Ops without weights that have integer forms: functions, arithmetic, moves and pools. */
import type { EncodedOp } from "../blob/encode.js";
import { ACTIVATION_INT, ARITHMETIC_INT, POOL_INT } from "../graph/descriptors/integer.js";
import type { Value } from "../graph/tensor.js";
import { exponentOf, type Made, typeNumber } from "./conversion.js";
import { integersOf, requireTable, siluExponent } from "./int-layers.js";
import type { Surroundings } from "./surroundings.js";

function variantName({ primitive, variant }: EncodedOp): string {
  return primitive.variants?.[variant] ?? "";
}

// ---- functions ---------------------------------------------------------------------------------------

/** Digits of a sigmoid or a hyperbolic tangent. */
const UNIT_EXPONENT = 15;
/** Of the argument of a function that is flat beyond 16: no more of it need be kept. */
const FLAT_EXPONENT = 11;

export function convertActivation(around: Surroundings, op: EncodedOp, index: number): Made {
  const value = index + 1;
  const name = variantName(op);
  if (name === "relu") return convertRelu(around, op, value);
  const native = around.as(op.inputs[0] as Value, "i16");
  const isFlat = name !== "silu" && exponentOf(native) < FLAT_EXPONENT;
  const input = isFlat ? around.conversion.as(op.inputs[0] as Value, "i16", FLAT_EXPONENT) : native;
  const from = exponentOf(input);
  requireTable(op, from);
  const exponent =
    name === "silu" ? siluExponent(around.wants.exponent16(value), from) : UNIT_EXPONENT;
  return {
    primitive: ACTIVATION_INT,
    inputs: [input],
    type: "i16",
    exponents: [exponent],
    attributes: [from, typeNumber(input)],
  };
}

function convertRelu(around: Surroundings, op: EncodedOp, value: Value): Made {
  const type = around.wants.isWide(value) ? "i32" : "i16";
  const input = integersOf(around, op.inputs[0] as Value, type);
  return {
    primitive: ACTIVATION_INT,
    inputs: [input],
    type: input.type,
    exponents: [exponentOf(input)],
    attributes: [exponentOf(input), typeNumber(input)],
  };
}

// ---- arithmetic --------------------------------------------------------------------------------------

const MOST_SHIFT = 31;
const MOST_PRODUCT_SHIFT = 62;

export function convertArithmetic(around: Surroundings, op: EncodedOp, index: number): Made {
  const inputs = op.inputs.map((value) => around.as(value, "i32"));
  const [a, b] = inputs.map(exponentOf) as [number, number];
  const wanted = around.wants.exponent32(index + 1);
  if (variantName(op) === "multiply") {
    const shift = Math.max(0, Math.min(MOST_PRODUCT_SHIFT, a + b - wanted));
    return arithmetic(inputs, a + b - shift, [0, 0, shift]);
  }
  const exponent = Math.max(wanted, a - MOST_SHIFT, b - MOST_SHIFT);
  return arithmetic(inputs, exponent, [a - exponent, b - exponent, 0]);
}

function arithmetic(inputs: Made["inputs"], exponent: number, attributes: readonly number[]): Made {
  return { primitive: ARITHMETIC_INT, inputs, type: "i32", exponents: [exponent], attributes };
}

// ---- moves -------------------------------------------------------------------------------------------

/** The same op, on integers of 32 bits; what is floats stays floats, as nothing is computed. */
export function convertMove({ conversion, wants }: Surroundings, op: EncodedOp): Made {
  const natives = op.inputs.map((value) => conversion.native(value));
  const { primitive } = op;
  if (natives.every(({ type }) => type === "f32")) {
    return { primitive, inputs: natives, type: "f32", exponents: [0] };
  }
  const moved = primitive.paced === true ? op.inputs.slice(0, 1) : op.inputs;
  const first = natives[0]?.type === "i32" ? natives[0] : undefined;
  const isAlone = moved.length === 1 && first !== undefined;
  const exponent = isAlone ? exponentOf(first) : wants.exponent32(op.inputs[0] as Value);
  const inputs = moved.map((value) => conversion.as(value, "i32", exponent));
  const paces = natives.slice(moved.length); // any type
  return { primitive, inputs: [...inputs, ...paces], type: "i32", exponents: [exponent] };
}

// ---- pools -------------------------------------------------------------------------------------------

const MOST_UP = 16;
const LEAST_UP = -31;

export function convertPool(around: Surroundings, op: EncodedOp, index: number): Made {
  const input = integersOf(around, op.inputs[0] as Value, "i32");
  const from = exponentOf(input);
  const name = variantName(op);
  const row = name === "row" ? (op.attributes[0] as number) : 0;
  const pool = (type: "i16" | "i32", up: number): Made => ({
    primitive: POOL_INT,
    inputs: [input],
    type,
    exponents: [from + up],
    attributes: [row, up, typeNumber(input)],
  });
  if (name !== "mean" && name !== "sum") return pool(input.type as "i16" | "i32", 0);
  const wanted = around.wants.exponent32(index + 1) - from;
  const up = Math.min(MOST_UP, Math.max(name === "mean" ? 0 : LEAST_UP, wanted));
  return pool("i32", input.type === "i16" && name === "mean" ? MOST_UP : up);
}
