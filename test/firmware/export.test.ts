/** Exported projects: what is in them builds as their README says, and runs, and notices damage. */
import { spawnSync } from "node:child_process";
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { readNpy } from "../../ts/checkpoint/index.js";
import { HEADER } from "../../ts/core/format.js";
import { crc32 } from "../../ts/crc32.js";
import { cortexM } from "../../ts/firmware/cortex-m.js";
import { DoesNotFit, EXPORT_TARGETS, LAYOUTS } from "../../ts/firmware/index.js";
import { buildProject, writeFiles } from "../../ts/firmware/node.js";
import { BUNDLED_MODELS } from "../../ts/models/node.js";
import { failure, mambalite, spotter as spotterModel } from "../cli/support.js";
import {
  cleanly,
  LAST_LINE,
  project,
  readmeCommands,
  runImage,
  spotter,
  write,
} from "./projects.js";
import { buildFolder, root, skipReason } from "./support.js";

const TIMEOUT_MS = 300_000;

/** Frames that floats in software can bear. */
const FEW = 8;
const SPOTTER_CHANNELS = 40;

function few() {
  const { inputs } = spotter;
  return { input: inputs[0]!.slice(0, FEW * SPOTTER_CHANNELS) };
}

afterEach(() => vi.unstubAllEnvs());

const noArm = skipReason("cortex-m7");

describe.skipIf(noArm !== "")(`exports for arm${noArm}`, { timeout: TIMEOUT_MS }, () => {
  test("stm32h7: builds for the board and runs in the emulator as its README says", async () => {
    const folder = write("stm32h7", await project("stm32h7"));
    const [forBoard = "", forEmulator = ""] = readmeCommands(folder);
    expect(cleanly(folder, forBoard)).toMatch(/RAM: +\d+ B +128 KB/);
    expect(cleanly(folder, forEmulator).trimEnd().split("\n").at(-1)).toBe(LAST_LINE);
  });

  test("stm32h7: an arena that DTCM cannot hold goes to AXI SRAM", async () => {
    const execution = { schedule: "layer", maxFrames: 200 } as const;
    const folder = write("stm32h7-axi", await project("stm32h7", { execution }));
    const [forBoard = ""] = readmeCommands(folder);
    expect(cleanly(folder, forBoard)).toMatch(/AXI: +[1-9]\d* B +512 KB/);
  });

  test.each(EXPORT_TARGETS.filter((name) => cortexM(name) !== undefined))(
    "%s: builds and runs as its README says, for each of its boards",
    async (target) => {
      for (const board of LAYOUTS[target].boards) {
        const folder = write(`${target}-${board}`, await project(target, few(), board));
        const [commands = ""] = readmeCommands(folder);
        expect(cleanly(folder, commands).trimEnd().split("\n").at(-1)).toBe(LAST_LINE);
      }
    },
  );

  test("cortex-m0: har runs in the 16 KB and 256 KB of a micro:bit, and nothing more", async () => {
    const { blob, examples } = BUNDLED_MODELS.find(({ name }) => name === "har")!;
    const input = readNpy(readFileSync(examples[0]!.url)).data as Float32Array;
    const model = new Uint8Array(readFileSync(blob));
    const folder = write("microbit", await project("cortex-m0", { model, input }));
    const [commands = ""] = readmeCommands(folder);
    expect(commands).toMatch(/qemu-system-arm -M microbit \\\n {4}-display/);
    const said = cleanly(folder, commands);
    expect(said).toMatch(/FLASH: +\d+ B +256 KB/);
    expect(said).toMatch(/RAM: +\d+ B +16 KB/);
    expect(said.trimEnd().split("\n").at(-1)).toBe(LAST_LINE);
  });

  test("a changed byte gives a status, not a fault", async () => {
    const folder = buildFolder("export-damaged");
    const header = new DataView(spotter.blob.buffer, spotter.blob.byteOffset);
    const places = [
      HEADER.opOffset,
      header.getUint32(HEADER.tensorOffset, true),
      spotter.blob.length - 1,
    ];
    for (const place of places) {
      const blob = spotter.blob.slice();
      blob[place]! ^= 1;
      expect(await runDamaged(folder, blob)).toMatch(/^open MLM_ERR_(CRC|OP|TENSOR|FORMAT)$/m);
    }
    const blob = spotter.blob.slice();
    blob[header.getUint32(HEADER.selfTestOutputs, true)]! ^= 1;
    const view = new DataView(blob.buffer);
    view.setUint32(HEADER.crc32, 0, true);
    view.setUint32(HEADER.crc32, crc32(blob), true);
    expect(await runDamaged(folder, blob)).toMatch(/^self-test MLM_ERR_SELF_TEST$/m);
  });

  test("a fault would be seen: flash cannot be written in the emulator", async () => {
    const files = new Map(await project("cortex-m7"));
    const app = files.get("port/app.c") as string;
    const opening = "int port_main(void) {\n";
    expect(app).toContain(opening);
    files.set("port/app.c", app.replace(opening, `${opening}    *(volatile int *)4 = 0;\n`));
    const folder = write("fault", files);
    await buildProject(folder, "cortex-m7");
    expect(runImage(folder)).toMatchObject({
      status: 125,
      stdout: "unhandled: HardFault_Handler, exception 3\nfault\n",
    });
  });
});

