/**
 * Calibration: runs a float network over inputs and notes how large every value gets, those inside fused operators
 * included. Memory does not grow with the number of inputs. Knows nothing of integers.
 */
import type { Encoded, EncodedOp } from "../blob/encode.js";
import { elementsOfPacked } from "../blob/tensors.js";
import { BadArgument, BadInput } from "../core/errors.js";
import { framesIn, type InputArray, tileLength } from "../core/input.js";
import type { Model } from "../core/model.js";
import type { PlanBuffer } from "../core/plan.js";
import type { Session, Step } from "../core/session.js";
import { ConvolutionWatch } from "./convolution-watch.js";
import type { InputSource } from "./inputs.js";
import { Range } from "./range.js";

/** What was seen of a network's values. Ops and values are those of `Encoded`. */
export interface Observation {
  readonly inputs: number;
  /** By value: 0 the network's input, n what op n - 1 makes; channel by channel. */
  readonly values: readonly Range[];
  /** By index of a selective_scan. */
  readonly scans: ReadonlyMap<number, ScanRanges>;
  /** By index of an op: of a gate z, of a convolution with an activation what goes into that. */
  readonly inner: ReadonlyMap<number, Range>;
  /** The value that grew most over the second half of the inputs; of one input nothing is known. */
  readonly growth: Growth | undefined;
}

export interface Growth {
  readonly value: string;
  /** 1 is not at all, infinity where it had been 0. */
  readonly factor: number;
}

export interface ScanRanges {
  readonly dt: Range;
  readonly state: Range;
}

/**
 * @param model the opened blob of `encoded`
 * @throws BadInput (another shape, no input, nothing but zeros), NonFinite (an input), BadArgument (a value of the
 * network that is not finite)
 */
export async function observe(
  model: Model,
  encoded: Encoded,
  { count, item }: InputSource,
  progress: (done: number) => void = () => {},
): Promise<Observation> {
  if (count === 0) throw new BadInput("at least one input to calibrate with", "none");
  const watch = new Watch(model, encoded);
  let isSilent = model.info.inputKind !== "tokens";
  let atHalf: ReadonlyMap<string, number> | undefined;
  try {
    for (const [done, index] of halves(count).entries()) {
      const input = await item(index);
      watch.run(input);
      isSilent &&= input.every((element: number) => element === 0);
      if (done + 1 === Math.floor(count / 2)) atHalf = watch.sizes();
      progress(done + 1);
    }
  } finally {
    watch.dispose();
  }
  if (isSilent) throw new BadInput("inputs to calibrate with", "zeros only");
  const growth = atHalf && growthOf(atHalf, watch.sizes());
  return { ...watch.seen, inputs: count, growth };
}

/** Every second one first, as neighbours are often of one class: both halves are then of all of them. */
function halves(count: number): number[] {
  const all = Array.from({ length: count }, (_, index) => index);
  return [...all.filter((index) => index % 2 === 1), ...all.filter((index) => index % 2 === 0)];
}

function growthOf(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): Growth {
  let most: Growth = { value: "", factor: 1 };
  for (const [value, size] of after) {
    const factor = size === 0 ? 1 : size / (before.get(value) ?? 0);
    if (factor > most.factor) most = { value, factor };
  }
  return most;
}

const SCAN = "selective_scan";
/** Channels of a state lie side by side in groups. */
const GROUP = 4;

class Watch {
  readonly seen: Omit<Observation, "inputs" | "growth">;
  readonly #model: Model;
  readonly #ops: readonly EncodedOp[];
  readonly #operators: readonly { readonly op: number; readonly part: string }[];
  readonly #convolutions: readonly ConvolutionWatch[];
  readonly #scans = new Map<number, ScanRanges>();
  readonly #inner = new Map<number, Range>();
  #session:
    | { readonly frames: number; readonly of: Session; buffers: Map<string, PlanBuffer> }
    | undefined;

