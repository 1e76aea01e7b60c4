/**
 * Cycles of a model on a board, by function and by operator, from a trace of its firmware: what one looks at while
 * making a kernel faster. Its bits are checked by the way. Prints text, or with --json all numbers.
 *
 *   node bench/board-time.mjs [--model kws10|folded|kws|har] [--target cortex-m7] [--variant double] [--tile 1]
 *                             [--portable] [--board ID] [--place weights=dtcm,...] [--qio] [--json]
 *
 * Without --place and --board, on a Cortex-M7 everything lies in TCM: what is left are the core's own cycles.
 * Builds stay in build/board-time, so that only what has changed is compiled.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { argv, exit, stderr, stdout } from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { ensureBuilt } from "../scripts/build.mjs";

ensureBuilt();
const { createBlob, Engine } = await import("../dist/node.js");
const { createFoldedBlob } = await import("../dist/fold/index.js");
const { readCheckpoint, readNpy, toNetwork } = await import("../dist/checkpoint/index.js");
const { defaultFrames, exampleInput } = await import("../dist/profile/index.js");
const { EMULATORS, verify } = await import("../dist/firmware/node.js");
const { placement } = await import("../dist/cli/options.js");
const { cyclesReport, renderBoardTime } = await import("../dist/cli/render/board-time.js");

const root = fileURLToPath(new URL("..", import.meta.url));
const BUNDLED = ["kws", "har"];
const IN_TCM = { weights: "dtcm", arena: "dtcm", code: "itcm", data: "dtcm", inputs: "dtcm" };

const { values: asked } = parseArgs({
  args: argv.slice(2),
  options: {
    ...{ model: { type: "string", default: "kws10" }, tile: { type: "string", default: "1" } },
    ...{ target: { type: "string", default: "cortex-m7" }, variant: { type: "string" } },
    ...{ board: { type: "string" }, place: { type: "string" }, qio: { type: "boolean" } },
    ...{ portable: { type: "boolean" }, json: { type: "boolean" } },
  },
});

/** The paper's weights and first input where they are, else the golden model of its sizes. */
function spotter() {
  const paper = join(root, "../shared/data/paper_kws10");
  const same = join(root, "test/golden/paper_d64_t100");
  const [folder, inputs] = existsSync(paper) ? [paper, "inputs.npy"] : [same, "input.npy"];
  const network = toNetwork(readCheckpoint(readFileSync(join(folder, "model.safetensors"))));
  const { data, shape } = readNpy(readFileSync(join(folder, inputs)));
  const [frames, width] = shape.slice(-2);
  return { network, input: Float32Array.from(data.slice(0, frames * width)) };
}

async function subject(engine) {
  if (BUNDLED.includes(asked.model)) {
    const blob = readFileSync(join(root, `ts/models/${asked.model}/model.mlm`));
    const { info } = await engine.loadModel(blob);
    return { blob, input: exampleInput(info, defaultFrames(info)) };
  }
  const { network, input } = spotter();
  const make = asked.model === "folded" ? createFoldedBlob : createBlob;
  return { blob: await make(engine, network), input };
}

function timeOptions() {
  const isPlain = asked.place === undefined && asked.board === undefined;
  const place = isPlain && asked.target === "cortex-m7" ? IN_TCM : undefined;
  return {
    placement: asked.place === undefined ? place : placement(asked.place),
    board: asked.board,
    qio: asked.qio,
  };
}

const engine = await Engine.load();
const { blob, input } = await subject(engine);
const variant = asked.variant ?? EMULATORS[asked.target].variants[0].name;
const name = [asked.target, asked.portable ? "portable" : "assembly"].join("-");
const { time, images } = await verify(blob, {
  target: asked.target,
  variants: [variant],
  inputs: [input],
  execution: { schedule: "stream", tile: Number(asked.tile) },
  settings: { MAMBALITE_ASM: asked.portable ? "OFF" : "ON" },
  folder: join(root, "build/board-time", name),
  time: timeOptions(),
});
engine.dispose();
if ("skipped" in time) {
  stderr.write(`${time.skipped}\n`);
  exit(1);
}
stdout.write(
  asked.json
    ? `${JSON.stringify({ instructions: images[0].total, ...cyclesReport(time) }, null, 1)}\n`
    : renderBoardTime(time),
);
