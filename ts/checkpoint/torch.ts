/**
 * Reads what `torch.save` writes, the zip format (PyTorch 1.6 and later) and the legacy one, as a
 * state dict. Knows the container and strided views; the pickle itself is read by others, and
 * what the tensors mean is not known here.
 */
import { BadCheckpoint, BadFile, UnsafePickle } from "../core/errors.js";
import type { Tensor } from "../graph/network.js";
import { hasText, looksLike } from "../looks-like.js";
import { abbreviate, describe as describePlain } from "../plain-text.js";
import {
  ELEMENT_BYTES,
  elementCount,
  elementReader,
  formatShape,
  isFloatType,
} from "./elements.js";
import {
  badPickle,
  ForeignGlobal,
  ForeignObject,
  PickleGlobal,
  PickleObject,
  PickleTuple,
  type PickleValue,
  readPickle,
} from "./pickle.js";
import { isSavedModule, moduleContents } from "./saved-module.js";
import type { OtherTensor, StateDict } from "./state-dict.js";
import { TorchPickleHost, type TorchStorage, TorchTensor } from "./torch-pickle.js";
import { openZip, type ZipArchive } from "./zip.js";

/**
 * Reads a `.pth` or `.pt` state dict. float16, bfloat16 and float64 become float32 (rounded once,
 * to nearest even); views into one storage are followed, and equal views share their data. A dict
 * that wraps the state dict is unwrapped. A module that was saved whole is read as its state dict, with what its
 * parts are; none of its code is looked for.
 *
 * @throws UnsafePickle when the file asks for anything but tensors and containers.
 * @throws BadFile when the file is malformed or of another kind.
 * @throws BadCheckpoint when what was saved is not a state dict.
 */
export function readTorch(bytes: Uint8Array): StateDict {
  const { root, storages, host } = isZip(bytes) ? readZip(bytes) : readLegacy(bytes);
  const saved = unwrap(root);
  const materializer = new Materializer(storages);
  if (saved instanceof ForeignObject) {
    const { modules, tensors } = moduleContents(saved);
    return { ...collectTensors(tensors, materializer), modules };
  }
  host.refuseIdleNames();
  return collectTensors(saved, materializer);
}

/** Whether the bytes begin like a file of torch.save. */
export function isTorch(bytes: Uint8Array): boolean {
  return isZip(bytes) || isPickle(bytes);
}

/** Keys under which training scripts keep the state dict, beside an optimizer's and others. */
const WRAPPER_KEYS = ["state_dict", "model_state_dict", "model"];

/** Wrappers within wrappers; a bound, because a dict can contain itself. */
const MAX_WRAPPERS = 4;

/** Views may repeat elements (a stride of 0), so a file can declare more of them than it has. */
const MAX_ELEMENTS_PER_STORED_BYTE = 1;
const REPETITION_ALLOWANCE_ELEMENTS = 1 << 22;

interface SavedObject {
  readonly root: PickleValue;
  readonly storages: StorageBytes;
  readonly host: TorchPickleHost;
}

/** Exactly the little-endian bytes of each storage, by key. */
type StorageBytes = ReadonlyMap<string, Uint8Array>;

function bad(reason: string): BadFile {
  return new BadFile("pth", reason);
}

function isZip(bytes: Uint8Array): boolean {
  return hasText(bytes, 0, "PK\x03\x04");
}

function isPickle(bytes: Uint8Array): boolean {
  const [proto = 0, version = 0] = bytes;
  return proto === 0x80 && version >= 2 && version <= 5;
}

function storageByteLength(storage: TorchStorage): number {
  return storage.count * ELEMENT_BYTES[storage.type];
}

/* ---- zip: <prefix>/data.pkl and one entry <prefix>/data/<key> a storage ---- */

function readZip(bytes: Uint8Array): SavedObject {
  const archive = openZip(bytes, "pth");
  const prefix = findPrefix(archive);
  checkByteOrder(archive, `${prefix}byteorder`);
  const pickle = unpackOne(archive, `${prefix}data.pkl`) as Uint8Array;
  const host = new TorchPickleHost();
  const { value, end } = explainingLightning(pickle, () => readPickle(pickle, 0, host));
  if (end !== pickle.length) throw badPickle(`${pickle.length - end} bytes after its end`);
  return { root: value, storages: unpackStorages(archive, prefix, host), host };
}

const LIGHTNING = "pytorch-lightning_version";

/** Lightning puts objects of any kind beside the weights: what is left then is to take them out. */
function explainingLightning<T>(pickle: Uint8Array, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof UnsafePickle) || !includesText(pickle, LIGHTNING)) throw error;
    const advice =
      "a Lightning checkpoint with pickled objects beside its weights: in your own environment, " +
      'torch.save(torch.load(path)["state_dict"], "weights.pth") leaves the weights';
    throw new UnsafePickle(error.refused, advice);
  }
}

