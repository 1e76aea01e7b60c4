/**
 * The place in time of every primitive op as it is emitted: its stage, the number of barriers behind which
 * it runs, and its pace, how its rows come. Where branches meet whose rows come at different paces, it inserts
 * what brings them together, and a copy of the network's input where one is read behind a barrier. Knows
 * no kind of op but those it inserts, and nothing of blobs.
 */
import { BadArgument } from "../core/errors.js";
import { delay, mostAhead, Pace } from "../graph/clock.js";
import { CAUSAL_CONV } from "../graph/descriptors/convolution.js";
import type { PrimitiveOp, PrimitiveView } from "../graph/descriptors/index.js";
import { SLICE } from "../graph/descriptors/rows.js";
import { ALIGN } from "../graph/descriptors/time.js";
import type { Network } from "../graph/network.js";
import { groups } from "../graph/packing.js";
import { constantTensor, type Value } from "../graph/tensor.js";

export interface PlacedOp extends PrimitiveOp {
  readonly stage: number;
  /** Absent: a vector. */
  readonly pace: Pace | undefined;
}

/** How many rows a pace must make in all, for an op. */
export interface RowsBound {
  readonly op: string;
  readonly pace: Pace;
  readonly least: number;
  /** Infinity: no limit. */
  readonly most: number;
}

/** Two paces that have to make equally many rows in all. */
export interface EqualRows {
  readonly op: string;
  readonly paces: readonly [Pace, Pace];
}

interface Placed {
  readonly width: number;
  /** From which it can be read. */
  readonly stage: number;
  readonly pace: Pace | undefined;
}

/** Latest that a pace is made, to be slower than others that are by turns ahead of each other. */
const MOST_DELAY = 1 << 16;

export class Placement {
  readonly ops: PlacedOp[] = [];
  readonly bounds: RowsBound[] = [];
  readonly equals: EqualRows[] = [];
  /** Frames by which every window of an op has been full. */
  history = 1;
  readonly #frames = Pace.ofFrames();
  readonly #values: Placed[];
  readonly #names = new Set<string>();
  readonly #aligned = new Map<string, Value>();
  readonly #paceNumbers = new Map<Pace, number>();
  #copyOfInput: Value | undefined;

  constructor(readonly network: Pick<Network, "inputKind" | "inputWidth">) {
    this.#values = [{ width: network.inputWidth, stage: 0, pace: this.#frames }];
  }

  paceOf(value: Value): Pace | undefined {
    return this.#at(value).pace;
  }

  widthOf(value: Value): number {
    return this.#at(value).width;
  }

  /** @throws BadArgument when an op cannot stand where it does */
  readonly emit = (op: PrimitiveOp): Value => {
    const { primitive } = op;
    this.#checkFront(op);
    this.#checkSequences(op);
    const stage = this.#stageOf(op);
    const kept = stage > 0 ? op.inputs.map((value) => this.#afterStart(value)) : op.inputs;
    const inputs = primitive.paced === true ? kept : this.#atOnePace(op.name, kept, stage);
    const placed = { ...op, inputs };
    const view = viewOf(
      placed,
      inputs.map((value) => this.widthOf(value)),
    );
    if (primitive.paced !== true) this.#noteRows(op.name, kept);
    this.#noteBound(placed, view);
    const pace = this.#paceOf(placed, view, stage);
    const isPool = primitive.time === "pool";
    this.ops.push({ ...placed, name: this.#ownName(op.name), stage, pace });
    this.#values.push({ width: op.width, stage: stage + (isPool ? 1 : 0), pace });
    return this.ops.length;
  };

  /** A name that no primitive has yet: an op may become several of one name. */
  #ownName(name: string): string {
    let own = name;
    for (let n = 2; this.#names.has(own); n++) own = `${name}.${n}`;
    this.#names.add(own);
    return own;
  }

  /** A copy of the network's input, which can be kept for later and be an output. */
  copyOfInput(): Value {
    this.#copyOfInput ??= this.emit({
      primitive: SLICE,
      name: "input.copy",
      inputs: [0],
      width: this.widthOf(0),
      attributes: { first: 0 },
    });
    return this.#copyOfInput;
  }

  #at(value: Value): Placed {
    return this.#values[value] as Placed;
  }

