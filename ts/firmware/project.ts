/**
 * Makes the files of a firmware project: the core's sources, the model as C, a machine, and a program
 * that runs it. Takes file contents and gives file contents, in browsers as in Node. Knows nothing of
 * compilers, and nothing of C but what it writes itself.
 */
import { BadArgument } from "../core/errors.js";
import type { InputArray } from "../core/input.js";
import type { Model } from "../core/model.js";
import type { Plan } from "../core/plan.js";
import { BARE_METAL_STACK_BYTES, BOARDS, type Board } from "../device/index.js";
import { bytesOf, defines, header, wordArray } from "./c-source.js";
import { type Content, TextInPieces } from "./content.js";
import { arenaRegion } from "./fit.js";
import { readme } from "./readme.js";
import { LAYOUTS, type ProjectLayout, type Target } from "./targets.js";

/** Paths with "/" and what is in the files. */
export type Files = ReadonlyMap<string, Content>;

/** The C sources of this package: paths below csrc, and "LICENSE". */
export type Sources = ReadonlyMap<string, string>;

/** What the firmware runs, exact. */
export interface FirmwareModel {
  /** An .mlm blob that the core has opened: `info` is its `Model.info`. */
  readonly blob: Uint8Array;
  readonly info: Model["info"];
  readonly plan: Plan;
  /** Version of the core, which is the project's. */
  readonly version: string;
}

/** One sequence, and the logits that the simulation gives for it. */
export interface Example {
  /** float32 [frames, inputWidth], int32 [frames] or float32 [samples] */
  readonly input: InputArray;
  /** float32 [logits] */
  readonly logits: Float32Array;
}

/** Sequences of one length for the harness, one behind the other. */
export interface HarnessInputs {
  readonly count: number;
  /** Frames, tokens or samples of each. */
  readonly length: number;
  /** float32 [count, frames, inputWidth], int32 [count, frames] or float32 [count, samples] */
  readonly data: InputArray;
}

export interface ExportOptions {
  readonly sources: Sources;
  readonly model: FirmwareModel;
  readonly example: Example;
  /** Default: the target's first board. */
  readonly board?: Board;
}

/** Where on its board a project's arena goes. */
interface Placement {
  readonly board: Board | undefined;
  /** Id of a region of the board. */
  readonly region: string;
  readonly stackBytes: number;
}

const GENERATED = "Made by mambalite; do not edit.";

/**
 * A project that runs the self-test and an example, ready to build and flash.
 * @throws DoesNotFit when the board cannot hold it; BadArgument without sources
 */
export function exportProject(target: Target, options: ExportOptions): Files {
  const { sources, model, example } = options;
  requireSources(sources);
  const layout = LAYOUTS[target];
  const place = placementOf(layout, model, options.board);
  const machine = target === "stm32h7" ? "stm32h743" : "emulator";
  const files = new Map<string, Content>([
    ...commonFiles(layout, sources, model, place, machine),
    [`${layout.program}/app.c`, source(sources, "port/app/app.c")],
    ...exampleFiles(layout, example, model),
  ]);
  if (target === "esp32s3") addEspConfiguration(files, sources, place, model.version);
  files.set("README.md", readme(target, { model, example, ...place }));
  return files;
}

export interface HarnessOptions {
  readonly sources: Sources;
  readonly model: FirmwareModel;
  readonly inputs: HarnessInputs;
  /** Id of the board's region for the arena, whether or not it is large enough; default: one that is. */
  readonly region?: string;
}

/**
 * A project whose program is the harness, for an emulator.
 * @throws DoesNotFit when the board that the emulator stands for cannot hold it
 */
export function harnessProject(
  target: Target,
  { sources, model, inputs, region }: HarnessOptions,
): Files {
  requireSources(sources);
  const layout = LAYOUTS[target];
  const place = placementOf(layout, model, undefined, region);
  const { program } = layout;
  return new Map<string, Content>([
    ...commonFiles(layout, sources, model, place, "emulator"),
    [`${program}/harness.c`, source(sources, "port/harness/harness.c")],
    [`${program}/inputs.h`, source(sources, "port/harness/inputs.h")],
    [`${program}/inputs.S`, inputsAssembly(inputs)],
    [`${program}/inputs.bin`, bytesOf(inputs.data)],
  ]);
}

