/** One source for each figure of a board: catalogue, verdict, exported project and README agree. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { timingOf } from "../../ts/board/boards.js";
import { BOARDS, type Board, judge } from "../../ts/device/index.js";
import { EXPORT_TARGETS, type Files, LAYOUTS } from "../../ts/firmware/index.js";
import { readSources } from "../../ts/firmware/node.js";
import { project, spotter, textOf, write } from "./projects.js";
import { root } from "./support.js";

const KIB = 1024;

const EXPORTS = EXPORT_TARGETS.flatMap((target) =>
  LAYOUTS[target].boards.map((id) => ({
    target,
    board: BOARDS.find((candidate) => candidate.id === id) as Board,
  })),
);

function defined(files: Files, path: string, name: string): number {
  const [, value] = new RegExp(`^#define ${name} (\\d+)u$`, "m").exec(textOf(files, path)) ?? [];
  return Number(value);
}

describe.each(EXPORTS)("$target for $board.id", ({ target, board }) => {
  const { program, linksBare } = LAYOUTS[target];

  test("stack and clock of board.h, build and README are the catalogue's", async () => {
    const files = await project(target, {}, board.id);
    const header = `${program}/board.h`;
    expect(defined(files, header, "BOARD_STACK_BYTES")).toBe(board.stackBytes);
    expect(defined(files, header, "BOARD_CLOCK_HZ")).toBe(board.projectClockHz);
    const needs = { arenaBytes: 0, callerBytes: 0, weightsBytes: spotter.blob.length };
    expect(judge(board, needs).ram.stackBytes).toBe(board.stackBytes);
    const readme = textOf(files, "README.md");
    expect(readme).toContain(`| stack | ${board.stackBytes.toLocaleString("en-US")} |`);
    expect(readme).toContain(`Planned for ${board.name}.`);
    if (linksBare) {
      expect(textOf(files, "model.cmake")).toContain(`MODEL_STACK_BYTES ${board.stackBytes})`);
    }
    if (target === "stm32h7") {
      expect(readme).toContain(`The core runs at ${board.projectClockHz / 1e6} MHz`);
    }
  });

  test("nothing is left to be filled in", async () => {
    for (const [path, content] of await project(target, {}, board.id)) {
      if (typeof content === "string") expect(content, path).not.toMatch(/@[A-Z_]+@/);
    }
  });

  test("memories are the catalogue's", async () => {
    const files = await project(target, {}, board.id);
    if (target === "esp32s3") {
      const config = textOf(files, "sdkconfig.defaults");
      expect(config).toMatch(`CONFIG_ESP_DEFAULT_CPU_FREQ_MHZ_${board.clockHz / 1e6}=y`);
      // What estimates of its time assume of the flash.
      expect(timingOf(board.id)?.conditions).toContain("QIO flash at 80 MHz");
      const kib = timingOf(board.id)!.caches.data!.bytes / KIB;
      expect(config).toContain(`CONFIG_ESP32S3_DATA_CACHE_${kib}KB=y`);
      expect(config).toMatch(
        "CONFIG_ESPTOOLPY_FLASHMODE_QIO=y\nCONFIG_ESPTOOLPY_FLASHFREQ_80M=y\n",
      );
      expect(config).toMatch(`CONFIG_ESPTOOLPY_FLASHSIZE_${board.flash.bytes / KIB / KIB}MB=y`);
      return;
    }
    const region = (id: string) => board.regions.find((candidate) => candidate.id === id)?.bytes;
    const sram = region("sram");
    if (sram !== undefined) {
      const script = target === "riscv32" ? "port/sections.ld" : "port/emulator-sram.ld";
      const lengths = [...textOf(files, script).matchAll(/^ +(?:FLASH|RAM) .*LENGTH = (\d+)$/gm)];
      expect(lengths.map(([, bytes]) => Number(bytes))).toEqual([board.flash.bytes, sram]);
      return;
    }
    const machine = target === "stm32h7" ? "stm32h743" : "emulator";
    const lengths = (arena: string) =>
      Object.fromEntries(
        [
          ...textOf(files, `port/${machine}-${arena}.ld`).matchAll(
            /^ +(\w+) \(r\w\) +: ORIGIN = \w+, LENGTH = (\d+)$/gm,
          ),
        ].map(([, name, bytes]) => [name, Number(bytes)]),
      );
    const [FLASH, RAM, AXI] = [board.flash.bytes, region("dtcm"), region("axi-sram")];
    expect(lengths("dtcm")).toEqual({ FLASH, RAM, AXI });
    expect(lengths("axi")).toEqual({ FLASH, RAM, AXI });
  });
});

test("the emulator that stands for an ESP32-S3 has its RAM", async () => {
  const [, length] =
    /RAM \(rw\) +: ORIGIN = \w+, LENGTH = (\w+)/.exec(
      readSources().get("port/xtensa/sections.ld") ?? "",
    ) ?? [];
  const [{ usableBytes }] = BOARDS.find(({ id }) => id === "esp32s3")!.regions as [
    Board["regions"][0],
  ];
  /** The catalogue counts what ESP-IDF itself takes of it, 64 KB. */
  expect(Number(length)).toBe(usableBytes + 64 * KIB);
});

test("no board's clock is above what its chip is made for", () => {
  for (const { id, clockHz, projectClockHz } of BOARDS) {
    expect(projectClockHz, id).toBeLessThanOrEqual(clockHz);
  }
});

const noCompiler = spawnSync("cc", ["--version"]).status !== 0;

describe.skipIf(noCompiler)("the clock of the STM32H743, over a table of its registers", () => {
  const V = "2003";
  const Y = "1003";
  const CASES: readonly (readonly [board: string, revision: string, stuck: string, hz: number])[] =
    [
      ["stm32h743", V, "", 480e6],
      ["stm32h743", "2001", "", 480e6],
      ["stm32h743", Y, "", 400e6],
      ["stm32h743", V, "PWR_CSR1", 64e6],
      ["stm32h743", V, "PWR_D3CR", 64e6],
      ["stm32h743", V, "RCC_CR", 64e6],
      ["stm32h747", V, "", 64e6],
    ];

  test.each(CASES)(
    "%s, revision %s, never ready: '%s': %d Hz",
    async (board, revision, stuck, hz) => {
      const folder = write(`clock-${board}`, await project("stm32h7", {}, board));
      const program = join(folder, "clock");
      const compiled = spawnSync(
        "cc",
        [
          ...["-std=c11", "-Wall", "-Wextra", "-Werror", `-I${root}/test/firmware/registers`],
          ...["-iquote", join(folder, "port"), join(root, "test/firmware/registers/clock.c")],
          ...["-include", join(root, "test/firmware/registers/startup.h")],
          ...[join(folder, "port/stm32h743-clock.c"), "-o", program],
        ],
        { encoding: "utf8" },
      );
      expect(compiled).toMatchObject({ status: 0, stderr: "" });
      const { stdout } = spawnSync(program, [revision, stuck].filter(Boolean), {
        encoding: "utf8",
      });
      expect(stdout).toBe(`told ${hz}\nruns ${hz}\n`);
    },
  );
});
