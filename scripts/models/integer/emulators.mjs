/**
 * The same bits on emulated microcontrollers as in WebAssembly: inputs in portions, the state saved and loaded on the
 * way, in sessions of several tiles (ways.c), on every target.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { calibration, engines, integersOf, readSubject, runAll } from "./networks.mjs";

const { BOARDS } = await import("../../../dist/device/index.js");
const { EMULATORS, harnessProject, readSources, buildProject, writeFiles, missingTools } =
  await import("../../../dist/firmware/node.js");
const { run } = await import("../../../dist/firmware/process.js");

const root = fileURLToPath(new URL("../../..", import.meta.url));
const FOLDER = join(root, "build/integer-figures");
const HARNESS = "port/harness/harness.c";
/** Of the sessions; ways.c has smaller ones besides. */
const LARGEST_TILE = 7;
const FULL_SCALE = 32768;
/** An hour for all items of a model. */
const TIMEOUT_MS = 3_600_000;

/**
 * In the order of the report; a board where the usual one is too small for a tile of 7.
 *
 * @typedef {import("../../../dist/firmware/node.js").EmulatedTarget} EmulatedTarget
 * @typedef {{title: string, target: EmulatedTarget, variant?: string, board?: string}} Machine
 * @type {readonly Machine[]}
 */
const MACHINES = [
  { title: "rv32imc", target: "riscv32", variant: "soft" },
  { title: "thumbv6m", target: "cortex-m0", board: "rp2040" },
  { title: "Cortex-M3", target: "cortex-m3" },
  { title: "Cortex-M4", target: "cortex-m4" },
  { title: "Cortex-M7", target: "cortex-m7" },
  { title: "Cortex-M33", target: "cortex-m33" },
  { title: "Xtensa lx106", target: "xtensa" },
];

export async function printEmulators(report, items) {
  for (const name of ["har", "kws10", "kws"]) {
    const subject = readSubject(name);
    const blob = await integersOf(subject, calibration(subject.training));
    const inputs = evenly(subject.test.inputs, items);
    const { logits, saturations } = await runAll(blob, inputs);
    for (const machine of MACHINES) {
      const title = `${name} on ${machine.title}`;
      const missing = missingTools(machine.target);
      if (missing.length > 0) {
        report.line(`${title}: skipped, ${missing.join(" and ")} are missing`);
        continue;
      }
      const got = await emulated(`${name}-${machine.target}`, machine, blob, inputs);
      const equal = logits.filter((row, i) => bitsOf(row) === got.outputs[i]).length;
      report.line(`${title}: ${equal} of ${inputs.length} inputs with equal bits`);
      report.limit(`${title}: inputs with equal bits`, equal, "=", inputs.length);
      report.limit(`${title}: saturations`, got.saturations, "=", saturations);
    }
  }
}

function evenly(inputs, most) {
  const count = Math.min(most, inputs.length);
  return Array.from({ length: count }, (_, i) => inputs[Math.floor((i * inputs.length) / count)]);
}

/**
 * @param {string} name
 * @param {Machine} machine
 */
async function emulated(name, machine, blob, inputs) {
  const { target, variant, board } = machine;
  const folder = join(FOLDER, name);
  const { variants, command, args } = EMULATORS[target];
  const { settings } = variants.find((each) => each.name === variant) ?? variants[0];
  writeFiles(folder, await project(target, board, blob, inputs));
  await buildProject(folder, target, settings);
  const image = join(folder, "build/firmware.elf");
  const outcome = await run(command, [...args, "-kernel", image], { timeoutMs: TIMEOUT_MS });
  const { stdout } = outcome;
  if (!/^status MLM_OK$/m.test(stdout)) {
    throw new Error(`${name}: ${stdout.trim().split("\n").at(-1)} ${outcome.stderr.trim()}`);
  }
  const numbers = (word) => [...stdout.matchAll(new RegExp(`^${word} \\d+ (.+?)\\r?$`, "gm"))];
  return {
    outputs: numbers("outputs").map(([, bits]) => bits),
    saturations: numbers("saturations").reduce((sum, [, count]) => sum + Number(count), 0),
  };
}

/** The blob's model is linked as one of floats is: ways.c sees to the type of its inputs by itself. */
async function project(target, boardId, blob, inputs) {
  const engine = engines.simd;
  const model = await engine.loadModel(blob);
  const { info, ops, tensors, labels } = model;
  const plan = model.plan({ tile: LARGEST_TILE });
  const ways = readFileSync(new URL("ways.c", import.meta.url), "utf8");
  const sources = new Map(readSources()).set(HARNESS, ways);
  const board = BOARDS.find(({ id }) => id === boardId);
  model.dispose();
  return harnessProject(target, {
    sources,
    model: {
      ...{ blob, plan, version: engine.version, ops, tensors, labels },
      info: { ...info, takes16Bits: false },
    },
    inputs: {
      count: inputs.length,
      length: inputs[0].length / info.inputWidth,
      data: wordsOf(inputs, info.takes16Bits),
      outputFloats: info.outputs.reduce((sum, { width }) => sum + width, 0),
    },
    ...(board !== undefined && { board }),
  });
}

function wordsOf(inputs, takes16Bits) {
  const [{ length }] = inputs;
  const all = new (takes16Bits ? Int16Array : Float32Array)(inputs.length * length);
  for (const [index, input] of inputs.entries()) {
    all.set(takes16Bits ? input.map((sample) => sample * FULL_SCALE) : input, index * length);
  }
  return new Int32Array(all.buffer);
}

function bitsOf(row) {
  const words = new Uint32Array(row.buffer, row.byteOffset, row.length);
  return Array.from(words, (word) => word.toString(16).padStart(8, "0")).join(" ");
}
