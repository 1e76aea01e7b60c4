/** A network of the paper's form as plain weights, for peers that know nothing else. */
import type { LinearOp, MambaOp, Network, Tensor } from "../../ts/graph/network.js";

export interface PaperWeights {
  /** features, d_model, d_inner, d_state, d_conv, dt_rank, classes: as sf_sizes has them. */
  readonly sizes: readonly number[];
  /** In the order of sf_weights. */
  readonly tensors: readonly Tensor[];
}

/** @throws Error for a network of another form. */
export function paperWeights({ ops, inputWidth }: Network): PaperWeights {
  const [linearIn, mamba, , classifier] = ops as [LinearOp, MambaOp, unknown, LinearOp];
  const { conv1d, dtProj, outProj } = mamba;
  if (conv1d === undefined) throw new Error("a block without a convolution");
  const [dModel] = linearIn.weight.shape as [number];
  const [dInner, dState] = mamba.aLog.shape as [number, number];
  const dConv = conv1d.weight.shape.at(-1)!;
  const [, rank] = dtProj.weight.shape as [number, number];
  const [classes] = classifier.weight.shape as [number];
  const tensors = [
    linearIn.weight,
    linearIn.bias,
    mamba.inProj.weight,
    conv1d.weight,
    conv1d.bias,
    mamba.xProj.weight,
    dtProj.weight,
    dtProj.bias,
    mamba.aLog,
    mamba.d,
    outProj?.weight,
    classifier.weight,
    classifier.bias,
  ];
  return {
    sizes: [inputWidth, dModel, dInner, dState, dConv, rank, classes],
    tensors: tensors.map((tensor) => {
      if (tensor === undefined) throw new Error("not a network of the paper's form");
      return tensor;
    }),
  };
}

/** All of them one after the other. */
export function concatenated(tensors: readonly Tensor[]): Float32Array<ArrayBuffer> {
  const all = new Float32Array(tensors.reduce((sum, { data }) => sum + data.length, 0));
  let at = 0;
  for (const { data } of tensors) {
    all.set(data, at);
    at += data.length;
  }
  return all;
}

/**
 * Tensors under the names that a checkpoint of the paper's convention has, whatever folding has
 * made of them; linear_in and out_proj may be missing then.
 */
export function namedWeights({ ops }: Network): Tensor[] {
  const named: Tensor[] = [];
  const put = (name: string, tensor: Tensor | undefined) => {
    if (tensor !== undefined) named.push({ ...tensor, name });
  };
  for (const op of ops) {
    if (op.kind === "linear") {
      put(`${op.name}.weight`, op.weight);
      put(`${op.name}.bias`, op.bias);
    }
    if (op.kind !== "mamba") continue;
    const layers: Record<string, Pick<LinearOp, "weight" | "bias"> | undefined> = {
      in_proj: op.inProj,
      conv1d: op.conv1d,
      x_proj: op.xProj,
      dt_proj: op.dtProj,
      out_proj: op.outProj,
    };
    for (const [part, layer] of Object.entries(layers)) {
      put(`mamba.${part}.weight`, layer?.weight);
      put(`mamba.${part}.bias`, layer?.bias);
    }
    put("mamba.A_log", op.aLog);
    put("mamba.D", op.d);
  }
  return named;
}
