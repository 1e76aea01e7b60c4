/**
 * Writes docs/board-time.md: published times of devices against predictions for the same work, and how far the table
 * of costs is off what it was not fitted on. Kernels that can be rebuilt are traced now; the rest says how its
 * figure was obtained (bench/board-measured.json).
 *
 *   npm run bench -- board-doc
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureBuilt } from "../scripts/build.mjs";

ensureBuilt();
const { Timer, TraceReader, timingOf, XTENSA_LX7_LOOPS } = await import("../dist/board/index.js");
const { COSTS } = await import("../dist/board/cost-table.js");
const { readElf } = await import("../dist/firmware/elf.js");
const { traceImage } = await import("../dist/firmware/trace.js");

const root = fileURLToPath(new URL("..", import.meta.url));
const { published, how, kernels } = JSON.parse(
  readFileSync(join(root, "bench/board-measured.json"), "utf8"),
);
const COMPILER = "riscv64-unknown-elf-gcc";
const FLAGS = ["-march=rv32imafc", "-mabi=ilp32f", "-O2", "-nostdlib", "-ffreestanding"];
const FOLDER = join(root, "bench/board-kernels");
const BOARD = timingOf("esp32s3");
const BOARD_OF_LOOPS = { ...BOARD, core: XTENSA_LX7_LOOPS };
const PLACEMENT = { weights: "sram", arena: "sram", code: "sram", data: "sram", inputs: "sram" };
const TIMEOUT_MS = 300_000;

const grouped = (value) =>
  typeof value === "number" ? value.toLocaleString("en-US", { maximumFractionDigits: 1 }) : value;
const signed = (percent) =>
  typeof percent === "number"
    ? `${percent > 0 ? "+" : ""}${percent.toFixed(1)} %`
    : `+${percent} %`;

/** Cycles of a kernel in the proxy's instructions with the LX7's latencies, uncorrected. */
async function kernelCycles(kernel, board, folder) {
  const path = join(folder, `${kernel}.elf`);
  const script = ["-T", join(FOLDER, "kernels.ld"), "-o", path, join(FOLDER, "kernels.c")];
  const args = [...FLAGS, `-DKERNEL=${kernel}`, "-Wl,--no-warn-rwx-segments", ...script];
  const { status, stderr } = spawnSync(COMPILER, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr ?? `${COMPILER} is missing`);
  const { symbols } = readElf(readFileSync(path));
  const find = (name) => symbols.find((symbol) => symbol.name === name);
  const caller = find("call_kernel");
  const reader = new TraceReader("riscv");
  const owners = { count: 1, owner: () => 0 };
  const timer = new Timer(board, reader.program, PLACEMENT, [], owners);
  reader.listen(timer);
  const call = {
    ...{ start: find(kernel).address, caller: caller.address },
    endOfCaller: caller.address + caller.bytes,
  };
  await traceImage("riscv32", path, call, TIMEOUT_MS, (piece) => reader.feed(piece));
  return timer.result().core;
}

async function kernelTable() {
  const folder = mkdtempSync(join(tmpdir(), "board-kernels-"));
  const rows = [];
  try {
    for (const { kernel, work, measured } of kernels) {
      const cells = [];
      for (const board of [BOARD_OF_LOOPS, BOARD]) {
        const cycles = await kernelCycles(kernel, board, folder);
        cells.push(grouped(cycles), signed(100 * (cycles / measured - 1)));
      }
      rows.push(`| ${[work, grouped(measured), ...cells].join(" | ")} |`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return [
    "| work | measured, cycles | predicted | off | without LOOPs | off |",
    "|---|---:|---:|---:|---:|---:|",
    ...rows,
  ];
}

function publishedTable() {
  const keys = Object.keys(how);
  const rows = published.map(({ board, work, measured, unit, predicted, off, how: key }) => {
    const isKnown = predicted !== undefined && off === undefined;
    const share = isKnown ? 100 * (predicted / measured - 1) : off;
    const cells = [
      board,
      work,
      `${grouped(measured)} ${unit}`,
      share === undefined ? "-" : signed(share),
    ];
    return `| ${[...cells, String(keys.indexOf(key) + 1)].join(" | ")} |`;
  });
  return [
    ...[
      "| board | work | measured | predicted is off by | how |",
      "|---|---|---:|---:|---|",
      ...rows,
      "",
    ],
    ...keys.map((key, index) => `${index + 1}. ${how[key]}`),
  ];
}

function coresTable() {
  const percent = (share) => `${(100 * share).toFixed(1)} %`;
  const rows = Object.entries(COSTS.cores).map(
    ([id, { medianNetwork, worstNetwork, heldOut, fittedOn }]) => {
      const worst = heldOut.find(
        ({ traced, predicted }) => Math.abs(Math.abs(predicted / traced - 1) - worstNetwork) < 1e-4,
      );
      const name = worst === undefined ? "" : `${worst.name}, tile ${worst.tile}`;
      const numbers = [heldOut.length, percent(medianNetwork), percent(worstNetwork), name];
      return `| ${id} | ${numbers.join(" | ")} | ${fittedOn.coreVersion}, ${fittedOn.sources} |`;
    },
  );
  return [
    "| core | networks | median | worst | which | core, CRC-32 of its sources |",
    "|---|---:|---:|---:|---|---|",
    ...rows,
  ];
}

const text = [
  "# Times on boards, and how far to trust them",
  "",
  "`verify --time` traces the firmware in an emulator, instruction by instruction, and times the trace by a model of",
  "the core's pipeline, of its caches and of its memories (`ts/board`). `profile` does not run anything: it takes the",
  "costs of each kind of operator from a table that was fitted on such traces. Neither has seen a device. This page,",
  "made by `npm run bench -- board-doc`, holds both against what is known; misses are in it.",
  "",
  "## Published times of devices",
  "",
  ...publishedTable(),
  "",
  "## Kernels that can be rebuilt: an ESP32-S3, by proxy",
  "",
  "No compiler for the LX7's FPU comes with Debian, so that an rv32imafc trace stands for it with the LX7's latencies.",
  "Measured: esp-dsp's `docs/esp_bm_results.csv`, its ANSI C at -O2. Predicted: the same in plain C",
  "(`bench/board-kernels`) in RAM, without the correction by operator (`ts/board/cores/xtensa.ts`): that comes from traces",
  "of this project's operators on an LX7 and does not hold for them. An LX7 counts a loop in hardware (LOOP), and GCC",
  "makes one of an innermost loop whose number of turns it can tell: every loop without branches in it is predicted as",
  "one. Where it cannot tell, the branch is paid for; the proxy's code does not show which (published, the same FIR takes",
  "5.2 cycles a tap on an ESP32-S3 and 8.2 on an ESP32). Nothing is fitted to these rows; the bar is 25 %.",
  "",
  ...(await kernelTable()),
  "",
  "## The table of costs against traces",
  "",
  "Networks that it was not fitted on: the bundled models, the paper's sizes, and others; cycles of the core alone.",
  "What memories take comes on top by their lines, with the bars that `ts/board/boards.ts` gives and explains.",
  "",
  ...coresTable(),
  "",
].join("\n");
writeFileSync(join(root, "docs/board-time.md"), text);
