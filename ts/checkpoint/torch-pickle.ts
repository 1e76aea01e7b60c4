/**
 * The globals and persistent ids that `torch.save` writes for a state dict, as inert descriptions
 * of tensors and storages. Knows nothing of where a storage's bytes are.
 */
import { UnsafePickle } from "../core/errors.js";
import { quoted } from "../plain-text.js";
import type { ElementType } from "./elements.js";
import {
  badPickle,
  ForeignGlobal,
  PickleGlobal,
  type PickleHost,
  PickleObject,
  PickleTuple,
  type PickleValue,
  SAVE_STATE_DICT_HINT,
} from "./pickle.js";
import { unsafeGlobal } from "./pickle-globals.js";

/** A flat run of elements, kept elsewhere in the file under `key`. */
export class TorchStorage extends PickleObject {
  constructor(
    readonly key: string,
    readonly type: ElementType,
    /** Number of elements, as declared: not yet checked against any bytes. */
    readonly count: number,
  ) {
    super();
  }
}

/** A strided view into a storage; sizes, strides and offset in elements, as declared. */
export class TorchTensor extends PickleObject {
  constructor(
    readonly storage: TorchStorage,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {
    super();
  }
}

/** Answers for one pickle, and remembers the storages it mentioned. */
export class TorchPickleHost implements PickleHost {
  readonly storages = new Map<string, TorchStorage>();
  readonly #foreign = new Map<string, ForeignGlobal>();

  find(name: string): PickleGlobal | undefined {
    return GLOBALS.get(name);
  }

  foreign(name: string): ForeignGlobal {
    const known = this.#foreign.get(name) ?? new ForeignGlobal(name);
    this.#foreign.set(name, known);
    return known;
  }

  /**
   * Of a file that is no module: a name that nothing but a call has a use for.
   * @throws UnsafePickle
   */
  refuseIdleNames(): void {
    const idle = [...this.#foreign.values()].find(({ isClass }) => !isClass);
    if (idle !== undefined) throw unsafeGlobal(idle.name);
  }

  /**
   * The id of a storage: ("storage", type, key, location, element count[, no view]); or, in legacy files, of a
   * module's class: ("module", class, path and text of its source).
   */
  persistentLoad(id: PickleValue): TorchStorage | ForeignGlobal {
    const [kind, named] = id instanceof PickleTuple ? id.items : [];
    if (kind === "module" && named instanceof ForeignGlobal) return named;
    return this.#storage(id);
  }

  #storage(id: PickleValue): TorchStorage {
    const [tag, type, key, location, count, view] = id instanceof PickleTuple ? id.items : [];
    if (tag !== "storage") {
      const shown = typeof tag === "string" ? quoted(tag) : "of unknown form";
      throw new UnsafePickle(`persistent id ${shown}`, SAVE_STATE_DICT_HINT);
    }
    const elementType = type instanceof PickleGlobal ? STORAGE_TYPES.get(type.name) : undefined;
    if (elementType === undefined) throw badPickle("a storage of unknown element type");
    if (typeof key !== "string" || typeof location !== "string") {
      throw badPickle("a storage without a key or location");
    }
    if (view !== undefined && view !== null) {
      throw badPickle(`storage ${key} is a view of another, as PyTorch before 0.4 wrote`);
    }
    return this.#remember(new TorchStorage(key, elementType, requireSize(count, "storage size")));
  }

  #remember(storage: TorchStorage): TorchStorage {
    const known = this.storages.get(storage.key);
    if (known === undefined) {
      this.storages.set(storage.key, storage);
      return storage;
    }
    if (known.type !== storage.type || known.count !== storage.count) {
      throw badPickle(
        `storage ${storage.key} is both ${known.type} [${known.count}] and ` +
          `${storage.type} [${storage.count}]`,
      );
    }
    return known;
  }
}

/** PyTorch's own limit. */
const MAX_DIMENSIONS = 64;

