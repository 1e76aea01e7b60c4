/**
 * What a network gives: one or several named outputs, each one row or rows over time. Knows nothing of
 * how they are made.
 */
import { BadState } from "./errors.js";
import type { OutputInfo } from "./info.js";

export interface Output {
  readonly name: string;
  /** [width], or [rows, width] for a sequence. */
  readonly shape: readonly number[];
  /** float32, row by row */
  readonly data: Float32Array;
}

/** In the order of `ModelInfo.outputs`. */
export type Outputs = readonly Output[];

/** The outputs of a model of which all are vectors, from all their elements in order. */
export function vectorsOf(infos: readonly OutputInfo[], elements: Float32Array): Output[] {
  let first = 0;
  return infos
    .filter((info) => !info.isSequence)
    .map(({ name, width }) => {
      const data = elements.slice(first, first + width);
      first += width;
      return { name, shape: [width], data };
    });
}

/** Outputs that were made one behind the other: rows of sequences joined, vectors those of the last. */
export function joinOutputs(
  infos: readonly OutputInfo[],
  before: Outputs,
  after: Outputs,
): Output[] {
  return infos.flatMap(({ name, width }) => {
    const [head, tail] = [before, after].map((made) => made.find((output) => output.name === name));
    if (head === undefined || tail === undefined) return head ?? tail ?? [];
    const data = new Float32Array(head.data.length + tail.data.length);
    data.set(head.data);
    data.set(tail.data, head.data.length);
    return { name, shape: [data.length / width, width], data };
  });
}

/** The output of a network that has only one, a vector; undefined of any other network. */
export function onlyVector(infos: readonly OutputInfo[]): OutputInfo | undefined {
  const [only, ...others] = infos;
  return others.length === 0 && only?.isSequence === false ? only : undefined;
}

/** The output that labels are of, and classes: the first one, if it is a vector. */
export function classOutput(infos: readonly OutputInfo[]): OutputInfo | undefined {
  return infos[0]?.isSequence === false ? infos[0] : undefined;
}

/** All elements of all outputs, in their order. */
export function joinedData(outputs: Outputs): Float32Array {
  const joined = new Float32Array(outputs.reduce((sum, { data }) => sum + data.length, 0));
  let at = 0;
  for (const { data } of outputs) {
    joined.set(data, at);
    at += data.length;
  }
  return joined;
}

/**
 * The logits of a network whose only output is a vector.
 * @throws BadState for any other network, with the names of its outputs
 */
export function logitsOf(outputs: Outputs): Float32Array {
  const [only, ...others] = outputs;
  if (only !== undefined && others.length === 0 && only.shape.length === 1) return only.data;
  const names = outputs.map(({ name, shape }) => `${name} [${shape.join(", ")}]`);
  throw new BadState(`this network has no single vector output, but ${names.join(", ")}`);
}
