/**
 * Makes the files of a firmware project: the core's sources, the model as C, a machine, and a program
 * that runs it. Takes file contents and gives file contents, in browsers as in Node. Knows nothing of
 * compilers, and nothing of C but what it writes itself.
 */
import { BadArgument } from "../core/errors.js";
import {
  BARE_METAL_STACK_BYTES,
  BOARDS,
  type Board,
  IN_FLASH,
  type WeightsChoice,
} from "../device/index.js";
import { defines, GENERATED, header } from "./c-source.js";
import type { Content } from "./content.js";
import { buildSettings, type CoreUse, coreFiles, type Sources, source } from "./core-files.js";
import { detectorFiles, streamFiles } from "./detector-files.js";
import { placesOn } from "./fit.js";
import { MANIFEST, manifestText } from "./manifest.js";
import {
  blobBytes,
  type Example,
  type FirmwareModel,
  type HarnessInputs,
  type HarnessStream,
  memoryBytes,
} from "./model.js";
import { exampleFiles, inputBytes, inputsAssembly, modelFiles } from "./model-files.js";
import { readme } from "./readme.js";
import { libraryReadme } from "./readme-library.js";
import { type SensorFormat, sensorFormat, sensorHeader } from "./sensor-files.js";
import { LAYOUTS, type ProjectLayout, type Target } from "./targets.js";
import { timingFacts } from "./timing-files.js";

/** Paths with "/" and what is in the files. */
export type Files = ReadonlyMap<string, Content>;

export type { Example, FirmwareModel, HarnessInputs, HarnessStream, Sources };

export interface ExportOptions {
  readonly sources: Sources;
  readonly model: FirmwareModel;
  readonly example: Example;
  /** Default: the target's first board. */
  readonly board?: Board;
  /** Default: where they are read fastest and have room; flash where the project does not say where things lie. */
  readonly weights?: WeightsChoice;
}

/** Where on its board a project's arena and weights go. */
interface Placement {
  readonly board: Board | undefined;
  /** Id of a region of the board. */
  readonly region: string;
  /** The same, or "flash". */
  readonly weights: string;
  readonly stackBytes: number;
}

/**
 * A project that runs the self-test and an example, ready to build and flash.
 * @throws DoesNotFit when the board cannot hold it; BadArgument without sources
 */
export function exportProject(target: Target, options: ExportOptions): Files {
  const { sources, model, example } = options;
  requireSources(sources);
  const layout = LAYOUTS[target];
  requirePlaceable(layout, target, options.weights);
  const weights = layout.placesWeights ? options.weights : "flash";
  const place = placementOf(layout, model, options.board, weights);
  const sensor = sensorFormat(model, example);
  const { program } = layout;
  const machine = target === "stm32h7" ? "stm32h743" : "emulator";
  const files = new Map<string, Content>([
    ...commonFiles(layout, sources, model, place, machine),
    ...(target === "library"
      ? libraryFiles(model, example, sensor)
      : [
          ...programFiles(program, sources, model, example, sensor),
          ...timingFacts(program, model, place),
        ]),
  ]);
  if (target === "esp32s3") addEspConfiguration(files, sources, place, model.version);
  const placing = options.weights;
  const facts = { model, example, sensor, ...place, ...(placing !== undefined && { placing }) };
  files.set("README.md", target === "library" ? libraryReadme(facts) : readme(target, facts));
  files.set(MANIFEST, manifestText({ target, ...facts }, files));
  return files;
}

/** A library has no program; an example of it plays the example. @throws BadArgument without a detector */
function libraryFiles(
  model: FirmwareModel,
  example: Example,
  sensor: SensorFormat,
): [string, Content][] {
  if (model.detector === undefined) {
    throw new BadArgument(
      "--target library",
      "a model that listens (--mode running or exact)",
      "one of windows",
    );
  }
  return [
    ["src/sensor_format.h", sensorHeader(sensor)],
    ...exampleFiles("examples/host", example, model, sensor.type),
  ];
}

/** Of csrc/port/app: what stands beside the program. */
const PROGRAM_PARTS = [
  ...["timing.c", "timed.h", "timed.c", "report.h", "report.c"],
  ...["sensor.h", "sensor.c", "sensor-simulated.c"],
];

