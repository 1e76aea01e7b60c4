/**
 * Every error this package throws on purpose. One class a kind, each with a stable `code` and the
 * numbers behind the message, so that a caller can react without parsing text. Knows nothing of
 * where the errors come from.
 */

import { shortLine } from "../plain-text.js";

export interface MessageOptions extends ErrorOptions {
  /** What goes before the message whole: the caller's own words, such as the path of a file. */
  readonly place?: string;
}

/** A message may quote a file, which may hold anything: more than this is of no use to a person. */
const MAX_MESSAGE_CHARACTERS = 360;

/** An error as plain data: for JSON, and for what passes only data on. */
export interface ErrorFacts {
  readonly code: string;
  readonly message: string;
  readonly cause?: ErrorFacts;
  /** What is behind the message, as the error's class has it. */
  readonly [fact: string]: unknown;
}

/** Base of all errors: `code` is stable across versions, `message` is one short line for a person. */
export abstract class MambaliteError extends Error {
  abstract readonly code: string;

  constructor(message: string, { place = "", ...options }: MessageOptions = {}) {
    super(place + shortLine(message, MAX_MESSAGE_CHARACTERS), options);
  }

  /** The class's name, which minifiers change, from its code: "BAD_FILE" is BadFile. */
  override get name(): string {
    const code: string | undefined = this.code; // not set while Error's own constructor runs
    return (code ?? "ERROR")
      .toLowerCase()
      .replace(/(?:^|_)([a-z])/g, (_, c: string) => c.toUpperCase());
  }

  /** Its numbers and texts, and its cause, if that is one of ours. */
  toJSON(): ErrorFacts {
    const { cause } = this;
    return {
      ...{ code: this.code, message: this.message },
      ...Object.fromEntries(Object.entries(this).map(([name, fact]) => [name, finite(fact)])),
      ...(cause instanceof MambaliteError && { cause: cause.toJSON() }),
    };
  }
}

/** JSON has no word for NaN and infinities. */
function finite(fact: unknown): unknown {
  return typeof fact === "number" && !Number.isFinite(fact) ? String(fact) : fact;
}

/** A file's bytes are not what its format says: truncated, oversized, hostile or of another kind. */
export class BadFile extends MambaliteError {
  readonly code = "BAD_FILE";
  constructor(
    /** What was being read: "safetensors", "pth", "npy", "mlm", ... */
    readonly format: string,
    /** What is wrong, with the numbers. */
    readonly reason: string,
  ) {
    super(`not a valid ${format} file: ${reason}`);
  }
}

/** A pickle asks for something other than tensors and containers; nothing of it was executed. */
export class UnsafePickle extends MambaliteError {
  readonly code = "UNSAFE_PICKLE";
  constructor(
    /** The opcode or `module.name` that was refused. */
    readonly refused: string,
    detail: string,
  ) {
    super(`pickle refused: ${refused}: ${detail}`);
  }
}

/** A checkpoint was read, but its tensors do not make a network this project knows. */
export class BadCheckpoint extends MambaliteError {
  readonly code = "BAD_CHECKPOINT";
  constructor(
    /** Name of the tensor (or of the group of tensors) in question. */
    readonly tensor: string,
    /** What was expected, e.g. a shape or a list of names. */
    readonly expected: string,
    /** What was found. */
    readonly got: string,
  ) {
    super(`bad checkpoint: ${tensor}: expected ${expected}, got ${got}`);
  }
}

/** A weight or an input value is NaN or infinite. */
export class NonFinite extends MambaliteError {
  readonly code = "NON_FINITE";
  constructor(
    /** Tensor name, or "input". */
    readonly where: string,
    /** Index of the first offending element, one number a dimension. */
    readonly position: readonly number[],
    readonly value: number,
  ) {
    super(`${where} has the non-finite value ${value} at [${position.join(", ")}]`);
  }
}

/** An input array does not have the shape or element type that the model takes. */
export class BadInput extends MambaliteError {
  readonly code = "BAD_INPUT";
  constructor(
    readonly expected: string,
    readonly got: string,
  ) {
    super(`bad input: expected ${expected}, got ${got}`);
  }
}

/** An argument (an option, a file name, a board id, ...) is not one of the permitted values. */
export class BadArgument extends MambaliteError {
  readonly code = "BAD_ARGUMENT";
  constructor(
    readonly argument: string,
    readonly expected: string,
    readonly got: string,
  ) {
    super(`${argument}: expected ${expected}, got ${got}`);
  }
}

