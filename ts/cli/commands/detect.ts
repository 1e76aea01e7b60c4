/** `mambalite detect`: what a detector hears or feels in a long recording, and what it found of what was there. */
import { BadArgument, BadFile } from "../../core/errors.js";
import { finiteOrNull, toJson } from "../../json.js";
import { takenBy } from "../../open/inputs.js";
import {
  createDetector,
  type Detection,
  readTruth,
  type Score,
  scoreOf,
} from "../../streaming/index.js";
import { type DetectorChoice, detectorOf, windowsInUse } from "../detector.js";
import { inFile, readBytes } from "../files.js";
import { readInputs } from "../load-input.js";
import { type ModelChoice, withModel } from "../load-model.js";
import { renderDriving } from "../render/driving.js";
import { counted, grouped, oneLine } from "../text.js";

export interface DetectChoice extends ModelChoice, DetectorChoice {
  readonly input: string;
  readonly truth?: string;
  readonly json?: boolean;
}

export async function detectCommand(modelPath: string, choice: DetectChoice): Promise<string> {
  return withModel(modelPath, { ...choice, asCheckpoint: true }, async (open) => {
    const inputs = await readInputs(choice.input, takenBy(open.model), false);
    if (inputs.sequences.length !== 1) {
      throw new BadArgument("--input", "one recording", `${inputs.sequences.length} sequences`);
    }
    const detector = await createDetector(open.engine, await detectorOf(open, choice));
    try {
      if (choice.truth !== undefined && detector.rateHz === undefined) {
        throw new BadArgument("--truth", "--rate with it for a model of frames", "none");
      }
      const detections = detector.push(inputs.data);
      const inputsPerStream = inputs.data.length / open.model.info.inputWidth;
      const seconds = inputsPerStream / (detector.rateHz ?? Number.NaN);
      const score =
        choice.truth === undefined
          ? undefined
          : scoreOf(detections, await truthOf(choice.truth, detector.labels), seconds);
      const facts = { seconds, answers: detector.answers, arenaBytes: detector.arenaBytes };
      return choice.json === true
        ? toJson({
            events: detections.map(eventOf),
            ...{ ...facts, seconds: finiteOrNull(seconds) },
            ...(score && { score: scoreForJson(score) }),
          })
        : describe(detections, facts, score) +
            renderDriving(choice.mode ?? "running", windowsInUse(open, choice), detector);
    } finally {
      detector.dispose();
    }
  });
}

function truthOf(path: string, labels: readonly string[]) {
  return inFile(path, () => {
    const truths = readTruth(new TextDecoder().decode(readBytes(path)));
    const other = truths.find(({ label }) => !labels.includes(label));
    if (other === undefined) return truths;
    throw new BadFile("times", `"${other.label}" is no label of the model: ${labels.join(", ")}`);
  });
}

function eventOf({ label, confidence, seconds, inputs }: Detection) {
  return { label, confidence, seconds: finiteOrNull(seconds), inputs };
}

function scoreForJson(score: Score) {
  return { ...score, medianLatencySeconds: finiteOrNull(score.medianLatencySeconds) };
}

interface Facts {
  readonly seconds: number;
  readonly answers: number;
  readonly arenaBytes: number;
}

function describe(detections: readonly Detection[], facts: Facts, score?: Score): string {
  const lines = detections.map(({ label, confidence, seconds, inputs }) => {
    const when = Number.isNaN(seconds) ? `input ${inputs}` : `${seconds.toFixed(2)} s`;
    return `${when.padStart(12)}  ${oneLine(label).padEnd(16)} ${confidence.toFixed(3)}\n`;
  });
  const length = Number.isNaN(facts.seconds) ? "" : ` in ${facts.seconds.toFixed(1)} s`;
  const events =
    `${counted(detections.length, "event")}${length}, ${counted(facts.answers, "answer")}, ` +
    `${grouped(facts.arenaBytes)} bytes of memory (exact)\n`;
  const short = facts.answers === 0 ? "shorter than a window: there was no answer\n" : "";
  return lines.join("") + events + short + (score === undefined ? "" : describeScore(score));
}

function describeScore(score: Score): string {
  const { total, hits, misses, wrong, repeats, falseAlarms } = score;
  const { medianLatencySeconds: median } = score;
  const latency = hits === 0 ? "" : `, median latency ${median.toFixed(2)} s behind the end`;
  const share = total === 0 ? "" : ` (${((100 * hits) / total).toFixed(1)} %)`;
  return (
    `${hits} of ${total} found${share}, ${misses} missed, ${wrong} wrong, ${repeats} repeated, ` +
    `${falseAlarms} false alarms (${score.falseAlarmsPerHour.toFixed(2)} an hour)${latency}\n`
  );
}
