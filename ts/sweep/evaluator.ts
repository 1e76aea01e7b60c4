/**
 * Does jobs: opens a model in each number type, runs it over the job's items, and holds what it gives against the
 * checkpoint's own float32 network. The same lines wherever it is done. Knows nothing of who asks.
 */
import { Engine } from "../core/engine.js";
import { MambaliteError, OutOfMemory } from "../core/errors.js";
import type { Model } from "../core/model.js";
import { joinedData, type Outputs } from "../core/outputs.js";
import { sessionOptions } from "../core/settings.js";
import { crc32 } from "../crc32.js";
import { BOARDS } from "../device/index.js";
import { hexWord } from "../hex-word.js";
import { finiteOrNull } from "../json.js";
import { openBlob, openModel } from "../open/model.js";
import type { CheckpointFiles } from "../open/network.js";
import type { QuantizeRequest } from "../open/opened.js";
import { classify, compareOutputs, defaultFrames } from "../profile/index.js";
import { timesOnBoards } from "../profile/times.js";
import { verdictsOf } from "../profile/verdicts.js";
import { evenly } from "../quantize/inputs.js";
import type { Source } from "./contents.js";
import { type Items, readItems } from "./items.js";
import { blobOf, type Job, type JobModel, type Task, type Variant } from "./job.js";
import { Latest } from "./latest.js";
import { ContentProblem } from "./problems.js";
import { type BoardNeed, type Need, type Ran, resultLine } from "./result.js";

/** A model's types over one stretch of data, and again over the next one. */
const KEPT_BLOBS = 16;
/** Of results no bit depends on it. */
const TILE = 8;
const ENOUGH_TO_COMPARE = 1;

const FLOAT32: Variant = { fold: false, type: "f32", schedule: "stream" };

export class Evaluator {
  readonly #blobs = new Latest<Uint8Array>(KEPT_BLOBS);

  private constructor(
    private readonly engine: Engine,
    private readonly source: Source,
  ) {}

  static async load(source: Source): Promise<Evaluator> {
    return new Evaluator(await Engine.load(), source);
  }

  /**
   * A line for each task, in their order: of its result, or of what is wrong with its model or data.
   * @throws ContentProblem, OutOfMemory, and what is an error of this package
   */
  async run(job: Job): Promise<string[]> {
    const lines = new Map<string, string>();
    const shared = new Shared();
    for (const tasks of byBlob(job.tasks)) {
      const made = await settled(
        () => this.#lines(job, tasks, shared),
        (error) => tasks.map((task) => resultLine(job, task, { error })),
      );
      for (const [i, { key }] of tasks.entries()) lines.set(key, made[i]!);
    }
    return job.tasks.map(({ key }) => lines.get(key)!);
  }

  /** Of tasks that have a blob in common. */
  async #lines(job: Job, tasks: readonly Task[], shared: Shared): Promise<string[]> {
    const { model: files, data, boards } = job;
    const [{ variant }] = tasks as [Task, ...Task[]];
    if (variant.type !== "mlm" && data !== undefined && shared.outputs === undefined) {
      shared.outputs = await this.#with(files, FLOAT32, async (model) => {
        shared.items = await readItems(data.items, model, this.source);
        return runAll(model, shared.items).outputs;
      });
    }
    return this.#with(files, variant, async (model) => {
      const items = data && (shared.items ?? (await readItems(data.items, model, this.source)));
      const isFloat = blobOf(variant) === blobOf(FLOAT32);
      const ran = items && ranOf(model, items, shared.outputs, isFloat);
      const frames = items?.frames ?? defaultFrames(model.info);
      const length = items?.inputs[0]?.length;
      return Promise.all(
        tasks.map((task) =>
          settled(
            () => {
              const need = needOf(model, task.variant, { frames, length }, boards);
              return resultLine(job, task, { ...need, ...(ran && { ran }) });
            },
            (error) => resultLine(job, task, { error }),
          ),
        ),
      );
    });
  }

  /** Opens the model in a number type, and gives its memory back whatever happens. */
  async #with<T>(model: JobModel, variant: Variant, use: (model: Model) => Promise<T>): Promise<T> {
    const key = `${contentsOf(model)} ${blobOf(variant)}`;
    const known = this.#blobs.get(key);
    const opened =
      known === undefined ? await this.#open(model, variant) : await openBlob(this.engine, known);
    this.#blobs.set(key, opened.blob);
    try {
      return await use(opened.model);
    } finally {
      opened.model.dispose();
    }
  }

  async #open(job: JobModel, variant: Variant) {
    const bytes = await this.source.read(job.file);
    const files: CheckpointFiles = {
      ...(job.arch && { arch: await this.source.read(job.arch) }),
      ...(job.frontend && { frontEnd: await this.source.read(job.frontend) }),
      ...(job.labels && { labels: await this.source.read(job.labels) }),
    };
    const { fold } = variant;
    const options = { ...files, name: job.name, ...(fold && { fold }) };
    const quantize = await this.#quantize(bytes, options, variant);
    return openModel(this.engine, bytes, { ...options, ...(quantize && { quantize }) });
  }

  async #quantize(
    bytes: Uint8Array,
    options: CheckpointFiles,
    { type, calibration }: Variant,
  ): Promise<QuantizeRequest | undefined> {
    if (type === "w8") return { type };
    if (type !== "int" || calibration === undefined) return undefined;
    const { model } = await openModel(this.engine, bytes, { ...options, checkReferences: false });
    try {
      const { inputs: all } = await readItems(calibration.items, model, this.source);
      const inputs = evenly({ count: all.length, item: (i) => all[i]! }, calibration.most);
      // What it costs is measured over the job's items.
      const evaluation = { ...inputs, count: ENOUGH_TO_COMPARE };
      return { type, inputs, evaluation, shares: false };
    } finally {
      model.dispose();
    }
  }
}

