/**
 * The output of every operator against a reference's trace, to find the first one that departs. The
 * names are those of the PyTorch reference (scripts/reference): `<op>` or `<op>.<part>`. Knows
 * nothing of files.
 */

import { BadInput } from "../core/errors.js";
import type { OperatorInfo, OpInfo } from "../core/info.js";
import { framesIn, tileLength } from "../core/input.js";
import type { Model } from "../core/model.js";
import type { Session } from "../core/session.js";
import { relativeErrors } from "./accuracy.js";

/** What a reference says an operator put out: float64 [rows, columns]. */
export interface TraceTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

export interface OperatorError {
  readonly name: string;
  /** Largest and mean |error| over the operator's largest |reference|. */
  readonly maxRelative: number;
  readonly meanRelative: number;
  readonly departs: boolean;
}

export interface TraceComparison {
  /** Those of our operators that the reference knows, in our order of execution. */
  readonly operators: readonly OperatorError[];
  /** Name of the first that departs; null when none does. */
  readonly firstDeparture: string | null;
  /** Ours that the reference does not have, and the reference's that we do not have. */
  readonly notCompared: readonly string[];
}

/**
 * The golden traces stay below 7e-7; deeper networks add up more, and a wrong operator is far off.
 */
export const DEFAULT_TRACE_TOLERANCE = 5e-6;

interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float32Array;
}

/**
 * Runs `input` operator by operator and compares each output.
 *
 * @throws BadInput when a tensor of the reference has another shape than the operator's output, and
 * when the reference names none of the operators.
 */
export function compareTrace(
  model: Model,
  session: Session,
  input: Float32Array | Int32Array,
  reference: readonly TraceTensor[],
  tolerance = DEFAULT_TRACE_TOLERANCE,
): TraceComparison {
  const infos = model.operators(session.plan.schedule);
  const outputs = collectOutputs(model, session, input);
  const byName = new Map(reference.map((tensor) => [tensor.name, tensor]));
  const used = new Set<string>();
  const operators: OperatorError[] = [];
  const notCompared: string[] = [];
  infos.forEach((info, index) => {
    const op = model.ops[info.op] as OpInfo;
    const output = outputs[index];
    const expected = expectedOutput(op, info, byName);
    if (expected === undefined || output === undefined) {
      notCompared.push(info.name);
      return;
    }
    used.add(expected.source);
    requireShape(expected, output);
    const { max, mean } = relativeErrors(output.data, expected.data);
    const departs = !(max <= tolerance);
    operators.push({ name: info.name, maxRelative: max, meanRelative: mean, departs });
  });
  if (operators.length === 0) throw nothingInCommon(infos, reference);
  return {
    operators,
    firstDeparture: operators.find((operator) => operator.departs)?.name ?? null,
    notCompared: [...notCompared, ...[...byName.keys()].filter((name) => !used.has(name))],
  };
}

const MAX_NAMED = 4;

function nothingInCommon(
  infos: readonly OperatorInfo[],
  reference: readonly TraceTensor[],
): BadInput {
  return new BadInput(
    `a trace of this model's operators (${firstNames(infos)})`,
    `one that names none of them (${firstNames(reference)})`,
  );
}

function firstNames(named: readonly { readonly name: string }[]): string {
  const shown = named.slice(0, MAX_NAMED).map(({ name }) => name);
  return [...shown, ...(named.length > MAX_NAMED ? ["..."] : [])].join(", ");
}

/** Index for index with the operators; undefined where there is no single output. */
function collectOutputs(
  model: Model,
  session: Session,
  input: Float32Array | Int32Array,
): (Matrix | undefined)[] {
  const infos = model.operators(session.plan.schedule);
  const frames = framesIn(model.info, input.length);
  const pool = model.ops.findIndex((op) => op.kind === "pool");
  const outputs = infos.map((info) => {
    const rows = info.op < pool ? frames : 1;
    return {
      rows,
      columns: info.outputWidth,
      data: new Float32Array(rows * info.outputWidth).fill(Number.NaN),
    };
  });
  const written = new Set<number>();
  const takeSteps = (firstFrame: number, isWanted: (info: OperatorInfo) => boolean) => {
    for (let step = session.step(); step !== undefined; step = session.step()) {
      const { operatorIndex, frames: rows, width, firstChannel } = step;
      const part = step.output();
      if (part.length === 0 || !isWanted(infos[operatorIndex] as OperatorInfo)) continue;
      written.add(operatorIndex);
      const { data, columns } = outputs[operatorIndex] as Matrix;
      for (let row = 0; row < rows; row++) {
        const values = part.subarray(row * width, (row + 1) * width);
        data.set(values, (firstFrame + row) * columns + firstChannel);
      }
    }
  };
  session.reset();
  const length = tileLength(model.info, session.plan.tile);
  for (let at = 0; at < input.length; at += length) {
    const firstFrame = session.frames;
    session.feed(input.subarray(at, at + length));
    takeSteps(firstFrame, (info) => info.op < pool);
  }
  session.feedEnd();
  takeSteps(0, (info) => info.op >= pool);
  session.reset();
  return outputs.map((output, index) => (written.has(index) ? output : undefined));
}

interface Expected {
  /** The reference's tensor that it was taken from. */
  readonly source: string;
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;
}

/** The reference's values in our operator's layout. */
function expectedOutput(
  op: OpInfo,
  info: OperatorInfo,
  reference: ReadonlyMap<string, TraceTensor>,
): Expected | undefined {
  const { dInner, dState, dtRank } = op;
  switch (info.part) {
    case "in_proj.x":
      return take(reference.get(`${op.name}.in_proj`), dInner, (row) => row.slice(0, dInner));
    case "selective_scan":
      // Ours is before the gate; the reference notes it after.
      return undefined;
    case "gate":
      return take(reference.get(`${op.name}.selective_scan`), dInner, (row) => row);
    case "x_proj":
      return take(reference.get(info.name), dtRank + 2 * dState, (row) =>
        interleave(row, dtRank, dState),
      );
    default:
      return take(reference.get(info.name), info.outputWidth, (row) => row);
  }
}

function take(
  tensor: TraceTensor | undefined,
  columns: number,
  pick: (row: Float64Array) => Float64Array,
): Expected | undefined {
  if (tensor === undefined) return undefined;
  const sourceColumns = tensor.shape.at(-1) ?? 1;
  const rows = tensor.data.length / sourceColumns;
  const data = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const picked = pick(tensor.data.subarray(row * sourceColumns, (row + 1) * sourceColumns));
    if (picked.length !== columns) {
      throw new BadInput(
        `a trace of ${columns} columns for ${tensor.name}`,
        `[${tensor.shape.join(", ")}]`,
      );
    }
    data.set(picked, row * columns);
  }
  return { source: tensor.name, rows, columns, data };
}

/** The reference has dt, B, C; ours has dt, then B and C by turns (csrc/core/blob.h). */
function interleave(row: Float64Array, dtRank: number, dState: number): Float64Array {
  const out = new Float64Array(row.length);
  out.set(row.subarray(0, dtRank));
  for (let n = 0; n < dState; n++) {
    out[dtRank + 2 * n] = row[dtRank + n] as number;
    out[dtRank + 2 * n + 1] = row[dtRank + dState + n] as number;
  }
  return out;
}

function requireShape(expected: Expected, output: Matrix): void {
  if (expected.rows === output.rows && expected.columns === output.columns) return;
  throw new BadInput(
    `a trace of ${output.rows} rows for ${expected.source}`,
    `${expected.rows} rows`,
  );
}
