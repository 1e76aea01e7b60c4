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
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { compilerCache, DEPENDENCIES } from "../../scripts/compiler-cache.mjs";
import { writeBuildHeaders } from "../../scripts/op-list.mjs";

const run = promisify(execFile);
export const root = fileURLToPath(new URL("../..", import.meta.url));
const sources = join(root, "test/native");

/** How every build of the core is compiled; contraction off is the one flag the bits depend on. */
const { flags: coreFlags, warnings } = JSON.parse(
  readFileSync(join(root, "csrc/build.json"), "utf8"),
);

const common = [
  ...coreFlags,
  `-I${join(root, "csrc")}`,
  `-I${join(root, "csrc/include")}`,
  `-I${sources}`,
  ...warnings,
  "-Wpedantic",
  "-Wdouble-promotion",
  "-Wstrict-prototypes",
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
  "-g1",
  "-fno-omit-frame-pointer",
  "-fsanitize=address,undefined,float-cast-overflow",
  "-fno-sanitize-recover=all",
];
const noSimd = "-DMLM_NO_SIMD";

/** Networks as tests write them, and blobs of them. */
const networks = [
  "op_rows.c",
  "network.c",
  "network_time.c",
  "network_random.c",
  "networks.c",
  "blob_builder.c",
];
const loops = ["case", "element_loops", "layer_loops", "time_loops", "pool_loops"].map(
  (name) => `kernel/${name}.c`,
);
const rigs = ["rig.c", ...networks];
const ways = ["ways.c", "reference.c", ...loops, ...rigs];
const kernelTest = readdirSync(join(sources, "kernel"))
  .filter((name) => name.endsWith(".c"))
  .map((name) => `kernel/${name}`);
const fuzzModel = ["../fuzz/fuzz_model.c", "../fuzz/fuzz_facts.c", ...networks];
const fuzzBits = ["../fuzz/fuzz_bits.c", ...networks];
const fuzzIntegers = ["../fuzz/fuzz_integers.c", ...networks];

/** Optimisation levels differ on purpose: the bits must not depend on them. */
export const variants = {
  gcc: { compiler: "gcc", flags: ["-O3"] },
  "gcc-scalar": { compiler: "gcc", flags: ["-O2", noSimd] },
  clang: { compiler: "clang", flags: ["-O2"] },
  "clang-scalar": { compiler: "clang", flags: ["-O1", noSimd] },
  "gcc-sanitize": { compiler: "gcc", flags: ["-O1", ...sanitizers], replays: true },
  "clang-sanitize": { compiler: "clang", flags: ["-O1", ...sanitizers, noSimd], replays: true },
  // What shifts and wraps has to be defined, in integers, too.
  fuzz: {
    compiler: "clang",
    flags: ["-O1", ...sanitizers],
    fuzzer: {
      fuzz_model: ["../fuzz/fuzz_mutator.c", ...fuzzModel],
      fuzz_integers: fuzzIntegers,
    },
  },
  // Without sanitizers: what it looks for shows in the bits, and the more it tries the better.
  "fuzz-bits": { compiler: "clang", flags: ["-O2"], fuzzer: { fuzz_bits: fuzzBits } },
};

/** Test programs and the files each is made of besides the core. */
const programs = {
  math_test: ["math_test.c"],
  kernel_test: ["kernel_test.c", ...kernelTest],
  model_test: ["model_test.c", ...rigs],
  records_test: ["records_test.c", ...rigs],
  ops_test: ["ops_test.c", ...rigs],
  plan_test: ["plan_test.c", ...rigs],
  counts_test: ["counts_test.c", ...rigs],
  session_test: ["session_test.c", ...ways],
  misuse_test: ["misuse_test.c", ...rigs],
  states_test: ["states_test.c", ...rigs],
  bits_test: ["bits_test.c", ...ways],
  detector_test: ["detector_test.c", ...rigs],
  endless_test: ["endless_test.c", ...rigs],
  integer_test: ["integer_test.c"],
  integer_bands_test: ["integer_bands_test.c"],
  integer_rows_test: ["integer_rows_test.c"],
  integer_scan_test: ["integer_scan_test.c"],
  integer_logmel_test: ["integer_logmel_test.c"],
  mlm_run: ["mlm_run.c"],
  make_seeds: ["../fuzz/make_seeds.c", ...networks],
};
const replays = {
  fuzz_replay: ["../fuzz/replay.c", ...fuzzModel],
  fuzz_bits_replay: ["../fuzz/replay.c", ...fuzzBits],
  fuzz_integers_replay: ["../fuzz/replay.c", ...fuzzIntegers],
};
/** Programs with a second core in them, in plain C, its names beginning with PLAIN. */
const withPlainCore = new Set([
  ...["fuzz_bits", "fuzz_bits_replay"],
  ...["fuzz_integers", "fuzz_integers_replay"],
]);
const PLAIN = "plain_";
/** Test programs, in the order to run them in. */
export const tests = Object.keys(programs).filter((name) => name.endsWith("_test"));

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

