/**
 * Does it fit? Compares what a plan and a blob need with what a board has, region by region. Exact
 * where the plan is exact; allowances of the board (stack, firmware) are named in the result. Knows
 * nothing of how a plan is made or of time.
 */
import type { Board, Region, RegionSpeed } from "./boards.js";

/** What a model asks of a board. All in bytes. */
export interface Needs {
  readonly arenaBytes: number;
  /** The caller's memory for one tile of input and for the logits. */
  readonly callerBytes: number;
  /** The blob, used in place from flash, */
  readonly weightsBytes: number;
  /** or copied at start into the region of this id. */
  readonly weightsIn?: string;
}

/** The part of a plan that a board must hold. */
export interface PlannedBytes {
  readonly arenaBytes: number;
  readonly inputBytes: number;
  readonly outputBytes: number;
}

export function needsOf(plan: PlannedBytes, weightsBytes: number): Needs {
  const { arenaBytes, inputBytes, outputBytes } = plan;
  return { arenaBytes, callerBytes: inputBytes + outputBytes, weightsBytes };
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
  readonly weights: WeightsVerdict;
  readonly sources: readonly string[];
}

/** Where weights are when the core reads them. */
export interface WeightsVerdict {
  /** "flash", or the id of a region. */
  readonly place: string;
  readonly name: string;
  /** Of RAM: 0 where they stay in flash. */
  readonly copiedBytes: number;
  /** The copy has room. */
  readonly fits: boolean;
}

export const IN_FLASH: WeightsVerdict = {
  ...{ place: "flash", name: "flash", copiedBytes: 0, fits: true },
};

/** The verdict for one board. */
export function judge(board: Board, needs: Needs): BoardVerdict {
  const ram = judgeRam(board, needs);
  const flash = judgeFlash(board, needs.weightsBytes);
  const weights = judgeWeights(board, needs);
  return {
    id: board.id,
    name: board.name,
    core: board.core,
    clockHz: board.clockHz,
    fits: ram.fits && flash.fits && weights.fits,
    ram,
    flash,
    weights,
    sources: board.sources,
  };
}

/** Whatever else is in the region counts when an arena is placed. */
function judgeWeights({ regions }: Board, { weightsIn, weightsBytes }: Needs): WeightsVerdict {
  if (weightsIn === undefined) return IN_FLASH;
  const region = regions.find(({ id }) => id === weightsIn);
  return {
    place: weightsIn,
    name: nameOf(region) ?? `${weightsIn}, of which it has none`,
    copiedBytes: weightsBytes,
    fits: region !== undefined && !region.arenaOnly && weightsBytes <= region.usableBytes,
  };
}

function nameOf(region: Region | undefined): string | undefined {
  return region?.arenaOnly
    ? `${region.name}, into which no exported project copies them`
    : region?.name;
}

function judgeRam(board: Board, needs: Needs): BoardVerdict["ram"] {
  const { stackBytes } = board;
  const { arenaBytes, callerBytes, weightsBytes, weightsIn } = needs;
  const bytesIn = ({ id }: Pick<Region, "id">) =>
    arenaBytes + callerBytes + stackBytes + (id === weightsIn ? weightsBytes : 0);
  const regions = board.regions.map(({ arenaOnly: _, ...region }) => {
    const headroomBytes = region.usableBytes - bytesIn(region);
    return { ...region, fits: headroomBytes >= 0, headroomBytes };
  });
  const chosen = regions.find((region) => region.fits);
  return {
    fits: chosen !== undefined,
    neededBytes: bytesIn(chosen ?? roomiest(regions)),
    arenaBytes,
    callerBytes,
    stackBytes,
    region: chosen?.id ?? null,
    headroomBytes: (chosen ?? roomiest(regions)).headroomBytes,
    regions,
  };
}

function roomiest(regions: readonly RegionVerdict[]): RegionVerdict {
  const [first] = [...regions].sort((a, b) => b.headroomBytes - a.headroomBytes);
  if (first === undefined) throw new RangeError("a board without RAM");
  return first;
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
