/**
 * As much of a Raspberry Pi Pico as a runner touches: RAM, flash behind a modelled SSI, and of the other blocks of the
 * RP2040 (Datasheet, 2.14 to 2.18 and 4.2) only what is asked and answered: a block that is let out of reset is done, an
 * oscillator and a PLL that are on are stable, a clock is the one that was chosen, the UART is never full. Anything else
 * is thrown. One instruction is one cycle of SysTick, so that no time is right.
 */
import { FlashInterface } from "./flash-interface.js";
import { type Memory, Thumb } from "./thumb.js";

const FLASH = 0x1000_0000;
const SSI = 0x1800_0000;
const RAM = 0x2000_0000;
const RAM_BYTES = 264 * 1024;
const SECOND_STAGE_AT = 0x2004_1f00;
const SECOND_STAGE_BYTES = 256;

const CLOCKS = 0x4000_8000;
const RESETS = 0x4000_c000;
const IO_BANK0 = 0x4001_4000;
const PADS_BANK0 = 0x4001_c000;
const PADS_QSPI = 0x4002_0000;
const XOSC = 0x4002_4000;
const PLL_SYS = 0x4002_8000;
const UART0 = 0x4003_4000;
const BLOCKS = [CLOCKS, RESETS, IO_BANK0, PADS_BANK0, PADS_QSPI, XOSC, PLL_SYS, UART0];
const BLOCK_MASK = 0xffff_c000;

const SYSTICK_CONTROL = 0xe000_e010;
const SYSTICK_RELOAD = 0xe000_e014;
const SYSTICK_VALUE = 0xe000_e018;
const VECTORS = 0xe000_ed08;
const SYSTICK_EXCEPTION = 15;
const SYSTICK_MOST = 0xff_ffff;

export class Pico implements Memory {
  readonly ssi: FlashInterface;
  readonly cpu = new Thumb(this);
  readonly ram = new Uint8Array(RAM_BYTES);
  /** What the console said. */
  said = "";
  readonly input: number[] = [];
  readonly registers = new Map<number, number>([
    [RESETS, 0x01ff_ffff],
    [PLL_SYS + 4, 0x2d],
    [PADS_QSPI + 0x08, 0x52],
    [PADS_QSPI + 0x0c, 0x52],
    [PADS_QSPI + 0x10, 0x52],
    [PADS_QSPI + 0x14, 0x52],
  ]);
  #flash: Uint8Array;
  #systick = { control: 0, since: 0 };
  /** Whether memory is served; asked again when the SSI changed. */
  #isServed = false;

  /** @param hasFourLines whether the flash's QE is set */
  constructor(flash: Uint8Array, hasFourLines = true) {
    this.#flash = flash;
    this.ssi = new FlashInterface(hasFourLines);
  }

