/**
 * The four naming conventions that are recognised with no option: which tensors each must and may
 * have, and the network they make. All sizes come from the tensors' shapes. Knows nothing of files.
 *
 * | name          | tensors                                                    | network |
 * |---------------|------------------------------------------------------------|---------|
 * | `paper`       | linear_in.*, mamba.*, classifier.*                         | linear, mamba, mean pool, linear |
 * | `stack`       | linear_in.*, layers.{i}.{norm,mixer}.*, norm_f.*, classifier.* | linear, x + mixer(norm(x)) a layer, norm, mean pool, linear |
 * | `mamba_ssm`   | backbone.embedding.weight, backbone.layers.{i}.{norm,mixer}.*, backbone.norm_f.weight, lm_head.weight | embedding, the same layers, last position, norm, linear |
 * | `huggingface` | as mamba_ssm with backbone.embeddings.weight               | the same |
 *
 * A norm with a bias is a LayerNorm, one without an RMSNorm; both have eps 1e-5, unless an arch file says
 * otherwise. `lm_head` may be absent: then it is the embedding. A block may have two directions (Vim's `A_b_log`).
 */
import { BadArgument, BadCheckpoint } from "../core/errors.js";
import type { Tensor } from "../graph/network.js";
import { abbreviate, shorten } from "../plain-text.js";
import type { ArchItem, ArchOp } from "./arch/arch.js";
import { CONVENTION_OPTIONS, type ConventionOptions } from "./arch/options.js";
import { ASSUMED } from "./assumptions.js";
import { CONVENTION_NAMES, type ConventionName } from "./convention-names.js";
import { formatShape } from "./elements.js";
import { nearestConvention } from "./nearest.js";
import type { Weights } from "./weights.js";

/**
 * The convention that the tensors' names follow.
 *
 * @throws BadCheckpoint naming the conventions and some of the names when they follow none.
 */
export function recogniseConvention(weights: Weights): ConventionName {
  const names = weights.names();
  const anyUnder = (prefix: string): boolean => names.some((name) => name.startsWith(prefix));
  if (weights.has("backbone.embeddings.weight")) return "huggingface";
  if (anyUnder("backbone.")) return "mamba_ssm";
  if (anyUnder("mamba.")) return "paper";
  if (anyUnder("layers.")) return "stack";
  throw new BadCheckpoint(
    "tensor names",
    `those of a convention (${CONVENTION_NAMES.join(", ")}${nearestText(weights)}), or ${ARCH_HINT}`,
    names.length === 0 ? "no tensors" : abbreviate(names, MAX_LISTED_EACH),
  );
}

/** A convention's network as an arch file would list it, and what was taken for granted. */
export interface ConventionNetwork {
  readonly ops: readonly ArchItem[];
  readonly assumptions: readonly string[];
}

/**
 * The convention's operators.
 *
 * @throws BadCheckpoint naming all missing and unknown tensors, or one of a wrong shape.
 * @throws BadArgument for an option that the convention has no use for.
 */
export function conventionNetwork(
  name: ConventionName,
  weights: Weights,
  options: ConventionOptions = {},
): ConventionNetwork {
  const convention = CONVENTIONS[name];
  const layers =
    convention.layersPrefix === undefined ? 0 : countLayers(weights, convention.layersPrefix);
  checkNames(name, weights, convention.names(weights, layers));
  const useless = CONVENTION_OPTIONS.find(
    (option) => option in options && convention.noOptions?.includes(option),
  );
  if (useless !== undefined) {
    throw new BadArgument(`arch.${useless}`, `none, as ${name} has no layers with norms`, "one");
  }
  const pooling = options.pooling ?? convention.pooling;
  const { normPlace, residual } = options;
  const hasLayers = layers > 0;
  const assumptions = [
    ...(hasLayers ? [] : [ASSUMED.noResidual]),
    ...(hasLayers && normPlace === undefined ? [ASSUMED.normBefore] : []),
    ...(hasLayers && residual === undefined ? [ASSUMED.residual] : []),
    ...(options.pooling === undefined ? [ASSUMED.pooling(pooling)] : []),
  ];
  return { ops: convention.ops(weights, layers, { ...options, pooling }), assumptions };
}

