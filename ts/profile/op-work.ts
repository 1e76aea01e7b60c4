/**
 * What the ops of a model have to do over a whole input: the counts that times are estimated from. Knows no board.
 */
import type { OpWork } from "../board/estimate.js";
import type { TensorInfo } from "../core/info.js";
import type { Model } from "../core/model.js";
import type { SessionOptions } from "../core/plan.js";
import { describeOps, type OpDescription } from "./description.js";

/** Elements that are made together, used or not: of a linear layer and of others; see csrc/kernels/records.h. */
const PANEL = 8;
const GROUP = 4;
/** States of a scan that are updated in a row; of integers all of them or none. */
const STATES = 8;
/** Taps of a convolution that has a loop of its own. */
const USUAL_TAPS = 4;
const PANELLED: ReadonlySet<string> = new Set(["linear", "gate"]);
const INTEGERS_IN_QUADS: ReadonlySet<string> = new Set(["linear_int", "gate_int"]);
/** Ops whose weights may have 8 bits. */
const WITH_MATRIX: ReadonlySet<string> = new Set(["linear", "gate", "selective_scan"]);

/** @param options as planned: with the tile that runs, where it streams */
export function opWork(model: Model, frames: number, options: SessionOptions): OpWork[] {
  const schedule = options.schedule ?? "stream";
  const tile = schedule === "stream" ? (options.tile ?? 1) : frames;
  const counts = model.operatorCounts(frames, options);
  const operators = model.operators(schedule);
  const described = describeOps(model);
  const widths = [model.info.inputWidth, ...described.map((op) => op.width)];
  const types = typesOf(model, described);
  const hasBytes = model.tensors.some(
    ({ dtype, packing }) => dtype === "i8" && packing !== "quads",
  );
  const outputRows = [frames, ...described.map((op) => rowsOf(op, frames))];
  return described.map((op, index) => {
    const parts = counts.filter((_, i) => operators[i]!.op === index);
    const rows = Math.max(outputRows[index + 1]!, ...op.inputs.map((value) => outputRows[value]!));
    const filled = filledShare(op);
    const width = sum(op.inputs.map((value) => widths[value]!));
    const calls = rows > 1 ? Math.ceil(frames / tile) : 1;
    const exps = filled * sum(parts.map((part) => part.exps));
    const usual = {
      ...{ name: op.name, calls, rows, elements: filled * rows * op.width, exps },
      kind: kindOf(op, types, hasBytes, loopOf(op, width, model.tensors, hasBytes)),
      ...{ ragged: filled === 1 ? 0 : rows, once: rows > outputRows[index + 1]! ? op.width : 0 },
      ...{ rest: rows * op.width * restOf(op), weights: calls * op.parameters },
    };
    const macs = parts.map((part) => part.macs);
    if (op.attributes.hop !== undefined && op.attributes.fft !== undefined) {
      const filters = rows * filtersOf(op, model.tensors);
      return { ...usual, inputs: rows * op.attributes.hop, ...front(sum(macs), filters) };
    }
    const partFilled = op.type === "f32" ? filled : fillingUp(op.width, GROUP);
    const partMacs = partFilled * sum(macs.slice(0, -1));
    return { ...usual, inputs: rows * width, macs: filled * (macs.at(-1) ?? 0), partMacs };
  });
}

/** By what rows become longer that whole panels or groups are made of; integers are, of linear layers alone. */
function filledShare({ kind, width }: OpDescription): number {
  if (kind.endsWith("_int") && !INTEGERS_IN_QUADS.has(kind)) return 1;
  return fillingUp(width, PANELLED.has(kind) ? PANEL : GROUP);
}

function fillingUp(width: number, together: number): number {
  return (Math.ceil(width / together) * together) / width;
}

/** A log-mel front end: filters are no part of the transform, and nothing is filled up. */
function front(macs: number, filters: number): Pick<OpWork, "macs" | "partMacs"> {
  return { macs: macs - filters, partMacs: filters };
}

function filtersOf({ name }: OpDescription, tensors: readonly TensorInfo[]): number {
  return tensors.find((tensor) => tensor.name === `${name}.filters`)?.shape[0] ?? 0;
}

function restOf({ kind, attributes }: OpDescription): number {
  const states = attributes.states ?? 0;
  const rest = states % STATES;
  return rest > 0 && kind === "selective_scan_int" ? states : rest;
}

/** Where what is usual has a loop of its own, and this has another: see csrc/kernels/*_int.c. */
function loopOf(
  op: OpDescription,
  width: number,
  tensors: readonly TensorInfo[],
  hasBytes: boolean,
): string[] {
  const { kind, attributes, parameters } = op;
  const isScaled = () =>
    tensors.some(({ name }) => name.startsWith(op.name) && name.endsWith(".multiplier"));
  if (kind === "causal_conv_int") {
    if (attributes.taps !== USUAL_TAPS) return ["other taps"];
    if (isScaled()) return ["scaled"];
    return parameters > op.width * USUAL_TAPS ? [] : ["no bias"];
  }
  // Read two at a time, by several rows at once on a Cortex-M7: bytes cost more to unpack than that changes.
  if (kind === "linear") return width % 2 > 0 && !hasBytes ? ["odd inputs"] : [];
  // With one multiplier an output.
  if (kind === "linear_int") return parameters > op.width * (width + 1) ? ["bias"] : [];
  // Behind an odd rank B and C are not in whole words.
  const isWide = kind === "selective_scan_int" && op.variant === "i32";
  return isWide && (attributes.rank ?? 0) % 2 > 0 ? ["odd rank"] : [];
}

/**
 * The class with all that makes it another loop: its variant, weights of 8 bits, integers of 32 bits where 16 are
 * usual, and what else does.
 */
function kindOf(
  op: OpDescription,
  types: readonly string[],
  hasBytes: boolean,
  loop: readonly string[],
): string {
  const { kind, variant, inputs, type } = op;
  const wide = [...new Set(inputs.map((value) => types[value]!))].filter((one) => one === "i32");
  const isInteger = kind.endsWith("_int");
  return [
    kind,
    ...(variant === "" ? [] : [variant]),
    ...(hasBytes && WITH_MATRIX.has(kind) ? ["w8"] : []),
    ...(isInteger && wide.length > 0 ? ["from i32"] : []),
    ...(isInteger && type === "i32" ? ["to i32"] : []),
    ...loop,
  ].join("/");
}

/** By value: the model's input, then what each op makes. */
function typesOf({ info }: Model, ops: readonly OpDescription[]): string[] {
  return [info.takes16Bits ? "i16" : "f32", ...ops.map(({ type }) => type)];
}

function rowsOf({ isSequence, rate }: OpDescription, frames: number): number {
  if (!isSequence || rate === null) return 1;
  return Math.ceil((frames * rate.rows) / rate.frames);
}

function sum(all: readonly number[]): number {
  return all.reduce((total, one) => total + one, 0);
}
