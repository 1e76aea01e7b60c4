/**
 * Measures the rows of the bundled models' table: a model under a schedule on its whole test set, and
 * its instructions on the emulated Cortex-M7. Knows nothing of how the table looks.
 */
import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { readTestSet } from "./test-sets.mjs";

const { Engine, logitsOf } = await import("../../dist/node.js");
const { compareLogits } = await import("../../dist/profile/index.js");
const { DoesNotFit } = await import("../../dist/firmware/index.js");
const { readSources, verify } = await import("../../dist/firmware/node.js");

const LINKER_SCRIPT = "port/cortex-m7/emulator-axi.ld";
/** The arena's line in it, and one for the emulated machine's whole memory. */
const BOARD_ARENA = /(AXI \(rw\) +: ORIGIN = 0x20100000, LENGTH = )[^\s,]+/;
const EMULATOR_ARENA = "$13072K";

/** @param cases bundled model, schedule and session options of each row */
export async function measureTable(cases, host) {
  const engine = await Engine.load();
  const rows = [];
  let emulator = "";
  for (const { bundled, schedule, options } of cases) {
    const { name } = bundled;
    console.log(`${name}, ${schedule}`);
    const blob = new Uint8Array(readFileSync(bundled.blob));
    const set = readTestSet(name);
    const onHost = await runAll(engine, blob, options, set);
    const onBoard = await emulate(blob, options, set.inputs[0]);
    emulator = `${onBoard.emulator}, ${onBoard.compiler}`;
    rows.push({ model: name, schedule, ...onHost, ...onBoard.figures });
  }
  return { host, emulator, rows };
}

async function runAll(engine, blob, options, { inputs, reference }) {
  const model = await engine.loadModel(blob);
  const session = model.createSession(options);
  const times = [];
  session.run(inputs[0]);
  const logits = inputs.map((input) => {
    const start = performance.now();
    const row = session.run(input);
    times.push(performance.now() - start);
    return logitsOf(row);
  });
  const { sameClasses, meanRelative, maxRelative } = compareLogits(logits, reference);
  const { arenaBytes } = session.plan;
  model.dispose();
  return {
    arenaBytes,
    items: inputs.length,
    disagreements: inputs.length - sameClasses,
    error: { meanRelative, maxRelative },
    medianMs: times.sort((a, b) => a - b)[times.length >> 1],
  };
}

/** In the board's memory if it is large enough, else in the emulated machine's. */
async function emulate(blob, execution, input) {
  const target = /** @type {const} */ ("cortex-m7");
  const options = { target, inputs: [input], execution, variants: ["double"] };
  let fitsBoard = true;
  const verification = await verify(blob, options).catch((error) => {
    if (!(error instanceof DoesNotFit)) throw error;
    fitsBoard = false;
    return verify(blob, { ...options, region: "axi-sram", sources: withLargeArena() });
  });
  const { tools, images } = verification;
  return {
    emulator: tools.emulator,
    compiler: tools.compiler,
    figures: { instructions: images[0].total, fitsBoard },
  };
}

function withLargeArena() {
  const sources = new Map(readSources());
  const script = sources.get(LINKER_SCRIPT);
  if (!BOARD_ARENA.test(script)) throw new Error(`${LINKER_SCRIPT} is not as expected`);
  return sources.set(LINKER_SCRIPT, script.replace(BOARD_ARENA, EMULATOR_ARENA));
}
