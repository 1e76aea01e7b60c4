/**
 * From the file of a sweep to jobs of tasks, each with a key of what it is about. Knows nothing of how they are done or
 * where results go.
 */
import { basename, dirname, extname, relative } from "node:path";
import { FileProblem } from "../host/file-problem.js";
import { isBlob } from "../open/model.js";
import { bytesAt, type ContentRef, Contents, sha256Of } from "./contents.js";
import { stretchesOf, wholeOf } from "./data.js";
import { filesOf, isPattern } from "./glob.js";
import {
  blobOf,
  contentOf,
  type Job,
  type JobData,
  type JobModel,
  type Task,
  type Variant,
} from "./job.js";
import { type ModelPattern, type SweepFile, within } from "./plan-file.js";

export interface SweepPlan {
  readonly file: SweepFile;
  readonly version: string;
  readonly contents: Contents;
  readonly models: readonly PlannedModel[];
  /** Every variant of every model over every stretch of data. */
  readonly jobs: readonly Job[];
  /** Models that have the content of another one and are left out, a sentence each. */
  readonly notes: readonly string[];
}

export interface PlannedModel {
  readonly model: JobModel;
  readonly variants: readonly Variant[];
}

/** What a name stands for where no file is called so: a bundled model, or itself. */
export type Locate = (name: string) => Omit<ModelPattern, "model"> & { readonly model: string };

export interface PlanOptions {
  readonly version: string;
  readonly locate: Locate;
}

const KEY_DIGITS = 32;
const FOLDER = "{folder}";

/** @throws FileProblem */
export async function planSweep(
  file: SweepFile,
  { version, locate }: PlanOptions,
): Promise<SweepPlan> {
  const contents = new Contents();
  const { folder, itemsATask } = file;
  const { models, notes } = distinct(
    file.models.flatMap((model) => found(model, file, contents, locate)),
  );
  const variants = floatsAndIntegers(file, contents);
  const planned = models.map((model) => ({
    model,
    variants: variantsOf(model, variants, file, contents),
  }));
  const cut = { contents, folder, itemsATask };
  const data: (JobData | undefined)[] = (
    await Promise.all(file.data.map((set) => stretchesOf(set, cut)))
  ).flat();
  if (data.length === 0) data.push(undefined);
  const boards = file.boards.map(({ id }) => id);
  const jobs = planned.flatMap((model) =>
    data.map((stretch) => jobOf(model, stretch, boards, version)),
  );
  return { file, version, contents, models: planned, jobs, notes };
}

/** Of which array job, from 1: jobs are dealt out in turn. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** A task whose content another one has, too, is there once. */
export function jobsOf(
  { jobs }: SweepPlan,
  { index, count }: Shard = { index: 1, count: 1 },
): Job[] {
  const seen = new Set<string>();
  const distinctJobs = withoutDone(jobs, (key) => {
    const isKnown = seen.has(key);
    seen.add(key);
    return isKnown;
  });
  return distinctJobs.filter((_, i) => i % count === index - 1);
}

/** Tasks that are still to be done. */
export function withoutDone(jobs: readonly Job[], isDone: (key: string) => boolean): Job[] {
  return jobs.flatMap((job) => {
    const tasks = job.tasks.filter(({ key }) => !isDone(key));
    if (tasks.length === job.tasks.length) return [job];
    return tasks.length === 0 ? [] : [{ ...job, tasks, id: idOf(tasks) }];
  });
}

// ---- models ------------------------------------------------------------------------------------------

function found(
  pattern: ModelPattern,
  { path, folder }: SweepFile,
  contents: Contents,
  locate: Locate,
): JobModel[] {
  const wanted = within(folder, pattern.model);
  const files = isPattern(wanted) || filesOf(wanted).length > 0 ? filesOf(wanted) : [];
  if (files.length > 0) return files.map((model) => modelOf(pattern, model, folder, contents));
  if (isPattern(wanted)) throw new FileProblem(path, `models: no file is ${pattern.model}`);
  const bundled = locate(pattern.model);
  const given = { ...bundled, ...pattern, model: bundled.model };
  if (bundled.model === pattern.model) return [modelOf(given, wanted, folder, contents)];
  return [{ ...modelOf(given, bundled.model, folder, contents), name: pattern.model }];
}

