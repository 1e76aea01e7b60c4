/**
 * The runner images that ship with this package: what csrc/runner/images/images.json says of each, and that its bytes
 * are those that were built. Knows nothing of where the files lie or of models.
 */
import { BadFile } from "../core/errors.js";
import { crc32 } from "../crc32.js";
import { hexWord } from "../hex-word.js";

/** Boards that there is a runner for, in the order in which they are offered. */
export const RUNNER_BOARDS = [
  "microbit",
  "microbit-v2",
  "stm32f405",
  "nucleo-f446re",
  "nucleo-h743zi",
  "pico",
  "pico2",
] as const;
export type RunnerBoard = (typeof RUNNER_BOARDS)[number];

/** What a board takes: Intel HEX, UF2, or the bytes of its flash as they are. */
export type RunnerFormat = "hex" | "uf2" | "bin";

/** A file on a mounted drive, and texts of which any says that it is this board's. */
export interface RunnerDrive {
  readonly file: string;
  readonly contains: readonly string[];
}

/** One build of a board's firmware. The whole core is larger than a runner may be: a board has several. */
export interface RunnerBuild {
  readonly file: string;
  readonly bytes: number;
  /** Eight hex digits. */
  readonly crc32: string;
  /** Kinds of ops that it has, as a model's `ops` name them. */
  readonly ops: readonly string[];
}

/** A board with its first build. */
export interface RunnerImage extends RunnerBuild {
  readonly name: string;
  /** Id of the board's chip in the catalogue of boards. */
  readonly catalogue: string;
  /** Address of the first byte. */
  readonly base: number;
  /** Address at which the runner looks for a model, and how much of the flash is there for it. */
  readonly payload: number;
  readonly payloadBytes: number;
  /** RAM in one piece for an arena. */
  readonly arenaBytes: number;
  /** The memory that the arena lies in, as the catalogue calls it. */
  readonly arena: string;
  readonly format: RunnerFormat;
  /** Of UF2. */
  readonly family?: number;
  readonly baud: number;
  /** Absent: the board has none. */
  readonly drive?: RunnerDrive;
  /** Further builds of the same places, in the order in which they are tried. */
  readonly others?: readonly RunnerBuild[];
}

export interface RunnerImages {
  /** Version of the core in all of them. */
  readonly core: string;
  readonly images: Readonly<Record<RunnerBoard, RunnerImage>>;
}

/** Of the runners and of what they take. */
const RUNNER_VERSION = 1;
const LIST = "images.json";

/** @throws BadFile when the list is of other runners than these */
export function readImages(text: string): RunnerImages {
  const list = JSON.parse(text) as RunnerImages & { readonly runner?: unknown };
  if (list.runner !== RUNNER_VERSION) {
    throw new BadFile(
      LIST,
      `runners of version ${String(list.runner)}, expected ${RUNNER_VERSION}`,
    );
  }
  const missing = RUNNER_BOARDS.filter((board) => list.images[board] === undefined);
  if (missing.length > 0) throw new BadFile(LIST, `no runner for ${missing.join(", ")}`);
  return list;
}

/** The bytes of a build, if they are its own. @throws BadFile */
export function checkedImage(image: RunnerBuild, bytes: Uint8Array): Uint8Array {
  const found = hexWord(crc32(bytes));
  if (bytes.length === image.bytes && found === image.crc32) return bytes;
  throw new BadFile(
    image.file,
    `${bytes.length} bytes with CRC-32 ${found}, expected ${image.bytes} with ${image.crc32}: ` +
      "install this package anew",
  );
}