/** The program, its sensor, and the example that the simulated one plays. */
function programFiles(
  program: string,
  sources: Sources,
  model: FirmwareModel,
  example: Example,
  sensor: SensorFormat,
): [string, Content][] {
  const main = model.detector === undefined ? "windows" : "detect";
  return [
    [`${program}/app.c`, source(sources, `port/app/${main}.c`)],
    ...PROGRAM_PARTS.map((name): [string, string] => [
      `${program}/${name}`,
      source(sources, `port/app/${name}`),
    ]),
    [`${program}/sensor_format.h`, sensorHeader(sensor)],
    ...exampleFiles(program, example, model, sensor.type),
  ];
}

export interface HarnessOptions {
  readonly sources: Sources;
  readonly model: FirmwareModel;
  readonly inputs: HarnessInputs;
  /** Default: the target's first board. */
  readonly board?: Board;
  /** Id of the board's region for the arena, whether or not it is large enough; default: one that is. */
  readonly region?: string;
  /** Default: flash. */
  readonly weights?: WeightsChoice;
}

/**
 * A project whose program is the harness, for an emulator.
 * @throws DoesNotFit when the board that the emulator stands for cannot hold it
 */
export function harnessProject(target: Target, options: HarnessOptions): Files {
  const { sources, model, inputs } = options;
  const { program } = LAYOUTS[target];
  return new Map<string, Content>([
    ...emulatedFiles(target, options),
    [`${program}/harness.c`, source(sources, "port/harness/harness.c")],
    [`${program}/inputs.h`, source(sources, "port/harness/inputs.h")],
    [`${program}/inputs.S`, inputsAssembly(inputs)],
    [`${program}/inputs.bin`, inputBytes(model.info, inputs.data)],
  ]);
}

export interface DetectorHarnessOptions extends Omit<HarnessOptions, "inputs"> {
  /** With a detector. */
  readonly model: FirmwareModel;
  readonly stream: HarnessStream;
}

/**
 * A project whose program runs the model's detector over a stream, for an emulator.
 * @throws DoesNotFit when the board that the emulator stands for cannot hold it
 */
export function detectorHarnessProject(target: Target, options: DetectorHarnessOptions): Files {
  const { sources, model, stream } = options;
  const { program } = LAYOUTS[target];
  return new Map<string, Content>([
    ...emulatedFiles(target, options),
    [`${program}/harness.c`, source(sources, "port/harness/detector.c")],
    [`${program}/stream.c`, source(sources, "port/harness/stream.c")],
    [`${program}/stream.h`, source(sources, "port/harness/stream.h")],
    ...streamFiles(program, model, stream),
  ]);
}

/** What every project for an emulator has, whatever its program is. */
function emulatedFiles(
  target: Target,
  { sources, model, board, region, weights = "flash" }: Omit<HarnessOptions, "inputs">,
): [string, Content][] {
  requireSources(sources);
  const layout = LAYOUTS[target];
  requirePlaceable(layout, target, weights);
  const place = placementOf(layout, model, board, weights, region);
  return commonFiles(layout, sources, model, place, "emulator");
}

/** @param region for the arena, whether or not it is large enough */
function placementOf(
  layout: ProjectLayout,
  model: FirmwareModel,
  chosen: Board | undefined,
  weights?: WeightsChoice,
  region?: string,
): Placement {
  const board = chosen ?? BOARDS.find(({ id }) => id === layout.boards[0]);
  const stackBytes = board?.stackBytes ?? BARE_METAL_STACK_BYTES;
  const nowhere = { region: region ?? "", weights: IN_FLASH.place };
  if (board === undefined || region !== undefined) return { board, stackBytes, ...nowhere };
  const plan = { ...model.plan, arenaBytes: memoryBytes(model) };
  return { board, stackBytes, ...placesOn(board, plan, blobBytes(model), weights) };
}

/** @throws BadArgument */
function requirePlaceable(layout: ProjectLayout, target: Target, weights?: WeightsChoice): void {
  if (weights === undefined || weights === "flash" || layout.placesWeights) return;
  const wanted = `flash: where things lie in a project for ${target} is for its builder to say`;
  throw new BadArgument("--weights", wanted, weights);
}

