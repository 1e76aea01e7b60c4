/**
 * From a network to the op records of a blob: its ops as primitives, in the order in which they run, with
 * stages and clocks, and the lengths that it is defined for. Knows nothing of bytes.
 */
import { BadArgument } from "../core/errors.js";
import { NO_CLOCK } from "../core/format.js";
import type { Pace } from "../graph/clock.js";
import { descriptorOf, type Op, type Primitive } from "../graph/descriptors/index.js";
import { withInputs } from "../graph/form.js";
import { type Network, outputsOf } from "../graph/network.js";
import type { PackedTensor } from "../graph/packing.js";
import { prepared } from "../graph/prepare.js";
import type { Value } from "../graph/tensor.js";
import { valuesOf } from "../graph/values.js";
import { type Lengths, lengthsOf } from "./lengths.js";
import { type PlacedOp, Placement } from "./place.js";

export interface EncodedOp {
  readonly primitive: Primitive;
  readonly name: string;
  readonly variant: number;
  readonly inputs: readonly Value[];
  readonly width: number;
  readonly stage: number;
  readonly clock: number;
  /** By index. */
  readonly attributes: readonly number[];
  readonly tensors: readonly (PackedTensor | undefined)[];
  /** Number type of the output. Default "f32". */
  readonly type?: NumberType;
  /** Of integers: an element q is q 2^-exponent. Default 0. */
  readonly exponent?: number;
}

/** Number types of values. */
export type NumberType = "f32" | "i16" | "i32";

export interface EncodedOutput {
  readonly name: string;
  readonly value: Value;
  readonly width: number;
  readonly isVector: boolean;
  /** In a sequence of that many frames. */
  rows(frames: number): number;
}

export interface Encoded {
  readonly ops: readonly EncodedOp[];
  readonly outputs: readonly EncodedOutput[];
  readonly lengths: Lengths;
  /** Tokens are 0 .. vocabulary - 1; 0 for other inputs. */
  readonly vocabulary: number;
  /** Of samples: in a frame, and from one to the next; else 1. */
  readonly windowInputs: number;
  readonly hopInputs: number;
  /** Samples come as integers of 16 bits. Default false. */
  readonly takes16Bits?: boolean;
}

const MOST_OPS = 512;
const MOST_CLOCKS = 24;
const MOST_OUTPUTS = 32;

/** @throws BadCheckpoint (a tensor), BadArgument (ops, values, outputs, lengths) */
export function encodeNetwork(network: Network): Encoded {
  if (network.ops.length === 0) throw new BadArgument("network", "at least one op", "none");
  valuesOf(network); // names what is wrong in the ops as they were given
  const ready = prepared(network);
  const placement = new Placement(ready);
  const outputs = placedOutputs(ready, emitAll(ready, placement), placement);
  const order = runningOrder(
    placement.ops.map(({ stage, pace, primitive }) => ({
      stage,
      runsOnce: pace === undefined && primitive.time !== "pool",
    })),
  );
  const place = new Map(order.map((index, at) => [index + 1, at + 1]));
  const placeOf = (value: Value) => place.get(value) ?? value;
  const inOrder = order.map((index) => placement.ops[index] as PlacedOp);
  return {
    ops: encodeOps(inOrder, placeOf),
    outputs: outputs.map((output) => ({ ...output, value: placeOf(output.value) })),
    lengths: lengthsOf(ready, placement),
    ...frontOf(placement.ops[0]),
  };
}

/** What the first op makes frames of. */
function frontOf(
  first: PlacedOp | undefined,
): Pick<Encoded, "vocabulary" | "windowInputs" | "hopInputs"> {
  const { vocabulary = 0, window = 1, hop = 1 } = first?.attributes ?? {};
  const isOfSamples = first?.primitive.front === "samples";
  const [windowInputs, hopInputs] = isOfSamples ? [window, hop] : [1, 1];
  return { vocabulary, windowInputs, hopInputs };
}

