/**
 * Runs inputs: whole sequences to logits, and one sequence frame by frame with its state in view.
 * Knows nothing of pages.
 */

import { BadState } from "../../core/errors.js";
import { inputLength } from "../../core/input.js";
import type { Session } from "../../index.js";
import { classOf, exampleInput } from "../../profile/index.js";
import { sessionOptions } from "./figures.js";
import { readSequences, type Sequence, type Sequences } from "./inputs.js";
import type { Choice, Progress, RunAnswer, RunResult, Watched } from "./protocol.js";
import type { Bench, Workbench } from "./workbench.js";

/** More than a person looks through. */
const MAX_RESULTS = 1000;
const REPORT_EVERY = 16;
const SESSION_BUFFER = "session";

type Report = (progress: Progress) => void;

export class Runs {
  readonly #workbench: Workbench;
  #inputs: Sequences | undefined;
  #watched: { readonly session: Session; readonly sequence: number } | undefined;

  constructor(workbench: Workbench) {
    this.#workbench = workbench;
  }

  /** @throws BadFile, BadInput, NonFinite */
  runFile(name: string, bytes: Uint8Array, choice: Choice, report: Report): RunAnswer {
    return this.#run(name, readSequences(bytes, this.#workbench.open.model.info), choice, report);
  }

  runGenerated(name: string, choice: Choice, report: Report): RunAnswer {
    const { frames } = choice;
    const sequence = exampleInput(this.#workbench.open.model.info, frames);
    return this.#run(name, { frames, sequences: [sequence] }, choice, report);
  }

  #run(name: string, inputs: Sequences, choice: Choice, report: Report): RunAnswer {
    const { model } = this.#workbench.open;
    const { sequences, frames } = inputs;
    const session = model.createSession(sessionOptions({ ...choice, frames }));
    try {
      const start = performance.now();
      const results = sequences.map((sequence, i) => {
        if (i % REPORT_EVERY === 0) report({ what: "running", share: i / sequences.length });
        return toResult(session.run(sequence));
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
      logits: session.frames === 0 ? new Float32Array(0) : session.finish(),
      states: statesOf(session),
    };
  }

  /** A session of the sequence that is not beyond the frame. */
  #sessionAt({ model }: Bench, sequence: number, frame: number): Session {
    if (this.#watched?.sequence !== sequence) {
      this.#watched?.session.dispose();
      this.#watched = { sequence, session: model.createSession() };
    }
    const { session } = this.#watched;
    if (session.frames > frame) session.reset();
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
  input: Sequence,
  frame: number,
): void {
  const done = session.frames;
  if (frame <= done) return;
  const from = done === 0 ? 0 : inputLength(info, done);
  session.push(input.subarray(from, inputLength(info, frame)));
}

/** Copies of the recurrent state's buffers, as float32. */
function statesOf(session: Session): Watched["states"] {
  const arena = session.arena();
  return session.plan.buffers
    .filter(({ kind, name }) => kind === "state" && name !== SESSION_BUFFER)
    .map(({ name, offset, bytes }) => ({
      name,
      values: new Float32Array(arena.slice(offset, offset + bytes).buffer),
    }));
}

function toResult(logits: Float32Array): RunResult {
  const words = new Uint32Array(logits.buffer, logits.byteOffset, logits.length);
  return {
    logits: [...logits],
    bits: Array.from(words, (word) => word.toString(16).padStart(8, "0")),
    classIndex: classOf(logits),
  };
}
