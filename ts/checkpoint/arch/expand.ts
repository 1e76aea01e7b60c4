/**
 * Writes out what an arch file says in short: the rounds of a `repeat`, and lists of numbered names. Works on
 * parsed JSON; knows nothing of what ops are.
 */
import { BadArgument } from "../../core/errors.js";
import { describe } from "../../plain-text.js";
import { type JsonObject, requireArray, requireInteger, requireObject } from "./check.js";

/** An op as it is written out, and where it stands in the file. */
export interface ExpandedOp {
  readonly op: JsonObject;
  readonly path: string;
}

/** The network's input, as ops name it. */
export const INPUT_NAME = "input";

const REPEAT_FIELDS = ["repeat", "first", "index", "ops"];
const DEFAULT_INDEX = "i";
/** More than any blob holds. */
const MOST_OPS = 4096;
/** Rounds in rounds. */
const MOST_NESTED = 4;
const MOST_IN_RANGE = 1024;

/** What a placeholder of this letter stands for. */
type Indices = ReadonlyMap<string, number>;

/** @throws BadArgument */
export function expandOps(items: unknown, path: string): ExpandedOp[] {
  const expansion = new Expansion();
  expansion.addAll(items, path, new Map(), undefined);
  return expansion.ops;
}

class Expansion {
  readonly ops: ExpandedOp[] = [];

  addAll(items: unknown, path: string, indices: Indices, start: string | undefined): void {
    requireArray(items, path).forEach((item, i) => {
      this.#add(requireObject(item, `${path}[${i}]`), `${path}[${i}]`, indices, start);
    });
  }

  #add(item: JsonObject, path: string, indices: Indices, start: string | undefined): void {
    if (!Object.hasOwn(item, "kind") && Object.hasOwn(item, "repeat")) {
      this.#addRounds(item, path, indices);
      return;
    }
    if (this.ops.length === MOST_OPS) {
      throw new BadArgument(path, `at most ${MOST_OPS} operators`, "more");
    }
    const op = substituted(item, { indices, start }) as JsonObject;
    this.ops.push({ op, path: `${path}${roundText(indices)}` });
  }

  #addRounds(item: JsonObject, path: string, indices: Indices): void {
    const {
      repeat,
      first = 0,
      index = DEFAULT_INDEX,
      ops,
    } = requireObject(item, path, REPEAT_FIELDS);
    const rounds = requireInteger(repeat, 1, `${path}.repeat`);
    const from = requireInteger(first, 0, `${path}.first`);
    if (typeof index !== "string" || !/^[a-z]$/.test(index) || indices.has(index)) {
      const expected = "a lower-case letter that no repeat around it has";
      throw new BadArgument(`${path}.index`, expected, describe(index));
    }
    if (indices.size === MOST_NESTED) {
      throw new BadArgument(path, `repeats nested ${MOST_NESTED} deep`, "more");
    }
    if (requireArray(ops, `${path}.ops`).length === 0) {
      throw new BadArgument(`${path}.ops`, "one operator or more", "none");
    }
    for (let round = 0; round < rounds; round++) {
      const inside = new Map(indices).set(index, from + round);
      this.addAll(ops, `${path}.ops`, inside, this.#lastName());
    }
  }

  /** What a round begins with. */
  #lastName(): string {
    const name = this.ops.at(-1)?.op.name;
    return typeof name === "string" ? name : INPUT_NAME;
  }
}

function roundText(indices: Indices): string {
  const text = [...indices].map(([index, value]) => `${index} = ${value}`).join(", ");
  return text === "" ? "" : ` (${text})`;
}

interface Places {
  readonly indices: Indices;
  /** Name of the op before a round; absent outside of rounds. */
  readonly start: string | undefined;
}

/** Members of an op whose texts stay texts when they are nothing but a number. */
const TEXTS = ["name", "guess", "input", "inputs", "weights", "tensors", "of", "score"];
const INDEX = /\{([a-z])([+-][0-9]{1,6})?\}/g;
const ONLY_INDEX = /^\{([a-z])([+-][0-9]{1,6})?\}$/;

function substituted(item: JsonObject, places: Places): JsonObject {
  const members = Object.entries(item).map(([key, value]) => {
    const number = TEXTS.includes(key) ? undefined : indexValue(value, places);
    return [key, number ?? deepSubstituted(value, places)];
  });
  return Object.fromEntries(members);
}

/** Of a text that is a placeholder and nothing else, as in "first": "{i}". */
function indexValue(value: unknown, { indices }: Places): number | undefined {
  const [, letter = "", offset = "0"] = (typeof value === "string" && ONLY_INDEX.exec(value)) || [];
  const index = indices.get(letter);
  return index === undefined ? undefined : index + Number(offset);
}

/** One level of lists and objects is all that an op has. */
function deepSubstituted(value: unknown, places: Places): unknown {
  if (typeof value === "string") return substitutedText(value, places);
  if (Array.isArray(value)) return value.flatMap((item) => listItems(item, places));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      typeof member === "string" ? substitutedText(member, places) : member,
    ]),
  );
}

function listItems(item: unknown, places: Places): unknown[] {
  if (typeof item === "string") return namesOf(substitutedText(item, places));
  if (typeof item !== "object" || item === null || Array.isArray(item)) return [item];
  return [deepSubstituted(item, places)];
}

function substitutedText(text: string, { indices, start }: Places): string {
  const numbered = text.replace(INDEX, (whole, letter: string, offset = "0") => {
    const index = indices.get(letter);
    return index === undefined ? whole : String(index + Number(offset));
  });
  return start === undefined ? numbered : numbered.replaceAll("{start}", start);
}

/** "head.{0..2}": head.0, head.1, head.2. */
export function namesOf(text: string): string[] {
  const [whole, first, last] = /\{([0-9]{1,6})\.\.([0-9]{1,6})\}/.exec(text) ?? [];
  if (whole === undefined) return [text];
  const count = Number(last) - Number(first) + 1;
  if (count < 1 || count > MOST_IN_RANGE) return [text];
  return Array.from({ length: count }, (_, i) => text.replace(whole, String(Number(first) + i)));
}
