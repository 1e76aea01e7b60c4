/**
 * All outputs of a run as one row of floats, in the order in which the programs of csrc/port have them:
 * the vectors, then the rows of the sequences. Knows nothing of how outputs are made.
 */
import type { OutputInfo } from "../core/info.js";
import type { Outputs } from "../core/outputs.js";

/** Outputs in the order of the programs. */
function inOrder<T extends { readonly isSequence: boolean }>(outputs: readonly T[]): T[] {
  return [
    ...outputs.filter(({ isSequence }) => !isSequence),
    ...outputs.filter(({ isSequence }) => isSequence),
  ];
}

/** Elements of all outputs that are vectors. */
export function vectorFloats(infos: readonly OutputInfo[]): number {
  return infos.reduce((sum, { isSequence, width }) => sum + (isSequence ? 0 : width), 0);
}

export function flatOutputs(infos: readonly OutputInfo[], outputs: Outputs): Float32Array {
  const arrays = inOrder(infos.map((info, i) => ({ ...info, data: outputs[i]!.data })));
  const all = new Float32Array(arrays.reduce((sum, { data }) => sum + data.length, 0));
  let at = 0;
  for (const { data } of arrays) {
    all.set(data, at);
    at += data.length;
  }
  return all;
}

/** What element `index` of the flat outputs is, for a person: `logits[3]`, `forecast[7][2]`. */
export function elementName(infos: readonly OutputInfo[], outputs: Outputs, index: number): string {
  let left = index;
  for (const { name, width, isSequence, length } of inOrder(
    infos.map((info, i) => ({ ...info, length: outputs[i]!.data.length })),
  )) {
    if (left < length) {
      return isSequence
        ? `${name}[${Math.floor(left / width)}][${left % width}]`
        : `${name}[${left}]`;
    }
    left -= length;
  }
  return `element ${index}`;
}
