/** The Cortex-M7's pipeline against measured cycles of short sequences, to the cycle. */
import { writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { CORTEX_M7 } from "../../ts/board/cores/cortex-m7.js";
import { missingTools } from "../../ts/firmware/node.js";
import { assemble, ENCODINGS, readEncodings } from "./assembler.js";
import { SEQUENCES } from "./cortex-m7-sequences.js";
import { cyclesOf, parts } from "./run-sequence.js";

const LINES = [
  ...new Set(SEQUENCES.flatMap(({ lines }) => lines.split("\n")).map((line) => parts(line).text)),
];
if (process.env.MAMBALITE_ASSEMBLE) {
  writeFileSync(ENCODINGS, `${JSON.stringify(assemble(LINES), null, 2)}\n`);
}

describe("cycles a repetition", () => {
  const encodings = readEncodings();
  for (const { says, lines, cycles } of SEQUENCES) {
    test(`${says}: ${cycles}`, () => expect(cyclesOf(CORTEX_M7, lines, encodings)).toBe(cycles));
  }
});

test("there are at least 40 of them", () => expect(SEQUENCES.length).toBeGreaterThanOrEqual(40));

test.skipIf(missingTools("cortex-m7").length > 0)("an assembler gives the encodings", () =>
  expect(readEncodings()).toEqual(assemble(LINES)),
);
