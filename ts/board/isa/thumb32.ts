/**
 * Decodes the 32-bit encodings of Thumb-2 that move and compute integers (ARM DDI 0403, A5.3); floating point
 * is vfp.ts's. Knows no core.
 */
import {
  address,
  bits,
  instruction,
  loadKind,
  type Parts,
  read,
  storeKind,
  unknown,
} from "./build.js";
import { FLAGS, type Instruction, Kind, type Operand, Use } from "./instruction.js";
import { decodeMultiply } from "./thumb-multiply.js";
import { decodeVfp } from "./vfp.js";

const PC = 15;
const SP = 13;

const make = (name: string, kind: Kind, parts?: Parts) => instruction(4, name, kind, parts);

/** @param first the half at the lower address */
export function decodeThumb32(first: number, second: number): Instruction {
  if ((first & 0xec00) === 0xec00) return decodeVfp(first, second);
  switch ((first >> 11) & 3) {
    case 1:
      if ((first & 0xfe40) === 0xe800) return multiple(first, second);
      if ((first & 0xfe40) === 0xe840) return pairOrExclusive(first, second);
      return shiftedRegister(first, second);
    case 2:
      if (second & 0x8000) return branchOrSystem(first, second);
      return first & 0x200 ? plainConstant(first, second) : modifiedConstant(first, second);
    default:
      if ((first & 0xfe00) === 0xf800) return loadOrStore(first, second);
      if ((first & 0xff00) === 0xfa00) return registers(first, second);
      return decodeMultiply(first, second);
  }
}

function nameless(first: number, second: number): Instruction {
  return unknown(4, first * 0x10000 + second);
}

// ---- data processing -------------------------------------------------------------------------------

const OPERATIONS: Readonly<Record<number, string>> = {
  ...{ 0: "and", 1: "bic", 2: "orr", 3: "orn", 4: "eor", 6: "pkh" },
  ...{ 8: "add", 10: "adc", 11: "sbc", 13: "sub", 14: "rsb" },
};
/** With the destination register 15: only the flags are wanted. */
const COMPARISONS: Readonly<Record<string, string>> = {
  ...{ and: "tst", eor: "teq", add: "cmn", sub: "cmp" },
};
const MOVES: Readonly<Record<string, string>> = { orr: "mov", orn: "mvn" };

interface Operation {
  readonly name: string;
  /** The first operand; absent for moves. */
  readonly left?: number;
  readonly writes: readonly number[];
  readonly carry: readonly Operand[];
}

function operation(first: number, second: number): Operation | undefined {
  const name = OPERATIONS[(first >> 5) & 15];
  const to = (second >> 8) & 15;
  const left = first & 15;
  const flags = first & 0x10 ? [FLAGS] : [];
  if (name === undefined) return undefined;
  const carry = name === "adc" || name === "sbc" ? read(Use.condition, FLAGS) : [];
  const comparison = COMPARISONS[name];
  if (to === PC && flags.length > 0 && comparison !== undefined) {
    return { name: comparison, left, writes: [FLAGS], carry };
  }
  const moved = left === PC ? MOVES[name] : undefined;
  if (moved !== undefined) return { name: moved, writes: [to, ...flags], carry };
  return { name, left, writes: [to, ...flags], carry };
}

const isSimple = (name: string) => name === "add" || name === "sub" || name === "mov";
const SHIFTS = ["lsl", "lsr", "asr", "ror"];