/** What helps when names are not what they should be. */
const ARCH_HINT = "an arch file (--arch FILE; mambalite draft writes one)";

/** The nearest of all conventions, or of one, and the rename that would do. */
function nearestText(
  weights: Weights,
  among: readonly ConventionName[] = CONVENTION_NAMES,
): string {
  const names = weights.names();
  if (names.length === 0) return "";
  const forms = among.map((name) => ({ name, ...CONVENTIONS[name].names(weights, 1) }));
  const nearest = nearestConvention(names, forms);
  if (nearest === undefined) return "";
  const { convention, rename } = nearest;
  const which = among.length > 1 ? `; nearest: ${convention}` : "";
  if (rename === undefined) return which;
  const [from, to] = rename.map((name) => JSON.stringify(shorten(name, MAX_RENAMED)));
  return `${which}, with "rename": {${from}: ${to}} beside "convention": "${convention}" in an arch file`;
}

/** The rename that would do, else what the convention has. */
function hintFor(convention: ConventionName, weights: Weights): string {
  return nearestText(weights, [convention]) || ` (${CONVENTIONS[convention].summary})`;
}

/** Characters of a beginning of names. */
const MAX_RENAMED = 40;

interface TensorNames {
  readonly required: readonly string[];
  readonly optional: readonly string[];
}

type Options = ConventionOptions & { readonly pooling: string };

interface Convention {
  /** Its tensors, for a message. */
  readonly summary: string;
  /** What comes before a layer's index; absent where there are no layers. */
  readonly layersPrefix?: string;
  readonly pooling: string;
  readonly noOptions?: readonly string[];
  names(weights: Weights, layers: number): TensorNames;
  ops(weights: Weights, layers: number, options: Options): readonly ArchItem[];
}

const MAMBA_REQUIRED = [
  "A_log",
  "D",
  "in_proj.weight",
  "conv1d.weight",
  "x_proj.weight",
  "dt_proj.weight",
  "dt_proj.bias",
  "out_proj.weight",
];
const MAMBA2_REQUIRED = [
  ...["A_log", "D", "dt_bias", "in_proj.weight", "conv1d.weight", "out_proj.weight"],
];
const MAMBA2_OPTIONAL = ["in_proj.bias", "conv1d.bias", "norm.weight", "out_proj.bias"];
const MAMBA_OPTIONAL = ["in_proj.bias", "conv1d.bias", "out_proj.bias"];
/** Of a block of two directions, by Vim's names: more in its second version, which has a convolution each. */
const BACKWARD_REQUIRED = [
  "D_b",
  "conv1d_b.weight",
  "x_proj_b.weight",
  "dt_proj_b.weight",
  "dt_proj_b.bias",
];
const BACKWARD_OPTIONAL = ["A_b_log", "D_b", "conv1d_b.bias", "gamma"];

function isBidirectional(weights: Weights, prefix: string): boolean {
  return weights.has(`${prefix}.A_b_log`);
}

/** One A a head, or the dt_bias that Mamba-1 has in its dt_proj. */
function isMamba2(weights: Weights, prefix: string): boolean {
  const isPerHead = weights.shapeOf(`${prefix}.A_log`)?.length === 1;
  return isPerHead || weights.has(`${prefix}.dt_bias`);
}

function blockNames(weights: Weights, prefix: string): TensorNames {
  if (isMamba2(weights, prefix)) {
    const required = under(`${prefix}.`, MAMBA2_REQUIRED);
    return { required, optional: under(`${prefix}.`, MAMBA2_OPTIONAL) };
  }
  const isBoth = isBidirectional(weights, prefix);
  const hasOwn = BACKWARD_REQUIRED.some(
    (name) => name !== "D_b" && weights.has(`${prefix}.${name}`),
  );
  const required = isBoth && hasOwn ? [...MAMBA_REQUIRED, ...BACKWARD_REQUIRED] : MAMBA_REQUIRED;
  const optional = isBoth ? [...MAMBA_OPTIONAL, ...BACKWARD_OPTIONAL] : MAMBA_OPTIONAL;
  return { required: under(`${prefix}.`, required), optional: under(`${prefix}.`, optional) };
}

