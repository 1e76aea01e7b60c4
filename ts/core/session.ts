/**
 * One sequence in progress: an arena and its input and output in the memory of a model's instance.
 * Knows how calls become calls of the core; the maths and the layout of the arena are the core's.
 */
import { type Core, STATUS_DONE, STATUS_OK } from "./core.js";
import { BadFile, BadInput, BadState, type MambaliteError, SelfTestFailed } from "./errors.js";
import { DTYPE } from "./format.js";
import { assertLength, type ModelInfo } from "./info.js";
import {
  checkBytes,
  checkFinite,
  checkShape,
  framesIn,
  type InputArray,
  type InputOptions,
  inputLength,
  tileLength,
  to16Bits,
} from "./input.js";
import { joinOutputs, type Output, type Outputs, vectorsOf } from "./outputs.js";
import {
  makePlan,
  optionWords,
  type Plan,
  type PlanBuffer,
  type PlanNumbers,
  planNumbers,
  type SessionOptions,
} from "./plan.js";
import { REGION_ALIGNMENT, roundUp } from "./regions.js";
import { Resource } from "./resource.js";
import { readStruct, STEP } from "./structs.js";

/** Input is copied into the instance in pieces of about this many bytes, of whole tiles. */
const SLAB_BYTES = 16384;
const MAX_INPUTS = 2 ** 32 - 1;
const WORD_BYTES = 4;
/** Elements of a vector. */
const LANES = 4;

/** What one `step()` has done. */
export interface Step {
  /** Index into `Model.operators(plan.schedule)`. */
  readonly operatorIndex: number;
  /** Rows of output. */
  readonly rows: number;
  /** Of the sequence; 0 for a vector. */
  readonly firstRow: number;
  /** First element of the operator's output that this step made. */
  readonly firstChannel: number;
  /** Elements a row that this step made. */
  readonly width: number;
  /**
   * A copy of what it made, [rows, width]; empty where there is no single output: "discretize",
   * and a pool while frames come in.
   * Integers as the numbers that they stand for, rounded to float32.
   * @throws BadState once the session has gone on: the bytes may then be another buffer's.
   */
  output(): Float32Array;
  /** The same as the core holds it: floats, or integers q that stand for q 2^-exponent. */
  elements(): StepRows;
  readonly exponent: number;
}

/** Rows of an operator's output, of its number type. */
export type StepRows = Float32Array | Int16Array | Int32Array;

/** What a session is made of. */
export interface SessionParts {
  readonly core: Core;
  readonly info: ModelInfo;
  readonly options: SessionOptions;
  /** Bytes on both sides of the arena, and in it before its first use, that hold `fill`. */
  readonly poison?: { readonly guardBytes: number; readonly fill: number };
  /** Called once, on disposal. */
  readonly onRelease?: (session: Session) => void;
}

/** Where the parts of a session's region are, in bytes from its start. */
interface Layout {
  readonly arena: number;
  readonly input: number;
  readonly vectors: number;
  readonly step: number;
  readonly bytes: number;
}

/** What MLM_ERR_FRAMES means depends on the call. */
const NO_FRAMES = "finish needs more frames than there were";

export class Session extends Resource {
  readonly #numbers: PlanNumbers;
  readonly #options: SessionOptions;
  #plan: Plan | undefined;
  readonly #core: Core;
  readonly #info: ModelInfo;
  readonly #onRelease: ((session: Session) => void) | undefined;
  readonly #slabInputs: number;
  readonly #region: number;
  readonly #arena: number;
  readonly #input: number;
  readonly #vectors: number;
  readonly #step: number;
  readonly #handle: number;
  readonly #sequences: readonly { index: number; name: string; width: number }[];
  #generation = 0;