function modelOf(
  { arch, frontend, labels }: ModelPattern,
  path: string,
  folder: string,
  contents: Contents,
): JobModel {
  const beside = (text: string | undefined, key: string) => {
    if (text === undefined) return {};
    // By functions: a "$" in a name would be a pattern of replaceAll.
    const named = text.replaceAll("{name}", () => basename(path, extname(path)));
    // The model's folder is within the plan's already.
    const full = named.includes(FOLDER)
      ? named.replaceAll(FOLDER, () => dirname(path))
      : within(folder, named);
    return { [key]: contents.file(full, shown(folder, full)) };
  };
  const name = shown(folder, path);
  return {
    ...{ name, file: contents.file(path, name) },
    ...beside(arch, "arch"),
    ...beside(frontend, "frontend"),
    ...beside(labels, "labels"),
  };
}

function shown(folder: string, path: string): string {
  return relative(folder, path).replaceAll("\\", "/");
}

/** Each content once: its results would be the same. */
function distinct(all: readonly JobModel[]): { models: JobModel[]; notes: string[] } {
  const byContent = new Map<string, JobModel>();
  const notes: string[] = [];
  for (const model of all) {
    const content = modelKey(model);
    const same = byContent.get(content);
    if (same === undefined) byContent.set(content, model);
    else if (same.name !== model.name) {
      notes.push(`${model.name} is the same as ${same.name}, and left out`);
    }
  }
  return { models: [...byContent.values()], notes };
}

// ---- variants ----------------------------------------------------------------------------------------

type BlobVariant = Pick<Variant, "fold" | "type" | "calibration">;

/** Ranges of folded layers would have to be observed anew: integers are not folded. */
function floatsAndIntegers({ variants, folder }: SweepFile, contents: Contents): BlobVariant[] {
  const calibrations = variants.type.includes("int")
    ? variants.calibration.map((set) => {
        const { most, inputs, dataset = "" } = set;
        const name = shown(folder, inputs ?? dataset);
        return {
          name,
          items: wholeOf(set, { contents, folder }),
          ...(most !== undefined && { most }),
        };
      })
    : [];
  return variants.type.flatMap((type): BlobVariant[] =>
    type === "int"
      ? calibrations.map((calibration) => ({ type, fold: false, calibration }))
      : variants.fold.map((fold) => ({ type, fold })),
  );
}

function variantsOf(
  { file }: JobModel,
  ofCheckpoints: readonly BlobVariant[],
  { variants: { schedule: schedules, tile: tiles } }: SweepFile,
  contents: Contents,
): Variant[] {
  const place = contents.places.get(file.sha256)!;
  const blobs: readonly BlobVariant[] = isBlob(bytesAt(place))
    ? [{ type: "mlm", fold: false }]
    : ofCheckpoints;
  return blobs.flatMap((blob) =>
    schedules.flatMap((schedule): Variant[] =>
      schedule === "stream"
        ? tiles.map((tile) => ({ ...blob, schedule, tile }))
        : [{ ...blob, schedule }],
    ),
  );
}

// ---- tasks -------------------------------------------------------------------------------------------

function jobOf(
  { model, variants }: PlannedModel,
  data: JobData | undefined,
  boards: readonly string[],
  version: string,
): Job {
  const common = [version, modelKey(model), data ? contentOf(data.items) : "", boards.join()];
  const tasks = variants.map((variant): Task => {
    const how = [blobOf(variant), variant.schedule, variant.tile];
    return { key: sha256Of([...common, ...how].join("\n")).slice(0, KEY_DIGITS), variant };
  });
  return { ...{ id: idOf(tasks), version, model }, ...(data && { data }), boards, tasks };
}

function modelKey({ file, arch, frontend, labels }: JobModel): string {
  const hash = (content: ContentRef | undefined) => content?.sha256 ?? "";
  return [file, arch, frontend, labels].map(hash).join();
}

/** Letters first: queues take an id of digits for a number. */
function idOf(tasks: readonly Task[]): string {
  return `job-${sha256Of(tasks.map(({ key }) => key).join()).slice(0, KEY_DIGITS)}`;
}
