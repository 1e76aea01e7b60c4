/** Collects operators of a draft, with the value that the next one reads. Knows nothing of what they mean. */
import type { Part } from "./part.js";

/** An operator as the arch file has it, and what it is in a few words. */
export interface DraftOp {
  readonly op: Readonly<Record<string, unknown>>;
  readonly what: string;
}

export interface DraftRounds {
  readonly first: number;
  readonly count: number;
  readonly ops: readonly DraftOp[];
}

export type DraftItem = DraftOp | DraftRounds;

interface Made {
  readonly name: string;
  readonly width: number;
}

/** A value as those behind it name it. */
const START = "{start}";

export class Writer {
  readonly items: DraftItem[] = [];
  #made: Made[] = [{ name: "input", width: 0 }];
  #round: DraftOp[] | undefined;

  get last(): string {
    return this.#made.at(-1)?.name ?? "input";
  }

  /** What the last operator read. */
  get beforeLast(): string {
    return this.#made.at(-2)?.name ?? "input";
  }

  get width(): number {
    return this.#made.at(-1)?.width ?? 0;
  }

  /** Operators that are written once for all rounds. */
  inRounds(first: number, count: number, addAll: () => void): void {
    const width = this.width;
    const outer = this.#made;
    this.#made = [{ name: START, width }];
    this.#round = [];
    addAll();
    this.items.push({ first, count, ops: this.#round });
    this.#round = undefined;
    const end = this.last.replace("{i}", String(first + count - 1));
    this.#made = [...outer, { name: end, width: this.width }];
  }

  /** @param more fields of the operator, "input" among them where it is not the operator before */
  addPart(
    part: Part,
    more: Readonly<Record<string, unknown>> = {},
    guesses: readonly string[] = [],
  ): void {
    const { kind, path, fields, what, gives, takes } = part;
    const name = path === "" ? kind : path;
    const width = gives === 0 ? this.width : gives;
    const misfit =
      takes > 0 && this.width > 0 && takes !== this.width && more.input === undefined
        ? [`it takes ${takes} channels, and what is before it has ${this.width}`]
        : [];
    this.#push(
      { kind, name, ...(path === "" && { weights: "" }), ...more, ...fields },
      what,
      [...part.guesses, ...guesses, ...misfit],
      width,
    );
  }

  add(
    kind: string,
    name: string,
    fields: Readonly<Record<string, unknown>>,
    what: string,
    guesses: readonly string[],
    width = this.width,
  ): void {
    this.#push({ kind, name, ...fields }, what, guesses, width);
  }

  #push(
    op: Readonly<Record<string, unknown>>,
    what: string,
    guesses: readonly string[],
    width: number,
  ): void {
    const guess = guesses.length === 0 ? {} : { guess: guesses.join("; ") };
    (this.#round ?? this.items).push({ op: { ...op, ...guess }, what });
    this.#made.push({ name: op.name as string, width });
  }
}
