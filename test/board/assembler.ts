/**
 * Assembled lines without an assembler: their encodings are kept beside the tests. Where there is one,
 * MAMBALITE_ASSEMBLE=1 writes them anew, and a test holds them against it.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { listing } from "./objdump.js";

export const ENCODINGS = fileURLToPath(new URL("cortex-m7-encodings.json", import.meta.url));

/** Halves of each line in hexadecimal. */
export type Encodings = Readonly<Record<string, string>>;

export function readEncodings(): Encodings {
  return JSON.parse(readFileSync(ENCODINGS, "utf8")) as Encodings;
}

/** What arm-none-eabi-as makes of lines that are not the same. */
export function assemble(lines: readonly string[]): Encodings {
  const folder = mkdtempSync(join(tmpdir(), "mambalite-assembler-"));
  try {
    const source = join(folder, "lines.s");
    const image = join(folder, "lines.o");
    writeFileSync(source, `.syntax unified\n.thumb\n${lines.join("\n")}\n`);
    execFileSync("arm-none-eabi-as", ["-mcpu=cortex-m7", "-mfpu=fpv5-d16", source, "-o", image]);
    const codes = listing("arm-none-eabi-objdump", [image]).map(({ halves }) =>
      halves.map((half) => half.toString(16).padStart(4, "0")).join(" "),
    );
    return Object.fromEntries(lines.map((line, i) => [line, codes[i]!]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