const STORAGE_TYPES: ReadonlyMap<string, ElementType> = new Map([
  ["torch.FloatStorage", "float32"],
  ["torch.DoubleStorage", "float64"],
  ["torch.HalfStorage", "float16"],
  ["torch.BFloat16Storage", "bfloat16"],
  ["torch.LongStorage", "int64"],
  ["torch.IntStorage", "int32"],
  ["torch.ShortStorage", "int16"],
  ["torch.CharStorage", "int8"],
  ["torch.ByteStorage", "uint8"],
  ["torch.BoolStorage", "bool"],
]);

/** Values that a training checkpoint may mention beside its tensors. */
const CONSTANTS = [
  "torch.Tensor",
  "torch.nn.parameter.Parameter",
  "torch.float16",
  "torch.bfloat16",
  "torch.float32",
  "torch.float64",
  "torch.int8",
  "torch.int16",
  "torch.int32",
  "torch.int64",
  "torch.uint8",
  "torch.bool",
];

const GLOBALS: ReadonlyMap<string, PickleGlobal> = new Map(
  [
    new PickleGlobal("torch._utils._rebuild_tensor", rebuildTensor),
    new PickleGlobal("torch._utils._rebuild_tensor_v2", rebuildTensor),
    new PickleGlobal("torch._utils._rebuild_parameter", rebuildParameter),
    new PickleGlobal("torch._utils._rebuild_parameter_with_state", rebuildParameter),
    new PickleGlobal("torch._tensor._rebuild_from_type_v2", rebuildFromType),
    new PickleGlobal("torch.Size", makeSize),
    new PickleGlobal("torch.device", (args) => new PickleTuple(args)),
    ...[...STORAGE_TYPES.keys(), ...CONSTANTS].map((name) => new PickleGlobal(name)),
  ].map((global) => [global.name, global]),
);

/** (storage, offset, shape, strides, requires_grad, hooks[, metadata]); the first four matter. */
function rebuildTensor(args: readonly PickleValue[]): TorchTensor {
  const [storage, offset, shape, strides, , , metadata] = args;
  if (!(storage instanceof TorchStorage)) throw badPickle("a tensor without a storage");
  // Lazy conjugation and negation are views that change the values.
  if (metadata instanceof Map && metadata.size > 0) {
    throw badPickle("a tensor with the lazy conj or neg bit; save tensor.resolve_neg() instead");
  }
  const sizes = requireSizes(shape, "tensor shape");
  const steps = requireSizes(strides, "tensor strides");
  if (sizes.length !== steps.length) {
    throw badPickle(`a tensor of ${sizes.length} sizes and ${steps.length} strides`);
  }
  return new TorchTensor(storage, requireSize(offset, "tensor offset"), sizes, steps);
}

/** (tensor, requires_grad, hooks[, state]) */
function rebuildParameter(args: readonly PickleValue[]): TorchTensor {
  const tensor = args[0];
  if (!(tensor instanceof TorchTensor)) throw badPickle("a parameter without a tensor");
  return tensor;
}

/** (function, type, its arguments, state): a tensor with Python attributes, which are dropped. */
function rebuildFromType(args: readonly PickleValue[]): PickleValue {
  const [rebuild, , inner] = args;
  const call = rebuild instanceof PickleGlobal ? rebuild.call : undefined;
  const isRebuild = call === rebuildTensor || call === rebuildParameter;
  if (!isRebuild || !(inner instanceof PickleTuple)) {
    throw badPickle("a tensor rebuilt in an unknown way");
  }
  return call(inner.items);
}

/** A `torch.Size` is a tuple of sizes. */
function makeSize(args: readonly PickleValue[]): PickleTuple {
  return new PickleTuple(requireSizes(args[0], "torch.Size"));
}

function requireSizes(value: PickleValue | undefined, what: string): readonly number[] {
  if (!(value instanceof PickleTuple)) throw badPickle(`${what} is not a tuple`);
  const { items } = value;
  if (items.length > MAX_DIMENSIONS) throw badPickle(`${what} has ${items.length} dimensions`);
  for (const item of items) requireSize(item, what);
  // Shared, not copied: a file of many small calls would otherwise cost many times its bytes.
  return items as readonly number[];
}

function requireSize(value: PickleValue | undefined, what: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
    throw badPickle(`${what} is not a non-negative integer`);
  }
  return value;
}
