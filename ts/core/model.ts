/**
 * An opened model: one instance of the core with the blob in its memory, and the sessions that run
 * in the same memory. Knows nothing of where the blob came from.
 */

import { hexWord } from "../hex-word.js";
import { looksLike } from "../looks-like.js";
import { type Core, STATUS_OK } from "./core.js";
import { BadArgument, BadModel, type ModelFault } from "./errors.js";
import { Events, type EventsOptions } from "./events.js";
import { opNameIn, tensorNameIn } from "./format.js";
import {
  assertLength,
  type ModelInfo,
  type OperatorCounts,
  type OperatorInfo,
  type OpInfo,
  readCounts,
  readInfo,
  readLabels,
  readMetadata,
  readOperators,
  readOps,
  readTensors,
  type TensorInfo,
} from "./info.js";
import { checkBytes, checkInput, framesIn, type InputArray, type InputOptions } from "./input.js";
import type { Outputs } from "./outputs.js";
import {
  frameCount,
  makePlan,
  optionWords,
  type Plan,
  type Schedule,
  type SessionOptions,
  withinBudget,
} from "./plan.js";
import { REGION_ALIGNMENT, roundUp } from "./regions.js";
import { Resource } from "./resource.js";
import { Session } from "./session.js";

/** What running in a poisoned arena showed. Measured on this host; `plan` is the exact claim. */
export interface ArenaMeasurement {
  readonly plan: Plan;
  /** One past the last byte of the arena that changed, rounded up to the arena's alignment. */
  readonly highWaterBytes: number;
  /** Bytes on each side of the arena that had to stay as they were, and whether they did. */
  readonly guardBytes: number;
  readonly guardsIntact: boolean;
  /** Of the run. */
  readonly outputs: Outputs;
}

const GUARD_BYTES = 4096;
/** Two fills, because a byte that is written may happen to equal one of them. */
const POISONS = [0xa5, 0x5a] as const;

export class Model extends Resource {
  readonly info: ModelInfo;
  /** What the writer of the blob recorded: `convention` and whatever else. */
  readonly metadata: Record<string, unknown>;
  readonly #sessions = new Set<Session>();
  readonly #events = new Set<Events>();
  #labels: readonly string[] | undefined;
  #ops: readonly OpInfo[] | undefined;
  #tensors: readonly TensorInfo[] | undefined;
  #core: Core | undefined;

  /**
   * Made by `Engine.loadModel`, with an instance that has no model yet.
   * @throws BadModel, BadInput (not bytes), OutOfMemory
   */
  static load(core: Core, blob: Uint8Array | ArrayBuffer): Model {
    openBlob(core, checkBytes(blob, "the bytes of an .mlm blob"));
    return new Model(core);
  }

  private constructor(core: Core) {
    super("Model");
    this.#core = core;
    this.info = readInfo(core);
    this.metadata = readMetadata(core);
  }

  /** One name an element of the first output, or empty. @throws Disposed */
  get labels(): readonly string[] {
    this.#labels ??= readLabels(this.#opened());
    return this.#labels;
  }

  /** @throws Disposed */
  get ops(): readonly OpInfo[] {
    this.#ops ??= readOps(this.#opened());
    return this.#ops;
  }

  /** @throws Disposed */
  get tensors(): readonly TensorInfo[] {
    this.#tensors ??= readTensors(this.#opened());
    return this.#tensors;
  }

  /** Bytes of linear memory that this model and its sessions hold, the core's own included. */
  get memoryBytes(): number {
    return this.#opened().memory.bytes;
  }

  /**
   * Fewest inputs (frames, tokens or samples) that, pushed, make `rows` rows of the first output, a sequence.
   * @throws BadArgument when no number does, Disposed
   */
  inputsFor(rows: number): number {
    const { functions } = this.#opened();
    const made = (inputs: number) => functions.output_rows_pushed(0, inputs) >>> 0;
    let inputs = 0;
    for (let step = 2 ** 30; step >= 1; step /= 2) if (made(inputs + step) < rows) inputs += step;
    if (made(inputs + 1) >= rows) return inputs + 1;
    throw new BadArgument("rows", "a number that the first output can have", `${rows}`);
  }

  /** Whether a sequence may go on for ever, by `Session.forget`: outputs over time, no pool over all of it. */
  get isEndless(): boolean {
    return this.#opened().functions.model_is_endless() === 1;
  }

