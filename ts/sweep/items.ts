/** The items of a job as a model takes them, with their classes. Knows nothing of what is run over them. */
import { BadInput, MambaliteError } from "../core/errors.js";
import { framesIn, type InputArray } from "../core/input.js";
import type { Model } from "../core/model.js";
import { FileProblem } from "../host/file-problem.js";
import { inputsOf, paddedClip, takenBy } from "../open/inputs.js";
import { classesOf, requireClasses } from "../open/labelled.js";
import { quoted } from "../plain-text.js";
import type { Source } from "./contents.js";
import type { ListedClip } from "./data.js";
import type { ArrayItems, ClipItems, JobItems } from "./job.js";
import { ContentProblem } from "./problems.js";

export interface Items {
  readonly frames: number;
  readonly inputs: readonly InputArray[];
  /** Of the first output; absent where nobody knows them. */
  readonly classes?: ArrayLike<number>;
}

/** @throws FileProblem (what is wrong with one of them, by its name), ContentProblem */
export function readItems(items: JobItems, model: Model, source: Source): Promise<Items> {
  return items.kind === "array" ? readArray(items, model, source) : readClips(items, model, source);
}

async function readArray(
  { inputs, classes }: ArrayItems,
  model: Model,
  source: Source,
): Promise<Items> {
  const bytes = await source.read(inputs);
  const { frames, sequences } = named(inputs.name, () => inputsOf(bytes, takenBy(model), false));
  if (classes === undefined) return { frames, inputs: sequences };
  const { width } = requireClasses(model.info);
  const known = await source.read(classes);
  return {
    ...{ frames, inputs: sequences },
    classes: named(classes.name, () => classesOf(known, sequences.length, width)),
  };
}

async function readClips(
  { list, samples }: ClipItems,
  model: Model,
  source: Source,
): Promise<Items> {
  const { info, labels } = model;
  if (info.inputKind !== "samples")
    throw new BadInput("a model that takes samples", info.inputKind);
  const { sampleRateHz } = info;
  const length = samples ?? sampleRateHz;
  const listed: ListedClip[] = JSON.parse(new TextDecoder().decode(await source.read(list)));
  const inputs: Float32Array[] = [];
  const classes: number[] = [];
  for (const [label, sha256, name] of listed) {
    const index = labels.indexOf(label);
    if (index < 0) {
      const known = labels.length === 0 ? "none" : labels.join(", ");
      throw new FileProblem(name, `${quoted(label)} is no label of the model, which has ${known}`);
    }
    const bytes = await source.read({ sha256, name });
    inputs.push(named(name, () => paddedClip(bytes, sampleRateHz, length, "samples")));
    classes.push(index);
  }
  return { frames: framesIn(info, length), inputs, classes };
}

function named<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof MambaliteError) || error instanceof ContentProblem) throw error;
    throw new FileProblem(name, error.message, { cause: error });
  }
}
