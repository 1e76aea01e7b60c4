/**
 * What a runner finds behind itself in flash: a model, how it is to be run, an example input and the names of its
 * classes. The layout is csrc/runner/payload.h's. Knows nothing of boards or file formats.
 */
import { BadInput } from "../core/errors.js";
import type { InputArray } from "../core/input.js";
import type { Model } from "../core/model.js";
import { type Plan, scheduleWord } from "../core/plan.js";
import { crc32 } from "../crc32.js";
import { selfTestFramesBeyond } from "../firmware/frames.js";
import { inputBytes } from "../firmware/model-files.js";

export const PAYLOAD_MAGIC = "MLMRUN1\0";
export const PAYLOAD_HEADER_BYTES = 64;

/** What a board is given of a model: its blob that the core has opened, and the plan of its session. */
export interface RunnerModel {
  readonly blob: Uint8Array;
  readonly info: Model["info"];
  readonly ops: Model["ops"];
  readonly labels: Model["labels"];
  readonly plan: Plan;
}

/** Byte offsets in the header; every field is a 32-bit word, little-endian. */
const HEADER = {
  bytes: 8,
  crc32: 12,
  blobOffset: 16,
  blobBytes: 20,
  schedule: 24,
  tile: 28,
  maxFrames: 32,
  arenaBytes: 36,
  exampleOffset: 40,
  exampleValues: 44,
  exampleKind: 48,
  labelsOffset: 52,
} as const;

/** The checksum covers everything behind itself. */
const CHECKED_FROM = HEADER.blobOffset;
const WORD_BYTES = 4;

/** As `mlm_session_push` takes them. */
const EXAMPLE_KIND = { samples16: 1, floats: 2, tokens: 3 } as const;

function exampleKind({ takes16Bits, inputKind }: RunnerModel["info"]): number {
  if (takes16Bits) return EXAMPLE_KIND.samples16;
  return inputKind === "tokens" ? EXAMPLE_KIND.tokens : EXAMPLE_KIND.floats;
}

/**
 * @param input one sequence, as `Session.run` takes it
 * @throws BadInput where it makes the plan too short for the model's self-test, which a runner begins with
 */
export function payloadOf(
  model: Omit<RunnerModel, "ops">,
  input: InputArray,
): Uint8Array<ArrayBuffer> {
  const { blob, info, plan } = model;
  const beyond = selfTestFramesBeyond(info, plan);
  if (beyond > 0) {
    throw new BadInput(
      `at least the ${beyond} frames of the model's self-test`,
      `${plan.maxFrames}`,
    );
  }
  const example = inputBytes(info, input);
  const labels = labelBytes(model.labels);
  const exampleOffset = aligned(PAYLOAD_HEADER_BYTES + blob.length);
  const labelsOffset = exampleOffset + example.length;
  const payload = new Uint8Array(aligned(labelsOffset + labels.length));
  payload.set(blob, PAYLOAD_HEADER_BYTES);
  payload.set(example, exampleOffset);
  payload.set(labels, labelsOffset);
  writeHeader(payload, {
    bytes: payload.length,
    blobOffset: PAYLOAD_HEADER_BYTES,
    blobBytes: blob.length,
    schedule: scheduleWord(plan.schedule),
    tile: plan.schedule === "stream" ? plan.tile : 0,
    maxFrames: plan.maxFrames,
    arenaBytes: plan.arenaBytes,
    exampleOffset,
    exampleValues: input.length,
    exampleKind: exampleKind(info),
    labelsOffset: labels.length > 0 ? labelsOffset : 0,
  });
  return payload;
}

type Fields = Readonly<Record<Exclude<keyof typeof HEADER, "crc32">, number>>;

function writeHeader(payload: Uint8Array<ArrayBuffer>, fields: Fields): void {
  const view = new DataView(payload.buffer);
  payload.set(new TextEncoder().encode(PAYLOAD_MAGIC));
  for (const [name, value] of Object.entries(fields)) {
    view.setUint32(HEADER[name as keyof Fields], value, true);
  }
  view.setUint32(HEADER.crc32, crc32(payload.subarray(CHECKED_FROM)), true);
}

/** A console shows ASCII, a line a label. */
const UNPRINTABLE = /[^ -~]/gu;

/** The labels, a line each, ended by a zero byte; nothing where there are none. */
function labelBytes(labels: readonly string[]): Uint8Array {
  if (labels.length === 0) return new Uint8Array(0);
  const lines = labels.map((label) => label.replace(UNPRINTABLE, "?"));
  return new TextEncoder().encode(`${lines.join("\n")}\0`);
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / WORD_BYTES) * WORD_BYTES;
}
