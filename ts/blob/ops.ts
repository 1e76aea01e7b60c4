/**
 * Turns a network's ops into the records of a blob: kinds, sizes and references to tensors, with
 * every size checked against the others. Knows nothing of bytes.
 */
import { BadArgument, BadCheckpoint } from "../core/errors.js";
import { OP_KIND, VARIANT } from "../core/format.js";
import { isNormalFloat32, NORMAL_FLOAT32 } from "../float32.js";
import type {
  EmbeddingOp,
  LinearOp,
  LogmelOp,
  MambaOp,
  Network,
  NormOp,
  Op,
  Tensor,
} from "../network.js";
import { assertDecays, decayRate } from "./decay.js";
import { assertShape, sizesOf, TensorTable, wholeTensor } from "./tensors.js";

export interface OpRecord {
  readonly kind: number;
  readonly variant: number;
  readonly name: string;
  readonly inputs: readonly number[];
  readonly epsilon: number;
  /** [input width, output width, ...] as blob.h numbers them. */
  readonly dims: readonly number[];
  /** Indices into the tensor table as blob.h numbers them; undefined: none. */
  readonly tensors: readonly (number | undefined)[];
}

export interface Records {
  readonly ops: readonly OpRecord[];
  readonly tensors: TensorTable;
  /** Elements of the last op's output. */
  readonly logits: number;
  /** Rows of the embedding; 0 without one. */
  readonly vocabulary: number;
}

/** What a record adds to its op's kind, name and inputs. */
type Body = Pick<OpRecord, "dims" | "tensors"> & Partial<Pick<OpRecord, "variant" | "epsilon">>;

/** @throws BadCheckpoint (a tensor's shape), BadArgument (the op list itself) */
export function recordsOf(network: Network): Records {
  if (network.ops.length === 0) throw new BadArgument("network", "at least one op", "none");
  const tensors = new TensorTable();
  const widths = [network.inputWidth];
  const ops = network.ops.map((op, index) => {
    const record = recordOf(op, index, widths, tensors);
    widths.push(record.dims[1]!);
    return record;
  });
  const embedding = network.ops.find((op) => op.kind === "embedding");
  return { ops, tensors, logits: widths.at(-1)!, vocabulary: embedding?.weight.shape[0] ?? 0 };
}

function recordOf(op: Op, index: number, widths: number[], tensors: TensorTable): OpRecord {
  const inputs = op.kind === "add" ? op.inputs : [op.input];
  for (const value of inputs) {
    if (Number.isInteger(value) && value >= 0 && value <= index) continue;
    throw new BadArgument(`input of op ${op.name}`, `a value from 0 to ${index}`, String(value));
  }
  const inputWidths = inputs.map((value) => widths[value]!);
  const { variant = 0, epsilon = 0, dims, tensors: references } = bodyOf(op, inputWidths, tensors);
  const kind = OP_KIND[op.kind];
  return { kind, variant, name: op.name, inputs, epsilon, dims, tensors: references };
}

function bodyOf(op: Op, widths: readonly number[], tensors: TensorTable): Body {
  const width = widths[0]!;
  switch (op.kind) {
    case "linear":
      return linearBody(op, width, tensors);
    case "mamba":
      return mambaBody(op, width, tensors);
    case "norm":
      return normBody(op, width, tensors);
    case "embedding":
      return embeddingBody(op, tensors);
    case "add":
      if (widths[1] !== width) {
        throw new BadArgument(`inputs of op ${op.name}`, "equal widths", widths.join(" and "));
      }
      return { dims: [width, width], tensors: [] };
    case "pool":
      return { dims: [width, width], tensors: [], variant: VARIANT.pool[op.pool] };
    case "logmel":
      return logmelBody(op, tensors);
    case "affine":
      return {
        dims: [width, width],
        tensors: [tensors.vector(op.scale, width), tensors.vector(op.shift, width)],
      };
    case "activation":
      return { dims: [width, width], tensors: [], variant: VARIANT.activation[op.activation] };
  }
}

function logmelBody(op: LogmelOp, tensors: TensorTable): Body {
  const [samples] = sizesOf(op.window, 1) as [number];
  const [half] = sizesOf(op.twiddles, 2) as [number, number];
  const [bands] = sizesOf(op.filterBins, 2) as [number, number];
  const [weights] = sizesOf(op.filters, 1) as [number];
  const epsilon = Math.fround(op.energyFloor);
  const flat = (tensor: Tensor) => ({ ...tensor, shape: [tensor.data.length] });
  assertShape(op.twiddles, [[half, 2]]);
  assertShape(op.filterBins, [[bands, 2]]);
  return {
    dims: [1, bands, samples, op.hopSamples, 2 * half, op.sampleRateHz],
    tensors: [
      tensors.vector(op.window, samples),
      tensors.vector(flat(op.twiddles), 2 * half),
      tensors.words(flat(op.filterBins), 2 * bands),
      tensors.vector(op.filters, weights),
    ],
    epsilon,
  };
}