function shiftedRegister(first: number, second: number): Instruction {
  const found = operation(first, second);
  if (found === undefined) return nameless(first, second);
  const { name, left, writes, carry } = found;
  const right = second & 15;
  const type = (second >> 4) & 3;
  const amount = ((second >> 10) & 0x1c) | ((second >> 6) & 3);
  const isShifted = amount > 0 || type > 0;
  if (name === "pkh") {
    const reads = [...read(Use.besideShifted, left!), ...read(Use.shifted, right)];
    return make(type & 2 ? "pkhtb" : "pkhbt", Kind.bitfield, { reads, writes });
  }
  if (name === "mov" && isShifted) {
    const shift = type === 3 && amount === 0 ? "rrx" : SHIFTS[type]!;
    return make(shift, Kind.shift, { reads: read(Use.operand, right), writes });
  }
  const lefts = left === undefined ? [] : [left];
  if (!isShifted) {
    const reads = [...read(Use.operand, ...lefts, right), ...carry];
    return make(name, isSimple(name) ? Kind.simple : Kind.alu, { reads, writes });
  }
  const reads = [...read(Use.besideShifted, ...lefts), ...read(Use.shifted, right), ...carry];
  return make(name, Kind.shifted, { reads, writes });
}

function modifiedConstant(first: number, second: number): Instruction {
  const found = operation(first, second);
  if (found === undefined || found.name === "pkh") return nameless(first, second);
  const { name, left, writes, carry } = found;
  const reads = [...read(Use.operand, ...(left === undefined ? [] : [left])), ...carry];
  const isRotated = (first & 0x400) !== 0 || (second & 0x4000) !== 0;
  if (isRotated) return make(name, Kind.shiftedConstant, { reads, writes });
  return make(name, isSimple(name) ? Kind.simple : Kind.alu, { reads, writes });
}

const PLAIN: Readonly<Record<number, string>> = {
  ...{ 0: "addw", 4: "movw", 10: "subw", 12: "movt", 16: "ssat", 18: "ssat", 20: "sbfx" },
  ...{ 22: "bfi", 24: "usat", 26: "usat", 28: "ubfx" },
};

function plainConstant(first: number, second: number): Instruction {
  const name = PLAIN[(first >> 4) & 31];
  const from = first & 15;
  const to = (second >> 8) & 15;
  const writes = [to];
  switch (name) {
    case undefined:
      return nameless(first, second);
    case "movw":
      return make(name, Kind.simple, { writes });
    case "movt":
      return make(name, Kind.alu, { reads: read(Use.operand, to), writes });
    case "addw":
    case "subw":
      return make(name, Kind.simple, { reads: read(Use.operand, from), writes });
    case "bfi": {
      const inserted = from === PC ? [] : read(Use.shifted, from);
      const reads = [...read(Use.besideShifted, to), ...inserted];
      return make(from === PC ? "bfc" : "bfi", Kind.bitfield, { reads, writes });
    }
    case "ssat":
    case "usat": {
      const is16 = (first & 0x20) !== 0 && (second & 0x70c0) === 0;
      return make(is16 ? `${name}16` : name, Kind.saturate, {
        reads: read(Use.shifted, from),
        writes,
      });
    }
    default:
      return make(name, Kind.bitfield, { reads: read(Use.shifted, from), writes });
  }
}

const EXTENDS = ["sxth", "uxth", "sxtb16", "uxtb16", "sxtb", "uxtb"];
const PARALLEL_PREFIX = ["s", "q", "sh", undefined, "u", "uq", "uh"];
const PARALLEL = ["add8", "add16", "asx", undefined, "sub8", "sub16", "sax"];
const SATURATING = ["qadd", "qdadd", "qsub", "qdsub"];
const REVERSES = ["rev", "rev16", "rbit", "revsh"];

