/**
 * Builds a detector's firmware, runs it in an emulator over a stream and compares its events and averages with those
 * of the TypeScript detector, bit for bit, for Node.
 */

import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { Engine } from "../core/engine.js";
import { BadArgument } from "../core/errors.js";
import { crc32 } from "../crc32.js";
import { hexWord } from "../hex-word.js";
import { TemporaryPlace } from "../host/temporary.js";
import { createDetector, type Detector, type DetectorOptions } from "../streaming/index.js";
import { buildProject, writeFiles } from "./build.js";
import { firmwareOf } from "./detector-model.js";
import { type DetectorReport, parseDetectorReport, type StreamReport } from "./detector-output.js";
import { EMULATORS, requireTools } from "./emulators.js";
import { BitsDiffer, FirmwareFailed } from "./errors.js";
import { failureIn } from "./harness-output.js";
import { type FirmwareModel, type HarnessStream, inputsOf } from "./model.js";
import { run } from "./process.js";
import { detectorHarnessProject, type Sources } from "./project.js";
import { readSources } from "./sources.js";
import { ClipStream } from "./stream.js";
import type { EmulatedTarget } from "./targets.js";

export interface VerifyDetectorOptions {
  readonly target: EmulatedTarget;
  /** Of samples. */
  readonly detector: DetectorOptions;
  readonly seconds: number;
  /** That the stream is made of, with noise and pauses: of one length. */
  readonly clips: readonly Int16Array[];
  /** Inputs of a push, each a pass over the stream. Default 1, 160, 333, 16,000. */
  readonly pushes?: readonly number[];
  /** Default: the target's usual one. */
  readonly variant?: string;
  /** Where to build, and to leave everything; default: a temporary folder. */
  readonly folder?: string;
  /** Longest time for one run of the emulator. Default 3600 s. */
  readonly timeoutMs?: number;
  /** Default: this package's. */
  readonly sources?: Sources;
}

export interface DetectorVerification {
  readonly target: EmulatedTarget;
  readonly variant: string;
  readonly seconds: number;
  /** The detector's memory, which the emulator uses to the byte. */
  readonly arenaBytes: number;
  readonly streams: DetectorReport["streams"];
}

export const DETECTOR_PUSHES = [1, 160, 333, 16_000] as const;

const DEFAULT_TIMEOUT_MS = 3_600_000;

/**
 * @throws BadArgument, BadModel, ToolchainMissing, BuildFailed, DoesNotFit, FirmwareFailed, BitsDiffer where an event
 * or an average differs
 */
export async function verifyDetector(
  options: VerifyDetectorOptions,
): Promise<DetectorVerification> {
  requireTools(options.target);
  const engine = await Engine.load();
  const detector = await createDetector(engine, options.detector);
  try {
    const model = await firmwareOf(engine, detector, options.detector);
    const info = inputsOf(model);
    if (info.inputKind !== "samples") {
      throw new BadArgument("a stream of clips", "a model of samples", `one of ${info.inputKind}`);
    }
    const { sampleRateHz } = info;
    const pushes = options.pushes ?? DETECTOR_PUSHES;
    const samples = Math.round(options.seconds * sampleRateHz);
    const stream = { clips: options.clips, rateHz: sampleRateHz, samples, pushes };
    const report = await emulateDetector(model, stream, options);
    compareStreams(
      options.target,
      report,
      pushes.map((push) => simulate(detector, stream, push)),
    );
    if (report.bytes !== detector.arenaBytes) {
      const said = `${detector.arenaBytes} bytes planned, ${report.bytes} needed`;
      throw new FirmwareFailed(options.target, said, 0);
    }
    return {
      target: options.target,
      variant: variantOf(options).name,
      seconds: options.seconds,
      arenaBytes: report.bytes,
      streams: report.streams,
    };
  } finally {
    detector.dispose();
    engine.dispose();
  }
}

