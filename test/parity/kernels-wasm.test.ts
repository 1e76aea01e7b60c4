/** Every kernel against its plain loops (test/native/kernel) in WebAssembly, baseline and SIMD, compiled as the
 * committed modules are. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execPath } from "node:process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compile, compileFolders, variants, type WasmVariant } from "../../scripts/build-wasm.mjs";
import { root } from "../native/build.mjs";

const TIMEOUT_MS = 600_000;
/** More than the test's static memory. */
const MEMORY_BYTES = 16 << 20;

const { flags } = JSON.parse(readFileSync(join(root, "csrc/build.json"), "utf8")) as {
  readonly flags: readonly string[];
};
const hasCompiler = spawnSync("emcc", ["--version"]).status === 0;
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mambalite-kernels-"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const MAIN = join(root, "test/native/kernel_test.c");

function testSources(): string[] {
  const tests = join(root, "test/native/kernel");
  return readdirSync(tests)
    .filter((name) => name.endsWith(".c"))
    .map((name) => join(tests, name));
}

async function buildKernelTest(variant: WasmVariant): Promise<string> {
  const objects = join(folder, variant.file);
  const ofTests = join(folder, `${variant.file}-tests`);
  const ofMain = join(folder, `${variant.file}-main`); // whose name is that of a file of the tests, too
  for (const made of [objects, ofTests, ofMain]) mkdirSync(made);
  const core = await compileFolders(objects, ["csrc/core", "csrc/kernels"], variant);
  const includes = ["csrc", "csrc/include", "test/native"].map((path) => `-I${join(root, path)}`);
  const common = [...flags, "-mbulk-memory", ...variant.flags, "-O1", `-I${objects}`, ...includes];
  const tests = await compile(ofTests, testSources(), common);
  const main = await compile(ofMain, [MAIN], common);
  const script = join(folder, `${variant.file}.js`);
  execFileSync("emcc", [
    ...["-O1", "-mbulk-memory", ...variant.flags],
    ...[`-sINITIAL_MEMORY=${MEMORY_BYTES}`, "-sEXIT_RUNTIME=1"],
    "-sWASM_ASYNC_COMPILATION=0", // Emscripten 3.1 takes a Node that has fetch for a browser
    ...[...core, ...tests, ...main, "-o", script],
  ]);
  return script;
}

describe.skipIf(!hasCompiler)(`kernels in WebAssembly${hasCompiler ? "" : " (no emcc)"}`, () => {
  test.each(variants)(
    "$file: the bits of plain loops",
    { timeout: TIMEOUT_MS },
    async (variant) => {
      const script = await buildKernelTest(variant);
      const { stdout, stderr, status } = spawnSync(execPath, [script], { encoding: "utf8" });
      expect(stdout, stderr).not.toContain("FAIL");
      expect(stdout, stderr).toMatch(/^\d+ passed, 0 failed$/m);
      expect(status).toBe(0);
    },
  );
});