  #afterStart(value: Value): Value {
    return value === 0 ? this.copyOfInput() : value;
  }

  #stageOf({ primitive, inputs }: PrimitiveOp): number {
    const available = Math.max(...inputs.map((value) => this.#at(value).stage));
    return available + (primitive.time === "whole" ? 1 : 0);
  }

  // ---- what may stand where --------------------------------------------------------------------------

  #checkFront({ primitive, name, inputs }: PrimitiveOp): void {
    const { inputKind } = this.network;
    const takes = primitive.front ?? "frames";
    if (!inputs.includes(0)) {
      if (primitive.front === undefined) return;
      throw new BadArgument(
        `input of op ${name}`,
        `${takes}, the network's input`,
        "another value",
      );
    }
    if (takes !== inputKind) {
      throw new BadArgument(
        `input of op ${name}`,
        takes,
        `the network's input, which is ${inputKind}`,
      );
    }
    if (primitive.front !== undefined && this.ops.length > 0) {
      throw new BadArgument(`op ${name}`, "the first op, as it makes frames", "a later one");
    }
  }

  #checkSequences({ primitive, name, inputs }: PrimitiveOp): void {
    const isVector = (value: Value) => this.#at(value).pace === undefined;
    if (primitive.time !== "rows" && inputs.some(isVector)) {
      throw new BadArgument(`input of op ${name}`, "a sequence of rows", "one row, made by a pool");
    }
    if (primitive.broadcasts === true || new Set(inputs.map(isVector)).size === 1) return;
    throw new BadArgument(`inputs of op ${name}`, "all sequences or all one row", "some of both");
  }

  // ---- paces -----------------------------------------------------------------------------------------

  /** Sequences of the op's own stage decide: those of earlier stages are there as a whole. */
  #paceOf(
    { primitive, inputs }: PrimitiveOp,
    view: PrimitiveView,
    stage: number,
  ): Pace | undefined {
    if (primitive.time === "pool") return undefined;
    if (primitive.paced === true) return this.paceOf(inputs[1] as Value);
    const sequences = inputs.filter((value) => this.paceOf(value) !== undefined);
    const own = sequences.find((value) => this.#at(value).stage === stage) ?? sequences[0];
    const pace = own === undefined ? undefined : this.paceOf(own);
    return primitive.clock === undefined ? pace : pace?.through(primitive.clock(view));
  }

  /** The inputs, those of this stage at one pace. */
  #atOnePace(name: string, inputs: readonly Value[], stage: number): readonly Value[] {
    const meeting = inputs.filter((value) => this.#at(value).stage === stage);
    const paced = meeting.filter((value) => this.paceOf(value) !== undefined);
    if (new Set(paced.map((value) => this.paceOf(value))).size < 2) return inputs;
    const slowest = this.#slowest(paced) ?? this.#slower(name, paced);
    return inputs.map((value) =>
      paced.includes(value) ? this.#align(name, value, slowest) : value,
    );
  }

  /** The one that none of the others is ever behind. */
  #slowest(values: readonly Value[]): Value | undefined {
    return values.find((value) => this.#isBehindAll(this.paceOf(value) as Pace, values));
  }

  #isBehindAll(pace: Pace, values: readonly Value[]): boolean {
    return values.every((other) => mostAhead(this.paceOf(other) as Pace, pace) !== undefined);
  }

  /** One channel of a value, late enough for all of them: only its pace is used. */
  #slower(name: string, values: readonly Value[]): Value {
    const first = values[0] as Value;
    const pace = this.paceOf(first) as Pace;
    let rows = 1;
    while (!this.#isBehindAll(pace.through(delay(rows)), values)) {
      rows *= 2;
      if (rows > MOST_DELAY) throw this.#neverMeet(name, values);
    }
    const narrow = this.emit({
      primitive: SLICE,
      name: `${name}.pace`,
      inputs: [first],
      width: 1,
      attributes: { first: 0 },
    });
    const taps = rows + 1;
    return this.emit({
      primitive: CAUSAL_CONV,
      name: `${name}.pace`,
      inputs: [narrow],
      width: 1,
      attributes: { taps, ahead: rows, activation: 0 },
      tensors: { weight: groups(constantTensor(`${name}.pace`, taps, 0), 1, taps) },
    });
  }

  #neverMeet(name: string, values: readonly Value[]): BadArgument {
    const frames = 1000;
    const counts = values.map((value) => (this.paceOf(value) as Pace).total(frames));
    return new BadArgument(
      `inputs of op ${name}`,
      "sequences of equally many rows (strides and upsampling of all branches multiply to the same)",
      `${counts.join(" and ")} rows for ${frames} frames`,
    );
  }

  #align(name: string, value: Value, slowest: Value): Value {
    const pace = this.paceOf(slowest) as Pace;
    if (this.paceOf(value) === pace) return value;
    const key = `${value} ${this.#numberOf(pace)}`;
    const known = this.#aligned.get(key);
    if (known !== undefined) return known;
    const aligned = this.emit({
      primitive: ALIGN,
      name: `${name}.align`,
      inputs: [value, slowest],
      width: this.widthOf(value),
    });
    this.#aligned.set(key, aligned);
    return aligned;
  }

  #numberOf(pace: Pace): number {
    const number = this.#paceNumbers.get(pace) ?? this.#paceNumbers.size;
    this.#paceNumbers.set(pace, number);
    return number;
  }

  // ---- lengths ---------------------------------------------------------------------------------------

  #noteRows(op: string, inputs: readonly Value[]): void {
    const paces = inputs.map((value) => this.paceOf(value)).filter((pace) => pace !== undefined);
    const [first] = paces;
    for (const pace of new Set(paces)) {
      if (first !== undefined && pace !== first) this.equals.push({ op, paces: [first, pace] });
    }
  }

  #noteBound({ primitive, name, inputs }: PrimitiveOp, view: PrimitiveView): void {
    const pace = this.paceOf(inputs[0] as Value);
    if (pace === undefined) return;
    const { least = 1, most = Number.POSITIVE_INFINITY } = primitive.rows?.(view) ?? {};
    this.bounds.push({ op: name, pace, least: Math.max(least, 1), most });
    const made = primitive.clock === undefined ? pace : pace.through(primitive.clock(view));
    this.bounds.push({ op: name, pace: made, least: 1, most: Number.POSITIVE_INFINITY });
    const window = Math.max(primitive.clock?.(view).window ?? 1, view.attribute("taps"));
    const frames = pace.framesForAtLeast(window);
    if (Number.isFinite(frames)) this.history = Math.max(this.history, frames);
  }
}

function viewOf(op: PrimitiveOp, widths: readonly number[]): PrimitiveView {
  const attribute = (name: string) => op.attributes?.[name] ?? 0;
  return { variant: op.variant, widths, width: op.width, attribute };
}
