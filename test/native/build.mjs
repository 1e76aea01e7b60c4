/**
 * Compiles the core and the native test programs with gcc and clang into build/native/<variant>.
 * Plain Node, so that the tests, the fuzzer and the parity tests share one list of flags. Knows
 * nothing of what the programs do.
 *
 *   node test/native/build.mjs [VARIANT ...]
 */
import { execFile, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
export const root = fileURLToPath(new URL("../..", import.meta.url));
const sources = join(root, "test/native");

/** What every file is compiled with. Contraction off is the one flag the bits depend on. */
const common = [
  "-std=c11",
  "-ffp-contract=off",
  `-I${join(root, "csrc")}`,
  `-I${join(root, "csrc/include")}`,
  `-I${join(root, "csrc/port")}`,
  `-I${sources}`,
  "-Wall",
  "-Wextra",
  "-Wpedantic",
  "-Wconversion",
  "-Wshadow",
  "-Wdouble-promotion",
  "-Wstrict-prototypes",
  "-Wmissing-prototypes",
  "-Wcast-align",
  "-Wcast-qual",
  "-Wundef",
  "-Wvla",
  "-Wwrite-strings",
  "-Werror",
];
/** The core gets no help from a libc: what it calls is what it declares. */
const freestanding = ["-ffreestanding"];
const sanitizers = [
  "-g",
  "-fno-omit-frame-pointer",
  "-fsanitize=address,undefined,float-cast-overflow",
  "-fno-sanitize-recover=all",
];
const noSimd = "-DMLM_NO_SIMD";

const shared = ["blob_builder.c", "spec.c"];
const fuzzBits = ["../fuzz/fuzz_bits.c", "../fuzz/network_from_bytes.c", ...shared];
/** Optimisation levels differ on purpose: the bits must not depend on them. */
export const variants = {
  gcc: { compiler: "gcc", flags: ["-O3"] },
  "gcc-scalar": { compiler: "gcc", flags: ["-O2", noSimd] },
  clang: { compiler: "clang", flags: ["-O2"] },
  "clang-scalar": { compiler: "clang", flags: ["-O1", noSimd] },
  "gcc-sanitize": { compiler: "gcc", flags: ["-O1", ...sanitizers] },
  "clang-sanitize": { compiler: "clang", flags: ["-O1", ...sanitizers, noSimd] },
  fuzz: {
    compiler: "clang",
    flags: ["-O1", ...sanitizers, "-DFUZZ_MUTATOR"],
    fuzzer: { fuzz_model: ["../fuzz/fuzz_model.c", ...shared] },
  },
  // Without sanitizers: what it looks for shows in the bits, and the more it tries the better.
  "fuzz-bits": { compiler: "clang", flags: ["-O2"], fuzzer: { fuzz_bits: fuzzBits } },
};

/** What prints for programs that run on boards too. */
const bare = ["../../csrc/port/print.c", "../../csrc/port/generic/machine.c"];

/** Test programs and the files each is made of besides the core. */
const programs = {
  math_test: ["math_test.c"],
  kernel_test: ["kernel_test.c", ...bare],
  model_test: ["model_test.c", ...shared],
  plan_test: ["plan_test.c", ...shared],
  session_test: ["session_test.c", "reference.c", ...shared],
  mlm_run: ["mlm_run.c"],
  make_seeds: ["../fuzz/make_seeds.c", ...shared],
  fuzz_replay: ["../fuzz/replay.c", "../fuzz/fuzz_model.c", ...shared],
  fuzz_bits_replay: ["../fuzz/replay.c", ...fuzzBits],
};
/** Programs with a second core in them, in plain C, its names beginning with this. */
const PLAIN = "plain_";
const withPlainCore = new Set(["kernel_test", "fuzz_bits", "fuzz_bits_replay"]);
/** Test programs, in the order to run them in. */
export const tests = ["math_test", "kernel_test", "model_test", "plan_test", "session_test"];

/** First line of `compiler --version`, or null when there is no such compiler. */
export function compilerVersion(compiler) {
  const result = spawnSync(compiler, ["--version"], { encoding: "utf8" });
  return result.status === 0 ? result.stdout.split("\n")[0] : null;
}

/** Whether the compiler can link a program with these flags (a sanitizer's runtime may be missing). */
function canLink(compiler, flags) {
  const probe = "int main(void) { return 0; }";
  const fuzzProbe =
    "#include <stddef.h>\nint LLVMFuzzerTestOneInput(const char *, size_t);\n" +
    "int LLVMFuzzerTestOneInput(const char *p, size_t n) { return !p && n; }";
  const source = flags.includes("-fsanitize=fuzzer") ? fuzzProbe : probe;
  const result = spawnSync(compiler, [...flags, "-x", "c", "-", "-o", "/dev/null"], {
    input: source,
  });
  return result.status === 0;
}

/** Why this variant cannot be built here, in words for a person; null when it can. */
export function missingFor(name) {
  const { compiler, flags, fuzzer } = variants[name];
  if (compilerVersion(compiler) === null) return `${compiler} is not installed`;
  const sanitizing = flags.filter((flag) => flag.startsWith("-fsanitize"));
  const linking = [...sanitizing, ...(fuzzer ? ["-fsanitize=fuzzer"] : [])];
  if (linking.length > 0 && !canLink(compiler, linking)) {
    return `the runtime of ${compiler}'s sanitizers${fuzzer ? " and of libFuzzer" : ""} is not installed`;
  }
  return null;
}

export function coreSources() {
  return ["core", "kernels"].flatMap((folder) => {
    const path = join(root, "csrc", folder);
    return readdirSync(path)
      .filter((file) => file.endsWith(".c"))
      .sort()
      .map((file) => join(path, file));
  });
}

/** Everything the result depends on, as one hash: sources, flags, compiler. */
function fingerprint(name) {
  const hash = createHash("sha256");
  hash.update(JSON.stringify([variants[name], common, compilerVersion(variants[name].compiler)]));
  const folders = ["csrc/include", "csrc/core", "csrc/kernels", "test/native", "test/fuzz"];
  for (const folder of folders) {
    for (const file of readdirSync(join(root, folder)).sort()) {
      if (!/\.(c|h|mjs)$/.test(file)) continue;
      hash.update(file).update(readFileSync(join(root, folder, file)));
    }
  }
  return hash.digest("hex");
}

/** One relocatable file of `objects`, every name that they define beginning with `prefix`. */
async function linkRenamed(compiler, objects, prefix, file) {
  await run(compiler, ["-r", "-nostdlib", ...objects, "-o", file]);
  const { stdout } = await run("nm", ["-g", "--defined-only", file]);
  const names = stdout.match(/\b(mlm|v4)_\w+$/gm) ?? [];
  const renamed = names.map((name) => `--redefine-sym=${name}=${prefix}${name}`);
  await run("objcopy", [...renamed, file]);
}

async function compileAll(compiler, jobs) {
  const queue = [...jobs];
  const worker = async () => {
    for (let args = queue.shift(); args; args = queue.shift()) await run(compiler, args);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
}

/**
 * Builds one variant if anything it depends on has changed. Resolves to its folder, which holds the
 * programs and core.o (the whole core in one relocatable file). Rejects with the compiler's words.
 */
export async function build(name) {
  const { compiler, flags, fuzzer } = variants[name];
  const folder = join(root, "build/native", name);
  const stamp = fingerprint(name);
  const stampFile = join(folder, "stamp");
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp) return folder;

  // Built aside and moved in place, so that two builds at once never mix.
  const work = `${folder}.${process.pid}`;
  mkdirSync(work, { recursive: true });
  const compileFlags = [...common, ...flags, ...(fuzzer ? ["-fsanitize=fuzzer-no-link"] : [])];
  const object = (source, suffix = "") => join(work, `${basename(source, ".c")}${suffix}.o`);
  const core = coreSources();
  const made = fuzzer ?? programs;
  const testFiles = [...new Set(Object.values(made).flat())];
  try {
    await compileAll(compiler, [
      ...core.map((file) => [...compileFlags, ...freestanding, "-c", file, "-o", object(file)]),
      ...core.map((file) => [
        ...[...compileFlags, noSimd, ...freestanding],
        ...["-c", file, "-o", object(file, "_plain")],
      ]),
      ...testFiles.map((file) => [...compileFlags, "-c", join(sources, file), "-o", object(file)]),
      ...(fuzzer
        ? []
        : [[], [noSimd, "-DSCALAR_UNITS"]].map((extra) => {
            const file = join(sources, "math_units.c");
            const args = [...compileFlags, ...extra, "-c", file];
            return [...args, "-o", object(file, extra.length ? "_scalar" : "_vector")];
          })),
    ]);
    const plainCore = join(work, "plain_core.o");
    await linkRenamed(
      compiler,
      core.map((file) => object(file, "_plain")),
      PLAIN,
      plainCore,
    );
    const links = Object.entries(made).map(([program, files]) => {
      const units = program === "math_test" ? ["_vector", "_scalar"] : [];
      return [
        ...flags.filter((flag) => flag.startsWith("-fsanitize") || flag === "-g"),
        ...(fuzzer ? ["-fsanitize=fuzzer"] : []),
        ...files.map((file) => object(file)),
        ...units.map((suffix) => object("math_units.c", suffix)),
        ...core.map((file) => object(file)),
        ...(withPlainCore.has(program) ? [plainCore] : []),
        "-lm",
        "-o",
        join(work, program),
      ];
    });
    await compileAll(compiler, links);
    await run(compiler, [
      "-r",
      "-nostdlib",
      ...core.map((f) => object(f)),
      "-o",
      join(work, "core.o"),
    ]);
    writeFileSync(join(work, "stamp"), stamp);
    rmSync(folder, { recursive: true, force: true });
    renameSync(work, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return folder;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const wanted = process.argv.slice(2);
  for (const name of wanted.length > 0 ? wanted : Object.keys(variants)) {
    const missing = missingFor(name);
    if (missing) {
      console.log(`${name}: skipped, ${missing}`);
      continue;
    }
    try {
      console.log(`${name}: ${await build(name)}`);
    } catch (error) {
      console.error(`${name}: ${error.stderr ?? error.message}`);
      process.exitCode = 1;
    }
  }
}
