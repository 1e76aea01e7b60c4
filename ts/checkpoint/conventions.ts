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
 * A norm with a bias is a LayerNorm, one without an RMSNorm; both have eps 1e-5. `lm_head` may be
 * absent: then it is the embedding.
 */
import { BadCheckpoint } from "../core/errors.js";
import type { Tensor, Value } from "../network.js";
import { abbreviate } from "../plain-text.js";
import type { NetworkBuilder } from "./network-builder.js";
import type { Weights } from "./weights.js";

export const CONVENTION_NAMES = ["paper", "stack", "mamba_ssm", "huggingface"] as const;
export type ConventionName = (typeof CONVENTION_NAMES)[number];

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
    `one of the conventions ${CONVENTION_NAMES.join(", ")}, or ${ARCH_HINT}`,
    names.length === 0 ? "no tensors" : abbreviate(names),
  );
}

/**
 * Adds the convention's operators to the builder.
 *
 * @throws BadCheckpoint naming all missing and unknown tensors, or one of a wrong shape.
 */
export function buildConvention(name: ConventionName, builder: NetworkBuilder): void {
  const convention = CONVENTIONS[name];
  const { weights } = builder;
  const layers =
    convention.layersPrefix === undefined ? 0 : countLayers(weights, convention.layersPrefix);
  checkNames(name, weights, convention.names(layers));
  convention.build(builder, layers);
}

/**
 * Refuses the tensors of Mamba-2 and Mamba-3 blocks, which compute something else.
 *
 * @throws BadCheckpoint naming them.
 */
export function refuseLaterMambas(weights: Weights): void {
  const names = weights.names();
  const mamba3 = names.filter((name) => MAMBA3_ONLY.test(name));
  const found = [...mamba3, ...mamba2Names(weights)];
  const [first] = found;
  if (first === undefined) return;
  const version = mamba3.length > 0 ? "Mamba-3" : "Mamba-2";
  throw new BadCheckpoint(
    first,
    "a Mamba-1 block (A_log [dInner, dState], x_proj, dt_proj)",
    `a ${version} block, which is not supported (it has ${abbreviate(found)})`,
  );
}

/** What helps when names are not what they should be. */
const ARCH_HINT = "an arch file that names them (--arch FILE)";

/** Parameters of mamba_ssm's `Mamba3` module that `Mamba` does not have. */
const MAMBA3_ONLY = /(^|\.)(B_bias|C_bias|B_norm\.weight|C_norm\.weight|mimo_[xzo])$/;
/** The name of a parameter that is `Mamba2`'s, or may be: what is before its last part. */
const MAMBA2_PARAMETER = /^(|.*\.)(dt_bias|A_log|norm\.weight)$/s;

/**
 * Names of Mamba-2 blocks: a block is one by its `dt_bias`, or by one A a head ([heads]). A norm
 * tells nothing: any module may end in one.
 */
function mamba2Names(weights: Weights): string[] {
  const parameters = weights.names().flatMap((name) => {
    const [, block = "", part = ""] = MAMBA2_PARAMETER.exec(name) ?? [];
    return part === "" ? [] : [{ name, block, part }];
  });
  const isTelling = ({ name, part }: (typeof parameters)[number]): boolean =>
    part === "dt_bias" || (part === "A_log" && weights.shapeOf(name)?.length === 1);
  const blocks = new Set(parameters.filter(isTelling).map(({ block }) => block));
  return parameters
    .filter(
      (parameter) =>
        blocks.has(parameter.block) && (parameter.part === "norm.weight" || isTelling(parameter)),
    )
    .map(({ name }) => name);
}

interface TensorNames {
  readonly required: readonly string[];
  readonly optional: readonly string[];
}

