/**
 * The file of a sweep (docs/sweep.md): which models, which variants of them, on which data and boards, within which
 * limits. Knows nothing of what is in the files that it names.
 */
import { dirname, isAbsolute, join } from "node:path";
import { type JsonReader, readJson } from "../checkpoint/json-reader.js";
import type { Schedule } from "../core/plan.js";
import { BOARDS, type Board } from "../device/index.js";
import { FileProblem } from "../host/file-problem.js";
import { readBytes } from "../host/files.js";
import { quoted } from "../plain-text.js";

/** Files of the models that a pattern names, and of what goes with each. */
export interface ModelPattern {
  readonly model: string;
  /** Paths, in which {folder} and {name} stand for the model's. */
  readonly arch?: string;
  readonly frontend?: string;
  readonly labels?: string;
}

/** Inputs: the rows of a `.npy`, or clips in a folder a label. */
export interface InputSet {
  readonly inputs?: string;
  readonly dataset?: string;
  /** That clips are filled up to. */
  readonly samples?: number;
}

export interface CalibrationSet extends InputSet {
  readonly most?: number;
}

export interface DataSet extends InputSet {
  readonly name: string;
  readonly classes?: string;
}

export const SWEPT_TYPES = ["f32", "w8", "int"] as const;
export type SweptType = (typeof SWEPT_TYPES)[number];

export interface VariantLists {
  readonly fold: readonly boolean[];
  readonly type: readonly SweptType[];
  /** Of "int" only. */
  readonly calibration: readonly CalibrationSet[];
  readonly schedule: readonly Schedule[];
  /** Of "stream" only. */
  readonly tile: readonly number[];
}

export interface SweepLimits {
  readonly arenaBytes?: number;
  readonly flashBytes?: number;
  /** Of every board, or by its id. */
  readonly boardMs: ReadonlyMap<string, number>;
  /** From 0 to 1, on every data set that has classes. */
  readonly accuracy?: number;
}

export interface SweepFile {
  readonly path: string;
  readonly folder: string;
  readonly models: readonly ModelPattern[];
  readonly variants: VariantLists;
  /** The first is what models are compared by. */
  readonly data: readonly DataSet[];
  readonly itemsATask: number;
  readonly boards: readonly Board[];
  readonly limits: SweepLimits;
}

const DOCS = "docs/sweep.md";
const VERSION = 1;
const NAME = /^[\w .+-]{1,64}$/;
const SCHEDULES: readonly Schedule[] = ["stream", "layer", "unfused"];
/** Some seconds of work. */
const ITEMS_A_TASK = 500;

/** @throws FileProblem */
export function readSweepFile(path: string): SweepFile {
  const fail = (reason: string) => new FileProblem(path, reason);
  const root = readJson(new TextDecoder().decode(readBytes(path)), fail);
  root.only(["sweep", "models", "variants", "data", "itemsATask", "boards", "limits"]);
  if (root.member("sweep")?.number() !== VERSION) {
    throw fail(`expected "sweep": ${VERSION}, the form of ${DOCS}`);
  }
  const folder = dirname(path);
  const models = root.needed("models").list().map(readModel);
  if (models.length === 0) throw fail("models: expected at least one");
  const data = readData(root.member("data"), folder);
  const twice = data.find(({ name }, i) => data.findIndex((other) => other.name === name) < i);
  if (twice !== undefined) throw fail(`data: two sets have the name ${quoted(twice.name)}`);
  const boards = readBoards(root.member("boards"));
  return {
    ...{ path, folder, models, data, boards },
    variants: readVariants(root.member("variants"), folder, fail),
    itemsATask: root.member("itemsATask")?.count() ?? ITEMS_A_TASK,
    limits: readLimits(root.member("limits"), boards, data),
  };
}

export function within(folder: string, path: string): string {
  return isAbsolute(path) ? path : join(folder, path);
}

function readModel(reader: JsonReader): ModelPattern {
  if (!reader.isObject()) return { model: reader.text() };
  reader.only(["model", "arch", "frontend", "labels"]);
  const texts = (["arch", "frontend", "labels"] as const).flatMap((key) => {
    const text = reader.member(key)?.text();
    return text === undefined ? [] : [[key, text] as const];
  });
  return { model: reader.needed("model").text(), ...Object.fromEntries(texts) };
}

/** One set may stand without a list, and without a name. */
function readData(reader: JsonReader | undefined, folder: string): DataSet[] {
  if (reader === undefined) return [];
  return (reader.isList() ? reader.list() : [reader]).map((set) => {
    set.only(["name", "inputs", "classes", "dataset", "samples"]);
    const classes = set.member("classes")?.text();
    const inputs = readInputs(set, folder);
    if (classes !== undefined && inputs.inputs === undefined) {
      throw set.problem('"inputs" with "classes"', '"dataset", whose folders are its classes');
    }
    const name =
      set.member("name")?.text() ?? set.member("inputs")?.text() ?? set.needed("dataset").text();
    if (set.has("name") && !NAME.test(name)) {
      throw set.problem('a "name" of letters, digits and . + - _', quoted(name));
    }
    return { name, ...inputs, ...(classes !== undefined && { classes: within(folder, classes) }) };
  });
}