/** Output of the example with another blob; its exit status must be that of an mlm_status. */
async function runDamaged(folder: string, blob: Uint8Array): Promise<string> {
  writeFiles(folder, await project("cortex-m7", { blob }));
  await buildProject(folder, "cortex-m7");
  const { status, stdout } = runImage(folder);
  expect(stdout).not.toMatch(/^fault$/m);
  expect(status).toBeGreaterThan(0);
  expect(status).toBeLessThan(100);
  return stdout;
}

const noRiscv = skipReason("riscv32");

test.skipIf(noRiscv !== "")(
  `riscv32: builds and runs as its README says${noRiscv}`,
  { timeout: TIMEOUT_MS },
  async () => {
    for (const board of LAYOUTS.riscv32.boards) {
      const folder = write(`riscv32-${board}`, await project("riscv32", few(), board));
      const [commands = ""] = readmeCommands(folder);
      expect(cleanly(folder, commands).trimEnd().split("\n").at(-1)).toBe(LAST_LINE);
    }
  },
);

const noCmake = ["cmake", "cc"].filter((tool) => spawnSync(tool, ["--version"]).status !== 0);

test.skipIf(noCmake.length > 0)(
  `generic: builds, by CMake's own choice, and runs as its README says${noCmake.length > 0 ? ` (skipped: no ${noCmake})` : ""}`,
  { timeout: TIMEOUT_MS },
  async () => {
    vi.stubEnv("CMAKE_GENERATOR", undefined);
    const folder = write("generic", await project("generic"));
    const [commands = ""] = readmeCommands(folder);
    expect(cleanly(folder, commands).trimEnd().split("\n").at(-1)).toBe(LAST_LINE);
  },
);

describe("fit", () => {
  const big = { execution: { schedule: "layer", maxFrames: 5000 } } as const;

  test("a board that cannot hold it is refused with the numbers", async () => {
    const error = await project("stm32h7", big).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DoesNotFit);
    expect((error as DoesNotFit).message).toMatch(
      /^does not fit stm32h743: RAM: \d+ bytes needed \(arena \d+, .*\), 524288 usable in AXI SRAM, \d+ missing$/,
    );
  });

  test("a micro:bit refuses what 16 KB and 256 KB cannot hold", async () => {
    const { blob } = BUNDLED_MODELS.find(({ name }) => name === "kws")!;
    const model = new Uint8Array(readFileSync(blob));
    await expect(project("cortex-m0", { model, input: new Float32Array(16000) })).rejects.toThrow(
      /^does not fit microbit: RAM: \d+ bytes needed \(arena \d+, .*\), 16384 usable in RAM, \d+ missing$/,
    );
    await expect(project("cortex-m0", { blob: new Uint8Array(200_000) })).rejects.toThrow(
      /flash: 265536 bytes needed .*, 262144 there, 3392 missing$/,
    );
  });

  test("so is a model larger than the flash", async () => {
    const blob = new Uint8Array(3 << 20);
    await expect(project("stm32h7", { blob })).rejects.toThrow(
      /flash: \d+ bytes needed .* missing/,
    );
  });

  test("PSRAM takes what internal SRAM cannot", async () => {
    await expect(project("esp32s3", big)).rejects.toThrow(DoesNotFit);
    const files = await project("esp32s3", big, "esp32s3-psram");
    expect(files.get("sdkconfig.defaults")).toMatch(/^CONFIG_MAMBALITE_ARENA_PSRAM=y$/m);
  });

  test("the command line says so in one line and writes nothing", () => {
    const output = buildFolder("export-refused");
    mkdirSync(dirname(output), { recursive: true });
    rmSync(output, { recursive: true, force: true });
    const args = ["export", spotterModel, "--target", "stm32h7", "--tile", "5000", "-o", output];
    expect(failure(args)).toMatch(/does not fit stm32h743: RAM: \d+ bytes needed/);
    expect(() => readdirSync(output)).toThrow();
  });
});

