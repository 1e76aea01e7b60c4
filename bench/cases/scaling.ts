/** Time and memory against the length of a sequence, the width of a model and its layers. */
import { writeBlob } from "../../ts/blob/write.js";
import { Engine } from "../../ts/core/engine.js";
import type { Model } from "../../ts/core/model.js";
import type { Session } from "../../ts/core/session.js";
import type { Network } from "../../ts/graph/network.js";
import { median } from "../harness/race.js";
import { normalNumbers, shuffled, uniformNumbers } from "../harness/random.js";
import type { Setup } from "../harness/setup.js";
import { cpuMsNow } from "../harness/undisturbed.js";
import { kws10, paperNetwork, stackNetwork } from "../models.js";
import type { CaseResult, Chart, Table } from "../report/result.js";
import { logLineChart, type Series } from "../report/svg.js";
import { ms, significant, whole } from "../report/text.js";

const LENGTHS = [10, 100, 1000, 10_000, 100_000];
const REFERENCE_LENGTH = 100;
const WIDTHS = [16, 32, 64, 128, 256, 512];
const LAYERS = [1, 2, 4, 8, 16, 24];
const FRAMES = 100;
const STACK_WIDTH = 64;
const FEATURES = 40;
const CLASSES = 10;
/** A measurement repeats its run until it has taken this long on the CPU. */
const LEAST_MS = 40;
const ROUNDS = 9;
const SEED = 3;
const MOST_DEVIATION_PERCENT = 5;

interface Subject {
  readonly size: number;
  readonly model: Model;
  readonly session: Session;
  readonly input: Float32Array;
}

interface Point {
  readonly size: number;
  readonly frames: number;
  /** CPU time of one run: least, and median of the rounds. */
  readonly minMs: number;
  readonly medianMs: number;
  readonly roundsMs: readonly number[];
  readonly arenaBytes: number;
  /** Of the schedules that hold the whole sequence, for comparison. */
  readonly layerBytes: number;
  readonly unfusedBytes: number;
}

export async function scaling(setup: Setup): Promise<CaseResult> {
  const engine = await Engine.load({ wasm: setup.core.simd });
  const uniform = uniformNumbers(SEED);
  const longest = normalNumbers(uniform, Math.max(...LENGTHS) * FEATURES);
  const sizes = { features: FEATURES, classes: CLASSES };
  const subject = async (size: number, network: Network, frames: number): Promise<Subject> => {
    const model = await engine.loadModel(writeBlob(network));
    const input = longest.subarray(0, frames * FEATURES);
    return { size, model, session: model.createSession(), input };
  };
  const { networks } = kws10(setup.root);
  const lengths = measure(
    await Promise.all(LENGTHS.map((frames) => subject(frames, networks.plain, frames))),
  );
  const widths = measure(
    await Promise.all(
      WIDTHS.map((dModel) => subject(dModel, paperNetwork({ ...sizes, dModel }, uniform), FRAMES)),
    ),
  );
  const layers = measure(
    await Promise.all(
      LAYERS.map((count) =>
        subject(count, stackNetwork({ ...sizes, dModel: STACK_WIDTH }, count, uniform), FRAMES),
      ),
    ),
  );
  const reference = lengths.find(({ size }) => size === REFERENCE_LENGTH)!;
  const last = lengths.at(-1)!;
  const factor = last.size / REFERENCE_LENGTH;
  const ratios = last.roundsMs.map((time, round) => time / (factor * reference.roundsMs[round]!));
  return {
    title: "Scaling",
    tables: [
      table("KWS-10 against the length of the sequence", "frames", lengths),
      table(`d_model, one block, ${FRAMES} frames`, "d_model", widths),
      table(`layers of d_model ${STACK_WIDTH}, ${FRAMES} frames`, "layers", layers),
    ],
    charts: [
      ...charts("frames", "KWS-10 against the length of the sequence", "frames", lengths),
      ...charts("d-model", `d_model, one block, ${FRAMES} frames`, "d_model", widths),
      ...charts("layers", `layers of d_model ${STACK_WIDTH}, ${FRAMES} frames`, "layers", layers),
    ],
    claims: [
      {
        text: `${whole(last.size)} frames, off ${whole(factor)} times the time of ${REFERENCE_LENGTH}`,
        value: 100 * Math.abs(median(ratios) - 1),
        atMost: MOST_DEVIATION_PERCENT,
        unit: "%",
      },
      {
        text: `arena of ${whole(last.size)} frames over that of ${REFERENCE_LENGTH}`,
        value: last.arenaBytes - reference.arenaBytes,
        atMost: 0,
        unit: "bytes",
      },
    ],
    skipped: [],
    data: { lengths, widths, layers },
  };
}

/** Interleaved rounds; CPU time, because the longest runs are never left alone on a shared machine. */
function measure(subjects: readonly Subject[]): Point[] {
  const uniform = uniformNumbers(SEED);
  const times = new Map(subjects.map((subject): [Subject, number[]] => [subject, []]));
  for (const subject of subjects) cpuMsOfOneRun(subject);
  for (let round = 0; round < ROUNDS; round++) {
    for (const subject of shuffled(subjects, uniform)) {
      times.get(subject)!.push(cpuMsOfOneRun(subject));
    }
  }
  return subjects.map((subject) => {
    const { size, model, session, input } = subject;
    const roundsMs = times.get(subject)!;
    const frames = input.length / FEATURES;
    return {
      size,
      frames,
      minMs: Math.min(...roundsMs),
      medianMs: median(roundsMs),
      roundsMs,
      arenaBytes: session.plan.arenaBytes,
      layerBytes: model.plan({ schedule: "layer", maxFrames: frames }).arenaBytes,
      unfusedBytes: model.plan({ schedule: "unfused", maxFrames: frames }).arenaBytes,
    };
  });
}

function cpuMsOfOneRun({ session, input }: Subject): number {
  const start = cpuMsNow();
  let runs = 0;
  let spent = 0;
  do {
    session.run(input);
    runs++;
    spent = cpuMsNow() - start;
  } while (spent < LEAST_MS);
  return spent / runs;
}

function table(title: string, size: string, points: readonly Point[]): Table {
  return {
    title,
    columns: [
      size,
      "min ms",
      "median ms",
      "microseconds a frame",
      "arena, bytes",
      "layer schedule",
      "unfused schedule",
    ],
    rows: points.map((point) => [
      whole(point.size),
      ms(point.minMs),
      ms(point.medianMs),
      significant((1000 * point.medianMs) / point.frames, 3),
      whole(point.arenaBytes),
      whole(point.layerBytes),
      whole(point.unfusedBytes),
    ]),
    note: `WASM SIMD, stream, default tile; CPU time, ${ROUNDS} interleaved rounds.`,
  };
}

/** One of time and one of memory: they have no axis in common. */
function charts(id: string, title: string, x: string, points: readonly Point[]): Chart[] {
  const series = (name: string, value: (point: Point) => number): Series => ({
    name,
    points: points.map((point) => [point.size, value(point)]),
  });
  const time = `${title}: CPU time of a run, ms`;
  const arena = `${title}: arena, bytes`;
  return [
    {
      id: `${id}-time`,
      title: time,
      svg: logLineChart(time, { x, y: "ms" }, [series("stream", (point) => point.medianMs)]),
    },
    {
      id: `${id}-arena`,
      title: arena,
      svg: logLineChart(arena, { x, y: "bytes" }, [
        series("stream", (point) => point.arenaBytes),
        series("layer", (point) => point.layerBytes),
        series("unfused", (point) => point.unfusedBytes),
      ]),
    },
  ];
}
