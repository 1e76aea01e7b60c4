/**
 * What a runner prints on its console (docs/runner.md), from bytes to what it means: facts of the board, its timing
 * report, answers, wishes for input. Knows no ports and no clocks, and trusts nothing that comes.
 */
import { oneLine } from "../plain-text.js";

/** The console's format that this version reads. */
export const CONSOLE_FORMAT = 1;

const FIRST_FACT = "mambalite-runner";
const FIRST_OF_REPORT = "mambalite-timing";
const LAST_OF_REPORT = "end";
const READY = "ready";
const NO_MODEL = "none";
const FITTING = "as it should be";

/** What follows is dropped up to the line's end: what sends longer ones is no runner. */
const MAX_LINE_BYTES = 1 << 16;
/** More than the operators of any network that a board holds. */
const MAX_REPORT_LINES = 10_000;
const MAX_FACT_LINES = 64;

const NEWLINE = 0x0a;

/** What a network said of an input. */
export interface BoardAnswer {
  /** -1 where none of its outputs is a vector. */
  readonly classIndex: number;
  readonly label?: string;
  /** Bits of each logit, 8 hex digits: of all outputs that are vectors. */
  readonly logitsBits: readonly string[];
}

/** What a board says of itself, as far as it has said it. */
export interface BoardFacts {
  /** Of the console. */
  readonly format?: number;
  /** Its id. */
  readonly board?: string;
  /** Version of the core. */
  readonly core?: string;
  /** What of FPU, flags, clock and caches is not as it must be. */
  readonly wrong: readonly string[];
  readonly clockHz?: number;
  /** CRC-32 of the blob, 8 hex digits; null: there is no model that can be used. */
  readonly model?: string | null;
  /** What the core says of it: "ok", or what is wrong. */
  readonly selfTest?: string;
  readonly arena?: { readonly planned: number; readonly available: number; readonly high?: number };
  readonly stackBytes?: number;
  /** Of the example that came with the model. */
  readonly example?: Partial<BoardAnswer>;
  /** Of the last command, or of the start where that failed. */
  readonly status?: string;
  /** Their lines as they came, without what a terminal would obey. */
  readonly lines: readonly string[];
}

/** What a status line ends: told by what came before it. */
export type Ended = "info" | "report" | "answer" | "nothing";

export type ConsoleEvent =
  /** Any line, made fit for a person to read. */
  | { readonly kind: "line"; readonly text: string }
  /** The lines of a timing report, for `parseTimingReport`. */
  | { readonly kind: "report"; readonly text: string }
  /** So many input values are wanted now; undefined where the number is none. */
  | { readonly kind: "wanted"; readonly values: number | undefined }
  | {
      readonly kind: "status";
      readonly text: string;
      readonly ended: Ended;
      readonly answer: Partial<BoardAnswer>;
    }
  /** The board has started, and takes commands. */
  | { readonly kind: "ready" };

const NO_FACTS: BoardFacts = { wrong: [], lines: [] };

export class RunnerConsole {
  readonly #decoder = new TextDecoder();
  #line: number[] = [];
  #facts: BoardFacts = NO_FACTS;
  #isInFacts = false;
  #report: string[] | undefined;
  #ended: Ended = "nothing";
  #answer: Partial<BoardAnswer> = {};

  get facts(): BoardFacts {
    return this.#facts;
  }

  /** Whether the board is in the middle of saying what it is; between two lines it may be computing for long. */
  get isTelling(): boolean {
    return this.#isInFacts;
  }

