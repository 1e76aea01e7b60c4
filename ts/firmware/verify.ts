/**
 * Builds the firmware of a model, runs it in an emulator and compares its outputs with WebAssembly's,
 * bit for bit, for Node. The sizes and bits it compares with come from the core.
 */
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { Engine } from "../core/engine.js";
import { BadArgument } from "../core/errors.js";
import { framesIn, type InputArray } from "../core/input.js";
import type { Model } from "../core/model.js";
import type { Outputs } from "../core/outputs.js";
import type { Plan, SessionOptions } from "../core/plan.js";
import { BOARDS, type Board, type WeightsChoice } from "../device/index.js";
import { hexWord } from "../hex-word.js";
import { TemporaryPlace } from "../host/temporary.js";
import { type BoardTime, checkTime, type TimeOptions, timeImage } from "./board-time.js";
import { buildProject, readFlags, readSections, type Sections, writeFiles } from "./build.js";
import { compareBits } from "./compare-bits.js";
import { EMULATORS, requireTools, type ToolVersions, type Variant } from "./emulators.js";
import { DoesNotFit, FirmwareFailed } from "./errors.js";
import { placesOn } from "./fit.js";
import { elementName, flatOutputs } from "./flat-outputs.js";
import { boundedBy } from "./frames.js";
import { failureIn, type HarnessReport, parseReport } from "./harness-output.js";
import { MAX_TIMEOUT_SECONDS } from "./limits.js";
import { run } from "./process.js";
import { type Files, type HarnessInputs, harnessProject, type Sources } from "./project.js";
import { readSources } from "./sources.js";
import { type EmulatedTarget, LAYOUTS } from "./targets.js";
import { cannotTrace } from "./trace.js";

export interface VerifyOptions {
  readonly target: EmulatedTarget;
  /** Sequences of one length. */
  readonly inputs: readonly InputArray[];
  /** Default: "stream" with tile 1, and "layer" when the target can hold it. */
  readonly execution?: SessionOptions;
  /** Names of variants; default: all of the target. */
  readonly variants?: readonly string[];
  /** Where to build, and to leave everything; default: a temporary folder. */
  readonly folder?: string;
  /** Longest time for one run of the emulator. Default 600 s. */
  readonly timeoutMs?: number;
  /** What is built instead of the project that is made. */
  readonly adapt?: (files: Files) => Files;
  /** Further variables for CMake. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Default: this package's. */
  readonly sources?: Sources;
  /** Whose memories the emulator stands for. Default: the target's first board. */
  readonly board?: Board;
  /** Id of the board's region for the arena, whether or not it is large enough: the linker says so. */
  readonly region?: string;
  /** Where the image has its weights. Default: flash. */
  readonly weights?: WeightsChoice;
  /** Times the first image, too, by a trace of its run. */
  readonly time?: TimeOptions;
}

/** What is known of an image without running it. */
interface ImageFacts {
  readonly variant: Variant;
  readonly plan: Plan;
  /** Flags the core was compiled with. */
  readonly flags: string;
  /** Flash besides the model: core, C library's functions, start-up and harness. */
  readonly codeBytes: number;
  /** RAM besides arena and stack. */
  readonly staticBytes: number;
}

/** What one image showed. */
export interface ImageReport extends ImageFacts, HarnessReport {}

export interface Verification {
  readonly target: EmulatedTarget;
  readonly items: number;
  /** Inputs whose outputs have the same bits in every image as in both WebAssembly builds. */
  readonly equalItems: number;
  /** WebAssembly builds that were compared with. */
  readonly builds: readonly ("baseline" | "simd")[];
  /** Best first: the usual variant, "stream". */
  readonly images: readonly ImageReport[];
  /** Why there is no image for "layer", if there is none. */
  readonly skippedLayer?: string;
  readonly operatorNames: readonly string[];
  readonly weightsBytes: number;
  readonly tools: ToolVersions;
  /** Of the first image on a board, where it was asked for; or why it cannot be had. */
  readonly time?: BoardTime | { readonly skipped: string };
}

const DEFAULT_TIMEOUT_MS = 600_000;

/**
 * @param blob an .mlm blob
 * @throws BadModel, BadInput, BadArgument, ToolchainMissing, BuildFailed, DoesNotFit, FirmwareFailed,
 * BitsDiffer
 */
export async function verify(blob: Uint8Array, options: VerifyOptions): Promise<Verification> {
  requireTimeout(options.timeoutMs);
  const board = boardOf(options);
  if (options.time !== undefined && board !== undefined) checkTime(board.id, options.time);
  const tools = requireTools(options.target);
  const engines = await loadEngines();
  try {
    const models = await Promise.all(engines.map((engine) => engine.loadModel(blob)));
    return await verifyModels(blob, models, engines, tools, options);
  } finally {
    for (const engine of engines) engine.dispose();
  }
}

function requireTimeout(timeoutMs = DEFAULT_TIMEOUT_MS): void {
  const mostMs = MAX_TIMEOUT_SECONDS * 1000;
  if (timeoutMs > 0 && timeoutMs <= mostMs) return;
  throw new BadArgument("timeoutMs", `a number above 0, at most ${mostMs}`, String(timeoutMs));
}

