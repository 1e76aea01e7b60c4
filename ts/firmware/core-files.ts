/**
 * The core as it lies in a project: the sources that a model needs, the list of its op kinds, and how all is
 * compiled. What is needed is read from the sources themselves. Knows nothing of machines or weights.
 */
import {
  buildHeaders,
  type KernelFile,
  type OpRow,
  opRows,
  withoutI8Matrices,
} from "../../csrc/op-list.mjs";
import type { OpInfo, TensorInfo } from "../core/info.js";
import type { Schedule } from "../core/plan.js";

/** The C sources of this package: paths below csrc, and "LICENSE". */
export type Sources = ReadonlyMap<string, string>;

/** csrc/build.json. */
export interface BuildSettings {
  readonly flags: readonly string[];
  readonly warnings: readonly string[];
  /** Names of the files that a run spends its time in. */
  readonly hot: readonly string[];
  /** Of them, those that only lead to the Cortex-M7's assembly where that is used. */
  readonly smallBesideAssembly: readonly string[];
}

export function source(sources: Sources, path: string): string {
  const text = sources.get(path);
  if (text === undefined) throw new RangeError(`the sources have no ${path}`);
  return text;
}

export function buildSettings(sources: Sources): BuildSettings {
  return JSON.parse(source(sources, "build.json")) as BuildSettings;
}

/** What a project does of all that the core can. */
export interface CoreUse {
  readonly ops: readonly Pick<OpInfo, "kind" | "variant" | "attributes" | "type">[];
  readonly tensors: readonly Pick<TensorInfo, "dtype" | "packing">[];
  readonly schedule: Schedule;
  readonly hasDetector?: boolean;
}

/** What only a project with a detector has. */
const OF_DETECTORS = /^(include\/mlm_detector\.h$|detector\/)/;

/** The core: mlm.h at the top of the library, its folders below; of the kernels those that are used. */
export function coreFiles(library: string, sources: Sources, use: CoreUse): [string, string][] {
  const types = typesOf(use);
  const all = kernelFiles(sources);
  const kernels = types.hasI8Matrices ? all : withoutI8Matrices(all);
  const kinds = kindsOf(kernels, use.ops);
  const isEnough = (row: OpRow) => doesWith(row, use, kinds);
  const rows = opRows(kernels, kinds.values(), isEnough);
  const needed = neededKernels(
    sources,
    kernels,
    rows.map(({ file }) => file),
  );
  const files = [...sources].filter(
    ([path]) =>
      (/^(include|core|math)\//.test(path) && !OF_DETECTORS.test(path)) ||
      (use.hasDetector === true && OF_DETECTORS.test(path)) ||
      /^kernels\/.*\.h$/.test(path) ||
      needed.has(path.replace(/^kernels\//, "")),
  );
  return [
    ...files.map(([path, text]): [string, string] => [
      `${library}/${path.replace(/^include\//, "")}`,
      text,
    ]),
    ...buildHeaders(kernels, kinds.values(), isEnough, types).map(
      ([name, text]): [string, string] => [`${library}/${name}`, text],
    ),
  ];
}

/** Integer ops have matrices of i8 too, in a packing of their own and with kernels of their own. */
function typesOf({ ops, tensors }: CoreUse) {
  return {
    hasI8Matrices: tensors.some(({ dtype, packing }) => dtype === "i8" && packing === "panels"),
    hasIntegers: ops.some(({ type }) => type !== "f32"),
  };
}

/** Whether a row that does with less does all that is asked of its kind. */
function doesWith({ only = "", kind }: OpRow, { ops, schedule }: CoreUse, kinds: Kinds): boolean {
  if (only === "fused") return schedule !== "unfused";
  const used = ops.filter((op) => kinds.get(op.kind) === kind);
  return used.every(
    ({ variant, attributes }) =>
      only === `variant ${variant}` ||
      attributes.some((value, i) => only === `attribute ${i} is ${value}`),
  );
}

function kernelFiles(sources: Sources): KernelFile[] {
  return [...sources]
    .filter(([path]) => /^kernels\/.*\.c$/.test(path))
    .map(([path, text]) => ({ name: path.replace(/^kernels\//, ""), text }));
}

/** Numbers of the kinds of ops, by their names. */
type Kinds = ReadonlyMap<string, number>;

function kindsOf(kernels: readonly KernelFile[], ops: CoreUse["ops"]): Kinds {
  const rows = opRows(kernels);
  return new Map(
    ops.map(({ kind }) => {
      const row = rows.find(({ className }) => className === `mlm_${kind}_class`);
      if (row === undefined) throw new RangeError(`the sources have no op ${kind}`);
      return [kind, row.kind];
    }),
  );
}

/** What other files may use: a function or constant that begins a line, and is not static. */
const DEFINITION =
  /^(?!static\b|extern\b|typedef\b|MLM_INLINE\b)\w[\w ]*[ *]((?:mlm|v4)_\w+)(?:\(|\[|\s*=)/gm;
const NAME = /\b(?:mlm|v4)_\w+/g;

function namesIn(text: string): string[] {
  return text.match(NAME) ?? [];
}

const INCLUDE = /^#include "(?:.*\/)?(\w+\.h)"$/gm;

/** What the headers do that a file includes, not what they declare: the lines within the functions there. */
function includedCode(
  headers: ReadonlyMap<string, string>,
  text: string,
  seen: Set<string>,
): string {
  const included = [...text.matchAll(INCLUDE)].flatMap(([, name = ""]) => {
    const header = headers.get(name);
    if (header === undefined || seen.has(name)) return [];
    seen.add(name);
    return [...(header.match(/^ .*$/gm) ?? []), includedCode(headers, header, seen)];
  });
  return included.join("\n");
}

/** These files, and those that define what they and the core mention, in headers too, to the last. */
function neededKernels(
  sources: Sources,
  kernels: readonly KernelFile[],
  first: readonly string[],
): Set<string> {
  const makers = new Map(
    kernels.flatMap(({ name, text }) =>
      [...text.matchAll(DEFINITION)].map(([, symbol = ""]): [string, string] => [symbol, name]),
    ),
  );
  const headers = new Map(
    [...sources]
      .filter(([path]) => /^(core|kernels|math)\/.*\.h$/.test(path))
      .map(([path, text]) => [path.replace(/^.*\//, ""), text]),
  );
  const mentioned = (text: string) => namesIn(includedCode(headers, text, new Set()));
  const texts = new Map(kernels.map(({ name, text }) => [name, text]));
  const needed = new Set(first);
  const add = (name: string) => {
    const maker = makers.get(name);
    if (maker !== undefined) needed.add(maker);
  };
  for (const [path, text] of sources) if (/^core\/.*\.c$/.test(path)) mentioned(text).forEach(add);
  // A set yields what is added to it on the way.
  for (const file of needed) {
    const text = texts.get(file) ?? "";
    [...namesIn(text), ...mentioned(text)].forEach(add);
  }
  return needed;
}
