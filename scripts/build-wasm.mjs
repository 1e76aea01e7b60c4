/**
 * Builds wasm/core.wasm (baseline) and wasm/core.simd.wasm (SIMD128) with Emscripten: bare modules,
 * no imports, no JavaScript glue. The two files are committed, so that using the package needs no
 * compiler; `--check` builds into a temporary folder and requires identical bytes.
 */
import { execFile, execFileSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import process, { argv } from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { writeBuildHeaders } from "./op-list.mjs";

/** The compiler that made the committed files; another one may give other bytes. */
const EMSCRIPTEN_VERSION = "3.1.6";

const root = fileURLToPath(new URL("..", import.meta.url));
export const variants = [
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

const { flags, warnings, hot, smallInWasm, smallInScalarWasm, inlinedInWasm, oneLane } = JSON.parse(
  readFileSync(join(root, "csrc/build.json"), "utf8"),
);
const INCLUDES = ["csrc", "csrc/include"].map((folder) => `-I${join(root, folder)}`);
const COMPILE = [...flags, ...warnings, "-Werror", "-mbulk-memory", ...INCLUDES];
/** Between our own functions structs are passed field by field instead of through memory, which is smaller and faster. */
const CALLS = ["-Xclang", "-target-abi", "-Xclang", "experimental-mv"];

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

/** As the number that takes fewer bytes: one of 32 bits has five from 2^27 on, and a float has four. */
function splat(_, lane) {
  const bits = Number(lane) | 0;
  const float = new Float32Array(Int32Array.of(bits).buffer)[0];
  const isShort = Math.abs(bits) < 2 ** 27 || !Number.isFinite(float);
  if (isShort) return `(i32x4.splat (i32.const ${lane}))`;
  return `(f32x4.splat (f32.const ${Object.is(float, -0) ? "-0" : float}))`;
}

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
    .map((file) => join(root, folder, file));
}

async function run(command, args, cwd = root) {
  try {
    await promisify(execFile)(command, args, { cwd });
  } catch (error) {
    throw new Error(`${command}: ${error.stderr || error.message}`);
  }
}

/** Compiles files that have the same flags: Emscripten starts once for all of them. @returns the objects */
export async function compile(objects, sources, options) {
  if (sources.length > 0) await run("emcc", [...options, ...CALLS, "-c", ...sources], objects);
  return sources.map((source) => join(objects, basename(source).replace(/\.c$/, ".o")));
}

/** Sources of which size counts more than speed: without vectors also integers, as who wants speed has those. */
function smallIn({ hasVectors }) {
  return hasVectors ? smallInWasm : [...smallInWasm, ...smallInScalarWasm];
}

function optionsOf(source, variant) {
  const name = basename(source);
  const isSmall = smallIn(variant).includes(name);
  return [
    ...(hot.includes(name) && !isSmall ? HOT_FLAGS : COLD_FLAGS),
    ...(inlinedInWasm.includes(name) && !isSmall ? [] : FEW_COPIES),
    ...(oneLane.includes(name) ? ["-DMLM_ONE_LANE"] : []),
  ];
}

/** The objects of all files in some folders, in the order of their names, as the modules are made of them. */
export async function compileFolders(objects, folders, variant) {
  await writeBuildHeaders(objects);
  const sources = folders.flatMap(sourcesIn);
  const groups = new Map();
  for (const source of sources) {
    const key = optionsOf(source, variant).join(" ");
    groups.set(key, [...(groups.get(key) ?? []), source]);
  }
  const made = new Map();
  for (const [key, files] of groups) {
    const options = [...COMPILE, `-I${objects}`, ...key.split(" "), ...variant.flags];
    const compiled = await compile(objects, files, options);
    files.forEach((file, index) => {
      made.set(file, compiled[index]);
    });
  }
  return sources.map((source) => made.get(source));
}

/** Changes a module by way of its text. */
async function rewrite(file, features, change) {
  const text = `${file}.wat`;
  await run("wasm-dis", [file, "-o", text]);
  writeFileSync(text, change(readFileSync(text, "utf8")));
  await run("wasm-as", [...features, text, "-o", file]);
}

async function buildVariant(variant, objects, folder) {
  mkdirSync(objects);
  const folders = ["csrc/core", "csrc/kernels", "csrc/detector", "wasm"];
  const linked = await compileFolders(objects, folders, variant);
  const raw = join(objects, variant.file);
  await run("emcc", [...LINK, ...variant.flags, ...linked, "-o", raw]);
  await rewrite(raw, variant.features, (text) => text.replace(UNUSED_EXPORTS, ""));
  await run("wasm-opt", [...OPTIMIZE, ...variant.features, raw, "-o", raw]);
  if (variant.hasVectors) {
    await rewrite(raw, variant.features, (text) => text.replace(EQUAL_LANES, splat));
    await run("wasm-opt", [...TIDY, ...variant.features, raw, "-o", raw]);
  }
  copyFileSync(raw, join(folder, variant.file));
}

async function build(folder) {
  const objects = mkdtempSync(join(tmpdir(), "mambalite-objects-"));
  try {
    const building = variants.map((v) => buildVariant(v, join(objects, v.file), folder));
    await Promise.allSettled(building); // none may still work in the folder when it is removed
    await Promise.all(building);
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

if (argv[1] !== undefined && import.meta.url === pathToFileURL(argv[1]).href) {
  try {
    if (argv.includes("--check")) {
      await check();
    } else {
      await build(join(root, "wasm"));
      report(join(root, "wasm"));
    }
  } catch (error) {
    console.error(`build-wasm: ${error.message}`);
    process.exitCode = 1;
  }
}