function includesText(bytes: Uint8Array, text: string): boolean {
  const first = text.charCodeAt(0);
  for (let at = bytes.indexOf(first); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (hasText(bytes, at, text)) return true;
  }
  return false;
}

function findPrefix({ names }: ZipArchive): string {
  const pickles = names.filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  const isScript = names.some((name) => /^[^/]+\/(constants\.pkl$|code\/)/.test(name));
  if (isScript) {
    throw bad(
      "it is a TorchScript archive, whose code is not read: in Python, " +
        "torch.save(torch.jit.load(path).state_dict(), other), or export the module itself (mambalite torch)",
    );
  }
  if (pickles.length !== 1) {
    const isNpz = names.length > 0 && names.every((name) => name.endsWith(".npy"));
    const kind = isNpz ? "it looks like a NumPy .npz archive" : "it is some other zip archive";
    throw bad(`${kind}: ${pickles.length} entries named <name>/data.pkl`);
  }
  return (pickles[0] as string).slice(0, -"data.pkl".length);
}

function checkByteOrder(archive: ZipArchive, name: string): void {
  const file = unpackOne(archive, name);
  if (file !== undefined && !(file.length === "little".length && hasText(file, 0, "little"))) {
    throw bad("only little-endian files are supported");
  }
}

function unpackOne(archive: ZipArchive, name: string): Uint8Array | undefined {
  return archive.unpack(new Set([name])).get(name);
}

function unpackStorages(
  archive: ZipArchive,
  prefix: string,
  { storages }: TorchPickleHost,
): StorageBytes {
  const entryName = (key: string): string => `${prefix}data/${key}`;
  const files = archive.unpack(new Set([...storages.keys()].map(entryName)));
  const result = new Map<string, Uint8Array>();
  for (const storage of storages.values()) {
    const file = files.get(entryName(storage.key));
    const needed = storageByteLength(storage);
    if (file === undefined) throw bad(`storage ${storage.key} is missing from the archive`);
    if (file.length !== needed) {
      throw bad(`storage ${storage.key} should have ${needed} bytes, has ${file.length}`);
    }
    result.set(storage.key, file);
  }
  return result;
}

/* ---- legacy: five pickles (magic, version, system, object, storage keys), then storages ---- */

const LEGACY_MAGIC = 0x1950a86a20f9469cfc6cn;
const LEGACY_VERSION = 1001;
const LEGACY_COUNT_BYTES = 8;

function readLegacy(bytes: Uint8Array): SavedObject {
  if (!isPickle(bytes)) throw bad(looksLike(bytes));
  const host = new TorchPickleHost();
  let at = 0;
  const next = (): PickleValue => {
    const { value, end } = readPickle(bytes, at, host);
    at = end;
    return value;
  };
  if (next() !== LEGACY_MAGIC) throw bad("a pickle, but not written by torch.save");
  const version = next();
  if (version !== LEGACY_VERSION) throw bad(`unknown protocol version ${describe(version)}`);
  const system = next();
  if (!(system instanceof Map) || system.get("little_endian") !== true) {
    throw bad("only little-endian files are supported");
  }
  const root = next();
  const keys = next();
  if (!Array.isArray(keys)) throw bad("the list of storage keys is not a list");
  return { root, storages: sliceStorages(bytes, at, keys, host), host };
}

function sliceStorages(
  bytes: Uint8Array,
  start: number,
  keys: readonly PickleValue[],
  { storages }: TorchPickleHost,
): StorageBytes {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const result = new Map<string, Uint8Array>();
  let at = start;
  for (const key of keys) {
    const storage = typeof key === "string" ? storages.get(key) : undefined;
    if (storage === undefined || result.has(storage.key)) {
      throw bad(`storage key ${describe(key)} is repeated or belongs to no tensor`);
    }
    const end = at + LEGACY_COUNT_BYTES + storageByteLength(storage);
    if (end > bytes.length) throw bad(`truncated in storage ${storage.key}`);
    const count = Number(view.getBigInt64(at, true));
    if (count !== storage.count) {
      throw bad(`storage ${storage.key} should have ${storage.count} elements, has ${count}`);
    }
    result.set(storage.key, bytes.subarray(at + LEGACY_COUNT_BYTES, end));
    at = end;
  }
  if (result.size !== storages.size) throw bad("a storage is missing from the list of keys");
  if (at !== bytes.length) throw bad(`${bytes.length - at} bytes after the last storage`);
  return result;
}

/* ---- from the saved object to tensors ---- */

