/** Damage to pickles that keeps the opcodes apart. Knows their sizes, and what a hostile one builds. */
import { joined, spliced, writeNumber } from "./mutate.js";
import type { Random } from "./random.js";
import { utf8 } from "./target.js";

/** Bytes of an opcode's argument. */
const FIXED: Readonly<Record<string, number>> = {
  ...{ J: 4, K: 1, M: 2, G: 8, h: 1, j: 4, q: 1, r: 4 },
  ...{ "\x80": 1, "\x95": 8 },
};
/** Bytes of an opcode's length, which that many bytes of argument follow. */
const COUNTED: Readonly<Record<string, number>> = {
  ...{ U: 1, C: 1, X: 4, B: 4, T: 4 },
  ...{ "\x8a": 1, "\x8b": 4, "\x8c": 1, "\x8d": 8, "\x8e": 8 },
};
const PROTO = 0x80;
const STOP = ".";

const PLAIN_OPCODES = "()0]N}Rabdetsul012.\x81\x85\x86\x87\x88\x89\x8f\x90\x91\x93\x94Qo";
const GLOBALS = [
  ...["torch._utils\n_rebuild_tensor_v2", "torch._utils\n_rebuild_parameter"],
  ...["torch._tensor\n_rebuild_from_type_v2", "torch\nSize", "torch\ndevice"],
  ...["torch\nFloatStorage", "torch\nHalfStorage", "collections\nOrderedDict", "builtins\nset"],
  ...["posix\nsystem", "__main__\nNet", "a\u001b[2J\nb", "functools\npartial"],
  ...["torch.nn.modules.container\nSequential", "builtins\ngetattr"],
];
const DEEPEST = 200_000;
const MOST_DOUBLINGS = 200;
const LONGEST_TEXT = 500_000;
const LONGEST_LINE = 200;

/** A pickle, or several one behind the other, with an opcode replaced, removed, or more before it. */
export function mutatePickle(bytes: Uint8Array, random: Random): Uint8Array {
  const starts = opcodes(bytes);
  const which = random.below(starts.length - 1);
  const [start = 0, end = bytes.length] = starts.slice(which, which + 2);
  switch (random.below(4)) {
    case 0:
      return spliced(bytes, start, end, new Uint8Array());
    case 1:
      return spliced(bytes, start, end, snippet(random));
    case 2: {
      const [from, to] = [random.below(bytes.length), random.magnitude(200)];
      return spliced(bytes, start, start, bytes.slice(from, from + to));
    }
    default:
      return spliced(bytes, start, start, snippet(random));
  }
}

/** Where the opcodes of the pickles at the beginning start, and where the last one ends. */
function opcodes(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const starts = [0];
  let at = 0;
  while (at < bytes.length) {
    const opcode = String.fromCharCode(bytes[at]!);
    at += 1 + argumentBytes(view, at + 1, opcode);
    if (at > bytes.length) break;
    starts.push(at);
    if (opcode === STOP && bytes[at] !== PROTO) break;
  }
  return starts;
}

function argumentBytes(view: DataView, at: number, opcode: string): number {
  if (opcode === "c") return lineBytes(view, at) + lineBytes(view, at + lineBytes(view, at));
  const counted = COUNTED[opcode];
  if (counted === undefined) return FIXED[opcode] ?? 0;
  let length = 0;
  for (let i = 0; i < counted && at + i < view.byteLength; i++) {
    length += view.getUint8(at + i) * 256 ** i;
  }
  return counted + length;
}

function lineBytes(view: DataView, at: number): number {
  let end = at;
  while (end < at + LONGEST_LINE && end < view.byteLength && view.getUint8(end) !== 0x0a) end++;
  return end + 1 - at;
}

/** Opcodes that build something a reader would rather not meet. */
function snippet(random: Random): Uint8Array {
  switch (random.below(10)) {
    case 7:
      return latin1(nested(random));
    case 0:
      return doubled(random);
    case 1: {
      const depth = random.magnitude(DEEPEST);
      return latin1("]".repeat(depth) + "a".repeat(depth - 1));
    }
    case 2: {
      const depth = random.magnitude(DEEPEST);
      return latin1(`N${"\x85".repeat(depth)}`);
    }
    case 3:
      return latin1(`c${random.pick(GLOBALS)}\n`);
    case 4:
      return text(random.pick(["a", "é", "\u202e", "\n"]).repeat(random.magnitude(LONGEST_TEXT)));
    case 5:
      return latin1(
        random.pick(["h", "q", "K", "M\x01", "\x8a\x01"]) + String.fromCharCode(random.below(8)),
      );
    case 6:
      return latin1(
        random
          .pick(["h\x01h\x02R", "h\x01", "h\x01\x85", "2", "K\x01"])
          .repeat(random.magnitude(100_000)),
      );
    default:
      return latin1(PLAIN_OPCODES.charAt(random.below(PLAIN_OPCODES.length)));
  }
}

/** A list that holds a list twice, which holds a list twice, ...: 2^n of them to whoever walks it. */
function doubled(random: Random): Uint8Array {
  const step = random.pick(["0](h\xffh\xffeq\xff", "0(h\xffh\xfftq\xff", "0(h\xffh\xfflq\xff"]);
  return latin1(`]q\xff${step.repeat(random.magnitude(MOST_DOUBLINGS))}`);
}

/** Modules within modules, the same twice or itself. */
function nested(random: Random): string {
  const depth = random.pick([2, 60, 70, 20_000]);
  const name = (value: string) => `X${String.fromCharCode(value.length)}\0\0\0${value}`;
  const open = `c__main__\nNet\n)\x81}(${name("_parameters")}}${name("_modules")}}(${name("a")}`;
  const again = random.pick(["N", "h\x01", "h\xff"]);
  const close = random.pick(["uub", `${name("b")}${again}uub`, `${name("b")}${again}uubq\xff`]);
  return `${open.repeat(depth)}${again}${close.repeat(depth)}`;
}

function text(value: string): Uint8Array {
  const encoded = utf8(value);
  const length = new Uint8Array(4);
  writeNumber(length, 0, 4, BigInt(encoded.length), true);
  return joined(latin1("X"), length, encoded);
}

function latin1(value: string): Uint8Array {
  return Uint8Array.from(value, (character) => character.charCodeAt(0));
}
