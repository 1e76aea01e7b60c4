/** Sections and symbols of a 32-bit little-endian ELF file. Knows no program. */

export interface ElfSection {
  readonly name: string;
  readonly address: number;
  readonly bytes: number;
}

export interface ElfSymbol {
  readonly name: string;
  readonly address: number;
  readonly bytes: number;
  readonly isFunction: boolean;
}

export interface Elf {
  readonly sections: readonly ElfSection[];
  readonly symbols: readonly ElfSymbol[];
}

const MAGIC = 0x464c457f;
const SECTION_BYTES = 40;
const SYMBOL_BYTES = 16;
const SYMBOL_TABLE = 2;
const FUNCTION = 2;
const TYPE_MASK = 15;
/** Thumb functions have an odd address. */
const ARM = 40;

interface Header {
  readonly name: number;
  readonly type: number;
  readonly address: number;
  readonly offset: number;
  readonly bytes: number;
  readonly link: number;
}

/** @throws RangeError when it is no such file */
export function readElf(file: Uint8Array): Elf {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (view.getUint32(0, true) !== MAGIC) throw new RangeError("not an ELF file");
  const machine = view.getUint16(18, true);
  const first = view.getUint32(32, true);
  const count = view.getUint16(48, true);
  const headers = Array.from({ length: count }, (_, i) => header(view, first + i * SECTION_BYTES));
  const names = headers[view.getUint16(50, true)]!;
  const text = (table: Header, at: number) => textAt(file, table.offset + at);
  const symbolTable = headers.find(({ type }) => type === SYMBOL_TABLE);
  return {
    sections: headers.map(({ name, address, bytes }) => ({
      ...{ name: text(names, name), address, bytes },
    })),
    symbols: symbolTable === undefined ? [] : symbols(view, symbolTable, headers, text, machine),
  };
}

function header(view: DataView, at: number): Header {
  const word = (index: number) => view.getUint32(at + 4 * index, true);
  return {
    ...{ name: word(0), type: word(1), address: word(3), offset: word(4) },
    ...{ bytes: word(5), link: word(6) },
  };
}

function symbols(
  view: DataView,
  table: Header,
  headers: readonly Header[],
  text: (table: Header, at: number) => string,
  machine: number,
): ElfSymbol[] {
  const strings = headers[table.link]!;
  return Array.from({ length: table.bytes / SYMBOL_BYTES }, (_, i) => {
    const at = table.offset + i * SYMBOL_BYTES;
    const isFunction = (view.getUint8(at + 12) & TYPE_MASK) === FUNCTION;
    const address = view.getUint32(at + 4, true);
    return {
      name: text(strings, view.getUint32(at, true)),
      address: isFunction && machine === ARM ? address - (address & 1) : address,
      bytes: view.getUint32(at + 8, true),
      isFunction,
    };
  });
}

function textAt(file: Uint8Array, at: number): string {
  return new TextDecoder("latin1").decode(file.subarray(at, file.indexOf(0, at)));
}
