/**
 * What the ops of a model have to do over a whole input: the counts that times are estimated from. Knows no board.
 */
import type { OpWork } from "../board/estimate.js";
import type { Model } from "../core/model.js";
import type { SessionOptions } from "../core/plan.js";
import { describeOps, type OpDescription } from "./description.js";

/** Elements that are made together, used or not: of a linear layer and of others; see csrc/kernels/records.h. */
const PANEL = 8;
const GROUP = 4;
/** States of a scan that are updated in a row. */
const STATES = 8;
const PANELLED: ReadonlySet<string> = new Set(["linear", "gate"]);
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
    const together = PANELLED.has(op.kind) ? PANEL : GROUP;
    const filled = (Math.ceil(op.width / together) * together) / op.width;
    const width = sum(op.inputs.map((value) => widths[value]!));
    const calls = rows > 1 ? Math.ceil(frames / tile) : 1;
    return {
      ...{ name: op.name, calls, rows, elements: filled * rows * op.width, inputs: rows * width },
      kind: kindOf(op, types, hasBytes),
      ...{ ragged: filled === 1 ? 0 : rows, once: rows > outputRows[index + 1]! ? op.width : 0 },
      rest: rows * op.width * ((op.attributes.states ?? 0) % STATES),
      ...{ weights: calls * op.parameters, macs: filled * (parts.at(-1)?.macs ?? 0) },
      partMacs: filled * sum(parts.slice(0, -1).map(({ macs }) => macs)),
      exps: filled * sum(parts.map(({ exps }) => exps)),
    };
  });
}

/**
 * The class with all that makes it another loop: its variant, weights of 8 bits, and integers of 32 bits where 16 are
 * usual.
 */
function kindOf(op: OpDescription, types: readonly string[], hasBytes: boolean): string {
  const { kind, variant, inputs, type } = op;
  const wide = [...new Set(inputs.map((value) => types[value]!))].filter((one) => one === "i32");
  const isInteger = kind.endsWith("_int");
  return [
    kind,
    ...(variant === "" ? [] : [variant]),
    ...(hasBytes && WITH_MATRIX.has(kind) ? ["w8"] : []),
    ...(isInteger && wide.length > 0 ? ["from i32"] : []),
    ...(isInteger && type === "i32" ? ["to i32"] : []),
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
