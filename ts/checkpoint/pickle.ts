/**
 * A reader of Python pickles (protocols 2 to 5) that can only build plain values and containers.
 * Nothing in a pickle is executed: a global is a name looked up in an allowlist. Any other name is refused, or,
 * where the host says so, kept as a name: objects of such classes are kept as what the pickle says of them, and a
 * call is refused. Knows nothing of PyTorch; its globals and persistent ids come from a `PickleHost`.
 *
 * Work and memory are bounded by the number of bytes: every opcode takes at least one, pushes at
 * most one value, and shares rather than copies what it takes from the memo (a host's calls should
 * keep to that). Values are built without recursion.
 */
import { UnsafePickle } from "../core/errors.js";
import { looksLike } from "../looks-like.js";
import { PickleBytes } from "./pickle-bytes.js";
import { CONTAINER_GLOBALS, DESCRIBED_CALLS, unsafeGlobal } from "./pickle-globals.js";
import { OP, REFUSED_OPCODES } from "./pickle-opcodes.js";
import {
  badPickle,
  ForeignGlobal,
  ForeignObject,
  PickleGlobal,
  type PickleHost,
  PickleTuple,
  type PickleValue,
  SAVE_STATE_DICT_HINT,
  Uncalled,
} from "./pickle-values.js";

export * from "./pickle-values.js";

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

const MAX_PROTOCOL = 5;

class PickleMachine extends PickleBytes {
  private readonly stack: PickleValue[] = [];
  /** Stack heights at which a MARK was set, innermost last. */
  private readonly marks: number[] = [];
  private readonly memo = new Map<number, PickleValue>();

  constructor(
    bytes: Uint8Array,
    at: number,
    private readonly host: PickleHost,
  ) {
    super(bytes, at);
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
      case OP.NEWOBJ:
        return this.newObject();
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
    const known = CONTAINER_GLOBALS.get(qualified) ?? this.host.find(qualified);
    const global = known ?? this.host.foreign?.(qualified);
    if (global === undefined) throw unsafeGlobal(qualified);
    return this.push(global);
  }

  /** An object of a foreign class, kept as it is described. */
  private newObject(): boolean {
    const [type, args] = this.popMany(2);
    if (!(type instanceof ForeignGlobal)) {
      throw new UnsafePickle("opcode NEWOBJ", SAVE_STATE_DICT_HINT);
    }
    if (!(args instanceof PickleTuple)) throw this.bad("arguments that are not a tuple");
    type.isClass = true;
    return this.push(new ForeignObject(type));
  }

  private reduce(): boolean {
    const [callable, args] = this.popMany(2);
    if (!(args instanceof PickleTuple)) throw this.bad("arguments that are not a tuple");
    if (callable instanceof ForeignGlobal) {
      if (!DESCRIBED_CALLS.has(callable.name)) throw unsafeGlobal(callable.name);
      callable.isClass = true;
      return this.push(new Uncalled(callable.name, args.items));
    }
    if (!(callable instanceof PickleGlobal)) throw this.bad("a call of something not a global");
    if (callable.call === undefined) {
      throw new UnsafePickle(`call of ${callable.name}`, SAVE_STATE_DICT_HINT);
    }
    return this.push(callable.call(args.items));
  }

  /** A state dict carries attributes (`_metadata`) that say nothing of its tensors: dropped. */
  private build(): boolean {
    const state = this.pop();
    const object = this.top();
    if (object instanceof ForeignObject) {
      if (state instanceof Map) object.members = state;
      return true;
    }
    if (object instanceof Uncalled) return true;
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
    if (list instanceof ForeignObject) return true;
    if (!Array.isArray(list)) throw this.bad("an append to something that is not a list");
    for (const item of items) list.push(item);
    return true;
  }

  private setItems(items: readonly PickleValue[]): boolean {
    const dict = this.top();
    if (dict instanceof ForeignObject) return true;
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
}

function requireHashable(key: PickleValue): PickleValue {
  const isMutable = Array.isArray(key) || key instanceof Map || key instanceof Set;
  if (isMutable) throw badPickle("a list, dict or set used as a key");
  return key;
}
