/**
 * What a project says of itself, mambalite.json: the command that makes it, the model, and a CRC-32 of every file, by
 * which an edited one is known. Plain text and data. Knows nothing of machines.
 */

import { BadFile } from "../core/errors.js";
import { crc32 } from "../crc32.js";
import type { Board, WeightsChoice } from "../device/index.js";
import { hexWord } from "../hex-word.js";
import { defaultThresholds } from "../streaming/thresholds.js";
import { bytePieces, type Content } from "./content.js";
import { blobBytes, type FirmwareModel } from "./model.js";

export const MANIFEST = "mambalite.json";

export interface Manifest {
  readonly version: string;
  readonly target: string;
  readonly board?: string;
  /** MODEL is the blob with the CRC-32 below; of exact windows the checkpoint that it was made of. */
  readonly command: string;
  readonly model: { readonly crc32: string; readonly bytes: number };
  /** CRC-32 of the files that are text: those with blobs and example among them. */
  readonly files: Readonly<Record<string, string>>;
}

export interface ProjectFacts {
  readonly target: string;
  readonly board: Board | undefined;
  /** As asked for. */
  readonly placing?: WeightsChoice;
  readonly model: FirmwareModel;
}

export function manifestText(facts: ProjectFacts, files: ReadonlyMap<string, Content>): string {
  const { target, board, model } = facts;
  const sums = [...files].flatMap(([path, content]): [string, string][] =>
    content instanceof Uint8Array ? [] : [[path, fileSum(content)]],
  );
  const manifest: Manifest = {
    version: model.version,
    target,
    ...(board && { board: board.id }),
    command: commandOf(facts),
    model: { crc32: hexWord(model.info.crc32), bytes: blobBytes(model) },
    files: Object.fromEntries(sums.sort(([a], [b]) => (a < b ? -1 : 1))),
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

export function fileSum(content: Content): string {
  let sum = 0;
  for (const piece of bytePieces(content)) sum = crc32(piece, sum);
  return hexWord(sum);
}

/** Of the command line; what is default is left out. */
export function commandOf({ target, board, placing, model }: ProjectFacts): string {
  return [
    `mambalite export MODEL --target ${target}`,
    ...(board === undefined ? [] : [`--board ${board.id}`]),
    ...(placing === undefined ? [] : [`--weights ${placing}`]),
    ...(model.detector === undefined ? windowWords(model) : detectorWords(model)),
  ].join(" ");
}

function windowWords({ plan: { schedule, tile } }: FirmwareModel): string[] {
  if (schedule !== "stream") return ["--mode windows", `--schedule ${schedule}`];
  return ["--mode windows", `--tile ${tile}`];
}

function detectorWords({ detector, labels }: FirmwareModel): string[] {
  const { windowFrames, hopFrames, smooth, holdOff, tile, thresholds } = detector!;
  const form =
    windowFrames === 0
      ? ["--mode running"]
      : [`--mode exact --window ${windowFrames} --hop ${hopFrames}`];
  const usual = defaultThresholds(labels);
  const each = thresholds.flatMap((threshold, i) =>
    threshold === usual[i] ? [] : [`--threshold ${quoted(labels[i] ?? i)}=${threshold}`],
  );
  return [...form, `--tile ${tile} --smooth ${smooth} --hold-off ${holdOff}`, ...each];
}

/** For a shell. */
function quoted(label: string | number): string {
  const text = String(label);
  return /^[\w.-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** @throws BadFile */
export function readManifest(text: string): Manifest {
  const parsed = parse(text);
  const { target, files, version, command } = (parsed ?? {}) as Partial<Manifest>;
  const texts = [target, version, command];
  if (texts.every((text) => typeof text === "string") && isSums(files)) return parsed as Manifest;
  throw new BadFile("project", `its ${MANIFEST} is not what \`mambalite export\` writes`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isSums(files: unknown): boolean {
  return (
    typeof files === "object" &&
    files !== null &&
    Object.values(files).every((sum) => typeof sum === "string")
  );
}
