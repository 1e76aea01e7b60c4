/**
 * Decodes the floating-point instructions of ARMv7E-M and ARMv8-M, single and double precision (ARM DDI 0403,
 * A6.4 to A6.7). Double registers are pairs of single ones. Knows no core.
 */
import { address, instruction, type Parts, range, read, unknown } from "./build.js";
import {
  FLAGS,
  FP_FIRST,
  FP_FLAGS,
  type Instruction,
  Kind,
  type Operand,
  Use,
} from "./instruction.js";

const SP = 13;
const PC = 15;

const make = (name: string, kind: Kind, parts?: Parts) => instruction(4, name, kind, parts);

export function decodeVfp(first: number, second: number): Instruction {
  const coprocessor = (second >> 8) & 15;
  const found = coprocessor === 10 || coprocessor === 11 ? vfp(first, second) : undefined;
  return found ?? unknown(4, first * 0x10000 + second);
}

function vfp(first: number, second: number): Instruction | undefined {
  if ((first & 0xff00) === 0xfe00) return laterVfp(first, second);
  if ((first & 0xff00) === 0xee00) {
    return second & 0x10 ? transfer(first, second) : dataProcessing(first, second);
  }
  if ((first & 0xfe00) !== 0xec00) return undefined;
  return (first & 0xffe0) === 0xec40 ? pairTransfer(first, second) : loadOrStore(first, second);
}

const isDouble = (second: number) => (second & 0x100) !== 0;

/** The single registers of a field of four bits and its fifth. */
function registers(double: boolean, four: number, one: number): number[] {
  if (!double) return [FP_FIRST + ((four << 1) | one)];
  const single = FP_FIRST + 2 * ((one << 4) | four);
  return [single, single + 1];
}

const destination = (first: number, second: number) =>
  registers(isDouble(second), second >> 12, (first >> 6) & 1);
const left = (first: number, second: number) =>
  registers(isDouble(second), first & 15, (second >> 7) & 1);
const right = (second: number, double = isDouble(second)) =>
  registers(double, second & 15, (second >> 5) & 1);

// ---- loads and stores ------------------------------------------------------------------------------

function loadOrStore(first: number, second: number): Instruction {
  const base = first & 15;
  const isLoad = (first & 0x10) !== 0;
  const double = isDouble(second);
  const data = destination(first, second);
  const at = address(base);
  if ((first & 0x120) === 0x100) {
    if (isLoad) {
      const kind = double ? Kind.fpLoadDouble : Kind.fpLoad;
      return make("vldr", kind, { reads: at, writes: data, moved: data.length });
    }
    const kind = double ? Kind.fpStoreDouble : Kind.fpStore;
    const reads = [...at, ...read(Use.fpStored, ...data)];
    return make("vstr", kind, { reads, moved: data.length });
  }
  const words = double ? second & 0xfe : second & 0xff;
  const list = range(data[0]!, words);
  const moves = first & 0x20 ? { base } : {};
  const suffix = first & 0x100 ? "db" : "ia";
  const isStack = base === SP && (first & 0x20) !== 0;
  if (isLoad) {
    const name = isStack && suffix === "ia" ? "vpop" : `vldm${suffix}`;
    return make(name, Kind.fpLoadMultiple, { reads: at, writes: list, moved: words, ...moves });
  }
  const reads = [...at, ...read(Use.fpStored, ...list)];
  const name = isStack && suffix === "db" ? "vpush" : `vstm${suffix}`;
  return make(name, Kind.fpStoreMultiple, { reads, moved: words, ...moves });
}

// ---- moves between the register files --------------------------------------------------------------

function pairTransfer(first: number, second: number): Instruction {
  const core = [second >> 12, first & 15];
  const single = right(second);
  const fp = isDouble(second) ? single : [single[0]!, single[0]! + 1];
  return first & 0x10
    ? make("vmov", Kind.fpToCorePair, { reads: read(Use.fpToCore, ...fp), writes: core })
    : make("vmov", Kind.coreToFpPair, { reads: read(Use.coreToFp, ...core), writes: fp });
}

function transfer(first: number, second: number): Instruction | undefined {
  const core = second >> 12;
  const isToCore = (first & 0x10) !== 0;
  const opcode = (first >> 5) & 7;
  if (opcode === 7 && !isDouble(second)) {
    if (!isToCore) return make("vmsr", Kind.system, { reads: read(Use.operand, core) });
    if ((first & 15) !== 1) return make("vmrs", Kind.system, { writes: [core] });
    const writes = core === PC ? [FLAGS] : [core];
    return make("vmrs", Kind.fpFlags, { reads: read(Use.fpToCore, FP_FLAGS), writes });
  }
  if (opcode > (isDouble(second) ? 1 : 0)) return undefined;
  const fp = isDouble(second)
    ? [registers(true, first & 15, (second >> 7) & 1)[opcode]!]
    : left(first, second);
  return isToCore
    ? make("vmov", Kind.fpToCore, { reads: read(Use.fpToCore, ...fp), writes: [core] })
    : make("vmov", Kind.coreToFp, { reads: read(Use.coreToFp, core), writes: fp });
}

// ---- arithmetic ------------------------------------------------------------------------------------

