/**
 * Compiles and links an image of a runner with arm-none-eabi-gcc. Knows what a runner is made of, not which boards there
 * are, nor where images go.
 */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, dirname, join, relative, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { buildHeaders, opRows } from "../csrc/op-list.mjs";
import { compilerCache, DEPENDENCIES } from "./compiler-cache.mjs";

export const PREFIX = "arm-none-eabi-";

const root = fileURLToPath(new URL("..", import.meta.url));
const { flags, warnings, hot, smallBesideAssembly } = JSON.parse(
  readFileSync(join(root, "csrc/build.json"), "utf8"),
);

const INCLUDES = ["include", "", "runner", "port", "port/app", "port/cortex-m", "runner/boards"];
const SECTIONS = ["-ffunction-sections", "-fdata-sections"];
const COMPILE = [...flags, ...warnings, "-Werror", "-mthumb", ...SECTIONS, DEPENDENCIES];
const LINK = ["-mthumb", "-nostartfiles", "--specs=nano.specs", "-Wl,--gc-sections"];
/** Of an image that is compiled for size: the linker sees all of it at once. */
const WHOLE_PROGRAM = ["-flto", "-flto-partition=one"];
const OTHERWISE = "compiled for size, which estimates are not for";

/** What of csrc/port stands under every runner. */
const PORT_FILES = [
  ...["app/report.c", "app/timed.c", "print.c"],
  ...["cortex-m/startup.c", "cortex-m/vectors.c", "cortex-m/unhandled.c"],
];

// ---- which ops ----------------------------------------------------------------------------------------

function inFolder(folder) {
  return readdirSync(join(root, folder))
    .filter((file) => file.endsWith(".c"))
    .sort()
    .map((file) => join(root, folder, file));
}

const KERNELS = inFolder("csrc/kernels").map((path) => ({
  name: basename(path),
  text: readFileSync(path, "utf8"),
}));

/** A narrow row that stands for the full one: the schedule that materialises everything is for comparisons. */
const isEnough = ({ only }) => only === "fused";

const NAME = /\.name = "(.*?)"/;
const COMPUTES_IN_INTEGERS = /\.(?:input_)?types = .*(?:INTEGER|I16|I32)/;
const ONLY_MOVES = /\bMLM_OP_MOVES\b/;

/** A kernel file has one op, all of whose rows have its name and types. */
function textOf({ file }) {
  return KERNELS.find(({ name }) => name === file).text;
}

/** The op classes of an image, by kind. What only moves elements is in all. */
export function opsOf({ numbers, without = [] }) {
  const rows = opRows(KERNELS).map((row) => ({ ...row, name: NAME.exec(textOf(row))[1] }));
  return rows.filter((row) => {
    const text = textOf(row);
    if (ONLY_MOVES.test(text)) return true;
    if (COMPUTES_IN_INTEGERS.test(text)) return numbers === "integers";
    return numbers === "floats" && !without.includes(row.name);
  });
}

function writeHeaders(folder, image) {
  const kinds = opsOf(image).map(({ kind }) => kind);
  const hasIntegers = image.numbers === "integers";
  const types = { hasIntegers, hasI8Matrices: !hasIntegers };
  for (const [name, text] of buildHeaders(KERNELS, kinds, isEnough, types)) {
    writeFileSync(join(folder, name), text);
  }
}

// ---- how it is compiled ---------------------------------------------------------------------------------

const cache = compilerCache(root);

async function run(command, args, cwd) {
  try {
    const env = { ...process.env, ...cache.environment };
    await promisify(execFile)(command, args, { cwd, env });
  } catch (error) {
    throw new Error(`${command}: ${error.stderr || error.message}`);
  }
}

/** What a run spends its time in is compiled for speed, as in exported projects, unless it is all to be small. */
function levelOf(source, { assembly }, { isSmall }) {
  const name = basename(source);
  const isFast =
    !isSmall &&
    hot.includes(name) &&
    !(assembly.includes("MLM_CORTEX_M7_ASM") && smallBesideAssembly.includes(name));
  return isFast ? "-O2" : "-Os";
}

/** What all files of an image are compiled and linked with. The assembly wants -O2. */
export function flagsOf(board, image) {
  const assembly = image.isSmall ? [] : board.assembly.map((name) => `-D${name}`);
  return [...board.flags, ...assembly, ...(image.isSmall ? WHOLE_PROGRAM : [])];
}

