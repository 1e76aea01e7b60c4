/**
 * Vim's block of two directions (Zhu et al., arXiv 2401.09417) as people save it, in its two versions:
 *
 * - v1: one convolution and one set of projections; the scan runs over their rows in both directions, backward
 *   with an A of its own (`A_b_log`); the sum of both is gated.
 * - v2: a direction of its own for everything between in_proj and out_proj (`conv1d_b`, `x_proj_b`, ...); the sum of
 *   both gated outputs, or half of it, goes through out_proj.
 */
import { constantTensor, type Tensor, type Value } from "../../graph/tensor.js";
import { ASSUMED } from "../assumptions.js";
import { type Members, optionalMember } from "./assembly.js";
import type { Builder, Shorthand } from "./builder.js";
import { backwardName } from "./kinds.js";
import { rowsOfTensor, type Tensors } from "./tensors.js";

export const buildBimamba: Shorthand = (checked, builder) => {
  const { op } = checked;
  const [input = 0] = builder.inputsOf(checked);
  const width = builder.assembly.widthOf(input);
  const tensors = builder.taker.takeAll(checked, op, width);
  const { divide, xProjOrder, convolution, gate } = op;
  const fields = defined({ xProjOrder, convolution, gate });
  const block = { name: op.name, input, tensors, fields };
  if (divide === undefined) builder.assembly.assume(ASSUMED.added);
  const both = isSecondVersion(tensors) ? addTwo(builder, block) : addShared(builder, block);
  return addEnd(builder, block, divide === true ? addHalf(builder, op.name, both) : both);
};

interface Block {
  readonly name: string;
  readonly input: Value;
  readonly tensors: Tensors;
  /** Fields of the Mamba that each direction is. */
  readonly fields: Members;
}

function isSecondVersion(tensors: Tensors): boolean {
  return tensors.has("conv1d_b.weight") || tensors.has("x_proj_b.weight");
}

const LAYERS: readonly (readonly [key: string, field: string])[] = [
  ["A_log", "aLog"],
  ["D", "d"],
  ["x_proj.weight", "xProj.weight"],
  ["x_proj.bias", "xProj.bias"],
  ["dt_proj.weight", "dtProj.weight"],
  ["dt_proj.bias", "dtProj.bias"],
];
const CONVOLUTION: typeof LAYERS = [
  ["conv1d.weight", "conv1d.weight"],
  ["conv1d.bias", "conv1d.bias"],
];
const IN_PROJ: typeof LAYERS = [
  ["in_proj.weight", "inProj.weight"],
  ["in_proj.bias", "inProj.bias"],
];

/** Tensors by an op's fields, of one direction. */
function membersOf(tensors: Tensors, keys: typeof LAYERS, toKey = (key: string) => key): Members {
  return Object.fromEntries(
    keys.flatMap(([key, field]) => {
      const tensor = tensors.get(toKey(key));
      return tensor === undefined ? [] : [[field, tensor]];
    }),
  );
}

/** Version 2: two Mambas of one in_proj, without an out_proj. */
function addTwo({ assembly }: Builder, { name, input, tensors, fields }: Block): Value {
  const own = [...LAYERS, ...CONVOLUTION];
  const shared = { ...fields, ...membersOf(tensors, IN_PROJ) };
  const forward = assembly.add("mamba", `${name}.forward`, [input], {
    ...shared,
    ...membersOf(tensors, own),
  });
  const reversed = assembly.add("reverse", `${name}.reverse`, [input]);
  const backward = assembly.add("mamba", `${name}.backward`, [reversed], {
    ...shared,
    ...membersOf(tensors, own, backwardName),
  });
  const back = assembly.add("reverse", `${name}.back`, [backward]);
  return assembly.add("add", `${name}.sum`, [forward, back]);
}

/** Version 1: one stem, two scans, one gate, which is the same for both. */
function addShared({ assembly }: Builder, { name, input, tensors, fields }: Block): Value {
  const { gate = "silu", convolution = "causal", ...scanFields } = fields;
  const inner = tensors.get("D")?.data.length ?? tensors.get("A_log")?.shape[0] ?? 1;
  const inProj = (part: string, first: number) => ({
    weight: rowsOfTensor(tensors.get("in_proj.weight") as Tensor, part, first, inner),
    ...optionalMember("bias", biasRows(tensors.get("in_proj.bias"), part, first, inner)),
  });
  const x = assembly.add("linear", `${name}.in_proj.x`, [input], inProj("x", 0));
  const filtered = assembly.add("conv1d", `${name}.conv1d`, [x], {
    weight: tensors.get("conv1d.weight"),
    ...optionalMember("bias", tensors.get("conv1d.bias")),
    groups: inner,
    padding: convolution === "causal" ? "causal" : "same",
  });
  const u = assembly.add("activation", `${name}.silu`, [filtered], { activation: "silu" });
  const scan = { ...scanFields, ...membersOf(tensors, LAYERS) };
  const forward = assembly.add("selective_scan", `${name}.forward`, [u], scan);
  const reversed = assembly.add("reverse", `${name}.reverse`, [u]);
  const backward = assembly.add("selective_scan", `${name}.backward`, [reversed], {
    ...scan,
    aLog: tensors.get("A_b_log"),
    d: tensors.get("D_b") ?? tensors.get("D"),
  });
  const back = assembly.add("reverse", `${name}.back`, [backward]);
  const both = assembly.add("add", `${name}.sum`, [forward, back]);
  if (gate === "none") return both;
  const gating = { ...inProj("z", inner), activation: gate };
  return assembly.add("gate", `${name}.gate`, [both, input], gating);
}

function biasRows(
  bias: Tensor | undefined,
  part: string,
  first: number,
  count: number,
): Tensor | undefined {
  return bias && rowsOfTensor(bias, part, first, count);
}

const HALF = 0.5;

function addHalf({ assembly }: Builder, name: string, value: Value): Value {
  const width = assembly.widthOf(value);
  return assembly.add("affine", `${name}.half`, [value], {
    scale: constantTensor(`${name}.half.scale`, width, HALF),
    shift: constantTensor(`${name}.half.shift`, width, 0),
  });
}

/** out_proj and the layer scale, where there are such. */
function addEnd({ assembly }: Builder, { name, tensors }: Block, value: Value): Value {
  const weight = tensors.get("out_proj.weight");
  const bias = tensors.get("out_proj.bias");
  const projected =
    weight === undefined
      ? value
      : assembly.add("linear", `${name}.out_proj`, [value], {
          weight,
          ...optionalMember("bias", bias),
        });
  const scale = tensors.get("gamma");
  if (scale === undefined) return projected;
  const shift = constantTensor(`${name}.gamma.shift`, assembly.widthOf(projected), 0);
  return assembly.add("affine", `${name}.gamma`, [projected], { scale, shift });
}

function defined(members: Members): Members {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
