/** docs/getting-started.md is walked: each of its commands, in order, and what it says they print. */
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { findPython } from "../../scripts/python.mjs";
import { root } from "../cli/support.js";

const walk = readFileSync(join(root, "docs/getting-started.md"), "utf8");
const python = findPython(["torch", "numpy"]);
/** What a line has wherever the network is trained: neither figures nor the widths of columns. */
const formOf = (line: string) =>
  line
    .replace(/\d[\d,.]*/g, "#")
    .replace(/\s+/g, " ")
    .trim();
const formsIn = (text: string) => text.split("\n").map(formOf).filter(Boolean);
const blocksOf = (text: string, language: string) =>
  [...text.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, "g"))].map(
    ([, block]) => block as string,
  );

it.skipIf(python === undefined)(
  "docs/getting-started.md leads from training to a project",
  () => {
    rmSync(join(root, "build/gestures"), { recursive: true, force: true });
    const printed = walk.split("\n## ").flatMap((section) =>
      blocksOf(section, "sh").map((block) => {
        const script = block.replaceAll("python3 ", `${python} `);
        const text = execFileSync("bash", ["-e", "-c", script], { cwd: root, encoding: "utf8" });
        const lines = formsIn(text);
        // Lines are left out, and what stands before or behind what is shown of one.
        for (const shown of blocksOf(section, "text").flatMap(formsIn)) {
          const isPrinted = lines.some((line) => line.includes(shown));
          expect(isPrinted, `a line like ${shown}, of ${lines.join("\n")}`).toBe(true);
        }
        return text;
      }),
    );
    const [train, same, fits, fixed, proven, flashed] = printed as string[];
    const right = /([\d.]+) % of 500 test gestures are right/.exec(train!)?.[1];
    expect(Number(right)).toBeGreaterThan(90);
    expect(same).toContain(`${Number(right).toFixed(2)} % right`);
    expect(fits).toMatch(/microbit +fits/);
    expect(fixed).toMatch(/class differs in \d of 256 inputs/);
    expect(proven).toContain("500 of 500 inputs of 64 frames equal in every bit on cortex-m0");
    expect(flashed).toMatch(/core and model: \d+ of \d+ inputs equal, bit for bit/);
  },
  900_000,
);