const paper: Convention = {
  summary: "linear_in.*, mamba.*, classifier.*",
  pooling: "mean",
  noOptions: ["eps", "norm", "normPlace", "residual"],
  names: (weights) => {
    const block = blockNames(weights, "mamba");
    return {
      required: ["linear_in.weight", ...block.required],
      optional: ["linear_in.bias", ...block.optional, "classifier.weight", "classifier.bias"],
    };
  },
  ops: (weights, _, options) => {
    const { pooling } = options;
    // Without a classifier the pooled features are the output.
    const hasClassifier = weights.has("classifier.weight") || weights.has("classifier.bias");
    return [
      { kind: "linear", name: "linear_in" },
      blockOp(weights, "mamba", "mamba", options),
      ...poolOps(pooling),
      ...(hasClassifier ? [{ kind: "linear", name: "classifier" }] : []),
    ];
  },
};

const stack: Convention = {
  summary: "linear_in.*, layers.{i}.{norm,mixer}.*, norm_f.*, classifier.*",
  layersPrefix: "layers.",
  pooling: "mean",
  names: (weights, layers) => {
    const blocks = layerNames(weights, "layers.", layers);
    return {
      required: ["linear_in.weight", ...blocks.required, "norm_f.weight", "classifier.weight"],
      optional: ["linear_in.bias", ...blocks.optional, "norm_f.bias", "classifier.bias"],
    };
  },
  ops: (weights, layers, options) => [
    { kind: "linear", name: "linear_in" },
    ...layerOps(weights, layers, "", "linear_in", options),
    { ...normFields(options), kind: "norm", name: "norm_f" },
    ...poolOps(options.pooling),
    { kind: "linear", name: "classifier" },
  ],
};

const CONVENTIONS: Readonly<Record<ConventionName, Convention>> = {
  paper,
  stack,
  mamba_ssm: languageModel("backbone.embedding"),
  huggingface: languageModel("backbone.embeddings"),
};

function languageModel(embedding: string): Convention {
  const prefix = "backbone.";
  return {
    summary: `${embedding}.weight, backbone.{layers.{i}.{norm,mixer},norm_f}.*, lm_head.weight`,
    layersPrefix: `${prefix}layers.`,
    pooling: "last",
    names: (weights, layers) => {
      const blocks = layerNames(weights, `${prefix}layers.`, layers);
      return {
        required: [`${embedding}.weight`, ...blocks.required, `${prefix}norm_f.weight`],
        optional: [...blocks.optional, `${prefix}norm_f.bias`, "lm_head.weight"],
      };
    },
    ops: (weights, layers, options) => [
      { kind: "embedding", name: "embedding", weights: embedding },
      ...layerOps(weights, layers, prefix, "embedding", options),
      // A norm is a function of one position: taking the last one first gives the same, for less.
      ...poolOps(options.pooling),
      { ...normFields(options), kind: "norm", name: "norm_f", weights: `${prefix}norm_f` },
      { kind: "linear", name: "lm_head", weights: headOf(weights, embedding) },
    ],
  };
}

/** The head is tied to the embedding when it is absent or has the same values. */
function headOf(weights: Weights, embedding: string): string {
  const table = weights.take(`${embedding}.weight`, "shape [vocabulary, out]");
  const head = weights.takeIfPresent("lm_head.weight", `shape ${formatShape(table.shape)}`);
  if (head === undefined) return embedding;
  if (String(head.shape) !== String(table.shape)) {
    const expected = `shape ${formatShape(table.shape)}`;
    throw new BadCheckpoint(head.name, expected, formatShape(head.shape));
  }
  return equalData(head, table) ? embedding : "lm_head";
}

function poolOps(pooling: string): ArchItem[] {
  return pooling === "none" ? [] : [{ kind: "pool", name: "pool", pool: pooling }];
}

function normFields({ eps, norm }: ConventionOptions): object {
  return { ...(eps !== undefined && { eps }), ...(norm !== undefined && { norm }) };
}

function blockOp(
  weights: Weights,
  name: string,
  prefix: string,
  { mamba, mamba2 }: ConventionOptions,
): ArchOp {
  if (isMamba2(weights, prefix)) return { ...mamba2, kind: "mamba2", name, weights: prefix };
  const kind = isBidirectional(weights, prefix) ? "bimamba" : "mamba";
  return { ...mamba, kind, name, weights: prefix };
}