  /** Bytes as they come, in pieces of any length. */
  take(bytes: Uint8Array): ConsoleEvent[] {
    const events: ConsoleEvent[] = [];
    for (const byte of bytes) {
      if (byte === NEWLINE) events.push(...this.#endLine());
      else if (this.#line.length < MAX_LINE_BYTES) this.#line.push(byte);
    }
    return events;
  }

  #endLine(): ConsoleEvent[] {
    const text = oneLine(this.#decoder.decode(Uint8Array.from(this.#line)));
    this.#line = [];
    return text === "" ? [] : [{ kind: "line", text }, ...this.#meaningOf(text)];
  }

  #meaningOf(text: string): ConsoleEvent[] {
    const blank = text.indexOf(" ");
    const word = blank < 0 ? text : text.slice(0, blank);
    const value = blank < 0 ? "" : text.slice(blank + 1);
    if (word === FIRST_FACT) this.#beginFacts();
    if (word === FIRST_OF_REPORT) this.#beginReport();
    if (this.#report !== undefined) return this.#reportLine(text);
    if (word === "send") return [{ kind: "wanted", values: wholeNumber(value) }];
    if (word === "status") return [this.#endCommand(value)];
    if (text === READY) {
      this.#isInFacts = false;
      this.#forgetCommand();
      return [{ kind: "ready" }];
    }
    const answer = answerIn(word, value);
    if (answer !== undefined) {
      this.#answer = { ...this.#answer, ...answer };
      if (this.#ended === "nothing") this.#ended = "answer";
    }
    if (this.#isInFacts) this.#takeFact(word, value, text);
    return [];
  }

  /** At a reset, or because it was asked for. */
  #beginFacts(): void {
    this.#facts = NO_FACTS;
    this.#isInFacts = true;
    this.#report = undefined;
    this.#answer = {};
    this.#ended = "info";
  }

  #takeFact(word: string, value: string, line: string): void {
    const { lines, wrong, example } = this.#facts;
    if (lines.length >= MAX_FACT_LINES) return;
    this.#facts = { ...this.#facts, lines: [...lines, line] };
    const answer = answerIn(word, value);
    const changes: Partial<BoardFacts> =
      answer !== undefined
        ? { example: { ...example, ...answer } }
        : word === "configuration"
          ? { wrong: value === FITTING ? wrong : [...wrong, value] }
          : factIn(word, value);
    this.#facts = { ...this.#facts, ...changes };
  }

  #beginReport(): void {
    this.#isInFacts = false;
    this.#report = [];
  }

  #reportLine(text: string): ConsoleEvent[] {
    const lines = this.#report!;
    lines.push(text);
    if (text === LAST_OF_REPORT) {
      this.#report = undefined;
      this.#ended = "report";
      return [{ kind: "report", text: `${lines.join("\n")}\n` }];
    }
    // A reset in the middle begins anew; a status, or more lines than there can be, mean that it is none.
    const isBroken = text.startsWith("status ") || lines.length >= MAX_REPORT_LINES;
    if (!isBroken) return [];
    this.#report = undefined;
    return text.startsWith("status ") ? this.#meaningOf(text) : [];
  }

  #endCommand(text: string): ConsoleEvent {
    const event = { kind: "status", text, ended: this.#ended, answer: this.#answer } as const;
    this.#facts = { ...this.#facts, status: text };
    this.#isInFacts = false;
    this.#forgetCommand();
    return event;
  }

  #forgetCommand(): void {
    this.#answer = {};
    this.#ended = "nothing";
  }
}

function wholeNumber(text: string): number | undefined {
  const value = /^[0-9]{1,15}$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) ? value : undefined;
}

const CLASS = /^([0-9]{1,9})(?: (.*))?$/;
const NO_CLASS = /^none\b/;
/** Behind the class of what came with the model. */
const OF_EXAMPLE = / ?\(example\)$/;
const BITS = /^[0-9a-f]{8}(?: [0-9a-f]{8})*$/;

function answerIn(word: string, value: string): Partial<BoardAnswer> | undefined {
  if (word === "class") {
    const [, index, label] = CLASS.exec(value.replace(OF_EXAMPLE, "")) ?? [];
    if (NO_CLASS.test(value)) return { classIndex: -1, logitsBits: [] };
    if (index === undefined) return undefined;
    return { classIndex: Number(index), ...(label !== undefined && { label }) };
  }
  return word === "logits" && BITS.test(value) ? { logitsBits: value.split(" ") } : undefined;
}

const MODEL = /^[0-9a-f]{8}$/;
const ARENA = /^([0-9]{1,15}) of ([0-9]{1,15})(?: bytes)?(?:,? high ([0-9]{1,15}))?/;

function factIn(word: string, value: string): Partial<BoardFacts> {
  const number = wholeNumber(value.replace(/ [A-Za-z].*$/, "")); // a unit may stand behind it
  if (word === FIRST_FACT && number !== undefined) return { format: number };
  if (word === "runner") return { board: value };
  if (word === "core") return { core: value };
  if (word === "clock" && number !== undefined) return { clockHz: number };
  if (word === "model") {
    if (value === NO_MODEL) return { model: null };
    return MODEL.test(value) ? { model: value } : {};
  }
  if (word === "self-test") return { selfTest: value };
  if (word === "stack" && number !== undefined) return { stackBytes: number };
  if (word === "arena") return arenaIn(value);
  return {};
}

function arenaIn(value: string): Partial<BoardFacts> {
  const [, planned, available, high] = ARENA.exec(value) ?? [];
  if (planned === undefined || available === undefined) return {};
  return {
    arena: {
      ...{ planned: Number(planned), available: Number(available) },
      ...(high !== undefined && { high: Number(high) }),
    },
  };
}
