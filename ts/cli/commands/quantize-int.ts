/**
 * `mambalite quantize --type int`: a checkpoint becomes a blob of integers, calibrated over inputs, with what
 * that has cost and what it has gained.
 */
import { BadArgument } from "../../core/errors.js";
import type { Model } from "../../core/model.js";
import { finiteOrNull, toJson } from "../../json.js";
import { testOf } from "../../open/convert.js";
import { takenBy } from "../../open/inputs.js";
import { evenly, type InputSource } from "../../quantize/inputs.js";
import { type QuantizeReport, type QuantizeStage, quantizeNetwork } from "../../quantize/int.js";
import { type Items, readItem } from "../batch/batch.js";
import { locateModel } from "../bundled.js";
import { inFile, requireWritable, writeAtomically } from "../files.js";
import { inputItems, readInputs } from "../load-input.js";
import { findDataset } from "../load-labelled.js";
import { type ModelChoice, type OpenModel, withModel } from "../load-model.js";
import { refuseGiven } from "../options.js";
import { type Progress, startProgress } from "../progress.js";
import { type IntegerResult, renderIntegers } from "../render/quantize-int.js";

export interface QuantizeIntOptions extends ModelChoice {
  readonly output: string;
  readonly inputs?: string;
  readonly dataset?: string;
  readonly samples?: number;
  readonly most?: number;
  readonly state?: "16" | "32";
  readonly float?: readonly string[];
  readonly shares?: boolean;
  readonly json?: boolean;
}

export async function quantizeIntCommand(
  path: string,
  options: QuantizeIntOptions,
): Promise<string> {
  const { arch, frontend, labels, inputs, output } = options;
  const sources = [locateModel(path, true).model, arch, frontend, labels, inputs];
  const read = sources.filter((source) => source !== undefined);
  requireWritable(output, read);
  refuseGiven(options, OF_FLOATS, "--type w8", "--type int");
  return withModel(path, { ...options, asCheckpoint: true }, async (before) => {
    const source = await findInputs(before.model, options);
    const { blob, report } = await inFile(path, () => quantized(path, before, source, options));
    await writeAtomically(output, blob, read);
    const result: IntegerResult = { output, ...report };
    return options.json ? toJson(toReport(result)) : renderIntegers(result);
  });
}

/** Integers of folded layers would have to be calibrated anew; and calibration has a schedule of its own. */
const OF_FLOATS = ["fold", "schedule", "tile", "budget", "jobs"];

async function quantized(
  path: string,
  { engine, network, ...open }: OpenModel,
  source: InputSource,
  { state = "32", float, shares = true }: QuantizeIntOptions,
) {
  if (network === undefined) {
    throw new BadArgument(
      "MODEL",
      "a checkpoint, or the name of a bundled model",
      `${path}, a .mlm`,
    );
  }
  const bars = new Bars();
  try {
    return await quantizeNetwork(engine, network, source, {
      ...testOf(open),
      stateBits: state === "16" ? 16 : 32,
      ...(float && { float }),
      shares,
      progress: (stage, done, total) => bars.show(stage, done, total),
    });
  } finally {
    bars.stop();
  }
}

/** A bar for each stage, one behind the other. */
class Bars {
  #stage: QuantizeStage | undefined;
  #bar: Progress | undefined;

  show(stage: QuantizeStage, done: number, total: number): void {
    if (stage !== this.#stage) {
      this.stop();
      this.#bar = startProgress(total, NOUNS[stage]);
    }
    this.#stage = stage;
    this.#bar?.done(done);
  }

  stop(): void {
    this.#bar?.stop();
  }
}

const NOUNS: Readonly<Record<QuantizeStage, string>> = {
  calibrate: "inputs calibrated with",
  evaluate: "inputs compared",
  shares: "ops by themselves",
};

/** As many as are wanted, evenly from all there are. @throws BadArgument, FileProblem */
async function findInputs(model: Model, options: QuantizeIntOptions): Promise<InputSource> {
  const items = await findItems(model, options);
  const all = { count: items.count, item: (index: number) => readItem(items, index) };
  return evenly(all, options.most);
}

async function findItems(
  model: Model,
  { inputs, dataset, samples }: QuantizeIntOptions,
): Promise<Items> {
  const wanted = "--inputs or --dataset, to calibrate with";
  if (inputs !== undefined && dataset !== undefined) {
    throw new BadArgument("quantize", wanted, "both");
  }
  if (dataset !== undefined) return findDataset(dataset, model, samples).items;
  if (samples !== undefined) throw new BadArgument("--samples", "--dataset with it", "none");
  if (inputs === undefined) throw new BadArgument("quantize", wanted, "neither");
  return inputItems(await readInputs(inputs, takenBy(model), false));
}

function toReport({ evaluation, ...rest }: IntegerResult & QuantizeReport) {
  const { meanRelative, maxRelative } = evaluation;
  return {
    type: "int",
    ...rest,
    evaluation: {
      ...evaluation,
      meanRelative: finiteOrNull(meanRelative),
      maxRelative: finiteOrNull(maxRelative),
    },
  };
}
