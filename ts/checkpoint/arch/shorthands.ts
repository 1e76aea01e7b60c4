/**
 * What an arch file says in one op and a network has as several, or as another: by kind. Everything else is
 * built as its descriptor says.
 */
import { BadArgument } from "../../core/errors.js";
import { constantTensor, type Tensor, type Value } from "../../graph/tensor.js";
import { describe } from "../../plain-text.js";
import { ASSUMED } from "../assumptions.js";
import type { ArchInput, CheckedOp } from "./arch.js";
import { type Members, optionalMember } from "./assembly.js";
import { buildBimamba } from "./bimamba.js";
import type { Builder, Shorthand } from "./builder.js";
import { buildRecurrent } from "./recurrent.js";
import { mappedVector, nameOf, sinusoids } from "./tensors.js";

/** Reversed, through the op, and back. */
const directed: Shorthand = (checked, builder) => {
  const { op } = checked;
  const inputs = builder.inputsOf(checked);
  if (op.direction !== "backward") return builder.addPlain(checked, inputs);
  const { assembly } = builder;
  const reversed = assembly.add("reverse", `${op.name}.reverse`, inputs);
  const made = builder.addPlain(checked, [reversed]);
  return assembly.add("reverse", `${op.name}.back`, [made]);
};

/** A LayerNorm where there is a bias, unless the file says which. */
const norm: Shorthand = (checked, builder) => {
  const { op, kind } = checked;
  const bias = kind.tensors.find(({ key }) => key === "bias");
  const hasBias = bias !== undefined && builder.taker.weights.isInFile(nameOf(checked, bias));
  const which = op.norm ?? (hasBias ? "layer" : "rms");
  if (op.norm === undefined && which === "rms") builder.assembly.assume(ASSUMED.rms);
  const among = which === "rms" ? ["weight"] : ["weight", "bias"];
  return builder.addPlain(checked, builder.inputsOf(checked), { fields: { norm: which }, among });
};

const pool: Shorthand = (checked, builder) => {
  const { op, path } = checked;
  const inputs = builder.inputsOf(checked);
  if (op.pool !== "attention" && op.score !== undefined) {
    throw new BadArgument(`${path}.score`, "it only with pool attention", describe(op.score));
  }
  if (op.pool === "attention") {
    if (op.score === undefined)
      throw new BadArgument(`${path}.score`, "the op that makes it", "nothing");
    const score = builder.valueOf(op.score as string, `${path}.score`);
    return builder.assembly.add("attention_pool", op.name, [...inputs, score]);
  }
  if (op.pool !== "flatten") return builder.addPlain(checked, inputs);
  const layout = op.layout === undefined ? {} : { layout: op.layout };
  return builder.assembly.add("flatten", op.name, inputs, {
    rows: rowsOf(checked, builder, inputs[0] ?? 0),
    ...layout,
  });
};

const flatten: Shorthand = (checked, builder) => {
  const inputs = builder.inputsOf(checked);
  const rows = rowsOf(checked, builder, inputs[0] ?? 0);
  return builder.addPlain(checked, inputs, { fields: { rows } });
};

/** As the file says, or as many as the weight has columns for that reads what is flattened. */
function rowsOf(checked: CheckedOp, builder: Builder, input: Value): number {
  const { op, path } = checked;
  if (op.rows !== undefined) return op.rows as number;
  const width = builder.assembly.widthOf(input);
  const rows = builder.columnsBehind(checked) / width;
  if (Number.isInteger(rows) && rows > 0) return rows;
  throw new BadArgument(
    `${path}.rows`,
    "how many rows there are: no weight behind it tells",
    "nothing",
  );
}

const flattenLinear: Shorthand = (checked, builder) => {
  const { op, kind, path } = checked;
  const inputs = builder.inputsOf(checked);
  const [weight] = kind.tensors;
  const columns = weight && builder.taker.weights.shapeOf(nameOf(checked, weight))?.[1];
  const rows = op.rows ?? (columns ?? 0) / builder.assembly.widthOf(inputs[0] ?? 0);
  if (!Number.isInteger(rows) || rows === 0) {
    throw new BadArgument(
      `${path}.rows`,
      "how many rows there are: the weight does not tell",
      "nothing",
    );
  }
  return builder.addPlain(checked, inputs, { fields: { rows } });
};

