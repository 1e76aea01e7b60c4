/** The Python of tests and benchmarks is one, and it has everything. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { findPython, HOW_TO_GET_PYTHON, PYTHON_MODULES } from "../../../scripts/python.mjs";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "mambalite-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A command that fails to import what is not in `modules`, as Python does. */
function pythonWith(name: string, modules: readonly string[]): string {
  const path = join(folder, name);
  const known = modules.map((module) => `s/\\b${module}\\b//;`).join("");
  const script = `#!/bin/sh\n[ -z "$(echo "$2" | sed 's/import//;${known}s/[, ]//g')" ]\n`;
  writeFileSync(path, script, { mode: 0o755 });
  return path;
}

describe("the Python of tests and benchmarks", () => {
  const [onnx, ...others] = [...PYTHON_MODULES].reverse();
  const lacking = pythonWith("lacking", others);
  const whole = pythonWith("whole", PYTHON_MODULES);

  test("has torch, onnx and numpy, and its packages are named", () => {
    expect([...PYTHON_MODULES].sort()).toEqual(["numpy", "onnx", "torch"]);
    expect(onnx).toBe("onnx");
    for (const module of PYTHON_MODULES) expect(HOW_TO_GET_PYTHON).toContain(`python3-${module}`);
  });

  test("is the first that has all that is asked for", () => {
    expect(findPython(PYTHON_MODULES, [lacking, whole])).toBe(whole);
    expect(findPython(others, [lacking, whole])).toBe(lacking);
    expect(findPython(PYTHON_MODULES, [lacking, join(folder, "nowhere")])).toBeUndefined();
  });

  test.each(["scripts/test.mjs", "bench/bench.mjs"])("%s looks for no other", (path) => {
    const text = readFileSync(join(root, path), "utf8");
    expect(text).toMatch(/import \{[^}]*\bfindPython\b[^}]*\} from "[^"]+\/python\.mjs"/);
    expect(text).not.toMatch(/["'](\/usr\/bin\/)?python3["']/);
  });

  test("scripts/setup.sh installs what the list has, and names no package itself", () => {
    const text = readFileSync(join(root, "scripts/setup.sh"), "utf8");
    expect(text).toContain("python-packages.txt");
    expect(text).not.toMatch(/python3-(numpy|torch|onnx)/);
  });
});
