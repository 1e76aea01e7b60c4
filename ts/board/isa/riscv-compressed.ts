/** Decodes the compressed encodings of RV32FC (The RISC-V Instruction Set Manual, volume I, chapter 16). */
import { address, instruction, type Parts, read, unknown } from "./build.js";
import { FP_FIRST, type Instruction, Kind, Use } from "./instruction.js";
import { indirect, written } from "./riscv-registers.js";

const SP = 2;
const RA = 1;

const make = (name: string, kind: Kind, parts?: Parts) => instruction(2, name, kind, parts);

/** The registers that three bits can name. */
const short = (half: number, at: number) => 8 + ((half >> at) & 7);
const full = (half: number) => (half >> 7) & 31;
const second = (half: number) => (half >> 2) & 31;

export function decodeCompressed(half: number): Instruction {
  const top = half >> 13;
  const found = [loadsAndStores, constantsAndBranches, onStackAndRegisters][half & 3]!(half, top);
  return found ?? unknown(2, half);
}

function load(name: string, to: number, base: number): Instruction {
  const isFp = to >= FP_FIRST;
  const writes = isFp ? [to] : written(to);
  return make(name, isFp ? Kind.fpLoad : Kind.load, { reads: address(base), writes, moved: 1 });
}

function store(name: string, from: number, base: number): Instruction {
  const isFp = from >= FP_FIRST;
  const data = read(isFp ? Use.fpStored : Use.stored, from);
  return make(name, isFp ? Kind.fpStore : Kind.store, {
    reads: [...address(base), ...data],
    moved: 1,
  });
}

function simple(name: string, to: number, from: readonly number[], kind: Kind = Kind.simple) {
  return make(name, kind, { reads: read(Use.operand, ...from), writes: written(to) });
}

function loadsAndStores(half: number, top: number): Instruction | undefined {
  const base = short(half, 7);
  const data = short(half, 2);
  switch (top) {
    case 0:
      return half === 0 ? undefined : simple("c.addi4spn", data, [SP]);
    case 2:
      return load("c.lw", data, base);
    case 3:
      return load("c.flw", data + FP_FIRST, base);
    case 6:
      return store("c.sw", data, base);
    case 7:
      return store("c.fsw", data + FP_FIRST, base);
    default:
      return undefined;
  }
}

function constantsAndBranches(half: number, top: number): Instruction | undefined {
  const register = full(half);
  switch (top) {
    case 0:
      return half === 1 ? make("c.nop", Kind.nop) : simple("c.addi", register, [register]);
    case 1:
      return make("c.jal", Kind.branch, { writes: [RA], flow: "call" });
    case 2:
      return simple("c.li", register, []);
    case 3:
      return register === SP ? simple("c.addi16sp", SP, [SP]) : simple("c.lui", register, []);
    case 4:
      return arithmetic(half);
    case 5:
      return make("c.j", Kind.branch, { flow: "jump" });
    default:
      return make(top === 6 ? "c.beqz" : "c.bnez", Kind.branch, {
        ...{ reads: read(Use.operand, short(half, 7)), flow: "conditional" },
      });
  }
}

const ARITHMETIC = ["c.sub", "c.xor", "c.or", "c.and"];

function arithmetic(half: number): Instruction | undefined {
  const to = short(half, 7);
  switch ((half >> 10) & 3) {
    case 0:
      return simple("c.srli", to, [to], Kind.shift);
    case 1:
      return simple("c.srai", to, [to], Kind.shift);
    case 2:
      return simple("c.andi", to, [to], Kind.alu);
    default: {
      if (half & 0x1000) return undefined;
      const name = ARITHMETIC[(half >> 5) & 3]!;
      const kind = name === "c.sub" ? Kind.simple : Kind.alu;
      return simple(name, to, [to, short(half, 2)], kind);
    }
  }
}

function onStackAndRegisters(half: number, top: number): Instruction | undefined {
  const register = full(half);
  const other = second(half);
  switch (top) {
    case 0:
      return simple("c.slli", register, [register], Kind.shift);
    case 2:
      return load("c.lwsp", register, SP);
    case 3:
      return load("c.flwsp", register + FP_FIRST, SP);
    case 4:
      return jumpMoveOrAdd(half, register, other);
    case 6:
      return store("c.swsp", other, SP);
    case 7:
      return store("c.fswsp", other + FP_FIRST, SP);
    default:
      return undefined;
  }
}

function jumpMoveOrAdd(half: number, register: number, other: number): Instruction | undefined {
  const isHigh = (half & 0x1000) !== 0;
  if (other !== 0) {
    return isHigh
      ? simple("c.add", register, [register, other])
      : simple("c.mv", register, [other]);
  }
  if (register === 0) return isHigh ? make("c.ebreak", Kind.system) : undefined;
  return isHigh ? indirect("c.jalr", 2, RA, register) : indirect("c.jr", 2, 0, register);
}
