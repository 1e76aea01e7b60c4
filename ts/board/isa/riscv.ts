/**
 * Decodes the 32-bit encodings of RV32IMAF with Zicsr and Zifencei (The RISC-V Instruction Set Manual,
 * volume I, chapter 24). Compressed ones are riscv-compressed.ts's. Knows no core.
 */
import { address, instruction, loadKind, type Parts, read, storeKind, unknown } from "./build.js";
import { FP_FIRST, type Instruction, Kind, Use } from "./instruction.js";
import { decodeCompressed } from "./riscv-compressed.js";
import { indirect, LINKS, written } from "./riscv-registers.js";

const make = (name: string, kind: Kind, parts?: Parts) => instruction(4, name, kind, parts);

/** Bytes of the instruction that begins with this half word. */
export function riscvBytes(half: number): 2 | 4 {
  return (half & 3) === 3 ? 4 : 2;
}

export function decodeRiscv(first: number, second: number): Instruction {
  if (riscvBytes(first) === 2) return decodeCompressed(first);
  const word = ((second << 16) | first) >>> 0;
  return decodeWord(word) ?? unknown(4, word);
}

const rd = (word: number) => (word >>> 7) & 31;
const rs1 = (word: number) => (word >>> 15) & 31;
const rs2 = (word: number) => (word >>> 20) & 31;
const rs3 = (word: number) => word >>> 27;
const funct3 = (word: number) => (word >>> 12) & 7;
const funct7 = (word: number) => word >>> 25;
const fp = (register: number) => register + FP_FIRST;

function decodeWord(word: number): Instruction | undefined {
  switch (word & 0x7f) {
    case 0x37:
      return make("lui", Kind.simple, { writes: written(rd(word)) });
    case 0x17:
      return make("auipc", Kind.simple, { writes: written(rd(word)) });
    case 0x6f: {
      const isCall = LINKS.includes(rd(word));
      return make("jal", Kind.branch, {
        ...{ writes: written(rd(word)), flow: isCall ? "call" : "jump" },
      });
    }
    case 0x67:
      return indirect("jalr", 4, rd(word), rs1(word));
    case 0x63:
      return branch(word);
    case 0x03:
      return load(word);
    case 0x23:
      return store(word);
    case 0x13:
      return withConstant(word);
    case 0x33:
      return withRegister(word);
    case 0x0f:
      return make(funct3(word) === 0 ? "fence" : "fence.i", Kind.system);
    case 0x73:
      return system(word);
    case 0x2f:
      return atomic(word);
    case 0x07:
      return make("flw", Kind.fpLoad, {
        ...{ reads: address(rs1(word)), writes: [fp(rd(word))], moved: 1 },
      });
    case 0x27:
      return make("fsw", Kind.fpStore, {
        reads: [...address(rs1(word)), ...read(Use.fpStored, fp(rs2(word)))],
        moved: 1,
      });
    case 0x43:
    case 0x47:
    case 0x4b:
    case 0x4f:
      return fused(word);
    case 0x53:
      return floating(word);
    default:
      return undefined;
  }
}

const BRANCHES = ["beq", "bne", undefined, undefined, "blt", "bge", "bltu", "bgeu"];

function branch(word: number): Instruction | undefined {
  const name = BRANCHES[funct3(word)];
  if (name === undefined) return undefined;
  const reads = read(Use.operand, rs1(word), rs2(word));
  return make(name, Kind.branch, { reads, flow: "conditional" });
}

const LOADS = ["lb", "lh", "lw", undefined, "lbu", "lhu"];
const STORES = ["sb", "sh", "sw"];

function load(word: number): Instruction | undefined {
  const name = LOADS[funct3(word)];
  if (name === undefined) return undefined;
  const writes = written(rd(word));
  return make(name, loadKind(name), { reads: address(rs1(word)), writes, moved: 1 });
}

function store(word: number): Instruction | undefined {
  const name = STORES[funct3(word)];
  if (name === undefined) return undefined;
  const reads = [...address(rs1(word)), ...read(Use.stored, rs2(word))];
  return make(name, storeKind(name), { reads, moved: 1 });
}

const CONSTANTS = ["addi", "slli", "slti", "sltiu", "xori", "srli", "ori", "andi"];

function withConstant(word: number): Instruction {
  const parts = { reads: read(Use.operand, rs1(word)), writes: written(rd(word)) };
  const name = CONSTANTS[funct3(word)]!;
  if (name === "srli" && word & 0x40000000) return make("srai", Kind.shift, parts);
  if (name === "slli" || name === "srli") return make(name, Kind.shift, parts);
  return make(name, name === "addi" ? Kind.simple : Kind.alu, parts);
}

const REGISTERS = ["add", "sll", "slt", "sltu", "xor", "srl", "or", "and"];
const MULTIPLIES = ["mul", "mulh", "mulhsu", "mulhu", "div", "divu", "rem", "remu"];
const FIRST_DIVISION = 4;

