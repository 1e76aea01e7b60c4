/**
 * Data sets cut into stretches of items, each by its content: rows of an array, clips of a folder. Knows nothing of the
 * models that are run over them.
 */
import { join, relative } from "node:path";
import { NPY_HEAD_BYTES } from "../checkpoint/npy.js";
import { type NpyRows, npyRows } from "../checkpoint/npy-rows.js";
import { clipsIn, visible } from "../host/clips.js";
import { FileProblem, inFile } from "../host/file-problem.js";
import { isDirectory } from "../host/files.js";
import { type Contents, headOf } from "./contents.js";
import type { JobData, JobItems } from "./job.js";
import type { CalibrationSet, DataSet, InputSet } from "./plan-file.js";

/** What stretches are cut for. */
interface Cut {
  readonly contents: Contents;
  /** What names are relative to. */
  readonly folder: string;
  readonly itemsATask: number;
}

/** @throws FileProblem */
export async function stretchesOf(set: DataSet, cut: Cut): Promise<JobData[]> {
  const stretches =
    set.inputs === undefined ? clipStretches(set, cut) : await rowStretches(set, cut);
  return stretches.map(({ first, items }) => ({ name: set.name, first, items }));
}

/** The whole of a set, without classes. @throws FileProblem */
export function wholeOf(
  set: CalibrationSet,
  { contents, folder }: Omit<Cut, "itemsATask">,
): JobItems {
  if (set.inputs !== undefined) {
    return { kind: "array", inputs: contents.file(set.inputs, relative(folder, set.inputs)) };
  }
  const [all] = clipStretches(set, { contents, folder, itemsATask: Number.POSITIVE_INFINITY });
  return all!.items;
}

interface Stretch {
  readonly first: number;
  readonly items: JobItems;
}

// ---- arrays ------------------------------------------------------------------------------------------

/**
 * Only an array that has a row for each of several classes is cut: of another one it is not known which axis is that of
 * the items.
 */
async function rowStretches(
  { inputs = "", classes }: DataSet,
  { contents, folder, itemsATask }: Cut,
): Promise<Stretch[]> {
  const name = relative(folder, inputs);
  if (classes === undefined) {
    return [{ first: 0, items: { kind: "array", inputs: contents.file(inputs, name) } }];
  }
  const className = relative(folder, classes);
  const lines = await layoutOf(classes);
  const rows = await layoutOf(inputs);
  const count = lines?.rows ?? 0;
  if (lines === undefined || rows?.rows !== count || count <= itemsATask) {
    const whole = {
      inputs: contents.file(inputs, name),
      classes: contents.file(classes, className),
    };
    return [{ first: 0, items: { kind: "array", ...whole } }];
  }
  return starts(count, itemsATask).map((first) => {
    const some = Math.min(itemsATask, count - first);
    const part = (path: string, called: string, layout: NpyRows) => {
      const { header, start, rowBytes } = layout;
      const place = { head: header(some), start: start + first * rowBytes, bytes: some * rowBytes };
      return contents.part({ path, ...place }, `${called} [${first}:${first + some}]`);
    };
    const items = { inputs: part(inputs, name, rows), classes: part(classes, className, lines) };
    return { first, items: { kind: "array", ...items } };
  });
}

function layoutOf(path: string): Promise<NpyRows | undefined> {
  return inFile(path, () => npyRows(headOf(path, NPY_HEAD_BYTES)));
}

function starts(count: number, step: number): number[] {
  return Array.from({ length: Math.ceil(count / step) }, (_, i) => i * step);
}

// ---- clips -------------------------------------------------------------------------------------------

function clipStretches({ dataset = "", samples }: InputSet, cut: Cut): Stretch[] {
  const { contents, folder, itemsATask } = cut;
  if (!isDirectory(dataset)) throw new FileProblem(dataset, "is not a folder of a data set");
  const clips = visible(dataset)
    .filter((label) => isDirectory(join(dataset, label)))
    .flatMap((label) => clipsIn(join(dataset, label)).map((path) => ({ label, path })));
  if (clips.length === 0) {
    throw new FileProblem(dataset, "has no clips: expected a folder a label, with .wav or .flac");
  }
  const called = relative(folder, dataset);
  const step = Math.min(itemsATask, clips.length);
  return starts(clips.length, step).map((first) => {
    const some = clips.slice(first, first + step).map(({ label, path }): ListedClip => {
      const { sha256, name } = contents.file(path, relative(folder, path));
      return [label, sha256, name];
    });
    const list = contents.text(JSON.stringify(some), `${called} [${first}:${first + some.length}]`);
    return { first, items: { kind: "clips", list, ...(samples !== undefined && { samples }) } };
  });
}

export type ListedClip = readonly [label: string, sha256: string, name: string];
