/**
 * Cortex-M7: two instructions a cycle, an early and a late ALU, one floating-point pipeline.
 *
 * Sources, named behind each group:
 *   [jnk0le] measured on an STM32H743 rev Y, github.com/jnk0le/random, "pipeline cycle test/doc/cortex_m7.md"
 *   [llvm]   llvm/lib/Target/ARM/ARMScheduleM7.td, written at Arm
 *   [slothy] slothy-optimizer/slothy, slothy/targets/arm_v7m/cortex_m7.py
 * What none of them has is said to be assumed.
 */
import type { Core } from "../pipeline/core.js";

/** [jnk0le] "cannot dual issue with preceding or following instructions", ceil(registers / 2) cycles. */
const TWO_A_CYCLE = { first: 0, each: 0.5 } as const;

/** [jnk0le] "arithmetic instructions cannot be dual issued"; [llvm] one M7UnitVFP. */
const FP_ARITHMETIC = [
  ...(["fpAdd", "fpMultiply", "fpMla", "fpFused", "fpDivide", "fpRoot"] as const),
  ...(["fpCompare", "fpSelect", "doubleAdd", "doubleMultiply"] as const),
  ...(["doubleAccumulate", "doubleDivide"] as const),
] as const;

/** [jnk0le] bitfield and DSP instructions, multiplications excepted. */
const DSP = ["bitfield", "reverse", "simd", "saturate"] as const;

/** [jnk0le] operand2: what goes through the shifter. */
const THROUGH_SHIFTER = ["shifted", "shiftedConstant"] as const;

const STORES = ["store", "narrowStore", "fpStore"] as const;