interface Convention {
  /** Its tensors, for a message. */
  readonly summary: string;
  /** What comes before a layer's index; absent where there are no layers. */
  readonly layersPrefix?: string;
  names(layers: number): TensorNames;
  build(builder: NetworkBuilder, layers: number): void;
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
const MAMBA_OPTIONAL = ["in_proj.bias", "conv1d.bias", "out_proj.bias"];

const paper: Convention = {
  summary: "linear_in.*, mamba.*, classifier.*",
  names: () => ({
    required: ["linear_in.weight", ...under("mamba.", MAMBA_REQUIRED)],
    optional: [
      "linear_in.bias",
      ...under("mamba.", MAMBA_OPTIONAL),
      "classifier.weight",
      "classifier.bias",
    ],
  }),
  build: (builder) => {
    builder.linear({ name: "linear_in", input: 0, prefix: "linear_in" });
    builder.mamba({ name: "mamba", input: builder.last, prefix: "mamba" });
    builder.pool("pool", builder.last, "mean");
    // Without a classifier the pooled features are the output.
    const hasClassifier =
      builder.weights.has("classifier.weight") || builder.weights.has("classifier.bias");
    if (hasClassifier) {
      builder.linear({ name: "classifier", input: builder.last, prefix: "classifier" });
    }
  },
};

const stack: Convention = {
  summary: "linear_in.*, layers.{i}.{norm,mixer}.*, norm_f.*, classifier.*",
  layersPrefix: "layers.",
  names: (layers) => {
    const blocks = layerNames("layers.", layers);
    return {
      required: ["linear_in.weight", ...blocks.required, "norm_f.weight", "classifier.weight"],
      optional: ["linear_in.bias", ...blocks.optional, "norm_f.bias", "classifier.bias"],
    };
  },
  build: (builder, layers) => {
    builder.linear({ name: "linear_in", input: 0, prefix: "linear_in" });
    addLayers(builder, layers, "");
    builder.norm({ name: "norm_f", input: builder.last, prefix: "norm_f" });
    builder.pool("pool", builder.last, "mean");
    builder.linear({ name: "classifier", input: builder.last, prefix: "classifier" });
  },
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
    names: (layers) => {
      const blocks = layerNames(`${prefix}layers.`, layers);
      return {
        required: [`${embedding}.weight`, ...blocks.required, `${prefix}norm_f.weight`],
        optional: [...blocks.optional, `${prefix}norm_f.bias`, "lm_head.weight"],
      };
    },
    build: (builder, layers) => {
      builder.embedding("embedding", embedding);
      addLayers(builder, layers, prefix);
      // A norm is a function of one position: taking the last one first gives the same, for less.
      builder.pool("pool", builder.last, "last");
      builder.norm({ name: "norm_f", input: builder.last, prefix: `${prefix}norm_f` });
      addHead(builder, embedding);
    },
  };
}

/** The head is tied to the embedding when it is absent or has the same values. */
function addHead(builder: NetworkBuilder, embedding: string): void {
  const { weights, last: input } = builder;
  const table = weights.take(`${embedding}.weight`, ["vocabulary", "dModel"]);
  const head = weights.takeIfPresent("lm_head.weight", table.shape);
  if (head === undefined || equalData(head, table)) {
    builder.tiedLinear("lm_head", input, table);
  } else builder.linear({ name: "lm_head", input, prefix: "lm_head" });
}

/** x = x + mixer(norm(x)), once a layer. */
function addLayers(builder: NetworkBuilder, layers: number, prefix: string): void {
  for (let layer = 0; layer < layers; layer++) {
    const name = `layers.${layer}`;
    const input: Value = builder.last;
    const place = (part: string) => ({
      name: `${name}.${part}`,
      input: builder.last,
      prefix: `${prefix}${name}.${part}`,
    });
    builder.norm(place("norm"));
    builder.mamba(place("mixer"));
    builder.sum(`${name}.add`, [input, builder.last]);
  }
}

function layerNames(prefix: string, layers: number): TensorNames {
  const indices = Array.from({ length: layers }, (_, layer) => `${prefix}${layer}.`);
  return {
    required: indices.flatMap((layer) => [
      `${layer}norm.weight`,
      ...under(`${layer}mixer.`, MAMBA_REQUIRED),
    ]),
    optional: indices.flatMap((layer) => [
      `${layer}norm.bias`,
      ...under(`${layer}mixer.`, MAMBA_OPTIONAL),
    ]),
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
    `the tensors of the ${convention} convention (${CONVENTIONS[convention].summary}), or ${ARCH_HINT}`,
    problems.join("; "),
  );
}

function equalData(a: Tensor, b: Tensor): boolean {
  if (a.data === b.data) return true;
  return a.data.length === b.data.length && a.data.every((x, i) => Object.is(x, b.data[i]));
}