  /** What the boot ROM does with a second stage whose checksum is right (RP2040 Datasheet, 2.8.1.3). */
  boot(): void {
    this.ram.set(this.#flash.subarray(0, SECOND_STAGE_BYTES), SECOND_STAGE_AT - RAM);
    this.cpu.registers[13] = SECOND_STAGE_AT;
    this.cpu.registers[14] = 0;
    this.cpu.jump(SECOND_STAGE_AT | 1);
  }

  /** @throws when `isThere` does not hold within so many instructions */
  runUntil(isThere: () => boolean, most: number): void {
    const end = this.cpu.instructions + most;
    while (!isThere()) {
      if (this.cpu.instructions > end) throw new Error(`${most} instructions, and: ${this.said}`);
      for (let i = 0; i < 16 && !isThere(); i++) this.cpu.step();
      if (this.#systick.control !== 0) this.#tick();
    }
  }

  /** SysTick's round ends: it counts down from the reload value. */
  #tick(): void {
    const { instructions } = this.cpu;
    if (instructions - this.#systick.since <= SYSTICK_MOST) return;
    this.#systick.since += SYSTICK_MOST + 1;
    this.cpu.pending = SYSTICK_EXCEPTION;
  }

  read(address: number, size: number): number {
    if (address >= RAM && address + size <= RAM + RAM_BYTES)
      return word(this.ram, address - RAM, size);
    if (address >= FLASH && address < SSI) {
      if (!this.#isServed) {
        this.ssi.memoryMode();
        this.#isServed = true;
      }
      const at = address - FLASH;
      return at + size <= this.#flash.length ? word(this.#flash, at, size) : 2 ** (8 * size) - 1;
    }
    if (size !== 4) throw new Error(`a register is read by ${size} bytes: ${hex(address)}`);
    if (address >= SSI && address < RAM) return this.ssi.read(address - SSI);
    if (address === SYSTICK_VALUE) {
      return SYSTICK_MOST - ((this.cpu.instructions - this.#systick.since) & SYSTICK_MOST);
    }
    if (address >>> 28 === 4) return this.#readBlock(address);
    throw new Error(`nothing is read at ${hex(address)}`);
  }

  write(address: number, size: number, value: number): void {
    if (address >= RAM && address + size <= RAM + RAM_BYTES) {
      for (let i = 0; i < size; i++) this.ram[address - RAM + i] = value >>> (8 * i);
      return;
    }
    if (size !== 4) throw new Error(`a register is written by ${size} bytes: ${hex(address)}`);
    if (address >= SSI && address < RAM) {
      this.#isServed = false;
      this.ssi.write(address - SSI, value);
    } else if (address === VECTORS) {
      this.cpu.vectors = value;
    } else if (address === SYSTICK_CONTROL) {
      this.#systick = { control: value, since: this.cpu.instructions };
    } else if (address !== SYSTICK_RELOAD && address !== SYSTICK_VALUE) {
      this.#writeBlock(address, value);
    }
  }

  /** A block is read by its plain address; written there, or at an alias that sets or clears bits (2.1.2). */
  #plain(address: number): number {
    const block = (address & BLOCK_MASK) >>> 0;
    if (!BLOCKS.includes(block)) throw new Error(`no block at ${hex(address)} is in this model`);
    return block + (address & 0xfff);
  }

  #readBlock(address: number): number {
    const plain = this.#plain(address);
    const at = (register: number) => this.registers.get(register) ?? 0;
    switch (plain) {
      case RESETS + 8:
        return ~at(RESETS) >>> 0;
      case XOSC + 4:
        return at(XOSC) === 0x00fa_baa0 ? 2 ** 31 : 0;
      case PLL_SYS:
        return at(PLL_SYS + 4) & 0x21 ? at(plain) : (at(plain) | (1 << 31)) >>> 0;
      case CLOCKS + 0x38:
        return 1 << (at(CLOCKS + 0x30) & 3);
      case CLOCKS + 0x44:
        return 1 << (at(CLOCKS + 0x3c) & 1);
      case UART0 + 0x18:
        return this.input.length > 0 ? 0 : 1 << 4;
      case UART0:
        return this.input.shift()!;
      default:
        return at(plain);
    }
  }

  #writeBlock(address: number, value: number): void {
    const plain = this.#plain(address);
    const before = this.registers.get(plain) ?? 0;
    const alias = (address >>> 12) & 3;
    if (alias === 1) throw new Error(`an alias that toggles is not in this model: ${hex(address)}`);
    if (plain === UART0) this.said += String.fromCharCode(value & 0xff);
    else if (alias === 0) this.registers.set(plain, value);
    else this.registers.set(plain, (alias === 2 ? before | value : before & ~value) >>> 0);
  }
}

function word(bytes: Uint8Array, at: number, size: number): number {
  if (size === 4) {
    return (
      (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
    );
  }
  return size === 2 ? bytes[at]! | (bytes[at + 1]! << 8) : bytes[at]!;
}

function hex(value: number): string {
  return `0x${(value >>> 0).toString(16)}`;
}
