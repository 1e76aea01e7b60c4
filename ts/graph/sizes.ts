/**
 * Shapes with names in them, such as [2 inner, in]: what an op's tensors have to look like, and the sizes
 * that follow from those that are there. Knows nothing of particular ops.
 */
import { BadCheckpoint } from "../core/errors.js";
import { assertElements, type Tensor } from "./tensor.js";

/**
 * A size, the name of one, or a sum of names with factors: "2 inner", "rank + 2 states". A name that is
 * not known yet and stands alone takes the size that it meets.
 */
export type Dimension = number | string;
export type Shape = readonly Dimension[];

export class Sizes {
  readonly #known: Map<string, number>;

  constructor(known: Readonly<Record<string, number>>) {
    this.#known = new Map(Object.entries(known));
  }

  /** A size that is known by now: given, or taken from a tensor's shape. */
  get(name: string): number {
    const size = this.#known.get(name);
    if (size === undefined) throw new Error(`no size is called ${name}`);
    return size;
  }

  /** A dimension as far as it is known: a number, or itself. */
  resolve(dimension: Dimension): Dimension {
    if (typeof dimension === "number") return dimension;
    let sum = 0;
    for (const term of dimension.split(" + ")) {
      const words = term.split(" ");
      const [factor, name] = words.length === 2 ? [Number(words[0]), words[1]] : [1, words[0]];
      const size = this.#known.get(name ?? "") ?? Number(name);
      if (Number.isNaN(size)) return dimension;
      sum += factor * size;
    }
    return sum;
  }

  resolved(shape: Shape): Shape {
    return shape.map((dimension) => this.resolve(dimension));
  }

  /**
   * Takes the sizes of a tensor that has one of these shapes.
   * @throws BadCheckpoint when it has none of them
   */
  bind(tensor: Tensor, shapes: readonly Shape[]): void {
    const shape = shapes.find((candidate) => this.#fits(tensor.shape, candidate));
    if (shape === undefined) {
      const isUnknown = shapes.every((s) => this.resolved(s).every((d) => typeof d === "string"));
      const expected = shapes
        .map((candidate) =>
          shapeText(isUnknown ? candidate : this.#likely(tensor.shape, candidate)),
        )
        .join(" or ");
      const positive = isUnknown ? `, ${shapes[0]?.length} positive sizes` : "";
      throw new BadCheckpoint(tensor.name, `shape ${expected}${positive}`, shapeText(tensor.shape));
    }
    assertElements(tensor);
    shape.forEach((dimension, i) => {
      const resolved = this.resolve(dimension);
      if (typeof resolved === "string") this.#known.set(resolved, tensor.shape[i] as number);
    });
  }

  /** A shape for a message: sizes that are not known are those that the tensor has there. */
  #likely(sizes: readonly number[], shape: Shape): Shape {
    const resolved = this.resolved(shape);
    if (sizes.length !== shape.length) return resolved;
    return resolved.map((dimension, i) =>
      typeof dimension === "string" && isName(dimension) ? (sizes[i] as number) : dimension,
    );
  }

  #fits(sizes: readonly number[], shape: Shape): boolean {
    if (sizes.length !== shape.length) return false;
    return this.resolved(shape).every((dimension, i) => {
      const size = sizes[i] as number;
      const isSize = Number.isInteger(size) && size > 0;
      return isSize && (typeof dimension === "string" ? isName(dimension) : dimension === size);
    });
  }
}

/** Whether a name stands alone, so that a size can be taken for it. */
function isName(dimension: string): boolean {
  return !dimension.includes(" ");
}

export function shapeText(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}
