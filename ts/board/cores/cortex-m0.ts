/**
 * Cortex-M0 and M0+: no FPU, no divider, floats in software.
 *
 * Sources:
 *   [m0]  Arm DDI 0432, Cortex-M0 Technical Reference Manual, table 3-1
 *   [m0+] Arm DDI 0484, Cortex-M0+ Technical Reference Manual, table 3-1
 */
import type { Core } from "../pipeline/core.js";
import { ONE_MORE, RESULTS_BY_KIND, SINGLE_ISSUE } from "./single-issue.js";

const SHARED = {
  ...SINGLE_ISSUE,
  holds: {
    load: { first: 2 }, // [m0] [m0+]
    narrowLoad: { first: 2 },
    store: { first: 2 },
    narrowStore: { first: 2 },
    loadMultiple: ONE_MORE, // 1 + N
    storeMultiple: ONE_MORE,
    system: { first: 4 },
    multiply: { first: 1 }, // the fast multiplier, which nRF51822, RP2040 and STM32L0 have
  },
  results: RESULTS_BY_KIND,
  latencies: {},
  gaps: [],
} as const;

const branches = (taken: number, indirect: number) => ({
  ...{ predicted: false, taken, indirect, wrong: 0, wrongButKnown: 0, knownFor: 0 },
});

/** [m0] B taken 3, BL 4, BX 3. */
export const CORTEX_M0: Core = {
  ...SHARED,
  ...{ id: "cortex-m0", name: "Cortex-M0", branches: branches(2, 0) },
};

/** [m0+] B taken 2, BL 3, BX 2. */
export const CORTEX_M0_PLUS: Core = {
  ...SHARED,
  ...{ id: "cortex-m0plus", name: "Cortex-M0+", branches: branches(1, 0) },
};
