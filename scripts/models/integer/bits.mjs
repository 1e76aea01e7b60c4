/**
 * One CRC-32 of all logits of a whole test set, from whoever makes them: both builds for WebAssembly, the core by gcc
 * and by clang, and the emulation in numpy, which says as well what every state lost.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "../../../test/native/build.mjs";
import { findPython, HOW_TO_GET_PYTHON } from "../../python.mjs";
import { calibration, engines, integersOf, readSubject, runAll } from "./networks.mjs";

const { writeNpy } = await import("../../../dist/checkpoint/index.js");
const { crc32 } = await import("../../../dist/crc32.js");

const root = fileURLToPath(new URL("../../..", import.meta.url));
const FOLDER = join(root, "build/integer-figures");
const REFERENCE = join(root, "scripts/reference/integer/run.py");
const COMPILERS = ["gcc", "clang"];
const MOST_OUTPUT_BYTES = 2 ** 28;
const FULL_SCALE = 32768;

export async function printBits(report) {
  mkdirSync(FOLDER, { recursive: true });
  for (const name of ["har", "kws"]) {
    const subject = readSubject(name);
    for (const stateBits of [32, 16]) {
      const blob = await integersOf(subject, calibration(subject.training), { stateBits });
      await printBitsOf(report, subject, `${name}-${stateBits}`, blob);
    }
  }
}

async function printBitsOf(report, { network, test }, name, blob) {
  const { inputs } = test;
  const simd = await runAll(blob, inputs, engines.simd);
  const scalar = await runAll(blob, inputs, engines.scalar);
  const files = writeFiles(name, network, blob, inputs);
  const crcs = {
    "WASM SIMD": crcOf(simd.logits),
    "WASM scalar": crcOf(scalar.logits),
  };
  for (const compiler of COMPILERS) crcs[compiler] = await nativeCrc(compiler, files);
  const numpy = numpyCrcs(files);
  crcs.numpy = numpy.logits;
  const title = `${name}, ${inputs.length} inputs`;
  report.line(`${title}: CRC-32 of the logits ${textOf(crcs)}`);
  for (const [maker, crc] of Object.entries(crcs)) {
    report.limit(`${title}: bits of ${maker}`, crc, "=", crcs["WASM SIMD"]);
  }
  report.limit(`${title}: saturations in WASM`, simd.saturations, "=", scalar.saturations);
  report.limit(`${title}: saturations in numpy`, numpy.saturations, "=", simd.saturations);
}

function textOf(crcs) {
  return Object.entries(crcs)
    .map(([maker, crc]) => `${maker} ${crc}`)
    .join(", ");
}

/** The inputs twice: as numpy and as mlm_run take them. */
function writeFiles(name, { inputKind, inputWidth }, blob, inputs) {
  const path = (extension) => join(FOLDER, `${name}.${extension}`);
  const [{ length }] = inputs;
  const isAudio = inputKind === "samples";
  const all = new (isAudio ? Int32Array : Float32Array)(inputs.length * length);
  for (const [index, input] of inputs.entries()) {
    all.set(isAudio ? input.map((sample) => sample * FULL_SCALE) : input, index * length);
  }
  const shape = isAudio ? [length] : [length / inputWidth, inputWidth];
  const raw = isAudio ? Int16Array.from(all) : all;
  writeFileSync(path("mlm"), blob);
  writeFileSync(path("npy"), writeNpy(all, [inputs.length, ...shape]));
  writeFileSync(path("raw"), new Uint8Array(raw.buffer));
  const [model, npy, out] = [path("mlm"), path("npy"), path("npz")];
  return { model, npy, out, raw: path("raw"), count: shape[0] };
}

async function nativeCrc(compiler, { model, raw, count }) {
  const program = join(await build(compiler), "mlm_run");
  const lines = outputOf(program, [model, raw, String(count), "stream", "1"])
    .trim()
    .split("\n");
  const words = lines.slice(1).flatMap((line) => line.split(" "));
  return hex(crc32(new Uint8Array(Uint32Array.from(words, (w) => Number.parseInt(w, 16)).buffer)));
}

function numpyCrcs({ model, npy, out }) {
  const python = findPython(["numpy"]);
  if (python === undefined) throw new Error(HOW_TO_GET_PYTHON);
  const lines = outputOf(python, [REFERENCE, model, npy, out]).trim().split("\n");
  const [logits] = lines.map((line) => line.split(" ")).filter(([name]) => name !== "saturations");
  const saturations = /^saturations .* (\d+)$/m.exec(lines.join("\n"));
  return { logits: logits[1], saturations: Number(saturations?.[1]) };
}

function outputOf(command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, {
    encoding: "utf8",
    maxBuffer: MOST_OUTPUT_BYTES,
  });
  if (status !== 0) throw new Error(`${command}: ${stderr}`);
  return stdout;
}

function crcOf(logits) {
  const all = new Float32Array(logits.length * logits[0].length);
  for (const [index, row] of logits.entries()) all.set(row, index * row.length);
  return hex(crc32(new Uint8Array(all.buffer)));
}

function hex(crc) {
  return crc.toString(16).padStart(8, "0");
}