/** What the blobs of one job have in common. */
class Shared {
  items?: Items;
  /** Of the checkpoint's own float32 network. */
  outputs?: readonly Outputs[];
}

/** Tasks of one blob differ in what they need, not in what comes out. */
function byBlob(tasks: readonly Task[]): Task[][] {
  const groups = new Map<string, Task[]>();
  for (const task of tasks) {
    const blob = blobOf(task.variant);
    groups.set(blob, [...(groups.get(blob) ?? []), task]);
  }
  return [...groups.values()];
}

function contentsOf({ file, arch, frontend, labels }: JobModel): string {
  return [file, arch, frontend, labels].map((content) => content?.sha256).join();
}

/**
 * What would go wrong again wherever it is tried is a result too.
 * @throws what would not
 */
async function settled<T>(
  work: () => T | Promise<T>,
  failed: (error: { code: string; message: string }) => T,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const isOfMachine = error instanceof ContentProblem || error instanceof OutOfMemory;
    if (isOfMachine || !(error instanceof MambaliteError)) throw error;
    return failed({ code: error.code, message: error.message });
  }
}

function runAll(model: Model, { inputs, frames }: Items) {
  const session = model.createSession(sessionOptions({ tile: TILE }, frames));
  try {
    let saturations = 0;
    const outputs = inputs.map((input) => {
      const made = session.run(input);
      saturations += session.saturations;
      return made;
    });
    return { outputs, saturations };
  } finally {
    session.dispose();
  }
}

function ranOf(
  model: Model,
  items: Items,
  reference: readonly Outputs[] | undefined,
  isReference: boolean,
): Ran {
  const { outputs, saturations } =
    isReference && reference !== undefined
      ? { outputs: reference, saturations: 0 }
      : runAll(model, items);
  const width = model.info.outputs[0]?.width ?? 0;
  const rows = outputs.map(([logits]) => logits!.data);
  return {
    items: outputs.length,
    ...(items.classes && { correct: classify(rows, items.classes, width).correct }),
    ...(reference && differences(outputs, reference)),
    saturations,
    ...bitsOf(outputs),
  };
}

function differences(outputs: readonly Outputs[], reference: readonly Outputs[]) {
  const [first = []] = reference;
  const expected = first.map((_, i) => reference.map((each) => each[i]!.data));
  const { sameClasses, meanRelative, maxRelative } = compareOutputs(outputs, expected).all;
  return {
    disagreements: outputs.length - sameClasses,
    meanError: finiteOrNull(meanRelative),
    maxError: finiteOrNull(maxRelative),
  };
}

function bitsOf(outputs: readonly Outputs[]) {
  let crc = 0;
  let logitsBytes = 0;
  for (const each of outputs) {
    const { buffer, byteOffset, byteLength } = joinedData(each);
    crc = crc32(new Uint8Array(buffer, byteOffset, byteLength), crc);
    logitsBytes += byteLength;
  }
  return { logitsCrc32: hexWord(crc), logitsBytes };
}

function needOf(
  model: Model,
  { schedule, tile }: Variant,
  { frames, length }: { readonly frames: number; readonly length: number | undefined },
  ids: readonly string[],
): Need {
  const settings = { schedule, ...(tile !== undefined && { tile }) };
  const plan = model.plan(sessionOptions(settings, frames));
  const boards = BOARDS.filter(({ id }) => ids.includes(id));
  const verdicts = verdictsOf(model, plan, {
    ...{ frames, boards, times: timesOnBoards },
    ...(length !== undefined && { length }),
  });
  return {
    frames,
    arenaBytes: plan.arenaBytes,
    callerBytes: plan.inputBytes + plan.outputBytes,
    flashBytes: model.info.blobBytes,
    boards: Object.fromEntries(
      verdicts.map(({ id, fits, ram, flash, time, noTime }): [string, BoardNeed] => [
        id,
        {
          fits,
          ...(!fits && {
            lacks: [
              ...(ram.fits ? [] : ["ram" as const]),
              ...(flash.fits ? [] : ["flash" as const]),
            ],
          }),
          ...(time && { ms: time.ms, lowMs: time.lowMs, highMs: time.highMs }),
          ...(noTime !== undefined && { noTime }),
        },
      ]),
    ),
  };
}
