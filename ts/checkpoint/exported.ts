/**
 * What `mambalite_torch.export` puts into a file beside the weights (docs/exported-file.md): the graph, the module's
 * own shapes, and what PyTorch makes of some inputs. Knows nothing of how any of it is used.
 */
import { BadFile } from "../core/errors.js";
import type { Tensor } from "../graph/network.js";
import {
  axesOfRank,
  coreSizes,
  inCoreOrder,
  type ModuleShapes,
  shapesOf,
} from "../graph/shapes.js";
import { quoted } from "../plain-text.js";
import { type Arch, readArch } from "./arch/arch.js";
import { formatShape } from "./elements.js";
import type { StateDict } from "./state-dict.js";

const ARCH_KEY = "mambalite.arch";
const MODULE_KEY = "mambalite.module";
export const REFERENCE_PREFIX = "mambalite.reference.";

export interface ExportedFile {
  readonly arch: Arch;
  readonly shapes?: ModuleShapes;
  /** Of float32 PyTorch against its own float64, relative to the largest output. */
  readonly float32Error: number;
  readonly assumptions: readonly string[];
}

/** Inputs and what PyTorch makes of them in float64, rounded once. */
export interface References {
  /** Frames, row by row, or tokens; one array a case. */
  readonly inputs: readonly (Float32Array | Int32Array)[];
  /** By name of the output; of each case the rows, row by row as the core has them. */
  readonly outputs: ReadonlyMap<string, readonly Float32Array[]>;
  /** Values of operators for the first case, by their names. */
  readonly trace: readonly Tensor[];
}

/** @throws BadFile, BadArgument when it is an exported file that is not right */
export function exportedFile({ metadata }: StateDict): ExportedFile | undefined {
  const arch = metadata.get(ARCH_KEY);
  if (arch === undefined) return undefined;
  const { shapes, float32Error, assumptions } = moduleOf(metadata.get(MODULE_KEY));
  return {
    arch: readArch(new TextEncoder().encode(arch)),
    ...(shapes !== undefined && { shapes }),
    float32Error,
    assumptions,
  };
}

function moduleOf(text: string | undefined): Omit<ExportedFile, "arch"> {
  if (text === undefined) return { float32Error: 0, assumptions: [] };
  const value = parsed(text);
  const shapes = shapesOf(value);
  if (shapes === undefined) {
    throw bad(`${MODULE_KEY} in its metadata has no input and outputs with axes and shapes`);
  }
  const { float32Error, assumptions } = value as Record<string, unknown>;
  return {
    shapes,
    float32Error: typeof float32Error === "number" ? float32Error : 0,
    assumptions: Array.isArray(assumptions)
      ? assumptions.filter((sentence) => typeof sentence === "string")
      : [],
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw bad(`${MODULE_KEY} in its metadata is not JSON text`);
  }
}

function bad(reason: string): BadFile {
  return new BadFile("safetensors", `${reason}: export it again with mambalite_torch`);
}

/** The weights alone. */
export function withoutReferences(stateDict: StateDict): StateDict {
  return {
    ...stateDict,
    tensors: weightsOf(stateDict.tensors),
    others: weightsOf(stateDict.others),
  };
}

function weightsOf<T>(tensors: ReadonlyMap<string, T>): ReadonlyMap<string, T> {
  return new Map([...tensors].filter(([name]) => !name.startsWith(REFERENCE_PREFIX)));
}

/**
 * The references of a file, in the order of the core; undefined where it has none.
 * @throws BadFile when they do not have the shapes that the file says
 */
export function referencesOf(
  { tensors, others }: StateDict,
  { shapes }: Pick<ExportedFile, "shapes">,
): References | undefined {
  const input = tensors.get(`${REFERENCE_PREFIX}input`) ?? tokensOf(others);
  if (input === undefined || shapes === undefined) return undefined;
  const inputs = casesOf(input, shapes.input.axes);
  const outputs = new Map<string, readonly Float32Array[]>();
  for (const { name, axes } of shapes.outputs) {
    const output = tensors.get(`${REFERENCE_PREFIX}output.${name}`);
    if (output === undefined) throw bad(`it has no reference of the output ${quoted(name)}`);
    const cases =
      axes === undefined ? split(output.data, output.shape[0] ?? 0) : casesOf(output, axes);
    if (cases.length !== inputs.length) {
      throw bad(`${cases.length} references of ${quoted(name)} for ${inputs.length} inputs`);
    }
    outputs.set(name, cases as Float32Array[]);
  }
  return { inputs, outputs, trace: traceOf(tensors) };
}

interface Elements {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
}

/** Tokens are integers. */
function tokensOf(others: StateDict["others"]): Elements | undefined {
  const found = others.get(`${REFERENCE_PREFIX}input`);
  return found?.integers === undefined ? undefined : { ...found, data: found.integers };
}

function casesOf(
  { name, shape, data }: Elements,
  axes: ModuleShapes["input"]["axes"],
): (Float32Array | Int32Array)[] {
  const own = axesOfRank(axes, shape.length);
  const sizes = own && coreSizes(own, shape);
  if (own === undefined || sizes === undefined) {
    throw bad(`${name} is ${formatShape(shape)}, which is not ${formatShape(axes)}`);
  }
  return split(inCoreOrder(data, own, shape), sizes[0]);
}

function split<T extends Float32Array | Int32Array>(data: T, count: number): T[] {
  const length = data.length / count;
  return Array.from({ length: count }, (_, i) => data.subarray(i * length, (i + 1) * length) as T);
}

function traceOf(tensors: StateDict["tensors"]): Tensor[] {
  const prefix = `${REFERENCE_PREFIX}trace.`;
  return [...tensors.values()]
    .filter(({ name }) => name.startsWith(prefix))
    .map((tensor) => ({ ...tensor, name: tensor.name.slice(prefix.length) }));
}
