/**
 * Builds csrc/runner/images: firmware images for the boards of runner-boards.mjs, which run the model that is put behind
 * them in flash, images.json, which says where that is, and sources.json, which says what each was made of. The files are
 * committed, so that using the package needs no compiler.
 *
 *   node scripts/runners.mjs              all images
 *   node scripts/runners.mjs BOARD ...    of these boards only; those of others stay
 *   node scripts/runners.mjs --check      builds into a temporary folder and requires identical bytes
 */
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process, { argv } from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { crc32 } from "node:zlib";
import { RUNNER_BOARDS, RUNNER_BYTES } from "./runner-boards.mjs";
import { buildImage, flagsOf, opsOf, PREFIX } from "./runner-build.mjs";

/** The compiler that made the committed files; another one may give other bytes. */
const COMPILER_VERSION = "12.2.1";
const FORMAT = 1;
const BAUD = 115_200;
const JSON_FILE = "images.json";
const SOURCES_FILE = "sources.json";

const root = fileURLToPath(new URL("..", import.meta.url));
const IMAGES = join(root, "csrc/runner/images");

const hex8 = (value) => (value >>> 0).toString(16).padStart(8, "0");

const placeOf = ({ base, flashBytes }) => ({
  payload: base + RUNNER_BYTES,
  payloadBytes: flashBytes - RUNNER_BYTES,
});

const SECOND_STAGE_BYTES = 256;

/** RP2040 Datasheet, 2.8.1.3.1: the last word is the CRC-32 of the others, highest bit first, without a last inversion. */
function sealSecondStage(bytes) {
  const at = SECOND_STAGE_BYTES - 4;
  let crc = 0xffff_ffff;
  for (const byte of bytes.subarray(0, at)) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc < 0 ? 0x04c1_1db7 : 0);
  }
  bytes.writeUInt32LE(crc >>> 0, at);
}

/** What an image says of itself alone; its board has the rest. */
async function makeImage(id, board, image, folder, scratch) {
  const file = `${id}${image.suffix}.bin`;
  const { bytes, sources } = await buildImage(id, board, image, placeOf(board), scratch);
  if (board.hasSecondStage) sealSecondStage(bytes);
  if (bytes.length > RUNNER_BYTES) throw new Error(`${file}: ${bytes.length} bytes are too many`);
  writeFileSync(join(folder, file), bytes);
  console.log(`${file}: ${bytes.length} bytes, CRC-32 ${hex8(crc32(bytes))}`);
  const own = {
    ...{ file, bytes: bytes.length, crc32: hex8(crc32(bytes)) },
    ops: opsOf(image).map(({ name }) => name),
    made: image.isSmall ? "for size" : "for speed",
    flags: ["-mthumb", ...flagsOf(board, image)],
  };
  return { own, sources };
}

/** @param sourcesOf takes the paths that each image was made of, by its file */
async function makeBoard(id, board, folder, scratch, sourcesOf) {
  const made = [];
  for (const image of board.images) {
    const { own, sources } = await makeImage(id, board, image, folder, scratch);
    made.push(own);
    sourcesOf.set(own.file, sources);
  }
  const [first, ...others] = made;
  return {
    ...{ name: board.name, catalogue: board.catalogue, base: board.base, ...placeOf(board) },
    ...{ arenaBytes: board.arenaBytes, weights: "flash", arena: board.arena },
    ...{ format: board.format, ...(board.family !== undefined && { family: board.family }) },
    baud: BAUD,
    ...(board.drive && { drive: board.drive }),
    ...first,
    ...(others.length > 0 && { others }),
  };
}

function coreVersion() {
  const header = readFileSync(join(root, "csrc/include/mlm.h"), "utf8");
  return /MLM_VERSION_STRING "(.*)"/.exec(header)[1];
}

function readJson(folder, file) {
  return JSON.parse(readFileSync(join(folder, file), "utf8"));
}

function writeJson(folder, file, value) {
  writeFileSync(join(folder, file), `${JSON.stringify(value, undefined, 2)}\n`);
}

