/**
 * Runs inputs: whole sequences to outputs, and one sequence frame by frame with its state in view.
 * Knows nothing of pages.
 */

import { probabilitiesOf } from "../../core/classify.js";
import { BadState } from "../../core/errors.js";
import { type InputArray, inputLength } from "../../core/input.js";
import { classOutput } from "../../core/outputs.js";
import type { ModuleShapes } from "../../graph/shapes.js";
import type { Outputs, Session } from "../../index.js";
import { type Inputs, inputsOf, takenBy } from "../../open/inputs.js";
import { classOf, exampleInput, inModuleShapes, moduleShapesOf } from "../../profile/index.js";
import { optionsOf } from "./figures.js";
import type { Choice, Progress, RunAnswer, RunResult, Watched } from "./protocol.js";
import type { Bench, Workbench } from "./workbench.js";

/** More than a person looks through. */
const MAX_RESULTS = 1000;
const REPORT_EVERY = 16;
const SESSION_BUFFER = "session";

type Report = (progress: Progress) => void;
type RunInputs = Omit<Inputs, "data">;

export class Runs {
  readonly #workbench: Workbench;
  #inputs: RunInputs | undefined;
  #watched: { readonly session: Session; readonly sequence: number } | undefined;

  constructor(workbench: Workbench) {
    this.#workbench = workbench;
  }

  /** @throws BadFile, BadInput, NonFinite */
  runFile(name: string, bytes: Uint8Array, choice: Choice, report: Report): RunAnswer {
    const inputs = inputsOf(bytes, takenBy(this.#workbench.open.model), false);
    return this.#run(name, inputs, choice, report);
  }

  runGenerated(name: string, choice: Choice, report: Report): RunAnswer {
    const { frames } = choice;
    const sequence = exampleInput(this.#workbench.open.model.info, frames);
    return this.#run(name, { frames, sequences: [sequence] }, choice, report);
  }

  #run(name: string, inputs: RunInputs, choice: Choice, report: Report): RunAnswer {
    const { model } = this.#workbench.open;
    const { sequences, frames } = inputs;
    const shapes = moduleShapesOf(model);
    const session = model.createSession(optionsOf(choice, frames));
    try {
      const start = performance.now();
      const results = sequences.map((sequence, i) => {
        if (i % REPORT_EVERY === 0) report({ what: "running", share: i / sequences.length });
        return toResult(session.run(sequence), model.info, shapes);
      });
      const ms = performance.now() - start;
      this.#forget();
      this.#inputs = inputs;
      this.#workbench.whenClosed(() => this.#forget());
      return { name, frames, count: sequences.length, results: results.slice(0, MAX_RESULTS), ms };
    } finally {
      session.dispose();
    }
  }

  /** @throws BadState when nothing was run. */
  watch(sequence: number, frame: number): Watched {
    const bench = this.#workbench.open;
    const input = this.#inputs?.sequences[sequence];
    const frames = this.#inputs?.frames ?? 0;
    if (input === undefined) throw new BadState("run an input first");
    const session = this.#sessionAt(bench, sequence, frame);
    pushUpTo(session, bench, input, Math.min(frame, frames));
    return {
      frame: session.frames,
      frames,
      vectors: vectorsSoFar(session, bench),
      ...statesOf(session, bench),
    };
  }

  /** A session of the sequence that is not beyond the frame. */
  #sessionAt({ model }: Bench, sequence: number, frame: number): Session {
    if (this.#watched?.sequence !== sequence) {
      this.#watched?.session.dispose();
      const maxFrames = this.#inputs?.frames ?? 1;
      this.#watched = { sequence, session: model.createSession({ maxFrames }) };
    }
    const { session } = this.#watched;
    // What looks ahead cannot go on behind what was shown last.
    if (session.frames > frame || model.info.looksAhead) session.reset();
    return session;
  }

  #forget(): void {
    this.#watched?.session.dispose();
    this.#watched = undefined;
    this.#inputs = undefined;
  }
}

function pushUpTo(
  session: Session,
  { model: { info } }: Bench,
  input: InputArray,
  frame: number,
): void {
  const done = session.frames;
  if (frame <= done) return;
  const from = done === 0 ? 0 : inputLength(info, done);
  session.push(input.subarray(from, inputLength(info, frame)));
}

/** Nothing where the network is not defined for so few frames. */
function vectorsSoFar(session: Session, { model: { info } }: Bench): Outputs {
  if (session.frames < Math.max(1, info.minFrames)) return [];
  try {
    return session.finish().filter(({ shape }) => shape.length === 1);
  } catch (error) {
    if (error instanceof BadState) return []; // branches do not meet at every length
    throw error;
  }
}

/** Copies of the recurrent state's buffers that are float32. */
function statesOf(session: Session, { model }: Bench): Pick<Watched, "states" | "hiddenStates"> {
  const arena = session.arena();
  const integers = new Set(model.ops.flatMap(({ name, type }) => (type === "f32" ? [] : [name])));
  const all = session.plan.buffers.filter(
    ({ kind, name }) => kind === "state" && name !== SESSION_BUFFER,
  );
  const floats = all.filter(({ name }) => !integers.has(name.slice(0, name.lastIndexOf("."))));
  return {
    states: floats.map(({ name, offset, bytes }) => ({
      name,
      values: new Float32Array(arena.slice(offset, offset + bytes).buffer),
    })),
    hiddenStates: all.length - floats.length,
  };
}

function toResult(
  outputs: Outputs,
  info: Bench["model"]["info"],
  shapes: ModuleShapes | undefined,
): RunResult {
  const logits = classOutput(info.outputs) && outputs[0]?.data;
  const classIndex = logits === undefined ? -1 : classOf(logits);
  const probabilities = logits && probabilitiesOf(logits);
  return {
    outputs: inModuleShapes(shapes, outputs),
    classIndex,
    ...(probabilities && { probabilities }),
  };
}
