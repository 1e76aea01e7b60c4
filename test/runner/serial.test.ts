/**
 * From the command line to a board in QEMU and back: a file of `mambalite flash` runs, `mambalite serial` shows what it
 * measures beside the estimate, and recordings that it is given have the simulation's bits.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readNpy, writeNpy } from "../../ts/checkpoint/index.js";
import { bundled, json, output, temporaryFolder } from "../cli/support.js";
import { noEmulator } from "./emulated-board.js";
import { onSocket, onTerminal } from "./emulated-line.js";
import { mambaliteBeside } from "./lines.js";

const temporary = temporaryFolder();
const skipped = noEmulator();
const TIMEOUT_MS = 240_000;

/** The bundled recordings of a model that takes frames, in one file. */
function recordings(names: readonly string[]): string {
  const arrays = names.map((name) => readNpy(readFileSync(bundled("har", `${name}.npy`))));
  const data = Float32Array.from(arrays.flatMap((array) => [...array.data]));
  const path = temporary("recordings.npy");
  writeFileSync(path, writeNpy(data, [arrays.length, ...arrays[0]!.shape]));
  return path;
}

describe.skipIf(skipped !== "")(`a board in an emulator${skipped}`, () => {
  it.each([
    ["har-int", "microbit", "hex"],
    ["har", "stm32f405", "bin"],
  ] as const)(
    "on a socket: %s on %s, from its start",
    { timeout: TIMEOUT_MS },
    async (model, id, format) => {
      const [file, saved] = [temporary(`${model}.${format}`), temporary(`${model}.txt`)];
      const flashed = json(["flash", model, "--board", id, "-o", file]);
      const names = ["walking", "standing", "laying"];
      await using line = await onSocket(id, file);
      const args = ["serial", line.port, "--run", recordings(names), "--save", saved, "--json"];
      const { code, stdout, stderr } = await mambaliteBeside(args, TIMEOUT_MS);
      expect(stderr).toMatch(new RegExp(`^mambalite-runner 1\nrunner ${id}\n`));
      expect(code).toBe(0);
      const { board, timing, runs } = JSON.parse(stdout);
      expect(board).toMatchObject({
        ...{ board: id, model: flashed.crc32, selfTest: "MLM_OK", wrong: [] },
        example: { classIndex: flashed.example.classIndex, logitsBits: flashed.example.logitsBits },
      });
      expect(board.arena.planned).toBe(flashed.arenaBytes);
      expect(timing).toMatchObject({
        board: id,
        counter: "instructions",
        tile: flashed.tile,
      });
      for (const { name, measured, estimatedCycles } of timing.operators) {
        expect(measured, name).toBeGreaterThan(0);
        expect(estimatedCycles, name).toBeGreaterThan(0);
      }
      // An instruction takes one to a few cycles.
      expect(timing.estimate.cycles).toBeGreaterThan(timing.total);
      expect(timing.estimate.cycles).toBeLessThan(4 * timing.total);
      expect(runs.map(({ label }: { label: string }) => label.toLowerCase())).toEqual(names);
      for (const run of runs) expect(run).not.toHaveProperty("difference");
      expect(json(["timing", "add", saved])).toEqual(timing);
    },
  );

  it("on a pseudo-terminal: kws-int on an STM32F405 that has been running", {
    timeout: TIMEOUT_MS,
  }, async () => {
    const file = temporary("kws-int.bin");
    output(["flash", "kws-int", "--board", "stm32f405", "-o", file]);
    await using line = await onTerminal("stm32f405", file);
    for (const word of ["yes", "stop"]) {
      const args = ["serial", line.port, "--run", bundled("kws", `${word}.wav`)];
      const { code, stdout, stderr } = await mambaliteBeside(args, TIMEOUT_MS);
      expect(stderr).not.toMatch(/mambalite:/);
      expect(code).toBe(0);
      expect(stdout).toMatch(/^stm32f405, core .*, \d+ MHz, configuration as it should be\n/);
      expect(stdout).toMatch(/measured [\d,]+ instructions\n {3}estimated [\d,]+ cycles/);
      expect(stdout).toMatch(new RegExp(`input 0: class \\d+ ${word}, the simulation's bits\\n$`));
    }
  });
});
