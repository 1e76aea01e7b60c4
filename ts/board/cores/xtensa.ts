/**
 * Xtensa LX7 (ESP32-S3) and LX6 (ESP32), by proxy: no compiler for their FPU is to be had in distributions, so that
 * an rv32imafc trace runs with their latencies and is corrected by the operator.
 *
 * Sources:
 *   [esp-dsp] docs/esp_bm_results.csv: a biquad of 17 cycles a sample, a dot product of 4.1 a pair; with the
 *             latencies below its assembly comes out so
 *   [idf]     ESP-IDF's __divsf3 of the LX7 and LX6, counted: 54 and 169 cycles a division
 *   [traced]  the core once compiled for an LX7 (gcc 12.2, -O2) and traced in QEMU's de233_fpu: its cycles over the
 *             proxy's, an operator; 34.0, 27.3 and 48.0 million for KWS-10, har and kws at tile 1
 *   [isa]     Xtensa ISA, "Loop Option": LOOP counts a loop's turns, going back takes no instruction and no cycle
 */
import type { Core } from "../pipeline/core.js";
import { RESULTS_BY_KIND, SINGLE_ISSUE } from "./single-issue.js";

/** [esp-dsp] add.s, mul.s, madd.s 4; loads, products and conversions 2; lsi to madd without a stall. */
const LATENCIES: Core["latencies"] = {
  load: { otherwise: 2 },
  narrowLoad: { otherwise: 2 },
  multiply: { otherwise: 2 },
  fpLoad: { otherwise: 1 },
  fpSum: { otherwise: 4 },
  fpFused: { otherwise: 4 },
  fpToCore: { otherwise: 2 },
  coreToFp: { otherwise: 2 },
};

function xtensa(id: string, name: string, divideCycles: number, takenCycles: number): Core {
  return {
    ...SINGLE_ISSUE,
    ...{ id, name, results: RESULTS_BY_KIND, latencies: LATENCIES, gaps: [] },
    holds: {
      fpDivide: { first: divideCycles }, // [idf] a call
      fpRoot: { first: divideCycles },
      divide: { first: 14 }, // [wled] github.com/wled/WLED issue 4206: half as many as of additions, its loop included
    },
    branches: {
      ...{ predicted: false, taken: takenCycles, indirect: 0 }, // [esp-dsp] +2 and +3
      ...{ wrong: 0, wrongButKnown: 0, knownFor: 0 },
    },
  };
}

export const XTENSA_LX7 = xtensa("xtensa-lx7", "Xtensa LX7, by proxy of rv32imafc", 54, 2);
export const XTENSA_LX6 = xtensa("xtensa-lx6", "Xtensa LX6, by proxy of rv32imafc", 169, 3);

/**
 * The same where the compiler has made a LOOP of every loop without branches in it [isa]: for others' code. It does so
 * where it can tell the number of turns, which the proxy's code does not show; of this project's operators the
 * correction below knows what it did.
 */
export const XTENSA_LX7_LOOPS: Core = {
  ...XTENSA_LX7,
  branches: { ...XTENSA_LX7.branches, counted: true },
};

/** Real cycles over the proxy's, by the kind of an operator. [traced] 16 registers and the making of constants decide. */
export interface ProxyCorrection {
  readonly factors: Readonly<Record<string, number>>;
  /** Of kinds that were not traced: the mean of those that were. */
  readonly otherwise: number;
  /** Half of the bar, as a share. */
  readonly uncertainty: number;
}

export const XTENSA_CORRECTION: ProxyCorrection = {
  factors: {
    linear: 1.02, // 1.00 to 1.04
    logmel: 0.95,
    gate: 1.12,
    softplus_linear: 1.22, // dt_proj with softplus
    causal_conv: 1.36, // with SiLU
    // Here with dt_proj: 14.6 million of KWS-10's are the scan's, over this proxy's own.
    selective_scan: 1.15,
  },
  otherwise: 1.12,
  uncertainty: 0.25,
};
