/**
 * Takes an op's tensors from the checkpoint: by their names, in the shapes that the descriptor wants. Knows
 * nothing of particular ops.
 */
import { BadArgument, BadCheckpoint } from "../../core/errors.js";
import type { AnyOp, TensorForm } from "../../graph/descriptors/index.js";
import { type Shape, Sizes, shapeText } from "../../graph/sizes.js";
import { constantTensor, elementsOf, type Tensor } from "../../graph/tensor.js";
import { quoted } from "../../plain-text.js";
import type { Weights } from "../weights.js";
import type { CheckedOp } from "./arch.js";
import type { ArchTensor } from "./kinds.js";

/** Tensors of an op by the keys that its kind has them under. */
export type Tensors = ReadonlyMap<string, Tensor>;

export class TensorTaker {
  /** Tensors of one checkpoint tensor in another shape, which are to be one object as well. */
  readonly #reshaped = new Map<Tensor, Map<string, Tensor>>();

  constructor(readonly weights: Weights) {}

  /**
   * @param fields of the op, for shapes that depend on them
   * @throws BadCheckpoint, NonFinite, BadArgument
   */
  takeAll(checked: CheckedOp, fields: object, width: number, among?: readonly string[]): Tensors {
    const { op, kind } = checked;
    const forms = kind.tensors.filter(({ key }) => among === undefined || among.includes(key));
    const tensors = new Map<string, Tensor>();
    for (const form of forms) {
      const tensor = this.#takeOne(checked, form, fields, width);
      if (tensor !== undefined) tensors.set(form.key, tensor);
    }
    const [first] = forms;
    if (tensors.size === 0 && first !== undefined && op.weights !== null && isByName(op)) {
      // All may be absent, but then the file says so: a name that is wrong is not "no weights".
      const expected = `${expectedText(first.form, fields, width)}, or "weights": null for an operator without`;
      return new Map([[first.key, this.weights.take(nameOf(checked, first), expected)]]);
    }
    return tensors;
  }

  /** A tensor by its full name, one dimension whatever dimensions of 1 it has. */
  takeVector(name: string): Tensor {
    const tensor = this.weights.take(name, "a vector");
    return this.#shaped(tensor, [1], { behind: true, before: true });
  }

  #takeOne(
    checked: CheckedOp,
    archTensor: ArchTensor,
    fields: object,
    width: number,
  ): Tensor | undefined {
    const { op, path } = checked;
    const { form, key } = archTensor;
    const given = op.tensors?.[key];
    const shapes = shapesOf(form, fields);
    if (given === null || (op.weights === null && given === undefined)) {
      if (form.isOptional === true) return undefined;
      throw new BadArgument(`${path}.tensors.${key}`, "a tensor", "null");
    }
    if (typeof given === "number") return constant(given, checked, key, shapes, width);
    const name = nameOf(checked, archTensor);
    const expected = expectedText(form, fields, width);
    const isRequired = form.isOptional !== true || given !== undefined;
    const tensor = isRequired
      ? this.weights.take(name, expected)
      : this.weights.takeIfPresent(name, expected);
    const ranks = shapes.map(({ length }) => length);
    const spare = { behind: key.endsWith("weight"), before: given !== undefined };
    return tensor && this.#shaped(tensor, ranks, spare);
  }

  /** Without dimensions of 1 that no shape has room for: a Conv1d of one tap as a linear, [1, 1, d] as [d]. */
  #shaped(
    tensor: Tensor,
    ranks: readonly number[],
    spare: { readonly behind: boolean; readonly before: boolean },
  ): Tensor {
    const most = Math.max(...ranks);
    if (tensor.shape.length <= most) return tensor;
    const shape = [...tensor.shape];
    while (spare.behind && shape.length > most && shape.at(-1) === 1) shape.pop();
    while (spare.before && shape.length > most && shape[0] === 1) shape.shift();
    if (shape.length > most) return tensor;
    const others = this.#reshaped.get(tensor) ?? new Map<string, Tensor>();
    this.#reshaped.set(tensor, others);
    const text = String(shape);
    const reshaped = others.get(text) ?? { ...tensor, shape };
    others.set(text, reshaped);
    return reshaped;
  }
}

/** The op finds its tensors by names made of its own. */
function isByName({ tensors = {} }: CheckedOp["op"]): boolean {
  return Object.keys(tensors).length === 0;
}

export function nameOf({ op }: CheckedOp, { key, form }: ArchTensor): string {
  const given = op.tensors?.[key];
  if (typeof given === "string") return given;
  const prefix = op.weights ?? op.name;
  if (form.suffix === "" || prefix === "") return `${prefix}${form.suffix}`;
  return `${prefix}.${form.suffix}`;
}

function shapesOf(form: TensorForm<AnyOp>, fields: object): readonly Shape[] {
  return typeof form.shapes === "function" ? form.shapes(fields as AnyOp) : form.shapes;
}

function expectedText(form: TensorForm<AnyOp>, fields: object, width: number): string {
  const sizes = new Sizes({ in: width });
  const shapes = shapesOf(form, fields).map((shape) => shapeText(sizes.resolved(shape)));
  return `shape ${shapes.join(" or ")}`;
}

function constant(
  value: number,
  { path }: CheckedOp,
  key: string,
  shapes: readonly Shape[],
  width: number,
): Tensor {
  const shape = new Sizes({ in: width }).resolved(shapes[0] ?? []);
  const sizes = shape.filter((size) => typeof size === "number");
  if (sizes.length === shape.length) return constantTensor(String(value), elementsOf(sizes), value);
  throw new BadArgument(`${path}.tensors.${key}`, "a tensor's name", `${value}, of no known size`);
}

/** Some rows of a weight, or elements of a bias, under a name that says which. */
export function rowsOfTensor(tensor: Tensor, part: string, first: number, count: number): Tensor {
  const [rows = 0, ...rest] = tensor.shape;
  const columns = elementsOf(rest);
  if (first + count > rows) {
    const expected = `${first + count} rows or more`;
    throw new BadCheckpoint(tensor.name, expected, shapeText(tensor.shape));
  }
  const data = tensor.data.subarray(first * columns, (first + count) * columns);
  return { name: `${tensor.name}[${part}]`, shape: [count, ...rest], data };
}

/** Elements of a vector, each through `map` in double, rounded once; of one element as many as are wanted. */
export function mappedVector(
  tensor: Tensor,
  width: number,
  map: (value: number) => number,
): Tensor {
  const { name, data } = tensor;
  if (data.length !== 1 && data.length !== width) {
    throw new BadCheckpoint(name, `${width} elements, as its operator's input`, `${data.length}`);
  }
  const at = (i: number) => data[data.length === 1 ? 0 : i] as number;
  const mapped = Float32Array.from({ length: width }, (_, i) => map(at(i)));
  const bad = mapped.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return { name, shape: [width], data: mapped };
  throw new BadCheckpoint(quoted(name), "elements that may be divided by", `${at(bad)}`);
}

const LONGEST_WAVE = 10_000;

/** Row t is sin(t f), cos(t f) for frequencies f that fall from 1 (Vaswani et al., arXiv 1706.03762, 3.5). */
export function sinusoids(name: string, rows: number, width: number): Tensor {
  const data = Float32Array.from({ length: rows * width }, (_, i) => {
    const [row, channel] = [Math.floor(i / width), i % width];
    const angle = row / LONGEST_WAVE ** ((2 * Math.floor(channel / 2)) / width);
    return channel % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
  });
  return { name, shape: [rows, width], data };
}
