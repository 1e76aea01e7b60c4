/**
 * Values of a JSON file that a person wrote, one by one, each with its place in the file for messages. Knows nothing of
 * what they mean.
 */
import { quoted } from "../plain-text.js";
import { type JsonObject, type JsonValue, parseJson } from "./json.js";

/** @throws what `fail` makes of a one-line reason */
export function readJson(text: string, fail: (reason: string) => Error): JsonReader {
  return new JsonReader(parseJson(text, fail), "", fail);
}

/** A value of the file, with its place in it for messages. */
export class JsonReader {
  constructor(
    private readonly value: JsonValue,
    private readonly place: string,
    private readonly fail: (reason: string) => Error,
  ) {}

  problem(wanted: string, got: string): Error {
    const place = this.place === "" ? "" : `${this.place}: `;
    return this.fail(`${place}expected ${wanted}, got ${got}`);
  }

  only(keys: readonly string[]): void {
    const stray = [...this.object().keys()].find((key) => !keys.includes(key));
    if (stray !== undefined) throw this.problem(`only ${keys.join(", ")}`, quoted(stray));
  }

  has(key: string): boolean {
    return this.object().has(key);
  }

  isObject(): boolean {
    return this.value instanceof Map;
  }

  isList(): boolean {
    return Array.isArray(this.value);
  }

  isNumber(): boolean {
    return typeof this.value === "number";
  }

  member(key: string): JsonReader | undefined {
    const value = this.object().get(key);
    const place = this.place === "" ? key : `${this.place}.${key}`;
    return value === undefined ? undefined : new JsonReader(value, place, this.fail);
  }

  needed(key: string): JsonReader {
    const found = this.member(key);
    if (found === undefined) throw this.problem(quoted(key), "none");
    return found;
  }

  list(): JsonReader[] {
    if (!Array.isArray(this.value)) throw this.wrong("a list");
    return this.value.map((value, i) => new JsonReader(value, `${this.place}[${i}]`, this.fail));
  }

  text(): string {
    if (typeof this.value !== "string" || this.value === "") throw this.wrong("a text");
    return this.value;
  }

  number(): number {
    if (typeof this.value !== "number" || !Number.isFinite(this.value))
      throw this.wrong("a number");
    return this.value;
  }

  count(): number {
    const value = this.number();
    if (!Number.isSafeInteger(value) || value < 1) throw this.wrong("a whole number above 0");
    return value;
  }

  truth(): boolean {
    if (typeof this.value !== "boolean") throw this.wrong("true or false");
    return this.value;
  }

  oneOf<T extends string>(names: readonly T[]): T {
    const text = this.text();
    const found = names.find((name) => name === text);
    if (found === undefined) throw this.problem(`one of ${names.join(", ")}`, quoted(text));
    return found;
  }

  private object(): JsonObject {
    if (!(this.value instanceof Map)) throw this.wrong("an object");
    return this.value;
  }

  private wrong(wanted: string): Error {
    const { value } = this;
    const isContainer = typeof value === "object" && value !== null;
    return this.problem(
      wanted,
      isContainer ? (Array.isArray(value) ? "a list" : "an object") : quoted(JSON.stringify(value)),
    );
  }
}
