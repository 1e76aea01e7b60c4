/**
 * What a sweep has found: results of stretches of data added up to candidates, a model in a variant each, and for every
 * board those that are worth a look. Knows nothing of how it is shown.
 */
import { joinedCrc32 } from "../crc32.js";
import { hexWord } from "../hex-word.js";
import { type Costs, compareCosts, frontOf } from "./front.js";
import { type Variant, variantText } from "./job.js";
import type { SweepPlan } from "./plan.js";
import type { SweepLimits } from "./plan-file.js";
import type { BoardNeed, Ran, Result } from "./result.js";

export interface Candidate {
  readonly model: string;
  readonly variant: string;
  readonly type: string;
  readonly arenaBytes: number;
  readonly flashBytes: number;
  readonly boards: Readonly<Record<string, BoardNeed>>;
  /** Of each data set, in the plan's order. */
  readonly sets: readonly SetResult[];
}

export interface SetResult extends Ran {
  readonly name: string;
}

/** What is wrong with some tasks' models or data. */
export interface SweepFailure {
  readonly code: string;
  readonly message: string;
  readonly tasks: number;
  /** The first of them, for people. */
  readonly example: string;
}

export interface BoardAnswer {
  readonly id: string;
  readonly name: string;
  /** Candidates that it has room and a time for, and of these those within the limits. */
  readonly fitting: number;
  readonly within: readonly Candidate[];
  /** Of those within the limits, the most accurate first. */
  readonly front: readonly Candidate[];
  readonly best?: Candidate;
}

export interface Summary {
  readonly tasks: number;
  readonly done: number;
  readonly failures: readonly SweepFailure[];
  readonly candidates: readonly Candidate[];
  readonly boards: readonly BoardAnswer[];
}

/** @param find the result of a task, if there is one */
export function summaryOf(plan: SweepPlan, find: (key: string) => Result | undefined): Summary {
  const growing = new Map<object, Map<Variant, Growing>>();
  const failures = new Map<string, SweepFailure>();
  let tasks = 0;
  let done = 0;
  for (const { model, data, tasks: some } of plan.jobs) {
    const variants = growing.get(model) ?? new Map<Variant, Growing>();
    growing.set(model, variants);
    for (const { key, variant } of some) {
      const result = find(key);
      tasks++;
      if (result !== undefined) done++;
      if (result?.error) count(failures, result.error, `${model.name}, ${variantText(variant)}`);
      const empty: Growing = { model: model.name, variant, results: [] };
      variants.set(variant, add(variants.get(variant) ?? empty, data?.name, result));
    }
  }
  const candidates = [...growing.values()].flatMap((variants) =>
    [...variants.values()].flatMap((each) => finished(each) ?? []),
  );
  const boards = plan.file.boards.map(({ id, name }) => ({
    ...{ id, name },
    ...answerOf(id, candidates, plan.file.limits),
  }));
  return { tasks, done, failures: [...failures.values()], candidates, boards };
}

function count(
  failures: Map<string, SweepFailure>,
  error: NonNullable<Result["error"]>,
  example: string,
) {
  const { code, message } = error;
  const before = failures.get(message);
  failures.set(
    message,
    before ? { ...before, tasks: before.tasks + 1 } : { code, message, tasks: 1, example },
  );
}

// ---- adding up ---------------------------------------------------------------------------------------

/** Undefined results: some are missing or failed, and nothing can be said. */
interface Growing {
  readonly model: string;
  readonly variant: Variant;
  readonly results: { readonly data: string | undefined; readonly result: Result }[] | undefined;
}

function add(growing: Growing, data: string | undefined, result: Result | undefined): Growing {
  if (result === undefined || result.error !== undefined) return { ...growing, results: undefined };
  growing.results?.push({ data, result });
  return growing;
}