async function compile(sources, board, image, objects, options) {
  const includes = [...INCLUDES.map((folder) => join(root, "csrc", folder)), objects];
  const compiler = [...cache.launcher, `${PREFIX}gcc`];
  const queue = [...sources];
  const worker = async () => {
    for (let source = queue.shift(); source !== undefined; source = queue.shift()) {
      const flags = [
        ...COMPILE,
        ...flagsOf(board, image),
        levelOf(source, board, image),
        ...options,
      ];
      const where = includes.map((folder) => `-I${folder}`);
      const [command, ...args] = [...compiler, ...flags, ...where, "-c", source];
      await run(command, args, objects);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return sources.map((source) => join(objects, basename(source).replace(/\.[cS]$/, ".o")));
}

const cores = new Map();

/** Core and kernels, which know no board: compiled once for all that have the same processor. */
function coreObjects(board, image, folder) {
  const key = [image.suffix, image.numbers, ...flagsOf(board, image)].join(" ");
  if (!cores.has(key)) {
    const objects = join(folder, `core-${cores.size}`);
    mkdirSync(objects);
    writeHeaders(objects, image);
    const sources = [...inFolder("csrc/core"), ...inFolder("csrc/kernels")];
    cores.set(key, compile(sources, board, image, objects, []));
  }
  return cores.get(key);
}

function definesOf(id, board, image, place) {
  const text = (value) => `"${value}"`;
  return Object.entries({
    RUNNER_BOARD: text(id),
    RUNNER_CATALOGUE: text(board.catalogue),
    RUNNER_PAYLOAD: `${place.payload}u`,
    RUNNER_PAYLOAD_BYTES: `${place.payloadBytes}u`,
    RUNNER_ARENA_BYTES: `${board.arenaBytes}u`,
    RUNNER_ARENA_MEMORY: text(board.arena),
    RUNNER_OTHERWISE: image.isSmall ? text(OTHERWISE) : "0",
    PORT_ARENA: '__attribute__((section(".bss.mambalite.arena")))',
    MACHINE_INTERRUPTS: text("no-interrupts.h"),
  }).map(([name, value]) => `-D${name}=${value}`);
}

/** The folders in which a board's files find their headers and scripts. */
function foldersOf(id, { files, script }) {
  const folders = [...files, script].map((file) => file.slice(0, file.lastIndexOf("/") + 1));
  return [...new Set([`${id}/`, ...folders])]
    .map((folder) => join(root, "csrc/runner/boards", folder))
    .filter((folder) => existsSync(folder));
}

/** What knows the board. */
async function boardObjects(id, board, image, place, objects) {
  mkdirSync(objects);
  writeHeaders(objects, image);
  const sources = [
    ...PORT_FILES.map((file) => join(root, "csrc/port", file)),
    ...inFolder("csrc/runner"),
    ...board.files.map((file) => resolve(root, "csrc/runner/boards", file)),
  ];
  const includes = foldersOf(id, board).map((folder) => `-I${folder}`);
  const options = [...definesOf(id, board, image, place), ...includes];
  return compile(sources, board, image, objects, options);
}

/** The files of this repository that objects were made of, by what the compiler says that it read. */
function sourcesOf(objects) {
  const read = objects.flatMap((object) => {
    const list = object.replace(/\.o$/, ".d");
    const paths = existsSync(list) ? readFileSync(list, "utf8").split(/[\s\\]+/) : [];
    return paths.map((path) => resolve(dirname(list), path));
  });
  const paths = read.filter((path) => path.startsWith(join(root, "csrc")));
  return [...new Set(paths.map((path) => relative(root, path)))].sort();
}

/**
 * Builds an image as it lies in flash, in a folder for all of them. `place`: where the model is looked for.
 * @returns its bytes and the paths of its sources
 */
export async function buildImage(id, board, image, place, folder) {
  const name = `${id}${image.suffix}`;
  const core = await coreObjects(board, image, folder);
  const objects = await boardObjects(id, board, image, place, join(folder, name));
  const scripts = ["csrc/runner", "csrc/port/cortex-m"].map((path) => `-L${join(root, path)}`);
  const script = join(root, "csrc/runner/boards", board.script);
  const elf = join(folder, `${name}.elf`);
  const file = join(folder, `${name}.bin`);
  const stack = `-Wl,--defsym=STACK_BYTES=${board.stackBytes}`;
  const all = [...LINK, "-Os", ...flagsOf(board, image), ...scripts, `-T${script}`, stack];
  await run(`${PREFIX}gcc`, [...all, ...objects, ...core, "-o", elf], folder);
  await run(`${PREFIX}objcopy`, ["-O", "binary", elf, file], folder);
  return { bytes: readFileSync(file), sources: sourcesOf([...objects, ...core]) };
}