function placementOf(
  layout: ProjectLayout,
  { plan, blob }: FirmwareModel,
  chosen: Board | undefined,
  region?: string,
): Placement {
  const board = chosen ?? BOARDS.find(({ id }) => id === layout.boards[0]);
  return {
    board,
    region: region ?? (board === undefined ? "" : arenaRegion(board, plan, blob.length)),
    stackBytes: board?.stackBytes ?? BARE_METAL_STACK_BYTES,
  };
}

function commonFiles(
  layout: ProjectLayout,
  sources: Sources,
  model: FirmwareModel,
  place: Placement,
  machine: string,
): [string, Content][] {
  return [
    ...coreFiles(layout, sources),
    ...portFiles(layout, sources, figuresOf(model.version, place.board)),
    ...boardFiles(layout, place.board),
    ...modelFiles(layout, model),
    ["LICENSE", source(sources, "LICENSE")],
    ...(layout.linksBare
      ? [["model.cmake", modelCmake(machine, place)] satisfies [string, string]]
      : []),
  ];
}

/** @throws BadArgument: from JavaScript anything can come, and nothing is a likely mistake. */
function requireSources(sources: unknown): void {
  if (sources instanceof Map) return;
  throw new BadArgument(
    "sources",
    'the C sources, which in Node readSources() of "mambalite-micro/firmware" gives',
    sources === null ? "null" : typeof sources,
  );
}