function finished({ model, variant, results }: Growing): Candidate | undefined {
  const [first] = results ?? [];
  if (results === undefined || first === undefined) return undefined;
  const names = [
    ...new Set(
      results.flatMap(({ data, result }) => (data !== undefined && result.ran ? data : [])),
    ),
  ];
  return {
    ...{ model, variant: variantText(variant), type: variant.type },
    // Data sets may differ in length, and arenas with it.
    arenaBytes: Math.max(...results.map(({ result }) => result.arenaBytes ?? 0)),
    flashBytes: first.result.flashBytes ?? 0,
    boards: first.result.boards ?? {},
    sets: names.map((name) => {
      const stretches = results.flatMap(({ data, result: { ran } }) =>
        data === name && ran ? [ran] : [],
      );
      return { name, ...stretches.reduce(together) };
    }),
  };
}

/** Of two stretches, one behind the other. */
export function together(a: Ran, b: Ran): Ran {
  const items = a.items + b.items;
  const sum = (x: number | undefined, y: number | undefined) => (x ?? 0) + (y ?? 0);
  const mean = (x: number | null, y: number | null) =>
    x === null || y === null ? null : (x * a.items + y * b.items) / items;
  const most = (x: number | null, y: number | null) =>
    x === null || y === null ? null : Math.max(x, y);
  const crc = joinedCrc32(word(a.logitsCrc32), word(b.logitsCrc32), b.logitsBytes);
  return {
    items,
    ...(a.correct !== undefined && { correct: sum(a.correct, b.correct) }),
    ...(a.disagreements !== undefined && {
      disagreements: sum(a.disagreements, b.disagreements),
      meanError: mean(a.meanError ?? null, b.meanError ?? null),
      maxError: most(a.maxError ?? null, b.maxError ?? null),
    }),
    saturations: a.saturations + b.saturations,
    logitsCrc32: hexWord(crc),
    logitsBytes: a.logitsBytes + b.logitsBytes,
  };
}

function word(hex: string): number {
  return Number.parseInt(hex, 16);
}

// ---- boards ------------------------------------------------------------------------------------------

/** From 0 to 1; undefined where no classes are known. */
export function accuracyOf({ sets: [first] }: Candidate): number | undefined {
  return first === undefined ? undefined : shareOf(first);
}

function shareOf({ correct, items }: Ran): number | undefined {
  return correct === undefined ? undefined : correct / items;
}

/** Wrong answers, milliseconds, arena, flash: in the order in which they decide who is best. */
function costsOn(board: string): (candidate: Candidate) => Costs {
  return (candidate) => [
    -(accuracyOf(candidate) ?? 0),
    candidate.boards[board]?.ms ?? Number.POSITIVE_INFINITY,
    candidate.arenaBytes,
    candidate.flashBytes,
  ];
}

function answerOf(board: string, candidates: readonly Candidate[], limits: SweepLimits) {
  const fitting = candidates.filter(({ boards }) => boards[board]?.fits === true);
  const within = fitting.filter((candidate) => isWithin(candidate, board, limits));
  const costs = costsOn(board);
  const front = frontOf(within, costs);
  const [best] = [...front].sort(
    (a, b) => compareCosts(costs(a), costs(b)) || (nameOf(a) < nameOf(b) ? -1 : 1),
  );
  return {
    ...{ fitting: fitting.length, within, front },
    ...(best && { best }),
  };
}

export function nameOf({ model, variant }: Candidate): string {
  return `${model}, ${variant}`;
}

function isWithin(candidate: Candidate, board: string, limits: SweepLimits): boolean {
  const { arenaBytes, flashBytes, boardMs, accuracy } = limits;
  const most = boardMs.get(board);
  const { ms } = candidate.boards[board] ?? {};
  return (
    candidate.arenaBytes <= (arenaBytes ?? Number.POSITIVE_INFINITY) &&
    candidate.flashBytes <= (flashBytes ?? Number.POSITIVE_INFINITY) &&
    (most === undefined || (ms !== undefined && ms <= most)) &&
    candidate.sets.every((set) => (shareOf(set) ?? 1) >= (accuracy ?? 0))
  );
}
