/**
 * Builds wasm/core.wasm (baseline) and wasm/core.simd.wasm (SIMD128) with Emscripten: bare modules,
 * no imports, no JavaScript glue. The two files are committed, so that using the package needs no
 * compiler; `--check` builds into a temporary folder and requires identical bytes.
 */
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeOpList } from "./op-list.mjs";

/** The compiler that made the committed files; another one may give other bytes. */
const EMSCRIPTEN_VERSION = "3.1.6";

const root = fileURLToPath(new URL("..", import.meta.url));
const variants = [
  {
    file: "core.wasm",
    flags: ["-DMLM_NO_SIMD"],
    features: ["--enable-bulk-memory"],
    hasVectors: false,
  },
  {
    file: "core.simd.wasm",
    flags: ["-msimd128"],
    features: ["--enable-bulk-memory", "--enable-simd"],
    hasVectors: true,
  },
];

const { flags, warnings, hot, smallInWasm, inlinedInWasm, oneLane } = JSON.parse(
  readFileSync(join(root, "csrc/build.json"), "utf8"),
);
const COMPILE = [...flags, ...warnings, "-Werror", "-mbulk-memory", "-Icsrc/include"];

const LINK = [
  "-O1", // what emcc would do beyond this, OPTIMIZE does
  "-mbulk-memory",
  "--no-entry",
  "-sSTANDALONE_WASM",
  "-sALLOW_MEMORY_GROWTH=1", // by JavaScript; without malloc it brings no import in
  "-sMAXIMUM_MEMORY=4GB",
  "-sINITIAL_MEMORY=65536",
  "-sTOTAL_STACK=16384",
  "-Wl,--export=__heap_base",
];

/** What Emscripten exports beside our functions, and nobody calls. */
const UNUSED_EXPORTS =
  /^ \(export "(?:stackSave|stackRestore|stackAlloc|__errno_location|_initialize|__indirect_function_table)".*\n/gm;

/** For wasm-opt: small functions are not copied into their callers, and the blocks of functions are made anew. */
const OPTIMIZE = [
  "--strip-dwarf",
  "--strip-debug",
  "--strip-producers",
  "--post-emscripten",
  "--low-memory-unused",
  "--zero-filled-memory",
  "-Oz",
  "--flatten",
  "--rereloop",
  "-Oz",
  "-Oz",
  "--flexible-inline-max-function-size=2",
  "--converge",
];

/**
 * A constant of 4 equal lanes takes 18 bytes, a splat of one at most 8, of which engines make the same code. Behind it
 * come only passes that do not make constants of splats again.
 */
const EQUAL_LANES = /\(v128\.const i32x4 (0x[0-9a-f]{8}) \1 \1 \1\)/g;
const TIDY = ["--remove-unused-names", "--merge-blocks", "--vacuum", "--reorder-functions"];

/** What a run spends its time in is compiled for speed. The kernels are vectorised by hand; what a
 * compiler adds to that is only size, as are fast forms of everything else. */
const HOT_FLAGS = ["-O2", "-fno-unroll-loops", "-fno-vectorize", "-fno-slp-vectorize"];
const COLD_FLAGS = ["-Oz"];
/** Elsewhere only what says so itself is copied into its callers: inner loops are made of such functions. */
const FEW_COPIES = ["-fno-inline-functions"];

function sourcesIn(folder) {
  return readdirSync(join(root, folder))
    .filter((file) => file.endsWith(".c"))
    .sort()
    .map((file) => join(folder, file));
}

function run(command, args) {
  execFileSync(command, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
}

/** Changes a module by way of its text. */
function rewrite(file, features, change) {
  const text = `${file}.wat`;
  run("wasm-dis", [file, "-o", text]);
  writeFileSync(text, change(readFileSync(text, "utf8")));
  run("wasm-as", [...features, text, "-o", file]);
}

async function build(folder) {
  const objects = mkdtempSync(join(tmpdir(), "mambalite-objects-"));
  try {
    await writeOpList(objects);
    for (const variant of variants) {
      const linked = ["csrc/core", "csrc/kernels", "csrc/detector", "wasm"]
        .flatMap(sourcesIn)
        .map((source) => {
          const name = basename(source);
          const object = join(objects, `${name}.o`);
          const speed = hot.includes(name) && !smallInWasm.includes(name) ? HOT_FLAGS : COLD_FLAGS;
          const copies = inlinedInWasm.includes(name) ? [] : FEW_COPIES;
          const lanes = oneLane.includes(name) ? ["-DMLM_ONE_LANE"] : [];
          run("emcc", [
            ...COMPILE,
            `-I${objects}`,
            ...speed,
            ...copies,
            ...variant.flags,
            ...lanes,
            "-c",
            source,
            "-o",
            object,
          ]);
          return object;
        });
      const raw = join(objects, variant.file);
      run("emcc", [...LINK, ...variant.flags, ...linked, "-o", raw]);
      rewrite(raw, variant.features, (text) => text.replace(UNUSED_EXPORTS, ""));
      run("wasm-opt", [...OPTIMIZE, ...variant.features, raw, "-o", raw]);
      if (variant.hasVectors) {
        rewrite(raw, variant.features, (text) =>
          text.replace(EQUAL_LANES, "(i32x4.splat (i32.const $1))"),
        );
        run("wasm-opt", [...TIDY, ...variant.features, raw, "-o", raw]);
      }
      copyFileSync(raw, join(folder, variant.file));
    }
  } finally {
    rmSync(objects, { recursive: true, force: true });
  }
}

function emscriptenVersion() {
  const text = execFileSync("emcc", ["--version"], { encoding: "utf8" });
  return /\b(\d+\.\d+\.\d+)\b/.exec(text)?.[1] ?? "unknown";
}

function report(folder) {
  for (const { file } of variants) {
    const bytes = readFileSync(join(folder, file));
    const imports = WebAssembly.Module.imports(new WebAssembly.Module(bytes));
    if (imports.length > 0) throw new Error(`${file} imports ${JSON.stringify(imports)}`);
    console.log(`wasm/${file}: ${bytes.length} bytes, no imports`);
  }
}

async function check() {
  const version = emscriptenVersion();
  if (version !== EMSCRIPTEN_VERSION) {
    console.log(
      `skipped: built with Emscripten ${EMSCRIPTEN_VERSION}, this machine has ${version}`,
    );
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), "mambalite-wasm-"));
  try {
    await build(folder);
    report(folder);
    for (const { file } of variants) {
      const same = readFileSync(join(folder, file)).equals(readFileSync(join(root, "wasm", file)));
      if (!same) throw new Error(`wasm/${file} is not what the sources build: npm run build:wasm`);
    }
    console.log("committed files and rebuilt files are identical");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

try {
  if (process.argv.includes("--check")) {
    await check();
  } else {
    await build(join(root, "wasm"));
    report(join(root, "wasm"));
  }
} catch (error) {
  console.error(`build-wasm: ${error.message}`);
  process.exitCode = 1;
}