/** The baseline build, and the one with SIMD where this runtime has it. */
async function loadEngines(): Promise<Engine[]> {
  const [baseline, best] = [await Engine.load({ simd: "off" }), await Engine.load()];
  return best.simd ? [baseline, best] : [baseline];
}

async function verifyModels(
  blob: Uint8Array,
  models: readonly Model[],
  engines: readonly Engine[],
  tools: ToolVersions,
  options: VerifyOptions,
): Promise<Verification> {
  const { target, inputs } = options;
  const model = models[0]!;
  const frames = framesIn(model.info, inputs[0]!.length);
  const asked: SessionOptions[] =
    options.execution === undefined
      ? [{ schedule: "stream" }, { schedule: "layer", maxFrames: frames }]
      : [options.execution];
  const executions = asked.map((execution) => boundedBy(model.info, execution, frames));
  const expected = executions.flatMap((execution) =>
    models.map((opened) => simulate(opened, execution, inputs)),
  );
  const outputFloats = expected[0]!.bits[0]!.length;
  const work: Work = { blob, model, version: engines[0]!.version, outputFloats, options };

  const { perVariant, time } = await inFolder(options.folder, async (folder) => {
    const runs = await allDone(
      variantsOf(options).map((variant) =>
        runVariant(join(folder, variant.name), variant, executions, work),
      ),
    );
    return { perVariant: runs, time: await timeFirst(folder, runs, work) };
  });
  const images = byExecution(perVariant);
  const [main] = images;
  if (main === undefined) throw new RangeError("nothing was run");
  const equalItems = compareBits({
    target,
    images: images.map((image) => ({
      name: `${image.variant.name}, ${image.plan.schedule}`,
      bits: image.outputs,
    })),
    simulations: expected.map(({ bits }) => bits),
    elementName: (index) => elementName(model.info.outputs, expected[0]!.first, index),
  });
  const skippedLayer = perVariant.find(({ skipped }) => skipped !== undefined)?.skipped;
  return {
    target,
    items: inputs.length,
    equalItems,
    builds: engines.map((engine) => (engine.simd ? "simd" : "baseline")),
    images,
    ...(skippedLayer !== undefined && { skippedLayer }),
    operatorNames: model.operators(main.plan.schedule).map(({ name }) => name),
    weightsBytes: blob.length,
    tools,
    ...(time !== undefined && { time }),
  };
}

/** The one that the emulator stands for; undefined where nothing is known of it. */
function boardOf({ target, board }: VerifyOptions): Board | undefined {
  return board ?? BOARDS.find(({ id }) => id === LAYOUTS[target].boards[0]);
}