function registers(first: number, second: number): Instruction {
  const left = first & 15;
  const right = second & 15;
  const writes = [(second >> 8) & 15];
  const both = read(Use.operand, left, right);
  if ((first & 0x80) === 0) {
    if ((second & 0x80) === 0) {
      const flags = first & 0x10 ? [FLAGS] : [];
      const name = SHIFTS[(first >> 5) & 3]!;
      return make(name, Kind.shift, { reads: both, writes: [...writes, ...flags] });
    }
    const name = EXTENDS[(first >> 4) & 7];
    if (name === undefined) return nameless(first, second);
    if (left === PC) return make(name, Kind.simd, { reads: read(Use.operand, right), writes });
    const reads = [...read(Use.besideShifted, left), ...read(Use.shifted, right)];
    return make(name.replace("xt", "xta"), Kind.bitfield, { reads, writes });
  }
  if ((second & 0x80) === 0) {
    const prefix = PARALLEL_PREFIX[(second >> 4) & 7];
    const name = PARALLEL[(first >> 4) & 7];
    if (prefix === undefined || name === undefined) return nameless(first, second);
    const kind = prefix.endsWith("q") ? Kind.saturate : Kind.simd;
    return make(prefix + name, kind, { reads: both, writes });
  }
  const low = (second >> 4) & 3;
  switch ((first >> 4) & 7) {
    case 0:
      return make(SATURATING[low]!, Kind.saturate, { reads: both, writes });
    case 1:
      return make(REVERSES[low]!, Kind.reverse, { reads: read(Use.shifted, right), writes });
    case 2:
      return make("sel", Kind.simd, { reads: both, writes });
    case 3:
      return make("clz", Kind.simd, { reads: read(Use.operand, right), writes });
    default:
      return nameless(first, second);
  }
}

// ---- loads and stores ------------------------------------------------------------------------------

function multiple(first: number, second: number): Instruction {
  const base = first & 15;
  const list = bits(second);
  const direction = (first >> 7) & 3;
  const isLoad = (first & 0x10) !== 0;
  const moves = first & 0x20 ? { base } : {};
  if (direction === 0 || direction === 3) return nameless(first, second);
  const suffix = direction === 1 ? "ia" : "db";
  const isStack = base === SP && (first & 0x20) !== 0;
  if (!isLoad) {
    const reads = [...address(base), ...read(Use.stored, ...list)];
    const name = isStack && suffix === "db" ? "push" : `stm${suffix}`;
    return make(name, Kind.storeMultiple, { reads, moved: list.length, ...moves });
  }
  return make(isStack && suffix === "ia" ? "pop" : `ldm${suffix}`, Kind.loadMultiple, {
    reads: address(base),
    writes: list.filter((register) => register !== PC),
    moved: list.length,
    ...moves,
    flow: list.includes(PC) ? "return" : "next",
  });
}

const EXCLUSIVE: Readonly<Record<number, string>> = {
  ...{ 4: "exb", 5: "exh", 8: "ab", 9: "ah", 10: "a", 12: "aexb", 13: "aexh", 14: "aex" },
};

function pairOrExclusive(first: number, second: number): Instruction {
  const base = first & 15;
  const isLoad = (first & 0x10) !== 0;
  const isIndexed = (first & 0x120) !== 0;
  const data = [second >> 12, (second >> 8) & 15];
  if (isIndexed) {
    const moves = first & 0x20 ? { base } : {};
    if (isLoad) {
      return make("ldrd", Kind.loadPair, {
        ...{ reads: address(base), writes: data, moved: data.length },
        ...moves,
      });
    }
    const reads = [...address(base), ...read(Use.stored, ...data)];
    return make("strd", Kind.storePair, { reads, moved: data.length, ...moves });
  }
  if (first === 0xe97f && second === 0xe97f) return make("sg", Kind.system);
  const op = (second >> 4) & 15;
  if (isLoad && (first & 0x80) !== 0 && op <= 1) {
    const reads = address(base, second & 15);
    const name = op === 0 ? "tbb" : "tbh";
    return make(name, Kind.tableBranch, { reads, flow: "indirect", moved: 1 });
  }
  if ((first & 0x80) === 0) {
    if (!isLoad && data[0] === PC) return make("tt", Kind.system, { writes: [data[1]!] });
    return exclusive("ex", isLoad, base, data[0]!, (second >> 8) & 15);
  }
  const name = EXCLUSIVE[op];
  return name === undefined
    ? nameless(first, second)
    : exclusive(name, isLoad, base, data[0]!, second & 15);
}