test("making a project needs nothing of Node: a browser can do it", () => {
  const seen = new Set<string>();
  const visit = (path: string) => {
    if (seen.has(path)) return;
    seen.add(path);
    const text = readFileSync(path, "utf8");
    expect(text).not.toMatch(/\bfrom "node:|\b(Buffer|process)\b\./);
    for (const [, from = ""] of text.matchAll(
      /^(?:import|export|\}) .*?from "(\.[^"]+)\.js";$/gm,
    )) {
      visit(join(dirname(path), `${from}.ts`));
    }
  };
  visit(join(root, "ts/firmware/index.ts"));
  expect([...seen].some((path) => path.endsWith("project.ts"))).toBe(true);
});

describe("mambalite export", () => {
  test("writes the project, and never into a folder that holds something", () => {
    const output = buildFolder("export-cli");
    rmSync(output, { recursive: true, force: true });
    mkdirSync(output, { recursive: true });
    const args = ["export", spotterModel, "--target", "generic", "-o", output];
    expect(mambalite(args)).toMatchObject({ code: 0, stderr: "" });
    expect(readdirSync(output).sort()).toEqual([
      "CMakeLists.txt",
      "LICENSE",
      "README.md",
      "mambalite.json",
      "port",
      "src",
    ]);
    expect(failure(args)).toMatch(/is a directory that is not empty/);
    expect(readdirSync(dirname(output)).filter((name) => name.startsWith(".export-cli"))).toEqual(
      [],
    );
  });

  test("fills an empty folder that is there: the one it is in, and one behind a link", () => {
    const folder = buildFolder("export-here");
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(join(folder, "empty"), { recursive: true });
    symlinkSync("empty", join(folder, "link"));
    const args = ["export", spotterModel, "--target", "generic", "-o"];
    expect(mambalite([...args, "link"], folder)).toMatchObject({ code: 0, stderr: "" });
    expect(lstatSync(join(folder, "link")).isSymbolicLink()).toBe(true);
    const made = readdirSync(join(folder, "empty")).sort();
    const top = ["CMakeLists.txt", "LICENSE", "README.md", "mambalite.json", "port", "src"];
    expect(made).toEqual(top);
    mkdirSync(join(folder, "here"));
    const before = statSync(join(folder, "here"));
    expect(mambalite([...args, "."], join(folder, "here"))).toMatchObject({ code: 0, stderr: "" });
    expect(statSync(join(folder, "here")).ino).toBe(before.ino);
    expect(readdirSync(join(folder, "here")).sort()).toEqual(made);
    expect(readdirSync(folder).sort()).toEqual(["empty", "here", "link"]);
  });

  test("refuses what can become no folder, by name", () => {
    const folder = buildFolder("export-refusals");
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "file"), "");
    symlinkSync("nowhere", join(folder, "dangling"));
    symlinkSync("file", join(folder, "to-file"));
    const refusals: [string, RegExp][] = [
      ["file", /file: is a file, not a directory/],
      ["file/below", /file\/below: a part of the path is not a directory/],
      ["nowhere/below", /nowhere\/below: \S+nowhere is not a directory/],
      ["dangling", /dangling: is a link to no folder/],
      ["to-file", /to-file: is a link to no folder/],
      ["", /"": is not the name of a folder/],
    ];
    for (const [output, expected] of refusals) {
      const args = ["export", spotterModel, "--target", "generic", "-o", output];
      expect(failure(args, folder)).toMatch(expected);
    }
    expect(readdirSync(folder).sort()).toEqual(["dangling", "file", "to-file"]);
  });

  test("refuses a board of another target", () => {
    const args = [
      "export",
      spotterModel,
      "--target",
      "stm32h7",
      "--board",
      "esp32s3",
      "-o",
      buildFolder("x"),
    ];
    expect(failure(args)).toMatch(/--board: expected one of stm32h743, stm32h747, got esp32s3/);
  });
});
