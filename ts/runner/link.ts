/**
 * A conversation with a runner over any line that takes and brings bytes: finds out whether there is one, gives it
 * commands, feeds it input as fast as it asks for it. Knows no ports, no models and no estimates.
 */
import {
  type BoardAnswer,
  type BoardFacts,
  CONSOLE_FORMAT,
  type Ended,
  RunnerConsole,
} from "./console.js";
import { BoardFailed } from "./serial-errors.js";
import type { InputValues } from "./values.js";

/** What a board says before it measures takes no longer, or it is busy. Longer than it waits for input itself. */
const ANSWER_MS = 7_000;
/** A board that starts says its first line at once. */
const QUIET_MS = 1_000;
/** It never wants more bytes at once: its buffer has no room for them. */
const MAX_WANTED_BYTES = 128;

const OK = "ok";
/** What a command that failed to come through is answered with. */
const GARBLED = /^unknown command/;

export interface LinkOptions {
  /** How long the board may be silent while it measures or computes. */
  readonly patienceMs: number;
  /** Every line of the console, made fit for a person. */
  onLine?(text: string): void;
  /** Tests do not wait so long. */
  readonly quietMs?: number;
  readonly answerMs?: number;
}

export interface Greeting {
  readonly facts: BoardFacts;
  /** What it has measured at its start, if that was seen. */
  readonly report?: string;
}

type Wanted = Exclude<Ended, "nothing">;

interface Reply {
  readonly report: string | undefined;
  readonly answer: Partial<BoardAnswer>;
}

interface Pending {
  readonly wanted: Wanted;
  readonly silenceMs: number;
  readonly input?: InputValues;
  resolve(reply: Reply): void;
  reject(error: Error): void;
}

export class RunnerLink {
  readonly #write: (bytes: Uint8Array) => void;
  readonly #options: LinkOptions;
  readonly #console = new RunnerConsole();
  #pending: Pending | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Values of the pending command's input that are sent. */
  #sent = 0;
  /** Those of the last start or command. */
  #report: string | undefined;
  #lines = 0;
  #lastLine = "";
  #isReady = false;
  #end: Error | undefined;
  /** Called whenever something has come. */
  #onChange: (() => void) | undefined;

  constructor(write: (bytes: Uint8Array) => void, options: LinkOptions) {
    this.#write = write;
    this.#options = options;
  }

  get facts(): BoardFacts {
    return this.#console.facts;
  }

