/**
 * All descriptors by the kind of their op, and all primitives by number and name: the one place that tools
 * ask. Adding an op changes a family's file, not this one. The forms are in descriptor.ts:
 *
 * - to read an op from a file: `DESCRIPTORS[kind]`'s `inputs`, `fields` (with defaults) and `tensors` (their
 *   names behind the op's own, and shapes); `formOf` then checks it all;
 * - to know an op's output: `formOf(op, inputs, widths)` and `descriptorOf(op).width(form)`;
 * - to show an op of a blob: `primitiveOfName(kind)`, `viewOf(...)` and its `label`; `moduleOf(name)` names
 *   the block that a primitive belongs to.
 */
import { ATTENTIONS } from "./attention.js";
import { BANDS } from "./bands.js";
import { CONVOLUTIONS } from "./convolution.js";
import type { Descriptor, OpOf, Primitive, PrimitiveView } from "./descriptor.js";
import { FRONT_END } from "./front-end.js";
import { INTEGER_PRIMITIVES } from "./integer.js";
import { LAYERS } from "./layers.js";
import { MAMBA } from "./mamba.js";
import { MAMBA2 } from "./mamba2.js";
import { OUTPUTS } from "./outputs.js";
import { RECURRENT } from "./recurrent.js";
import { ROWS } from "./rows.js";
import { SCAN } from "./scan.js";
import { ALIGN, TIME } from "./time.js";

export const DESCRIPTORS = {
  ...LAYERS,
  ...ROWS,
  ...CONVOLUTIONS,
  ...BANDS,
  ...TIME,
  ...SCAN,
  ...MAMBA,
  ...MAMBA2,
  ...RECURRENT,
  ...ATTENTIONS,
  ...OUTPUTS,
  ...FRONT_END,
};

/** An op of a network. */
export type Op = OpOf<(typeof DESCRIPTORS)[keyof typeof DESCRIPTORS]>;
export type OpKind = Op["kind"];

/** The descriptor of an op's kind, for any op: it is only ever given ops of its own kind. */
export function descriptorOf(op: Op): Descriptor<Op> {
  return DESCRIPTORS[op.kind] as unknown as Descriptor<Op>;
}

/** Every primitive once, by number. */
export const PRIMITIVES: readonly Primitive[] = [
  ...new Map(
    [
      ALIGN,
      ...INTEGER_PRIMITIVES,
      ...Object.values(DESCRIPTORS).flatMap(({ primitives }) => primitives),
    ].map((primitive) => [primitive.number, primitive]),
  ).values(),
].sort((a, b) => a.number - b.number);

export function primitiveOfName(name: string): Primitive | undefined {
  return PRIMITIVES.find((primitive) => primitive.name === name);
}

const FLOAT_BYTES = 4;

/** An op of a blob as `label` wants it: `words` are its attributes as the core has them. */
export function viewOf(
  primitive: Primitive,
  op: {
    readonly variant: number;
    readonly widths: readonly number[];
    readonly width: number;
    readonly words: readonly number[];
  },
): PrimitiveView {
  const { variant, widths, width, words } = op;
  const attribute = (name: string) => {
    const index = primitive.attributes?.findIndex((form) => form.name === name) ?? -1;
    const word = words[index] ?? 0;
    return primitive.attributes?.[index]?.isFloat ? floatOf(word) : word;
  };
  return { variant: primitive.variants?.[variant], widths, width, attribute };
}

function floatOf(word: number): number {
  const view = new DataView(new ArrayBuffer(FLOAT_BYTES));
  view.setUint32(0, word);
  return view.getFloat32(0);
}

export * from "./descriptor.js";
export { MAMBA_PARTS, moduleOf } from "./mamba.js";
