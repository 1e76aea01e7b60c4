/**
 * GRU and LSTM as PyTorch has them, one layer in one direction: a linear layer of the input, tile by tile, and
 * behind it the recurrence. More layers, and the other direction, are more of these ops.
 */
import { optionalVector, panels } from "../packing.js";
import type { Tensor } from "../tensor.js";
import { type Descriptor, emitAs, type OneInput, type Primitive } from "./descriptor.js";
import { LINEAR } from "./layers.js";

/** Tensors of `torch.nn.GRU` and `torch.nn.LSTM`. */
interface RecurrentTensors {
  /** [gates hidden, in] */
  readonly weightIh: Tensor;
  /** [gates hidden, hidden] */
  readonly weightHh: Tensor;
  /** Both [gates hidden]; absent: 0. */
  readonly biasIh?: Tensor;
  readonly biasHh?: Tensor;
}

/** Gates in the order r, z, n. */
export interface GruOp extends OneInput, RecurrentTensors {
  readonly kind: "gru";
}

/** Gates in the order i, f, g, o. */
export interface LstmOp extends OneInput, RecurrentTensors {
  readonly kind: "lstm";
}

function recurrence(number: number, name: string): Primitive {
  return {
    number,
    name,
    time: "sequence",
    tensors: ["weight", "bias"],
    matrix: "weight",
    label: ({ width }) => `${width}`,
  };
}

/** A layer of so many gates; its first rows in a tensor are those of the first gate. */
function layer<O extends GruOp | LstmOp>(
  kind: O["kind"],
  summary: string,
  gates: number,
  primitive: Primitive,
): Descriptor<O> {
  const rows = `${gates} hidden`;
  const bias = (field: string, suffix: string) => ({
    field,
    suffix,
    shapes: [[rows]],
    isOptional: true,
  });
  return {
    kind,
    summary,
    fields: {},
    tensors: [
      { field: "weightIh", suffix: "weight_ih_l0", shapes: [[rows, "in"]] },
      { field: "weightHh", suffix: "weight_hh_l0", shapes: [[rows, "hidden"]] },
      bias("biasIh", "bias_ih_l0"),
      bias("biasHh", "bias_hh_l0"),
    ],
    primitives: [LINEAR, primitive],
    known: ({ weightHh }) => ({ hidden: weightHh?.shape[1] ?? 0 }),
    width: ({ sizes }) => sizes.get("hidden"),
    work: ({ sizes, width }) => gates * sizes.get("hidden") * (width + sizes.get("hidden")),
    encode: (form, emit) => {
      const { name, weightIh, weightHh, biasIh, biasHh } = form.op;
      const width = form.sizes.get("hidden");
      const all = gates * width;
      const added = emit({
        primitive: LINEAR,
        name: `${name}.input`,
        inputs: form.inputs,
        width: all,
        tensors: { weight: panels(weightIh, all, form.width), bias: optionalVector(biasIh) },
      });
      const tensors = { weight: panels(weightHh, all, width), bias: optionalVector(biasHh) };
      return emitAs(form, emit, primitive, { inputs: [added], width, tensors });
    },
  };
}

const GRU = recurrence(61, "gru");
const LSTM = recurrence(62, "lstm");

export const RECURRENT = {
  gru: layer<GruOp>("gru", "a layer of PyTorch's GRU: the hidden state at every row", 3, GRU),
  lstm: layer<LstmOp>("lstm", "a layer of PyTorch's LSTM: the hidden state at every row", 4, LSTM),
};
