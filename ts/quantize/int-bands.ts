/** Convolutions and pools over time and bands in integers of 16 bits: rows are [bands][channels]. */
import type { EncodedOp } from "../blob/encode.js";
import { BadArgument } from "../core/errors.js";
import { CONV2D_INT, GROUPS_SHIFT, POOL2D_INT } from "../graph/descriptors/integer.js";
import {
  integerRows,
  integerVector,
  PANEL,
  type PackedTensor,
  QUAD,
  quads,
  roundUpTo,
} from "../graph/packing.js";
import type { Value } from "../graph/tensor.js";
import { exponentOf, type Made } from "./conversion.js";
import { LARGEST_16, LARGEST_BYTE, nameOf, realTensor } from "./int-layers.js";
import { type IntegerLayer, quantizeLayer, SHIFTS_16 } from "./layer.js";
import type { Surroundings } from "./surroundings.js";

function attributeOf({ attributes, primitive }: EncodedOp, name: string): number {
  const index = primitive.attributes?.findIndex((attribute) => attribute.name === name) ?? -1;
  return attributes[index] as number;
}

function isVariant({ primitive, variant }: EncodedOp, name: string): boolean {
  return primitive.variants?.[variant] === name;
}

const BANDS_OUT = 2 ** 16;
const BYTE = 2 ** 8;

// ---- convolution ---------------------------------------------------------------------------------------

export function convertConv2d(around: Surroundings, op: EncodedOp, index: number): Made {
  const isDepthwise = isVariant(op, "depthwise");
  const input = around.as(op.inputs[0] as Value, "i16");
  const groups = attributeOf(op, "groups");
  const rows = op.width / Math.floor(attributeOf(op, "bands") / BANDS_OUT);
  const weights = isDepthwise ? depthwiseWeights(op, rows) : denseWeights(op, rows, groups);
  const made = quantizeLayer(
    { weights, rows, bias: realTensor(op, 1) },
    {
      largestWeight: isDepthwise ? LARGEST_16 : LARGEST_BYTE,
      from: exponentOf(input),
      to: new Array<number>(rows).fill(around.wants.exponent16(index + 1)),
      shifts: SHIFTS_16,
      isNarrowed: false,
    },
  );
  const at = op.primitive.attributes?.findIndex(({ name }) => name === "groups") ?? -1;
  return {
    primitive: CONV2D_INT,
    inputs: [input],
    type: "i16",
    exponents: made.exponents.slice(0, 1),
    attributes: op.attributes.with(at, groups + made.shift * GROUPS_SHIFT),
    tensors: isDepthwise ? depthwiseTensors(op, made) : denseTensors(op, made, groups),
  };
}

/** [rows, columns] without the padding of groups. */
function denseWeights(op: EncodedOp, rows: number, groups: number): Float64Array {
  const packed = realTensor(op, 0) as Float64Array;
  const each = rows / groups;
  const padded = groups === 1 ? each : roundUpTo(each, PANEL);
  const columns = packed.length / (groups * padded);
  const weights = new Float64Array(rows * columns);
  for (let group = 0; group < groups; group++) {
    const from = packed.subarray(group * padded * columns, (group * padded + each) * columns);
    weights.set(from, group * each * columns);
  }
  return weights;
}

/** [channels, taps] of tap behind tap, the padded channels of each side by side. */
function depthwiseWeights(op: EncodedOp, channels: number): Float64Array {
  const packed = realTensor(op, 0) as Float64Array;
  const padded = roundUpTo(channels, PANEL);
  const taps = packed.length / padded;
  return Float64Array.from({ length: channels * taps }, (_, i) => {
    return packed[(i % taps) * padded + Math.floor(i / taps)]!;
  });
}

type Tensors = readonly (PackedTensor | undefined)[];

/** Rows of each group but a single one are padded to whole quads, with a multiplier of 1. */
function denseTensors(op: EncodedOp, made: IntegerLayer, groups: number): Tensors {
  const { weights, bias, multiplier } = made;
  const each = multiplier.length / groups;
  const padded = groups === 1 ? each : roundUpTo(each, QUAD);
  const columns = weights.length / multiplier.length;
  const rows = groups * padded;
  const placed = { weights: new Int8Array(rows * columns), bias: new Int32Array(rows) };
  const multipliers = new Int16Array(rows).fill(1);
  for (let group = 0; group < groups; group++) {
    const [first, end, to] = [group * each, (group + 1) * each, group * padded];
    placed.weights.set(weights.subarray(first * columns, end * columns), to * columns);
    if (bias !== undefined) placed.bias.set(bias.subarray(first, end), to);
    multipliers.set(multiplier.subarray(first, end), to);
  }
  const name = nameOf(op, 0);
  return [
    quads(name, placed.weights, rows),
    bias && integerVector(nameOf(op, 1), placed.bias),
    integerVector(`${name}.multiplier`, multipliers),
  ];
}

function depthwiseTensors(op: EncodedOp, { weights, bias, multiplier }: IntegerLayer): Tensors {
  const name = nameOf(op, 0);
  return [
    integerRows(name, Int16Array.from(weights), multiplier.length),
    bias && integerVector(nameOf(op, 1), bias),
    integerVector(`${name}.multiplier`, multiplier),
  ];
}

// ---- pooling -------------------------------------------------------------------------------------------

/** Of 16-bit numbers, whose sum has 32 bits. */
const MOST_COUNTED = 65_535;
/** Digits that an average gets behind the point. */
const MOST_UP = 15;

/** @throws BadArgument where a window has more elements than a sum of 32 bits */
export function convertPool2d(around: Surroundings, op: EncodedOp, index: number): Made {
  const value = op.inputs[0] as Value;
  const wanted = around.wants.exponent16(index + 1);
  const native = around.as(value, "i16");
  // Less digits only where what reads the pool takes no more.
  const from = Math.min(exponentOf(native), wanted);
  const input = around.conversion.as(value, "i16", from);
  const counted = attributeOf(op, "taps") * (attributeOf(op, "band_window") % BYTE);
  if (counted > MOST_COUNTED) {
    const expected = `windows of at most ${MOST_COUNTED} elements, or --float ${op.name}`;
    throw new BadArgument(`op ${op.name}`, expected, String(counted));
  }
  const up = isVariant(op, "average") ? Math.min(MOST_UP, wanted - from) : 0;
  const attributes = [...op.attributes.slice(0, UP), up];
  return {
    primitive: POOL2D_INT,
    inputs: [input],
    type: "i16",
    exponents: [from + up],
    attributes,
  };
}

const UP = POOL2D_INT.attributes?.findIndex(({ name }) => name === "up") ?? -1;
