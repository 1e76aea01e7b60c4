/** Every core that there is a description of. */
import type { Core } from "../pipeline/core.js";
import { CORTEX_M0, CORTEX_M0_PLUS } from "./cortex-m0.js";
import { CORTEX_M3, CORTEX_M4 } from "./cortex-m4.js";
import { CORTEX_M7 } from "./cortex-m7.js";
import { CORTEX_M33 } from "./cortex-m33.js";
import { ESP32_C3, ESP32_P4 } from "./riscv.js";
import { XTENSA_LX6, XTENSA_LX7 } from "./xtensa.js";

export const CORES: readonly Core[] = [
  ...[CORTEX_M7, CORTEX_M33, CORTEX_M4, CORTEX_M3, CORTEX_M0, CORTEX_M0_PLUS],
  ...[ESP32_C3, ESP32_P4, XTENSA_LX7, XTENSA_LX6],
];

export * from "./cortex-m0.js";
export * from "./cortex-m4.js";
export { type ProxyCorrection, XTENSA_CORRECTION, XTENSA_LX7_LOOPS } from "./xtensa.js";
export { CORTEX_M7, CORTEX_M33, ESP32_C3, ESP32_P4, XTENSA_LX6, XTENSA_LX7 };
