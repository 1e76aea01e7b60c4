/**
 * The output of every operator against a reference's trace, to find the first one that departs: what modules
 * return, by their names, as forward hooks give it (trace-match.ts). Knows nothing of files.
 */

import { BadInput } from "../core/errors.js";
import type { OperatorInfo } from "../core/info.js";
import { tileLength } from "../core/input.js";
import type { Model } from "../core/model.js";
import type { Session, Step } from "../core/session.js";
import { relativeErrors } from "./accuracy.js";
import {
  type Candidate,
  candidatesOf,
  type Layout,
  layoutsOf,
  likelyOperators,
  type TraceTensor,
  upTo,
} from "./trace-match.js";

export type { TraceTensor } from "./trace-match.js";

export interface OperatorError {
  readonly name: string;
  /** Name of the tensor that it was compared with. */
  readonly reference: string;
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

/** What an operator put out, row by row as it came. */
class OperatorOutput {
  readonly columns: number;
  #data = new Float32Array(0);
  #rows = 0;

  constructor(columns: number) {
    this.columns = columns;
  }

  get rows(): number {
    return this.#rows;
  }

  get data(): Float32Array {
    return this.#data.subarray(0, this.#rows * this.columns);
  }

  put({ firstRow, rows, firstChannel, width }: Step, values: Float32Array): void {
    this.#reserve(firstRow + rows);
    for (let row = 0; row < rows; row++) {
      const at = (firstRow + row) * this.columns + firstChannel;
      this.#data.set(values.subarray(row * width, (row + 1) * width), at);
    }
  }

