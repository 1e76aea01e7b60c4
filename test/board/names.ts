/**
 * Whether the decoders agree with binutils: lengths, and mnemonics without what an assembler writes behind
 * them, conditions, flags, widths and types.
 */
import { isUnknown } from "../../ts/board/isa/instruction.js";
import { decodeRiscv } from "../../ts/board/isa/riscv.js";
import { conditionalBehind, decodeThumb } from "../../ts/board/isa/thumb.js";
import type { Listed } from "./objdump.js";

const CONDITION = "(eq|ne|cs|cc|mi|pl|vs|vc|hi|ls|ge|lt|gt|le|hs|lo|al)?";

/** Other names of the same encodings. */
const THUMB_ALIASES: Readonly<Record<string, readonly string[]>> = {
  rsb: ["neg"],
  it: ["itt", "ite", "ittt", "itte", "itet", "itee", "itttt", "ittte", "ittet", "ittee"].concat([
    "itett",
    "itete",
    "iteet",
    "iteee",
  ]),
  push: ["stmdb"],
  pop: ["ldmia"],
  vpop: ["vldmia"],
  vpush: ["vstmdb"],
  cps: ["cpsie", "cpsid"],
  vmov: ["fconsts", "fconstd"],
  tt: ["tta", "ttt", "ttat"],
  // A move through the shifter, and the assembler's own nop.
  lsl: ["mov"],
  lsr: ["mov"],
  asr: ["mov"],
  ror: ["mov"],
  rrx: ["mov"],
  mov: ["cpy", "nop"],
};

/** What is wrong, a line each; in the order of the binary, where an `it` comes before what it makes conditional. */
export function thumbProblems(lines: readonly Listed[]): string[] {
  let conditional = 0;
  return lines.flatMap((line) => {
    const [first = 0, second = 0] = line.halves;
    const found = decodeThumb(first, second, conditional > 0);
    conditional = Math.max(0, conditional - 1, conditionalBehind(first));
    const names = [found.name, ...(THUMB_ALIASES[found.name] ?? [])];
    const base = line.mnemonic.replace(/\..*/, "");
    const isSame = names.some((name) => new RegExp(`^${name}s?${CONDITION}$`).test(base));
    return isSame && found.bytes === line.halves.length * 2 && !isUnknown(found)
      ? []
      : [problem(line, found.name)];
  });
}

/** Of a listing without aliases. */
export function riscvProblems(lines: readonly Listed[]): string[] {
  return lines.flatMap((line) => {
    const [first = 0, second = 0] = line.halves;
    const found = decodeRiscv(first, second);
    const name = found.name === "c.nop" ? "c.addi" : found.name;
    return name === line.mnemonic && found.bytes === line.halves.length * 2
      ? []
      : [problem(line, found.name)];
  });
}

function problem({ address, halves, mnemonic }: Listed, name: string): string {
  const code = halves.map((half) => half.toString(16).padStart(4, "0")).join(" ");
  return `${address.toString(16)}: ${code} is ${mnemonic}, decoded as ${name}`;
}
