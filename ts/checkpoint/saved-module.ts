/**
 * A module that was pickled whole (torch.save(model)): its parts by their paths, with tensors, class names and plain
 * attributes. Of everything else, hooks and functions, not even the values are looked at; which part runs when
 * is code, and not in the file.
 */
import { BadCheckpoint } from "../core/errors.js";
import { quoted } from "../plain-text.js";
import {
  ForeignGlobal,
  ForeignObject,
  PickleGlobal,
  type PickleMap,
  PickleTuple,
  type PickleValue,
} from "./pickle.js";
import { TorchTensor } from "./torch-pickle.js";

/** A number, a text or a truth value, or a short list of numbers such as a kernel size. */
export type Attribute = number | string | boolean | null | readonly number[];

/** One part of a module, or all of it. */
export interface SavedModule {
  /** "torch.nn.modules.conv.Conv1d" */
  readonly type: string;
  /** As in Python, without those that begin with "_"; of an object within, "config.d_model". */
  readonly attributes: ReadonlyMap<string, Attribute>;
}

/** What a whole module consists of; both by path, in the order of definition. */
export interface ModuleContents {
  readonly modules: ReadonlyMap<string, SavedModule>;
  readonly tensors: ReadonlyMap<string, TorchTensor>;
}

const MAX_DEPTH = 64;
const MAX_MODULES = 16_384;
/** Of all paths together: what shares its parts can have many times as many paths as bytes. */
const MAX_PATH_CHARACTERS = 1 << 21;
const MAX_ATTRIBUTES = 64;
const MAX_TEXT = 200;
const MAX_LISTED = 8;

export function isSavedModule(value: PickleValue | undefined): value is ForeignObject {
  return value instanceof ForeignObject && membersOf(value, "_modules") !== undefined;
}

/** @throws BadCheckpoint when it is too deep, or has too many parts. */
export function moduleContents(root: ForeignObject): ModuleContents {
  const walk = new Walk();
  walk.add(root, "", 0);
  return walk;
}

class Walk implements ModuleContents {
  readonly modules = new Map<string, SavedModule>();
  readonly tensors = new Map<string, TorchTensor>();
  #characters = 0;

  add(object: ForeignObject, path: string, depth: number): void {
    this.#count(path);
    if (depth > MAX_DEPTH || this.modules.size >= MAX_MODULES) {
      const most = `at most ${MAX_MODULES} parts, ${MAX_DEPTH} deep`;
      throw new BadCheckpoint(quoted(path), most, "more");
    }
    this.modules.set(path, { type: object.type.name, attributes: attributesOf(object) });
    const transient = transientBuffers(object);
    for (const group of ["_parameters", "_buffers"]) {
      for (const [name, value] of membersOf(object, group) ?? []) {
        if (!(value instanceof TorchTensor) || typeof name !== "string") continue;
        if (group === "_buffers" && transient.has(name)) continue;
        const full = joined(path, name);
        this.#count(full);
        this.tensors.set(full, value);
      }
    }
    for (const [name, part] of membersOf(object, "_modules") ?? []) {
      if (typeof name !== "string" || !isSavedModule(part)) continue;
      this.add(part, joined(path, name), depth + 1);
    }
  }

  #count(path: string): void {
    this.#characters += path.length + 1;
    if (this.#characters <= MAX_PATH_CHARACTERS) return;
    const most = `names of at most ${MAX_PATH_CHARACTERS} characters together`;
    throw new BadCheckpoint("the saved module", most, "more");
  }
}

function joined(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

function membersOf({ members }: ForeignObject, group: string): PickleMap | undefined {
  const value = members?.get(group);
  return value instanceof Map ? value : undefined;
}

/** Names of buffers that a state dict leaves out. Old files have a tuple with a list for the set. */
function transientBuffers({ members }: ForeignObject): ReadonlySet<PickleValue> {
  const value = members?.get("_non_persistent_buffers_set");
  if (value instanceof Set) return value;
  const [list] = value instanceof PickleTuple ? value.items : [];
  return new Set(Array.isArray(list) ? list : []);
}

function attributesOf({ members }: ForeignObject): ReadonlyMap<string, Attribute> {
  const attributes = new Map<string, Attribute>();
  for (const [name, value] of members ?? []) {
    if (typeof name !== "string" || name.startsWith("_") || name === "training") continue;
    addAttribute(attributes, name, value);
    for (const [key, item] of settingsOf(value) ?? []) {
      if (attributes.size >= MAX_ATTRIBUTES) return attributes;
      if (typeof key === "string") addAttribute(attributes, `${name}.${key}`, item);
    }
    if (attributes.size >= MAX_ATTRIBUTES) break;
  }
  return attributes;
}

/** Of an object that holds settings, or a dict of them. */
function settingsOf(value: PickleValue): PickleMap | undefined {
  if (value instanceof Map) return value;
  if (!(value instanceof ForeignObject)) return undefined;
  return membersOf(value, "_modules") === undefined ? value.members : undefined;
}

function addAttribute(attributes: Map<string, Attribute>, name: string, value: PickleValue): void {
  const plain = plainValue(value);
  if (plain !== undefined && name.length <= MAX_TEXT) attributes.set(name, plain);
}

function plainValue(value: PickleValue): Attribute | undefined {
  if (value === null || typeof value === "number" || typeof value === "boolean") return value;
  if (typeof value === "string") return value.length <= MAX_TEXT ? value : undefined;
  if (value instanceof ForeignGlobal || value instanceof PickleGlobal) return value.name;
  const items = value instanceof PickleTuple ? value.items : value;
  if (!Array.isArray(items) || items.length > MAX_LISTED) return undefined;
  return items.every((item) => typeof item === "number") ? (items as number[]) : undefined;
}
