/**
 * Two-dimensional stems: convolutions and pools over time and bands, and bands that become rows. A row is
 * [bands][channels]: the channels of a band lie side by side, where PyTorch has [channels, bands].
 */
import { BadArgument } from "../../core/errors.js";
import { repeated, windows } from "../clock.js";
import {
  optionalVector,
  PADDING,
  PANEL,
  type PackedTensor,
  panels,
  roundUpTo,
  vector,
} from "../packing.js";
import type { Tensor } from "../tensor.js";
import {
  attributes,
  type Descriptor,
  emitAs,
  type Field,
  type Form,
  type OneInput,
  type Primitive,
  type PrimitiveView,
} from "./descriptor.js";
import { type Padding, paddingOf } from "./padding.js";
import { PADDING_FIELD } from "./time.js";

/** Of the windows over bands; as torch.nn.Conv2d's second numbers. */
interface BandWindow {
  /** Of a row of the input. */
  readonly bands: number;
  readonly bandStride?: number;
  readonly bandPadding?: number;
}

const BAND_FIELDS: Readonly<Record<string, Field>> = {
  bands: { type: "integer", least: 1, meaning: "bands of a row: a row is [bands][channels]" },
  bandPadding: { type: "integer", least: 0, default: 0, meaning: "bands of zeros on both sides" },
};

/** What a band's numbers have room for in the blob. */
const MOST_BANDS = 0xffff;
const MOST_OF_WINDOW = 0xff;
const HALF = 2 ** 16;
const BYTE = 2 ** 8;

interface BandStep {
  readonly taps: number;
  readonly stride: number;
  readonly dilation: number;
  readonly padding: number;
}

/** How many bands come out. @throws BadArgument where there are none */
function bandsOut(name: string, bands: number, width: number, step: BandStep): number {
  if (width % bands !== 0) {
    throw new BadArgument(`bands of op ${name}`, `a divisor of its width, ${width}`, `${bands}`);
  }
  const { taps, stride, dilation, padding } = step;
  const span = (taps - 1) * dilation + 1;
  const room = bands + 2 * padding - span;
  const isSmall = [taps, stride, dilation, padding].every((number) => number <= MOST_OF_WINDOW);
  if (room < 0 || padding >= span || bands > MOST_BANDS || !isSmall) {
    const expected = `a window within ${bands} bands and their padding, which is less than it`;
    const got = `${taps} taps, ${stride} apart, dilation ${dilation}, padding ${padding}`;
    throw new BadArgument(`windows over bands of op ${name}`, expected, got);
  }
  return Math.floor(room / stride) + 1;
}

/** The two attributes that say it; see csrc/kernels/bands.h. */
function bandAttributes(bands: number, out: number, step: BandStep): Record<string, number> {
  const { taps, stride, dilation, padding } = step;
  return {
    bands: bands + out * HALF,
    band_window: taps + stride * BYTE + dilation * HALF + padding * HALF * BYTE,
  };
}

function bandLabel({ attribute: a, widths, width }: PrimitiveView): string {
  const [bands, out] = [a("bands") % HALF, Math.floor(a("bands") / HALF)];
  const [from, to] = [(widths[0] ?? 0) / bands, width / out];
  return `${bands} × ${from} → ${out} × ${to}, window ${a("taps")} × ${a("band_window") % BYTE}`;
}

// ---- convolution ---------------------------------------------------------------------------------------

/** torch.nn.Conv2d over [time, bands] with zeros as padding. */
export interface Conv2dOp extends OneInput, BandWindow {
  readonly kind: "conv2d";
  /** [out, in / groups, taps, taps of bands] */
  readonly weight: Tensor;
  /** [out] */
  readonly bias?: Tensor;
  readonly stride?: number;
  readonly dilation?: number;
  readonly padding?: Padding;
  readonly bandDilation?: number;
  readonly groups?: number;
}

export const CONV2D: Primitive = {
  number: 73,
  name: "conv2d",
  time: "sequence",
  variants: ["dense", "depthwise"],
  attributes: attributes(
    ...["taps", "stride", "dilation", "before", "after", "groups", "bands", "band_window"],
  ),
  tensors: ["weight", "bias"],
  matrix: "weight",
  clock: ({ attribute: a }) =>
    windows((a("taps") - 1) * a("dilation") + 1, a("stride"), a("before"), a("after")),
  label: bandLabel,
};

