/**
 * The board on the serial line: its console, what it says of itself, its times beside the estimate, its answers beside
 * the simulation's. Knows nothing of how it is shown.
 */
import { batch, effect, signal } from "@preact/signals";
import type { BoardAnswer, BoardFacts } from "../../runner/console.js";
import { firstDifference } from "../../runner/expected.js";
import { RunnerLink } from "../../runner/link.js";
import { recordText } from "../../runner/record.js";
import { type Line, openLine } from "../serial/web-serial.js";
import type { Calls } from "../worker/protocol.js";
import { ask, explain, generation } from "./simulator.js";

export interface BoardRun extends BoardAnswer {
  readonly name: string;
  /** The first bits that are not the simulation's. */
  readonly difference?: string;
}

/** What is under way with the board; null: nothing, and no board. */
export type BoardWork = "asking" | "measuring" | "running" | "idle";

export const boardWork = signal<BoardWork | null>(null);
export const facts = signal<BoardFacts | null>(null);
export const timing = signal<Calls["measured"]["output"] | null>(null);
export const boardRuns = signal<readonly BoardRun[]>([]);
export const boardProblem = signal<string | null>(null);
/** The last lines. */
export const consoleLines = signal<readonly string[]>([]);

const MOST_LINES = 400;
const PATIENCE_MS = 120_000;

let line: Line | null = null;
let link: RunnerLink | null = null;
/** As the board printed it. */
let report: string | null = null;

// Another model may be the one that the board has.
effect(() => {
  generation.value;
  boardRuns.value = [];
  timing.value = null;
  if (report !== null) void attempt(compare);
});

/** In answer to a click: browsers ask which port only then. */
export async function connect(): Promise<void> {
  await disconnect();
  const next = new RunnerLink((bytes) => line?.write(bytes), {
    patienceMs: PATIENCE_MS,
    onLine: show,
  });
  await attempt(async () => {
    line = await openLine({
      take: (bytes) => next.take(bytes),
      close: (reason) => {
        next.close(reason);
        lose(reason);
      },
    });
    if (line === null) return;
    link = next;
    await during("asking", async () => {
      const greeting = await next.greet();
      facts.value = greeting.facts;
      report = greeting.report ?? null;
    });
    if (hasModel()) await (report === null ? measure() : compare());
  });
}

export async function disconnect(): Promise<void> {
  const open = line;
  forget();
  await open?.close();
}

export function measureOnBoard(): Promise<void> {
  return attempt(measure);
}

/** A file, or the address of an example. */
export function runOnBoard(name: string, input: File | string): Promise<void> {
  return attempt(async () => {
    const inputs = await ask("boardInputs", { input });
    boardRuns.value = [];
    await during("running", async (board) => {
      for (const [i, { values, expected }] of inputs.entries()) {
        const answer = await board.stream(values);
        const difference = firstDifference(answer, expected);
        const run = {
          ...{ ...answer, name: inputs.length === 1 ? name : `${name} ${i}` },
          ...(difference !== undefined && { difference }),
        };
        boardRuns.value = [...boardRuns.peek(), run];
      }
    });
  });
}

/** A command that a person types; what it says is on the console. */
export function typeOnBoard(command: string): void {
  show(`> ${command}`);
  link?.type(command);
}

/** What a person may keep or send in; null before there is a report. */
export function boardRecord(): string | null {
  const said = facts.peek();
  return said === null || report === null ? null : recordText(said, report);
}

async function measure(): Promise<void> {
  await during("measuring", async (board) => {
    report = await board.report();
    facts.value = board.facts;
  });
  await compare();
}

async function compare(): Promise<void> {
  if (report !== null) timing.value = await ask("measured", { report });
}

function hasModel(): boolean {
  const { model, status } = facts.peek() ?? {};
  if (typeof model === "string") return true;
  boardProblem.value = `the board has no model (${status ?? "it says not why"}): save a file for it above`;
  return false;
}

async function during(what: BoardWork, use: (board: RunnerLink) => Promise<void>): Promise<void> {
  if (link === null) return;
  boardWork.value = what;
  try {
    await use(link);
  } finally {
    if (line !== null) boardWork.value = "idle";
  }
}

async function attempt(work: () => Promise<void>): Promise<void> {
  boardProblem.value = null;
  try {
    await work();
  } catch (error) {
    boardProblem.value = explain(error);
  }
}

function show(text: string): void {
  consoleLines.value = [...consoleLines.peek(), text].slice(-MOST_LINES);
}

/** The device has gone; what it has said stays. */
function lose(reason: Error): void {
  line = null;
  link = null;
  boardWork.value = null;
  boardProblem.value = reason.message;
}

function forget(): void {
  batch(() => {
    line = null;
    link = null;
    report = null;
    boardWork.value = null;
    facts.value = null;
    timing.value = null;
    boardRuns.value = [];
    boardProblem.value = null;
    consoleLines.value = [];
  });
}
