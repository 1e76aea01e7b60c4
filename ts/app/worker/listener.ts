/**
 * What the open model hears in a stream that never ends: the package's detector, and what the page shows beside its
 * answers. It runs the network that was trained for that where there is one, else exact windows of the open model.
 * Knows nothing of microphones, sensors or pages.
 */
import { framesIn, inputsPerFrame, rateOf } from "../../core/input.js";
import type { ModelInfo } from "../../index.js";
import { createDetector, type Detector } from "../../streaming/detector.js";
import { type LiveNote, serveDetector } from "../../streaming/live.js";
import { fetchBytes } from "./bytes.js";
import type { ListenChoice, ListeningNote } from "./protocol.js";
import type { Bench } from "./workbench.js";

/** Of exact windows: how many answers a window, and which of them fire. */
const ANSWERS_A_WINDOW = 10;
const EVENTS = { smooth: 3, holdOff: ANSWERS_A_WINDOW, thresholds: 0.5 };
/** Frames over which the time a frame takes is averaged. */
const TIMED_FRAMES = 100;

/** Takes what comes through `source`, and says through `notes` what is in it. @returns what ends it */
export async function listen(
  bench: Bench,
  choice: ListenChoice,
  source: MessagePort,
  notes: MessagePort,
): Promise<() => void> {
  const rows: Float32Array[] = [];
  const isAudio = bench.model.info.inputKind === "samples";
  const take = (row: Float32Array) => rows.push(row.slice());
  const detector = await detectorOf(bench, choice, take);
  const shown = new Shown(detector, bench.model.info);
  const end = serveDetector({
    detector,
    source,
    onNote: (note, input) => {
      const seen = isAudio ? rows.splice(0) : [input];
      const shownNote = shown.noteOf(note, seen, isAudio ? seen[0]?.length : detector.inputWidth);
      notes.postMessage(shownNote, [shownNote.rows.buffer]);
    },
    onProblem: (problem) => notes.postMessage(problem),
  });
  return () => {
    end();
    notes.close();
    detector.dispose();
  };
}

async function detectorOf(
  { engine, model, blob }: Bench,
  { running, windowFrames }: ListenChoice,
  onFrame: (row: Float32Array) => void,
): Promise<Detector> {
  if (running !== undefined) {
    return createDetector(engine, {
      model: await fetchBytes(running.address),
      ...running.events,
      onFrame,
    });
  }
  const hopFrames = Math.max(1, Math.round(windowFrames / ANSWERS_A_WINDOW));
  const rateHz = rateOf(model.info);
  const own = { model: blob, windowFrames, hopFrames, onFrame, ...(rateHz && { rateHz }) };
  return createDetector(engine, { ...own, ...EVENTS });
}

class Shown {
  readonly #detector: Detector;
  readonly #info: ModelInfo;
  #timed = { frames: 0, busyMs: 0 };
  #msPerFrame = 0;

  constructor(detector: Detector, info: ModelInfo) {
    this.#detector = detector;
    this.#info = info;
  }

  noteOf(note: LiveNote, parts: readonly Float32Array[], rowWidth = 0): ListeningNote {
    const { inputWidth } = this.#info;
    const rateHz = rateOf(this.#info);
    const frames = framesIn(this.#info, note.inputs * inputWidth);
    this.#time(frames, note.busyMs);
    const rows = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      rows.set(part, at);
      at += part.length;
    }
    return {
      frames,
      answers: note.answers,
      heard: note.detections.map(({ classIndex }) => classIndex),
      probabilities: [...note.averages],
      msPerFrame: this.#msPerFrame,
      frameMs: rateHz === undefined ? 0 : (1000 * inputsPerFrame(this.#info)) / rateHz,
      arenaBytes: this.#detector.arenaBytes,
      rows,
      rowWidth,
    };
  }

  #time(frames: number, busyMs: number): void {
    const since = { frames: frames - this.#timed.frames, busyMs: busyMs - this.#timed.busyMs };
    const isFirst = this.#msPerFrame === 0 && since.frames > 0;
    if (!isFirst && since.frames < TIMED_FRAMES) return;
    this.#msPerFrame = since.busyMs / since.frames;
    this.#timed = { frames, busyMs };
  }
}