/** The core: mlm.h at the top of the library, its folders below. */
function coreFiles({ library }: ProjectLayout, sources: Sources): [string, string][] {
  return [...sources]
    .filter(([path]) => /^(include|core|kernels)\//.test(path))
    .map(([path, text]) => [`${library}/${path.replace(/^include\//, "")}`, text]);
}

function portFiles(
  { files }: ProjectLayout,
  sources: Sources,
  figures: Figures,
): [string, string][] {
  const named = new Set(files.map(([from]) => from));
  return files.flatMap(([from, to]) => {
    const paths = from.endsWith("/")
      ? [...sources.keys()].filter((path) => path.startsWith(from) && !named.has(path))
      : [from];
    return paths.map((path): [string, string] => [
      to.endsWith("/") ? to + path.slice(from.length) : to,
      filledIn(source(sources, path), figures),
    ]);
  });
}

/** What stands for `@NAME@` in the sources of a port. */
type Figures = Readonly<Record<string, string>>;

function figuresOf(version: string, board: Board | undefined): Figures {
  if (board === undefined) return { VERSION: version };
  const regions = board.regions.map(({ id, bytes }) => [
    `${id.toUpperCase().replaceAll("-", "_")}_BYTES`,
    String(bytes),
  ]);
  return {
    VERSION: version,
    BOARD: board.name,
    CLOCK_MHZ: String(board.projectClockHz / 1e6),
    FLASH_BYTES: String(board.flash.bytes),
    FLASH_MB: String(board.flash.bytes >> 20),
    ...Object.fromEntries(regions),
  };
}

function filledIn(text: string, figures: Figures): string {
  return text.replaceAll(/@([A-Z0-9_]+)@/g, (_, name: string) => {
    const value = figures[name];
    if (value === undefined) throw new RangeError(`nothing is known of @${name}@`);
    return value;
  });
}

/** The board's figures for the C of the port: what the catalogue says, and nothing else does. */
function boardFiles({ program }: ProjectLayout, board: Board | undefined): [string, string][] {
  if (board === undefined) return [];
  const figures = { BOARD_CLOCK_HZ: board.projectClockHz, BOARD_STACK_BYTES: board.stackBytes };
  return [
    [`${program}/board.h`, header("BOARD_H", `${board.name}. ${GENERATED}`, defines(figures))],
  ];
}

function modelFiles({ library }: ProjectLayout, model: FirmwareModel): [string, Content][] {
  const { blob, info, plan } = model;
  const crc = info.crc32.toString(16).padStart(8, "0");
  return [
    [
      `${library}/model_blob.h`,
      header(
        "MODEL_BLOB_H",
        `The model, an .mlm blob with CRC-32 ${crc}. ${GENERATED}`,
        `${defines({
          MODEL_BLOB_BYTES: blob.length,
          MODEL_INPUT_WIDTH: info.inputWidth,
          MODEL_INPUTS_PER_FRAME: info.inputKind === "samples" ? info.hopSamples : 1,
          MODEL_LOGITS: info.logits,
        })}\nextern const uint32_t model_blob[MODEL_BLOB_BYTES / 4u];\n`,
      ),
    ],
    [
      `${library}/model_blob.c`,
      new TextInPieces(function* () {
        yield `/* ${GENERATED} Stays in flash and is used in place. */\n`;
        yield '#include "model_blob.h"\n\n';
        yield* wordArray("model_blob", blob, "_Alignas(16) ");
      }),
    ],
    [`${library}/model_plan.h`, modelPlan(plan, model)],
  ];
}

const SCHEDULE_NAMES = {
  stream: "MLM_SCHEDULE_STREAM",
  layer: "MLM_SCHEDULE_LAYER",
  unfused: "MLM_SCHEDULE_UNFUSED",
} as const;

function modelPlan(plan: Plan, { info }: FirmwareModel): string {
  const { selfTestFrames } = info;
  const fitsPlan = plan.maxFrames === 0 || selfTestFrames <= plan.maxFrames;
  return header(
    "MODEL_PLAN_H",
    `The plan of its session. ${GENERATED}`,
    defines({
      MODEL_SCHEDULE: SCHEDULE_NAMES[plan.schedule],
      MODEL_TILE: plan.schedule === "stream" ? plan.tile : 0,
      MODEL_MAX_FRAMES: plan.maxFrames,
      MODEL_ARENA_BYTES: plan.arenaBytes,
      MODEL_OPERATORS: lastOperator(plan) + 1,
      MODEL_RUNS_SELF_TEST: selfTestFrames > 0 && fitsPlan ? "1" : "0",
    }),
  );
}

/** The session's own buffer lives throughout. */
function lastOperator({ buffers }: Plan): number {
  return Math.max(...buffers.map((buffer) => buffer.lastOp));
}

const C_SHAPES = {
  frames: "float [frames][input width]",
  tokens: "int32_t [frames]",
  samples: "float [samples]",
} as const;

function exampleFiles(
  { program }: ProjectLayout,
  { input, logits }: Example,
  { info }: FirmwareModel,
): [string, Content][] {
  return [
    [
      `${program}/example.h`,
      header(
        "EXAMPLE_H",
        `An input, ${C_SHAPES[info.inputKind]}, and the bits of the simulation's logits. ${GENERATED}`,
        `${defines({ EXAMPLE_LENGTH: input.length / info.inputWidth })}
extern const uint32_t example_input[${input.length}];
extern const uint32_t example_logits[${logits.length}];
`,
      ),
    ],
    [
      `${program}/example.c`,
      new TextInPieces(function* () {
        yield `/* ${GENERATED} */\n#include "example.h"\n\n`;
        yield* wordArray("example_input", bytesOf(input));
        yield "\n";
        yield* wordArray("example_logits", bytesOf(logits));
      }),
    ],
  ];
}

/** Assembly, because the assembler takes a file as it is. */
function inputsAssembly({ count, length }: HarnessInputs): string {
  return `/* ${GENERATED} */
    .section .emulator.inputs, "a"
    .global harness_input_count, harness_input_length, harness_inputs
    .balign 16
harness_inputs:
    .incbin "inputs.bin"
harness_input_count:
    .word ${count}
harness_input_length:
    .word ${length}
`;
}

function modelCmake(machine: string, { region, stackBytes }: Placement): string {
  return `# What the build needs to know of the model and its board. ${GENERATED}
set(MODEL_MACHINE ${machine})
set(MODEL_ARENA ${region === "axi-sram" ? "axi" : "dtcm"})
set(MODEL_STACK_BYTES ${stackBytes})
`;
}

function addEspConfiguration(
  files: Map<string, Content>,
  sources: Sources,
  { region, board }: Placement,
  version: string,
): void {
  const parts = ["port/esp32s3/sdkconfig.defaults"];
  if (region === "psram") parts.push("port/esp32s3/sdkconfig.psram");
  files.set(
    "sdkconfig.defaults",
    filledIn(parts.map((path) => source(sources, path)).join(""), figuresOf(version, board)),
  );
}

function source(sources: Sources, path: string): string {
  const text = sources.get(path);
  if (text === undefined) throw new RangeError(`the sources have no ${path}`);
  return text;
}