/** More rows than any input of a small device has. */
const MOST_SINUSOIDS = 65_536;

const positions: Shorthand = (checked, builder) => {
  const { op, path } = checked;
  const inputs = builder.inputsOf(checked);
  if (op.sinusoidal === undefined) return builder.addPlain(checked, inputs);
  const given = op.weights ?? op.tensors;
  if (given !== undefined) {
    throw new BadArgument(`${path}.sinusoidal`, "it without a tensor", describe(op.sinusoidal));
  }
  const rows = op.sinusoidal as number;
  if (rows > MOST_SINUSOIDS) {
    throw new BadArgument(`${path}.sinusoidal`, `at most ${MOST_SINUSOIDS} rows`, `${rows}`);
  }
  const table = sinusoids(op.name, rows, builder.assembly.widthOf(inputs[0] ?? 0));
  return builder.assembly.add("positions", op.name, inputs, { table });
};

/** Its rows become the columns of the weight behind it. */
const transpose: Shorthand = (checked, builder) => {
  const { op, path } = checked;
  const rows = op.rows ?? builder.columnsBehind(checked);
  if (rows !== 0) return builder.addPlain(checked, builder.inputsOf(checked), { fields: { rows } });
  throw new BadArgument(
    `${path}.rows`,
    "how many rows there are: no weight behind it tells",
    "nothing",
  );
};

// ---- arithmetic ----------------------------------------------------------------------------------------

type Arithmetic = "add" | "subtract" | "multiply" | "divide" | "maximum" | "minimum";

/** From left to right; what is a number or a tensor becomes a scale and a shift. */
const arithmetic: Shorthand = (checked, builder) => {
  const { op, path } = checked;
  const inputs = op.inputs as readonly ArchInput[];
  let value: Value | undefined;
  let constant: ArchInput | undefined;
  inputs.forEach((input, i) => {
    const name = i === inputs.length - 1 ? op.name : `${op.name}.${i}`;
    if (typeof input === "string") {
      const next = builder.valueOf(input, `${path}.inputs[${i}]`);
      if (constant !== undefined)
        value = withConstant(checked, builder, name, next, constant, true);
      else if (value === undefined) value = next;
      else value = builder.assembly.add(op.kind as Arithmetic, name, [value, next]);
      constant = undefined;
    } else if (value !== undefined)
      value = withConstant(checked, builder, name, value, input, false);
    else if (constant === undefined) constant = input;
    else throw new BadArgument(`${path}.inputs[${i}]`, "the name of an operator", describe(input));
  });
  return value as Value;
};

/** What x becomes with a constant c on its right, or on its left. */
const SCALES: Readonly<Record<string, (c: number, isLeft: boolean) => readonly [number, number]>> =
  {
    add: (c) => [1, c],
    subtract: (c, isLeft) => (isLeft ? [-1, c] : [1, -c]),
    multiply: (c) => [c, 0],
    divide: (c) => [1 / c, 0],
  };

function withConstant(
  { op, path }: CheckedOp,
  builder: Builder,
  name: string,
  input: Value,
  constant: ArchInput,
  isLeft: boolean,
): Value {
  const { assembly, taker } = builder;
  const scales = SCALES[op.kind];
  if (scales === undefined || (op.kind === "divide" && isLeft)) {
    throw new BadArgument(`${path}.inputs`, "names of operators alone", describe(constant));
  }
  const tensor =
    typeof constant === "object"
      ? taker.takeVector(constant.tensor)
      : constantTensor(`${name}.constant`, 1, constant as number);
  const width = assembly.widthOf(input);
  const part = (index: 0 | 1) => mappedVector(tensor, width, (c) => scales(c, isLeft)[index]);
  return assembly.add("affine", name, [input], { scale: part(0), shift: part(1) });
}

// ---- reversible instance normalisation -----------------------------------------------------------------

