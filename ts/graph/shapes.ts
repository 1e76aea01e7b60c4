/**
 * The shapes in which a module takes its input and gives its outputs, and how their elements become the frames and
 * rows of the core. Plain data and index arithmetic; knows nothing of files or of the core.
 */

/** What a dimension is of; "one" is always 1. */
export const AXES = ["batch", "time", "channels", "one"] as const;
export type Axis = (typeof AXES)[number];

export interface InputShape {
  readonly axes: readonly Axis[];
  /** Of one example, the batch included. */
  readonly shape: readonly number[];
}

export interface OutputShape {
  readonly name: string;
  /** Absent: the elements are the core's in their order, in `shape`. */
  readonly axes?: readonly Axis[];
  readonly shape: readonly number[];
}

/** How the inputs and outputs of a module lie, where that is not [time, channels] and [rows, width]. */
export interface ModuleShapes {
  readonly input: InputShape;
  /** Index for index with the network's outputs. */
  readonly outputs: readonly OutputShape[];
}

/** Where the core's order has batch, time and channels, one behind the other. */
const CORE_ORDER: readonly Axis[] = ["batch", "time", "channels"];

/** A few words for messages: "[batch, channels, time]", with sizes that are known. */
export function axesText(axes: readonly Axis[], channels: number): string {
  const sizes: Readonly<Record<Axis, string>> = {
    batch: "N",
    time: "T",
    channels: String(channels),
    one: "1",
  };
  return `[${axes.map((axis) => sizes[axis]).join(", ")}]`;
}

/** The axes of an array of that many dimensions: all of them, or all but the batch. */
export function axesOfRank(axes: readonly Axis[], rank: number): readonly Axis[] | undefined {
  if (rank === axes.length) return axes;
  const without = axes.filter((axis) => axis !== "batch");
  return rank === without.length ? without : undefined;
}

/** [batch, time, channels] of an array; undefined when an axis "one" is not 1. */
export function coreSizes(
  axes: readonly Axis[],
  shape: readonly number[],
): readonly [batch: number, time: number, channels: number] | undefined {
  if (axes.some((axis, i) => axis === "one" && shape[i] !== 1)) return undefined;
  const [batch = 1, time = 1, channels = 1] = CORE_ORDER.map((axis) => {
    const at = axes.indexOf(axis);
    return at < 0 ? 1 : (shape[at] as number);
  });
  return [batch, time, channels];
}

type Elements = Float32Array | Int32Array | Float64Array;

/** The elements in the order batch, time, channels. */
export function inCoreOrder<T extends Elements>(
  data: T,
  axes: readonly Axis[],
  shape: readonly number[],
): T {
  const strides = stridesOf(shape);
  const order = CORE_ORDER.map((axis) => axes.indexOf(axis)).filter((at) => at >= 0);
  return permuted(
    data,
    order.map((at) => shape[at] as number),
    order.map((at) => strides[at] as number),
  );
}

/** What an array [rows, width], or [width], is in the module's own shape, without the batch. */
export function inModuleShape<T extends Elements>(
  data: T,
  rows: number,
  width: number,
  { axes, shape }: OutputShape,
): { readonly data: T; readonly shape: readonly number[] } {
  if (axes === undefined) return { data, shape: shape.slice(1) };
  const sizes: Readonly<Record<Axis, number>> = { batch: 1, time: rows, channels: width, one: 1 };
  const strides: Readonly<Record<Axis, number>> = { batch: 0, time: width, channels: 1, one: 0 };
  const own = axes.filter((axis) => axis !== "batch");
  const ownSizes = own.map((axis) => sizes[axis]);
  return {
    data: permuted(
      data,
      ownSizes,
      own.map((axis) => strides[axis]),
    ),
    shape: ownSizes,
  };
}

function stridesOf(shape: readonly number[]): number[] {
  let stride = 1;
  return shape
    .toReversed()
    .map((size) => {
      const own = stride;
      stride *= size;
      return own;
    })
    .reverse();
}

function permuted<T extends Elements>(
  data: T,
  sizes: readonly number[],
  strides: readonly number[],
): T {
  const out = data.slice() as T;
  const index = sizes.map(() => 0);
  let source = 0;
  for (let i = 0; i < out.length; i++) {
    out[i] = data[source] as number;
    for (let dim = sizes.length - 1; dim >= 0; dim--) {
      const next = (index[dim] as number) + 1;
      const stride = strides[dim] as number;
      if (next < (sizes[dim] as number)) {
        index[dim] = next;
        source += stride;
        break;
      }
      index[dim] = 0;
      source -= stride * (next - 1);
    }
  }
  return out;
}

/** The shapes that a blob's metadata, or a file's, say; undefined when there are none, or they are not right. */
export function shapesOf(value: unknown): ModuleShapes | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { input, outputs } = value as Partial<Record<"input" | "outputs", unknown>>;
  if (!isInputShape(input) || !Array.isArray(outputs) || !outputs.every(isOutputShape)) {
    return undefined;
  }
  return { input: { axes: input.axes, shape: input.shape }, outputs };
}

function isInputShape(value: unknown): value is InputShape {
  if (typeof value !== "object" || value === null) return false;
  const { axes, shape } = value as Partial<InputShape>;
  return areAxes(axes) && axes.includes("time") && isShape(shape) && axes.length === shape.length;
}

function isOutputShape(value: unknown): value is OutputShape {
  if (typeof value !== "object" || value === null) return false;
  const { name, axes, shape } = value as Partial<OutputShape>;
  if (typeof name !== "string" || !isShape(shape)) return false;
  return axes === undefined || (areAxes(axes) && axes.length === shape.length);
}

function areAxes(value: unknown): value is readonly Axis[] {
  if (!Array.isArray(value) || !value.every((axis) => AXES.includes(axis))) return false;
  const named = value.filter((axis) => axis !== "one");
  return new Set(named).size === named.length;
}

const MAX_DIMENSIONS = 8;

function isShape(value: unknown): value is readonly number[] {
  const isSize = (size: unknown) => Number.isSafeInteger(size) && (size as number) > 0;
  return Array.isArray(value) && value.length <= MAX_DIMENSIONS && value.every(isSize);
}
