/** The exporter and its layers, as they are shipped: one file, joined from modules, by their Python tests. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { findPython, HOW_TO_GET_PYTHON } from "../../../scripts/python.mjs";
import { joinedModules } from "../../../scripts/torch/join.mjs";

const tests = fileURLToPath(new URL("../../python", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "mambalite-torch-"));
const python = findPython(["torch"]);
const TIMEOUT_MS = 300_000;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("mambalite_torch.py", () => {
  it("is one file that needs nothing but torch", () => {
    const text = joinedModules();
    expect(text).toBe(joinedModules());
    expect(text).not.toMatch(/^\s*from \./m);
    const imported = text.match(/^(?:import|from) (\w+)/gm)?.map((line) => line.split(" ")[1]);
    expect(new Set(imported)).toEqual(
      new Set([
        ...[
          "contextlib",
          "copy",
          "itertools",
          "json",
          "linecache",
          "math",
          "os",
          "re",
          "struct",
          "sys",
        ],
        "torch",
      ]),
    );
  });

  it.skipIf(python === undefined)(
    `passes its Python tests (${python === undefined ? HOW_TO_GET_PYTHON : python})`,
    () => {
      writeFileSync(join(folder, "mambalite_torch.py"), joinedModules());
      const { status, stderr } = spawnSync(
        python as string,
        ["-W", "ignore", "-m", "unittest", "discover", "-s", tests, "-t", tests],
        { encoding: "utf8", env: { ...process.env, MAMBALITE_TORCH: folder } },
      );
      expect(stderr).toMatch(/\nOK\b/);
      expect(status).toBe(0);
    },
    TIMEOUT_MS,
  );
});
