/**
 * Puts a network together operator by operator, taking each one's weights by their conventional
 * names and checking that widths fit. Knows nothing of which operators a network should have.
 */
import { BadCheckpoint } from "../core/errors.js";
import type {
  ActivationOp,
  MambaOp,
  Network,
  NormOp,
  Op,
  PoolOp,
  Tensor,
  Value,
} from "../network.js";
import { formatShape } from "./elements.js";
import type { Weights } from "./weights.js";

/** Of RMSNorm and LayerNorm, where a checkpoint cannot say: PyTorch's and mamba_ssm's default. */
export const DEFAULT_EPS = 1e-5;

/** Where an operator finds its input and its weights. */
export interface Place {
  readonly name: string;
  readonly input: Value;
  /** What its tensors' names begin with, before ".weight" and the like. */
  readonly prefix: string;
}

export class NetworkBuilder {
  private readonly ops: Op[] = [];
  /** Width of each value; the input's is known once something reads it. */
  private readonly widths: (number | undefined)[] = [undefined];

  constructor(readonly weights: Weights) {}

  /** The most recent value. */
  get last(): Value {
    return this.ops.length;
  }

  /** Width of a value, or undefined for an input that nothing has read yet. */
  widthOf(value: Value): number | undefined {
    return this.widths[value];
  }

  linear({ name, input, prefix }: Place): Value {
    const weight = this.weights.take(`${prefix}.weight`, ["out", this.widths[input] ?? "in"]);
    const [rows, columns] = sizes2(weight);
    const bias = this.weights.takeIfPresent(`${prefix}.bias`, [rows]);
    this.setInputWidth(input, columns);
    return this.add({ kind: "linear", name, input, weight, ...optional({ bias }) }, rows);
  }

  /** A linear layer that shares the embedding's table. */
  tiedLinear(name: string, input: Value, weight: Tensor): Value {
    return this.add({ kind: "linear", name, input, weight }, sizes2(weight)[0]);
  }

  mamba({ name, input, prefix }: Place): Value {
    const op = takeMamba(this.weights, { name, input, prefix }, this.widths[input]);
    this.setInputWidth(input, sizes2(op.inProj.weight)[1]);
    const outWidth = op.outProj?.weight.shape[0] ?? op.d.shape[0];
    return this.add(op, outWidth as number);
  }

  /** LayerNorm where there is a bias, else RMSNorm; or the given kind. */
  norm({ name, input, prefix }: Place, kind?: NormOp["norm"], eps: number = DEFAULT_EPS): Value {
    const weight = this.weights.take(`${prefix}.weight`, [this.widths[input] ?? "width"]);
    const width = weight.shape[0] as number;
    const bias = kind === "rms" ? undefined : this.weights.takeIfPresent(`${prefix}.bias`, [width]);
    const norm = kind ?? (bias === undefined ? "rms" : "layer");
    this.setInputWidth(input, width);
    return this.add({ kind: "norm", name, input, norm, weight, ...optional({ bias }), eps }, width);
  }

  sum(name: string, inputs: readonly [Value, Value]): Value {
    const [a, b] = inputs.map((value) => this.widths[value]);
    if (a !== b) {
      throw new BadCheckpoint(name, "two values of the same width", `widths ${a} and ${b}`);
    }
    return this.add({ kind: "add", name, inputs }, a);
  }

  pool(name: string, input: Value, pool: PoolOp["pool"]): Value {
    return this.add({ kind: "pool", name, input, pool }, this.widths[input]);
  }

  embedding(name: string, prefix: string): Value {
    const weight = this.weights.take(`${prefix}.weight`, ["vocabulary", "dModel"]);
    this.widths[0] = 1;
    return this.add({ kind: "embedding", name, input: 0, weight }, sizes2(weight)[1]);
  }

  activation(name: string, input: Value, activation: ActivationOp["activation"]): Value {
    return this.add({ kind: "activation", name, input, activation }, this.widths[input]);
  }

  finish(convention: string, labels?: readonly string[]): Network {
    return {
      inputWidth: this.widths[0] ?? 1,
      inputKind: this.ops[0]?.kind === "embedding" ? "tokens" : "frames",
      ops: this.ops,
      ...optional({ labels }),
      convention,
    };
  }

  private setInputWidth(input: Value, width: number): void {
    this.widths[input] ??= width;
  }

  private add(op: Op, width: number | undefined): Value {
    this.ops.push(op);
    this.widths.push(width);
    return this.last;
  }
}

/**
 * The tensors of one Mamba-1 block under the names of mamba_ssm's `Mamba` module. All sizes follow
 * from A_log [dInner, dState], dt_proj [dInner, dtRank] and conv1d [dInner, 1, dConv].
 */
function takeMamba(weights: Weights, { name, input, prefix }: Place, inWidth?: number): MambaOp {
  const aLog = weights.take(`${prefix}.A_log`, ["dInner", "dState"]);
  const [dInner, dState] = sizes2(aLog);
  const dtWeight = weights.take(`${prefix}.dt_proj.weight`, [dInner, "dtRank"]);
  const [, dtRank] = sizes2(dtWeight);
  const linear = (part: string, rows: number | string, columns: number | string) => {
    const weight = weights.take(`${prefix}.${part}.weight`, [rows, columns]);
    const bias = weights.takeIfPresent(`${prefix}.${part}.bias`, [sizes2(weight)[0]]);
    return { weight, ...optional({ bias }) };
  };
  const inProj = linear("in_proj", 2 * dInner, inWidth ?? "dModel");
  const conv1dBias = weights.takeIfPresent(`${prefix}.conv1d.bias`, [dInner]);
  return {
    kind: "mamba",
    name,
    input,
    inProj,
    conv1d: {
      weight: weights.take(`${prefix}.conv1d.weight`, [dInner, 1, "dConv"], [dInner, "dConv"]),
      ...optional({ bias: conv1dBias }),
    },
    xProj: { weight: weights.take(`${prefix}.x_proj.weight`, [dtRank + 2 * dState, dInner]) },
    dtProj: { weight: dtWeight, bias: weights.take(`${prefix}.dt_proj.bias`, [dInner]) },
    aLog,
    d: weights.take(`${prefix}.D`, [dInner]),
    outProj: linear("out_proj", sizes2(inProj.weight)[1], dInner),
  };
}

function sizes2(tensor: Tensor): [number, number] {
  const [rows, columns] = tensor.shape;
  if (rows === undefined || columns === undefined) {
    throw new BadCheckpoint(tensor.name, "two dimensions", formatShape(tensor.shape));
  }
  return [rows, columns];
}

/** Leaves out what is undefined: absent and undefined are different in these types. */
function optional<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const present = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