function linearBody({ weight, bias }: LinearOp, width: number, tensors: TensorTable): Body {
  const [output] = sizesOf(weight, 2) as [number, number];
  return {
    dims: [width, output],
    tensors: [tensors.panels(weight, output, width), bias && tensors.vector(bias, output)],
  };
}

function normBody(
  { name, norm, weight, bias, eps }: NormOp,
  width: number,
  tensors: TensorTable,
): Body {
  if (!isNormalFloat32(eps)) throw new BadArgument(`eps of op ${name}`, NORMAL_FLOAT32, `${eps}`);
  if (norm === "rms" && bias !== undefined) {
    throw new BadCheckpoint(bias.name, "no bias in an RMS norm", "one");
  }
  return {
    dims: [width, width],
    tensors: [tensors.vector(weight, width), bias && tensors.vector(bias, width)],
    variant: VARIANT.norm[norm],
    epsilon: Math.fround(eps),
  };
}

function embeddingBody({ weight }: EmbeddingOp, tensors: TensorTable): Body {
  const [vocabulary, width] = sizesOf(weight, 2) as [number, number];
  return { dims: [vocabulary, width], tensors: [tensors.panels(weight, vocabulary, width)] };
}

function mambaBody(op: MambaOp, width: number, tensors: TensorTable): Body {
  const { inProj, conv1d, xProj, dtProj, aLog, d, outProj } = op;
  const [inner, states] = sizesOf(aLog, 2) as [number, number];
  const [, rank] = sizesOf(dtProj.weight, 2) as [number, number];
  const taps = sizesOf(conv1d.weight, conv1d.weight.shape.length).at(-1) ?? 0;
  const output = outProj === undefined ? inner : sizesOf(outProj.weight, 2)[0]!;
  const optional = (bias: Tensor | undefined, rows: number) => bias && tensors.vector(bias, rows);
  return {
    dims: [width, output, inner, states, taps, rank],
    tensors: [
      halfOfInProj(tensors, inProj.weight, "x", inner, width),
      inProj.bias && halfOfInProj(tensors, inProj.bias, "x", inner),
      halfOfInProj(tensors, inProj.weight, "z", inner, width),
      inProj.bias && halfOfInProj(tensors, inProj.bias, "z", inner),
      convTaps(tensors, conv1d.weight, inner, taps),
      optional(conv1d.bias, inner),
      interleavedXProj(tensors, xProj.weight, inner, states, rank),
      tensors.panels(dtProj.weight, inner, rank),
      optional(dtProj.bias, inner),
      decayRates(tensors, aLog, inner, states),
      tensors.vector(d, inner),
      outProj && tensors.panels(outProj.weight, output, inner),
      optional(outProj?.bias, output),
    ],
  };
}

/** Rows of x or of z of in_proj: its weight [2 inner, width], or without a width its bias. */
function halfOfInProj(
  tensors: TensorTable,
  source: Tensor,
  half: "x" | "z",
  inner: number,
  width?: number,
): number {
  const isBias = width === undefined;
  assertShape(source, [isBias ? [2 * inner] : [2 * inner, width]]);
  const first = half === "x" ? 0 : inner;
  return tensors.add(`in_proj.${half}`, {
    name: `${source.name}[${half}]`,
    source,
    packing: isBias ? "vector" : "panels",
    rows: inner,
    columns: width ?? 1,
    sourceRow: (row) => first + row,
  });
}

function convTaps(tensors: TensorTable, source: Tensor, inner: number, taps: number): number {
  assertShape(source, [
    [inner, 1, taps],
    [inner, taps],
  ]);
  return tensors.add("conv1d", wholeTensor(source, "groups", inner, taps));
}

/** Rows of dt as they are, then those of B and C by turns, which the scan reads in pairs. */
function interleavedXProj(
  tensors: TensorTable,
  source: Tensor,
  inner: number,
  states: number,
  rank: number,
): number {
  const rows = rank + 2 * states;
  assertShape(source, [[rows, inner]]);
  const sourceRow = (row: number) => {
    const n = row - rank;
    return n < 0 ? row : rank + (n % 2) * states + Math.floor(n / 2);
  };
  const whole = wholeTensor(source, "panels", rows, inner);
  return tensors.add(`x_proj ${rank}`, { ...whole, sourceRow });
}

function decayRates(tensors: TensorTable, source: Tensor, inner: number, states: number): number {
  assertShape(source, [[inner, states]]);
  assertDecays(source);
  return tensors.add("A", { ...wholeTensor(source, "groups", inner, states), map: decayRate });
}
