/** A Mamba-2 block: heads of channels with one dt and one A each, groups of heads that share B and C. */
import { BadArgument, BadCheckpoint } from "../../core/errors.js";
import { assertDecays, decayRate } from "../decay.js";
import {
  optionalVector,
  type PackedTensor,
  groups as packGroups,
  panels,
  partOf,
  rowsOf,
  vector,
} from "../packing.js";
import { assertFinite, constantTensor, type Tensor, type Value } from "../tensor.js";
import { CAUSAL_CONV, CONV_ACTIVATIONS } from "./convolution.js";
import {
  attributes,
  type Descriptor,
  type Emit,
  type Form,
  floatAttribute,
  type OneInput,
  type Primitive,
} from "./descriptor.js";
import { EPS, emitRmsNorm, GROUPED_NORM, LINEAR, NORM } from "./layers.js";
import { emitOutProj, GATE, OUT_PROJ } from "./mamba.js";
import type { Layer } from "./scan.js";

/** One Mamba-2 block (Dao & Gu, arXiv 2405.21060, section 7), by mamba_ssm's names. */
export interface Mamba2Op extends OneInput {
  readonly kind: "mamba2";
  /** Weight [2 dInner + 2 groups dState + heads, dIn]: rows of z, x, B, C, dt. Bias as long. */
  readonly inProj: Layer;
  /** Weight [dInner + 2 groups dState, 1, dConv], bias: over x, B and C; causal, SiLU behind it. */
  readonly conv1d: Layer;
  /** [heads]; A = -exp(aLog). */
  readonly aLog: Tensor;
  /** `[heads]`, added to dt before its softplus. */
  readonly dtBias?: Tensor;
  /** [heads] or [dInner]; absent: 0. */
  readonly d?: Tensor;
  /** Default 1. */
  readonly groups?: number;
  /** dt behind its softplus is not below and not above these. Default 0, and no limit. */
  readonly leastDt?: number;
  readonly mostDt?: number;
  /** `[dInner]`, of an RMS norm beside the gate; absent: there is none. */
  readonly normWeight?: Tensor;
  readonly normEps?: number;
  /** Of channels, each normed by itself. Default 1. */
  readonly normGroups?: number;
  /** Default "behind_gate": norm(y silu(z)). "before_gate": norm(y) silu(z). */
  readonly normPlace?: (typeof NORM_PLACES)[number];
  /** Weight [dOut, dInner], bias [dOut]. Absent: the gated y itself is the output. */
  readonly outProj?: Layer;
}

const NORM_PLACES = ["behind_gate", "before_gate"] as const;

export const SSD_SCAN: Primitive = {
  number: 71,
  name: "ssd_scan",
  time: "sequence",
  attributes: [
    ...attributes("heads", "groups", "states"),
    floatAttribute("least_dt"),
    floatAttribute("most_dt"),
  ],
  tensors: ["dt_bias", "a", "d"],
  label: ({ width, attribute: a }) => `${width} × ${a("states")}, ${a("heads")} heads`,
};

