/** The names that a pickle may have, and what becomes of a call of them. Nothing of Python is ever called. */
import { UnsafePickle } from "../core/errors.js";
import { quoted } from "../plain-text.js";
import {
  badPickle,
  PickleGlobal,
  type PickleMap,
  PickleTuple,
  type PickleValue,
  SAVE_STATE_DICT_HINT,
} from "./pickle-values.js";

const MAX_PLAIN_NAME = 80;

/** The containers of Python's standard library that a state dict may be made of. */
export const CONTAINER_GLOBALS: ReadonlyMap<string, PickleGlobal> = new Map(
  [
    new PickleGlobal("collections.OrderedDict", makeOrderedDict),
    ...["builtins", "__builtin__"].flatMap((module) => [
      new PickleGlobal(`${module}.set`, keepArguments),
      new PickleGlobal(`${module}.frozenset`, keepArguments),
    ]),
  ].map((global) => [global.name, global]),
);

function makeOrderedDict(args: readonly PickleValue[]): PickleMap {
  if (args.length > 0) throw badPickle("an OrderedDict of arguments");
  return new Map();
}

/** An object that nothing reads: copying its items once a call would cost more than the file. */
function keepArguments(args: readonly PickleValue[]): PickleTuple {
  return new PickleTuple(args);
}

/** Calls that a module's attributes are often made of: what is called, and with what, is kept; nothing is called. */
export const DESCRIBED_CALLS: ReadonlySet<string> = new Set([
  ...["functools.partial", "builtins.getattr", "__builtin__.getattr", "copyreg._reconstructor"],
  ...["copy_reg._reconstructor", "numpy.dtype", "pathlib.PosixPath", "pathlib.WindowsPath"],
  ...["numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar"],
  ...["numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct"],
]);

/** A name that is not allowed, or a call of it. */
export function unsafeGlobal(name: string): UnsafePickle {
  return new UnsafePickle(display(name), SAVE_STATE_DICT_HINT);
}

/** The name as part of one line of text. */
function display(name: string): string {
  const isPlain = name.length <= MAX_PLAIN_NAME && /^[\w.]+$/.test(name);
  return isPlain ? name : quoted(name);
}
