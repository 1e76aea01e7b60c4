/**
 * Where weights are to lie: what was asked for, or the fastest memory that has room beside the arena. Knows nothing
 * of how a project puts them there.
 */
import type { Board, Region, RegionSpeed } from "./boards.js";
import { type BoardVerdict, judge, type Needs } from "./verdict.js";

export const WEIGHTS_CHOICES = ["flash", "ram", "dtcm", "psram"] as const;
/** "ram": a board's SRAM. */
export type WeightsChoice = (typeof WEIGHTS_CHOICES)[number];

/** The verdict with weights where `choice` says; by default where they are read fastest and the arena keeps its place. */
export function judgePlaced(board: Board, needs: Needs, choice?: WeightsChoice): BoardVerdict {
  const inFlash = judge(board, needs);
  if (choice === "flash") return inFlash;
  const judged = placesFor(board, choice).map((weightsIn) => judge(board, { ...needs, weightsIn }));
  const [first] = judged;
  if (choice !== undefined) {
    return judged.find(({ fits }) => fits) ?? first ?? judge(board, nowhere(board, needs, choice));
  }
  const { region } = inFlash.ram;
  return judged.find(({ fits, ram }) => fits && ram.region === region) ?? inFlash;
}

/** Ids of regions, the best first. */
function placesFor({ regions, flash }: Board, choice: WeightsChoice | undefined): string[] {
  const possible = regions.filter(({ arenaOnly }) => !arenaOnly);
  if (choice === undefined) return flash.hasNoWaits ? [] : possible.map(({ id }) => id);
  return possible.filter((region) => isMeant(region, choice)).map(({ id }) => id);
}

/** Needs that no project meets; the verdict names the region that has no weights, or that there is none. */
function nowhere({ regions }: Board, needs: Needs, choice: WeightsChoice): Needs {
  return { ...needs, weightsIn: regions.find((region) => isMeant(region, choice))?.id ?? choice };
}

const SPEEDS: Readonly<Record<Exclude<WeightsChoice, "flash">, RegionSpeed>> = {
  ...{ ram: "sram", dtcm: "tcm", psram: "external" },
};

function isMeant({ speed }: Region, choice: WeightsChoice): boolean {
  return choice !== "flash" && speed === SPEEDS[choice];
}
