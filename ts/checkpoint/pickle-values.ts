/**
 * What a pickle's values are here: plain ones, containers, and objects that are named and kept but never made.
 * Knows nothing of bytes or opcodes.
 */
import { BadFile } from "../core/errors.js";

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

/** A class or a function that is not on the list: its name, which is never called. */
export class ForeignGlobal extends PickleObject {
  /** Whether an object of it was kept, so that it is the class of a module's part. */
  isClass = false;

  constructor(readonly name: string) {
    super();
  }
}

/** An object of a foreign class: no code of its class ran; its state is what the pickle says. */
export class ForeignObject extends PickleObject {
  /** The members by name, where the pickle says them so. */
  members: PickleMap | undefined;

  constructor(readonly type: ForeignGlobal) {
    super();
  }
}

/** What a call would have made that is not made: that of a known harmless function. */
export class Uncalled extends PickleObject {
  constructor(
    readonly name: string,
    readonly args: readonly PickleValue[],
  ) {
    super();
  }
}

/** A dict. Keys compare as in a Map, so tuples by identity. */
export type PickleMap = Map<PickleValue, PickleValue>;

export interface PickleHost {
  /** The allowed global of that `module.name`, if it is one. */
  find(name: string): PickleGlobal | undefined;
  /**
   * A name for what is not allowed, where objects of foreign classes may be kept; absent: nothing foreign may
   * be named.
   */
  foreign?(name: string): ForeignGlobal;
  /** Resolves a persistent id. */
  persistentLoad(id: PickleValue): PickleValue;
}

/** What a malformed pickle, or malformed arguments within one, are reported as. */
export function badPickle(reason: string): BadFile {
  return new BadFile("pth", `pickle: ${reason}`);
}

/** What an `UnsafePickle` advises. */
export const SAVE_STATE_DICT_HINT =
  "only tensors and plain containers are read, and nothing was executed; " +
  "to save a model, use torch.save(model.state_dict(), path)";
