/**
 * What the straightforward ports take on a Cortex-M7, in instructions and, by the model of its pipeline, in cycles.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const { Timer, TraceReader, timingOf } = await import("../dist/board/index.js");
const { readElf } = await import("../dist/firmware/elf.js");
const { cannotTrace, traceImage } = await import("../dist/firmware/trace.js");
const { EMULATORS } = await import("../dist/firmware/node.js");

const root = fileURLToPath(new URL("..", import.meta.url));
const TARGET = "cortex-m7";
const BOARD = "stm32h743";
const TIMEOUT_MS = 300_000;
const M7_FLAGS =
  "-mcpu=cortex-m7 -mthumb -mfloat-abi=hard -mfpu=fpv5-d16 -O2 -ffunction-sections".split(" ");

/**
 * The straightforward port with libm, for each of gcc's two ways with a*b+c.
 * @param scripts the folder of a project that was measured, whose linker scripts have the board's figures
 * @param placement where everything lies, by the board's memories
 */
export function straightforward({ network, input, frames }, work, scripts, placement) {
  const { sizes, tensors } = paperWeights(network);
  return measurePort(
    {
      name: "straightforward",
      sources: ["native/mcu_straightforward.c", "straightforward/straightforward.c"],
      defines: { ...sizes, FRAMES: frames },
      start: "sf_run",
      contractions: ["fast", "off"],
      floats: Float32Array.from([...tensors.flatMap(({ data }) => [...data]), ...input]),
    },
    ...[work, scripts, placement],
  );
}

/** The same of a layer's port (straightforward/layers.h), as gcc contracts by default. */
export async function straightforwardLayer(model, work, scripts, placement) {
  const { id, sizes, tensors, frames, input, logits } = model;
  const counts = tensors.map(({ data }) => data.length);
  const [result] = await measurePort(
    {
      name: `straightforward-${id}`,
      sources: ["native/mcu_layer.c", "straightforward/layers.c"],
      defines: {
        ...{ LAYER: `sf_${id}`, FRAMES: frames, CLASSES: logits },
        ...{ SIZES: sizes.join(","), COUNTS: counts.join(",") },
      },
      start: `sf_${id}`,
      contractions: ["fast"],
      floats: Float32Array.from([...tensors.flatMap(({ data }) => [...data]), ...input]),
    },
    ...[work, scripts, placement],
  );
  return result;
}

/** Of each contraction, instructions and cycles of the one call of `start` that port_main makes. */
async function measurePort(port, work, scripts, placement) {
  const { name, sources: ported, defines, start, contractions, floats } = port;
  const folder = join(work, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "inputs.bin"), new Uint8Array(floats.buffer));
  writeFileSync(
    join(folder, "inputs.S"),
    '.section .emulator.inputs, "a"\n.global harness_inputs\n.balign 16\n' +
      'harness_inputs: .incbin "inputs.bin"\n',
  );
  const csrc = join(root, "csrc/port");
  const sources = [
    ...["startup.c", "vectors.c", "emulator.c"].map((file) => join(csrc, "cortex-m", file)),
    join(csrc, "mps2/emulator-machine.c"),
    join(csrc, "print.c"),
    ...ported.map((file) => join(root, "bench", file)),
    join(folder, "inputs.S"),
  ];
  const results = [];
  for (const contraction of contractions) {
    const image = join(folder, `${contraction}.elf`);
    execFileSync("arm-none-eabi-gcc", [
      ...[
        ...M7_FLAGS,
        `-ffp-contract=${contraction}`,
        ...Object.entries(defines).map(([key, value]) => `-D${key}=${value}`),
        `-I${csrc}`,
        `-I${join(csrc, "cortex-m")}`,
        `-I${folder}`,
      ],
      '-DMACHINE_INTERRUPTS="no-interrupts.h"',
      ...["-nostartfiles", `-L${scripts}`, "-Temulator-axi.ld", "-Wl,--gc-sections"],
      ...["-Wl,--defsym=STACK_BYTES=4096", ...sources, "-lm", "-o", image],
    ]);
    const { command, args } = EMULATORS[TARGET];
    const output = execFileSync(command, [...args, "-kernel", image], { encoding: "utf8" });
    const total = Number(/^total (\d+)$/m.exec(output)[1]);
    results.push({ contraction, total, cycles: await cyclesOf(image, start, placement) });
  }
  return results;
}

/** Of its one run, the core's own; undefined where nothing can be traced. */
async function cyclesOf(path, start, placement) {
  if (cannotTrace(TARGET) !== undefined) return undefined;
  const { symbols } = readElf(readFileSync(path));
  const find = (name) => symbols.find((symbol) => symbol.name === name);
  const caller = find("port_main");
  const reader = new TraceReader("thumb");
  const owners = { count: 1, owner: () => 0 };
  const timer = new Timer(timingOf(BOARD), reader.program, placement, [], owners);
  reader.listen(timer);
  const endOfCaller = caller.address + caller.bytes;
  const call = { start: find(start).address, caller: caller.address, endOfCaller };
  await traceImage(TARGET, path, call, TIMEOUT_MS, (piece) => reader.feed(piece));
  return Math.round(timer.result().core);
}

function paperWeights({ ops, inputWidth }) {
  const [linearIn, mamba, , classifier] = ops;
  const { inProj, conv1d, xProj, dtProj, aLog, d, outProj } = mamba;
  return {
    sizes: {
      FEATURES: inputWidth,
      D_MODEL: linearIn.weight.shape[0],
      D_INNER: aLog.shape[0],
      D_STATE: aLog.shape[1],
      D_CONV: conv1d.weight.shape.at(-1),
      DT_RANK: dtProj.weight.shape[1],
      CLASSES: classifier.weight.shape[0],
    },
    tensors: [
      ...[linearIn.weight, linearIn.bias, inProj.weight, conv1d.weight, conv1d.bias],
      ...[xProj.weight, dtProj.weight, dtProj.bias, aLog, d, outProj.weight],
      ...[classifier.weight, classifier.bias],
    ],
  };
}