  #reserve(rows: number): void {
    this.#rows = Math.max(this.#rows, rows);
    const elements = this.#rows * this.columns;
    if (elements <= this.#data.length) return;
    const grown = new Float32Array(2 * elements).fill(Number.NaN);
    grown.set(this.#data);
    this.#data = grown;
  }
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
  const matches = new Map<number, Match>();
  const unknown: TraceTensor[] = [];
  for (const tensor of reference) {
    const match = strictMatch(candidatesOf(model, infos, tensor.name), tensor, outputs);
    if (match === undefined) unknown.push(tensor);
    else if (!(match.max >= (matches.get(match.operator)?.max ?? Number.POSITIVE_INFINITY))) {
      matches.set(match.operator, match);
    }
  }
  const used = new Set<TraceTensor>([...matches.values()].map(({ tensor }) => tensor));
  const free = unknown.filter((tensor) => likelyMatch(tensor, infos, outputs, matches, tolerance));
  joinFolded(free, outputs, matches, tolerance, used);
  const operators = [...matches.values()]
    .sort((a, b) => a.operator - b.operator)
    .map(({ operator, tensor, max, mean }): OperatorError => {
      used.add(tensor);
      const name = infos[operator]?.name ?? "";
      const departs = !(max <= tolerance);
      return { name, reference: tensor.name, maxRelative: max, meanRelative: mean, departs };
    });
  if (operators.length === 0) throw nothingInCommon(infos, reference);
  const ours = infos.filter((_, index) => !matches.has(index)).map(({ name }) => name);
  const theirs = reference.filter((tensor) => !used.has(tensor)).map(({ name }) => name);
  return {
    operators,
    firstDeparture: operators.find((operator) => operator.departs)?.name ?? null,
    notCompared: [...ours, ...theirs],
  };
}

interface Match {
  readonly operator: number;
  readonly tensor: TraceTensor;
  readonly max: number;
  readonly mean: number;
}

/** @throws BadInput when the tensor has not the rows or columns of any of the operators */
function strictMatch(
  candidates: readonly Candidate[],
  tensor: TraceTensor,
  outputs: readonly (OperatorOutput | undefined)[],
): Match | undefined {
  const there = candidates.filter(({ operator }) => outputs[operator] !== undefined);
  const [first] = there;
  if (first === undefined) return undefined;
  const match = bestMatch(there, tensor, outputs);
  if (match !== undefined) return match;
  const { rows, columns } = outputs[first.operator] as OperatorOutput;
  const expected = `a trace of ${rows} rows and ${columns} columns for ${tensor.name}`;
  throw new BadInput(expected, `[${tensor.shape.join(", ")}]`);
}

/** Takes a tensor of a name that only ends as an operator's, if the values agree. @returns whether it did not */
function likelyMatch(
  tensor: TraceTensor,
  infos: readonly OperatorInfo[],
  outputs: readonly (OperatorOutput | undefined)[],
  matches: Map<number, Match>,
  tolerance: number,
): boolean {
  const candidates = likelyOperators(infos, tensor.name).filter(
    ({ operator }) => !matches.has(operator) && outputs[operator] !== undefined,
  );
  const match = bestMatch(candidates, tensor, outputs);
  if (match === undefined || !(match.max <= tolerance)) return true;
  matches.set(match.operator, match);
  return false;
}

/**
 * An operator that departs from the module of its name may have taken the next one in: a convolution its BatchNorm.
 * That it gives exactly what that module returns is proof.
 */
function joinFolded(
  free: readonly TraceTensor[],
  outputs: readonly (OperatorOutput | undefined)[],
  matches: Map<number, Match>,
  tolerance: number,
  used: Set<TraceTensor>,
): void {
  for (const { operator, max } of [...matches.values()]) {
    if (max <= tolerance) continue;
    const candidate = { operator, functions: [(x: number) => x] };
    const found = free
      .map((tensor) => bestMatch([candidate], tensor, outputs))
      .find((match) => match !== undefined && match.max <= tolerance);
    if (found === undefined) continue;
    matches.set(operator, found);
    used.add(found.tensor);
  }
}

function bestMatch(
  candidates: readonly Candidate[],
  tensor: TraceTensor,
  outputs: readonly (OperatorOutput | undefined)[],
): Match | undefined {
  let best: Match | undefined;
  for (const { operator, columns, functions } of candidates) {
    const output = outputs[operator] as OperatorOutput;
    for (const layout of layoutsOf(tensor)) {
      for (const some of columns ?? [upTo(layout.columns)]) {
        if (!fits(layout, some, output)) continue;
        const taken = take(tensor, layout, some, output.rows);
        for (const map of functions) {
          const { max, mean } = relativeErrors(output.data, taken.map(map));
          if (best === undefined || max < best.max) best = { operator, tensor, max, mean };
        }
      }
    }
  }
  return best;
}

/** A padded convolution gives rows too many at its end, for the taps that look back from there. */
const MOST_ROWS_TOO_MANY = 64;

function fits({ rows, columns }: Layout, some: readonly number[], output: OperatorOutput): boolean {
  const hasRows = rows >= output.rows && rows - output.rows <= MOST_ROWS_TOO_MANY;
  return hasRows && some.length === output.columns && some.every((column) => column < columns);
}

/** Some columns of the first rows. */
function take(
  { data }: TraceTensor,
  { at }: Layout,
  columns: readonly number[],
  rows: number,
): Float64Array {
  const taken = new Float64Array(rows * columns.length);
  for (let row = 0; row < rows; row++) {
    for (const [i, column] of columns.entries()) {
      taken[row * columns.length + i] = data[at(row, column)] as number;
    }
  }
  return taken;
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
): (OperatorOutput | undefined)[] {
  const outputs = model
    .operators(session.plan.schedule)
    .map(({ outputWidth }) => new OperatorOutput(outputWidth));
  const takeSteps = () => {
    for (let step = session.step(); step !== undefined; step = session.step()) {
      const values = step.output();
      if (values.length > 0) outputs[step.operatorIndex]?.put(step, values);
    }
  };
  session.reset();
  const length = tileLength(model.info, session.plan.tile);
  for (let at = 0; at < input.length; at += length) {
    session.feed(input.subarray(at, at + length));
    takeSteps();
  }
  session.feedEnd();
  takeSteps();
  session.reset();
  return outputs.map((output) => (output.rows > 0 ? output : undefined));
}
