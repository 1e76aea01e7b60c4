/**
 * A model as C: its blob, its plan, an example or the harness's inputs. Only text. Knows nothing of machines
 * or of the core's sources.
 */
import { type InputArray, inputsPerFrame, to16Bits } from "../core/input.js";
import type { Plan } from "../core/plan.js";
import { hexWord } from "../hex-word.js";
import { bytesOf, defines, GENERATED, header, wordArray, wordsIn } from "./c-source.js";
import { type Content, TextInPieces } from "./content.js";
import { flatOutputs, vectorFloats } from "./flat-outputs.js";
import { selfTestFramesBeyond } from "./frames.js";
import { type Example, type FirmwareModel, type HarnessInputs, inputsOf } from "./model.js";
import type { SensorType } from "./sensor-files.js";

export function modelFiles(library: string, model: FirmwareModel): [string, Content][] {
  const { blob, info, plan } = model;
  const crc = hexWord(info.crc32);
  return [
    [
      `${library}/model_blob.h`,
      header(
        "MODEL_BLOB_H",
        `The model, an .mlm blob with CRC-32 ${crc}. ${GENERATED}`,
        `${defines({
          MODEL_BLOB_BYTES: blob.length,
          MODEL_INPUT_WIDTH: info.inputWidth,
          MODEL_INPUT_BYTES: info.inputWidth * elementBytes(info),
          MODEL_INPUTS_PER_FRAME: inputsPerFrame(info),
        })}
/* Its outputs: how many, how many of them are rows over time, and floats of all that are vectors. */
${defines({
  MODEL_OUTPUTS: info.outputs.length,
  MODEL_SEQUENCES: info.outputs.filter(({ isSequence }) => isSequence).length,
  MODEL_VECTOR_FLOATS: vectorFloats(info.outputs),
  MODEL_LABELS: model.labels.length,
})}
extern const uint32_t model_blob[MODEL_BLOB_BYTES / 4u];
`,
      ),
    ],
    [
      `${library}/model_blob.c`,
      new TextInPieces(function* () {
        yield `/* ${GENERATED} Used in place, from flash or where PORT_WEIGHTS puts it. */\n`;
        yield '#include "model_blob.h"\n\n';
        yield PORT_WEIGHTS;
        yield* wordArray("model_blob", blob, "PORT_WEIGHTS _Alignas(16) ");
      }),
    ],
    [`${library}/model_plan.h`, modelPlan(plan, model)],
  ];
}

/** An attribute that a build file may define. */
export const PORT_WEIGHTS = `#ifndef PORT_WEIGHTS
#define PORT_WEIGHTS
#endif

`;

const SCHEDULE_NAMES = {
  stream: "MLM_SCHEDULE_STREAM",
  layer: "MLM_SCHEDULE_LAYER",
  unfused: "MLM_SCHEDULE_UNFUSED",
} as const;

function modelPlan(plan: Plan, { info }: FirmwareModel): string {
  const runsSelfTest = info.selfTestInputs > 0 && selfTestFramesBeyond(info, plan) === 0;
  return header(
    "MODEL_PLAN_H",
    `The plan of its session. ${GENERATED}`,
    defines({
      MODEL_SCHEDULE: SCHEDULE_NAMES[plan.schedule],
      MODEL_TILE: plan.schedule === "stream" ? plan.tile : 0,
      MODEL_MAX_FRAMES: plan.maxFrames,
      MODEL_ARENA_BYTES: plan.arenaBytes,
      MODEL_OPERATORS: lastOperator(plan) + 1,
      MODEL_RUNS_SELF_TEST: runsSelfTest ? "1" : "0",
    }),
  );
}

/** The session's own buffer lives throughout. */
function lastOperator({ buffers }: Plan): number {
  return Math.max(...buffers.map((buffer) => buffer.lastOp));
}

/** The element of an input in C. */
export function inputType({ inputKind, takes16Bits }: FirmwareModel["info"]): string {
  if (inputKind === "tokens") return "int32_t";
  return takes16Bits ? "int16_t" : "float";
}

const C_SHAPES = {
  frames: "[frames][input width]",
  tokens: "[frames]",
  samples: "[samples]",
} as const;

function elementBytes({ takes16Bits }: FirmwareModel["info"]): number {
  return takes16Bits ? Int16Array.BYTES_PER_ELEMENT : Float32Array.BYTES_PER_ELEMENT;
}

/** An input as it lies in the memory of a board: samples of 16 bits are rounded here, as a session does. */
export function inputBytes(
  { takes16Bits }: Pick<FirmwareModel["info"], "takes16Bits">,
  input: InputArray,
): Uint8Array {
  if (!takes16Bits) return bytesOf(input);
  const samples = new Int16Array(input.length);
  to16Bits(input, samples);
  return bytesOf(samples);
}

export function exampleFiles(
  program: string,
  { input, outputs }: Example,
  model: FirmwareModel,
  type: SensorType,
): [string, Content][] {
  const info = inputsOf(model);
  const flat = flatOutputs(model.info.outputs, outputs);
  const bytes = inputBytes({ takes16Bits: type === "int16_t" }, input);
  const given =
    model.detector === undefined
      ? "vectors, then rows\n of sequences"
      : "the averages\n behind each answer";
  return [
    [
      `${program}/example.h`,
      header(
        "EXAMPLE_H",
        `An input, ${type} ${C_SHAPES[info.inputKind]}, and the bits of what the simulation gives: ${given}. ${GENERATED}`,
        `${defines({
          EXAMPLE_LENGTH: input.length / info.inputWidth,
          EXAMPLE_OUTPUT_FLOATS: flat.length,
        })}
extern const uint32_t example_input[${wordsIn(bytes)}];
extern const uint32_t example_outputs[EXAMPLE_OUTPUT_FLOATS];
`,
      ),
    ],
    [
      `${program}/example.c`,
      new TextInPieces(function* () {
        yield `/* ${GENERATED} */\n#include "example.h"\n\n`;
        yield* wordArray("example_input", bytes);
        yield "\n";
        yield* wordArray("example_outputs", bytesOf(flat));
      }),
    ],
  ];
}

const FLOAT_BYTES = 4;

/** Assembly, because the assembler takes a file as it is. */
export function inputsAssembly({ count, length, outputFloats }: HarnessInputs): string {
  return `/* ${GENERATED} */
    .section .emulator.inputs, "a"
    .global harness_input_count, harness_input_length, harness_inputs, harness_output_floats
    .balign 16
harness_inputs:
    .incbin "inputs.bin"
    .balign 4
harness_input_count:
    .word ${count}
harness_input_length:
    .word ${length}
harness_output_floats:
    .word ${outputFloats}

    .section .bss.mambalite.emulator, "aw", %nobits
    .global harness_outputs, harness_stepped_outputs
    .balign 16
harness_outputs:
    .space ${FLOAT_BYTES * outputFloats}
harness_stepped_outputs:
    .space ${FLOAT_BYTES * outputFloats}
`;
}