/** What the undoing of a normalisation needs. */
interface Statistics {
  readonly center: Value;
  readonly deviation: Value;
  readonly weight?: Tensor;
  readonly bias?: Tensor;
}

const revin: Shorthand = (checked, builder) => {
  const { op } = checked;
  const { assembly } = builder;
  const [input = 0] = builder.inputsOf(checked);
  const { eps = DEFAULT_EPS, unbiased = false, center = "mean" } = op;
  if (op.eps === undefined) assembly.assume(`The eps of a revin is ${DEFAULT_EPS}.`);
  const middle = assembly.add("pool", `${op.name}.${center}`, [input], { pool: center });
  const deviation = assembly.add("pool", `${op.name}.std`, [input], { pool: "std", eps, unbiased });
  const centred = assembly.add("subtract", `${op.name}.centred`, [input, middle]);
  const value = assembly.add("divide", `${op.name}.normed`, [centred, deviation]);
  const { weight, bias } = takeAffine(checked, builder);
  builder.kept.set(op.name, {
    center: middle,
    deviation,
    ...optionalMember("weight", weight),
    ...optionalMember("bias", bias),
  } satisfies Members);
  return weight || bias ? addAffine(builder, op.name, value, weight, bias) : value;
};

const DEFAULT_EPS = 1e-5;

function takeAffine(
  checked: CheckedOp,
  { taker }: Builder,
): { readonly weight: Tensor | undefined; readonly bias: Tensor | undefined } {
  const { op, kind } = checked;
  const [weight, bias] = kind.tensors.map((tensor) => {
    const name = nameOf(checked, tensor);
    const isThere =
      op.weights !== null && op.tensors?.[tensor.key] !== null && taker.weights.has(name);
    return isThere ? taker.takeVector(name) : undefined;
  });
  return { weight, bias };
}

function addAffine(
  { assembly }: Builder,
  name: string,
  input: Value,
  weight: Tensor | undefined,
  bias: Tensor | undefined,
): Value {
  const width = assembly.widthOf(input);
  const scale = weight ?? constantTensor(`${name}.scale`, width, 1);
  const shift = bias ?? constantTensor(`${name}.shift`, width, 0);
  return assembly.add("affine", name, [input], { scale, shift });
}

const revinUndo: Shorthand = (checked, builder) => {
  const { op, path } = checked;
  const { assembly } = builder;
  const statistics = builder.kept.get(op.of as string) as Statistics | undefined;
  if (statistics === undefined) {
    throw new BadArgument(`${path}.of`, "the name of an earlier revin", describe(op.of));
  }
  const { center, deviation, weight, bias } = statistics;
  let [value = 0] = builder.inputsOf(checked);
  const width = assembly.widthOf(value);
  const affine = (part: string, scale: Tensor, shift: Tensor) => {
    value = assembly.add("affine", `${op.name}.${part}`, [value], { scale, shift });
  };
  const filled = (x: number) => constantTensor(`${op.name}.${x}`, width, x);
  if (bias !== undefined)
    affine(
      "bias",
      filled(1),
      mappedVector(bias, width, (b) => -b),
    );
  if (weight !== undefined)
    affine(
      "weight",
      mappedVector(weight, width, (w) => 1 / w),
      filled(0),
    );
  const scaled = assembly.add("multiply", `${op.name}.scaled`, [value, deviation]);
  return assembly.add("add", op.name, [scaled, center]);
};

export const SHORTHANDS: ReadonlyMap<string, Shorthand> = new Map<string, Shorthand>([
  ["mamba", directed],
  ["selective_scan", directed],
  ["gru", buildRecurrent],
  ["lstm", buildRecurrent],
  ["norm", norm],
  ["pool", pool],
  ["flatten", flatten],
  ["flatten_linear", flattenLinear],
  ["transpose", transpose],
  ["positions", positions],
  ...(["add", "subtract", "multiply", "divide", "maximum", "minimum"] as const).map(
    (kind) => [kind, arithmetic] as const,
  ),
  ["revin", revin],
  ["revin_undo", revinUndo],
  ["bimamba", buildBimamba],
]);