export const CORTEX_M7: Core = {
  id: "cortex-m7",
  name: "Cortex-M7",
  holds: {
    loadPair: TWO_A_CYCLE, // [jnk0le]
    storePair: TWO_A_CYCLE,
    loadMultiple: TWO_A_CYCLE,
    storeMultiple: TWO_A_CYCLE,
    fpLoadMultiple: TWO_A_CYCLE, // [jnk0le] "vldm behaves as regular ldm"
    fpStoreMultiple: TWO_A_CYCLE,
    fpDivide: { first: 16 }, // [jnk0le] "execute in 16/14 cycles ... lock the pipeline"
    fpRoot: { first: 14 },
    divide: { first: 7 }, // [llvm] WriteDIV; it ends early for small quotients, which no source gives
    tableBranch: { first: 2 }, // [llvm] "takes two cycles to issue"
    doubleMultiply: { first: 5 }, // [jnk0le] of equal exponents
    doubleAccumulate: { first: 7 }, // [jnk0le] vfma.d 7, vmla.d 8
    doubleDivide: { first: 30 }, // [jnk0le]
    system: { first: 3 }, // [llvm] M7NonGeneralPurpose
  },
  results: {
    load: "load",
    loadPair: "load",
    loadMultiple: "load",
    narrowLoad: "narrowLoad",
    multiply: "multiply",
    multiplyAccumulate: "multiply",
    reverse: "reversed",
    saturate: "saturated",
    fpAdd: "fpSum",
    fpSelect: "fpSum",
    fpMultiply: "fpSum",
    fpMla: "fpMla",
    fpFused: "fpFused",
    fpMove: "fpMove",
    fpConstant: "fpMove",
    fpToCore: "fpToCore",
    fpToCorePair: "fpToCore",
    coreToFp: "coreToFp",
    coreToFpPair: "coreToFp",
    fpLoad: "fpLoad",
    fpLoadDouble: "fpLoad",
    fpLoadMultiple: "fpLoad",
    doubleAdd: "double",
    doubleMultiply: "double",
    doubleAccumulate: "double",
  },
  latencies: {
    // [jnk0le] "result of early alu can be forwarded to late alu in 0 cycles, or early alu next cycle"
    early: {
      ...{ otherwise: 0, shifted: 1, address: 1, selection: 2, coreToFp: 1 },
      condition: 1, // [jnk0le] "flags generated in early ALU cannot be forwarded to late ALU in 0 cycles"
    },
    // [jnk0le] a cycle more into the early ALU; a store takes any result of its own cycle
    late: {
      ...{ otherwise: 1, shifted: 2, address: 2, accumulator: 0, stored: 0 },
      selection: 2, // [llvm] "VSEL cannot bypass in its implied $cpsr operand; model as earlier read"
    },
    // [jnk0le] "word loads can be consumed by late ALU in next cycle, except ...": beside a shifted operand, and
    // by multiplications
    load: {
      ...{ otherwise: 1, shifted: 2, besideShifted: 2, address: 2 },
      ...{ multiplicand: 2, accumulator: 0, stored: 0 },
    },
    // [jnk0le] "in second cycle by late ALU, or third in early"
    narrowLoad: {
      ...{ otherwise: 2, shifted: 3, address: 3, accumulator: 1, stored: 0 },
    },
    // [jnk0le] "all multiplications have 1 additional cycle of result latency", chained each cycle
    multiply: {
      ...{ otherwise: 2, shifted: 3, address: 3, accumulator: 1, stored: 0, coreToFp: 1 },
    },
    // [llvm] M7BaseUpdate: "bypassable out of EX1"
    base: { otherwise: 0, shifted: 1, address: 1, condition: 1, coreToFp: 1 },
    // [jnk0le] "result can't be used by AGU, another rev or as inline shifted operand next cycle"
    reversed: { otherwise: 0, shifted: 2, address: 2, condition: 1, coreToFp: 1 },
    // [llvm] M7WriteShSIMD2, M7WriteSIMD2
    saturated: { otherwise: 2, shifted: 3, address: 3, accumulator: 1, stored: 0, coreToFp: 2 },
    // [jnk0le] table of result latencies; into a move 3
    fpSum: { otherwise: 3, fpMlaAccumulator: 2, fpStored: 1 },
    fpMla: {
      ...{ otherwise: 6, fpMlaAccumulator: 3, fpStored: 4 },
      fpFusedAccumulator: 4, // assumed: where other results take 2 into vmla they take 3 into vfma
    },
    fpFused: { otherwise: 5, fpMlaAccumulator: 2, fpFusedAccumulator: 3, fpStored: 3 },
    // [jnk0le] vldr: 1, as an accumulator 2 (vmla) and 3 (vfma), into vmov to a core register 2
    fpLoad: { otherwise: 1, fpMlaAccumulator: 2, fpFusedAccumulator: 3, fpToCore: 2 },
    // [jnk0le] 3 from vmov to anything; into vmla's accumulator one less, as elsewhere (assumed)
    fpMove: { otherwise: 3, fpMlaAccumulator: 2, fpStored: 1 },
    coreToFp: { otherwise: 3, fpMlaAccumulator: 2, fpStored: 1 },
    // [jnk0le] "1 cycle of result latency into late ALU and 0 cycles to MAC accumulate"
    fpToCore: { otherwise: 1, shifted: 2, address: 2, accumulator: 0, stored: 0 },
    // [jnk0le] "result latency of vmul.d, vadd.d is 3"
    double: { otherwise: 3 },
  },
  early: ["simple", "shift"], // [jnk0le]
  earlySecond: ["shift"], // [jnk0le] add, sub and mov "from older op only"
  pairing: {
    alone: [
      ...(["loadPair", "storePair", "loadMultiple", "storeMultiple"] as const), // [jnk0le]
      ...(["fpLoadMultiple", "fpStoreMultiple", "fpLoadDouble", "fpStoreDouble"] as const),
      ...(["fpToCorePair", "coreToFpPair"] as const), // [jnk0le] "moving two registers"
      ...(["fpFlags", "divide", "tableBranch", "system", "atomic", "unknown"] as const), // [llvm]
    ],
    firstOnly: [
      ...DSP, // [jnk0le] "must be placed in older op"
      ...(["fpSelect", "doubleAdd", "doubleMultiply"] as const), // [llvm] M7Slot0Only, BeginGroup
      ...(["doubleAccumulate", "doubleDivide"] as const),
    ],
    exclusive: [
      FP_ARITHMETIC,
      DSP, // [jnk0le] "cannot dual issue wrt each other"
      [...DSP.filter((kind) => kind !== "simd" && kind !== "saturate"), ...THROUGH_SHIFTER],
      THROUGH_SHIFTER,
      ["multiply", "multiplyAccumulate", ...STORES], // [jnk0le] multiplications, and with stores
      ["fpConstant"], // [jnk0le]
      ["branch"], // [llvm] one M7UnitBranch
    ],
    never: [{ first: ["shift"], second: THROUGH_SHIFTER }], // [jnk0le] operand2 matrix
    banked: ["load", "narrowLoad", "fpLoad"], // [jnk0le] "even and odd words"
    bankBytes: 4,
  },
  window: {
    cycles: 3, // [jnk0le] "cannot be executed for 3 next cycles"
    blocked: [
      ...(["fpAdd", "fpCompare", "fpSelect"] as const),
      ...(["fpLoadMultiple", "fpStoreMultiple", "fpLoadDouble", "fpStoreDouble"] as const),
      "fpConstant",
    ],
    notSecond: ["fpLoad", "fpStore", "fpMove", "fpConstant", "coreToFp", "fpToCore"], // [jnk0le]
  },
  // [jnk0le] "vfma cannot be pipelined within next cycle after vmla"
  gaps: [{ first: ["fpMla"], second: ["fpFused"], cycles: 1 }],
  branches: {
    predicted: true,
    taken: 0,
    indirect: 0,
    wrong: 8, // [jnk0le] "from 8 to 6 cycles"
    wrongButKnown: 6,
    knownFor: 3, // [jnk0le] "at least 3 cycles before branch"
  },
  unalignedCycles: 3, // [jnk0le] "+3 cycles as older op"
  storeBytes: 8, // [jnk0le] "store multiple requires 8 byte memory alignment"
};