/** By bits p, q and r of the opcode: names without and with bit s. */
const ARITHMETIC: readonly (readonly [string, string])[] = [
  ["vmla", "vmls"],
  ["vnmls", "vnmla"],
  ["vmul", "vnmul"],
  ["vadd", "vsub"],
  ["vdiv", "vdiv"],
  ["vfnms", "vfnma"],
  ["vfma", "vfms"],
];

function dataProcessing(first: number, second: number): Instruction | undefined {
  const opcode = ((first >> 5) & 4) | ((first >> 4) & 3);
  if (opcode === 7) return oneOperand(first, second);
  const name = ARITHMETIC[opcode]![(second >> 6) & 1]!;
  const to = destination(first, second);
  const both = [...left(first, second), ...right(second)];
  const double = isDouble(second);
  switch (name) {
    case "vmul":
    case "vnmul": {
      const kind = double ? Kind.doubleMultiply : Kind.fpMultiply;
      return make(name, kind, { reads: read(Use.fpFactor, ...both), writes: to });
    }
    case "vadd":
    case "vsub":
      return sum(name, double, both, to);
    case "vdiv": {
      const kind = double ? Kind.doubleDivide : Kind.fpDivide;
      return make(name, kind, { reads: read(Use.fpOperand, ...both), writes: to });
    }
    default: {
      const isFused = name.startsWith("vf");
      const use = isFused ? Use.fpFusedAccumulator : Use.fpMlaAccumulator;
      const reads = [...read(Use.fpMultiplicand, ...both), ...read(use, ...to)];
      const single = isFused ? Kind.fpFused : Kind.fpMla;
      return make(name, double ? Kind.doubleAccumulate : single, { reads, writes: to });
    }
  }
}

function sum(name: string, double: boolean, from: number[], to: number[]): Instruction {
  const kind = double ? Kind.doubleAdd : Kind.fpAdd;
  return make(name, kind, { reads: read(Use.fpOperand, ...from), writes: to });
}

function oneOperand(first: number, second: number): Instruction | undefined {
  const double = isDouble(second);
  const to = destination(first, second);
  const from = right(second);
  const isHigh = (second & 0x80) !== 0;
  if ((second & 0x40) === 0) return make("vmov", Kind.fpConstant, { writes: to });
  switch (first & 15) {
    case 0:
      if (isHigh) return sum("vabs", double, from, to);
      return make("vmov", Kind.fpMove, { reads: read(Use.fpMoved, ...from), writes: to });
    case 1:
      if (!isHigh) return sum("vneg", double, from, to);
      return make("vsqrt", double ? Kind.doubleDivide : Kind.fpRoot, {
        ...{ reads: read(Use.fpOperand, ...from), writes: to },
      });
    case 2:
      return sum(isHigh ? "vcvtt" : "vcvtb", false, right(second, false), to);
    case 3:
      return sum(isHigh ? "vcvtt" : "vcvtb", double, from, [to[0]!]);
    case 4:
    case 5: {
      const compared = (first & 15) === 4 ? [...to, ...from] : to;
      const reads = read(Use.fpOperand, ...compared);
      return make(isHigh ? "vcmpe" : "vcmp", double ? Kind.doubleAdd : Kind.fpCompare, {
        ...{ reads, writes: [FP_FLAGS] },
      });
    }
    case 6:
      return sum(isHigh ? "vrintz" : "vrintr", double, from, to);
    case 7:
      if (!isHigh) return sum("vrintx", double, from, to);
      // To the other precision.
      return sum("vcvt", true, from, registers(!double, second >> 12, (first >> 6) & 1));
    case 8:
      return sum("vcvt", double, right(second, false), to);
    case 12:
    case 13:
      return sum(
        isHigh ? "vcvt" : "vcvtr",
        double,
        from,
        registers(false, second >> 12, (first >> 6) & 1),
      );
    case 10:
    case 11:
    case 14:
    case 15:
      return sum("vcvt", double, to, to);
    default:
      return undefined;
  }
}

const SELECTS = ["vseleq", "vselvs", "vselge", "vselgt"];
const ROUNDINGS = ["a", "n", "p", "m"];

/** What came with FPv5. */
function laterVfp(first: number, second: number): Instruction | undefined {
  const double = isDouble(second);
  const to = destination(first, second);
  const both: Operand[] = read(Use.fpOperand, ...left(first, second), ...right(second));
  if ((first & 0x80) === 0) {
    const reads = [...both, ...read(Use.selection, FLAGS)];
    const name = SELECTS[(first >> 4) & 3]!;
    return make(name, double ? Kind.doubleAdd : Kind.fpSelect, { reads, writes: to });
  }
  if ((first & 0x30) === 0) {
    const from = both.map(({ register }) => register);
    return sum(second & 0x40 ? "vminnm" : "vmaxnm", double, from, to);
  }
  if ((first & 0x38) !== 0x38) return undefined;
  const rounding = ROUNDINGS[first & 3]!;
  if ((first & 4) === 0) return sum(`vrint${rounding}`, double, right(second), to);
  const single = registers(false, second >> 12, (first >> 6) & 1);
  return sum(`vcvt${rounding}`, double, right(second), single);
}