const mamba2: Descriptor<Mamba2Op> = {
  kind: "mamba2",
  summary: "one Mamba-2 block",
  fields: {
    groups: {
      type: "integer",
      least: 1,
      default: 1,
      meaning: "of heads, each with a B and a C of its own (ngroups)",
    },
    leastDt: { type: "number", default: 0, meaning: "dt is not below it (dt_limit)" },
    mostDt: { type: "number", isOptional: true, meaning: "dt is not above it; absent: no limit" },
    normEps: { ...EPS, meaning: "of the norm beside the gate, where norm.weight is there" },
    normGroups: {
      type: "integer",
      least: 1,
      default: 1,
      meaning: "of channels, each normed by itself",
    },
    normPlace: {
      type: "choice",
      choices: NORM_PLACES,
      default: "behind_gate",
      meaning: "norm(y silu(z)), or norm(y) silu(z) (norm_before_gate)",
    },
  },
  tensors: [
    { field: "aLog", suffix: "A_log", shapes: [["heads"]] },
    { field: "dtBias", suffix: "dt_bias", shapes: [["heads"]], isOptional: true },
    { field: "d", suffix: "D", shapes: [["heads"], ["inner"]], isOptional: true },
    { field: "inProj.weight", suffix: "in_proj.weight", shapes: [["rows", "in"]] },
    { field: "inProj.bias", suffix: "in_proj.bias", shapes: [["rows"]], isOptional: true },
    {
      field: "conv1d.weight",
      suffix: "conv1d.weight",
      shapes: [
        ["convolved", 1, "taps"],
        ["convolved", "taps"],
      ],
    },
    { field: "conv1d.bias", suffix: "conv1d.bias", shapes: [["convolved"]], isOptional: true },
    { field: "normWeight", suffix: "norm.weight", shapes: [["inner"]], isOptional: true },
    ...OUT_PROJ,
  ],
  primitives: [LINEAR, CAUSAL_CONV, SSD_SCAN, NORM, GROUPED_NORM, GATE],
  known: sizesOf,
  width: ({ op, sizes }) => sizes.get(op.outProj === undefined ? "inner" : "out"),
  work: ({ op, sizes, width }) => {
    const out = op.outProj === undefined ? 0 : sizes.get("out");
    return sizes.get("rows") * width + sizes.get("inner") * out;
  },
  encode: (form, emit) => {
    const u = form.inputs[0] as Value;
    const y = emitScan(form, u, emit);
    if (form.op.normWeight === undefined)
      return emitOutProj(form, emitGate(form, y, u, emit), emit);
    const isBehind = form.op.normPlace !== "before_gate";
    const first = isBehind ? emitGate(form, y, u, emit) : emitNorm(form, y, emit);
    const second = isBehind ? emitNorm(form, first, emit) : emitGate(form, first, u, emit);
    return emitOutProj(form, second, emit);
  },
};

/**
 * What follows from the rows of in_proj (z, x, B, C, dt), of the convolution (x, B, C) and of A_log.
 * @throws BadCheckpoint when they do not go together, BadArgument when the groups do not divide them
 */
function sizesOf({ name, inProj, conv1d, aLog, groups = 1 }: Mamba2Op): Record<string, number> {
  const [rows = 0, convolved = 0, heads = 0] = [inProj.weight, conv1d.weight, aLog].map(
    ({ shape }) => shape[0] ?? 0,
  );
  const inner = rows - convolved - heads;
  const both = convolved - inner;
  if (inner <= 0 || both <= 0 || heads <= 0 || inner % heads !== 0 || both % 2 !== 0) {
    const expected = `rows of z, x, B, C and dt: ${heads} heads, and ${convolved} channels of x, B and C together (no others, as of d_mlp)`;
    throw new BadCheckpoint(inProj.weight.name, expected, `${rows} rows`);
  }
  if (heads % groups !== 0 || (both / 2) % groups !== 0) {
    const expected = `a divisor of its ${heads} heads and of the ${both / 2} channels of B`;
    throw new BadArgument(`groups of op ${name}`, expected, String(groups));
  }
  return { rows, convolved, heads, inner, states: both / 2 / groups };
}

/** The scan of x, B and C, behind their convolution, by the steps dt. */
function emitScan(form: Form<Mamba2Op>, u: Value, emit: Emit): Value {
  const { op, sizes } = form;
  const { name, groups = 1, leastDt = 0, mostDt = Number.POSITIVE_INFINITY } = op;
  if (!(leastDt >= 0 && mostDt >= leastDt)) {
    const expected = "0 <= leastDt <= mostDt";
    throw new BadArgument(`limits of dt of op ${name}`, expected, `${leastDt} and ${mostDt}`);
  }
  assertFinite(op.aLog);
  assertDecays(op.aLog);
  const [inner, heads, states] = [sizes.get("inner"), sizes.get("heads"), sizes.get("states")];
  const xbc = emitConvolved(form, u, emit);
  return emit({
    primitive: SSD_SCAN,
    name: `${name}.ssd_scan`,
    inputs: [xbc, emitDt(form, u, emit)],
    width: inner,
    attributes: { heads, groups, states, least_dt: leastDt, most_dt: mostDt },
    tensors: {
      dt_bias: optionalVector(op.dtBias),
      a: { ...vector(op.aLog), use: "A", map: decayRate },
      d: channelsOf(op, inner, heads),
    },
  });
}

