/**
 * The table of costs that times on boards are estimated from at once: traces small random networks on emulated
 * targets, fits what an op costs by its kind, and holds the result against networks that it was not fitted on.
 * Writes ts/board/cost-table.ts and prints how far the table is off.
 *
 *   npm run bench -- board-table [--core cortex-m7 ...]
 *
 * With --core only the costs of that core are made anew, which takes some minutes. Traces stay in build/board-table:
 * those of the same core and network are not made again.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { argv, exit, stderr, stdout } from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { ensureBuilt } from "../scripts/build.mjs";
import { compileBench } from "./compile.mjs";

ensureBuilt();
if (!compileBench()) exit(1);
const { Engine } = await import("../dist/node.js");
const { timingOf } = await import("../dist/board/index.js");
const { COSTS } = await import("../dist/board/cost-table.js");
const { betweenWork } = await import("../dist/board/estimate.js");
const { BOARDS } = await import("../dist/device/index.js");
const { exampleInput } = await import("../dist/profile/index.js");
const { opWork } = await import("../dist/profile/op-work.js");
const { buildProject, writeFiles } = await import("../dist/firmware/build.js");
const { EMULATORS } = await import("../dist/firmware/emulators.js");
const { vectorFloats } = await import("../dist/firmware/flat-outputs.js");
const { harnessProject } = await import("../dist/firmware/project.js");
const { timeImageOnAll } = await import("../dist/firmware/board-time.js");
const { readSources } = await import("../dist/firmware/sources.js");
const { fitCore } = await import("../build/bench/bench/board-table/fit.js");
const { sourcesCrc32, tableText } = await import("../build/bench/bench/board-table/table.js");
const { subjects } = await import("../build/bench/bench/board-table/subjects.js");

const root = fileURLToPath(new URL("..", import.meta.url));
const TABLE = join(root, "ts/board/cost-table.ts");
const WORK = join(root, "build/board-table");
const TIMEOUT_MS = 600_000;
/** How far a core's costs may be off the trace of a network that they were not fitted on. */
const WORST_NETWORK = 0.08;

/** Builds that are traced, and the boards whose cores their traces are timed for. */
const BUILDS = [
  { target: "cortex-m7", variant: "double", boards: ["stm32h743"] },
  { target: "cortex-m4", variant: "single", boards: ["stm32f405"] },
  { target: "cortex-m33", variant: "single", boards: ["rp2350"] },
  { target: "cortex-m3", variant: "soft", boards: ["stm32l152"] },
  { target: "cortex-m0", variant: "soft", boards: ["rp2040", "microbit"] },
  { target: "riscv32", variant: "soft", boards: ["esp32c3"] },
  { target: "riscv32", variant: "hard", boards: ["esp32s3", "esp32", "esp32p4"] },
];

const { values: asked } = parseArgs({
  args: argv.slice(2),
  options: { core: { type: "string", multiple: true } },
});

function coreOf(board) {
  return timingOf(board).core.id;
}

/** What is asked for of the builds, each with the boards of cores that are. */
function chosenBuilds() {
  const known = BUILDS.flatMap(({ boards }) => boards.map(coreOf));
  const cores = asked.core ?? known;
  for (const core of cores) {
    if (known.includes(core)) continue;
    stderr.write(`board-table: no core ${core}, there are ${known.join(", ")}\n`);
    exit(1);
  }
  return BUILDS.map((build) => {
    const boards = build.boards.filter((board) => cores.includes(coreOf(board)));
    return { ...build, boards };
  }).filter(({ boards }) => boards.length > 0);
}

/** Nothing waits for memory here, so that the core's own cycles are left. */
function freeOfWaits(board) {
  const free = Object.entries(timingOf(board).memories).filter(
    ([, { cycles }]) => cycles.usual === 0,
  );
  const ids = free.map(([id]) => id);
  const data = ids.find((id) => id !== "itcm");
  const code = ids.find((id) => id === "itcm") ?? data;
  return { weights: data, arena: data, code, data, inputs: data };
}

/** The image of one network with one tile; its core has what any of the networks needs, and is compiled once. */
async function buildImage(
  model,
  { blob, frames, isFloat },
  { target, variant, boards },
  tile,
  uses,
) {
  const folder = join(WORK, `${target}-${variant}${isFloat ? "-f32" : ""}`);
  const board = BOARDS.find(({ id }) => id === boards[0]);
  const { info, labels } = model;
  const plan = model.plan({ schedule: "stream", tile });
  const outputFloats = vectorFloats(info.outputs);
  const data = exampleInput(info, frames);
  const inputs = { count: 1, length: data.length / info.inputWidth, data, outputFloats };
  const project = { blob, plan, info, labels, version: engine.version, ...uses };
  writeFiles(folder, harnessProject(target, { sources, model: project, inputs, board }));
  const { settings } = EMULATORS[target].variants.find(({ name }) => name === variant);
  await buildProject(folder, target, settings);
  return join(folder, "build/firmware.elf");
}

