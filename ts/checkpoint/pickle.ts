/**
 * A reader of Python pickles (protocols 2 to 5) that can only build plain values and containers.
 * Nothing in a pickle is executed: a global is a name looked up in an allowlist, and any other
 * name, or any opcode that would construct an object, is refused. Knows nothing of PyTorch; its
 * globals and persistent ids come from a `PickleHost`.
 *
 * Work and memory are bounded by the number of bytes: every opcode takes at least one, pushes at
 * most one value, and shares rather than copies what it takes from the memo (a host's calls should
 * keep to that). Values are built without recursion.
 */
import { BadFile, UnsafePickle } from "../core/errors.js";
import { looksLike } from "../looks-like.js";
import { quoted } from "../plain-text.js";

/** A value a host makes: opaque here. */
export abstract class PickleObject {
  /** Tells the type checker that not every object is one. */
  readonly isPickleObject = true;
}

/** An immutable sequence, as opposed to a list. */
export class PickleTuple {
  constructor(readonly items: readonly PickleValue[]) {}
}

/** An allowed global: a named constant, or with `call` a function of positional arguments. */
export class PickleGlobal {
  constructor(
    /** `module.name` */
    readonly name: string,
    readonly call?: (args: readonly PickleValue[]) => PickleValue,
  ) {}
}

export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleTuple
  | PickleValue[]
  | PickleMap
  | Set<PickleValue>
  | PickleGlobal
  | PickleObject;

/** A dict. Keys compare as in a Map, so tuples by identity. */
export type PickleMap = Map<PickleValue, PickleValue>;

export interface PickleHost {
  /** The allowed global of that `module.name`, if it is one. */
  find(name: string): PickleGlobal | undefined;
  /** Resolves a persistent id. */
  persistentLoad(id: PickleValue): PickleValue;
}

/**
 * Reads the pickle that starts at byte `start`.
 *
 * @returns its value, and the offset of the first byte after it.
 * @throws UnsafePickle for a global or an opcode that is not allowed, naming it.
 * @throws BadFile when the bytes are not a pickle.
 */
export function readPickle(
  bytes: Uint8Array,
  start: number,
  host: PickleHost,
): { value: PickleValue; end: number } {
  return new PickleMachine(bytes, start, host).run();
}

/** What a malformed pickle, or malformed arguments within one, are reported as. */
export function badPickle(reason: string): BadFile {
  return new BadFile("pth", `pickle: ${reason}`);
}

/** What an `UnsafePickle` advises. */
export const SAVE_STATE_DICT_HINT =
  "only tensors and plain containers are read, and nothing was executed; " +
  "to save a model, use torch.save(model.state_dict(), path)";

const MAX_PROTOCOL = 5;
/** Longest LONG1/LONG4: torch's magic number takes 10 bytes. */
const MAX_INTEGER_BYTES = 16;
const MAX_PLAIN_NAME = 80;
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const OP = {
  MARK: 0x28,
  EMPTY_TUPLE: 0x29,
  STOP: 0x2e,
  POP: 0x30,
  POP_MARK: 0x31,
  DUP: 0x32,
  BINBYTES: 0x42,
  SHORT_BINBYTES: 0x43,
  BINFLOAT: 0x47,
  BININT: 0x4a,
  BININT1: 0x4b,
  BININT2: 0x4d,
  NONE: 0x4e,
  BINPERSID: 0x51,
  REDUCE: 0x52,
  BINSTRING: 0x54,
  SHORT_BINSTRING: 0x55,
  BINUNICODE: 0x58,
  EMPTY_LIST: 0x5d,
  APPEND: 0x61,
  BUILD: 0x62,
  GLOBAL: 0x63,
  DICT: 0x64,
  APPENDS: 0x65,
  BINGET: 0x68,
  LONG_BINGET: 0x6a,
  LIST: 0x6c,
  BINPUT: 0x71,
  LONG_BINPUT: 0x72,
  SETITEM: 0x73,
  TUPLE: 0x74,
  SETITEMS: 0x75,
  EMPTY_DICT: 0x7d,
  PROTO: 0x80,
  TUPLE1: 0x85,
  TUPLE2: 0x86,
  TUPLE3: 0x87,
  NEWTRUE: 0x88,
  NEWFALSE: 0x89,
  LONG1: 0x8a,
  LONG4: 0x8b,
  SHORT_BINUNICODE: 0x8c,
  BINUNICODE8: 0x8d,
  BINBYTES8: 0x8e,
  EMPTY_SET: 0x8f,
  ADDITEMS: 0x90,
  FROZENSET: 0x91,
  STACK_GLOBAL: 0x93,
  MEMOIZE: 0x94,
  FRAME: 0x95,
} as const;

