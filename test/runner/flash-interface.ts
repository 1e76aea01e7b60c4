/**
 * A model of an RP2040's SSI and of the flash behind it, as far as a second stage uses them. What it holds to be true, each
 * by the RP2040 Datasheet, 4.10 (the SSI is Synopsys' DW_apb_ssi) and the W25Q16JV Datasheet, 7.1 and 8.2:
 *
 *  - CTRLR0, CTRLR1, BAUDR, RX_SAMPLE_DLY and SPI_CTRLR0 are written while SSIENR is 0 only; that empties both FIFOs.
 *  - Frames put into DR0 one behind the other are one selection of the flash, which ends when the FIFO is found empty;
 *    16 frames have room. BUSY is 1 for some readings of SR behind them.
 *  - On one line (SPI_FRF 0, 8 bits, TMOD 0) each byte out brings a byte in. The flash knows 05h, 35h, 06h and 01h with
 *    both status registers, which it takes only behind 06h, and is busy for a while then.
 *  - On four lines (SPI_FRF 2, 32 bits, TMOD 3) the frames are the instruction where INST_L is not 0, then ADDR_L nibbles
 *    of address, of which the last 8 bits are the mode. The flash takes that as EBh if QE is set, with 4 cycles of waiting;
 *    mode bits 5-4 of 10 make it expect no instruction next time.
 *  - A reading of memory is served while SSIENR is 1: by 03h on one line as the boot ROM leaves it, or on four lines where
 *    the flash expects no instruction, INST_L is 0, TRANS_TYPE 2, and XIP_CMD, sent behind the address, keeps it so.
 *    Anything else would read nonsense, and is thrown.
 */

const CTRLR0 = 0x00;
const CTRLR1 = 0x04;
const SSIENR = 0x08;
const SER = 0x10;
const BAUDR = 0x14;
const SR = 0x28;
const DR0 = 0x60;
const RX_SAMPLE_DLY = 0xf0;
const SPI_CTRLR0 = 0xf4;
const ONLY_DISABLED = [CTRLR0, CTRLR1, BAUDR, RX_SAMPLE_DLY, SPI_CTRLR0];
const KNOWN = [...ONLY_DISABLED, SSIENR, SER];

/** XIP_CMD, WAIT_CYCLES, INST_L, ADDR_L, TRANS_TYPE; double data rates are not in this model. */
const SPI_CTRLR0_FIELDS = (0xff << 24) | (31 << 11) | (3 << 8) | (15 << 2) | 3;

const FIFO_FRAMES = 16;
const READINGS_BUSY = 3;
const WRITES_STATUS_FOR = 5;

const ONE_LINE_BYTES = 7 << 16;
const FOUR_LINES_WORDS = (2 << 21) | (31 << 16) | (3 << 8);
const ADDRESS_NIBBLES = 8;
const EB_WAIT_CYCLES = 4;
const CONTINUOUS = 0x20;
const MODE_BITS_5_4 = 0x30;

/** As the boot ROM leaves it (RP2040 Datasheet, 2.8.1.2): 03h, address of 24 bits, one line, slowly. */
const BY_03H = { ctrlr0: (31 << 16) | (3 << 8), spiCtrlr0: (0x03 << 24) | (2 << 8) | (6 << 2) };