  /** What the line has brought. */
  take(bytes: Uint8Array): void {
    const events = this.#console.take(bytes);
    // What is no runner may never be silent.
    if (this.#pending?.wanted !== "info" || this.#console.isTelling) this.#watchSilence();
    for (const event of events) {
      if (event.kind === "line") this.#seeLine(event.text);
      else if (event.kind === "report") this.#report = event.text;
      else if (event.kind === "wanted") this.#feed(event.values);
      else if (event.kind === "ready") this.#started();
      else this.#status(event.text, event.ended, event.answer);
    }
    this.#onChange?.();
  }

  /** The line is no more. */
  close(reason: Error): void {
    this.#end ??= reason;
    this.#settle()?.reject(this.#end);
    this.#onChange?.();
  }

  /** A line for the board as a person typed it. */
  type(text: string): void {
    this.#write(new TextEncoder().encode(`${text}\n`));
  }

  /**
   * Waits for a board that has just started, or asks one that is silent what it is.
   * @throws BoardFailed where nothing answers as a runner does
   */
  async greet(): Promise<Greeting> {
    const { quietMs = QUIET_MS, answerMs = ANSWER_MS, patienceMs } = this.#options;
    const giveUp = Date.now() + patienceMs;
    const isInTime = () => Date.now() < giveUp;
    let comes = await this.#anything(quietMs);
    while (comes && !this.#isReady && (this.#console.isTelling || isInTime())) {
      comes = await this.#anything(answerMs);
    }
    let asked = 0;
    for (let isKnown = this.#isReady; !isKnown; asked++) {
      if (!isInTime()) throw this.#noRunner();
      isKnown = await this.#says("info", answerMs);
    }
    // Answers to what it was asked while it was busy come late.
    for (comes = asked > 1; comes; ) comes = await this.#anything(quietMs);
    const { facts } = this.#console;
    if (facts.format !== CONSOLE_FORMAT) {
      throw new BoardFailed(
        `its console has format ${facts.format ?? "none"}, this version reads ${CONSOLE_FORMAT}; ` +
          "mambalite flash writes a runner of this version",
      );
    }
    return { facts, ...(this.#report !== undefined && { report: this.#report }) };
  }

  /** Measures anew. @returns the lines of the report. @throws BoardFailed */
  async report(): Promise<string> {
    this.#report = undefined;
    const { report } = await this.#ask("report", "report");
    if (report === undefined) throw new BoardFailed("it ended `report` without a timing report");
    return report;
  }

  /** The network's answer to the example. @throws BoardFailed */
  async run(): Promise<BoardAnswer> {
    return whole("run", await this.#ask("run", "answer"));
  }

  /** The network's answer to one sequence. @throws BoardFailed */
  async stream(input: InputValues): Promise<BoardAnswer> {
    const command = `stream ${input.count} reset`;
    return whole(command, await this.#ask(command, "answer", input));
  }

  #ask(command: string, wanted: Wanted, input?: InputValues): Promise<Reply> {
    return this.#send(command, wanted, this.#options.patienceMs, input);
  }

  #send(command: string, wanted: Wanted, silenceMs: number, input?: InputValues): Promise<Reply> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    if (this.#pending !== undefined) {
      return Promise.reject(new BoardFailed("it is at another command, and does one at a time"));
    }
    return new Promise((resolve, reject) => {
      this.#pending = { wanted, silenceMs, resolve, reject, ...(input && { input }) };
      this.#sent = 0;
      this.#watchSilence();
      this.type(command);
    });
  }

  /** Whether the board answers a command in time. @throws where the line has ended */
  async #says(command: "info", silenceMs: number): Promise<boolean> {
    try {
      await this.#send(command, command, silenceMs);
      return true;
    } catch (error) {
      if (this.#end !== undefined) throw error;
      return false;
    }
  }

  /** Whether anything comes within that time, or while it is telling. @throws where the line has ended */
  #anything(usualMs: number): Promise<boolean> {
    const ms = this.#console.isTelling ? this.#options.patienceMs : usualMs;
    return new Promise((resolve, reject) => {
      const settle = (has: boolean) => {
        clearTimeout(timer);
        this.#onChange = undefined;
        if (this.#end === undefined) resolve(has);
        else reject(this.#end);
      };
      const timer = setTimeout(() => settle(false), ms);
      this.#onChange = () => settle(true);
      if (this.#end !== undefined) settle(false);
    });
  }

  #seeLine(text: string): void {
    this.#lines++;
    this.#lastLine = text;
    this.#options.onLine?.(text);
  }

  /** In the middle of a command it has lost it. */
  #started(): void {
    this.#isReady = true;
    this.#settle()?.reject(new BoardFailed("it started again in the middle of a command"));
  }

  #status(text: string, ended: Ended, answer: Partial<BoardAnswer>): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    if (pending.wanted === "info") {
      if (ended === "info") this.#settle()?.resolve({ report: this.#report, answer });
      else if (GARBLED.test(text)) this.#settle()?.reject(said(text));
      return;
    }
    if (ended === "info") return; // answers an earlier question, which had been given up
    if (text === OK) this.#settle()?.resolve({ report: this.#report, answer });
    else this.#settle()?.reject(said(text));
  }

  #feed(values: number | undefined): void {
    const { input } = this.#pending ?? {};
    if (input === undefined) return;
    const { bytes, count, bytesEach } = input;
    const isPossible =
      values !== undefined &&
      values > 0 &&
      values * bytesEach <= MAX_WANTED_BYTES &&
      values <= count - this.#sent;
    if (!isPossible) {
      const wants = values === undefined ? "no number of values" : `${values} values`;
      const reason = `it wants ${wants} where ${count - this.#sent} are left; at most ${MAX_WANTED_BYTES} bytes go at once`;
      this.#settle()?.reject(new BoardFailed(reason));
      return;
    }
    const first = this.#sent;
    this.#sent += values;
    this.#write(bytes.subarray(first * bytesEach, this.#sent * bytesEach));
  }

  #watchSilence(): void {
    clearTimeout(this.#timer);
    if (this.#pending === undefined) return;
    const { silenceMs: usualMs } = this.#pending;
    const silenceMs = this.#console.isTelling ? this.#options.patienceMs : usualMs;
    this.#timer = setTimeout(() => {
      const reason = `it has said nothing for ${silenceMs / 1000} s; --timeout waits longer`;
      this.#settle()?.reject(new BoardFailed(reason));
    }, silenceMs);
  }

  /** The command that is over. */
  #settle(): Pending | undefined {
    clearTimeout(this.#timer);
    const pending = this.#pending;
    this.#pending = undefined;
    return pending;
  }

  #noRunner(): BoardFailed {
    const help = "is it the right port, and has the board a file of `mambalite flash`?";
    return new BoardFailed(
      this.#lines === 0
        ? `it says nothing; ${help}`
        : `it does not answer as a runner does, its last line is ${JSON.stringify(this.#lastLine)}; ${help}`,
    );
  }
}

function said(status: string): BoardFailed {
  return new BoardFailed(`it says "${status}"`);
}

function whole(command: string, { answer }: Reply): BoardAnswer {
  const { classIndex, logitsBits } = answer;
  if (classIndex === undefined || logitsBits === undefined) {
    const missing = classIndex === undefined ? "class" : "logits";
    throw new BoardFailed(`it ended \`${command}\` without a line "${missing}"`);
  }
  return { ...answer, classIndex, logitsBits };
}
