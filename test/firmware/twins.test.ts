/**
 * The bundled twins in integers as exported projects: complete firmware that builds and runs as its README says,
 * within the memories of small boards, with the bits of the simulation.
 */
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readAudio } from "../../ts/audio/index.js";
import { readNpy } from "../../ts/checkpoint/index.js";
import type { ExportTarget } from "../../ts/firmware/index.js";
import { writeFiles } from "../../ts/firmware/node.js";
import { outputOf } from "../../ts/firmware/process.js";
import { BUNDLED_MODELS } from "../../ts/models/node.js";
import { cleanly, LAST_LINE, project, readmeCommands, textOf } from "./projects.js";
import { buildFolder, skipReason } from "./support.js";

const TIMEOUT_MS = 120_000;
/** Two windows and a hop: the front end's loop, in little time. */
const SAMPLES = 3 * 400;

const TWINS = BUNDLED_MODELS.map(({ examples: [example], integers }) => {
  const bytes = new Uint8Array(readFileSync(example!.url));
  const input = example!.url.pathname.endsWith(".wav")
    ? readAudio(bytes, 16_000).slice(4000, 4000 + SAMPLES)
    : Float32Array.from(readNpy(bytes).data);
  return { name: integers.name, model: new Uint8Array(readFileSync(integers.blob)), input };
});

/**
 * Writes, builds and runs it, all boards of a target in one folder: only what differs is compiled again.
 * @returns what was said, and where it is
 */
async function asItsReadmeSays(twin: (typeof TWINS)[number], target: ExportTarget, board: string) {
  const folder = buildFolder(`${twin.name}-${target}`);
  writeFiles(folder, await project(target, twin, board));
  const [commands = ""] = readmeCommands(folder);
  const said = cleanly(folder, commands);
  expect(said.trimEnd().split("\n").at(-1)).toBe(LAST_LINE);
  return { folder, commands, said };
}

const noArm = skipReason("cortex-m0");

describe.skipIf(noArm !== "").each(TWINS)(
  `$name for arm${noArm}`,
  { timeout: TIMEOUT_MS },
  (twin) => {
    test("runs in the 16 KB and 256 KB of a micro:bit, and nothing more", async () => {
      const { commands, said } = await asItsReadmeSays(twin, "cortex-m0", "microbit");
      expect(commands).toMatch(/qemu-system-arm -M microbit \\\n {4}-display/);
      expect(said).toMatch(/FLASH: +\d+ B +256 KB/);
      expect(said).toMatch(/RAM: +\d+ B +16 KB/);
    });

    test("for the RP2040: runs in the emulator, and links for the memories of the board", async () => {
      const { folder } = await asItsReadmeSays(twin, "cortex-m0", "rp2040");
      const port = (name: string) => join(folder, "port", name);
      // A stand-in for the machine, which is not there: what counts is where things lie.
      copyFileSync(port("emulator.c"), port("rp2040.c"));
      copyFileSync(port("emulator-machine.c"), port("rp2040-machine.c"));
      copyFileSync(port("emulator-interrupts.h"), port("rp2040-interrupts.h"));
      const said = cleanly(
        folder,
        "cmake -B build -DMAMBALITE_MACHINE=rp2040\ncmake --build build\n",
      );
      expect(said).toMatch(/FLASH: +\d+ B +2096896 B/);
      expect(said).toMatch(/RAM: +\d+ B +264 KB/);
      const image = join(folder, "build/firmware.elf");
      const addresses = outputOf("arm-none-eabi-size", ["-A", "-x", image]) ?? "";
      expect(addresses).toMatch(/^\.vectors +0x\w+ +0x10000100$/m);
      expect(addresses).toMatch(/^\.arena +0x\w+ +0x2000\w{4}$/m);
    });
  },
);

const noRiscv = skipReason("riscv32");

test.skipIf(noRiscv !== "").each(TWINS)(
  `$name for the ESP32-C3: builds and runs${noRiscv}`,
  { timeout: TIMEOUT_MS },
  async (twin) => {
    const { commands } = await asItsReadmeSays(twin, "riscv32", "esp32c3");
    expect(commands).toContain("-DMAMBALITE_ISA=rv32imc");
  },
);

test("a project has samples of 16 bits where the model takes them", async () => {
  const [kws, har] = TWINS;
  const files = await project("esp32s3", kws);
  expect(textOf(files, "main/example.h")).toContain("An input, int16_t [samples]");
  expect(textOf(files, "main/example.h")).toContain(`example_input[${SAMPLES / 2}]`);
  expect(textOf(files, "README.md")).toContain("void read_samples(int16_t *samples,");
  const plan = (text: string) => Number(/MODEL_INPUT_BYTES (\d+)u/.exec(text)?.[1]);
  const header = "components/mambalite_micro/src/model_blob.h";
  expect(plan(textOf(files, header))).toBe(2);
  expect(plan(textOf(await project("esp32s3", har), header))).toBe(9 * 4);
});