export class FlashInterface {
  /** Register 2 has QE in bit 1. */
  status = [0, 0];
  isContinuous = false;
  #registers = new Map([
    [CTRLR0, BY_03H.ctrlr0],
    [CTRLR1, 0],
    [SSIENR, 1],
    [SER, 1],
    [BAUDR, 6],
    [RX_SAMPLE_DLY, 0],
    [SPI_CTRLR0, BY_03H.spiCtrlr0],
  ]);
  #sent: number[] = [];
  #received: number[] = [];
  #busyFor = 0;
  #isWriteEnabled = false;
  #writesStatusFor = 0;

  /** @param hasFourLines whether QE is set, as it is from the factory */
  constructor(hasFourLines: boolean) {
    this.status[1] = hasFourLines ? 2 : 0;
  }

  #register(offset: number): number {
    return this.#registers.get(offset)!;
  }

  get isEnabled(): boolean {
    return this.#register(SSIENR) === 1;
  }

  write(offset: number, value: number): void {
    if (offset === DR0) {
      this.#send(value);
      return;
    }
    if (!KNOWN.includes(offset)) throw new Error(`SSI: nothing is written at ${offset}`);
    if (ONLY_DISABLED.includes(offset) && this.isEnabled) {
      throw new Error(`SSI: ${offset} is written while it is enabled`);
    }
    if (offset === SSIENR && value === 0) {
      if (this.#busyFor > 0) throw new Error("SSI: disabled in the middle of a transfer");
      this.#sent = [];
      this.#received = [];
    }
    if (offset === BAUDR && (value < 2 || value % 2 !== 0)) throw new Error("SSI: odd divider");
    this.#registers.set(offset, value);
  }

  read(offset: number): number {
    if (offset === SR) return this.#readStatus();
    if (offset !== DR0) return this.#register(offset);
    const frame = this.#received.shift();
    if (frame === undefined) throw new Error("SSI: nothing was received");
    return frame;
  }

  #send(frame: number): void {
    if (!this.isEnabled) throw new Error("SSI: data while it is disabled");
    this.#sent.push(frame);
    this.#busyFor = READINGS_BUSY;
    if (this.#sent.length > FIFO_FRAMES) throw new Error("SSI: the FIFO overflows");
  }

  /** TFE is 1, as the frames are on their way; BUSY until they are through. */
  #readStatus(): number {
    if (this.#sent.length > 0) this.#transfer();
    const isBusy = this.#busyFor > 0;
    if (isBusy) this.#busyFor--;
    const hasReceived = this.#received.length > 0;
    return (isBusy ? 1 : 0) | (1 << 1) | (1 << 2) | (hasReceived ? 1 << 3 : 0);
  }

  #transfer(): void {
    const frames = this.#sent;
    this.#sent = [];
    const mode = this.#register(CTRLR0);
    if (mode === ONE_LINE_BYTES) this.#received.push(...this.#bytes(frames));
    else if (mode === FOUR_LINES_WORDS) this.#received.push(...this.#words(frames));
    else throw new Error(`SSI: CTRLR0 ${mode.toString(16)} is not in this model`);
  }

  /** What the flash answers to a selection on one line. */
  #bytes([instruction, ...rest]: readonly number[]): number[] {
    if (this.isContinuous) throw new Error("flash: an instruction, and it expects an address");
    if (instruction === 0x35 || instruction === 0x05) {
      const isBusy = this.#writesStatusFor > 0;
      if (isBusy) this.#writesStatusFor--;
      const value = instruction === 0x35 ? this.status[1]! : this.status[0]! | (isBusy ? 1 : 0);
      return [0xff, ...rest.map(() => value)];
    }
    if (this.#writesStatusFor > 0) throw new Error("flash: an instruction while it is busy");
    if (instruction === 0x06 && rest.length === 0) {
      this.#isWriteEnabled = true;
    } else if (instruction === 0x01 && rest.length === 2 && this.#isWriteEnabled) {
      this.status = [...rest];
      this.#isWriteEnabled = false;
      this.#writesStatusFor = WRITES_STATUS_FOR;
    } else {
      throw new Error(`flash: ${instruction} with ${rest.length} bytes is not in this model`);
    }
    return [0xff, ...rest.map(() => 0xff)];
  }

  /** A read on four lines: instruction and address out, a word in for each of CTRLR1 + 1 frames. */
  #words(frames: readonly number[]): number[] {
    const { instructionBits, addressNibbles, waitCycles, transType } = this.#fourLines();
    const isRight =
      instructionBits === 8 && transType === 1 && frames.length === 2 && frames[0] === 0xeb;
    if (!isRight || this.isContinuous || this.#writesStatusFor > 0) {
      throw new Error("flash: no EBh as it expects it");
    }
    if ((this.status[1]! & 2) === 0) throw new Error("flash: four lines, and QE is not set");
    if (addressNibbles !== ADDRESS_NIBBLES || waitCycles !== EB_WAIT_CYCLES) {
      throw new Error("flash: EBh wants 24 bits of address, 8 of mode, and 4 cycles of waiting");
    }
    this.isContinuous = (frames[1]! & MODE_BITS_5_4) === CONTINUOUS;
    return Array.from({ length: this.#register(CTRLR1) + 1 }, () => 0);
  }

  #fourLines() {
    const control = this.#register(SPI_CTRLR0);
    if ((control & ~SPI_CTRLR0_FIELDS) !== 0) throw new Error("SSI: not in this model");
    return {
      instructionBits: [0, 4, 8, 16][(control >> 8) & 3]!,
      addressNibbles: (control >> 2) & 15,
      waitCycles: (control >> 11) & 31,
      transType: control & 3,
      command: control >>> 24,
    };
  }

  /** "03h" or "four lines". @throws where a reading of memory would not be served */
  memoryMode(): "03h" | "four lines" {
    if (!this.isEnabled) throw new Error("flash: read as memory while the SSI is disabled");
    if (this.#sent.length > 0 || this.#busyFor > 0) throw new Error("flash: the SSI is busy");
    const mode = this.#register(CTRLR0);
    if (mode === BY_03H.ctrlr0 && this.#register(SPI_CTRLR0) === BY_03H.spiCtrlr0) {
      if (this.isContinuous) throw new Error("flash: 03h, and it expects an address");
      return "03h";
    }
    const { instructionBits, addressNibbles, waitCycles, transType, command } = this.#fourLines();
    const isFrame = mode === FOUR_LINES_WORDS && this.#register(CTRLR1) === 0;
    const isAddress = addressNibbles === ADDRESS_NIBBLES && waitCycles === EB_WAIT_CYCLES;
    const isShort = instructionBits === 0 && transType === 2 && this.isContinuous;
    if (!isFrame || !isAddress || !isShort || (command & MODE_BITS_5_4) !== CONTINUOUS) {
      throw new Error("flash: the SSI does not read memory as the flash expects it");
    }
    return "four lines";
  }
}
