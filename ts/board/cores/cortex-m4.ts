/**
 * Cortex-M3 and Cortex-M4: three stages, one instruction a cycle.
 *
 * Sources:
 *   [m3]     Arm DDI 0337, Cortex-M3 Technical Reference Manual, table 3-1
 *   [m4]     Arm DDI 0439, Cortex-M4 Technical Reference Manual, tables 3-1 and 7-1
 *   [jnk0le] measured on STM32F103 and STM32F407, github.com/jnk0le/random, "pipeline cycle test/doc/cortex_m3m4.md"
 */
import type { Core } from "../pipeline/core.js";
import {
  FP_ARITHMETIC,
  LOADS,
  ONE_MORE,
  RESULTS_BY_KIND,
  SINGLE_ISSUE,
  STORES,
} from "./single-issue.js";

/** [m3] [m4] "1 + P", P from 1 to 3 by alignment and width of the target; 2 is assumed. */
const REFILL_CYCLES = 2;

/** [m3] [m4] an LDR takes 2 cycles, of which the second is hidden behind a load or store that follows. */
const LOAD_GAPS: Core["gaps"] = [
  { first: LOADS, second: [...LOADS, ...STORES], cycles: 0 },
  { first: LOADS, second: ["nop"], cycles: 0 }, // [jnk0le] "can eat following nop"
  { first: LOADS, second: "others", cycles: 1 },
  { first: STORES, second: LOADS, cycles: 1 }, // [jnk0le] "adds extra cycle to store"
  { first: STORES, second: ["loadMultiple", "fpLoadMultiple", "loadPair"], cycles: 1 },
];

const SHARED = {
  ...SINGLE_ISSUE,
  results: RESULTS_BY_KIND,
  branches: {
    ...{ predicted: false, taken: REFILL_CYCLES, indirect: 0 },
    ...{ wrong: 0, wrongButKnown: 0, knownFor: 0 },
  },
} as const;

const INTEGER_HOLDS: Core["holds"] = {
  loadMultiple: ONE_MORE, // [m3] [m4] 1 + N
  storeMultiple: ONE_MORE,
  loadPair: ONE_MORE,
  storePair: ONE_MORE,
  tableBranch: { first: 2 }, // [m3] [m4] 2 + P
  divide: { first: 7 }, // [m3] [m4] 2 to 12, by the operands; the middle is assumed
  atomic: { first: 2 },
};

export const CORTEX_M3: Core = {
  ...SHARED,
  id: "cortex-m3",
  name: "Cortex-M3",
  holds: {
    ...INTEGER_HOLDS,
    multiplyAccumulate: { first: 2 }, // [m3] MLA 2, UMULL 3 to 5, UMLAL 4 to 7
    // MUL takes 1 and UMULL 3 to 5: software floating point is made of the latter, so that counts (assumed)
    multiply: { first: 2 },
  },
  // [jnk0le] "base address and offset must be available 1 cycle earlier": of a load they are not
  latencies: { load: { otherwise: 1, address: 3 }, narrowLoad: { otherwise: 1, address: 3 } },
  gaps: LOAD_GAPS,
};

export const CORTEX_M4: Core = {
  ...SHARED,
  id: "cortex-m4",
  name: "Cortex-M4F",
  holds: {
    ...INTEGER_HOLDS, // [m4] multiplications of all widths take 1
    fpMla: { first: 3 }, // [m4] table 7-1: VMLA, VFMA 3
    fpFused: { first: 3 },
    fpDivide: { first: 14 },
    fpRoot: { first: 14 },
    fpLoadMultiple: ONE_MORE, // [m4] table 7-1: 1 + N
    fpStoreMultiple: ONE_MORE,
    fpLoadDouble: { first: 3 },
    fpStoreDouble: { first: 3 },
    fpToCorePair: { first: 2 },
    coreToFpPair: { first: 2 },
  },
  latencies: {
    load: { otherwise: 1, address: 3 },
    narrowLoad: { otherwise: 1, address: 3 },
    // [m4] 7.2.3: "one extra cycle when the result is used by the following instruction"
    fpSum: { otherwise: 2 },
    fpMla: { otherwise: 4 },
    fpFused: { otherwise: 4 },
  },
  gaps: [
    ...LOAD_GAPS,
    // The second cycle of a load, too, is hidden where the FPU goes on (assumed as for loads that follow).
    { first: ["fpLoadMultiple"], second: FP_ARITHMETIC, cycles: 0 },
  ],
};