/** x, B and C: their rows of in_proj, which are behind those of z, and the convolution over them. */
function emitConvolved({ op, sizes, width }: Form<Mamba2Op>, u: Value, emit: Emit): Value {
  const { name, inProj, conv1d, groups = 1 } = op;
  const [inner, rows, convolved] = [sizes.get("inner"), sizes.get("rows"), sizes.get("convolved")];
  const taps = sizes.get("taps");
  const order = byTurns(inner, groups, sizes.get("states"));
  const reordered = (packed: PackedTensor, first: number) =>
    rowsOf(packed, `x B C ${groups} ${first}`, convolved, (row) => first + order(row));
  const weight = panels(inProj.weight, rows, width);
  const bias = inProj.bias && vector(inProj.bias);
  const xbc = emit({
    primitive: LINEAR,
    name: `${name}.in_proj.xbc`,
    inputs: [u],
    width: convolved,
    tensors: {
      weight: { ...reordered(weight, inner), name: `${weight.name}[xbc]` },
      bias: bias && { ...reordered(bias, inner), name: `${bias.name}[xbc]` },
    },
  });
  const convBias = optionalVector(conv1d.bias);
  return emit({
    primitive: CAUSAL_CONV,
    name: `${name}.conv1d`,
    inputs: [xbc],
    width: convolved,
    attributes: { taps, ahead: 0, activation: CONV_ACTIVATIONS.indexOf("silu") },
    tensors: {
      weight: reordered(packGroups(conv1d.weight, convolved, taps), 0),
      bias: convBias && reordered(convBias, 0),
    },
  });
}

/** dt of every head, before its bias and softplus: the last rows of in_proj. */
function emitDt({ op, sizes, width }: Form<Mamba2Op>, u: Value, emit: Emit): Value {
  const { weight, bias } = op.inProj;
  const [heads, rows] = [sizes.get("heads"), sizes.get("rows")];
  return emit({
    primitive: LINEAR,
    name: `${op.name}.in_proj.dt`,
    inputs: [u],
    width: heads,
    tensors: {
      weight: partOf(panels(weight, rows, width), "dt", rows - heads, heads),
      bias: bias && partOf(vector(bias), "dt", rows - heads, heads),
    },
  });
}

/** Rows x, B, C as the scan reads them: x, then B and C of each group by turns. */
function byTurns(inner: number, groups: number, states: number): (row: number) => number {
  return (row) => {
    if (row < inner) return row;
    const pair = Math.floor((row - inner) / 2);
    return inner + pair + ((row - inner) % 2) * groups * states;
  };
}

/** D of every channel. */
function channelsOf({ name, d }: Mamba2Op, inner: number, heads: number): PackedTensor {
  const packed = vector(d ?? constantTensor(`${name}.D`, inner, 0));
  if (packed.rows === inner) return packed;
  return rowsOf(packed, `heads ${inner}`, inner, (row) => Math.floor(row / (inner / heads)));
}

function emitGate({ op, sizes, width }: Form<Mamba2Op>, y: Value, u: Value, emit: Emit): Value {
  const { weight, bias } = op.inProj;
  const [inner, rows] = [sizes.get("inner"), sizes.get("rows")];
  return emit({
    primitive: GATE,
    name: `${op.name}.gate`,
    inputs: [y, u],
    width: inner,
    variant: "silu",
    tensors: {
      weight: partOf(panels(weight, rows, width), "z", 0, inner),
      bias: bias && partOf(vector(bias), "z", 0, inner),
    },
  });
}

function emitNorm({ op, sizes }: Form<Mamba2Op>, y: Value, emit: Emit): Value {
  const { name, normWeight, normEps = 1e-5, normGroups = 1 } = op;
  const norm = { name: `${name}.gated_norm`, eps: normEps, groups: normGroups };
  return emitRmsNorm({ ...norm, weight: normWeight }, y, sizes.get("inner"), emit);
}

export const MAMBA2 = { mamba2 };
