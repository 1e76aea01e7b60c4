/** What binutils say of a binary: every instruction of its code, by address. */
import { execFileSync } from "node:child_process";

export interface Listed {
  readonly address: number;
  readonly halves: readonly number[];
  readonly mnemonic: string;
}

/** Lines of instructions; data within the code is left out. */
export function listing(
  objdump: string,
  images: readonly string[],
  args: readonly string[] = [],
): Listed[] {
  const text = execFileSync(objdump, ["-d", ...args, ...images], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  return text.split("\n").flatMap((line) => {
    const match = /^\s*([0-9a-f]+):\t([0-9a-f ]+?)\s*\t(\S+)/.exec(line);
    if (match === null) return [];
    const [, at = "", code = "", mnemonic = ""] = match;
    if (mnemonic.startsWith(".")) return [];
    return [{ address: Number.parseInt(at, 16), halves: halvesOf(code), mnemonic }];
  });
}

/** Halves in the order of memory; objdump prints a word of RISC-V as one number. */
function halvesOf(code: string): number[] {
  return code.split(" ").flatMap((part) => {
    const value = Number.parseInt(part, 16);
    return part.length === 8 ? [value & 0xffff, value >>> 16] : [value];
  });
}