/** Once a layer: x + mixer(norm(x)), or norm(x + mixer(x)). */
function layerOps(
  weights: Weights,
  layers: number,
  prefix: string,
  before: string,
  options: Options,
): ArchOp[] {
  const { normPlace = "before", residual = true } = options;
  let start = before;
  return Array.from({ length: layers }, (_, layer) => {
    const name = `layers.${layer}`;
    const norm: ArchOp = {
      ...normFields(options),
      kind: "norm",
      name: `${name}.norm`,
      weights: `${prefix}${name}.norm`,
    };
    const mixer = blockOp(weights, `${name}.mixer`, `${prefix}${name}.mixer`, options);
    const add: ArchOp = { kind: "add", name: `${name}.add`, inputs: [start, `${name}.mixer`] };
    const body = residual ? [mixer, add] : [mixer];
    const ops = normPlace === "before" ? [norm, ...body] : [...body, norm];
    start = ops.at(-1)?.name as string;
    return ops;
  }).flat();
}

function layerNames(weights: Weights, prefix: string, layers: number): TensorNames {
  const all = Array.from({ length: layers }, (_, layer) => {
    const block = blockNames(weights, `${prefix}${layer}.mixer`);
    return {
      required: [`${prefix}${layer}.norm.weight`, ...block.required],
      optional: [`${prefix}${layer}.norm.bias`, ...block.optional],
    };
  });
  return {
    required: all.flatMap(({ required }) => required),
    optional: all.flatMap(({ optional }) => optional),
  };
}

function under(prefix: string, names: readonly string[]): string[] {
  return names.map((name) => prefix + name);
}

/** A longer number is no index of a layer. */
const LAYER_INDEX = /^(0|[1-9][0-9]{0,5})\./;

/** Number of layers; their indices must be 0, 1, 2, ... */
function countLayers(weights: Weights, prefix: string): number {
  const indices = new Set<number>();
  for (const name of weights.names()) {
    if (!name.startsWith(prefix)) continue;
    const digits = LAYER_INDEX.exec(name.slice(prefix.length))?.[1];
    if (digits !== undefined) indices.add(Number(digits));
  }
  const sorted = [...indices].sort((a, b) => a - b);
  const last = sorted.at(-1);
  if (last === undefined) {
    throw new BadCheckpoint(`${prefix}{i}`, `layers 0, 1, 2, ..., or ${ARCH_HINT}`, "none");
  }
  if (last >= sorted.length) {
    const missing = Array.from({ length: last }, (_, i) => i).filter((i) => !indices.has(i));
    throw new BadCheckpoint(
      `${prefix}${missing[0]}`,
      `layers 0 to ${last} without gaps, or ${ARCH_HINT}`,
      `no tensor of layer ${abbreviate(missing.map(String))}`,
    );
  }
  return sorted.length;
}

/** Characters of two lists in one message. */
const MAX_LISTED_EACH = 60;

function checkNames(
  convention: ConventionName,
  weights: Weights,
  { required, optional }: TensorNames,
): void {
  const known = new Set([...required, ...optional]);
  const missing = required.filter((name) => !weights.has(name));
  const unknown = weights.names().filter((name) => !known.has(name));
  const [first] = [...missing, ...unknown];
  if (first === undefined) return;
  const problems: string[] = [];
  const room = missing.length > 0 && unknown.length > 0 ? MAX_LISTED_EACH : undefined;
  if (missing.length > 0) {
    const described = missing.map((name) => weights.describeMissing(name));
    problems.push(`missing tensors: ${abbreviate(described, room)}`);
  }
  if (unknown.length > 0) {
    const described = unknown.map((name) => weights.describe(name));
    problems.push(`unknown tensors: ${abbreviate(described, room)}`);
  }
  throw new BadCheckpoint(
    first,
    `the tensors of the ${convention} convention${hintFor(convention, weights)}, or ${ARCH_HINT}`,
    problems.join("; "),
  );
}

function equalData(a: Tensor, b: Tensor): boolean {
  return a.data === b.data || a.data.every((x, i) => Object.is(x, b.data[i]));
}
