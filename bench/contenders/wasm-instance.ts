/** A bare WebAssembly module with its memory handed out from __heap_base up, never given back. */

const ALIGNMENT = 16;
const PAGE_BYTES = 65536;

type Functions = Record<string, (...args: number[]) => number>;

export class WasmInstance {
  readonly functions: Functions;
  readonly #memory: WebAssembly.Memory;
  #end: number;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), {});
    const { memory, __heap_base, ...functions } = exports;
    this.functions = functions as Functions;
    this.#memory = memory as WebAssembly.Memory;
    this.#end = roundUp((__heap_base as WebAssembly.Global<"i32">).value, ALIGNMENT);
    this.functions._initialize?.();
  }

  get f32(): Float32Array<ArrayBuffer> {
    return new Float32Array(this.#memory.buffer);
  }

  get i32(): Int32Array<ArrayBuffer> {
    return new Int32Array(this.#memory.buffer);
  }

  get memoryBytes(): number {
    return this.#memory.buffer.byteLength;
  }

  /** Address of new memory. */
  allocate(bytes: number): number {
    const address = this.#end;
    this.#end = roundUp(address + bytes, ALIGNMENT);
    const missing = this.#end - this.memoryBytes;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / PAGE_BYTES));
    return address;
  }

  placeFloats(values: Float32Array): number {
    const address = this.allocate(values.byteLength);
    this.f32.set(values, address >> 2);
    return address;
  }

  placeWords(values: readonly number[]): number {
    const address = this.allocate(values.length * Int32Array.BYTES_PER_ELEMENT);
    this.i32.set(values, address >> 2);
    return address;
  }
}

function roundUp(value: number, to: number): number {
  return Math.ceil(value / to) * to;
}
