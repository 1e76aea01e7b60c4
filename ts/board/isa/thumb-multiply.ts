/** Decodes multiplications and divisions of Thumb-2 (ARM DDI 0403, A5.3.16 and 17). Knows no core. */
import { instruction, read, unknown } from "./build.js";
import { type Instruction, Kind, Use } from "./instruction.js";

const NONE = 15;
const HALVES = ["bb", "bt", "tb", "tt"];

/** @param first 0xfb00 and above */
export function decodeMultiply(first: number, second: number): Instruction {
  const found = first & 0x80 ? long(first, second) : short(first, second);
  return found ?? unknown(4, first * 0x10000 + second);
}

/** Names with and without an accumulator. */
function shortNames(first: number, second: number): [string, string] | undefined {
  const op = (second >> 4) & 3;
  const exchanged = op & 1 ? "x" : "";
  const rounded = op & 1 ? "r" : "";
  switch ((first >> 4) & 7) {
    case 0:
      return op === 0 ? ["mla", "mul"] : op === 1 ? ["mls", "mls"] : undefined;
    case 1:
      return [`smla${HALVES[op]}`, `smul${HALVES[op]}`];
    case 2:
      return [`smlad${exchanged}`, `smuad${exchanged}`];
    case 3:
      return [op & 1 ? "smlawt" : "smlawb", op & 1 ? "smulwt" : "smulwb"];
    case 4:
      return [`smlsd${exchanged}`, `smusd${exchanged}`];
    case 5:
      return [`smmla${rounded}`, `smmul${rounded}`];
    case 6:
      return [`smmls${rounded}`, `smmls${rounded}`];
    default:
      return ["usada8", "usad8"];
  }
}

function short(first: number, second: number): Instruction | undefined {
  const names = shortNames(first, second);
  if (names === undefined) return undefined;
  const factors = read(Use.multiplicand, first & 15, second & 15);
  const accumulator = second >> 12;
  const writes = [(second >> 8) & 15];
  if (accumulator === NONE) {
    return instruction(4, names[1], Kind.multiply, { reads: factors, writes });
  }
  const reads = [...factors, ...read(Use.accumulator, accumulator)];
  return instruction(4, names[0], Kind.multiplyAccumulate, { reads, writes });
}

function long(first: number, second: number): Instruction | undefined {
  const name = longName(first, second);
  if (name === undefined) return undefined;
  const factors = read(Use.multiplicand, first & 15, second & 15);
  const high = (second >> 8) & 15;
  if (name === "sdiv" || name === "udiv") {
    const reads = read(Use.operand, first & 15, second & 15);
    return instruction(4, name, Kind.divide, { reads, writes: [high] });
  }
  const writes = [second >> 12, high];
  if (name.endsWith("mull")) return instruction(4, name, Kind.multiply, { reads: factors, writes });
  const reads = [...factors, ...read(Use.accumulator, ...writes)];
  return instruction(4, name, Kind.multiplyAccumulate, { reads, writes });
}

function longName(first: number, second: number): string | undefined {
  const op = (second >> 4) & 15;
  switch ((first >> 4) & 7) {
    case 0:
      return op === 0 ? "smull" : undefined;
    case 1:
      return op === 15 ? "sdiv" : undefined;
    case 2:
      return op === 0 ? "umull" : undefined;
    case 3:
      return op === 15 ? "udiv" : undefined;
    case 4:
      if (op === 0) return "smlal";
      if (op >> 2 === 2) return `smlal${HALVES[op & 3]}`;
      return op >> 1 === 6 ? `smlald${op & 1 ? "x" : ""}` : undefined;
    case 5:
      return op >> 1 === 6 ? `smlsld${op & 1 ? "x" : ""}` : undefined;
    case 6:
      return op === 0 ? "umlal" : op === 6 ? "umaal" : undefined;
    default:
      return undefined;
  }
}