/** Opcodes that exist, but that a file of tensors has no use for. */
const REFUSED_OPCODES: ReadonlyMap<number, string> = new Map([
  [0x46, "FLOAT"],
  [0x49, "INT"],
  [0x4c, "LONG"],
  [0x50, "PERSID"],
  [0x53, "STRING"],
  [0x56, "UNICODE"],
  [0x67, "GET"],
  [0x69, "INST"],
  [0x6f, "OBJ"],
  [0x70, "PUT"],
  [0x81, "NEWOBJ"],
  [0x82, "EXT1"],
  [0x83, "EXT2"],
  [0x84, "EXT4"],
  [0x92, "NEWOBJ_EX"],
  [0x96, "BYTEARRAY8"],
  [0x97, "NEXT_BUFFER"],
  [0x98, "READONLY_BUFFER"],
]);

/** The containers of Python's standard library that a state dict may be made of. */
const CONTAINER_GLOBALS: ReadonlyMap<string, PickleGlobal> = new Map(
  [
    new PickleGlobal("collections.OrderedDict", makeOrderedDict),
    ...["builtins", "__builtin__"].flatMap((module) => [
      new PickleGlobal(`${module}.set`, keepArguments),
      new PickleGlobal(`${module}.frozenset`, keepArguments),
    ]),
  ].map((global) => [global.name, global]),
);

class PickleMachine {
  private readonly view: DataView;
  private readonly stack: PickleValue[] = [];
  /** Stack heights at which a MARK was set, innermost last. */
  private readonly marks: number[] = [];
  private readonly memo = new Map<number, PickleValue>();

