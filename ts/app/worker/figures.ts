/**
 * The figures of an open model under a choice: first those that follow from the plan, then those
 * that are measured by running it. Every number comes from the core, the profile or the board
 * catalogue. Knows nothing of how it is shown.
 */

import { tileLength } from "../../core/input.js";
import { SCHEDULES } from "../../core/plan.js";
import { type RunSettings, sessionOptions } from "../../core/settings.js";
import type { InputArray, Model, Plan, Schedule, Session, SessionOptions } from "../../index.js";
import {
  type Effort,
  exampleInput,
  OperatorTimer,
  profile,
  verdictsOf,
  wholeSequenceOf,
} from "../../profile/index.js";
import type {
  Choice,
  ExactFigures,
  MeasuredFigures,
  PlanSummary,
  Sample,
  SchedulePlan,
} from "./protocol.js";
import type { Bench, Workbench } from "./workbench.js";

/** In the order of the story: the textbook, the paper, this project. */
const STORY = SCHEDULES.toReversed();
const TILES = [1, 2, 4, 8, 16, 32, 64, 128];
/** Short, because a person waits for it; `sample` goes on afterwards. */
const EFFORT: Effort = { minRuns: 3, maxRuns: 400, budgetMs: 100, operatorsMs: 100 };
const QUICK: Effort = { ...EFFORT, budgetMs: 10, operatorsMs: 10 };

/** A choice as the command line would take it: a budget chooses the tile itself. */
export function settingsOf({ schedule, tile, budget }: Omit<Choice, "frames">): RunSettings {
  const isTiled = schedule === "stream" && budget === 0;
  return { schedule, ...(isTiled && { tile }), ...(budget > 0 && { budget }) };
}

/** Of sessions over the choice's frames, or over others. */
export function optionsOf(choice: Choice, frames = choice.frames): SessionOptions {
  return sessionOptions(settingsOf(choice), frames);
}

export function exactFigures({ model }: Bench, choice: Choice): ExactFigures {
  const plan = model.plan(optionsOf(choice));
  return {
    choice,
    chosen: { plan, ...operatorsOf(model, choice.schedule) },
    wholeSequence: wholeSequenceOf(model, plan) ?? null,
    boards: verdictsOf(model, plan, { frames: choice.frames }),
    schedules: STORY.map((schedule) => schedulePlan(model, { ...choice, schedule })),
    alternatives: alternatives(model, choice),
  };
}

function schedulePlan(
  model: Model,
  choice: Choice,
): SchedulePlan | { refused: string; schedule: Schedule } {
  const { schedule } = choice;
  try {
    return {
      plan: model.plan(optionsOf(choice)),
      ...operatorsOf(model, schedule),
    };
  } catch (cause) {
    return { schedule, refused: cause instanceof Error ? cause.message : String(cause) };
  }
}

function operatorsOf(model: Model, schedule: Schedule): Omit<SchedulePlan, "plan"> {
  const infos = model.operators(schedule);
  return { operators: infos.map(({ name }) => name), ops: infos.map(({ op }) => op) };
}

/** Every other way to run it, cheapest in RAM first, whatever the budget. */
export function alternatives(model: Model, { budget: _, ...rest }: Choice): PlanSummary[] {
  const choice = { ...rest, budget: 0 };
  const tiles = [...new Set([...TILES, choice.tile])].filter((tile) => tile <= choice.frames);
  const choices: Choice[] = [
    ...tiles.map((tile) => ({ ...choice, schedule: "stream" as const, tile })),
    { ...choice, schedule: "layer" },
    { ...choice, schedule: "unfused" },
  ];
  return choices
    .flatMap((other) => {
      const planned = schedulePlan(model, other);
      return "plan" in planned ? [summary(planned.plan)] : [];
    })
    .sort((a, b) => a.arenaBytes + a.callerBytes - b.arenaBytes - b.callerBytes);
}

function summary(plan: Plan): PlanSummary {
  const { schedule, tile, arenaBytes, inputBytes, outputBytes } = plan;
  return {
    schedule,
    tile: schedule === "stream" ? tile : 0,
    arenaBytes,
    callerBytes: inputBytes + outputBytes,
  };
}

/** What was profiled last. */
interface Profiled {
  readonly session: Session;
  readonly input: InputArray;
  readonly timer: OperatorTimer;
}

/** Profiles, and keeps what `sample` needs to go on. */
export class Measurements {
  readonly #workbench: Workbench;
  #profiled: Profiled | undefined;

  constructor(workbench: Workbench) {
    this.#workbench = workbench;
  }

  profile(choice: Choice, isQuick = false): MeasuredFigures {
    const effort = isQuick ? QUICK : EFFORT;
    const { engine, model } = this.#workbench.open;
    const { frames } = choice;
    const options = optionsOf(choice);
    const report = profile(engine, model, {
      ...options,
      frames,
      host: navigator.userAgent,
      effort,
    });
    this.#release();
    const session = model.createSession(options);
    const input = exampleInput(model.info, frames);
    const timer = new OperatorTimer(session, {
      input,
      feedLength: tileLength(model.info, session.plan.tile),
      operators: report.operators.length,
      endsOnce: model.info.looksAhead,
    });
    this.#profiled = { session, input, timer };
    this.#workbench.whenClosed(() => this.#release());
    return {
      choice,
      report,
      samplesMs: runFor(this.#profiled, effort.budgetMs),
    };
  }

  /** Half of the time goes to whole runs, half to the operators, whose times get steadier each time. */
  sample(budgetMs: number): Sample | null {
    const profiled = this.#profiled;
    if (profiled === undefined) return null;
    const samplesMs = runFor(profiled, budgetMs / 2);
    profiled.timer.measure(budgetMs / 2);
    return { samplesMs, operatorMs: profiled.timer.milliseconds() };
  }

  #release(): void {
    this.#profiled?.session.dispose();
    this.#profiled = undefined;
  }
}

/** Milliseconds of runs, at least one. */
function runFor({ session, input }: Profiled, budgetMs: number): number[] {
  const samples: number[] = [];
  const end = performance.now() + budgetMs;
  do {
    const start = performance.now();
    session.run(input);
    samples.push(performance.now() - start);
  } while (performance.now() < end);
  return samples;
}
