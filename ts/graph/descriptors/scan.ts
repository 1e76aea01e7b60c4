/** The selective scan, with its projections of dt, B and C: the recurrent state of a Mamba-1 block. */
import { assertDecays, decayRate } from "../decay.js";
import { groups, optionalVector, type PackedTensor, panels, rowsOf, vector } from "../packing.js";
import type { Sizes } from "../sizes.js";
import { assertFinite, constantTensor, type Tensor, type Value } from "../tensor.js";
import {
  type AnyOp,
  attributes,
  type Descriptor,
  type Emit,
  type Field,
  type Form,
  floatAttribute,
  type OneInput,
  type Primitive,
  type TensorForm,
} from "./descriptor.js";
import { channels, LINEAR, unchanged } from "./layers.js";

/** A weight [outputs, inputs] and perhaps a bias [outputs]. */
export interface Layer {
  readonly weight: Tensor;
  readonly bias?: Tensor;
}

// ---- the scan ----------------------------------------------------------------------------------------

/** In which order x_proj's rows make dt, B and C. */
export const X_PROJ_ORDERS = ["dtBC", "dtCB", "BCdt", "CBdt", "BdtC", "CdtB"] as const;
export type XProjOrder = (typeof X_PROJ_ORDERS)[number];

/** What a selective scan is made of: y = SSM(x), with dt, B and C from x. */
export interface ScanParts {
  /** Weight [dtRank + 2 dState, dInner]. */
  readonly xProj: Layer;
  /** Default "dtBC", as mamba_ssm has it. */
  readonly xProjOrder?: XProjOrder;
  /** RMS norms of the dt, B and C of a row: Falcon-Mamba's have no weights, Jamba's have. */
  readonly scanNorm?: {
    readonly eps: number;
    /** [dtRank], [dState], [dState] */
    readonly dt?: Tensor;
    readonly b?: Tensor;
    readonly c?: Tensor;
  };
  /** Weight [dInner, dtRank], bias [dInner]. */
  readonly dtProj: Layer;
  /** [dInner, dState]; A = -exp(aLog). */
  readonly aLog: Tensor;
  /** [dInner]; absent: 0. */
  readonly d?: Tensor;
}

export interface SelectiveScanOp extends OneInput, ScanParts {
  readonly kind: "selective_scan";
}

export const SSM_NORM: Primitive = {
  number: 27,
  name: "ssm_norm",
  time: "rows",
  attributes: [...attributes("rank", "states"), floatAttribute("eps")],
  tensors: ["dt", "b", "c"],
  label: channels,
};

export const SELECTIVE_SCAN: Primitive = {
  number: 26,
  name: "selective_scan",
  time: "sequence",
  attributes: [...attributes("states", "rank"), floatAttribute("lowest_a")],
  tensors: ["dt_proj", "dt_bias", "a", "d"],
  matrix: "dt_proj",
  label: ({ width, attribute }) => `${width} × ${attribute("states")}`,
};

export const SCAN_FIELDS: Readonly<Record<string, Field>> = {
  xProjOrder: {
    type: "choice",
    choices: X_PROJ_ORDERS,
    default: "dtBC",
    meaning: "in which order x_proj's rows make dt, B and C",
  },
  "scanNorm.eps": {
    type: "positive",
    isOptional: true,
    meaning: "of RMS norms of dt, B and C, with weights where there are any; absent: no norms",
  },
};

/** A_log first: every other size follows from it. */
export function scanTensors<O>(): readonly TensorForm<O>[] {
  const optional = (field: string, suffix: string, size: string) => ({
    field,
    suffix,
    shapes: [[size]],
    isOptional: true,
  });
  return [
    { field: "aLog", suffix: "A_log", shapes: [["inner", "states"]] },
    { field: "dtProj.weight", suffix: "dt_proj.weight", shapes: [["inner", "rank"]] },
    optional("dtProj.bias", "dt_proj.bias", "inner"),
    { field: "xProj.weight", suffix: "x_proj.weight", shapes: [["rank + 2 states", "inner"]] },
    optional("xProj.bias", "x_proj.bias", "rank + 2 states"),
    optional("scanNorm.dt", "dt_layernorm.weight", "rank"),
    optional("scanNorm.b", "b_layernorm.weight", "states"),
    optional("scanNorm.c", "c_layernorm.weight", "states"),
    optional("d", "D", "inner"),
  ];
}

