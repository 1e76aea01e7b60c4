/**
 * A Cortex-M0+ that executes one instruction after the other (ARMv6-M, Arm DDI 0419): registers, flags, all instructions
 * that a compiler makes, and SysTick's exception. Memory is whoever gives it. Knows no chip. Whatever is not
 * architecture, or not aligned, is thrown.
 */

import { Alu } from "./alu.js";

export interface Memory {
  /** `size` in bytes: 1, 2 or 4. */
  read(address: number, size: number): number;
  write(address: number, size: number, value: number): void;
}

const SP = 13;
const LR = 14;
const PC = 15;
const CALLEE_FRAME = [0, 1, 2, 3, 12, LR] as const;
const EXCEPTION_RETURN = 0xffff_fff9;

export class Thumb {
  readonly registers = new Int32Array(16);
  instructions = 0;
  /** Of an exception that came up and is not taken yet; 0: none. */
  pending = 0;
  vectors = 0;
  readonly alu = new Alu();
  masked = false;
  /** Number of the exception that is handled. */
  active = 0;

  constructor(private readonly memory: Memory) {}

  get pc(): number {
    return this.registers[PC]! >>> 0;
  }

  set pc(address: number) {
    this.registers[PC] = address;
  }

  /** Where a branch with exchange leads: bit 0 says that it is Thumb code. */
  jump(address: number): void {
    if (address >>> 0 === EXCEPTION_RETURN) {
      this.#leaveException();
      return;
    }
    if ((address & 1) === 0) throw new Error(`a jump to Arm code at ${hex(address)}`);
    this.pc = address & ~1;
  }

  step(): void {
    if (this.pending !== 0 && !this.masked && this.active === 0) this.#enterException();
    const at = this.pc;
    const code = this.memory.read(at, 2);
    this.registers[PC] = at + 2;
    this.instructions++;
    this.#execute(code, at);
  }

  // ---- exceptions (Arm DDI 0419, B1.5.6 and B1.5.8) ----------------------------------------------------