/** Encodes the ops one by one; the primitive value of each value. */
function emitAll(network: Network, placement: Placement): Value[] {
  const infos = valuesOf(network);
  const values: Value[] = [0];
  network.ops.forEach((op, index) => {
    const form = infos[index + 1]?.form;
    if (form === undefined) return;
    const moved: Op = withInputs(op, (value) => values[value] as Value);
    const inputs = form.inputs.map((value) => values[value] as Value);
    values.push(descriptorOf(op).encode({ ...form, op: moved, inputs }, placement.emit));
  });
  return values;
}

/** The outputs by primitive values. */
function placedOutputs(
  network: Network,
  values: readonly Value[],
  placement: Placement,
): EncodedOutput[] {
  const outputs = outputsOf(network);
  checkOutputs(outputs.map(({ name }) => name));
  return outputs.map(({ name, value }) => {
    const primitive = outputValue(name, values[value], placement);
    const pace = placement.paceOf(primitive);
    return {
      name,
      value: primitive,
      width: placement.widthOf(primitive),
      isVector: pace === undefined,
      rows: (frames) => pace?.total(frames) ?? 1,
    };
  });
}

function outputValue(name: string, value: Value | undefined, placement: Placement): Value {
  if (value === undefined) {
    throw new BadArgument(`output ${name}`, "a value of the network", "one that it does not have");
  }
  if (value > 0) return value;
  if (placement.network.inputKind === "frames") return placement.copyOfInput();
  throw new BadArgument(`output ${name}`, "what an op makes", "the network's input");
}

function checkOutputs(names: readonly string[]): void {
  if (names.length === 0 || names.length > MOST_OUTPUTS) {
    throw new BadArgument("outputs", `1 to ${MOST_OUTPUTS}`, String(names.length));
  }
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new BadArgument("outputs", "names of their own", `two ${twice}`);
}

/**
 * Indices of the ops as they run: stage by stage; in a stage those of vectors first, which run once, then
 * those that run tick by tick. Otherwise as they were.
 */
export function runningOrder(
  ops: readonly { readonly stage: number; readonly runsOnce: boolean }[],
): number[] {
  const ranks = ops.map(({ stage, runsOnce }) => 2 * stage + (runsOnce ? 0 : 1));
  return [...ops.keys()].sort((a, b) => (ranks[a] as number) - (ranks[b] as number) || a - b);
}

function encodeOps(ops: readonly PlacedOp[], placeOf: (value: Value) => Value): EncodedOp[] {
  if (ops.length > MOST_OPS) {
    throw new BadArgument("network", `at most ${MOST_OPS} primitive ops`, String(ops.length));
  }
  const clocks = new Map<Pace, number>();
  return ops.map((op) => ({
    ...op,
    variant: variantOf(op),
    inputs: op.inputs.map(placeOf),
    clock: op.pace === undefined ? NO_CLOCK : clockOf(op.pace, clocks),
    attributes: attributesOf(op),
    tensors: op.primitive.tensors?.map((name) => op.tensors?.[name]) ?? [],
  }));
}

/** Clock 0 is the frames; others are numbered as they come up. */
function clockOf(pace: Pace, clocks: Map<Pace, number>): number {
  if (pace.from === undefined) return 0;
  const number = clocks.get(pace) ?? clocks.size + 1;
  clocks.set(pace, number);
  if (number <= MOST_CLOCKS) return number;
  const expected = `at most ${MOST_CLOCKS} different delays and rates of rows`;
  throw new BadArgument("network", expected, "more");
}

function variantOf({ primitive, variant }: PlacedOp): number {
  return variant === undefined ? 0 : (primitive.variants?.indexOf(variant) ?? 0);
}

function attributesOf({ primitive, attributes }: PlacedOp): number[] {
  return (primitive.attributes ?? []).map(({ name, isFloat }) => {
    const value = attributes?.[name] ?? 0;
    return isFloat === true ? bitsOf(value) : value;
  });
}

const FLOAT_BYTES = 4;

function bitsOf(value: number): number {
  const view = new DataView(new ArrayBuffer(FLOAT_BYTES));
  view.setFloat32(0, value);
  return view.getUint32(0);
}