const STEP: Field = { type: "integer", least: 1, default: 1, meaning: "" };

const conv2d: Descriptor<Conv2dOp> = {
  kind: "conv2d",
  summary: "convolution over time and bands, zeros beyond the ends",
  fields: {
    ...BAND_FIELDS,
    stride: { ...STEP, meaning: "rows from an output to the next" },
    dilation: { ...STEP, meaning: "rows from a tap to the next" },
    padding: PADDING_FIELD,
    bandStride: { ...STEP, meaning: "bands from an output band to the next" },
    bandDilation: { ...STEP, meaning: "bands from a tap to the next" },
    groups: { ...STEP, meaning: "of channels" },
  },
  tensors: [
    { field: "weight", suffix: "weight", shapes: [["out", "group", "taps", "bandTaps"]] },
    { field: "bias", suffix: "bias", shapes: [["out"]], isOptional: true },
  ],
  primitives: [CONV2D],
  known: ({ name, bands, groups = 1 }, [width = 0]) => {
    if (width % (bands * groups) === 0) return { group: width / bands / groups };
    const expected = `divisors of its input's width, ${width}`;
    throw new BadArgument(`bands and groups of op ${name}`, expected, `${bands} and ${groups}`);
  },
  width: (form) => form.sizes.get("out") * convBands(form),
  work: (form) => {
    const { sizes } = form;
    const taps = sizes.get("taps") * sizes.get("bandTaps");
    return sizes.get("out") * convBands(form) * sizes.get("group") * taps;
  },
  encode: (form, emit) => {
    const { op, sizes } = form;
    const { name, bands, bias, stride = 1, dilation = 1, padding = 0, groups = 1 } = op;
    const [outputs, taps] = [sizes.get("out"), sizes.get("taps")];
    if (outputs % groups !== 0) {
      const expected = `a divisor of its ${outputs} outputs`;
      throw new BadArgument(`groups of op ${name}`, expected, `${groups}`);
    }
    const { before, after } = paddingOf(name, padding, (taps - 1) * dilation + 1);
    const out = convBands(form);
    const isDepthwise = sizes.get("group") === 1 && outputs === groups;
    return emitAs(form, emit, CONV2D, {
      width: outputs * out,
      variant: isDepthwise ? "depthwise" : "dense",
      attributes: {
        ...{ taps, stride, dilation, before, after, groups },
        ...bandAttributes(bands, out, bandStep(form)),
      },
      tensors: {
        weight: isDepthwise ? depthwiseWeight(form) : denseWeight(form, groups),
        bias: optionalVector(bias),
      },
    });
  },
};

function bandStep({ op, sizes }: Form<Conv2dOp>): BandStep {
  const { bandStride: stride = 1, bandDilation: dilation = 1, bandPadding: padding = 0 } = op;
  return { taps: sizes.get("bandTaps"), stride, dilation, padding };
}

function convBands(form: Form<Conv2dOp>): number {
  return bandsOut(form.op.name, form.op.bands, form.width, bandStep(form));
}

/** Column = (tap * taps of bands + tap of bands) * (in / groups) + channel; each group's rows are padded. */
function denseWeight({ op, sizes }: Form<Conv2dOp>, groups: number): PackedTensor {
  const [outputs, inputs] = [sizes.get("out"), sizes.get("group")];
  const taps = sizes.get("taps") * sizes.get("bandTaps");
  const rows = outputs / groups;
  const padded = groups === 1 ? rows : roundUpTo(rows, PANEL);
  const element = (row: number, column: number) => {
    const [group, within] = [Math.floor(row / padded), row % padded];
    if (within >= rows) return PADDING;
    const [tap, channel] = [Math.floor(column / inputs), column % inputs];
    return ((group * rows + within) * inputs + channel) * taps + tap;
  };
  const whole = panels(op.weight, groups * padded, taps * inputs);
  return { ...whole, use: `conv2d ${groups}`, element };
}

/** Tap behind tap, the channels of each side by side, padded. */
function depthwiseWeight({ op, sizes }: Form<Conv2dOp>): PackedTensor {
  const channels = sizes.get("out");
  const taps = sizes.get("taps") * sizes.get("bandTaps");
  const padded = roundUpTo(channels, PANEL);
  const element = (row: number) => {
    const [tap, channel] = [Math.floor(row / padded), row % padded];
    return channel < channels ? channel * taps + tap : PADDING;
  };
  return { ...vector(op.weight), use: "conv2d depthwise", rows: taps * padded, element };
}

