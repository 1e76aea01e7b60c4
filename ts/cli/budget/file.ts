/**
 * The file of a budget: which models are held against which limits. An exported project's manifest has the same name: what
 * has no "budget" is none. Knows nothing of how models are measured.
 */
import { dirname, isAbsolute, join } from "node:path";
import { type JsonReader, readJson } from "../../checkpoint/json-reader.js";
import type { Schedule } from "../../core/plan.js";
import { BOARDS } from "../../device/index.js";
import { FileProblem } from "../../host/file-problem.js";
import { quoted } from "../../plain-text.js";
import { BUNDLED_NAMES } from "../bundled.js";
import { isFileLike, readBytes } from "../files.js";

/** What nothing may exceed, or, of accuracy and bits, fall short of. */
export interface Limits {
  readonly arenaBytes?: number;
  /** Of the model itself: weights and graph. */
  readonly flashBytes?: number;
  /** Of the input, by a board's id. */
  readonly milliseconds: ReadonlyMap<string, number>;
  /** From 0 to 1. */
  readonly accuracy?: number;
  /** The logits have the baseline's bits. */
  readonly sameBits: boolean;
}

export interface LabelledSet {
  readonly inputs?: string;
  readonly classes?: string;
  readonly dataset?: string;
  readonly samples?: number;
}

export interface BudgetModel {
  readonly name: string;
  /** Files, or for `model` a bundled model's name. */
  readonly files: Readonly<{
    model: string;
    arch?: string;
    frontend?: string;
    labels?: string;
    input?: string;
  }>;
  readonly schedule?: Schedule;
  readonly tile?: number;
  readonly labelled?: LabelledSet;
  readonly limits: Limits;
}

export interface Budget {
  /** Where the baseline is, or is to be. */
  readonly baseline: string;
  readonly models: readonly BudgetModel[];
}

/** Names go into tables and comments as they are. */
const NAME = /^[\w .+-]{1,64}$/;
const SCHEDULES: readonly Schedule[] = ["stream", "layer", "unfused"];
const VERSION = 1;
const BASELINE = ".baseline.json";
const DOCS = "docs/budget.md";

/** @throws FileProblem */
export function readBudget(path: string): Budget {
  const fail = (reason: string) => new FileProblem(path, reason);
  const text = new TextDecoder().decode(readBytes(path));
  const root = readJson(text, fail);
  if (isManifest(root)) {
    throw fail(`is the manifest of an exported project, not a budget (${DOCS})`);
  }
  root.only(["budget", "baseline", "models"]);
  const version = root.member("budget")?.number();
  if (version !== VERSION) throw fail(`expected "budget": ${VERSION}, the form of ${DOCS}`);
  const folder = dirname(path);
  const models = root.member("models")?.list() ?? [];
  if (models.length === 0) throw fail("models: expected at least one");
  const read = models.map((model) => readModel(model, folder));
  const twice = read.find(({ name }, i) => read.findIndex((other) => other.name === name) < i);
  if (twice !== undefined) throw fail(`two models have the name ${quoted(twice.name)}`);
  const baseline = root.member("baseline")?.text();
  return {
    baseline:
      baseline === undefined ? path.replace(/(\.json)?$/, BASELINE) : within(folder, baseline),
    models: read,
  };
}

/** What `mambalite export` writes beside a project's files. */
function isManifest(root: JsonReader): boolean {
  return !root.has("budget") && root.has("target") && root.has("files");
}

function within(folder: string, path: string): string {
  return isAbsolute(path) ? path : join(folder, path);
}

function readModel(reader: JsonReader, folder: string): BudgetModel {
  const files = ["model", "arch", "frontend", "labels", "input"] as const;
  reader.only(["name", ...files, "schedule", "tile", "labelled", "limits"]);
  const model = reader.needed("model").text();
  const name = reader.member("name")?.text() ?? model;
  if (!NAME.test(name)) throw reader.problem('a "name" of letters, digits and . + - _', name);
  const paths = files.flatMap((key) => {
    const path = reader.member(key)?.text();
    return path === undefined ? [] : [[key, within(folder, path)] as const];
  });
  const isBundled = BUNDLED_NAMES.includes(model) && !isFileLike(within(folder, model));
  const schedule = reader.member("schedule")?.oneOf(SCHEDULES);
  const tile = reader.member("tile")?.count();
  const labelled = reader.member("labelled");
  return {
    name,
    files: { ...Object.fromEntries(paths), model: isBundled ? model : within(folder, model) },
    ...(schedule !== undefined && { schedule }),
    ...(tile !== undefined && { tile }),
    ...(labelled !== undefined && { labelled: readLabelled(labelled, folder) }),
    limits: readLimits(reader.needed("limits"), labelled !== undefined),
  };
}

function readLabelled(reader: JsonReader, folder: string): LabelledSet {
  reader.only(["inputs", "classes", "dataset", "samples"]);
  const path = (key: string) => {
    const text = reader.member(key)?.text();
    return text === undefined ? {} : { [key]: within(folder, text) };
  };
  const samples = reader.member("samples")?.count();
  return {
    ...path("inputs"),
    ...path("classes"),
    ...path("dataset"),
    ...(samples !== undefined && { samples }),
  };
}

function readLimits(reader: JsonReader, isLabelled: boolean): Limits {
  reader.only(["arenaBytes", "flashBytes", "milliseconds", "accuracy", "sameBits"]);
  const arenaBytes = reader.member("arenaBytes")?.count();
  const flashBytes = reader.member("flashBytes")?.count();
  const accuracy = reader.member("accuracy")?.number();
  if (accuracy !== undefined && !(accuracy >= 0 && accuracy <= 1)) {
    throw reader.problem('"accuracy" from 0 to 1', String(accuracy));
  }
  if (accuracy !== undefined && !isLabelled) {
    throw reader.problem('"labelled" beside "accuracy": what it is measured on', "none");
  }
  return {
    ...(arenaBytes !== undefined && { arenaBytes }),
    ...(flashBytes !== undefined && { flashBytes }),
    milliseconds: readTimes(reader.member("milliseconds")),
    ...(accuracy !== undefined && { accuracy }),
    sameBits: reader.member("sameBits")?.truth() ?? false,
  };
}

function readTimes(reader: JsonReader | undefined): Map<string, number> {
  if (reader === undefined) return new Map();
  const ids = BOARDS.map(({ id }) => id);
  reader.only(ids);
  return new Map(
    ids.flatMap((id) => {
      const ms = reader.member(id)?.number();
      if (ms !== undefined && !(ms > 0)) throw reader.problem(`${id} above 0`, String(ms));
      return ms === undefined ? [] : [[id, ms] as const];
    }),
  );
}