/** By the core, cycles of each op and of what is between them. */
async function trace(model, { blob }, { target, boards }, path) {
  const image = { target, path, blob, operators: model.ops, region: "", timeoutMs: TIMEOUT_MS };
  const cycles = {};
  const wanted = boards.map((board) => ({ board, placement: freeOfWaits(board) }));
  for (const { board, operators, between, unknown } of await timeImageOnAll(image, wanted)) {
    if (unknown.size > 0) throw new Error(`unknown instructions: ${[...unknown.keys()]}`);
    const idle = operators.find(({ core }) => core === 0);
    if (idle !== undefined) throw new Error(`${idle.name} did not run`);
    cycles[coreOf(board)] = [...operators, between].map(({ core }) => Math.round(core));
  }
  return cycles;
}

/** What is compiled for: ops and tensors of all that are floats only, or that are not. */
function usesOf(opened, isFloat) {
  const models = opened.filter(({ subject }) => subject.isFloat === isFloat);
  return {
    ops: models.flatMap(({ model }) => model.ops),
    tensors: models.flatMap(({ model }) => model.tensors),
  };
}

/** Traces of an earlier time, of the same core: cycles by what was traced. */
class KnownTraces {
  constructor({ target, variant }) {
    this.file = join(WORK, `${target}-${variant}.json`);
    const before = existsSync(this.file) ? JSON.parse(readFileSync(this.file, "utf8")) : {};
    this.cycles = before.sources === fittedOn.sources ? before.cycles : {};
  }

  /** Undefined where not all of the cores are known. */
  find(key, cores) {
    const cycles = this.cycles[key];
    return cycles && cores.every((core) => core in cycles) ? cycles : undefined;
  }

  add(key, cycles) {
    this.cycles[key] = { ...this.cycles[key], ...cycles };
    const { sources: crc } = fittedOn;
    writeFileSync(this.file, JSON.stringify({ sources: crc, cycles: this.cycles }));
    return cycles;
  }
}

async function traced(build) {
  const known = new KnownTraces(build);
  const all = await subjects(engine, build.variant === "soft");
  const opened = await Promise.all(
    all.map(async (subject) => ({ subject, model: await engine.loadModel(subject.blob) })),
  );
  const steps = opened.flatMap(({ subject, model }) =>
    subject.tiles.map((tile) => ({ subject, model, tile })),
  );
  const traces = [];
  for (const [index, { subject, model, tile }] of steps.entries()) {
    const { name, isFitted, isFloat, frames } = subject;
    const ops = opWork(model, frames, { schedule: "stream", tile });
    const make = async () => {
      const at = `${index + 1} of ${steps.length}`;
      stderr.write(`${build.target} ${build.variant}, ${at}: ${name}, tile ${tile}\n`);
      const path = await buildImage(model, subject, build, tile, usesOf(opened, isFloat));
      return trace(model, subject, build, path);
    };
    const key = `${model.info.crc32}, ${frames} frames, tile ${tile}`;
    const cycles = known.find(key, build.boards.map(coreOf)) ?? known.add(key, await make());
    traces.push({ name, tile, isFitted, ops: [...ops, betweenWork(ops)], cycles });
  }
  for (const { model } of opened) model.dispose();
  return traces;
}

function show(core, { heldOut, medianNetwork, worstNetwork }) {
  const percent = (share) => `${(100 * share).toFixed(1)} %`;
  for (const { name, tile, traced: cycles, predicted } of heldOut) {
    const off = percent(predicted / cycles - 1);
    stdout.write(
      `${core} ${name} tile ${tile}: ${cycles} traced, ${predicted} predicted, ${off}\n`,
    );
  }
  stdout.write(`${core}: median ${percent(medianNetwork)}, worst ${percent(worstNetwork)}\n`);
}

mkdirSync(WORK, { recursive: true });
const cores = { ...COSTS.cores };
const engine = await Engine.load();
const sources = readSources();
const fittedOn = { coreVersion: engine.version, sources: sourcesCrc32(sources) };
for (const build of chosenBuilds()) {
  const traces = await traced(build);
  for (const core of build.boards.map(coreOf)) {
    const costs = { fittedOn, ...fitCore(traces, core) };
    show(core, costs);
    if (costs.worstNetwork <= WORST_NETWORK) cores[core] = costs;
    else {
      delete cores[core]; // no time at all rather than one that is further off than is said
      stdout.write(`${core}: left out of the table, for more than ${100 * WORST_NETWORK} %\n`);
    }
  }
  writeFileSync(TABLE, tableText(cores));
}
engine.dispose();