/** Emits x_proj, the norms if there are any, and the scan; `x` has the width "inner". */
export function emitScan({ op, sizes }: Form<ScanParts & AnyOp>, x: Value, emit: Emit): Value {
  const { name, xProj, xProjOrder = "dtBC", scanNorm, dtProj, aLog } = op;
  const [inner, states, rank] = [sizes.get("inner"), sizes.get("states"), sizes.get("rank")];
  assertFinite(aLog);
  assertDecays(aLog);
  const width = rank + 2 * states;
  const reordered = (packed: PackedTensor) =>
    rowsOf(packed, `${xProjOrder} ${rank}`, width, scanOrder(xProjOrder, rank, states));
  const weight = reordered(panels(xProj.weight, width, inner));
  const bias = xProj.bias && reordered(vector(xProj.bias));
  const projected = emit({
    primitive: LINEAR,
    name: `${name}.x_proj`,
    inputs: [x],
    width,
    tensors: { weight, bias },
  });
  const rows =
    scanNorm === undefined ? projected : emitNorm(name, scanNorm, projected, sizes, emit);
  const a = groups(aLog, inner, states);
  return emit({
    primitive: SELECTIVE_SCAN,
    name: `${name}.selective_scan`,
    inputs: [x, rows],
    width: inner,
    attributes: { states, rank, lowest_a: lowestRate(aLog) },
    tensors: {
      dt_proj: panels(dtProj.weight, inner, rank),
      dt_bias: optionalVector(dtProj.bias),
      a: { ...a, use: "A", map: decayRate },
      d: vector(op.d ?? constantTensor(`${name}.D`, inner, 0)),
    },
  });
}

function emitNorm(
  name: string,
  { eps, dt, b, c }: NonNullable<ScanParts["scanNorm"]>,
  input: Value,
  sizes: Sizes,
  emit: Emit,
): Value {
  const [rank, states] = [sizes.get("rank"), sizes.get("states")];
  return emit({
    primitive: SSM_NORM,
    name: `${name}.ssm_norm`,
    inputs: [input],
    width: rank + 2 * states,
    attributes: { rank, states, eps },
    tensors: { dt: optionalVector(dt), b: optionalVector(b), c: optionalVector(c) },
  });
}

function lowestRate({ data }: Tensor): number {
  return data.reduce((lowest, aLog) => Math.min(lowest, decayRate(aLog)), 0);
}

/** Rows of x_proj as the scan reads them: dt, then B and C by turns. */
function scanOrder(order: XProjOrder, rank: number, states: number): (row: number) => number {
  const first = { dt: 0, B: 0, C: 0 };
  let rows = 0;
  for (const part of order.match(/dt|B|C/g) as ("dt" | "B" | "C")[]) {
    first[part] = rows;
    rows += part === "dt" ? rank : states;
  }
  return (row) => {
    if (row < rank) return first.dt + row;
    const n = row - rank;
    return first[n % 2 === 0 ? "B" : "C"] + Math.floor(n / 2);
  };
}

const selectiveScan: Descriptor<SelectiveScanOp> = {
  kind: "selective_scan",
  summary: "a selective scan (S6) with its projections of dt, B and C",
  fields: SCAN_FIELDS,
  tensors: scanTensors(),
  primitives: [LINEAR, SSM_NORM, SELECTIVE_SCAN],
  known: (_, [width = 0]) => ({ inner: width }),
  width: unchanged,
  encode: (form, emit) => emitScan(form, form.inputs[0] as Value, emit),
};

export const SCAN = { selective_scan: selectiveScan };
