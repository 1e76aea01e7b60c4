/** Decodes the 16-bit encodings of Thumb (ARM DDI 0403, A5.2). Knows no core. */
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
import { FLAGS, type Instruction, Kind, Use } from "./instruction.js";

const SP = 13;
const LR = 14;
const PC = 15;

const low = (half: number, at: number) => (half >> at) & 7;
const make = (name: string, kind: Kind, parts?: Parts) => instruction(2, name, kind, parts);

type Decode = (half: number) => Instruction;

/** By the five highest bits. */
const BY_TOP: readonly Decode[] = [
  (half) => ((half >> 6) & 31 ? shiftBy("lsl", half) : move(low(half, 0), low(half, 3))),
  (half) => shiftBy("lsr", half),
  (half) => shiftBy("asr", half),
  addOrSubtract,
  (half) => make("mov", Kind.simple, { writes: [low(half, 8), FLAGS] }),
  (half) => compare("cmp", [low(half, 8)]),
  (half) => withByte("add", half),
  (half) => withByte("sub", half),
  (half) => (half & 0x400 ? highRegisters(half) : dataProcessing(half)),
  (half) => load("ldr", low(half, 8), [PC]),
  registerOffset,
  registerOffset,
  (half) => store("str", low(half, 0), [low(half, 3)]),
  (half) => load("ldr", low(half, 0), [low(half, 3)]),
  (half) => store("strb", low(half, 0), [low(half, 3)]),
  (half) => load("ldrb", low(half, 0), [low(half, 3)]),
  (half) => store("strh", low(half, 0), [low(half, 3)]),
  (half) => load("ldrh", low(half, 0), [low(half, 3)]),
  (half) => store("str", low(half, 8), [SP]),
  (half) => load("ldr", low(half, 8), [SP]),
  (half) => make("add", Kind.simple, { reads: read(Use.operand, PC), writes: [low(half, 8)] }),
  (half) => make("add", Kind.simple, { reads: read(Use.operand, SP), writes: [low(half, 8)] }),
  miscellaneous,
  miscellaneous,
  (half) => multiple("stmia", half),
  (half) => multiple("ldmia", half),
  conditional,
  conditional,
  () => make("b", Kind.branch, { flow: "jump" }),
];

/** @param half the encoding; its five highest bits are below 29 */
export function decodeThumb16(half: number): Instruction {
  return BY_TOP[half >> 11]!(half);
}

function move(to: number, from: number): Instruction {
  return make("mov", Kind.simple, { reads: read(Use.operand, from), writes: [to, FLAGS] });
}

function shiftBy(name: string, half: number): Instruction {
  const reads = read(Use.operand, low(half, 3));
  return make(name, Kind.shift, { reads, writes: [low(half, 0), FLAGS] });
}

function addOrSubtract(half: number): Instruction {
  const second = half & 0x400 ? [] : [low(half, 6)];
  return make(half & 0x200 ? "sub" : "add", Kind.simple, {
    reads: read(Use.operand, low(half, 3), ...second),
    writes: [low(half, 0), FLAGS],
  });
}

function withByte(name: string, half: number): Instruction {
  const register = low(half, 8);
  return make(name, Kind.simple, {
    reads: read(Use.operand, register),
    writes: [register, FLAGS],
  });
}

function compare(name: string, registers: number[]): Instruction {
  return make(name, Kind.alu, { reads: read(Use.operand, ...registers), writes: [FLAGS] });
}

const DATA_PROCESSING = [
  ...["and", "eor", "lsl", "lsr", "asr", "adc", "sbc", "ror"],
  ...["tst", "rsb", "cmp", "cmn", "orr", "mul", "bic", "mvn"],
];

function dataProcessing(half: number): Instruction {
  const name = DATA_PROCESSING[(half >> 6) & 15]!;
  const to = low(half, 0);
  const from = low(half, 3);
  const writes = [to, FLAGS];
  switch (name) {
    case "tst":
    case "cmp":
    case "cmn":
      return compare(name, [to, from]);
    case "lsl":
    case "lsr":
    case "asr":
    case "ror":
      return make(name, Kind.shift, { reads: read(Use.operand, to, from), writes });
    case "rsb":
    case "mvn":
      return make(name, Kind.alu, { reads: read(Use.operand, from), writes });
    case "mul":
      return make(name, Kind.multiply, { reads: read(Use.multiplicand, to, from), writes });
    default: {
      const carry = name === "adc" || name === "sbc" ? read(Use.condition, FLAGS) : [];
      return make(name, Kind.alu, { reads: [...read(Use.operand, to, from), ...carry], writes });
    }
  }
}

