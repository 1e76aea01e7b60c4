/** Times of a trace on a board, for browsers and Node. Traces come from elsewhere: firmware/trace.ts has QEMU's. */
export * from "./boards.js";
export * from "./cores/index.js";
export * from "./costs.js";
export * from "./estimate.js";
export type { Flow, Instruction, Kind, Operand, Use } from "./isa/instruction.js";
export { decodeRiscv, riscvBytes } from "./isa/riscv.js";
export { conditionalBehind, decodeThumb, thumbBytes } from "./isa/thumb.js";
export { Cache, type CacheShape } from "./memory/cache.js";
export type { Misses } from "./memory/hierarchy.js";
export * from "./memory/memories.js";
export * from "./owners.js";
export type {
  AccumulateWindow,
  Branches,
  Core,
  Hold,
  Latencies,
  Pairing,
} from "./pipeline/core.js";
export { Program } from "./pipeline/program.js";
export { Scoreboard } from "./pipeline/scoreboard.js";
export * from "./timer.js";
export { type InstructionSet, type Listener, TraceReader } from "./trace-reader.js";
