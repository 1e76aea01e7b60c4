/** The strings of a blob: UTF-8, NUL-terminated, each text once, the empty one at offset 0. */
import { BadArgument } from "../core/errors.js";
import { quoted } from "../plain-text.js";

export class StringTable {
  readonly #offsets = new Map<string, number>();
  readonly #texts: Uint8Array[] = [];
  readonly #utf8 = new TextEncoder();
  #bytes = 0;

  constructor() {
    this.add("");
  }

  get byteLength(): number {
    return this.#bytes;
  }

  /** Offset of a text in bytes. @throws BadArgument for a text with a NUL in it. */
  add(text: string): number {
    const known = this.#offsets.get(text);
    if (known !== undefined) return known;
    if (text.includes("\0")) throw new BadArgument("name", "no NUL in it", quoted(text));
    const offset = this.#bytes;
    const encoded = this.#utf8.encode(`${text}\0`);
    this.#offsets.set(text, offset);
    this.#texts.push(encoded);
    this.#bytes += encoded.length;
    return offset;
  }

  /** Writes all texts; `target` has `byteLength` bytes. */
  writeTo(target: Uint8Array): void {
    let offset = 0;
    for (const text of this.#texts) {
      target.set(text, offset);
      offset += text.length;
    }
  }
}
