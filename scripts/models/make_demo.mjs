/**
 * Makes the bundled model and its example input, from a seed and the same bytes every time:
 *
 *   ts/models/demo.safetensors   what a user would bring: a PyTorch state dict of float16 weights
 *   ts/models/demo.mlm           the same, converted
 *   ts/models/demo.input.npy     float32 [100, 40]
 *
 * It has the sizes of a keyword spotter (100 frames of 40 log-mel bands, 10 classes) and random
 * weights: it is NOT trained, and its classes mean nothing. It is there to be profiled.
 *
 *   node scripts/models/make_demo.mjs [--check]
 */
import { readFileSync, writeFileSync } from "node:fs";
import process, { argv } from "node:process";
import { fileURLToPath } from "node:url";
import { ensureBuilt } from "../build.mjs";

ensureBuilt();
const { createBlob, Engine } = await import("../../dist/node.js");
const { readCheckpoint, toNetwork, writeNpy } = await import("../../dist/checkpoint/index.js");

const FRAMES = 100;
const BANDS = 40;
const CLASSES = 10;
const D_MODEL = 64;
const D_INNER = 128;
const D_STATE = 16;
const D_CONV = 4;
const DT_RANK = 4;
const SEED = 20_250_912;

const uniform = mulberry32(SEED);

/** PyTorch names and shapes, in file order. */
function makeTensors() {
  return [
    ...linear("linear_in", BANDS, D_MODEL),
    ["mamba.in_proj.weight", [2 * D_INNER, D_MODEL], normal(D_MODEL ** -0.5)],
    ["mamba.conv1d.weight", [D_INNER, 1, D_CONV], normal(D_CONV ** -0.5)],
    ["mamba.conv1d.bias", [D_INNER], normal(0.1)],
    ["mamba.x_proj.weight", [DT_RANK + 2 * D_STATE, D_INNER], normal(2 * D_INNER ** -0.5)],
    ["mamba.dt_proj.weight", [D_INNER, DT_RANK], normal(DT_RANK ** -0.5)],
    // Softplus makes of this steps between 0.007 and 0.13, as Mamba's own initialisation has them.
    ["mamba.dt_proj.bias", [D_INNER], () => -5 + 3 * uniform()],
    // A = -1, -2, ... -d_state in each channel: the S4D-real initialisation.
    ["mamba.A_log", [D_INNER, D_STATE], (i) => Math.log(1 + (i % D_STATE))],
    ["mamba.D", [D_INNER], () => 1],
    ["mamba.out_proj.weight", [D_MODEL, D_INNER], normal(D_INNER ** -0.5)],
    ...linear("classifier", D_MODEL, CLASSES),
  ].map(([name, shape, value]) => {
    const count = shape.reduce((product, size) => product * size, 1);
    return { name, shape, data: Uint16Array.from({ length: count }, (_, i) => toHalf(value(i))) };
  });
}

function linear(name, inputs, outputs) {
  return [
    [`${name}.weight`, [outputs, inputs], normal(inputs ** -0.5)],
    [`${name}.bias`, [outputs], normal(0.1)],
  ];
}

/** Mean 0: a sum of twelve uniform numbers needs no function but +. */
function normal(deviation) {
  return () => {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += uniform();
    return deviation * sum;
  };
}

/** Uniform in [0, 1): the mulberry32 generator (T. Ettinger, public domain). */
function mulberry32(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Bits of the nearest float16, for the normal range that weights are in; nearer 0 it is 0. */
function toHalf(value) {
  const sign = value < 0 ? 0x8000 : 0;
  const exponent = Math.floor(Math.log2(Math.abs(value)));
  if (exponent < -14) return sign;
  const mantissa = Math.round((Math.abs(value) / 2 ** exponent) * 1024);
  return sign | (((exponent + 14) << 10) + mantissa);
}

/** https://github.com/huggingface/safetensors: header length, JSON header, then the tensors. */
function writeSafetensors(tensors) {
  const header = { __metadata__: { format: "pt", note: "random weights, not trained" } };
  let end = 0;
  for (const { name, shape, data } of tensors) {
    header[name] = { dtype: "F16", shape, data_offsets: [end, end + data.byteLength] };
    end += data.byteLength;
  }
  const text = JSON.stringify(header);
  const padded = Buffer.from(text.padEnd(Math.ceil(text.length / 8) * 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  const bodies = tensors.map(({ data }) => Buffer.from(data.buffer));
  return Buffer.concat([length, padded, ...bodies]);
}

async function convert(checkpoint) {
  const engine = await Engine.load({ simd: "off" });
  const network = toNetwork(readCheckpoint(checkpoint));
  return createBlob(engine, network, { metadata: { note: "random weights, not trained" } });
}

const checkpoint = writeSafetensors(makeTensors());
const input = Float32Array.from({ length: FRAMES * BANDS }, normal(1));
const files = {
  "demo.safetensors": checkpoint,
  "demo.mlm": await convert(checkpoint),
  "demo.input.npy": writeNpy(input, [FRAMES, BANDS]),
};
for (const [name, bytes] of Object.entries(files)) {
  const path = fileURLToPath(new URL(`../../ts/models/${name}`, import.meta.url));
  if (!argv.includes("--check")) {
    writeFileSync(path, bytes);
  } else if (!readFileSync(path).equals(bytes)) {
    console.error(`${path} is not what this script makes`);
    process.exitCode = 1;
  }
  console.log(`${name}: ${bytes.length} bytes`);
}
