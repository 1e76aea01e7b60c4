/**
 * The live demonstration: where its input comes from, what the recogniser says, what was heard.
 * Knows nothing of how it is shown.
 */

import { computed, effect, signal } from "@preact/signals";
import { monoSamples } from "../../audio/recording.js";
import { isWav, readWav } from "../../audio/wav.js";
import { readNpy } from "../../checkpoint/npy.js";
import { NoSource } from "../../core/errors.js";
import { rateOf } from "../../core/input.js";
import { classOutput } from "../../core/outputs.js";
import { usualWindows } from "../../open/windows.js";
import type { Feed } from "../../streaming/feed.js";
import { openMicrophone } from "../../streaming/microphone.js";
import { MOTION_CHANNELS, MOTION_HZ, openMotion } from "../../streaming/motion.js";
import { type Recording, replay } from "../live/replay.js";
import type { ListenChoice, ListeningNote, Problem } from "../worker/protocol.js";
import { ask, choice, generation, model, offered } from "./simulator.js";

export type LiveKind = "microphone" | "motion";

export interface Heard {
  readonly name: string;
  readonly atFrame: number;
}

export const note = signal<ListeningNote | null>(null);
/** What it listens to, in words; null: nothing. */
export const listening = signal<string | null>(null);
export const liveProblem = signal<string | null>(null);
/** Classes in the order in which they fired, the latest first; an activity once, however long it lasts. */
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

/** Names of the recordings that are replayed, or were last; none: it listens to something else. */
export const replayed = signal<readonly string[]>([]);

/** Recordings of the replay that no class was heard of; null when there was none. A recording is called as its class. */
export const missed = computed<readonly string[] | null>(() => {
  const names = new Set(heard.value.map(({ name }) => name.toLowerCase()));
  if (replayed.value.length === 0) return null;
  return replayed.value.filter((name) => !names.has(name.toLowerCase()));
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
  replayed.value = [];
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
  return start("the microphone", [], (port) => openMicrophone(port, { rateHz: rateHz() }));
}

export function listenToMotion(): Promise<void> {
  return start("the motion sensors", [], openMotion);
}

/** One behind the other, with a pause after each. */
export function replayRecordings(
  name: string,
  recordings: readonly { readonly name: string; readonly url: URL }[],
): Promise<void> {
  const names = recordings.map((recording) => recording.name);
  return start(name, names, async (port) => {
    const recording = await readRecordings(recordings.map(({ url }) => url));
    return replay(recording, port, () => {
      setTimeout(() => {
        if (listening.peek() === name) stop();
      }, SETTLE_MS);
    });
  });
}

async function start(
  name: string,
  recordings: readonly string[],
  open: (port: MessagePort) => Promise<Feed>,
): Promise<void> {
  stop();
  note.value = null;
  heard.value = [];
  liveProblem.value = null;
  lastClass = -1;
  replayed.value = recordings;
  listening.value = name;
  const input = new MessageChannel();
  const notes = new MessageChannel();
  const choice = listenChoice();
  ear = notes.port1;
  notes.port1.onmessage = ({ data }: MessageEvent<ListeningNote | Problem>) => take(data);
  try {
    await ask("listen", { source: input.port2, notes: notes.port2, choice }, [
      input.port2,
      notes.port2,
    ]);
    const opened = await open(input.port1);
    if (ear === notes.port1) feed = opened;
    else opened.stop(); // stopped while the user was being asked
  } catch (error) {
    if (ear !== notes.port1) return;
    stop();
    liveProblem.value = error instanceof NoSource ? instead(error) : messageOf(error);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** As a sentence that says what else there is. */
function instead({ message }: NoSource): string {
  return `${message[0]?.toUpperCase()}${message.slice(1)}, or replay a recording.`;
}

function listenChoice(): ListenChoice {
  const { windowFrames = 0, stream } = offered.peek() ?? {};
  return {
    ...(stream && { running: { address: stream.blob.href, events: stream.running.events } }),
    windowFrames: windowFrames || ownWindow(),
  };
}

/** A second of audio; else as many frames as are profiled. */
function ownWindow(): number {
  const info = model.peek()?.info;
  const windows = info && usualWindows(info, {});
  return windows?.windowFrames ?? choice.peek().frames;
}

function take(data: ListeningNote | Problem): void {
  if ("code" in data) {
    stop();
    liveProblem.value = data.message;
    return;
  }
  note.value = data;
  for (const classIndex of data.heard) remember(classIndex, data.frames);
}

function remember(classIndex: number, frames: number): void {
  const name = model.peek()?.labels[classIndex];
  const isOngoing = liveKind.peek() === "motion" && classIndex === lastClass;
  lastClass = classIndex;
  if (name === undefined || isOngoing) return;
  heard.value = [{ name, atFrame: frames }, ...heard.peek()].slice(0, MAX_HEARD);
}

function rateHz(): number {
  const info = model.peek()?.info;
  return (info && rateOf(info)) ?? DEFAULT_RATE_HZ;
}

async function readRecordings(urls: readonly URL[]): Promise<Recording> {
  const parts = await Promise.all(urls.map(readRecording));
  const [first] = parts;
  if (first === undefined) throw new NoSource("missing", "there is nothing to replay");
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
  if (!response.ok)
    throw new NoSource("failed", `the recording cannot be had: HTTP ${response.status}`);
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
