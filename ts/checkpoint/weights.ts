/**
 * A state dict's tensors under the names a network asks for, checked as they are taken: present,
 * of the right shape, finite. Knows nothing of how the tensors are put together.
 */
import { BadCheckpoint, NonFinite } from "../core/errors.js";
import type { Tensor } from "../network.js";
import { formatShape } from "./elements.js";
import type { OtherTensor, StateDict } from "./state-dict.js";

/** A size that is given, or a name for one that is to be found out, such as "dInner". */
export type Dimension = number | string;

/** Turns a name in the file into the name a network asks for; undefined: leave the tensor out. */
export type Rename = (name: string) => string | undefined;

/** Prefixes that PyTorch's own wrappers (DataParallel, torch.compile) put before every name. */
const MODULE_PREFIXES = ["module.", "_orig_mod."];

export class Weights {
  private readonly tensors: ReadonlyMap<string, Tensor>;
  private readonly others: ReadonlyMap<string, OtherTensor>;
  private readonly used = new Set<string>();
  private readonly finite = new Set<Float32Array>();

  /** @throws BadCheckpoint when two tensors get the same name. */
  constructor(stateDict: StateDict, rename: Rename = (name) => name) {
    const strip = prefixStripper([...stateDict.tensors.keys(), ...stateDict.others.keys()]);
    const nameOf: Rename = (name) => rename(strip(name));
    this.tensors = renameKeys(stateDict.tensors, nameOf);
    this.others = renameKeys(stateDict.others, nameOf);
  }

  /** Every name, integer tensors' included. */
  names(): string[] {
    return [...this.tensors.keys(), ...this.others.keys()];
  }

  has(name: string): boolean {
    return this.tensors.has(name) || this.others.has(name);
  }

  /** Sizes of a tensor, if there is one of that name. */
  shapeOf(name: string): readonly number[] | undefined {
    return (this.tensors.get(name) ?? this.others.get(name))?.shape;
  }

  /**
   * The tensor of that name.
   *
   * @param shapes what it may be shaped like; names stand for any size of 1 or more.
   * @throws BadCheckpoint when it is missing, of another shape or not floating point.
   * @throws NonFinite when an element is NaN or infinite.
   */
  take(name: string, ...shapes: (readonly Dimension[])[]): Tensor {
    const expected = shapes.map(formatShape).join(" or ");
    const tensor = this.tensors.get(name);
    if (tensor === undefined) throw this.absent(name, expected);
    if (!shapes.some((shape) => fits(tensor.shape, shape))) {
      throw new BadCheckpoint(tensor.name, `shape ${expected}`, formatShape(tensor.shape));
    }
    this.requireFinite(tensor);
    this.used.add(name);
    return tensor;
  }

  /** The same, or nothing when no tensor has that name. */
  takeIfPresent(name: string, ...shapes: (readonly Dimension[])[]): Tensor | undefined {
    return this.has(name) ? this.take(name, ...shapes) : undefined;
  }

  /** Names that nothing took, integer tensors with their type and shape. */
  unused(): string[] {
    return this.names()
      .filter((name) => !this.used.has(name))
      .map((name) => this.describe(name));
  }

  /** The name; for a tensor that is not floating point, with its type and shape. */
  describe(name: string): string {
    const other = this.others.get(name);
    return other === undefined ? name : `${name} (${other.type} ${formatShape(other.shape)})`;
  }

  private absent(name: string, expected: string): BadCheckpoint {
    const other = this.others.get(name);
    if (other === undefined) return new BadCheckpoint(name, `shape ${expected}`, "no such tensor");
    return new BadCheckpoint(name, "floating-point elements", `${other.type} elements`);
  }

  private requireFinite({ name, shape, data }: Tensor): void {
    if (this.finite.has(data)) return;
    for (let i = 0; i < data.length; i++) {
      const value = data[i] as number;
      if (!Number.isFinite(value)) throw new NonFinite(name, positionOf(i, shape), value);
    }
    this.finite.add(data);
  }
}

function prefixStripper(names: readonly string[]): (name: string) => string {
  let strip = 0;
  for (;;) {
    const common = MODULE_PREFIXES.find((prefix) =>
      names.every((name) => name.startsWith(prefix, strip)),
    );
    if (common === undefined || names.length === 0) break;
    strip += common.length;
  }
  return (name) => name.slice(strip);
}

function renameKeys<T>(map: ReadonlyMap<string, T>, nameOf: Rename): ReadonlyMap<string, T> {
  const renamed = new Map<string, T>();
  for (const [original, value] of map) {
    const name = nameOf(original);
    if (name === undefined) continue;
    if (renamed.has(name)) {
      throw new BadCheckpoint(original, "a name of its own", `${name}, as another tensor`);
    }
    renamed.set(name, value);
  }
  return renamed;
}

function fits(shape: readonly number[], expected: readonly Dimension[]): boolean {
  if (shape.length !== expected.length) return false;
  return expected.every((dim, i) => (typeof dim === "number" ? shape[i] === dim : shape[i] !== 0));
}

/** Index of a flat row-major position, one number a dimension. */
function positionOf(flat: number, shape: readonly number[]): number[] {
  const position: number[] = [];
  let rest = flat;
  for (const dim of [...shape].reverse()) {
    position.unshift(rest % dim);
    rest = Math.floor(rest / dim);
  }
  return position;
}