  /**
   * Made by `Model.createSession`.
   * @throws OutOfMemory, BadArgument
   */
  constructor({ core, info, options, poison, onRelease }: SessionParts) {
    super("Session");
    const numbers = planNumbers(core, options, info);
    this.#numbers = numbers;
    this.#options = options;
    this.#core = core;
    this.#info = info;
    this.#onRelease = onRelease;
    this.#sequences = info.outputs
      .map(({ name, width, isSequence }, index) => ({ index, name, width, isSequence }))
      .filter(({ isSequence }) => isSequence);
    const tileElements = tileLength(info, numbers.tile);
    const tiles = Math.max(1, Math.floor(SLAB_BYTES / (tileElements * WORD_BYTES)));
    // Samples that make a tile of frames reach into the next one: a window is longer than a hop.
    const overlap = info.inputKind === "samples" ? info.windowSamples - info.hopSamples : 0;
    this.#slabInputs = (tileElements / info.inputWidth) * tiles + overlap;
    const layout = this.#layOut(poison?.guardBytes ?? 0);
    this.#region = core.memory.allocate(layout.bytes, "a session");
    this.#arena = this.#region + layout.arena;
    this.#input = this.#region + layout.input;
    this.#vectors = this.#region + layout.vectors;
    this.#step = this.#region + layout.step;
    if (poison !== undefined) {
      core.memory.u8.fill(poison.fill, this.#region, this.#region + layout.input);
    }
    this.#handle = this.#initialise();
  }

  /** The memory of this session, exact. */
  get plan(): Plan {
    this.#plan ??= makePlan(this.#core, this.#options, this.#info);
    return this.#plan;
  }

  /** Frames since the last reset; of samples, the windows that were completed. */
  get frames(): number {
    this.assertAlive();
    return this.#core.functions.session_frames(this.#handle) >>> 0;
  }

  /**
   * The outputs of a whole sequence: `reset`, `push` and `finish`. The same bits as any portions.
   * @param input float32 [T, inputWidth] or int32 [T], T >= 1; float32 [samples], a window or more.
   * @throws BadInput (also a length that the network is not defined for), NonFinite, BadState (more than
   * `plan.maxFrames` frames), Disposed
   */
  run(input: InputArray, options?: InputOptions): Outputs {
    this.assertAlive();
    const count = this.#checkInput(input, options);
    const frames = framesIn(this.#info, input.length);
    if (frames === 0) {
      throw new BadInput(`at least ${inputLength(this.#info, 1)} samples, a window`, `${count}`);
    }
    assertLength(this.#info, frames);
    this.#assertRoom(0, count);
    this.reset();
    const pushed = this.#pushPieces(input);
    return joinOutputs(this.#info.outputs, pushed, this.finish());
  }

  /**
   * Processes further frames of the sequence.
   * @param input float32 [n, inputWidth], int32 [n] or float32 [samples]; n >= 1.
   * @returns the rows that this has made of the outputs that are sequences; none for vectors.
   * @throws BadInput, NonFinite, BadState (too many frames, fed frames not stepped through, or a model
   * that looks ahead and has been finished), Disposed. Nothing has changed then.
   */
  push(input: InputArray, options?: InputOptions): Outputs {
    this.assertAlive();
    const count = this.#checkInput(input, options);
    this.#assertRoom(this.#inputs, count);
    this.#assertIdle();
    return this.#pushPieces(input);
  }

  /**
   * Ends the sequence so far. It may go on, unless the model looks ahead.
   * @returns the outputs that are vectors, and of those that are sequences the rows not yet returned by
   * `push`.
   * @throws BadState (too few frames, a length at which branches of the network do not meet, or fed frames
   * not stepped through), Disposed
   */
  finish(): Outputs {
    this.assertAlive();
    this.#generation++;
    const { functions } = this.#core;
    const inputs = this.#inputs;
    const missing = (output: number) =>
      (functions.output_rows(output, inputs) >>> 0) -
      (functions.output_rows_pushed(output, inputs) >>> 0);
    const rows = this.#receiving(missing, () => {
      this.#expectOk(functions.session_finish(this.#handle, this.#vectors), NO_FRAMES);
    });
    const vectors = vectorsOf(this.#info.outputs, this.#readVectors());
    return this.#info.outputs.map(
      ({ name }) => (rows.get(name) ?? vectors.find((vector) => vector.name === name))!,
    );
  }

  /** The outputs that are vectors, behind the steps of `feedEnd`. @throws BadState, Disposed */
  vectors(): Outputs {
    this.assertAlive();
    this.#expectOk(this.#core.functions.session_vectors(this.#handle, this.#vectors));
    return vectorsOf(this.#info.outputs, this.#readVectors());
  }

  /**
   * Lets a sequence go on for ever: forgets some of its inputs where there are very many, so that their count does not
   * end. No output tells. Where `Model.isEndless`, call it now and then.
   * @returns how many were forgotten
   * @throws Disposed
   */
  forget(): number {
    this.assertAlive();
    return this.#core.functions.session_forget(this.#handle) >>> 0;
  }

  /** Forgets all frames: the next one is the first of a new sequence. @throws Disposed */
  reset(): void {
    this.assertAlive();
    this.#generation++;
    this.#core.functions.session_reset(this.#handle);
  }

  /**
   * Values of the state of integer scans, and floats that were made integers, that were cut off at the end of their
   * range since the last `reset`: the input was outside of what the model was calibrated for. 0 in a model of floats.
   * @throws Disposed
   */
  get saturations(): number {
    this.assertAlive();
    return this.#core.functions.session_saturations(this.#handle) >>> 0;
  }

  /** A copy of a buffer of the plan as it is now, its words as floats: what a calibration looks at. @throws Disposed */
  peek({ offset, bytes }: Pick<PlanBuffer, "offset" | "bytes">): Float32Array {
    this.assertAlive();
    const first = (this.#arena + offset) >>> 2;
    return this.#core.memory.f32.slice(first, first + bytes / WORD_BYTES);
  }

  /**
   * The recurrent state, to go on later, in another session of the same model under any schedule.
   * @throws BadState (fed frames not stepped through), OutOfMemory, Disposed
   */
  saveState(): Uint8Array {
    this.assertAlive();
    const bytes = this.#core.functions.session_state_bytes(this.#handle) >>> 0;
    return this.#withRegion(bytes, (address) => {
      this.#expectOk(this.#core.functions.session_save_state(this.#handle, address, bytes));
      return this.#core.memory.u8.slice(address, address + bytes);
    });
  }

  /**
   * Goes on where `saveState` was called.
   * @throws BadFile (damaged, or of another model), BadInput (not bytes), BadState (saved after more
   * than `plan.maxFrames` frames), OutOfMemory, Disposed. Nothing has changed then.
   */
  loadState(state: Uint8Array): void {
    this.assertAlive();
    const bytes = checkBytes(state, "a saved state");
    this.#generation++;
    this.#withRegion(bytes.length, (address) => {
      this.#core.memory.u8.set(bytes, address);
      this.#expectOk(
        this.#core.functions.session_load_state(this.#handle, address, bytes.length),
        `the state was saved after more than ${this.#numbers.maxFrames} frames`,
      );
    });
  }

  /**
   * Runs the blob's own test vector and compares the logits bit for bit; leaves the session reset.
   * @throws SelfTestFailed, BadState (the blob has no vector, or it is too long for the plan),
   * Disposed
   */
  selfTest(): void {
    this.assertAlive();
    if (this.#info.selfTestInputs === 0) throw new BadState("the blob has no self-test vector");
    this.#generation++;
    this.#expectOk(
      this.#core.functions.session_self_test(this.#handle),
      `the self-test needs ${framesIn(this.#info, this.#info.selfTestInputs * this.#info.inputWidth)} frames, the plan has ${this.#numbers.maxFrames}`,
    );
  }

  /**
   * Takes frames to be worked on by `step()`, one operator at a time.
   * @param input as for `push`, but at most `plan.tile` frames, or that many hops of samples.
   * @throws BadInput, NonFinite, BadState (as for `push`), Disposed
   */
  feed(input: InputArray, options?: InputOptions): void {
    this.assertAlive();
    const count = this.#checkInput(input, options);
    const { inputKind, inputWidth } = this.#info;
    const most = tileLength(this.#info, this.#numbers.tile) / inputWidth;
    if (count > most) {
      throw new BadInput(`at most ${most} ${inputKind}, the plan's tile`, `${count} ${inputKind}`);
    }
    this.#assertRoom(this.#inputs, count);
    this.#generation++;
    this.#assertIdle();
    this.#copyIn(input);
    this.#expectOk(this.#core.functions.session_feed(this.#handle, this.#input, count));
  }

  /** Ends the sequence so far: `step()` then runs pooling and head. @throws BadState, Disposed */
  feedEnd(): void {
    this.assertAlive();
    this.#generation++;
    this.#expectOk(this.#core.functions.session_feed_end(this.#handle));
  }

  /** Executes the next operator; undefined when nothing is left of what was fed. @throws Disposed */
  step(): Step | undefined {
    this.assertAlive();
    const status = this.#core.functions.session_step(this.#handle, this.#step);
    this.#generation++;
    if (status === STATUS_DONE) return undefined;
    this.#expectOk(status);
    return this.#readStep();
  }

  /**
   * As `step()`, for timing: the index of the operator that was executed and nothing else, which costs
   * little beside it; -1 when nothing is left. @throws Disposed
   */
  stepOperator(): number {
    this.assertAlive();
    const status = this.#core.functions.session_step(this.#handle, this.#step);
    this.#generation++;
    if (status === STATUS_DONE) return -1;
    this.#expectOk(status);
    return this.#core.memory.u32[this.#step >>> 2]!;
  }

  /**
   * Does the work of the next step `times` times without going on to it, for timing. States and rows are not what a
   * step leaves: put `arena()` back as it was before going on. @throws Disposed
   */
  repeatOperator(times: number): void {
    this.assertAlive();
    this.#generation++;
    this.#core.functions.session_repeat(this.#handle, times);
  }

  /**
   * The arena itself, to look at or to poison. A view: it is detached when the instance's memory
   * grows, which creating a session, planning and saving state can do.
   * @throws Disposed
   */
  arena(): Uint8Array {
    this.assertAlive();
    return this.#core.memory.u8.subarray(this.#arena, this.#arena + this.#numbers.arenaBytes);
  }

  protected override release(): void {
    this.#core.memory.free(this.#region);
    this.#onRelease?.(this);
  }

  #layOut(guardBytes: number): Layout {
    const inputBytes = this.#info.inputWidth * WORD_BYTES;
    const arena = roundUp(guardBytes, REGION_ALIGNMENT);
    const input = roundUp(arena + this.#numbers.arenaBytes + guardBytes, REGION_ALIGNMENT);
    const vectors = input + roundUp(this.#slabInputs * inputBytes, REGION_ALIGNMENT);
    const step = vectors + roundUp(this.#numbers.outputBytes, REGION_ALIGNMENT);
    return { arena, input, vectors, step, bytes: step + STEP.length * WORD_BYTES };
  }

  /** The core's handle; it is written where steps are, which are read only after it. */
  #initialise(): number {
    const { functions, memory } = this.#core;
    const status = functions.session_init(
      this.#step,
      ...optionWords(this.#options, this.#info),
      this.#arena,
      this.#numbers.arenaBytes,
    );
    if (status !== STATUS_OK) {
      memory.free(this.#region);
      throw this.#error(status, "");
    }
    return memory.words(this.#step, 1)[0]!;
  }

  /** @returns number of frames, tokens or samples. @throws BadInput, NonFinite */
  #checkInput(input: InputArray, options: InputOptions | undefined): number {
    const count = checkShape(input, this.#info);
    const isChecked = options?.allowNonfinite === true || this.#info.inputKind === "tokens";
    if (!isChecked && !this.#isFinite(input)) checkFinite(input, this.#info);
    return count;
  }

  /** Asks the core, which is faster, in the place of the next input; false if fed frames are there. */
  #isFinite(input: InputArray): boolean {
    const { functions, memory } = this.#core;
    if (functions.session_push(this.#handle, this.#input, 0) !== STATUS_OK) return false;
    for (const piece of this.#piecesOf(input)) {
      const first = this.#input >>> 2;
      const end = first + roundUp(piece.length, LANES);
      memory.f32.set(piece, first);
      memory.f32.fill(0, first + piece.length, end);
      if (functions.all_finite(this.#input, end - first) === 0) return false;
    }
    return true;
  }

  #pushPieces(input: InputArray): Outputs {
    const made = this.#piecesOf(input).map((piece) => this.#pushPiece(piece));
    return made.reduce((all, next) => joinOutputs(this.#info.outputs, all, next));
  }

  #piecesOf(input: InputArray): InputArray[] {
    const most = this.#slabInputs * this.#info.inputWidth;
    if (input.length <= most) return [input];
    return Array.from({ length: Math.ceil(input.length / most) }, (_, i) =>
      input.subarray(i * most, (i + 1) * most),
    );
  }

  #pushPiece(input: InputArray): Outputs {
    const count = input.length / this.#info.inputWidth;
    const { functions } = this.#core;
    const before = this.#inputs;
    this.#generation++;
    this.#copyIn(input);
    const coming = (output: number) =>
      (functions.output_rows_pushed(output, before + count) >>> 0) -
      (functions.output_rows_pushed(output, before) >>> 0);
    const rows = this.#receiving(coming, () => {
      this.#expectOk(functions.session_push(this.#handle, this.#input, count));
    });
    return [...rows.values()];
  }

  /** Makes the call with room for the rows of each output that is a sequence; its rows, by its name. */
  #receiving(rowsOf: (output: number) => number, call: () => void): Map<string, Output> {
    const made = new Map<string, Output>();
    if (this.#sequences.length === 0) {
      call();
      return made;
    }
    const wanted = this.#sequences.map(({ index, width }) => ({
      index,
      rows: rowsOf(index),
      width,
    }));
    const floats = wanted.reduce((sum, { rows, width }) => sum + rows * width, 0);
    this.#withRegion(floats * WORD_BYTES, (address) => {
      let next = address;
      for (const { index, rows, width } of wanted) {
        this.#receive(index, next, rows);
        next += rows * width * WORD_BYTES;
      }
      try {
        call();
      } finally {
        for (const { index } of wanted) this.#receive(index, 0, 0);
      }
      next = address >>> 2;
      for (const [i, { rows, width }] of wanted.entries()) {
        const data = this.#core.memory.f32.slice(next, next + rows * width);
        const { name } = this.#sequences[i]!;
        made.set(name, { name, shape: [rows, width], data });
        next += rows * width;
      }
    });
    return made;
  }

  #receive(output: number, address: number, rows: number): void {
    const to = rows === 0 ? 0 : address;
    this.#expectOk(this.#core.functions.session_receive(this.#handle, output, to, rows));
  }

  #readVectors(): Float32Array {
    const first = this.#vectors >>> 2;
    return this.#core.memory.f32.slice(first, first + this.#numbers.outputBytes / WORD_BYTES);
  }

  #copyIn(input: InputArray): void {
    const { memory } = this.#core;
    if (this.#info.takes16Bits) {
      const first = this.#input >>> 1;
      to16Bits(input, memory.i16.subarray(first, first + input.length));
      return;
    }
    const target = this.#info.inputKind === "tokens" ? memory.i32 : memory.f32;
    target.set(input, this.#input >>> 2);
  }

  #readStep(): Step {
    const {
      output,
      stride,
      type,
      exponent: bits,
      ...step
    } = readStruct(STEP, this.#core.memory.words(this.#step, STEP.length));
    const generation = this.#generation;
    const exponent = bits | 0;
    const rows = () => {
      this.assertAlive();
      if (generation !== this.#generation) {
        throw new BadState("the output of a step is gone once the session has gone on");
      }
      return this.#rows(output, type, step.rows, step.width, stride);
    };
    return {
      ...step,
      exponent,
      elements: rows,
      output: () => {
        const elements = rows();
        if (elements instanceof Float32Array) return elements;
        return Float32Array.from(elements, (element) => element * 2 ** -exponent);
      },
    };
  }

  #rows(address: number, type: number, frames: number, width: number, stride: number): StepRows {
    const { memory } = this.#core;
    const integers = type === DTYPE.i16 ? memory.i16 : memory.i32;
    const view = (type === DTYPE.f32 ? memory.f32 : integers) as Float32Array<ArrayBuffer>;
    if (address === 0) return new Float32Array(0);
    const rows = new (view.constructor as Float32ArrayConstructor)(frames * width);
    const start = address / view.BYTES_PER_ELEMENT;
    for (let row = 0; row < frames; row++) {
      const first = start + row * stride;
      rows.set(view.subarray(first, first + width), row * width);
    }
    return rows;
  }

  #withRegion<T>(bytes: number, use: (address: number) => T): T {
    const address = this.#core.memory.allocate(bytes, "a saved state");
    try {
      return use(address);
    } finally {
      this.#core.memory.free(address);
    }
  }

  /** Frames, tokens or samples since the last reset. */
  get #inputs(): number {
    return this.#core.functions.session_inputs(this.#handle) >>> 0;
  }

  #assertRoom(have: number, more: number): void {
    const { inputKind, inputWidth } = this.#info;
    const { maxFrames } = this.#numbers;
    const frames = framesIn(this.#info, (have + more) * inputWidth);
    if (maxFrames !== 0 && frames > maxFrames) {
      const what = inputKind === "samples" ? `samples, ${frames} frames,` : "frames";
      throw new BadState(`${have} + ${more} ${what} exceed this session's limit of ${maxFrames}`);
    }
    if (have + more > MAX_INPUTS) {
      throw new BadState(
        `${have} + ${more} ${inputKind} exceed the limit of ${MAX_INPUTS} without a reset`,
      );
    }
  }

  /** Fed frames stay where the next input would go until they are stepped through. */
  #assertIdle(): void {
    this.#expectOk(this.#core.functions.session_push(this.#handle, this.#input, 0));
  }

  #expectOk(status: number, framesReason = ""): void {
    if (status !== STATUS_OK) throw this.#error(status, framesReason);
  }

  #error(status: number, framesReason: string): MambaliteError {
    const name = this.#core.statusName(status);
    switch (name) {
      case "MLM_ERR_FRAMES":
        return new BadState(framesReason);
      case "MLM_ERR_LENGTH":
        return new BadState(
          `branches of the network have different lengths for ${this.frames} frames: another number fits`,
        );
      case "MLM_ERR_ENDED":
        return new BadState("this network looks ahead: reset() before going on behind finish()");
      case "MLM_ERR_BUSY":
        return new BadState("fed frames are not stepped through yet: step() until undefined");
      case "MLM_ERR_STATE":
        return new BadFile("session state", "damaged, or saved by a session of another model");
      case "MLM_ERR_SELF_TEST":
        return new SelfTestFailed(this.#info.selfTestInputs);
      default:
        return new BadState(`the core refuses the call: ${name}`);
    }
  }
}
