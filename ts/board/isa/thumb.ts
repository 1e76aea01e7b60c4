/** Decodes Thumb-2, an instruction after the other where they lie behind each other. Knows no core. */
import { FLAGS, type Instruction, Use } from "./instruction.js";
import { decodeThumb16, itLength } from "./thumb16.js";
import { decodeThumb32 } from "./thumb32.js";

const FIRST_32_BIT = 0xe800;

/** Bytes of the instruction that begins with this half word. */
export function thumbBytes(half: number): 2 | 4 {
  return half >= FIRST_32_BIT ? 4 : 2;
}

/** @param inIt an `it` makes it conditional */
export function decodeThumb(first: number, second: number, inIt: boolean): Instruction {
  const found =
    thumbBytes(first) === 4 ? decodeThumb32(first, second) : decodeThumb16(first & 0xffff);
  return inIt ? conditional(found) : found;
}

/** 16-bit encodings set no flags behind an `it`, comparisons excepted. */
function conditional(found: Instruction): Instruction {
  const isCompare = found.writes.length === 1;
  const keepsFlags = found.bytes === 2 && !isCompare;
  return {
    ...found,
    reads: [...found.reads, { register: FLAGS, use: Use.condition }],
    writes: keepsFlags ? found.writes.filter((register) => register !== FLAGS) : found.writes,
    flow: found.flow === "jump" ? "conditional" : found.flow,
    predicated: true,
  };
}

/** Instructions behind this one that are conditional. */
export function conditionalBehind(first: number): number {
  return itLength(first);
}