/** The state dict, or the module, without the dicts around it. */
function unwrap(root: PickleValue): ReadonlyMap<PickleValue, PickleValue> | ForeignObject {
  if (isSavedModule(root)) return root;
  let dict = requireDict(root);
  for (let depth = 0; depth < MAX_WRAPPERS; depth++) {
    const wrappers = WRAPPER_KEYS.filter((key) => {
      const value = dict.get(key);
      return value instanceof Map || isSavedModule(value);
    });
    if (wrappers.length > 1) {
      throw new BadCheckpoint(wrappers.join(", "), "one wrapped state dict", `${wrappers.length}`);
    }
    const [wrapper] = wrappers;
    if (wrapper === undefined) break;
    const inner = dict.get(wrapper) ?? null;
    if (isSavedModule(inner)) return inner;
    dict = requireDict(inner);
  }
  return dict;
}

function requireDict(value: PickleValue): ReadonlyMap<PickleValue, PickleValue> {
  if (value instanceof Map) return value;
  throw new BadCheckpoint("the saved object", "a state dict", describe(value));
}

function collectTensors(
  dict: ReadonlyMap<PickleValue, PickleValue | TorchTensor>,
  materializer: Materializer,
): StateDict {
  const tensors = new Map<string, Tensor>();
  const others = new Map<string, OtherTensor>();
  for (const [name, value] of dict) {
    if (!(value instanceof TorchTensor)) continue;
    if (typeof name !== "string") {
      throw new BadCheckpoint("a key of the state dict", "a string", describe(name));
    }
    const { shape } = value;
    const { type } = value.storage;
    if (isFloatType(type)) tensors.set(name, { name, shape, data: materializer.read(name, value) });
    else others.set(name, { name, type, shape });
  }
  if (tensors.size === 0) {
    throw new BadCheckpoint("the saved dict", "tensors by name", describeKeys(dict));
  }
  return { format: "pth", tensors, others, metadata: new Map() };
}

/** Turns strided views into row-major float32 arrays, each distinct view once. */
class Materializer {
  private readonly views = new Map<TorchStorage, Map<string, Float32Array>>();
  private budget: number;

  constructor(private readonly storages: StorageBytes) {
    let elements = REPETITION_ALLOWANCE_ELEMENTS;
    for (const bytes of storages.values()) elements += MAX_ELEMENTS_PER_STORED_BYTE * bytes.length;
    this.budget = elements;
  }

  read(name: string, tensor: TorchTensor): Float32Array {
    const { storage, offset, shape, strides } = tensor;
    const views = this.views.get(storage) ?? new Map<string, Float32Array>();
    this.views.set(storage, views);
    const view = [offset, shape.join(","), strides.join(",")].join(":");
    const known = views.get(view);
    if (known !== undefined) return known;
    checkRange(name, tensor);
    this.budget -= elementCount(shape);
    if (this.budget < 0) {
      throw bad(`${name} ${formatShape(shape)}: its views repeat far more data than the file has`);
    }
    const data = gather(tensor, this.storages.get(storage.key) as Uint8Array);
    views.set(view, data);
    return data;
  }
}

function checkRange(name: string, { storage, offset, shape, strides }: TorchTensor): void {
  if (elementCount(shape) === 0) return;
  const last = shape.reduce((at, dim, i) => at + (dim - 1) * (strides[i] as number), offset);
  if (last >= storage.count) {
    throw bad(
      `${name}: shape ${formatShape(shape)}, strides ${formatShape(strides)}, offset ${offset} ` +
        `reach element ${last} of a storage of ${storage.count}`,
    );
  }
}

/** The view's elements in row-major order. */
function gather({ storage, offset, shape, strides }: TorchTensor, bytes: Uint8Array): Float32Array {
  const step = ELEMENT_BYTES[storage.type];
  const read = elementReader(bytes, storage.type, true);
  const out = new Float32Array(elementCount(shape));
  const index = shape.map(() => 0);
  let source = offset;
  for (let i = 0; i < out.length; i++) {
    out[i] = read(source * step);
    for (let dim = shape.length - 1; dim >= 0; dim--) {
      const stride = strides[dim] as number;
      const next = (index[dim] as number) + 1;
      if (next < (shape[dim] as number)) {
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

function describeKeys(dict: ReadonlyMap<PickleValue, PickleValue>): string {
  if (dict.size === 0) return "an empty dict";
  const keys = abbreviate([...dict.keys()].map(describe));
  return `a dict of ${keys} without a tensor of floating-point numbers`;
}

function describe(value: PickleValue): string {
  if (value === null) return "None";
  if (value instanceof TorchTensor) return `a tensor of shape ${formatShape(value.shape)}`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (value instanceof PickleTuple) return `a tuple of ${value.items.length}`;
  if (value instanceof Map) return "a dict";
  if (value instanceof Set) return "a set";
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (value instanceof PickleGlobal || value instanceof ForeignGlobal) return value.name;
  if (value instanceof ForeignObject) return `an object of ${value.type.name}, which is no module`;
  return value instanceof PickleObject ? "a storage" : describePlain(value);
}
