/**
 * RISC-V cores of Espressif: rv32imc of the ESP32-C3 and rv32imac of the C6, rv32imafc of the ESP32-P4.
 *
 * Sources:
 *   [c3]   ESP32-C3 Technical Reference Manual, chapter "ESP-RISC-V CPU": four stages, in order
 *   [ctrl] measured, ctrlsrc.io, "Counting CPU cycles on ESP32-C3 and ESP32-C6": jumps and taken branches
 *   [wled] measured, github.com/wled/WLED issue 4206: operations a second of a C3 at 160 MHz
 *   [p4]   ESP32-P4 Technical Reference Manual, chapter "High-Performance CPU": five stages, branch prediction
 */
import type { Core } from "../pipeline/core.js";
import { RESULTS_BY_KIND, SINGLE_ISSUE } from "./single-issue.js";

export const ESP32_C3: Core = {
  ...SINGLE_ISSUE,
  id: "esp32c3",
  name: "RV32IMC of the ESP32-C3",
  holds: {
    divide: { first: 34 }, // [wled] 4.63 M divisions a second: 34.6 cycles each, a loop included
    atomic: { first: 2 },
  },
  results: RESULTS_BY_KIND,
  latencies: {
    load: { otherwise: 2 }, // assumed for four stages: a value is there behind the memory stage
    narrowLoad: { otherwise: 2 },
    multiply: { otherwise: 1 }, // [wled] 121 M a second at 160 MHz, as additions
  },
  gaps: [],
  branches: {
    ...{ predicted: false, taken: 2, indirect: 0 }, // [ctrl] a taken branch 3 cycles
    ...{ wrong: 0, wrongButKnown: 0, knownFor: 0 },
  },
};

export const ESP32_P4: Core = {
  ...SINGLE_ISSUE,
  id: "esp32p4",
  name: "RV32IMAFC of the ESP32-P4",
  holds: {
    divide: { first: 18 }, // assumed: two bits a cycle
    fpDivide: { first: 18 }, // assumed
    fpRoot: { first: 18 },
  },
  results: RESULTS_BY_KIND,
  // Assumed, as usual for an FPU behind five stages; nothing measured was found.
  latencies: {
    load: { otherwise: 2 },
    narrowLoad: { otherwise: 2 },
    fpLoad: { otherwise: 2 },
    multiply: { otherwise: 2 },
    fpSum: { otherwise: 4 },
    fpFused: { otherwise: 4 },
    fpToCore: { otherwise: 2 },
    coreToFp: { otherwise: 2 },
  },
  gaps: [],
  branches: {
    predicted: true, // [p4]
    taken: 0,
    indirect: 1,
    wrong: 4, // assumed: back to the first of five stages
    wrongButKnown: 4,
    knownFor: 0,
  },
};