function commonFiles(
  layout: ProjectLayout,
  sources: Sources,
  model: FirmwareModel,
  place: Placement,
  machine: string,
): [string, Content][] {
  return [
    ...coreFiles(layout.library, sources, useOf(model)),
    ...portFiles([...layout.files, ...ofBoard(layout, place.board)], sources, {
      ...figuresOf(model.version, place.board),
      ...layout.figures,
      ...buildFigures(sources),
      CORE_FOLDERS: coreFolders(model),
    }),
    ...boardFiles(layout, place.board),
    ...modelFiles(layout.library, model),
    ...detectorFiles(layout.library, model),
    ...(model.detector === undefined
      ? []
      : [
          [
            `${layout.program}/detector_setup.h`,
            source(sources, "port/detector_setup.h"),
          ] satisfies [string, string],
        ]),
    ["LICENSE", source(sources, "LICENSE")],
    ...(layout.linksBare
      ? [["model.cmake", modelCmake(machine, place)] satisfies [string, string]]
      : []),
    ...(layout.linksBare && layout.placesWeights
      ? [["port/weights.ld", weightsAlias(place)] satisfies [string, string]]
      : []),
  ];
}

function useOf({ ops, tensors, plan, detector }: FirmwareModel): CoreUse {
  const front = detector?.front;
  return {
    ops: [...ops, ...(front?.ops ?? [])],
    tensors: [...tensors, ...(front?.tensors ?? [])],
    schedule: plan.schedule,
    hasDetector: detector !== undefined,
  };
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

/** Files of csrc that one board of a target has on top of the target's. */
function ofBoard({ linksBare, program }: ProjectLayout, board: Board | undefined) {
  if (!linksBare || board === undefined) return [];
  return [[`port/boards/${board.id}/`, `${program}/`]] as const;
}

function portFiles(
  files: ProjectLayout["files"],
  sources: Sources,
  figures: Figures,
): [string, string][] {
  const named = new Set(files.map(([from]) => from));
  return files.flatMap(([from, to]) => {
    const paths = from.endsWith("/")
      ? [...sources.keys()].filter((path) => path.startsWith(from) && !named.has(path))
      : [from];
    return paths.map((path): [string, string] => [
      to === "" || to.endsWith("/") ? to + path.slice(from.length) : to,
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

/** Of C files, for ESP-IDF. */
function coreFolders({ detector }: FirmwareModel): string {
  const folders = ["src", "src/core", "src/kernels", ...(detector ? ["src/detector"] : [])];
  return folders.map((folder) => `"${folder}"`).join(" ");
}

/** How the core is compiled, which is said in csrc/build.json alone, for CMake and for JSON. */
function buildFigures(sources: Sources): Figures {
  const { flags, warnings, hot, smallBesideAssembly } = buildSettings(sources);
  const ofTheProgram = flags.filter((flag) => !flag.startsWith("-std="));
  return {
    CORE_FLAGS: flags.join(" "),
    CORE_FLAGS_JSON: flags.map((flag) => JSON.stringify(flag)).join(", "),
    CORE_WARNINGS: warnings.join(" "),
    CORE_HOT: hot.join(" "),
    CORE_SMALL_BESIDE_ASSEMBLY: smallBesideAssembly.join(" "),
    PROGRAM_FLAGS: ofTheProgram.join(" "),
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

function modelCmake(machine: string, { region, stackBytes }: Placement): string {
  return `# What the build needs to know of the model and its board. ${GENERATED}
set(MODEL_MACHINE ${machine})
set(MODEL_ARENA ${region === "axi-sram" ? "axi" : region})
set(MODEL_STACK_BYTES ${stackBytes})
`;
}

/** Names of memories in linker scripts; the others are called RAM. */
const LINKED: Readonly<Record<string, string>> = { flash: "FLASH", "axi-sram": "AXI" };

function weightsAlias({ weights }: Placement): string {
  const memory = LINKED[weights] ?? "RAM";
  return `/* Where the model's weights lie when the core reads them. ${GENERATED} */
REGION_ALIAS("WEIGHTS", ${memory})
`;
}

function addEspConfiguration(
  files: Map<string, Content>,
  sources: Sources,
  { region, weights, board }: Placement,
  version: string,
): void {
  const parts = ["port/esp32s3/sdkconfig.defaults"];
  if (region === "psram" || weights === "psram") parts.push("port/esp32s3/sdkconfig.psram");
  if (region === "psram") parts.push("port/esp32s3/sdkconfig.arena-psram");
  if (weights === "psram") parts.push("port/esp32s3/sdkconfig.weights-psram");
  if (weights === "sram") parts.push("port/esp32s3/sdkconfig.weights-sram");
  files.set(
    "sdkconfig.defaults",
    filledIn(parts.map((path) => source(sources, path)).join(""), figuresOf(version, board)),
  );
}