function variantOf({ target, variant }: VerifyDetectorOptions) {
  const { variants } = EMULATORS[target];
  const found = variants.find(({ name }) => name === (variant ?? variants[0]!.name));
  if (found !== undefined) return found;
  throw new BadArgument("variant", variants.map(({ name }) => name).join(", "), `${variant}`);
}

async function emulateDetector(
  model: FirmwareModel,
  stream: HarnessStream,
  options: VerifyDetectorOptions,
): Promise<DetectorReport> {
  const { target, folder } = options;
  const temporary = folder === undefined ? TemporaryPlace.scratch() : undefined;
  try {
    const place = folder ?? temporary!.path;
    const sources = options.sources ?? readSources();
    writeFiles(place, detectorHarnessProject(target, { sources, model, stream }));
    await buildProject(place, target, variantOf(options).settings);
    const image = join(place, "firmware-detector.elf");
    copyFileSync(join(place, "build/firmware.elf"), image);
    return await runImage(target, image, options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  } finally {
    temporary?.remove();
  }
}

async function runImage(
  target: EmulatedTarget,
  image: string,
  timeoutMs: number,
): Promise<DetectorReport> {
  const { command, args } = EMULATORS[target];
  const outcome = await run(command, [...args, "-kernel", image], { timeoutMs });
  const fail = (reason: string) => new FirmwareFailed(target, reason, outcome.status);
  if (outcome.timedOut) throw fail(`not done after ${timeoutMs / 1000} s`);
  const failure = failureIn(outcome.stdout);
  if (failure !== undefined) throw fail(failure);
  const report = parseDetectorReport(outcome.stdout);
  if (report === undefined) throw fail(outcome.stderr.trim().split("\n")[0] || "no report");
  return report;
}

const FULL_SCALE = 32768;

function simulate(detector: Detector, stream: HarnessStream, push: number): StreamReport {
  const clips = new ClipStream(stream);
  const events: string[] = [];
  let answers = 0;
  let crc = 0;
  detector.reset();
  for (let left = stream.samples; left > 0; left -= push) {
    const samples = clips.read(Math.min(left, push));
    for (const event of detector.push(Float32Array.from(samples, (s) => s / FULL_SCALE))) {
      const [confidence] = bitsOf(new Float32Array([event.confidence]));
      events.push(`${event.classIndex} ${confidence} ${event.inputs}`);
    }
    if (detector.answers === answers) continue;
    answers = detector.answers;
    crc = crc32(new Uint8Array(detector.averages().buffer), crc);
  }
  return { push, events, answers, bits: [hexWord(crc), ...bitsOf(detector.averages())] };
}

function bitsOf(floats: Float32Array): string[] {
  return Array.from(new Uint32Array(floats.buffer), hexWord);
}

/** @throws BitsDiffer with the first difference */
function compareStreams(
  target: EmulatedTarget,
  { streams }: DetectorReport,
  expected: readonly StreamReport[],
): void {
  const same = expected.map(
    (wanted, i) => streams[i] !== undefined && differenceOf(streams[i], wanted) === undefined,
  );
  const first = same.indexOf(false);
  if (first < 0) return;
  const wanted = expected[first]!;
  const got = streams[first];
  const difference = got === undefined ? "nothing" : differenceOf(got, wanted);
  const equal = same.filter(Boolean).length;
  throw new BitsDiffer(target, same.length, equal, `pushes of ${wanted.push}: ${difference}`);
}

function differenceOf(got: StreamReport, wanted: StreamReport): string | undefined {
  const lines = ({ events, answers, bits }: StreamReport) => [
    ...events.map((event) => `event ${event}`),
    `answers ${answers} ${bits.join(" ")}`,
  ];
  const [theirs, ours] = [lines(got), lines(wanted)];
  const at = ours.findIndex((line, i) => line !== theirs[i]);
  if (at < 0 && theirs.length === ours.length) return undefined;
  return `${theirs[at] ?? "no event"}, WebAssembly gives ${ours[at] ?? "no event"}`;
}
