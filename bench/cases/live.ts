/**
 * A detector that listens: its share of real time over ten minutes of audio, in this process and in the worker of a
 * page in Chromium, from a microphone at the model's rate and from one at 48 kHz.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hasChromium, launch, serve } from "../../test/chromium.js";
import { readAudio } from "../../ts/audio/index.js";
import { Engine } from "../../ts/core/engine.js";
import { BUNDLED_MODELS, WORDS } from "../../ts/models/node.js";
import { createDetector, Resampler } from "../../ts/streaming/index.js";
import { normalNumbers, uniformNumbers } from "../harness/random.js";
import type { Setup } from "../harness/setup.js";
import { mustRun } from "../harness/tools.js";
import { bestOf, timed } from "../harness/undisturbed.js";
import type { CaseResult } from "../report/result.js";
import { significant } from "../report/text.js";

const RATE_HZ = 16_000;
const MICROPHONE_HZ = 48_000;
const SECONDS = 600;
/** Of a live source: some 30 blocks a second. */
const BLOCK_SECONDS = 1 / 32;
const NOISE = 0.002;
const PAUSE_SECONDS = 2;
const ROUNDS = 3;
const MOST_SHARE = 0.03;
const PERCENT = 100;
const MINUTE = 60;
const MS_A_SECOND = 1000;

interface Live {
  readonly name: string;
  readonly microphoneHz: number;
  /** Of real time. */
  readonly share: number;
  readonly events: number;
}

export async function live(setup: Setup): Promise<CaseResult> {
  const audio = words(setup.root);
  const all: Live[] = [];
  for (const microphoneHz of [RATE_HZ, MICROPHONE_HZ]) {
    all.push(await inProcess("Node, WASM SIMD", setup, setup.core.simd, audio, microphoneHz));
    all.push(await inProcess("Node, WASM", setup, setup.core.baseline, audio, microphoneHz));
    if (hasChromium) all.push(await inPage(setup, audio, microphoneHz));
  }
  return {
    title: "Listening",
    tables: [
      {
        title: `kws, running, ${SECONDS / MINUTE} minutes of words and noise`,
        columns: ["", "microphone, Hz", "share of real time", "events"],
        rows: all.map(({ name, microphoneHz, share, events }) => [
          ...[name, `${microphoneHz}`],
          ...[`${significant(PERCENT * share, 3)} %`, `${events}`],
        ]),
        note:
          `Blocks of ${MS_A_SECOND * BLOCK_SECONDS} ms, resampled where the microphone is at another rate, then the front end, ` +
          `the network and the events. The best of ${ROUNDS} runs. Chromium: what the worker of \`listen\` says of its own ` +
          "time, by the clock, while it is fed faster than a microphone would.",
      },
    ],
    charts: [],
    claims: all.map(({ name, microphoneHz, share }) => ({
      text: `${name}, ${microphoneHz} Hz: of real time`,
      value: PERCENT * share,
      atMost: PERCENT * MOST_SHARE,
      unit: "%",
    })),
    skipped: hasChromium ? [] : ["Chromium: not here"],
    data: all,
  };
}

/** The examples by turns, noise behind and between them, at the model's rate: a minute, to be repeated. */
function words(root: string): Float32Array {
  const { examples } = BUNDLED_MODELS.find(({ name }) => name === "kws")!;
  const minute = normalNumbers(uniformNumbers(1), MINUTE * RATE_HZ).map((x) => NOISE * x);
  const clips = examples.map(({ name }) =>
    readAudio(readFileSync(join(root, "ts/models/kws", `${name}.wav`)), RATE_HZ),
  );
  const every = PAUSE_SECONDS * RATE_HZ;
  for (let turn = 0; (turn + 1) * every < minute.length; turn++) {
    for (const [i, value] of clips[turn % clips.length]!.entries())
      minute[turn * every + i]! += value;
  }
  return minute;
}

/** What a microphone gives of it, block by block: each sample as often as its rate is higher. */
function blocksOf(audio: Float32Array, microphoneHz: number): Float32Array[] {
  const times = microphoneHz / RATE_HZ;
  const given = Float32Array.from(
    { length: audio.length * times },
    (_, i) => audio[Math.floor(i / times)]!,
  );
  const length = microphoneHz * BLOCK_SECONDS;
  return Array.from({ length: given.length / length }, (_, i) =>
    given.subarray(i * length, (i + 1) * length),
  );
}

async function inProcess(
  name: string,
  { root }: Setup,
  wasm: Uint8Array<ArrayBuffer>,
  audio: Float32Array,
  microphoneHz: number,
): Promise<Live> {
  const engine = await Engine.load({ wasm });
  const { model: _, ...how } = WORDS;
  const model = readFileSync(join(root, "ts/models/kws/running.mlm"));
  const blocks = blocksOf(audio, microphoneHz);
  const runs = [];
  let events = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const detector = await createDetector(engine, { ...how, model });
    const resampler = microphoneHz === RATE_HZ ? undefined : new Resampler(microphoneHz, RATE_HZ);
    events = 0;
    const listen = () => {
      for (let second = 0; second < SECONDS; second += MINUTE) {
        for (const block of blocks) events += detector.push(resampler?.push(block) ?? block).length;
      }
    };
    runs.push(await timed(listen));
    detector.dispose();
  }
  engine.dispose();
  return { name, microphoneHz, share: shareOf(bestOf(runs)), events };
}

/** By bench/live-page, built as an application would be. */
async function inPage(
  { root, scratch }: Setup,
  audio: Float32Array,
  microphoneHz: number,
): Promise<Live> {
  const folder = join(scratch, "live-page");
  const build = ["build", join(root, "bench/live-page"), "--base", "./", "--outDir", folder];
  const vite = join(root, "node_modules/vite/bin/vite.js");
  mustRun(process.execPath, [vite, ...build, "--emptyOutDir", "--logLevel", "error"], root);
  const blocks = blocksOf(audio, microphoneHz);
  writeFileSync(join(folder, "live.f32"), new Uint8Array(blocks[0]!.buffer));
  const site = await serve(folder);
  const browser = await launch();
  try {
    const page = await browser.newPage();
    await page.goto(site.url);
    const task = {
      audio: "live.f32",
      ...{ microphoneHz, blockSamples: blocks[0]!.length, repeats: SECONDS / MINUTE },
      inputs: SECONDS * RATE_HZ,
    };
    const runs = [];
    for (let round = 0; round < ROUNDS; round++) {
      runs.push(await page.evaluate((given) => globalThis.hear(given), task));
    }
    const share = shareOf(Math.min(...runs.map(({ busyMs }) => busyMs)));
    return { name: "Chromium, worker", microphoneHz, share, events: runs[0]!.events };
  } finally {
    await browser.close();
    site.close();
  }
}

declare global {
  /** Of bench/live-page/main.js. */
  function hear(task: {
    readonly audio: string;
    readonly microphoneHz: number;
    readonly blockSamples: number;
    readonly repeats: number;
    readonly inputs: number;
  }): Promise<{ readonly busyMs: number; readonly events: number }>;
}

function shareOf(busyMs: number): number {
  return busyMs / MS_A_SECOND / SECONDS;
}