function readInputs(reader: JsonReader, folder: string): InputSet {
  const inputs = reader.member("inputs")?.text();
  const dataset = reader.member("dataset")?.text();
  const samples = reader.member("samples")?.count();
  if ((inputs === undefined) === (dataset === undefined)) {
    const got = inputs === undefined ? "neither" : "both";
    throw reader.problem('either "inputs" or "dataset"', got);
  }
  if (dataset === undefined && samples !== undefined) {
    throw reader.problem('"dataset" with "samples"', '"inputs", whose length is known');
  }
  return {
    ...(inputs !== undefined && { inputs: within(folder, inputs) }),
    ...(dataset !== undefined && { dataset: within(folder, dataset) }),
    ...(samples !== undefined && { samples }),
  };
}

function readVariants(
  reader: JsonReader | undefined,
  folder: string,
  fail: (reason: string) => Error,
): VariantLists {
  reader?.only(["fold", "type", "calibration", "schedule", "tile"]);
  const list = <T>(key: string, usual: readonly T[], read: (value: JsonReader) => T) => {
    const given = reader?.member(key);
    const values = given === undefined ? usual : given.list().map(read);
    if (given !== undefined && values.length === 0) throw given.problem("at least one", "none");
    return [...new Set(values)];
  };
  const variants: VariantLists = {
    fold: list("fold", [false], (value) => value.truth()),
    type: list("type", ["f32"], (value) => value.oneOf(SWEPT_TYPES)),
    calibration: list<CalibrationSet>("calibration", [], (value) => readCalibration(value, folder)),
    schedule: list("schedule", ["stream"], (value) => value.oneOf(SCHEDULES)),
    tile: list("tile", [1], (value) => value.count()),
  };
  if (variants.type.includes("int") && variants.calibration.length === 0) {
    throw fail('variants: expected "calibration" with the type "int", got none');
  }
  return variants;
}

function readCalibration(reader: JsonReader, folder: string): CalibrationSet {
  reader.only(["inputs", "dataset", "samples", "most"]);
  const most = reader.member("most")?.count();
  return { ...readInputs(reader, folder), ...(most !== undefined && { most }) };
}

function readBoards(reader: JsonReader | undefined): readonly Board[] {
  if (reader === undefined) return BOARDS;
  const ids = BOARDS.map(({ id }) => id);
  const chosen = reader.list().map((id) => id.oneOf(ids));
  if (chosen.length === 0) throw reader.problem("at least one board", "none");
  return BOARDS.filter(({ id }) => chosen.includes(id));
}

function readLimits(
  reader: JsonReader | undefined,
  boards: readonly Board[],
  data: readonly DataSet[],
): SweepLimits {
  if (reader === undefined) return { boardMs: new Map() };
  reader.only(["arenaBytes", "flashBytes", "boardMs", "accuracy"]);
  const arenaBytes = reader.member("arenaBytes")?.count();
  const flashBytes = reader.member("flashBytes")?.count();
  const accuracy = reader.member("accuracy")?.number();
  if (accuracy !== undefined && !(accuracy >= 0 && accuracy <= 1)) {
    throw reader.problem('"accuracy" from 0 to 1', String(accuracy));
  }
  const isLabelled = data.some(
    ({ classes, dataset }) => classes !== undefined || dataset !== undefined,
  );
  if (accuracy !== undefined && !isLabelled) {
    throw reader.problem('"data" with classes: what "accuracy" is measured on', "none");
  }
  return {
    ...(arenaBytes !== undefined && { arenaBytes }),
    ...(flashBytes !== undefined && { flashBytes }),
    boardMs: readTimes(reader.member("boardMs"), boards),
    ...(accuracy !== undefined && { accuracy }),
  };
}

function readTimes(reader: JsonReader | undefined, boards: readonly Board[]): Map<string, number> {
  const ids = boards.map(({ id }) => id);
  if (reader === undefined) return new Map();
  const time = (value: JsonReader) => {
    const ms = value.number();
    if (!(ms > 0)) throw value.problem("milliseconds above 0", String(ms));
    return ms;
  };
  if (reader.isNumber()) return new Map(ids.map((id) => [id, time(reader)]));
  reader.only(ids);
  return new Map(
    ids.flatMap((id) => {
      const member = reader.member(id);
      return member === undefined ? [] : [[id, time(member)] as const];
    }),
  );
}
