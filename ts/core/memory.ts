/**
 * The linear memory of one instance: regions in it, typed views of it, and its growth to exactly
 * the pages those regions need. Knows nothing of what the regions are for.
 */
import { OutOfMemory } from "./errors.js";
import { Regions } from "./regions.js";

const PAGE_BYTES = 65536;
const MAX_PAGES = 65536;
/** Of a text that may be given to a function as arguments. */
const MAX_ASCII_BYTES = 4096;

export class LinearMemory {
  readonly #memory: WebAssembly.Memory;
  readonly #regions: Regions;
  /** Views of the whole memory. Growth replaces them: read them anew after every `allocate`. */
  u8!: Uint8Array<ArrayBuffer>;
  i16!: Int16Array<ArrayBuffer>;
  i32!: Int32Array<ArrayBuffer>;
  u32!: Uint32Array<ArrayBuffer>;
  f32!: Float32Array<ArrayBuffer>;

  /** @param heapBase first byte that is neither the core's data nor its stack. */
  constructor(memory: WebAssembly.Memory, heapBase: number) {
    this.#memory = memory;
    this.#regions = new Regions(heapBase);
    this.#refreshViews();
  }

  /** Bytes of memory this instance holds. */
  get bytes(): number {
    return this.u8.length;
  }

  /**
   * Address of a new 16-byte aligned region of at least `bytes` bytes; its content is arbitrary.
   * @param what names the region in the error.
   * @throws OutOfMemory
   */
  allocate(bytes: number, what: string): number {
    this.#grow(this.#regions.endWith(bytes), bytes, what);
    return this.#regions.allocate(bytes);
  }

  /** Gives a region back, to be reused by later ones. */
  free(address: number): void {
    this.#regions.free(address);
  }

  /** The NUL-terminated UTF-8 text at `address`. */
  text(address: number): string {
    const start = address >>> 0;
    const bytes = this.u8.subarray(start, this.u8.indexOf(0, start));
    /* Names are nearly always ASCII, and a decoder's first use costs as much as opening a model. */
    const isAscii = bytes.length <= MAX_ASCII_BYTES && bytes.every((byte) => byte < 0x80);
    return isAscii ? String.fromCharCode(...bytes) : new TextDecoder().decode(bytes);
  }

  /** The 32-bit words at `address`, as a view. */
  words(address: number, count: number): Uint32Array {
    return this.u32.subarray(address >>> 2, (address >>> 2) + count);
  }

  #grow(end: number, bytes: number, what: string): void {
    const pages = Math.ceil(end / PAGE_BYTES);
    const have = this.bytes / PAGE_BYTES;
    if (pages <= have) return;
    if (pages > MAX_PAGES) throw new OutOfMemory(bytes, what);
    try {
      this.#memory.grow(pages - have);
    } catch (cause) {
      throw new OutOfMemory(bytes, what, { cause });
    }
    this.#refreshViews();
  }

  #refreshViews(): void {
    const buffer = this.#memory.buffer as ArrayBuffer;
    this.u8 = new Uint8Array(buffer);
    this.i16 = new Int16Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.f32 = new Float32Array(buffer);
  }
}
