/** What can go wrong with firmware on top of the package's errors. One class a kind, with numbers. */
import { MambaliteError } from "../core/errors.js";

/** The board cannot hold the model under this plan. */
export class DoesNotFit extends MambaliteError {
  readonly code = "DOES_NOT_FIT";
  constructor(
    /** Id of a board, or the name of an emulated target. */
    readonly board: string,
    /** What is too large, with the bytes needed and the bytes there are. */
    readonly reason: string,
  ) {
    super(`does not fit ${board}: ${reason}`);
  }
}

/** A compiler or an emulator is not installed. */
export class ToolchainMissing extends MambaliteError {
  readonly code = "TOOLCHAIN_MISSING";
  constructor(
    readonly target: string,
    readonly missing: readonly string[],
    /** How to install it. */
    readonly hint: string,
  ) {
    super(`${target} needs ${missing.join(", ")}, not installed here; to install: ${hint}`);
  }
}

/** The exported project does not compile. */
export class BuildFailed extends MambaliteError {
  readonly code = "BUILD_FAILED";
  constructor(
    readonly target: string,
    /** The first error of the compiler or linker. */
    readonly reason: string,
    /** Everything the build printed. */
    readonly log: string,
  ) {
    super(`the project for ${target} does not build: ${reason}`);
  }
}

/** The firmware ran, but not to a good end: a fault, a status, a time-out, output that makes no sense. */
export class FirmwareFailed extends MambaliteError {
  readonly code = "FIRMWARE_FAILED";
  constructor(
    readonly target: string,
    readonly reason: string,
    /** Exit status of the emulator; null when it was stopped. */
    readonly status: number | null,
  ) {
    super(`the firmware for ${target} failed: ${reason}`);
  }
}

/** The firmware's outputs are not those of the simulation, bit for bit. */
export class BitsDiffer extends MambaliteError {
  readonly code = "BITS_DIFFER";
  constructor(
    readonly target: string,
    readonly items: number,
    readonly equalItems: number,
    /** The first difference. */
    readonly first: string,
  ) {
    super(`${items - equalItems} of ${items} inputs differ in their bits on ${target}: ${first}`);
  }
}