// ---- pooling -------------------------------------------------------------------------------------------

/** torch.nn.AvgPool2d and MaxPool2d over [time, bands]. */
export interface Pool2dOp extends OneInput, BandWindow {
  readonly kind: "pool2d";
  readonly pool: "average" | "max";
  readonly window: number;
  readonly bandWindow: number;
  /** Default: the window. */
  readonly stride?: number;
  readonly padding?: Padding;
  readonly countIncludePad?: boolean;
}

export const POOL2D: Primitive = {
  number: 74,
  name: "pool2d",
  time: "sequence",
  variants: ["average", "max"],
  attributes: attributes(
    ...["taps", "stride", "before", "after", "count_include_pad", "bands", "band_window"],
  ),
  clock: ({ attribute: a }) => windows(a("taps"), a("stride"), a("before"), a("after")),
  label: (view) => `${view.variant} ${bandLabel(view)}`,
};

const pool2d: Descriptor<Pool2dOp> = {
  kind: "pool2d",
  summary: "average or maximum over windows of rows and bands",
  fields: {
    ...BAND_FIELDS,
    pool: { type: "choice", choices: ["average", "max"], meaning: "which of the two" },
    window: { type: "integer", least: 1, meaning: "rows of a window" },
    bandWindow: { type: "integer", least: 1, meaning: "bands of a window" },
    stride: {
      isOptional: true,
      type: "integer",
      least: 1,
      meaning: "rows from a window to the next; default: window",
    },
    bandStride: {
      isOptional: true,
      type: "integer",
      least: 1,
      meaning: "bands from a window to the next; default: bandWindow",
    },
    padding: PADDING_FIELD,
    countIncludePad: { type: "flag", default: true, meaning: "an average counts padding as zeros" },
  },
  tensors: [],
  primitives: [POOL2D],
  width: (form) => (form.width / form.op.bands) * poolBands(form),
  encode: (form, emit) => {
    const { name, bands, pool, window: taps, padding = 0, countIncludePad = true } = form.op;
    const { stride = taps } = form.op;
    const { before, after } = paddingOf(name, padding, taps);
    const out = poolBands(form);
    return emitAs(form, emit, POOL2D, {
      width: (form.width / bands) * out,
      variant: pool,
      attributes: {
        ...{ taps, stride, before, after, count_include_pad: Number(countIncludePad) },
        ...bandAttributes(bands, out, poolStep(form.op)),
      },
    });
  },
};

function poolStep({
  bandWindow: taps,
  bandStride: stride = taps,
  bandPadding = 0,
}: Pool2dOp): BandStep {
  return { taps, stride, dilation: 1, padding: bandPadding };
}

function poolBands({ op, width }: Form<Pool2dOp>): number {
  return bandsOut(op.name, op.bands, width, poolStep(op));
}

// ---- bands as rows -------------------------------------------------------------------------------------

/** Patches in row order: the bands of a row become rows, one behind the other. */
export interface SplitRowsOp extends OneInput {
  readonly kind: "split_rows";
  readonly count: number;
}

const SPLIT_ROWS: Primitive = {
  number: 75,
  name: "split_rows",
  time: "sequence",
  attributes: attributes("count"),
  clock: ({ attribute }) => repeated(attribute("count")),
  label: ({ attribute, widths, width }) => `${widths[0]} → ${attribute("count")} rows of ${width}`,
};

const splitRows: Descriptor<SplitRowsOp> = {
  kind: "split_rows",
  summary: "every row becomes several, one for each of its bands: patches in row order",
  fields: {
    count: { type: "integer", least: 1, meaning: "how many; a row is [count][channels]" },
  },
  tensors: [],
  primitives: [SPLIT_ROWS],
  width: ({ op, width }) => {
    if (width % op.count !== 0) {
      throw new BadArgument(
        `count of op ${op.name}`,
        `a divisor of its width, ${width}`,
        `${op.count}`,
      );
    }
    return width / op.count;
  },
  encode: (form, emit) => {
    const { count } = form.op;
    return emitAs(form, emit, SPLIT_ROWS, { width: form.width / count, attributes: { count } });
  },
};

export const BANDS = { conv2d, pool2d, split_rows: splitRows };
