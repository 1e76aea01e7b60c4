/**
 * A state dict's tensors under the names a network asks for, checked as they are taken: present,
 * of the right shape, finite. Knows nothing of how the tensors are put together.
 */
import { BadCheckpoint, NonFinite } from "../core/errors.js";
import type { Tensor } from "../graph/network.js";
import { positionOf } from "../graph/tensor.js";
import { quoted } from "../plain-text.js";
import { formatShape } from "./elements.js";
import type { OtherTensor, StateDict } from "./state-dict.js";

/** What becomes of the names of a file. */
export interface Naming {
  /** The name a network asks for; undefined: no rule says anything of this name. */
  rename(name: string): string | undefined;
  /** The rule that leaves the tensor out, if one does. */
  ignoredBy(name: string): string | undefined;
}

const AS_THEY_ARE: Naming = { rename: () => undefined, ignoredBy: () => undefined };

/**
 * Prefixes that wrappers put before every name: DataParallel, torch.compile, and the modules that
 * training frameworks keep a network in (Lightning: usually `model` or `net`).
 */
const WRAPPER_PREFIXES = ["module.", "_orig_mod.", "model.", "net."];
const MAX_WRAPPERS = 8;

export class Weights {
  private readonly tensors: ReadonlyMap<string, Tensor>;
  private readonly others: ReadonlyMap<string, OtherTensor>;
  /** Tensors that are left out, with the rule that does it. */
  private readonly ignored = new Map<string, string>();
  /** What every name of the file begins with, all wrappers first, "" last. */
  private readonly prefixes: readonly string[];
  private readonly used = new Set<string>();
  private readonly finite = new Set<Float32Array>();
  private readonly byData = new Map<Float32Array, Tensor>();

  /** @throws BadCheckpoint when two tensors get the same name. */
  constructor(stateDict: StateDict, naming: Naming = AS_THEY_ARE) {
    this.prefixes = wrapperPrefixes([...stateDict.tensors.keys(), ...stateDict.others.keys()]);
    this.tensors = this.renamed(stateDict.tensors, naming);
    this.others = this.renamed(stateDict.others, naming);
  }

  /** Every name, integer tensors' included. */
  names(): string[] {
    return [...this.tensors.keys(), ...this.others.keys()];
  }

  has(asked: string): boolean {
    const name = this.resolve(asked);
    return this.tensors.has(name) || this.others.has(name);
  }

  /** Whether the file has it, be it left out or not. */
  isInFile(name: string): boolean {
    return this.has(name) || this.ignored.has(this.resolve(name));
  }

  /** Sizes of a tensor, if there is one of that name. */
  shapeOf(asked: string): readonly number[] | undefined {
    const name = this.resolve(asked);
    return (this.tensors.get(name) ?? this.others.get(name))?.shape;
  }

  /**
   * The tensor of that name. Tensors of one shape that share their data in the file are one object.
   *
   * @param expected what it should be, for a message: "shape [3, 4]".
   * @throws BadCheckpoint when it is missing, left out or not floating point.
   * @throws NonFinite when an element is NaN or infinite.
   */
  take(asked: string, expected: string): Tensor {
    const name = this.resolve(asked);
    const tensor = this.tensors.get(name);
    if (tensor === undefined) throw this.absent(name, expected);
    this.requireFinite(tensor);
    this.used.add(name);
    const same = this.byData.get(tensor.data);
    if (same !== undefined && String(same.shape) === String(tensor.shape)) return same;
    this.byData.set(tensor.data, tensor);
    return tensor;
  }

  /** The same, or nothing when the file has no tensor of that name. */
  takeIfPresent(name: string, expected: string): Tensor | undefined {
    return this.isInFile(name) ? this.take(name, expected) : undefined;
  }

  /** Names that nothing took, integer tensors with their type and shape; no counters of training. */
  unused(): string[] {
    return this.names()
      .filter((name) => !this.used.has(name) && !this.isCounter(name))
      .map((name) => this.describe(name));
  }

  /** The name; for a tensor that is not floating point, with its type and shape. */
  describe(name: string): string {
    const other = this.others.get(name);
    return other === undefined ? name : `${name} (${other.type} ${formatShape(other.shape)})`;
  }

  /** The name; for a tensor that is left out, with the rule that does it. */
  describeMissing(name: string): string {
    const rule = this.ignored.get(this.resolve(name));
    return rule === undefined ? name : `${name} (left out by ignore ${quoted(rule)})`;
  }

  /** How many batches a BatchNorm has seen is no weight. */
  private isCounter(name: string): boolean {
    return this.others.has(name) && /(^|\.)num_batches_tracked$/.test(name);
  }

  /** The name of a tensor that is asked for with wrappers' prefixes, which an arch file may give. */
  private resolve(asked: string): string {
    const prefix = this.prefixes.find((candidate) => asked.startsWith(candidate)) ?? "";
    const short = asked.slice(prefix.length);
    const isKnown = (name: string): boolean =>
      this.tensors.has(name) || this.others.has(name) || this.ignored.has(name);
    return !isKnown(asked) && isKnown(short) ? short : asked;
  }

  private renamed<T>(map: ReadonlyMap<string, T>, naming: Naming): ReadonlyMap<string, T> {
    const result = new Map<string, T>();
    for (const [original, value] of map) {
      const variants = this.variantsOf(original);
      const name = firstAnswer(variants, naming.rename) ?? (variants[0] as string);
      const rule = firstAnswer(variants, naming.ignoredBy);
      if (rule !== undefined) {
        this.ignored.set(name, rule);
        continue;
      }
      if (result.has(name)) {
        throw new BadCheckpoint(original, "a name of its own", `${name}, as another tensor`);
      }
      result.set(name, value);
    }
    return result;
  }

  /** A name without the wrappers' prefixes, then with one after the other, as rules may give it. */
  private variantsOf(original: string): string[] {
    const [all = ""] = this.prefixes;
    return this.prefixes.toReversed().map((prefix) => original.slice(all.length - prefix.length));
  }

  private absent(name: string, expected: string): BadCheckpoint {
    const rule = this.ignored.get(name);
    if (rule !== undefined) {
      const got = `a tensor that ${quoted(rule)} in the arch file's ignore leaves out`;
      return new BadCheckpoint(name, expected, got);
    }
    const other = this.others.get(name);
    if (other === undefined) return new BadCheckpoint(name, expected, "no such tensor");
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

/** What all names begin with: all wrappers, all but the outermost, ..., nothing. */
function wrapperPrefixes(names: readonly string[]): string[] {
  const found: string[] = [];
  for (let at = 0; names.length > 0 && found.length < MAX_WRAPPERS; ) {
    const common = WRAPPER_PREFIXES.find((prefix) =>
      names.every((name) => name.startsWith(prefix, at)),
    );
    if (common === undefined) break;
    found.push(common);
    at += common.length;
  }
  return [...found.map((_, i) => found.slice(i).join("")), ""];
}

function firstAnswer(
  names: readonly string[],
  ask: (name: string) => string | undefined,
): string | undefined {
  for (const name of names) {
    const answer = ask(name);
    if (answer !== undefined) return answer;
  }
  return undefined;
}
