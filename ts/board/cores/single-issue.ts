/** What cores of one instruction a cycle have in common. Knows no numbers. */
import type { Core } from "../pipeline/core.js";

/** Nothing pairs, nothing runs early. */
export const SINGLE_ISSUE = {
  ...{ early: [], earlySecond: [], unalignedCycles: 1, storeBytes: 0 },
} as const satisfies Partial<Core>;

/** Results of the kinds that have a latency of their own somewhere. */
export const RESULTS_BY_KIND: Core["results"] = {
  load: "load",
  loadPair: "load",
  loadMultiple: "load",
  narrowLoad: "narrowLoad",
  multiply: "multiply",
  multiplyAccumulate: "multiply",
  fpAdd: "fpSum",
  fpSelect: "fpSum",
  fpMultiply: "fpSum",
  fpMla: "fpMla",
  fpFused: "fpFused",
  fpMove: "fpMove",
  fpConstant: "fpMove",
  fpToCore: "fpToCore",
  fpToCorePair: "fpToCore",
  fpCompare: "fpToCore",
  coreToFp: "coreToFp",
  coreToFpPair: "coreToFp",
  fpLoad: "fpLoad",
  fpLoadDouble: "fpLoad",
  fpLoadMultiple: "fpLoad",
};

export const LOADS = ["load", "narrowLoad", "fpLoad"] as const;
export const STORES = ["store", "narrowStore", "fpStore"] as const;
export const FP_ARITHMETIC = [
  ...(["fpAdd", "fpMultiply", "fpMla", "fpFused", "fpDivide", "fpRoot"] as const),
  ...(["fpCompare", "fpSelect"] as const),
] as const;

/** Registers of a load or store of several, one a cycle behind the first. */
export const ONE_MORE = { first: 1, each: 1 } as const;
export const ONE_A_CYCLE = { first: 0, each: 1 } as const;