function exclusive(
  form: string,
  isLoad: boolean,
  base: number,
  data: number,
  status: number,
): Instruction {
  const prefix = form.startsWith("ex") ? (isLoad ? "ldr" : "str") : isLoad ? "ld" : "st";
  const name = prefix + (form.startsWith("a") && !isLoad ? form.replace("a", "l") : form);
  if (isLoad) return make(name, Kind.atomic, { reads: address(base), writes: [data], moved: 1 });
  const writes = form.includes("ex") ? [status] : [];
  const reads = [...address(base), ...read(Use.stored, data)];
  return make(name, Kind.atomic, { reads, writes, moved: 1 });
}

const SIZES = ["b", "h", ""];

function loadOrStore(first: number, second: number): Instruction {
  const size = SIZES[(first >> 5) & 3];
  const isLoad = (first & 0x10) !== 0;
  const isSigned = (first & 0x100) !== 0;
  const base = first & 15;
  const data = second >> 12;
  if (size === undefined || (isSigned && (size === "" || !isLoad))) return nameless(first, second);
  const hasLongOffset = (first & 0x80) !== 0 || base === PC;
  const hasShortOffset = !hasLongOffset && (second & 0x800) !== 0;
  const hasRegister = !hasLongOffset && !hasShortOffset;
  if (hasRegister && (second & 0x7c0) !== 0) return nameless(first, second);
  const at = address(base, ...(hasRegister ? [second & 15] : []));
  const isUser = hasShortOffset && (second & 0x700) === 0x600;
  const moves = hasShortOffset && (second & 0x100) !== 0 ? { base } : {};
  const suffix = size + (isUser ? "t" : "");
  if (!isLoad) {
    const reads = [...at, ...read(Use.stored, data)];
    const name = `str${suffix}`;
    return make(name, storeKind(name), { reads, moved: 1, ...moves });
  }
  if (data === PC && size !== "") {
    return make(isSigned ? "pli" : size === "h" ? "pldw" : "pld", Kind.nop, { reads: at });
  }
  const name = `ldr${isSigned ? "s" : ""}${suffix}`;
  if (data === PC) {
    // How a single register is popped.
    const flow = base === SP && "base" in moves ? "return" : "indirect";
    return make(name, Kind.load, { reads: at, moved: 1, ...moves, flow });
  }
  return make(name, loadKind(name), { reads: at, writes: [data], moved: 1, ...moves });
}

// ---- branches and the system -----------------------------------------------------------------------

const BARRIERS: Readonly<Record<number, string>> = { 2: "clrex", 4: "dsb", 5: "dmb", 6: "isb" };
const HINTS = ["nop", "yield", "wfe", "wfi", "sev"];

function branchOrSystem(first: number, second: number): Instruction {
  switch (second & 0xd000) {
    case 0x9000:
      return make("b", Kind.branch, { flow: "jump" });
    case 0xd000:
      return make("bl", Kind.branch, { writes: [14], flow: "call" });
    case 0x8000:
      break;
    default:
      return nameless(first, second);
  }
  if ((first & 0x380) !== 0x380) {
    return make("b", Kind.branch, { reads: read(Use.condition, FLAGS), flow: "conditional" });
  }
  switch ((first >> 4) & 0x7f) {
    case 0x38:
    case 0x39:
      return make("msr", Kind.system, { reads: read(Use.operand, first & 15) });
    case 0x3a: {
      const name = HINTS[second & 0xff] ?? "nop";
      return make(name, name === "nop" ? Kind.nop : Kind.system);
    }
    case 0x3b: {
      const name = BARRIERS[(second >> 4) & 15];
      return name === undefined ? nameless(first, second) : make(name, Kind.system);
    }
    case 0x3e:
    case 0x3f:
      return make("mrs", Kind.system, { writes: [(second >> 8) & 15] });
    case 0x7f:
      return make("udf", Kind.system);
    default:
      return nameless(first, second);
  }
}
