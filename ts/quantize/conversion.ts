/**
 * The network that a conversion makes, op by op: which integers (or floats) each value of the float network has
 * become, and the ops between them that change type or exponent. Knows no kind of op but those.
 */
import { type Encoded, type EncodedOp, type NumberType, runningOrder } from "../blob/encode.js";
import { DTYPE, NO_CLOCK } from "../core/format.js";
import type { Primitive } from "../graph/descriptors/index.js";
import { DEQUANTIZE, QUANTIZE } from "../graph/descriptors/integer.js";
import type { Value } from "../graph/tensor.js";

/** A value of the converted network. */
export interface Form {
  readonly value: Value;
  readonly type: NumberType;
  /** Of a row's elements; all the same, but for what a scan reads. */
  readonly exponents: readonly number[];
}

/** One exponent for all elements. */
export function exponentOf({ exponents }: Form): number {
  return exponents[0] ?? 0;
}

/** The number of a value's type, as ops that take several have it as an attribute. */
export function typeNumber({ type }: Form): number {
  return DTYPE[type];
}

/** What an op's integer form is; the rest is as in the float network. */
export interface Made {
  readonly primitive: Primitive;
  readonly inputs: readonly Form[];
  readonly type: NumberType;
  readonly exponents: readonly number[];
  readonly variant?: number;
  readonly attributes?: readonly number[];
  readonly tensors?: EncodedOp["tensors"];
}

const LARGEST_SHIFT = 31;

export class Conversion {
  /** By value of the float network; 0 is the input. */
  readonly #native: Form[];
  readonly #ops: EncodedOp[] = [];
  readonly #converted = new Map<string, Form>();
  takes16Bits = false;

  /** @param inputWidth of a network of frames, whose input is read by ops directly */
  constructor(
    readonly encoded: Encoded,
    readonly inputWidth: number,
  ) {
    this.#native = [{ value: 0, type: "f32", exponents: [0] }];
  }

  /** Whether it has become something already. */
  has(value: Value): boolean {
    return value < this.#native.length;
  }

  /** What a value of the float network has become. */
  native(value: Value): Form {
    return this.#native[value] as Form;
  }

  /** The next op of the float network, as it is now. */
  add(op: EncodedOp, made: Made): void {
    const { primitive, inputs, type, exponents, variant = op.variant } = made;
    const values = inputs.map(({ value }) => value);
    const { attributes = op.attributes, tensors = op.tensors } = made;
    const exponent = type === "f32" ? 0 : (exponents[0] as number);
    const placed = { ...op, primitive, variant, attributes, tensors, type, exponent };
    const value = this.#ops.push({ ...placed, inputs: values });
    this.#native.push({ value, type, exponents });
  }

  /** The next op is part of the one that was added before: it has its value. */
  addNothing(from: Form): void {
    this.#native.push(from);
  }

  /** The value as floats. */
  asFloats(value: Value): Form {
    const form = this.native(value);
    if (form.type === "f32") return form;
    return this.#convert(value, form, DEQUANTIZE, "f32", 0, exponentOf(form));
  }

  /** The value as integers of this type and exponent. */
  as(value: Value, type: "i16" | "i32", exponent: number): Form {
    const form = this.native(value);
    if (form.type === type && exponentOf(form) === exponent) return form;
    const shift = form.type === "f32" ? 0 : exponentOf(form) - exponent;
    const within = Math.max(-LARGEST_SHIFT, Math.min(LARGEST_SHIFT, shift));
    const reached = exponent + shift - within;
    return this.#convert(value, form, QUANTIZE, type, reached, within);
  }

  #convert(
    value: Value,
    from: Form,
    primitive: Primitive,
    type: NumberType,
    exponent: number,
    attribute: number,
  ): Form {
    const key = `${value} ${type} ${exponent}`;
    const known = this.#converted.get(key);
    if (known !== undefined) return known;
    const made = this.#ops.push({
      primitive,
      name: this.#nameFor(value, type),
      variant: 0,
      inputs: [from.value],
      ...this.#placeOf(value),
      attributes: [attribute, typeNumber(from)],
      tensors: [],
      type,
      exponent,
    });
    const form = { value: made, type, exponents: [exponent] };
    this.#converted.set(key, form);
    return form;
  }

  #nameFor(value: Value, type: NumberType): string {
    const base = `${value === 0 ? "input" : (this.encoded.ops[value - 1] as EncodedOp).name}.${type}`;
    let name = base;
    for (let n = 2; this.#ops.some((op) => op.name === name); n++) name = `${base}.${n}`;
    return name;
  }

  /** Where an op stands that reads this value only. */
  #placeOf(value: Value): Pick<EncodedOp, "width" | "stage" | "clock"> {
    const maker = this.#ops[this.native(value).value - 1];
    if (maker === undefined) return { width: this.inputWidth, stage: 0, clock: 0 };
    const { width, stage, clock, primitive } = maker;
    return { width, stage: stage + (primitive.time === "pool" ? 1 : 0), clock };
  }

  /** The whole network, its outputs as floats. */
  finish(): Encoded {
    const outputs = this.encoded.outputs.map((output) => ({
      ...output,
      value: this.asFloats(output.value).value,
    }));
    const order = runningOrder(
      this.#ops.map(({ stage, clock, primitive }) => ({
        stage,
        runsOnce: clock === NO_CLOCK && primitive.time !== "pool",
      })),
    );
    const place = new Map(order.map((index, at) => [index + 1, at + 1]));
    const placeOf = (value: Value) => place.get(value) ?? value;
    const inOrder = order.map((index) => this.#ops[index] as EncodedOp);
    return {
      ...this.encoded,
      ops: inOrder.map((op) => ({ ...op, inputs: op.inputs.map(placeOf) })),
      outputs: outputs.map((output) => ({ ...output, value: placeOf(output.value) })),
      takes16Bits: this.takes16Bits,
    };
  }
}
