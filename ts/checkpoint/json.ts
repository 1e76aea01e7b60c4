/**
 * A JSON reader (RFC 8259) that refuses repeated keys and bounds its nesting, for headers that a
 * stranger wrote. Objects become Maps, so no key is special. Knows nothing of what it reads.
 */
import { quoted } from "../plain-text.js";

export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;
export type JsonObject = Map<string, JsonValue>;

const MAX_DEPTH = 32;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const WORD = /null|true|false|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/y;

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

/** Reads one JSON value; `fail` makes the error to throw from a one-line reason. */
export function parseJson(text: string, fail: (reason: string) => Error): JsonValue {
  return new JsonParser(text, fail).parse();
}

class JsonParser {
  private at = 0;

  constructor(
    private readonly text: string,
    private readonly fail: (reason: string) => Error,
  ) {}

  parse(): JsonValue {
    const value = this.parseValue(0);
    this.skipSpace();
    if (this.at !== this.text.length) throw this.unexpected("the end");
    return value;
  }

  private parseValue(depth: number): JsonValue {
    if (depth > MAX_DEPTH) throw this.fail(`JSON nested deeper than ${MAX_DEPTH}`);
    this.skipSpace();
    switch (this.text[this.at]) {
      case "{":
        return this.parseObject(depth);
      case "[":
        return this.parseArray(depth);
      case '"':
        return this.parseString();
      default:
        return this.parseWord();
    }
  }

  private parseObject(depth: number): JsonObject {
    const object: JsonObject = new Map();
    this.expect("{");
    if (this.accept("}")) return object;
    do {
      this.skipSpace();
      const key = this.parseString();
      if (object.has(key)) throw this.fail(`JSON key ${quoted(key)} occurs twice`);
      this.expect(":");
      object.set(key, this.parseValue(depth + 1));
    } while (this.accept(","));
    this.expect("}");
    return object;
  }

  private parseArray(depth: number): JsonValue[] {
    const array: JsonValue[] = [];
    this.expect("[");
    if (this.accept("]")) return array;
    do array.push(this.parseValue(depth + 1));
    while (this.accept(","));
    this.expect("]");
    return array;
  }

  private parseString(): string {
    const start = this.at;
    if (this.text[start] !== '"') throw this.unexpected("a string");
    let end = start + 1;
    for (; end < this.text.length; end++) {
      const code = this.text.charCodeAt(end);
      if (code === QUOTE) break;
      if (code === BACKSLASH) end++;
    }
    this.at = end + 1;
    try {
      return JSON.parse(this.text.slice(start, this.at)) as string;
    } catch {
      throw this.fail(`JSON, character ${start}: not a valid string`);
    }
  }

  private parseWord(): JsonValue {
    const token = this.match(WORD);
    if (token === undefined) throw this.unexpected("a value");
    return JSON.parse(token) as JsonValue;
  }

  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const token = pattern.exec(this.text)?.[0];
    if (token !== undefined) this.at += token.length;
    return token;
  }

  private accept(character: string): boolean {
    this.skipSpace();
    if (this.text[this.at] !== character) return false;
    this.at++;
    return true;
  }

  private expect(character: string): void {
    if (!this.accept(character)) throw this.unexpected(`'${character}'`);
  }

  private skipSpace(): void {
    while (isSpace(this.text.charCodeAt(this.at))) this.at++;
  }

  private unexpected(expected: string): Error {
    const found = this.text[this.at];
    const got = found === undefined ? "the end" : JSON.stringify(found);
    return this.fail(`JSON, character ${this.at}: expected ${expected}, got ${got}`);
  }
}