function highRegisters(half: number): Instruction {
  const to = low(half, 0) | ((half >> 4) & 8);
  const from = (half >> 3) & 15;
  switch ((half >> 8) & 3) {
    case 0:
      return intoHigh("add", to, read(Use.operand, to, from));
    case 1:
      return compare("cmp", [to, from]);
    case 2:
      return intoHigh("mov", to, read(Use.operand, from));
    default: {
      const reads = read(Use.address, from);
      if (half & 0x80) {
        return make("blx", Kind.branch, { reads, writes: [LR], flow: "indirectCall" });
      }
      return make("bx", Kind.branch, { reads, flow: from === LR ? "return" : "indirect" });
    }
  }
}

function intoHigh(name: string, to: number, reads: Instruction["reads"]): Instruction {
  return to === PC
    ? make(name, Kind.branch, { reads, flow: "indirect" })
    : make(name, Kind.simple, { reads, writes: [to] });
}

function load(name: string, to: number, from: number[]): Instruction {
  return make(name, loadKind(name), { reads: address(...from), writes: [to], moved: 1 });
}

function store(name: string, from: number, to: number[]): Instruction {
  return make(name, storeKind(name), {
    reads: [...address(...to), ...read(Use.stored, from)],
    moved: 1,
  });
}

const REGISTER_OFFSET = ["str", "strh", "strb", "ldrsb", "ldr", "ldrh", "ldrb", "ldrsh"];

function registerOffset(half: number): Instruction {
  const name = REGISTER_OFFSET[low(half, 9)]!;
  const at = [low(half, 3), low(half, 6)];
  return name.startsWith("ld") ? load(name, low(half, 0), at) : store(name, low(half, 0), at);
}

function multiple(name: string, half: number): Instruction {
  const base = low(half, 8);
  const list = bits(half & 0xff);
  if (name === "stmia") {
    const reads = [...address(base), ...read(Use.stored, ...list)];
    return make(name, Kind.storeMultiple, { reads, base, moved: list.length });
  }
  const parts = { reads: address(base), writes: list, moved: list.length };
  return make(name, Kind.loadMultiple, list.includes(base) ? parts : { ...parts, base });
}

function conditional(half: number): Instruction {
  const condition = (half >> 8) & 15;
  if (condition === 14) return make("udf", Kind.system);
  if (condition === 15) return make("svc", Kind.system);
  return make("b", Kind.branch, { reads: read(Use.condition, FLAGS), flow: "conditional" });
}

const EXTENDS = ["sxth", "sxtb", "uxth", "uxtb"];
const REVERSES = ["rev", "rev16", undefined, "revsh"];
const HINTS = ["nop", "yield", "wfe", "wfi", "sev"];

function miscellaneous(half: number): Instruction {
  const parts = { reads: read(Use.operand, low(half, 3)), writes: [low(half, 0)] };
  switch ((half >> 8) & 15) {
    case 0: {
      const sp = { reads: read(Use.operand, SP), writes: [SP] };
      return make(half & 0x80 ? "sub" : "add", Kind.simple, sp);
    }
    case 1:
    case 3:
    case 9:
    case 11: {
      const reads = read(Use.operand, low(half, 0));
      return make(half & 0x800 ? "cbnz" : "cbz", Kind.branch, { reads, flow: "conditional" });
    }
    case 2:
      return make(EXTENDS[(half >> 6) & 3]!, Kind.simd, parts);
    case 4:
    case 5: {
      const list = [...bits(half & 0xff), ...(half & 0x100 ? [LR] : [])];
      const reads = [...address(SP), ...read(Use.stored, ...list)];
      return make("push", Kind.storeMultiple, { reads, base: SP, moved: list.length });
    }
    case 6:
      return make("cps", Kind.system);
    case 10: {
      const name = REVERSES[(half >> 6) & 3];
      const reads = read(Use.shifted, low(half, 3));
      return name === undefined
        ? unknown(2, half)
        : make(name, Kind.reverse, { reads, writes: parts.writes });
    }
    case 12:
    case 13: {
      const list = [...bits(half & 0xff), ...(half & 0x100 ? [PC] : [])];
      const flow = half & 0x100 ? "return" : "next";
      const loaded = { reads: address(SP), writes: list.filter((r) => r !== PC) };
      return make("pop", Kind.loadMultiple, { ...loaded, base: SP, moved: list.length, flow });
    }
    case 14:
      return make("bkpt", Kind.system);
    case 15:
      return half & 15 ? make("it", Kind.it) : hint(half);
    default:
      return unknown(2, half);
  }
}

function hint(half: number): Instruction {
  const name = HINTS[(half >> 4) & 15] ?? "nop";
  return make(name, name === "nop" ? Kind.nop : Kind.system);
}

/** Instructions that an `it` makes conditional; 0 for any other. */
export function itLength(half: number): number {
  if ((half & 0xff00) !== 0xbf00) return 0;
  const mask = half & 15;
  if (mask === 0) return 0;
  return mask & 1 ? 4 : mask & 2 ? 3 : mask & 4 ? 2 : 1;
}