  #enterException(): void {
    const number = this.pending;
    this.pending = 0;
    const isOff = (this.registers[SP]! & 4) !== 0;
    const frame = (this.registers[SP]! - 32) & ~4;
    CALLEE_FRAME.forEach((register, i) => {
      this.memory.write(frame + 4 * i, 4, this.registers[register]! >>> 0);
    });
    this.memory.write(frame + 24, 4, this.pc);
    this.memory.write(frame + 28, 4, ((this.alu.flags << 28) | (isOff ? 1 << 9 : 0)) >>> 0);
    this.registers[SP] = frame;
    this.registers[LR] = EXCEPTION_RETURN | 0;
    this.active = number;
    this.jump(this.memory.read(this.vectors + 4 * number, 4));
  }

  #leaveException(): void {
    const frame = this.registers[SP]!;
    CALLEE_FRAME.forEach((register, i) => {
      this.registers[register] = this.memory.read(frame + 4 * i, 4);
    });
    this.pc = this.memory.read(frame + 24, 4);
    const status = this.memory.read(frame + 28, 4);
    this.registers[SP] = frame + 32 + (status & (1 << 9) ? 4 : 0);
    this.alu.flags = status >>> 28;
    this.active = 0;
  }

  // ---- memory ------------------------------------------------------------------------------------------

  #load(address: number, size: number): number {
    if ((address & (size - 1)) !== 0) throw new Error(`a load of ${size} at ${hex(address)}`);
    return this.memory.read(address >>> 0, size) | 0;
  }

  #store(address: number, size: number, value: number): void {
    if ((address & (size - 1)) !== 0) throw new Error(`a store of ${size} at ${hex(address)}`);
    this.memory.write(
      address >>> 0,
      size,
      size === 4 ? value >>> 0 : value & (2 ** (8 * size) - 1),
    );
  }

  // ---- decoding (Arm DDI 0419, A5.2 and A5.3) ----------------------------------------------------------

  #execute(code: number, at: number): void {
    const r = this.registers;
    const [low, middle, third] = [code & 7, (code >> 3) & 7, (code >> 6) & 7];
    const immediate5 = (code >> 6) & 31;
    const immediate8 = code & 0xff;
    const high = (code >> 8) & 7;
    switch (code >> 11) {
      case 0:
        r[low] = this.alu.shift(0, r[middle]!, immediate5);
        return;
      case 1:
      case 2:
        r[low] = this.alu.shift(code >> 11, r[middle]!, immediate5 || 32);
        return;
      case 3: {
        const operand = code & 0x400 ? third : r[third]!;
        r[low] =
          code & 0x200
            ? this.alu.subtract(r[middle]!, operand)
            : this.alu.add(r[middle]!, operand, 0);
        return;
      }
      case 4:
        r[high] = this.alu.result(immediate8);
        return;
      case 5:
        this.alu.subtract(r[high]!, immediate8);
        return;
      case 6:
        r[high] = this.alu.add(r[high]!, immediate8, 0);
        return;
      case 7:
        r[high] = this.alu.subtract(r[high]!, immediate8);
        return;
      case 8:
        if (code & 0x400) this.#special(code, at);
        else this.#process((code >> 6) & 15, low, middle);
        return;
      case 9:
        r[high] = this.#load(((at + 4) & ~3) + 4 * immediate8, 4);
        return;
      case 10:
      case 11:
        this.#byRegister((code >> 9) & 7, low, r[middle]! + r[third]!);
        return;
      case 12:
        this.#store(r[middle]! + 4 * immediate5, 4, r[low]!);
        return;
      case 13:
        r[low] = this.#load(r[middle]! + 4 * immediate5, 4);
        return;
      case 14:
        this.#store(r[middle]! + immediate5, 1, r[low]!);
        return;
      case 15:
        r[low] = this.#load(r[middle]! + immediate5, 1);
        return;
      case 16:
        this.#store(r[middle]! + 2 * immediate5, 2, r[low]!);
        return;
      case 17:
        r[low] = this.#load(r[middle]! + 2 * immediate5, 2);
        return;
      case 18:
        this.#store(r[SP]! + 4 * immediate8, 4, r[high]!);
        return;
      case 19:
        r[high] = this.#load(r[SP]! + 4 * immediate8, 4);
        return;
      case 20:
        r[high] = ((at + 4) & ~3) + 4 * immediate8;
        return;
      case 21:
        r[high] = r[SP]! + 4 * immediate8;
        return;
      case 22:
      case 23:
        this.#miscellaneous(code);
        return;
      case 24:
      case 25:
        this.#multiple(code, high);
        return;
      case 26:
      case 27: {
        const condition = (code >> 8) & 15;
        if (condition >= 14) throw new Error(`UDF or SVC at ${hex(at)}`);
        if (this.alu.holds(condition)) r[PC] = at + 4 + ((code << 24) >> 23);
        return;
      }
      case 28:
        r[PC] = at + 4 + ((code << 21) >> 20);
        return;
      default:
        this.#wide(code, at);
    }
  }

  #process(operation: number, low: number, middle: number): void {
    const r = this.registers;
    const [a, b] = [r[low]!, r[middle]!];
    switch (operation) {
      case 0:
        r[low] = this.alu.result(a & b);
        return;
      case 1:
        r[low] = this.alu.result(a ^ b);
        return;
      case 2:
      case 3:
      case 4:
      case 7:
        r[low] = this.alu.shift(operation === 7 ? 3 : operation - 2, a, b & 0xff);
        return;
      case 5:
        r[low] = this.alu.add(a, b, this.alu.c ? 1 : 0);
        return;
      case 6:
        r[low] = this.alu.add(a, ~b, this.alu.c ? 1 : 0);
        return;
      case 8:
        this.alu.result(a & b);
        return;
      case 9:
        r[low] = this.alu.subtract(0, b);
        return;
      case 10:
        this.alu.subtract(a, b);
        return;
      case 11:
        this.alu.add(a, b, 0);
        return;
      case 12:
        r[low] = this.alu.result(a | b);
        return;
      case 13:
        r[low] = this.alu.result(Math.imul(a, b));
        return;
      case 14:
        r[low] = this.alu.result(a & ~b);
        return;
      default:
        r[low] = this.alu.result(~b);
    }
  }

  /** Of all registers: ADD, CMP, MOV, and BX and BLX. */
  #special(code: number, at: number): void {
    const r = this.registers;
    const to = (code & 7) | ((code >> 4) & 8);
    const from = (code >> 3) & 15;
    const value = from === PC ? at + 4 : r[from]!;
    const own = to === PC ? at + 4 : r[to]!;
    switch ((code >> 8) & 3) {
      case 0:
        r[to] = to === PC ? (own + value) & ~1 : own + value;
        return;
      case 1:
        this.alu.subtract(own, value);
        return;
      case 2:
        r[to] = to === PC ? value & ~1 : value;
        return;
      default:
        if (code & 0x80) r[LR] = (at + 2) | 1;
        this.jump(value);
    }
  }

  #byRegister(operation: number, low: number, address: number): void {
    const r = this.registers;
    switch (operation) {
      case 0:
        this.#store(address, 4, r[low]!);
        return;
      case 1:
        this.#store(address, 2, r[low]!);
        return;
      case 2:
        this.#store(address, 1, r[low]!);
        return;
      case 3:
        r[low] = (this.#load(address, 1) << 24) >> 24;
        return;
      case 7:
        r[low] = (this.#load(address, 2) << 16) >> 16;
        return;
      default:
        r[low] = this.#load(address, [4, 2, 1][operation - 4]!);
    }
  }

  #miscellaneous(code: number): void {
    const r = this.registers;
    const [low, from] = [code & 7, r[(code >> 3) & 7]!];
    if ((code & 0xff00) === 0xb000) {
      r[SP] = r[SP]! + (code & 0x80 ? -4 : 4) * (code & 0x7f);
    } else if ((code & 0xff00) === 0xb200) {
      const type = (code >> 6) & 3;
      const shift = type & 1 ? 24 : 16;
      r[low] = type < 2 ? (from << shift) >> shift : (from << shift) >>> shift;
    } else if ((code & 0xfe00) === 0xb400) {
      this.#push((code & 0xff) | (code & 0x100 ? 1 << LR : 0));
    } else if ((code & 0xfe00) === 0xbc00) {
      this.#pop((code & 0xff) | (code & 0x100 ? 1 << PC : 0));
    } else if ((code & 0xffc0) === 0xba00) {
      r[low] = (from << 24) | ((from & 0xff00) << 8) | ((from >>> 8) & 0xff00) | (from >>> 24);
    } else if ((code & 0xffc0) === 0xba40) {
      r[low] = ((from & 0x00ff_00ff) << 8) | ((from >>> 8) & 0x00ff_00ff);
    } else if ((code & 0xffef) === 0xb662) {
      this.masked = (code & 0x10) !== 0;
    } else if ((code & 0xff0f) !== 0xbf00) {
      throw new Error(`no instruction of ARMv6-M: ${hex(code)}`);
    }
  }

  #push(list: number): void {
    const count = bits(list);
    let address = this.registers[SP]! - 4 * count;
    this.registers[SP] = address;
    for (let i = 0; i < 16; i++) {
      if ((list >> i) & 1) {
        this.#store(address, 4, this.registers[i]!);
        address += 4;
      }
    }
  }

  #pop(list: number): void {
    let address = this.registers[SP]!;
    this.registers[SP] = address + 4 * bits(list);
    for (let i = 0; i < 16; i++) {
      if ((list >> i) & 1) {
        const value = this.#load(address, 4);
        if (i === PC) this.jump(value);
        else this.registers[i] = value;
        address += 4;
      }
    }
  }

  #multiple(code: number, base: number): void {
    const list = code & 0xff;
    const isLoad = (code & 0x800) !== 0;
    let address = this.registers[base]!;
    for (let i = 0; i < 8; i++) {
      if ((list >> i) & 1) {
        if (isLoad) this.registers[i] = this.#load(address, 4);
        else this.#store(address, 4, this.registers[i]!);
        address += 4;
      }
    }
    if (!isLoad || ((list >> base) & 1) === 0) this.registers[base] = address;
  }

  /** BL, MSR, MRS and the barriers. */
  #wide(code: number, at: number): void {
    const second = this.memory.read(at + 2, 2);
    const r = this.registers;
    r[PC] = at + 4;
    if ((code & 0xf800) === 0xf000 && (second & 0xd000) === 0xd000) {
      const sign = (code >> 10) & 1;
      const i1 = ~((second >> 13) ^ sign) & 1;
      const i2 = ~((second >> 11) ^ sign) & 1;
      const high = (i1 << 23) | (i2 << 22) | ((code & 0x3ff) << 12) | ((second & 0x7ff) << 1);
      r[LR] = (at + 4) | 1;
      r[PC] = at + 4 + (high - (sign << 24));
    } else if ((code & 0xfff0) === 0xf380 && (second & 0xff00) === 0x8800) {
      const from = r[code & 15]!;
      if ((second & 0xff) === 8) r[SP] = from & ~3;
      else if ((second & 0xff) === 16) this.masked = (from & 1) !== 0;
    } else if (code === 0xf3ef && (second & 0xf000) === 0x8000) {
      r[(second >> 8) & 15] = (second & 0xff) === 8 ? r[SP]! : this.active;
    } else if (code !== 0xf3bf) {
      throw new Error(`no instruction of ARMv6-M: ${hex(code)} ${hex(second)}`);
    }
  }
}

function bits(list: number): number {
  let count = 0;
  for (let rest = list; rest !== 0; rest &= rest - 1) count++;
  return count;
}

function hex(value: number): string {
  return `0x${(value >>> 0).toString(16)}`;
}