  constructor(
    private readonly bytes: Uint8Array,
    private at: number,
    private readonly host: PickleHost,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  run(): { value: PickleValue; end: number } {
    this.readProtocol();
    for (;;) {
      const opcode = this.uint8();
      if (opcode === OP.STOP) break;
      this.execute(opcode);
    }
    const value = this.pop();
    if (this.stack.length > 0) throw this.bad("values are left on the stack at its end");
    return { value, end: this.at };
  }

  private readProtocol(): void {
    const start = this.at;
    if (this.bytes[start] !== OP.PROTO) {
      throw this.bad(`no protocol 2 header; ${looksLike(this.bytes.subarray(start))}`);
    }
    this.at++;
    this.checkProtocol();
  }

  private checkProtocol(): void {
    const protocol = this.uint8();
    if (protocol < 2 || protocol > MAX_PROTOCOL) throw this.bad(`unknown protocol ${protocol}`);
  }

  private execute(opcode: number): void {
    const handled =
      this.executeConstant(opcode) ||
      this.executeContainer(opcode) ||
      this.executeStackOrMemo(opcode) ||
      this.executeObject(opcode);
    if (handled) return;
    const refused = REFUSED_OPCODES.get(opcode);
    if (refused !== undefined) throw new UnsafePickle(`opcode ${refused}`, SAVE_STATE_DICT_HINT);
    throw this.bad(`0x${opcode.toString(16).padStart(2, "0")} is not a pickle opcode`);
  }

  /** Numbers, text and bytes. */
  private executeConstant(opcode: number): boolean {
    switch (opcode) {
      case OP.NONE:
        return this.push(null);
      case OP.NEWTRUE:
        return this.push(true);
      case OP.NEWFALSE:
        return this.push(false);
      case OP.BININT:
        return this.push(this.view.getInt32(this.advance(4), true));
      case OP.BININT1:
        return this.push(this.uint8());
      case OP.BININT2:
        return this.push(this.view.getUint16(this.advance(2), true));
      case OP.LONG1:
        return this.push(this.integer(this.uint8()));
      case OP.LONG4:
        return this.push(this.integer(this.uint32()));
      case OP.BINFLOAT:
        return this.push(this.view.getFloat64(this.advance(8), false));
      case OP.SHORT_BINUNICODE:
      case OP.SHORT_BINSTRING:
        return this.push(this.text(this.uint8()));
      case OP.BINUNICODE:
      case OP.BINSTRING:
        return this.push(this.text(this.uint32()));
      case OP.BINUNICODE8:
        return this.push(this.text(this.uint64()));
      case OP.SHORT_BINBYTES:
        return this.push(this.slice(this.uint8()));
      case OP.BINBYTES:
        return this.push(this.slice(this.uint32()));
      case OP.BINBYTES8:
        return this.push(this.slice(this.uint64()));
      default:
        return false;
    }
  }

  /** Tuples, lists, dicts and sets. */
  private executeContainer(opcode: number): boolean {
    switch (opcode) {
      case OP.EMPTY_TUPLE:
        return this.push(new PickleTuple([]));
      case OP.TUPLE1:
        return this.push(new PickleTuple(this.popMany(1)));
      case OP.TUPLE2:
        return this.push(new PickleTuple(this.popMany(2)));
      case OP.TUPLE3:
        return this.push(new PickleTuple(this.popMany(3)));
      case OP.TUPLE:
        return this.push(new PickleTuple(this.popToMark()));
      case OP.EMPTY_LIST:
        return this.push([]);
      case OP.LIST:
        return this.push(this.popToMark());
      case OP.APPEND:
        return this.append(this.popMany(1));
      case OP.APPENDS:
        return this.append(this.popToMark());
      case OP.EMPTY_DICT:
        return this.push(new Map());
      case OP.DICT: {
        const items = this.popToMark();
        this.push(new Map());
        return this.setItems(items);
      }
      case OP.SETITEM:
        return this.setItems(this.popMany(2));
      case OP.SETITEMS:
        return this.setItems(this.popToMark());
      case OP.EMPTY_SET:
        return this.push(new Set());
      case OP.ADDITEMS:
        return this.addItems(this.popToMark());
      case OP.FROZENSET:
        return this.push(new Set(this.popToMark().map(requireHashable)));
      default:
        return false;
    }
  }

  private executeStackOrMemo(opcode: number): boolean {
    switch (opcode) {
      case OP.MARK:
        this.marks.push(this.stack.length);
        return true;
      case OP.POP:
        if (this.stack.length === this.base()) this.popToMark();
        else this.pop();
        return true;
      case OP.POP_MARK:
        this.popToMark();
        return true;
      case OP.DUP:
        return this.push(this.top());
      case OP.BINPUT:
        return this.memoize(this.uint8());
      case OP.LONG_BINPUT:
        return this.memoize(this.uint32());
      case OP.MEMOIZE:
        return this.memoize(this.memo.size);
      case OP.BINGET:
        return this.recall(this.uint8());
      case OP.LONG_BINGET:
        return this.recall(this.uint32());
      case OP.PROTO:
        this.checkProtocol();
        return true;
      case OP.FRAME:
        this.requireBytes(this.uint64());
        return true;
      default:
        return false;
    }
  }

  /** What would be imports and calls: only the allowlist's. */
  private executeObject(opcode: number): boolean {
    switch (opcode) {
      case OP.GLOBAL: {
        const module = this.line();
        return this.pushGlobal(module, this.line());
      }
      case OP.STACK_GLOBAL: {
        const [module, name] = this.popMany(2);
        return this.pushGlobal(module, name);
      }
      case OP.REDUCE:
        return this.reduce();
      case OP.BUILD:
        return this.build();
      case OP.BINPERSID:
        return this.push(this.host.persistentLoad(this.pop()));
      default:
        return false;
    }
  }

  private pushGlobal(module: PickleValue | undefined, name: PickleValue | undefined): boolean {
    if (typeof module !== "string" || typeof name !== "string") {
      throw this.bad("a global whose name is not text");
    }
    const qualified = `${module}.${name}`;
    const global = CONTAINER_GLOBALS.get(qualified) ?? this.host.find(qualified);
    if (global === undefined) throw new UnsafePickle(display(qualified), refusalOf(module));
    return this.push(global);
  }

  private reduce(): boolean {
    const [callable, args] = this.popMany(2);
    if (!(args instanceof PickleTuple)) throw this.bad("arguments that are not a tuple");
    if (!(callable instanceof PickleGlobal)) throw this.bad("a call of something not a global");
    if (callable.call === undefined) {
      throw new UnsafePickle(`call of ${callable.name}`, SAVE_STATE_DICT_HINT);
    }
    return this.push(callable.call(args.items));
  }

  /** A state dict carries attributes (`_metadata`) that say nothing of its tensors: dropped. */
  private build(): boolean {
    const state = this.pop();
    if (!(this.top() instanceof Map) || !(state instanceof Map)) {
      throw new UnsafePickle(
        "opcode BUILD",
        `on something other than a dict; ${SAVE_STATE_DICT_HINT}`,
      );
    }
    return true;
  }

  private append(items: readonly PickleValue[]): boolean {
    const list = this.top();
    if (!Array.isArray(list)) throw this.bad("an append to something that is not a list");
    for (const item of items) list.push(item);
    return true;
  }

  private setItems(items: readonly PickleValue[]): boolean {
    const dict = this.top();
    if (!(dict instanceof Map)) throw this.bad("an item set in something that is not a dict");
    if (items.length % 2 !== 0) throw this.bad("a dict key without a value");
    for (let i = 0; i < items.length; i += 2) {
      dict.set(requireHashable(items[i] as PickleValue), items[i + 1] as PickleValue);
    }
    return true;
  }

  private addItems(items: readonly PickleValue[]): boolean {
    const set = this.top();
    if (!(set instanceof Set)) throw this.bad("an item added to something that is not a set");
    for (const item of items) set.add(requireHashable(item));
    return true;
  }

  private push(value: PickleValue): boolean {
    this.stack.push(value);
    return true;
  }

  /** Height of the stack at the innermost mark: what an opcode may pop down to. */
  private base(): number {
    return this.marks.at(-1) ?? 0;
  }

  private top(): PickleValue {
    if (this.stack.length <= this.base()) throw this.bad("stack underflow");
    return this.stack[this.stack.length - 1] as PickleValue;
  }

  private pop(): PickleValue {
    const value = this.top();
    this.stack.pop();
    return value;
  }

  /** The topmost `count` values, deepest first. */
  private popMany(count: number): PickleValue[] {
    if (this.stack.length - count < this.base()) throw this.bad("stack underflow");
    return this.stack.splice(this.stack.length - count);
  }

  private popToMark(): PickleValue[] {
    const mark = this.marks.pop();
    if (mark === undefined) throw this.bad("no mark on the stack");
    return this.stack.splice(mark);
  }

  private memoize(index: number): boolean {
    this.memo.set(index, this.top());
    return true;
  }

  private recall(index: number): boolean {
    const value = this.memo.get(index);
    if (value === undefined) throw this.bad(`memo entry ${index} was never set`);
    return this.push(value);
  }

  private requireBytes(count: number): void {
    const left = this.bytes.length - this.at;
    if (count > left) throw this.bad(`truncated: ${count} bytes expected, ${left} left`);
  }

  /** Steps over `count` bytes and returns where they begin. */
  private advance(count: number): number {
    this.requireBytes(count);
    const start = this.at;
    this.at += count;
    return start;
  }

  private uint8(): number {
    return this.view.getUint8(this.advance(1));
  }

  private uint32(): number {
    return this.view.getUint32(this.advance(4), true);
  }

  /** Inexact beyond 2^53, where it only has to be too large. */
  private uint64(): number {
    return Number(this.view.getBigUint64(this.advance(8), true));
  }

  private slice(length: number): Uint8Array {
    const start = this.advance(length);
    return this.bytes.subarray(start, start + length);
  }

  private text(length: number): string {
    try {
      return UTF8.decode(this.slice(length));
    } catch (error) {
      if (error instanceof BadFile) throw error;
      throw this.bad("text that is not UTF-8");
    }
  }

  private line(): string {
    const end = this.bytes.indexOf("\n".charCodeAt(0), this.at);
    if (end < 0) throw this.bad("truncated in the name of a global");
    const text = this.text(end - this.at);
    this.at = end + 1;
    return text;
  }

  /** A little-endian two's complement integer: a number where it is exact, else a bigint. */
  private integer(length: number): number | bigint {
    if (length > MAX_INTEGER_BYTES) throw this.bad(`an integer of ${length} bytes`);
    const bytes = this.slice(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] as number);
    const signed = BigInt.asIntN(8 * length, value);
    const number = Number(signed);
    return Number.isSafeInteger(number) ? number : signed;
  }

  private bad(reason: string): BadFile {
    return badPickle(`byte ${this.at}: ${reason}`);
  }
}

function requireHashable(key: PickleValue): PickleValue {
  const isMutable = Array.isArray(key) || key instanceof Map || key instanceof Set;
  if (isMutable) throw badPickle("a list, dict or set used as a key");
  return key;
}

function makeOrderedDict(args: readonly PickleValue[]): PickleMap {
  if (args.length > 0) throw badPickle("an OrderedDict of arguments");
  return new Map();
}

/** An object that nothing reads: copying its items once a call would cost more than the file. */
function keepArguments(args: readonly PickleValue[]): PickleTuple {
  return new PickleTuple(args);
}

/** The name as part of one line of text. */
function display(name: string): string {
  const isPlain = name.length <= MAX_PLAIN_NAME && /^[\w.]+$/.test(name);
  return isPlain ? name : quoted(name);
}

/** Why a global of this Python module was refused. */
function refusalOf(module: string): string {
  const isModelClass = module === "__main__" || module.startsWith("torch.nn.");
  return isModelClass ? `a whole pickled module; ${SAVE_STATE_DICT_HINT}` : SAVE_STATE_DICT_HINT;
}