/** What was asked for is in a package of its own, which is not here. */
export class NotInstalled extends MambaliteError {
  readonly code = "NOT_INSTALLED";
  constructor(
    readonly what: string,
    readonly packageName: string,
    /** Why it is apart. */
    reason: string,
    /** What leads on. */
    remedy: string,
  ) {
    super(`${what} is not in this package, since ${reason}: ${remedy}`);
  }
}

/** What the core's validation says about a blob: the place of the fault and its numbers. */
export interface ModelFault {
  /** Name of the tensor at fault, when it is a tensor and its name can be read. */
  readonly tensor?: string;
  /** Name of the op at fault, when it is an op and its name can be read. */
  readonly op?: string;
  /** Index of the tensor or op at fault, else 0. */
  readonly index: number;
  /** What the check wanted: bytes, elements or a value. */
  readonly needed: number;
  /** What it found; for MLM_ERR_NONFINITE the element's index in the packed data. */
  readonly have: number;
}

/** The model blob was refused by the core's validation. */
export class BadModel extends MambaliteError {
  readonly code = "BAD_MODEL";
  constructor(
    /** The core's status name, e.g. "MLM_ERR_CRC". */
    readonly status: string,
    readonly reason: string,
    readonly fault?: ModelFault,
  ) {
    super(`bad model: ${reason} (${status})`);
  }

  /** Name of the tensor at fault, if there is one. */
  get tensor(): string | undefined {
    return this.fault?.tensor;
  }
}

/** The core does not reproduce the logits recorded in the blob, bit for bit. */
export class SelfTestFailed extends MambaliteError {
  readonly code = "SELF_TEST_FAILED";
  constructor(
    /** Frames of the recorded input. */
    readonly frames: number,
  ) {
    super(
      `self-test failed: the logits of the blob's ${frames} test frames differ from the recorded ` +
        "bits, so this build of the core does not compute what it should",
    );
  }
}

/** The model's results are further from a reference than permitted. */
export class BeyondTolerance extends MambaliteError {
  readonly code = "BEYOND_TOLERANCE";
  /** Largest error, relative to the largest magnitude of a case. */
  readonly maxRelative: number;
  readonly tolerance: number;
  constructor(
    reference: string,
    { maxRelative, tolerance }: { readonly maxRelative: number; readonly tolerance: number },
    detail = `max error ${maxRelative.toExponential(2)} of the largest magnitude, tolerance ${tolerance}`,
  ) {
    super(`differs from ${reference}: ${detail}`);
    this.maxRelative = maxRelative;
    this.tolerance = tolerance;
  }
}

/** Something exceeds what 32 bits can address, whatever the machine's memory. */
export class TooLarge extends MambaliteError {
  readonly code = "TOO_LARGE";
  constructor(
    readonly what: string,
    readonly limitBytes: number,
    /** Absent when the size itself cannot be counted. */
    readonly neededBytes?: number,
  ) {
    super(`too large: ${what} needs ${neededBytes ?? "more"} bytes; the limit is ${limitBytes}`);
  }
}

/** The arena is smaller than the plan. */
export class ArenaTooSmall extends MambaliteError {
  readonly code = "ARENA_TOO_SMALL";
  constructor(
    readonly neededBytes: number,
    readonly haveBytes: number,
  ) {
    super(`arena too small: needs ${neededBytes} bytes, has ${haveBytes}`);
  }
}

/** A call came in the wrong order, e.g. `finish` before any frame, or more frames than planned. */
export class BadState extends MambaliteError {
  readonly code = "BAD_STATE";
}

/** An object was used after `dispose()`. */
export class Disposed extends MambaliteError {
  readonly code = "DISPOSED";
  constructor(readonly what: string) {
    super(`${what} was used after dispose()`);
  }
}

/** The WebAssembly core could not be loaded. */
export class BadWasm extends MambaliteError {
  readonly code = "BAD_WASM";
}

/** The machine cannot give the memory that was asked for. */
export class OutOfMemory extends MambaliteError {
  readonly code = "OUT_OF_MEMORY";
  constructor(
    readonly neededBytes: number,
    what: string,
    options?: ErrorOptions,
  ) {
    super(`out of memory: ${what} needs ${neededBytes} bytes`, options);
  }
}

/** Why a microphone or a sensor cannot be had. */
export type NoSourceReason = "refused" | "missing" | "busy" | "insecure" | "failed";

/** Nothing can be heard or felt: the user, the browser or the machine does not give it. */
export class NoSource extends MambaliteError {
  readonly code = "NO_SOURCE";
  constructor(
    readonly reason: NoSourceReason,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A detector in a worker could not start, or ended; `problem` is the code of the error there. */
export class DetectorStopped extends MambaliteError {
  readonly code = "DETECTOR_STOPPED";
  constructor(
    readonly problem: string,
    message: string,
  ) {
    super(message);
  }
}