/** Paths with their CRC-32; those that all images have are said once. */
function writeSources(folder, sourcesOf) {
  const lists = [...sourcesOf.values()];
  const paths = [...new Set(lists.flat())].sort();
  const all = paths.filter((path) => lists.every((list) => list.includes(path)));
  const digest = (path) => hex8(crc32(readFileSync(join(root, path))));
  const ownOf = (list) => list.filter((path) => !all.includes(path));
  writeJson(folder, SOURCES_FILE, {
    files: Object.fromEntries(paths.map((path) => [path, digest(path)])),
    all,
    images: Object.fromEntries([...sourcesOf].map(([file, list]) => [file, ownOf(list)])),
  });
}

/** What was written before of the images of other boards. */
function sourcesBefore(folder, isKept) {
  const { all, images } = readJson(folder, SOURCES_FILE);
  const kept = Object.entries(images).filter(([file]) => isKept(file));
  return new Map(kept.map(([file, own]) => [file, [...all, ...own].sort()]));
}

/** @param ids of the boards whose images are made; those of others are there */
async function build(folder, ids) {
  mkdirSync(folder, { recursive: true });
  const boards = Object.entries(RUNNER_BOARDS);
  const isKept = (id) => !ids.includes(id);
  const keptIds = boards.map(([id]) => id).filter(isKept);
  const before = keptIds.length > 0 ? readJson(folder, JSON_FILE).images : {};
  const keptFiles = keptIds.flatMap((id) => [before[id], ...(before[id].others ?? [])]);
  const sourcesOf =
    keptIds.length > 0
      ? sourcesBefore(folder, (file) => keptFiles.some((image) => image.file === file))
      : new Map();
  // In this clone, so that its files have the same way from there to sources and a compiler's cache knows them again.
  mkdirSync(join(root, "build"), { recursive: true });
  const scratch = mkdtempSync(join(root, "build/runner-objects."));
  try {
    const images = {};
    for (const [id, board] of boards) {
      images[id] = isKept(id) ? before[id] : await makeBoard(id, board, folder, scratch, sourcesOf);
    }
    const compiler = `${PREFIX}gcc ${compilerVersion()}`;
    writeJson(folder, JSON_FILE, { runner: FORMAT, core: coreVersion(), compiler, images });
    const files = Object.values(images).flatMap((image) => [image, ...(image.others ?? [])]);
    writeSources(folder, new Map(files.map(({ file }) => [file, sourcesOf.get(file)])));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Undefined where there is none. */
function compilerVersion() {
  try {
    return execFileSync(`${PREFIX}gcc`, ["-dumpfullversion"], { encoding: "utf8" }).trim();
  } catch {
    return undefined;
  }
}

/** All where none is named. */
function boardsIn(ids) {
  const all = Object.keys(RUNNER_BOARDS);
  const unknown = ids.find((id) => !all.includes(id));
  if (unknown !== undefined) throw new Error(`no board ${unknown}; there are ${all.join(", ")}`);
  return ids.length > 0 ? ids : all;
}

async function check() {
  const version = compilerVersion();
  if (version !== COMPILER_VERSION) {
    const here = version === undefined ? "there is none here" : `this machine has ${version}`;
    console.log(`skipped: built with ${PREFIX}gcc ${COMPILER_VERSION}, ${here}`);
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), "mambalite-runners-"));
  try {
    await build(folder, Object.keys(RUNNER_BOARDS));
    const files = new Set([...readdirSync(folder), ...readdirSync(IMAGES)]);
    for (const file of files) {
      const [made, committed] = [join(folder, file), join(IMAGES, file)];
      const same =
        existsSync(made) &&
        existsSync(committed) &&
        readFileSync(made).equals(readFileSync(committed));
      if (!same) throw new Error(`${file} is not what the sources build: npm run build:runners`);
    }
    console.log("committed files and rebuilt files are identical");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (argv[1] !== undefined && import.meta.url === pathToFileURL(argv[1]).href) {
  try {
    const ids = argv.slice(2);
    if (ids[0] === "--check") await check();
    else await build(IMAGES, boardsIn(ids));
  } catch (error) {
    console.error(`runners: ${error.message}`);
    process.exitCode = 1;
  }
}
