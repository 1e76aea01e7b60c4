/**
 * What the straightforward port takes on a Cortex-M7, in instructions and, by the model of its pipeline, in cycles.
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
export async function straightforward({ network, input, frames }, work, scripts, placement) {
  const folder = join(work, "straightforward");
  mkdirSync(folder, { recursive: true });
  const { sizes, tensors } = paperWeights(network);
  const floats = Float32Array.from([...tensors.flatMap(({ data }) => [...data]), ...input]);
  writeFileSync(join(folder, "inputs.bin"), new Uint8Array(floats.buffer));
  writeFileSync(
    join(folder, "inputs.S"),
    '.section .emulator.inputs, "a"\n.global harness_inputs\n.balign 16\n' +
      'harness_inputs: .incbin "inputs.bin"\n',
  );
  const port = join(root, "csrc/port");
  const defines = Object.entries({ ...sizes, FRAMES: frames }).map(([k, v]) => `-D${k}=${v}`);
  const sources = [
    ...["startup.c", "vectors.c", "emulator.c"].map((file) => join(port, "cortex-m", file)),
    join(port, "mps2/emulator-machine.c"),
    join(port, "print.c"),
    join(root, "bench/native/mcu_straightforward.c"),
    join(root, "bench/straightforward/straightforward.c"),
    join(folder, "inputs.S"),
  ];
  const results = [];
  for (const contraction of ["fast", "off"]) {
    const image = join(folder, `${contraction}.elf`);
    execFileSync("arm-none-eabi-gcc", [
      ...[
        ...M7_FLAGS,
        `-ffp-contract=${contraction}`,
        ...defines,
        `-I${port}`,
        `-I${join(port, "cortex-m")}`,
        `-I${folder}`,
      ],
      '-DMACHINE_INTERRUPTS="no-interrupts.h"',
      ...["-nostartfiles", `-L${scripts}`, "-Temulator-axi.ld", "-Wl,--gc-sections"],
      ...["-Wl,--defsym=STACK_BYTES=4096", ...sources, "-lm", "-o", image],
    ]);
    const { command, args } = EMULATORS[TARGET];
    const output = execFileSync(command, [...args, "-kernel", image], { encoding: "utf8" });
    const total = Number(/^total (\d+)$/m.exec(output)[1]);
    results.push({ contraction, total, cycles: await cyclesOf(image, placement) });
  }
  return results;
}

/** Of its one run, the core's own; undefined where nothing can be traced. */
async function cyclesOf(path, placement) {
  if (cannotTrace(TARGET) !== undefined) return undefined;
  const { symbols } = readElf(readFileSync(path));
  const find = (name) => symbols.find((symbol) => symbol.name === name);
  const caller = find("port_main");
  const reader = new TraceReader("thumb");
  const owners = { count: 1, owner: () => 0 };
  const timer = new Timer(timingOf(BOARD), reader.program, placement, [], owners);
  reader.listen(timer);
  const endOfCaller = caller.address + caller.bytes;
  const call = { start: find("sf_run").address, caller: caller.address, endOfCaller };
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
