/** Ops that can only be the first: they make frames of tokens or of samples. */
import { BadCheckpoint } from "../../core/errors.js";
import { panels, vector, words } from "../packing.js";
import type { Tensor } from "../tensor.js";
import {
  type AnyOp,
  attributes,
  type Descriptor,
  emitAs,
  floatAttribute,
  type Primitive,
} from "./descriptor.js";

/** The network's input is integer tokens then. */
export interface EmbeddingOp extends AnyOp {
  readonly kind: "embedding";
  readonly input: 0;
  /** [vocabulary, dModel]. The same Tensor object as a linear's weight means tied weights. */
  readonly weight: Tensor;
}

export const EMBEDDING: Primitive = {
  number: 2,
  name: "embedding",
  time: "sequence",
  front: "tokens",
  attributes: attributes("vocabulary"),
  tensors: ["weight"],
  label: ({ attribute, width }) => `${attribute("vocabulary")} → ${width}`,
};

const embedding: Descriptor<EmbeddingOp> = {
  kind: "embedding",
  summary: "a row of a table for each token",
  fields: {},
  tensors: [{ field: "weight", suffix: "weight", shapes: [["vocabulary", "out"]] }],
  primitives: [EMBEDDING],
  width: ({ sizes }) => sizes.get("out"),
  encode: (form, emit) => {
    const [vocabulary, width] = [form.sizes.get("vocabulary"), form.sizes.get("out")];
    const tensors = { weight: panels(form.op.weight, vocabulary, width) };
    return emitAs(form, emit, EMBEDDING, { width, attributes: { vocabulary }, tensors });
  },
};

/**
 * Log-mel frames of audio (see frontend/logmel.ts for the tables); the network's input is samples then.
 */
export interface LogmelOp extends AnyOp {
  readonly kind: "logmel";
  readonly input: 0;
  readonly sampleRateHz: number;
  /** 1 to the window's length. */
  readonly hopSamples: number;
  /** Least energy of a band, before the logarithm. */
  readonly energyFloor: number;
  /** [windowSamples] */
  readonly window: Tensor;
  /** `[fftSamples / 2, 2]`, cos and -sin of 2 pi k / fftSamples; a power of two >= windowSamples. */
  readonly twiddles: Tensor;
  /** `[bands, 2]`, first bin of each band's filter and its number of bins, as integers. */
  readonly filterBins: Tensor;
  /** The filters' weights, one behind the other. */
  readonly filters: Tensor;
}

export const LOGMEL: Primitive = {
  number: 3,
  name: "logmel",
  time: "sequence",
  front: "samples",
  attributes: [...attributes("window", "hop", "fft", "sample_rate"), floatAttribute("floor")],
  tensors: ["window", "twiddles", "filter_bins", "filters"],
  label: ({ attribute, width }) => `${attribute("window")} samples → ${width}`,
};

/** Its fields come from a front-end file, not from an arch file. */
const logmel: Descriptor<LogmelOp> = {
  kind: "logmel",
  summary: "log-mel frames of audio",
  fields: {},
  tensors: [
    { field: "window", suffix: "window", shapes: [["window"]] },
    { field: "twiddles", suffix: "twiddles", shapes: [["half", 2]] },
    { field: "filterBins", suffix: "filter_bins", shapes: [["bands", 2]] },
    { field: "filters", suffix: "filters", shapes: [["weights"]] },
  ],
  primitives: [LOGMEL],
  width: ({ sizes }) => sizes.get("bands"),
  encode: (form, emit) => {
    const { sampleRateHz, hopSamples, energyFloor, window, twiddles, filterBins } = form.op;
    assertCounts(filterBins);
    const values = {
      window: form.sizes.get("window"),
      hop: hopSamples,
      fft: 2 * form.sizes.get("half"),
      sample_rate: sampleRateHz,
      floor: energyFloor,
    };
    const tensors = {
      window: vector(window),
      twiddles: vector(twiddles),
      filter_bins: words(filterBins),
      filters: vector(form.op.filters),
    };
    const width = form.sizes.get("bands");
    return emitAs(form, emit, LOGMEL, { width, attributes: values, tensors });
  },
};

function assertCounts({ name, data }: Tensor): void {
  const other = data.find((value) => !Number.isInteger(value) || value < 0);
  if (other !== undefined) throw new BadCheckpoint(name, "integers from 0 on", `${other}`);
}

export const FRONT_END = { embedding, logmel };
