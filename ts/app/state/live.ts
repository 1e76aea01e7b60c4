/**
 * The live demonstration: where its input comes from, what the recogniser says, what was heard.
 * Knows nothing of how it is shown.
 */
import { computed, effect, signal } from "@preact/signals";
import { monoSamples } from "../../audio/recording.js";
import { isWav, readWav } from "../../audio/wav.js";
import { readNpy } from "../../checkpoint/npy.js";
import { classOutput } from "../../core/outputs.js";
import { type Feed, NoSource } from "../live/feed.js";
import { openMicrophone } from "../live/microphone.js";
import { MOTION_CHANNELS, MOTION_HZ, openMotion } from "../live/motion.js";
import { type Recording, replay } from "../live/replay.js";
import type { LiveNote, Problem } from "../worker/protocol.js";
import { ask, generation, model, offered } from "./simulator.js";

export type LiveKind = "microphone" | "motion";

export interface Heard {
  readonly name: string;
  readonly atFrame: number;
}

export const note = signal<LiveNote | null>(null);
/** What it listens to, in words; null: nothing. */
export const listening = signal<string | null>(null);
export const liveProblem = signal<string | null>(null);
/** Classes in the order in which they were recognised, the latest first. */
export const heard = signal<readonly Heard[]>([]);

const MAX_HEARD = 12;
const PAUSE_SECONDS = 0.7;
const DEFAULT_RATE_HZ = 16_000;
/** The last block of a replay is still on its way when the recording is over. */
const SETTLE_MS = 300;

export const liveKind = computed<LiveKind | null>(() => {
  if (offered.value?.live) return offered.value.live;
  // What a network of one value hears is no word.
  const info = model.value?.info;
  const classes = info && classOutput(info.outputs);
  const hasWords = classes !== undefined && classes.width > 1;
  return info?.inputKind === "samples" && hasWords ? "microphone" : null;
});

let feed: Feed | undefined;
/** The page's end of the listener. */
let ear: MessagePort | undefined;
let lastClass = -1;

effect(() => {
  generation.value;
  stop();
  note.value = null;
  heard.value = [];
  liveProblem.value = null;
});

export function stop(): void {
  feed?.stop();
  ear?.postMessage("end");
  feed = undefined;
  ear = undefined;
  listening.value = null;
}

export function listenToMicrophone(): Promise<void> {
  return start("the microphone", (port) => openMicrophone(rateHz(), port));
}

export function listenToMotion(): Promise<void> {
  return start("the motion sensors", openMotion);
}

/** Recordings by their addresses, with a pause after each. */
export function replayRecordings(name: string, urls: readonly URL[]): Promise<void> {
  return start(name, async (port) => {
    const recording = await readRecordings(urls);
    return replay(recording, port, () => {
      setTimeout(() => {
        if (listening.peek() === name) stop();
      }, SETTLE_MS);
    });
  });
}

async function start(name: string, open: (port: MessagePort) => Promise<Feed>): Promise<void> {
  stop();
  note.value = null;
  heard.value = [];
  liveProblem.value = null;
  lastClass = -1;
  listening.value = name;
  const input = new MessageChannel();
  const notes = new MessageChannel();
  const windowFrames = offered.peek()?.windowFrames || (model.peek()?.usualFrames ?? 1);
  ear = notes.port1;
  notes.port1.onmessage = ({ data }: MessageEvent<LiveNote | Problem>) => take(data);
  try {
    await ask("listen", { source: input.port2, notes: notes.port2, windowFrames }, [
      input.port2,
      notes.port2,
    ]);
    const opened = await open(input.port1);
    if (ear === notes.port1) feed = opened;
    else opened.stop(); // stopped while the user was being asked
  } catch (error) {
    if (ear !== notes.port1) return;
    stop();
    liveProblem.value = error instanceof Error ? error.message : String(error);
  }
}

function take(data: LiveNote | Problem): void {
  if ("code" in data) {
    stop();
    liveProblem.value = data.message;
    return;
  }
  note.value = data;
  const { classIndex, frames } = data;
  const label = model.peek()?.labels[classIndex];
  if (classIndex === lastClass) return;
  lastClass = classIndex;
  if (label === undefined || label.startsWith("_")) return;
  heard.value = [{ name: label, atFrame: frames }, ...heard.peek()].slice(0, MAX_HEARD);
}

function rateHz(): number {
  return model.peek()?.info.sampleRateHz || DEFAULT_RATE_HZ;
}

async function readRecordings(urls: readonly URL[]): Promise<Recording> {
  const parts = await Promise.all(urls.map(readRecording));
  const [first] = parts;
  if (first === undefined) throw new NoSource("there is nothing to replay");
  const { rate, unit } = first;
  const pause = first.unit === 1 ? Math.round(PAUSE_SECONDS * rate) : 0;
  const data = new Float32Array(
    pause + parts.reduce((sum, part) => sum + part.data.length + pause, 0),
  );
  let at = pause;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length + pause;
  }
  return { data, rate, unit };
}

async function readRecording(url: URL): Promise<Recording> {
  const response = await fetch(url);
  if (!response.ok) throw new NoSource(`the recording cannot be had: HTTP ${response.status}`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (isWav(bytes)) {
    return { data: monoSamples(readWav(bytes), rateHz()), rate: rateHz(), unit: 1 };
  }
  const { data } = readNpy(bytes);
  return {
    data: Float32Array.from(data),
    rate: MOTION_HZ * MOTION_CHANNELS,
    unit: MOTION_CHANNELS,
  };
}
