/**
 * Builds the benchmark's own WebAssembly files with Emscripten: the straightforward port, with the
 * flags that such a port would be built with, and the roofline loops. The files are committed, so
 * that the benchmark needs no compiler; `--check` requires that the sources give the same bytes.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import process, { argv } from "node:process";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));

const FILES = {
  "straightforward/straightforward.wasm": {
    sources: ["straightforward/straightforward.c", "straightforward/wasm.c"],
    flags: [],
  },
  "straightforward/layers.wasm": {
    sources: ["straightforward/layers.c", "straightforward/layers_wasm.c"],
    flags: [],
  },
  "roofline/roofline.wasm": { sources: ["roofline/roofline.c"], flags: ["-msimd128"] },
};

const FLAGS = [
  "-O3",
  "-std=gnu11",
  "-Wall",
  "-Wextra",
  "-Werror",
  "--no-entry",
  "-sSTANDALONE_WASM",
  "-sALLOW_MEMORY_GROWTH=1",
  "-sINITIAL_MEMORY=65536",
  "-sTOTAL_STACK=16384",
  "-Wl,--export=__heap_base",
];

function build(file, target) {
  const { sources, flags } = FILES[file];
  const inputs = sources.map((source) => join(here, source));
  execFileSync("emcc", [...FLAGS, ...flags, ...inputs, "-o", target], { stdio: "inherit" });
}

function check() {
  const folder = mkdtempSync(join(tmpdir(), "mambalite-bench-"));
  try {
    for (const file of Object.keys(FILES)) {
      const target = join(folder, basename(file));
      build(file, target);
      if (readFileSync(target).equals(readFileSync(join(here, file)))) continue;
      console.error(`bench/${file} is not what the sources build: node bench/build-wasm.mjs`);
      process.exitCode = 1;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (argv.includes("--check")) check();
else for (const file of Object.keys(FILES)) build(file, join(here, file));
