/** Every kernel against its plain loops (test/native/kernel) in WebAssembly, baseline and SIMD, compiled as the
 * committed modules are. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { execPath } from "node:process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeOpList } from "../../scripts/op-list.mjs";
import { root } from "../native/build.mjs";

const TIMEOUT_MS = 600_000;
const BUILDS = [
  ["baseline", ["-DMLM_NO_SIMD"]],
  ["SIMD", ["-msimd128"]],
] as const;
/** More than the test's static memory. */
const MEMORY_BYTES = 16 << 20;

const { flags, hot, oneLane } = JSON.parse(readFileSync(join(root, "csrc/build.json"), "utf8")) as {
  readonly [name in "flags" | "hot" | "oneLane"]: readonly string[];
};
const hasCompiler = spawnSync("emcc", ["--version"]).status === 0;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "mambalite-kernels-"));
  await writeOpList(folder);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function sourcesIn(path: string): string[] {
  return readdirSync(join(root, path))
    .filter((name) => name.endsWith(".c"))
    .map((name) => join(root, path, name));
}

/** Object files of sources that have the same flags, their names beginning with `name`. */
function compile(name: string, sources: readonly string[], own: readonly string[]): string[] {
  const includes = ["csrc", "csrc/include", "test/native"].map((path) => `-I${join(root, path)}`);
  return sources.map((source) => {
    const object = join(folder, `${name}-${basename(source)}.o`);
    execFileSync("emcc", [
      ...[...flags, "-mbulk-memory", `-I${folder}`, ...includes, ...own],
      ...["-c", source, "-o", object],
    ]);
    return object;
  });
}

function buildKernelTest(name: string, simd: readonly string[]): string {
  const core = ["csrc/core", "csrc/kernels"].flatMap(sourcesIn);
  const isHot = (source: string) => hot.includes(basename(source));
  const isOneLane = (source: string) => oneLane.includes(basename(source));
  const main = join(root, "test/native/kernel_test.c");
  const cold = core.filter((source) => !isHot(source) && !isOneLane(source));
  const objects = [
    ...compile(`${name}-hot`, core.filter(isHot), [...simd, "-O2", "-fno-vectorize"]),
    ...compile(`${name}-one`, core.filter(isOneLane), [...simd, "-Oz", "-DMLM_ONE_LANE"]),
    ...compile(`${name}-cold`, cold, [...simd, "-Oz"]),
    ...compile(`${name}-test`, sourcesIn("test/native/kernel"), [...simd, "-O1"]),
    ...compile(`${name}-main`, [main], ["-O1"]),
  ];
  const script = join(folder, `${name}.js`);
  execFileSync("emcc", [
    ...["-O1", "-mbulk-memory", ...simd, `-sINITIAL_MEMORY=${MEMORY_BYTES}`, "-sEXIT_RUNTIME=1"],
    "-sWASM_ASYNC_COMPILATION=0", // Emscripten 3.1 takes a Node that has fetch for a browser
    ...[...objects, "-o", script],
  ]);
  return script;
}

describe.skipIf(!hasCompiler)(`kernels in WebAssembly${hasCompiler ? "" : " (no emcc)"}`, () => {
  test.each(BUILDS)("%s: the bits of plain loops", { timeout: TIMEOUT_MS }, (name, simd) => {
    const { stdout, stderr, status } = spawnSync(execPath, [buildKernelTest(name, simd)], {
      encoding: "utf8",
    });
    expect(stdout, stderr).not.toContain("FAIL");
    expect(stdout, stderr).toMatch(/^\d+ passed, 0 failed$/m);
    expect(status).toBe(0);
  });
});
