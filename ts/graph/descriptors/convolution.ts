/**
 * Convolutions over time, dense and depthwise, and the choice among the core's three ways to do one.
 */
import { BadArgument } from "../../core/errors.js";
import { delay, windows } from "../clock.js";
import {
  optionalVector,
  PADDING,
  PANEL,
  type PackedTensor,
  groups as packGroups,
  panels,
  roundUpTo,
} from "../packing.js";
import type { Tensor } from "../tensor.js";
import {
  attributes,
  type Descriptor,
  type Emit,
  emitAs,
  type Form,
  type OneInput,
  type Primitive,
} from "./descriptor.js";
import { LINEAR } from "./layers.js";
import { type Padding, paddingOf } from "./padding.js";
import { PADDING_FIELD } from "./time.js";

/** torch.nn.Conv1d with zeros as padding. */
export interface Conv1dOp extends OneInput {
  readonly kind: "conv1d";
  /** [out, in / groups, taps] */
  readonly weight: Tensor;
  /** [out] */
  readonly bias?: Tensor;
  /** Default 1. */
  readonly stride?: number;
  /** Default 1. */
  readonly dilation?: number;
  /** Default 0. */
  readonly padding?: Padding;
  /** Default 1. */
  readonly groups?: number;
}

/** One filter a channel; with `ahead` rows of look-ahead the output comes as much later. */
export const CAUSAL_CONV: Primitive = {
  number: 11,
  name: "causal_conv",
  time: "sequence",
  attributes: attributes("taps", "ahead", "activation"),
  tensors: ["weight", "bias"],
  clock: ({ attribute }) => delay(attribute("ahead")),
  label: ({ attribute: a, width }) =>
    `${width}, ${a("taps")} taps${a("ahead") > 0 ? `, ${a("ahead")} ahead` : ""}`,
};

/** What a causal convolution does behind its sum: its attribute "activation". */
export const CONV_ACTIVATIONS = ["none", "silu"] as const;

const CONV1D: Primitive = {
  number: 12,
  name: "conv1d",
  time: "sequence",
  attributes: attributes("taps", "stride", "dilation", "before", "after", "groups"),
  tensors: ["weight", "bias"],
  matrix: "weight",
  clock: ({ attribute: a }) =>
    windows((a("taps") - 1) * a("dilation") + 1, a("stride"), a("before"), a("after")),
  label: ({ attribute: a, widths, width }) =>
    `${widths[0]} → ${width}, ${a("taps")} taps${a("stride") > 1 ? `, stride ${a("stride")}` : ""}`,
};

const conv1d: Descriptor<Conv1dOp> = {
  kind: "conv1d",
  summary: "convolution over time, zeros beyond the ends",
  fields: {
    stride: { type: "integer", least: 1, default: 1, meaning: "rows from an output to the next" },
    dilation: { type: "integer", least: 1, default: 1, meaning: "rows from a tap to the next" },
    padding: PADDING_FIELD,
    groups: { type: "integer", least: 1, default: 1, meaning: "of channels" },
  },
  tensors: [
    { field: "weight", suffix: "weight", shapes: [["out", "group", "taps"]] },
    { field: "bias", suffix: "bias", shapes: [["out"]], isOptional: true },
  ],
  primitives: [CONV1D, CAUSAL_CONV, LINEAR],
  known: ({ name, groups = 1 }, [width = 0]) => {
    if (width % groups === 0) return { group: width / groups };
    throw new BadArgument(
      `groups of op ${name}`,
      `a divisor of its input's width, ${width}`,
      `${groups}`,
    );
  },
  width: ({ sizes }) => sizes.get("out"),
  work: ({ sizes }) => sizes.get("out") * sizes.get("group") * sizes.get("taps"),
  encode: (form, emit) => {
    const { name, bias, stride = 1, dilation = 1, padding = 0, groups = 1 } = form.op;
    const [width, taps] = [form.sizes.get("out"), form.sizes.get("taps")];
    if (width % groups !== 0) {
      throw new BadArgument(
        `groups of op ${name}`,
        `a divisor of its ${width} outputs`,
        `${groups}`,
      );
    }
    const { before, after } = paddingOf(name, padding, (taps - 1) * dilation + 1);
    const step = { taps, stride, dilation, before, after, groups };
    if (isLinear(step)) return asLinear(form, emit);
    if (isDepthwise(step, form.width, width)) return asDepthwise(form, after, emit);
    const tensors = { weight: convPanels(form, groups), bias: optionalVector(bias) };
    return emitAs(form, emit, CONV1D, { width, attributes: step, tensors });
  },
};

type Step = Readonly<
  Record<"taps" | "stride" | "dilation" | "before" | "after" | "groups", number>
>;

function isLinear({ taps, stride, groups }: Step): boolean {
  return taps === 1 && stride === 1 && groups === 1;
}

/** One filter a channel, and as many rows out as in. */
function isDepthwise(step: Step, inputs: number, outputs: number): boolean {
  const { taps, stride, dilation, before, after, groups } = step;
  const isOneEach = groups === inputs && inputs === outputs;
  return isOneEach && stride === 1 && dilation === 1 && before + after === taps - 1;
}

function asLinear(form: Form<Conv1dOp>, emit: Emit): number {
  const { weight, bias } = form.op;
  const width = form.sizes.get("out");
  const tensors = { weight: panels(weight, width, form.width), bias: optionalVector(bias) };
  return emitAs(form, emit, LINEAR, { width, tensors });
}

function asDepthwise(form: Form<Conv1dOp>, ahead: number, emit: Emit): number {
  const { weight, bias } = form.op;
  const taps = form.sizes.get("taps");
  const tensors = { weight: packGroups(weight, form.width, taps), bias: optionalVector(bias) };
  const values = { taps, ahead, activation: 0 };
  return emitAs(form, emit, CAUSAL_CONV, { width: form.width, attributes: values, tensors });
}

/** Column = tap * (in / groups) + channel; each group's rows are padded to panels of their own. */
function convPanels({ op, sizes }: Form<Conv1dOp>, groups: number): PackedTensor {
  const [outputs, inputs, taps] = [sizes.get("out"), sizes.get("group"), sizes.get("taps")];
  const rows = outputs / groups;
  const padded = groups === 1 ? rows : roundUpTo(rows, PANEL);
  const element = (row: number, column: number) => {
    const [group, within] = [Math.floor(row / padded), row % padded];
    if (within >= rows) return PADDING;
    const [tap, channel] = [Math.floor(column / inputs), column % inputs];
    return ((group * rows + within) * inputs + channel) * taps + tap;
  };
  const whole = panels(op.weight, groups * padded, taps * inputs);
  return { ...whole, use: `conv1d ${groups}`, element };
}

export const CONVOLUTIONS = { conv1d };