  constructor(model: Model, encoded: Encoded) {
    this.#model = model;
    this.#ops = encoded.ops;
    this.#operators = model.operators("stream");
    const values = [
      new Range(model.info.inputWidth),
      ...encoded.ops.map(({ width }) => new Range(width)),
    ];
    for (const [index, op] of encoded.ops.entries()) {
      if (op.primitive.name === SCAN) {
        this.#scans.set(index, { dt: new Range(op.width), state: new Range(1) });
      }
      if (op.primitive.name === "gate") this.#inner.set(index, new Range(op.width));
    }
    this.#convolutions = encoded.ops.flatMap((op, index) => {
      if (op.primitive.name !== "causal_conv") return [];
      const range = new Range(op.width);
      this.#inner.set(index, range);
      const [weight, bias] = op.tensors.map((tensor) => tensor && elementsOfPacked(tensor));
      const input = op.inputs[0] as number;
      return [new ConvolutionWatch(input, op.width, weight as Float64Array, bias, range)];
    });
    this.seen = { values, scans: this.#scans, inner: this.#inner };
  }

  /** Largest magnitude of everything that is watched, by its name. */
  sizes(): ReadonlyMap<string, number> {
    const { values, scans, inner } = this.seen;
    const nameOf = (index: number) => this.#ops[index]?.name ?? "input";
    return new Map([
      ...values.map(({ largest }, value) => [nameOf(value - 1), largest] as const),
      ...[...scans].map(([op, { dt }]) => [`dt of ${nameOf(op)}`, dt.largest] as const),
      ...[...scans].map(([op, { state }]) => [`state of ${nameOf(op)}`, state.largest] as const),
      ...[...inner].map(([op, { largest }]) => [`inside ${nameOf(op)}`, largest] as const),
    ]);
  }

  run(input: InputArray): void {
    const { info } = this.#model;
    const session = this.#sessionFor(framesIn(info, input.length));
    session.reset();
    for (const convolution of this.#convolutions) convolution.reset();
    const most = tileLength(info, 1);
    for (let first = 0; first < input.length; first += most) {
      const piece = input.subarray(first, first + most);
      session.feed(piece);
      if (info.inputKind === "frames") this.#noteRows(0, piece as Float32Array);
      this.#stepThrough(session);
    }
    session.feedEnd();
    this.#stepThrough(session);
  }

  dispose(): void {
    this.#session?.of.dispose();
  }

  /** One session for all inputs where their length does not matter. */
  #sessionFor(frames: number): Session {
    const { needsMaxFrames } = this.#model.info;
    const known = this.#session;
    if (known !== undefined && (!needsMaxFrames || known.frames === frames)) return known.of;
    known?.of.dispose();
    const options = { tile: 1, ...(needsMaxFrames && { maxFrames: Math.max(frames, 1) }) };
    const { buffers } = this.#model.plan(options);
    const of = this.#model.createSession(options);
    const byName = new Map(buffers.map((buffer) => [buffer.name, buffer]));
    this.#session = { frames, of, buffers: byName };
    return of;
  }

  #stepThrough(session: Session): void {
    for (let step = session.step(); step !== undefined; step = session.step()) {
      this.#note(session, step);
    }
  }

  #note(session: Session, step: Step): void {
    const { op: index, part } = this.#operators[step.operatorIndex] as { op: number; part: string };
    const op = this.#ops[index] as EncodedOp;
    const rows = step.output();
    if (rows.length === 0) return;
    const scan = this.#scans.get(index);
    if (scan !== undefined && part !== SCAN) {
      this.#add(scan.dt, rows, step, `dt of ${op.name}`);
      return;
    }
    const value = index + 1;
    this.#add(this.seen.values[value] as Range, rows, step, op.name);
    for (const convolution of this.#convolutions) {
      if (convolution.input === value) convolution.take(rows, step);
    }
    if (scan !== undefined) this.#noteState(session, op, scan.state);
    if (op.primitive.name === "gate") this.#noteGate(session, op, index, step);
  }

  #noteRows(value: number, rows: Float32Array): void {
    const width = this.#model.info.inputWidth;
    const step = { width, rows: rows.length / width, firstChannel: 0 };
    this.#add(this.seen.values[value] as Range, rows, step, "the input");
    for (const convolution of this.#convolutions) {
      if (convolution.input === value) convolution.take(rows, step);
    }
  }

  #add(
    range: Range,
    rows: Float32Array,
    { width, firstChannel }: Pick<Step, "width" | "firstChannel">,
    name: string,
  ): void {
    if (range.add(rows, width, firstChannel)) return;
    throw new BadArgument(
      name,
      "finite values over all inputs to calibrate with",
      "infinity or NaN",
    );
  }

  #noteState(session: Session, { name, width }: EncodedOp, range: Range): void {
    const buffer = this.#bufferOf(name, "scan_state");
    if (buffer === undefined) return;
    const state = session.peek(buffer);
    const states = state.length / (Math.ceil(width / GROUP) * GROUP);
    const full = Math.floor(width / GROUP) * GROUP * states;
    range.addAll(state.subarray(0, full));
    // Of the last group only the lanes that are channels.
    for (let i = full; i < state.length; i++) {
      if (i % GROUP < width % GROUP) range.addAll(state.subarray(i, i + 1));
    }
  }

  /** z lies in its buffer as it was made where the function is SiLU, else behind the function. */
  #noteGate(session: Session, { name }: EncodedOp, index: number, step: Step): void {
    const buffer = this.#bufferOf(name, "z");
    if (buffer === undefined) return;
    const all = session.peek(buffer);
    const stride = all.length / step.rows;
    for (let row = 0; row < step.rows; row++) {
      const z = all.subarray(row * stride, row * stride + step.width);
      this.#add(this.#inner.get(index) as Range, z, step, `z of ${name}`);
    }
  }

  #bufferOf(op: string, role: string): PlanBuffer | undefined {
    return this.#session?.buffers.get(`${op}.${role}`);
  }
}
