/**
 * Cortex-M33: three stages; of two 16-bit instructions one, a branch or a nop, may be free.
 *
 * Sources:
 *   [jnk0le] measured on an RP2350, github.com/jnk0le/random, "pipeline cycle test/doc/cortex_m33.md"
 *   [slothy] measured on an RP2350, slothy-optimizer/slothy, slothy/targets/arm_v7m/cortex_m33.py
 */
import type { Core } from "../pipeline/core.js";
import { FP_ARITHMETIC, ONE_A_CYCLE, RESULTS_BY_KIND, SINGLE_ISSUE } from "./single-issue.js";

/** [jnk0le] load to use 2, as an accumulator and into a store 1. */
const LOADED = { otherwise: 2, accumulator: 1, stored: 1 } as const;

export const CORTEX_M33: Core = {
  ...SINGLE_ISSUE,
  id: "cortex-m33",
  name: "Cortex-M33",
  holds: {
    loadMultiple: ONE_A_CYCLE, // [jnk0le] "multiple of x registers execute in exactly x cycles"
    storeMultiple: ONE_A_CYCLE,
    loadPair: ONE_A_CYCLE,
    storePair: ONE_A_CYCLE,
    fpLoadMultiple: ONE_A_CYCLE,
    fpStoreMultiple: ONE_A_CYCLE,
    fpLoadDouble: { first: 2 },
    fpStoreDouble: { first: 2 },
    fpToCorePair: { first: 2 },
    coreToFpPair: { first: 2 },
    fpDivide: { first: 14 }, // assumed as on the Cortex-M4: the same radix
    fpRoot: { first: 14 },
    divide: { first: 7 }, // assumed, 2 to 11 by the operands
    tableBranch: { first: 2 },
  },
  results: {
    ...RESULTS_BY_KIND,
    shifted: "saturated", // [jnk0le] operand2 with a shift: 2 cycles of latency
    shiftedConstant: "saturated",
    saturate: "saturated", // [slothy] 16-bit SIMD and packing: 2
    simd: "saturated",
  },
  latencies: {
    load: LOADED,
    narrowLoad: LOADED,
    multiply: { otherwise: 2, accumulator: 1 }, // [jnk0le] [slothy]
    saturated: { otherwise: 2, accumulator: 1 }, // [jnk0le] "accumulate dependency can be chained from"
    fpLoad: { otherwise: 2 }, // [slothy] vldr 2
    fpMla: { otherwise: 3 }, // [jnk0le] "3 cycle of result latency", into the accumulator, too
    fpFused: { otherwise: 3 },
    fpSum: { otherwise: 2 }, // assumed
  },
  window: {
    cycles: 2, // [jnk0le] "No other floating point instruction can be issued in the following 2 cycles"
    blocked: [
      ...FP_ARITHMETIC,
      "fpMove",
      "fpConstant",
      "fpToCore",
      "coreToFp",
      "fpToCorePair",
      "coreToFpPair",
    ],
    notSecond: [],
  },
  gaps: [],
  branches: {
    // [jnk0le] a taken branch 2 cycles, 1 where it pairs with a 16-bit instruction before it; [slothy] 3
    ...{ predicted: false, taken: 1, indirect: 1 },
    ...{ wrong: 0, wrongButKnown: 0, knownFor: 0 },
  },
};