function withRegister(word: number): Instruction | undefined {
  const writes = written(rd(word));
  const reads = read(Use.operand, rs1(word), rs2(word));
  const index = funct3(word);
  switch (funct7(word)) {
    case 1: {
      const name = MULTIPLIES[index]!;
      if (index >= FIRST_DIVISION) return make(name, Kind.divide, { reads, writes });
      const factors = read(Use.multiplicand, rs1(word), rs2(word));
      return make(name, Kind.multiply, { reads: factors, writes });
    }
    case 0x20:
      if (index === 0) return make("sub", Kind.simple, { reads, writes });
      return index === 5 ? make("sra", Kind.shift, { reads, writes }) : undefined;
    case 0: {
      const name = REGISTERS[index]!;
      const kind = index === 0 ? Kind.simple : index === 1 || index === 5 ? Kind.shift : Kind.alu;
      return make(name, kind, { reads, writes });
    }
    default:
      return undefined;
  }
}

const CSRS = [undefined, "csrrw", "csrrs", "csrrc", undefined, "csrrwi", "csrrsi", "csrrci"];
const ENVIRONMENT: Readonly<Record<number, string>> = {
  ...{ 0: "ecall", 1: "ebreak", 258: "sret", 770: "mret", 261: "wfi" },
};

function system(word: number): Instruction | undefined {
  if (funct3(word) === 0) {
    const name = ENVIRONMENT[word >>> 20];
    return name === undefined ? undefined : make(name, Kind.system);
  }
  const name = CSRS[funct3(word)];
  return name === undefined ? undefined : make(name, Kind.system, { writes: written(rd(word)) });
}

const ATOMICS: Readonly<Record<number, string>> = {
  ...{ 2: "lr.w", 3: "sc.w", 1: "amoswap.w", 0: "amoadd.w", 4: "amoxor.w", 12: "amoand.w" },
  ...{ 8: "amoor.w", 16: "amomin.w", 20: "amomax.w", 24: "amominu.w", 28: "amomaxu.w" },
};

function atomic(word: number): Instruction | undefined {
  const name = ATOMICS[rs3(word)];
  if (name === undefined || funct3(word) !== 2) return undefined;
  const reads = [...address(rs1(word)), ...read(Use.stored, rs2(word))];
  return make(name, Kind.atomic, { reads, writes: written(rd(word)), moved: 1 });
}

const FUSED = ["fmadd.s", "fmsub.s", "fnmsub.s", "fnmadd.s"];

function fused(word: number): Instruction {
  const factors = read(Use.fpMultiplicand, fp(rs1(word)), fp(rs2(word)));
  const reads = [...factors, ...read(Use.fpFusedAccumulator, fp(rs3(word)))];
  const name = FUSED[(word >>> 2) & 3]!;
  return make(name, Kind.fpFused, { reads, writes: [fp(rd(word))] });
}

const SIGNS = ["fsgnj.s", "fsgnjn.s", "fsgnjx.s"];
const COMPARES = ["fle.s", "flt.s", "feq.s"];

function floating(word: number): Instruction | undefined {
  const to = fp(rd(word));
  const both = read(Use.fpOperand, fp(rs1(word)), fp(rs2(word)));
  const one = read(Use.fpOperand, fp(rs1(word)));
  const variant = rs2(word);
  switch (funct7(word)) {
    case 0x00:
      return make("fadd.s", Kind.fpAdd, { reads: both, writes: [to] });
    case 0x04:
      return make("fsub.s", Kind.fpAdd, { reads: both, writes: [to] });
    case 0x08: {
      const factors = read(Use.fpFactor, fp(rs1(word)), fp(rs2(word)));
      return make("fmul.s", Kind.fpMultiply, { reads: factors, writes: [to] });
    }
    case 0x0c:
      return make("fdiv.s", Kind.fpDivide, { reads: both, writes: [to] });
    case 0x2c:
      return make("fsqrt.s", Kind.fpRoot, { reads: one, writes: [to] });
    case 0x10: {
      const name = SIGNS[funct3(word)];
      const reads = read(Use.fpMoved, fp(rs1(word)), fp(rs2(word)));
      return name === undefined ? undefined : make(name, Kind.fpMove, { reads, writes: [to] });
    }
    case 0x14: {
      const name = funct3(word) === 0 ? "fmin.s" : "fmax.s";
      return make(name, Kind.fpAdd, { reads: both, writes: [to] });
    }
    case 0x50: {
      const name = COMPARES[funct3(word)];
      const reads = read(Use.fpToCore, fp(rs1(word)), fp(rs2(word)));
      const writes = written(rd(word));
      return name === undefined ? undefined : make(name, Kind.fpCompare, { reads, writes });
    }
    case 0x60:
    case 0x70: {
      const isConversion = funct7(word) === 0x60;
      const unsigned = variant === 0 ? "fcvt.w.s" : "fcvt.wu.s";
      const moved = funct3(word) === 0 ? "fmv.x.w" : "fclass.s";
      const reads = read(Use.fpToCore, fp(rs1(word)));
      return make(isConversion ? unsigned : moved, Kind.fpToCore, {
        ...{ reads, writes: written(rd(word)) },
      });
    }
    case 0x68:
    case 0x78: {
      const conversion = variant === 0 ? "fcvt.s.w" : "fcvt.s.wu";
      const name = funct7(word) === 0x68 ? conversion : "fmv.w.x";
      const reads = read(Use.coreToFp, rs1(word));
      return make(name, Kind.coreToFp, { reads, writes: [to] });
    }
    default:
      return undefined;
  }
}
