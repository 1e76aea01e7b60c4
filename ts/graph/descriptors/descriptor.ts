/**
 * The form of descriptors. There are two kinds of them, beside each other in the files of this folder:
 *
 * - A `Primitive` is an op class of the core: its number and name, what its attributes, tensors and variants
 *   are called, where its output is in time, and how it is labelled in reports.
 * - A `Descriptor` is an op of a network, as people think of it: what it reads, its fields and tensors (for
 *   the reader of arch files, its schema and checks of shapes), the width of its output, and how it is encoded,
 *   as one primitive or several. Most ops are one primitive; `mamba` is six.
 *
 * To add an op: its interface, primitive and descriptor in the file of its family, and its line in the record
 * at that file's end. Nothing else in TypeScript names it.
 */
import type { Clock } from "../clock.js";
import type { PackedTensor } from "../packing.js";
import type { Shape, Sizes } from "../sizes.js";
import type { Value } from "../tensor.js";

// ---- primitives ------------------------------------------------------------------------------------

/** An op class of the core: csrc/kernels/NAME.c. */
export interface Primitive {
  /** As in the marker line of its kernel file. */
  readonly number: number;
  /** mlm_op_class_name */
  readonly name: string;
  /** "rows": each row by itself, and vectors; "sequence": only sequences; "pool": a sequence becomes a vector;
   * "whole": it needs the whole sequence before its first row. */
  readonly time: "rows" | "sequence" | "pool" | "whole";
  /** Reads vectors beside sequences. */
  readonly broadcasts?: boolean;
  /** Its output comes at the pace of input 1. */
  readonly paced?: boolean;
  /** Its work grows with the square of the number of rows. */
  readonly growsWithSquare?: boolean;
  /** Takes what only the first op can: tokens or samples. */
  readonly front?: "tokens" | "samples";
  /** By number. */
  readonly variants?: readonly string[];
  /** By index; those that are floats are stored as their bits. */
  readonly attributes?: readonly Attribute[];
  /** By index. */
  readonly tensors?: readonly string[];
  /** The tensor that may be of i8: the weight of what is a linear layer in the core. */
  readonly matrix?: string;
  /** How rows of input 0 become rows of the output; absent: one by one. */
  clock?(view: PrimitiveView): Clock;
  /** How many rows input 0 must have, in all. */
  rows?(view: PrimitiveView): { readonly least?: number; readonly most?: number };
  /** Its main size in a few characters: "64 → 128", "k 5, stride 2". */
  label(view: PrimitiveView): string;
}

export interface Attribute {
  readonly name: string;
  readonly isFloat?: boolean;
}

/** What is known of a primitive op in a blob. */
export interface PrimitiveView {
  readonly variant: string | undefined;
  /** Of the inputs. */
  readonly widths: readonly number[];
  /** Of the output. */
  readonly width: number;
  attribute(name: string): number;
}

/** A primitive op as it is emitted: values, attributes and tensors by name. */
export interface PrimitiveOp {
  readonly primitive: Primitive;
  readonly name: string;
  readonly inputs: readonly Value[];
  readonly width: number;
  readonly variant?: string;
  readonly attributes?: Readonly<Record<string, number>>;
  readonly tensors?: Readonly<Record<string, PackedTensor | undefined>>;
}

/** Adds a primitive op and returns the value that it makes. */
export type Emit = (op: PrimitiveOp) => Value;

/** Attributes that are integers: `attributes("taps", "ahead")`. */
export function attributes(...names: readonly string[]): readonly Attribute[] {
  return names.map((name) => ({ name }));
}

export function floatAttribute(name: string): Attribute {
  return { name, isFloat: true };
}

// ---- ops -------------------------------------------------------------------------------------------

/** What every op of a network has. */
export interface AnyOp {
  readonly kind: string;
  readonly name: string;
}

export interface OneInput extends AnyOp {
  readonly input: Value;
}

export interface SeveralInputs extends AnyOp {
  readonly inputs: readonly Value[];
}

/** A number, a choice or a flag of an op, as an arch file may give it under the same name. */
export type Field = Meaning &
  (
    | { readonly type: "integer"; readonly least: number; readonly default?: number }
    | { readonly type: "number"; readonly default?: number }
    /** A float32 that is normal and above 0. */
    | { readonly type: "positive"; readonly default?: number }
    | { readonly type: "flag"; readonly default?: boolean }
    | Choice
  );

interface Meaning {
  /** In a few words, for people. */
  readonly meaning: string;
  /** It may be left out and has no fixed default then; `meaning` says what it is. */
  readonly isOptional?: true;
}

interface Choice {
  readonly type: "choice";
  readonly choices: readonly string[];
  /** An integer from 0 on will do, too. */
  readonly orInteger?: true;
  readonly default?: string | number;
}

/** A tensor of an op, or an optional one. */
export interface TensorForm<O> {
  /** Where the op has it: "weight", "inProj.weight". */
  readonly field: string;
  /** What its name in a checkpoint ends with, behind the op's own and a dot: "weight", "in_proj.weight";
   * empty: the op's own is all of it. */
  readonly suffix: string;
  /** What it may look like; forms are looked at in order, and later ones know the sizes of earlier ones. */
  readonly shapes: readonly Shape[] | ((op: O) => readonly Shape[]);
  readonly isOptional?: boolean;
}

/** An op with its surroundings: sizes and inputs are known and checked. */
export interface Form<O> {
  readonly op: O;
  readonly sizes: Sizes;
  readonly inputs: readonly Value[];
  readonly widths: readonly number[];
  /** Of input 0. */
  readonly width: number;
}

export interface Descriptor<O extends AnyOp> {
  readonly kind: O["kind"];
  /** One sentence, for documentation. */
  readonly summary: string;
  /** How many values it reads; absent: one, in its field `input`. Else they are in `inputs`. */
  readonly inputs?: {
    readonly least: number;
    readonly most: number;
    readonly names: readonly string[];
  };
  /** By the path of the member: "stride", "scanNorm.eps". */
  readonly fields: Readonly<Record<string, Field>>;
  readonly tensors: readonly TensorForm<O>[];
  /** Primitives that it may become. */
  readonly primitives: readonly Primitive[];
  /** Sizes besides "in", the width of input 0, that shapes of tensors may name. @throws BadArgument */
  known?(op: O, widths: readonly number[]): Readonly<Record<string, number>>;
  /** Of its output. */
  width(form: Form<O>): number;
  /** About how many multiply-adds a row of its output (of a pool: its input) is, where folding may change
   * that; absent: none. */
  work?(form: Form<O>): number;
  encode(form: Form<O>, emit: Emit): Value;
}

/** The op of a descriptor, also of a union of them. */
export type OpOf<D> = D extends Descriptor<infer O> ? O : never;

/** Encodes an op that is one primitive. */
export function emitAs<O extends AnyOp>(
  { op, inputs }: Form<O>,
  emit: Emit,
  primitive: Primitive,
  rest: Pick<PrimitiveOp, "width"> & Partial<PrimitiveOp>,
): Value {
  return emit({ primitive, name: op.name, inputs, ...rest });
}
