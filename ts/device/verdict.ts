/**
 * Does it fit? Compares what a plan and a blob need with what a board has, region by region. Exact
 * where the plan is exact; allowances of the board (stack, firmware) are named in the result. Knows
 * nothing of how a plan is made or of time.
 */
import type { Board, RegionSpeed } from "./boards.js";

/** What a model asks of a board. All in bytes. */
export interface Needs {
  readonly arenaBytes: number;
  /** The caller's memory for one tile of input and for the logits. */
  readonly callerBytes: number;
  /** The blob, used in place from flash. */
  readonly weightsBytes: number;
}

export interface RegionVerdict {
  readonly id: string;
  readonly name: string;
  readonly speed: RegionSpeed;
  readonly bytes: number;
  readonly usableBytes: number;
  readonly reservedFor: string;
  /** The arena, the caller's memory and the stack together have room here. */
  readonly fits: boolean;
  /** What is left of `usableBytes`; negative is what is missing. */
  readonly headroomBytes: number;
}

export interface BoardVerdict {
  readonly id: string;
  readonly name: string;
  readonly core: string;
  readonly clockHz: number;
  /** RAM and flash both fit. */
  readonly fits: boolean;
  readonly ram: {
    readonly fits: boolean;
    readonly neededBytes: number;
    readonly arenaBytes: number;
    readonly callerBytes: number;
    /** Budget, not a measurement. */
    readonly stackBytes: number;
    /** The best region that holds everything; null when none does. */
    readonly region: string | null;
    /** Of that region; of the roomiest one when none holds everything (then negative). */
    readonly headroomBytes: number;
    readonly regions: readonly RegionVerdict[];
  };
  readonly flash: {
    readonly fits: boolean;
    readonly bytes: number;
    readonly neededBytes: number;
    readonly weightsBytes: number;
    /** Allowance for everything besides the blob, and who has it. */
    readonly reservedBytes: number;
    readonly reservedFor: string;
    readonly headroomBytes: number;
  };
  readonly sources: readonly string[];
}

/** The verdict for one board. */
export function judge(board: Board, needs: Needs): BoardVerdict {
  const ram = judgeRam(board, needs);
  const flash = judgeFlash(board, needs.weightsBytes);
  return {
    id: board.id,
    name: board.name,
    core: board.core,
    clockHz: board.clockHz,
    fits: ram.fits && flash.fits,
    ram,
    flash,
    sources: board.sources,
  };
}

function judgeRam(board: Board, { arenaBytes, callerBytes }: Needs): BoardVerdict["ram"] {
  const { stackBytes } = board;
  const neededBytes = arenaBytes + callerBytes + stackBytes;
  const regions = board.regions.map((region) => {
    const headroomBytes = region.usableBytes - neededBytes;
    return { ...region, fits: headroomBytes >= 0, headroomBytes };
  });
  const chosen = regions.find((region) => region.fits);
  return {
    fits: chosen !== undefined,
    neededBytes,
    arenaBytes,
    callerBytes,
    stackBytes,
    region: chosen?.id ?? null,
    headroomBytes: chosen?.headroomBytes ?? Math.max(...regions.map((r) => r.headroomBytes)),
    regions,
  };
}

function judgeFlash(board: Board, weightsBytes: number): BoardVerdict["flash"] {
  const { bytes, reservedBytes, reservedFor } = board.flash;
  const neededBytes = weightsBytes + reservedBytes;
  const headroomBytes = bytes - neededBytes;
  return {
    fits: headroomBytes >= 0,
    bytes,
    neededBytes,
    weightsBytes,
    reservedBytes,
    reservedFor,
    headroomBytes,
  };
}