/** The first image on its board, when that was asked for. */
async function timeFirst(
  folder: string,
  runs: readonly VariantRun[],
  { blob, model, options }: Work,
): Promise<Verification["time"]> {
  const { target, time, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const image = runs[0]?.images[0];
  if (time === undefined || image === undefined) return undefined;
  const skipped = cannotTrace(target);
  if (skipped !== undefined) return { skipped };
  const board = boardOf(options)!;
  const path = join(folder, image.variant.name, `firmware-${image.plan.schedule}.elf`);
  const region = options.region ?? placesOn(board, image.plan, blob.length, "flash").region;
  return timeImage({ target, path, blob, operators: model.ops, region, timeoutMs }, board.id, time);
}

async function inFolder<T>(
  given: string | undefined,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  if (given !== undefined) return use(given);
  const temporary = TemporaryPlace.scratch();
  try {
    return await use(temporary.path);
  } finally {
    temporary.remove();
  }
}

/** Like Promise.all, but a failure waits for the others: they work in a folder that will be removed. */
async function allDone<T>(tasks: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(tasks);
  return Promise.all(tasks);
}

function variantsOf({ target, variants }: VerifyOptions): readonly Variant[] {
  const all = EMULATORS[target].variants;
  if (variants === undefined) return all;
  return variants.map((name) => {
    const found = all.find((variant) => variant.name === name);
    if (found === undefined) {
      const names = all.map((variant) => variant.name).join(", ");
      throw new BadArgument("variant", `one of ${names}`, JSON.stringify(name));
    }
    return found;
  });
}

/** What all images of a verification share. */
interface Work {
  readonly blob: Uint8Array;
  readonly model: Model;
  readonly version: string;
  /** Of the outputs of one input. */
  readonly outputFloats: number;
  readonly options: VerifyOptions;
}

interface VariantRun {
  readonly images: readonly ImageReport[];
  readonly skipped?: string;
}

interface BuiltImage extends ImageFacts {
  readonly path: string;
}

/**
 * One project, rebuilt for each execution: only the program changes. The images run while the next one
 * is built: a soft float takes longer than a compiler.
 */
async function runVariant(
  folder: string,
  variant: Variant,
  executions: readonly SessionOptions[],
  work: Work,
): Promise<VariantRun> {
  const running: Promise<ImageReport>[] = [];
  let skipped: string | undefined;
  for (const execution of executions) {
    try {
      const image = await buildImage(folder, variant, execution, work);
      const report = runImage(image, work.options);
      report.catch(() => {}); // awaited below
      running.push(report);
    } catch (error) {
      // The first execution is what was asked for; the others come on top where there is room.
      if (running.length === 0 || !(error instanceof DoesNotFit)) throw error;
      skipped = error.message;
    }
  }
  const images = await Promise.all(running);
  return { images, ...(skipped !== undefined && { skipped }) };
}

async function buildImage(
  folder: string,
  variant: Variant,
  execution: SessionOptions,
  { blob, model, version, outputFloats, options }: Work,
): Promise<BuiltImage> {
  const { target, inputs } = options;
  const plan = model.plan(execution);
  const files = harnessProject(target, {
    sources: options.sources ?? readSources(),
    model: {
      ...{ blob, plan, version },
      ...{ info: model.info, ops: model.ops, tensors: model.tensors, labels: model.labels },
    },
    inputs: joined(model, inputs, outputFloats),
    ...(options.board !== undefined && { board: options.board }),
    ...(options.region !== undefined && { region: options.region }),
    ...(options.weights !== undefined && { weights: options.weights }),
  });
  writeFiles(folder, options.adapt?.(files) ?? files);
  await buildProject(folder, target, { ...variant.settings, ...options.settings });
  const path = join(folder, `firmware-${plan.schedule}.elf`);
  copyFileSync(join(folder, "build/firmware.elf"), path);
  const memory = codeMemory(readSections(`${EMULATORS[target].prefix}size`, path), blob);
  return { path, variant, plan, flags: readFlags(folder), ...memory };
}

async function runImage(
  { path, ...image }: BuiltImage,
  { target, timeoutMs = DEFAULT_TIMEOUT_MS }: VerifyOptions,
): Promise<ImageReport> {
  const report = await emulate(target, path, timeoutMs);
  if (!report.arena.guardsIntact) throw failed(target, "bytes beside the arena were written", 0);
  return { ...report, ...image };
}

function joined(
  { info }: Model,
  inputs: readonly InputArray[],
  outputFloats: number,
): HarnessInputs {
  const Elements = info.inputKind === "tokens" ? Int32Array : Float32Array;
  const data = new Elements(inputs.reduce((sum, input) => sum + input.length, 0));
  let at = 0;
  for (const input of inputs) {
    data.set(input, at);
    at += input.length;
  }
  const length = inputs[0]!.length / info.inputWidth;
  return { count: inputs.length, length, data, outputFloats };
}

const FLASH_SECTIONS = [".reset", ".vectors", ".text", ".rodata", ".data", ".weights"];
const STATIC_SECTIONS = [".data", ".bss", ".noinit"];

function codeMemory(
  sections: Sections,
  blob: Uint8Array,
): Pick<ImageFacts, "codeBytes" | "staticBytes"> {
  const sum = (names: readonly string[]) =>
    names.reduce((total, name) => total + (sections.get(name) ?? 0), 0);
  return { codeBytes: sum(FLASH_SECTIONS) - blob.length, staticBytes: sum(STATIC_SECTIONS) };
}

/** Runs an image whose program is the harness. @throws FirmwareFailed */
export async function emulate(
  target: EmulatedTarget,
  image: string,
  timeoutMs: number,
): Promise<HarnessReport> {
  const { command, args } = EMULATORS[target];
  const outcome = await run(command, [...args, "-kernel", image], { timeoutMs });
  if (outcome.timedOut) throw failed(target, `not done after ${timeoutMs / 1000} s`, null);
  const failure = failureIn(outcome.stdout);
  if (failure !== undefined) throw failed(target, failure, outcome.status);
  const report = parseReport(outcome.stdout);
  if (report === undefined || outcome.status !== 0) {
    throw failed(target, outcome.stderr.trim().split("\n")[0] || "no report", outcome.status);
  }
  return report;
}

function failed(target: string, reason: string, status: number | null): FirmwareFailed {
  return new FirmwareFailed(target, reason, status);
}

/** What WebAssembly gives: all outputs as the harness prints them, an input each. */
interface Simulation {
  readonly bits: readonly (readonly string[])[];
  /** Of the first input. */
  readonly first: Outputs;
}

function simulate(
  model: Model,
  execution: SessionOptions,
  inputs: readonly InputArray[],
): Simulation {
  const session = model.createSession(execution);
  try {
    const runs = inputs.map((input) => session.run(input));
    return { bits: runs.map((outputs) => bitsOf(model.info.outputs, outputs)), first: runs[0]! };
  } finally {
    session.dispose();
  }
}

function bitsOf(infos: Model["info"]["outputs"], outputs: Outputs): string[] {
  const words = new Uint32Array(flatOutputs(infos, outputs).buffer);
  return Array.from(words, hexWord);
}

/** All variants under the first execution, then all under the next. */
function byExecution(runs: readonly VariantRun[]): ImageReport[] {
  const most = Math.max(...runs.map(({ images }) => images.length));
  return Array.from({ length: most }, (_, i) =>
    runs.flatMap(({ images }) => images.slice(i, i + 1)),
  ).flat();
}