/** Relative to this folder. */
function coreSources() {
  return ["core", "kernels", "detector"].flatMap((folder) =>
    readdirSync(join(root, "csrc", folder))
      .filter((file) => file.endsWith(".c"))
      .sort()
      .map((file) => `../../csrc/${folder}/${file}`),
  );
}

/** Everything the result depends on, as one hash: sources, flags, compiler. */
function fingerprint(name) {
  const hash = createHash("sha256");
  hash.update(JSON.stringify([variants[name], common, compilerVersion(variants[name].compiler)]));
  const csrc = ["include", "core", "kernels", "math", "detector"].map((folder) => `csrc/${folder}`);
  for (const folder of [...csrc, "csrc", "test/native", "test/native/kernel", "test/fuzz"]) {
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
  const names = new Set(stdout.match(/\S+$/gm) ?? []);
  const renamed = [...names].map((name) => `--redefine-sym=${name}=${prefix}${name}`);
  await run("objcopy", [...renamed, file]);
}

const cache = compilerCache(root);

/** `folder`: where they run, from which all is as far in every clone. */
async function compileAll(compiler, jobs, folder) {
  const queue = [...jobs];
  const worker = async () => {
    for (let args = queue.shift(); args; args = queue.shift()) {
      const isCompilation = args.includes("-c");
      const [command, ...all] = [...(isCompilation ? cache.launcher : []), compiler, ...args];
      await run(command, all, { cwd: folder, env: { ...process.env, ...cache.environment } });
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
}

/** Compiles and links all programs of a variant into a folder that has its op_list.h and op_types.h. */
async function buildInto(work, { compiler, flags, fuzzer, ...variant }) {
  const made = fuzzer ?? { ...programs, ...(variant.replays ? replays : {}) };
  const hasPlainCore = Object.keys(made).some((program) => withPlainCore.has(program));
  /** Where the core itself is plain C, it is compiled once. */
  const ofPlainCore = flags.includes(noSimd) ? "" : "_plain";
  const units = made.math_test ? { _vector: [], _scalar: [noSimd, "-DSCALAR_UNITS"] } : {};
  const core = coreSources();
  const object = (source, suffix = "") =>
    join(work, `${relative(root, join(sources, source)).replaceAll("/", "_")}${suffix}.o`);
  const compile = (file, suffix, extra) => [
    ...[
      ...common,
      `-I${work}`,
      ...flags,
      ...(fuzzer ? ["-fsanitize=fuzzer-no-link"] : []),
      ...extra,
    ],
    ...[DEPENDENCIES, "-c", join(sources, file), "-o", object(file, suffix)],
  ];
  const ofTests = ["-Wmissing-prototypes"]; // the core's op classes are declared where op_list.h is read
  await compileAll(
    compiler,
    [
      ...core.map((file) => compile(file, "", freestanding)),
      ...(hasPlainCore && ofPlainCore !== ""
        ? core.map((file) => compile(file, ofPlainCore, [...freestanding, noSimd]))
        : []),
      ...[...new Set(Object.values(made).flat())].map((file) => compile(file, "", ofTests)),
      ...Object.entries(units).map(([suffix, extra]) => compile("math_units.c", suffix, extra)),
    ],
    work,
  );
  const objects = core.map((file) => object(file));
  const plainCore = join(work, "plain_core.o");
  const plainObjects = core.map((file) => object(file, ofPlainCore));
  if (hasPlainCore) await linkRenamed(compiler, plainObjects, PLAIN, plainCore);
  const link = ([program, files]) => [
    ...flags.filter((flag) => flag.startsWith("-fsanitize") || flag === "-g1"),
    ...(fuzzer ? ["-fsanitize=fuzzer"] : []),
    ...files.map((file) => object(file)),
    ...(program === "math_test" ? Object.keys(units) : []).map((x) => object("math_units.c", x)),
    ...objects,
    ...(withPlainCore.has(program) ? [plainCore] : []),
    ...["-lm", "-o", join(work, program)],
  ];
  await compileAll(compiler, Object.entries(made).map(link), work);
  await run(compiler, ["-r", "-nostdlib", ...objects, "-o", join(work, "core.o")]);
}

/**
 * Builds one variant if anything it depends on has changed. Resolves to its folder, which holds the
 * programs and core.o (the whole core in one relocatable file). Rejects with the compiler's words.
 */
export async function build(name) {
  const folder = join(root, "build/native", name);
  const stamp = fingerprint(name);
  const stampFile = join(folder, "stamp");
  const isThere = () => existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp;
  if (isThere()) return folder;

  // Built aside and moved in place, so that two builds at once never mix; the first one's programs may be running.
  const work = `${folder}.${process.pid}`;
  mkdirSync(work, { recursive: true });
  try {
    await writeBuildHeaders(work);
    await buildInto(work, variants[name]);
    if (isThere()) return folder;
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