  /**
   * What becomes of the answers of a detector: averages, thresholds, events.
   * @throws BadArgument, OutOfMemory, Disposed
   */
  createEvents(options: EventsOptions): Events {
    const core = this.#opened();
    const events = new Events(core, options, (released) => this.#events.delete(released));
    this.#events.add(events);
    return events;
  }

  /** The operators of a schedule in order of execution. @throws BadArgument, Disposed */
  operators(schedule: Schedule): OperatorInfo[] {
    return readOperators(this.#opened(), schedule);
  }

  /**
   * Of each output, what a whole sequence of `inputs` frames, tokens or samples makes: [width], or
   * [rows, width], where a sequence that is too short has 0 rows. @throws Disposed
   */
  outputShapes(inputs: number): readonly (readonly number[])[] {
    const { functions } = this.#opened();
    return this.info.outputs.map(({ width, isSequence }, output) =>
      isSequence ? [functions.output_rows(output, inputs) >>> 0, width] : [width],
    );
  }

  /**
   * What a session with these options would need, to the byte.
   * @throws BadArgument, ArenaTooSmall (for a budget), TooLarge (arena over 4 GiB), OutOfMemory,
   * Disposed
   */
  plan(options: SessionOptions = {}): Plan {
    const core = this.#opened();
    return makePlan(core, withinBudget(core, options, this.info), this.info);
  }

  /**
   * Exact counts of every operator over a sequence of `frames` frames.
   * @param options `maxFrames` is `frames` where a schedule needs it and it is not given.
   * @throws BadArgument, BadInput (a length that the network is not defined for), Disposed
   */
  operatorCounts(frames: number, options: SessionOptions = {}): OperatorCounts[] {
    const core = this.#opened();
    frameCount("frames", frames);
    const words = optionWords(
      withinBudget(core, this.#withFrames(options, frames), this.info),
      this.info,
    );
    const [, , maxFrames] = words;
    if (maxFrames !== 0 && frames > maxFrames) {
      throw new BadArgument("frames", `at most maxFrames, ${maxFrames}`, String(frames));
    }
    assertLength(this.info, frames);
    return readCounts(core, this.operators(options.schedule ?? "stream"), words, frames);
  }

  /**
   * A session in an arena of its own; several may be alive at once.
   * @throws BadArgument, ArenaTooSmall (for a budget), TooLarge (arena over 4 GiB), OutOfMemory,
   * Disposed
   */
  createSession(options: SessionOptions = {}): Session {
    const core = this.#opened();
    const session = new Session({
      core,
      info: this.info,
      options: withinBudget(core, options, this.info),
      onRelease: (released) => this.#sessions.delete(released),
    });
    this.#sessions.add(session);
    return session;
  }

  /**
   * Runs `input` in a poisoned arena between guards and finds how far it was written.
   * @param options `maxFrames` is the input's frames where a schedule needs it and it is not given.
   * @throws as `createSession` and `Session.run`
   */
  measureArena(input: InputArray, options: SessionOptions & InputOptions = {}): ArenaMeasurement {
    const core = this.#opened();
    checkInput(input, this.info, options);
    // Samples that make no frame are refused by `run`, not by the plan.
    const frames = Math.max(1, framesIn(this.info, input.length));
    const sized = withinBudget(core, this.#withFrames(options, frames), this.info);
    const plan = makePlan(core, sized, this.info);
    const runs = POISONS.map((fill) => this.#runPoisoned(core, sized, input, fill));
    return {
      plan,
      highWaterBytes: roundUp(Math.max(...runs.map((run) => run.touchedBytes)), REGION_ALIGNMENT),
      guardBytes: GUARD_BYTES,
      guardsIntact: runs.every((run) => run.guardsIntact),
      outputs: runs[0]!.outputs,
    };
  }

  /**
   * Runs the blob's own test vector under "stream" and compares the outputs bit for bit.
   * @returns whether there is one
   * @throws SelfTestFailed, OutOfMemory, Disposed
   */
  selfTest(): boolean {
    this.assertAlive();
    const { selfTestInputs, inputWidth } = this.info;
    if (selfTestInputs === 0) return false;
    const frames = framesIn(this.info, selfTestInputs * inputWidth);
    const session = this.createSession(this.#withFrames({}, frames));
    try {
      session.selfTest();
      return true;
    } finally {
      session.dispose();
    }
  }

  /** Gives the instance and its memory back, with all sessions. */
  protected override release(): void {
    for (const session of [...this.#sessions]) session.dispose();
    for (const events of [...this.#events]) events.dispose();
    this.#core = undefined;
  }

  #runPoisoned(core: Core, options: SessionOptions, input: InputArray, fill: number) {
    const poison = { guardBytes: GUARD_BYTES, fill };
    const session = new Session({
      core,
      info: this.info,
      options,
      poison,
    });
    try {
      const outputs = session.run(input, { allowNonfinite: true });
      return { outputs, ...inspectPoison(session.arena(), fill) };
    } finally {
      session.dispose();
    }
  }

  /** The frames of a sequence as its bound, where one is needed and none is given. */
  #withFrames(options: SessionOptions, frames: number): SessionOptions {
    const streams = (options.schedule ?? "stream") === "stream";
    if (streams && !this.info.needsMaxFrames) return options;
    return { ...options, maxFrames: options.maxFrames ?? frames };
  }

  #opened(): Core {
    this.assertAlive();
    return this.#core!;
  }
}

function inspectPoison(arena: Uint8Array, fill: number) {
  const isFill = (byte: number) => byte === fill;
  const guard = (start: number) => new Uint8Array(arena.buffer, start, GUARD_BYTES);
  return {
    touchedBytes: arena.findLastIndex((byte) => !isFill(byte)) + 1,
    guardsIntact:
      guard(arena.byteOffset - GUARD_BYTES).every(isFill) &&
      guard(arena.byteOffset + arena.length).every(isFill),
  };
}

/** Copies the blob into the instance and has the core validate it. @throws BadModel, OutOfMemory */
function openBlob(core: Core, blob: Uint8Array): void {
  const address = core.memory.allocate(blob.length, "the model blob");
  core.memory.u8.set(blob, address);
  const { status, ...numbers } = core.openModel(address, blob.length);
  if (status === STATUS_OK) return;
  const name = core.statusName(status);
  const fault = nameFault(name, numbers, blob);
  throw new BadModel(name, faultReason(name, fault, blob), fault);
}

function nameFault(
  status: string,
  numbers: Pick<ModelFault, "index" | "needed" | "have">,
  blob: Uint8Array,
): ModelFault {
  const isTensor = status === "MLM_ERR_TENSOR" || status === "MLM_ERR_NONFINITE";
  const tensor = isTensor ? tensorNameIn(blob, numbers.index) : undefined;
  const isOp = status === "MLM_ERR_OP" || status === "MLM_ERR_KIND";
  const op = isOp ? opNameIn(blob, numbers.index) : undefined;
  return {
    ...numbers,
    ...(tensor === undefined ? {} : { tensor }),
    ...(op === undefined ? {} : { op }),
  };
}

function faultReason(status: string, fault: ModelFault, blob: Uint8Array): string {
  const { index, needed, have } = fault;
  const numbers = `needed ${needed}, have ${have}`;
  switch (status) {
    case "MLM_ERR_TRUNCATED":
      return `its length is not what its header says: ${numbers} bytes`;
    case "MLM_ERR_MAGIC":
      return `not an .mlm blob: ${looksLike(blob)}`;
    case "MLM_ERR_VERSION":
      return `format version ${have}, this core reads ${needed}`;
    case "MLM_ERR_CRC":
      return `bytes have changed since it was written: checksum ${hexWord(have)}, recorded ${hexWord(needed)}`;
    case "MLM_ERR_FORMAT":
      return `its header, names, labels, outputs or self-test are inconsistent: ${numbers}`;
    case "MLM_ERR_TENSOR":
      return `tensor ${fault.tensor ?? index} has a wrong shape, packing, place or size: ${numbers}`;
    case "MLM_ERR_NONFINITE":
      return `tensor ${fault.tensor ?? index} holds NaN or infinity at packed element ${have}`;
    case "MLM_ERR_OP":
      return `op ${fault.op ?? index} has a wrong size, input, attribute, place or tensor: ${numbers}`;
    case "MLM_ERR_KIND":
      return `op ${fault.op ?? index} is of a kind, ${have}, that this core does not have`;
    default:
      return numbers;
  }
}
