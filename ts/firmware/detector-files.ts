/**
 * A detector as C: what it is told, the front end's blob, and the stream that a harness makes for it. Only text.
 * Knows nothing of machines or of the core's sources.
 */

import { hexWord } from "../hex-word.js";
import { bytesOf, defines, GENERATED, header, wordArray } from "./c-source.js";
import { type Content, TextInPieces } from "./content.js";
import {
  type FirmwareDetector,
  type FirmwareModel,
  type HarnessStream,
  inputsOf,
} from "./model.js";
import { PORT_WEIGHTS } from "./model-files.js";

export function detectorFiles(library: string, model: FirmwareModel): [string, Content][] {
  const { detector, info } = model;
  if (detector === undefined) return [];
  const { front } = detector;
  return [
    [`${library}/model_detector.h`, detectorHeader(detector, info.outputs[0]!.width)],
    ...(front === undefined ? [] : frontFiles(library, front)),
  ];
}

/** Digits that tell every float32 from its neighbours. */
const FLOAT_DIGITS = 9;

function detectorHeader(detector: FirmwareDetector, classes: number): string {
  const { thresholds, tile, windowFrames, hopFrames, smooth, holdOff, front } = detector;
  const floats = thresholds.map((value) => `${cFloat(value)}f`).join(", ");
  return header(
    "MODEL_DETECTOR_H",
    `The detector: its memory in bytes, and what mlm_detector_options are. ${GENERATED}`,
    `${defines({
      DETECTOR_BYTES: detector.arenaBytes,
      DETECTOR_TILE: tile,
      DETECTOR_WINDOW: windowFrames,
      DETECTOR_HOP: hopFrames,
      DETECTOR_SMOOTH: smooth,
      DETECTOR_HOLD_OFF: holdOff,
      DETECTOR_CLASSES: classes,
      DETECTOR_HAS_FRONT: front === undefined ? "0" : "1",
    })}
/* One a label; what is above 1 never fires. */
#define DETECTOR_THRESHOLDS {${floats}}
`,
  );
}

/** Above every average, and a number in C, which infinity is not. */
const NEVER = 2;

function cFloat(value: number): string {
  const digits = Number(Math.fround(Math.min(value, NEVER)).toPrecision(FLOAT_DIGITS)).toString();
  return /[.e]/.test(digits) ? digits : `${digits}.0`;
}

function frontFiles(
  library: string,
  { blob, info }: NonNullable<FirmwareDetector["front"]>,
): [string, Content][] {
  const crc = hexWord(info.crc32);
  return [
    [
      `${library}/front_blob.h`,
      header(
        "FRONT_BLOB_H",
        `The front end, an .mlm blob with CRC-32 ${crc}. ${GENERATED}`,
        `${defines({ FRONT_BLOB_BYTES: blob.length })}
extern const uint32_t front_blob[FRONT_BLOB_BYTES / 4u];
`,
      ),
    ],
    [
      `${library}/front_blob.c`,
      new TextInPieces(function* () {
        yield `/* ${GENERATED} Used in place, from flash or where PORT_WEIGHTS puts it. */\n`;
        yield '#include "front_blob.h"\n\n';
        yield PORT_WEIGHTS;
        yield* wordArray("front_blob", blob, "PORT_WEIGHTS _Alignas(16) ");
      }),
    ],
  ];
}

/** Of a program that is csrc/port/harness/detector.c. */
export function streamFiles(
  program: string,
  model: FirmwareModel,
  { clips, rateHz, samples, pushes }: HarnessStream,
): [string, Content][] {
  const { takes16Bits } = inputsOf(model);
  const clipSamples = clips[0]?.length ?? 0;
  const bytes = new Uint8Array(clips.length * clipSamples * Int16Array.BYTES_PER_ELEMENT);
  clips.forEach((clip, i) => {
    bytes.set(bytesOf(clip), i * clip.byteLength);
  });
  return [
    [
      `${program}/harness_stream.h`,
      header(
        "HARNESS_STREAM_H",
        `The stream that the harness makes, and sizes of pushes. ${GENERATED}`,
        `${defines({
          STREAM_SAMPLES: samples,
          STREAM_RATE_HZ: rateHz,
          STREAM_CLIPS: clips.length,
          STREAM_CLIP_SAMPLES: clipSamples,
          STREAM_INPUT_BYTES: takes16Bits ? 2 : 4,
          STREAM_MOST_PUSHED: Math.max(...pushes),
        })}
#define STREAM_PUSHES {${pushes.join("u, ")}u}
extern const unsigned char harness_clips[];
`,
      ),
    ],
    [`${program}/inputs.S`, CLIPS],
    [`${program}/inputs.bin`, bytes],
  ];
}

const CLIPS = `/* ${GENERATED} */
    .section .emulator.inputs, "a"
    .global harness_clips
    .balign 16
harness_clips:
    .incbin "inputs.bin"
    .balign 4
`;
