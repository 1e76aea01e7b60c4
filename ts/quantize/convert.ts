/**
 * From a float network and what was seen of it to the same network in integers, op by op. Ops that are to stay
 * floats do; conversions stand between the two. Knows which file has the form of which kind of op.
 */
import type { Encoded, EncodedOp } from "../blob/encode.js";
import { BadArgument } from "../core/errors.js";
import { LOGMEL } from "../graph/descriptors/front-end.js";
import { Conversion, type Made } from "./conversion.js";
import { convertConv2d, convertPool2d } from "./int-bands.js";
import {
  convertAffine,
  convertConvolution,
  convertEmbedding,
  convertLinear,
  convertNorm,
} from "./int-layers.js";
import { convertActivation, convertArithmetic, convertMove, convertPool } from "./int-rows.js";
import { convertGate, convertScan } from "./int-scan.js";
import { isMove, isPaceOnly, refusal } from "./kinds.js";
import { convertLogmel } from "./logmel.js";
import type { Observation } from "./observe.js";
import { Surroundings } from "./surroundings.js";
import { Wants } from "./wants.js";

export interface ConvertOptions {
  /** Of the state of a scan. */
  readonly stateBits: 16 | 32;
  /** Room above the largest state that was seen; default: what suits its bits. */
  readonly stateMargin?: number | undefined;
  /** Ops that stay floats. */
  readonly isFloat: (op: EncodedOp) => boolean;
}

type Convert = (around: Surroundings, op: EncodedOp, index: number) => Made;

const CONVERSIONS: Readonly<Record<string, Convert>> = {
  linear: convertLinear,
  affine: convertAffine,
  norm: convertNorm,
  causal_conv: convertConvolution,
  embedding: convertEmbedding,
  activation: convertActivation,
  arithmetic: convertArithmetic,
  pool: convertPool,
  selective_scan: convertScan,
  gate: convertGate,
  conv2d: convertConv2d,
  pool2d: convertPool2d,
};

/** @throws BadArgument, naming an op or a value that has no integer form */
export function convert(encoded: Encoded, seen: Observation, options: ConvertOptions): Encoded {
  const isFloat = (op: EncodedOp) => options.isFloat(op) || isPaceOnly(op);
  requireForms(encoded, isFloat);
  const conversion = new Conversion(encoded, seen.values[0]?.width ?? 1);
  const wants = new Wants(encoded, seen, isFloat);
  const around = new Surroundings(conversion, wants, seen, options.stateBits, options.stateMargin);
  for (const [index, op] of encoded.ops.entries()) {
    if (conversion.has(index + 1)) continue;
    if (op.primitive.name === LOGMEL.name && !isFloat(op)) convertFrontEnd(around, op);
    else conversion.add(op, isFloat(op) ? asFloats(conversion, op) : formOf(around, op, index));
  }
  return conversion.finish();
}

/** @throws BadArgument with the first op that has none */
function requireForms({ ops }: Encoded, isFloat: (op: EncodedOp) => boolean): void {
  for (const op of ops) {
    const why = isFloat(op) ? undefined : refusal(op);
    if (why === undefined) continue;
    const expected = `a kind of op that has a form in integers, or --float ${op.name}`;
    throw new BadArgument(`op ${op.name}`, expected, why);
  }
}

function formOf(around: Surroundings, op: EncodedOp, index: number): Made {
  if (isMove(op.primitive)) return convertMove(around, op);
  return (CONVERSIONS[op.primitive.name] as Convert)(around, op, index);
}

function asFloats(conversion: Conversion, op: EncodedOp): Made {
  const inputs = op.inputs.map((value) => conversion.asFloats(value));
  return { primitive: op.primitive, inputs, type: "f32", exponents: [0] };
}

/** Both the log-mel op and the map of channels behind it, if that is all that reads its frames. */
function convertFrontEnd({ conversion, wants }: Surroundings, op: EncodedOp): void {
  const [reader, ...others] = wants.readers(1);
  const isMapped =
    others.length === 0 && reader?.index === 1 && reader.op.primitive.name === "affine";
  const affine = isMapped && !wants.isFloat(reader.op) ? reader.op : undefined;
  const made = convertLogmel(op, affine, wants.exponent16(affine === undefined ? 1 : 2));
  if (made === undefined) {
    conversion.add(op, asFloats(conversion, op));
    return;
  }
  conversion.takes16Bits = true;
  conversion.add(op, { ...made, inputs: [conversion.native(0)] });
  if (affine !== undefined) conversion.addNothing(conversion.native(1));
}
