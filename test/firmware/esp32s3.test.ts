/**
 * The ESP-IDF project as far as it can be checked without ESP-IDF: every C file compiles for Xtensa
 * (the one with ESP-IDF's headers against stand-ins), and the build files say what ESP-IDF documents.
 */
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { exportProject, type Files } from "../../ts/firmware/index.js";
import { EMULATORS, readSources, writeFiles } from "../../ts/firmware/node.js";
import { Engine } from "../../ts/node.js";
import { textOf } from "./projects.js";
import { buildFolder, keywordSpotter, root, skipReason } from "./support.js";

const COMPONENT = "components/mambalite_micro";
const TIMEOUT_MS = 120_000;

let files: Files;

beforeAll(async () => {
  const { blob, inputs } = await keywordSpotter(1);
  const engine = await Engine.load({ simd: "off" });
  const model = await engine.loadModel(blob);
  const session = model.createSession();
  const input = inputs[0]!;
  files = exportProject("esp32s3", {
    sources: readSources(),
    model: {
      ...{ blob, info: model.info, ops: model.ops, tensors: model.tensors },
      ...{ labels: model.labels, plan: session.plan },
      version: engine.version,
    },
    example: { input, outputs: session.run(input) },
  });
  engine.dispose();
});

function text(path: string): string {
  return textOf(files, path);
}

const skipped = skipReason("xtensa");

test.skipIf(skipped !== "")(
  `every C file compiles for Xtensa${skipped}`,
  { timeout: TIMEOUT_MS },
  () => {
    const folder = buildFolder("esp32s3");
    rmSync(folder, { recursive: true, force: true });
    writeFiles(folder, files);
    const sources = [...files.keys()].filter((path) => path.endsWith(".c"));
    expect(sources.length).toBeGreaterThan(12);
    const withEspIdf = sources.filter((path) => /"(esp_|freertos\/)/.test(text(path)));
    expect(withEspIdf).toEqual(["main/esp32s3.c", "main/sensor-i2s.c"]);
    const { prefix, headerFlags } = EMULATORS.xtensa;
    const flags = [
      ...[...headerFlags, "-std=gnu17", "-O2", "-mlongcalls", "-ffp-contract=off"],
      ...["-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror", "-fsyntax-only"],
      ...[`-I${COMPONENT}/src`, "-Imain", `-I${join(root, "test/firmware/esp-idf-stubs")}`],
    ];
    const compile = (...more: string[]) =>
      spawnSync(`${prefix}gcc`, [...flags, ...more], { cwd: folder, encoding: "utf8" });
    const samples = "main/sensor_format.h";
    const forMicrophone = text(samples)
      .replace("typedef float", "typedef int16_t")
      .replace(/SENSOR_WIDTH \d+u/, "SENSOR_WIDTH 1u");
    const ofFrames = sources.filter((path) => path !== "main/sensor-i2s.c");
    expect(compile(...ofFrames)).toMatchObject({ status: 0, stderr: "" });
    writeFiles(folder, new Map([[samples, forMicrophone]]));
    expect(compile("main/sensor-i2s.c")).toMatchObject({ status: 0, stderr: "" });
    const inPsram = ["-include", "esp_attr.h", "-DPORT_ARENA=EXT_RAM_BSS_ATTR", "main/app.c"];
    expect(compile(...inPsram)).toMatchObject({ status: 0, stderr: "" });
    const copied = ["-include", "esp_attr.h", "-DPORT_WEIGHTS=DRAM_ATTR"];
    const weights = `${COMPONENT}/src/model_blob.c`;
    expect(compile(...copied, weights)).toMatchObject({ status: 0, stderr: "" });
  },
);

describe("build files", () => {
  /** ESP-IDF Programming Guide, build system: arguments of idf_component_register. */
  const ARGUMENTS = new Set(
    (
      "SRCS SRC_DIRS EXCLUDE_SRCS INCLUDE_DIRS PRIV_INCLUDE_DIRS REQUIRES PRIV_REQUIRES LDFRAGMENTS " +
      "REQUIRED_IDF_TARGETS EMBED_FILES EMBED_TXTFILES KCONFIG KCONFIG_PROJBUILD WHOLE_ARCHIVE"
    ).split(" "),
  );

  /** The arguments of the one call of idf_component_register, by keyword. */
  function registration(path: string): Map<string, string[]> {
    const calls = [...text(path).matchAll(/idf_component_register\(([^)]*)\)/g)];
    expect(calls).toHaveLength(1);
    const result = new Map<string, string[]>();
    let values: string[] = [];
    for (const [word] of calls[0]![1]!.matchAll(/"[^"]*"|\S+/g)) {
      if (/^[A-Z_]+$/.test(word)) {
        expect(ARGUMENTS).toContain(word);
        values = [];
        result.set(word, values);
      } else {
        values.push(word.replaceAll('"', ""));
      }
    }
    return result;
  }

  const has = (folder: string) => [...files.keys()].some((path) => path.startsWith(`${folder}/`));

  test("the project, its main and its component", () => {
    expect(text("CMakeLists.txt")).toMatch(
      /^cmake_minimum_required\(VERSION 3\.16\)\ninclude\(\$ENV\{IDF_PATH\}\/tools\/cmake\/project\.cmake\)\nproject\(\w+\)$/m,
    );
    const main = registration("main/CMakeLists.txt");
    const sources = main.get("SRCS") ?? [];
    const chosen = ["SENSOR", "PROGRAM"].flatMap((name) => {
      expect(sources).toContain(`\${${name}}`);
      const files = text("main/CMakeLists.txt").matchAll(
        new RegExp(`^ {4}set\\(${name} "(.+)"\\)$`, "gm"),
      );
      return [...files].map(([, file]) => file);
    });
    const named = sources.filter((name) => !name.startsWith("$"));
    const compiled = [...files.keys()].filter((path) => /^main\/[\w-]+\.c$/.test(path));
    expect([...named, ...chosen].map((name) => `main/${name}`).sort()).toEqual(compiled.sort());
    expect(main.get("PRIV_REQUIRES")).toEqual(["mambalite_micro", "esp_timer", "driver"]);
    const component = registration(`${COMPONENT}/CMakeLists.txt`);
    for (const folder of component.get("SRC_DIRS") ?? []) {
      expect(has(`${COMPONENT}/${folder}`)).toBe(true);
    }
    expect(text(`${COMPONENT}/CMakeLists.txt`)).toMatch(/PRIVATE .*-ffp-contract=off/);
    expect(files.has(`${COMPONENT}/src/mlm.h`)).toBe(true);
  });

  test("the manifests", () => {
    /** IDF Component Manager, manifest file reference. */
    const keys =
      /^(version|description|url|repository|documentation|issues|discussion|license|tags|targets|files|examples|maintainers|dependencies):/;
    for (const path of [`${COMPONENT}/idf_component.yml`, "main/idf_component.yml"]) {
      const lines = text(path).trimEnd().split("\n");
      for (const line of lines) expect(line).toMatch(/^ +(- \w+|idf: ">=5\.0")$|^\w+:/);
      for (const line of lines.filter((l) => !l.startsWith(" "))) expect(line).toMatch(keys);
      expect(text(path)).toMatch(/^dependencies:\n {2}idf: ">=5\.0"$/m);
    }
    expect(text(`${COMPONENT}/idf_component.yml`)).toMatch(/^version: "\d+\.\d+\.\d+"$/m);
  });

  test("Kconfig nests properly, and CMake and the defaults use what it and ESP-IDF define", () => {
    const words = text(`${COMPONENT}/Kconfig`).match(/^\s*(end)?(menu|choice)\b/gm) ?? [];
    const choice = ["choice", "endchoice"];
    expect(words.map((word) => word.trim())).toEqual(["menu", ...choice, ...choice, "endmenu"]);
    const defined = [...text(`${COMPONENT}/Kconfig`).matchAll(/^\s*config (\w+)$/gm)].map(
      ([, name]) => name,
    );
    expect(defined).toEqual([
      ...[
        "MAMBALITE_ARENA_INTERNAL",
        "MAMBALITE_ARENA_PSRAM",
        "MAMBALITE_WEIGHTS_SRAM",
        "MAMBALITE_TIMING",
      ],
      ...["MAMBALITE_SENSOR_SIMULATED", "MAMBALITE_SENSOR_I2S"],
      ...["MAMBALITE_I2S_BCLK", "MAMBALITE_I2S_WS", "MAMBALITE_I2S_DIN"],
    ]);
    expect(text("main/CMakeLists.txt")).toMatch(/if\(CONFIG_MAMBALITE_SENSOR_I2S\)/);
    expect(text("main/CMakeLists.txt")).toMatch(/if\(CONFIG_MAMBALITE_ARENA_PSRAM\)/);
    expect(text(`${COMPONENT}/CMakeLists.txt`)).toMatch(/if\(CONFIG_MAMBALITE_WEIGHTS_SRAM\)/);
    const defaults = text("sdkconfig.defaults").trimEnd().split("\n");
    for (const line of defaults) expect(line).toMatch(/^CONFIG_[A-Z0-9_]+=(y|\d+|"[^"]+")$/);
    expect(defaults).toContain('CONFIG_IDF_TARGET="esp32s3"');
  });

  test("the partitions follow each other within 8 MB", () => {
    const rows = text("partitions.csv").trimEnd().split("\n").slice(1);
    let end = 0x9000;
    for (const row of rows) {
      const [, , , offset, size] = row.split(",").map((cell) => cell.trim());
      expect(Number(offset)).toBe(end);
      end += Number(size);
    }
    expect(end).toBe(8 << 20);
  });

  test("the README says what has not been done", () => {
    expect(text("README.md")).toMatch(
      /has not been built with ESP-IDF and has not been run on silicon/,
    );
    expect(text("README.md")).not.toMatch(/every logit has the same bits/);
  });

  test("the task's stack is the catalogue's", () => {
    expect(text("main/esp32s3.c")).toContain('xTaskCreate(task, "mambalite", BOARD_STACK_BYTES,');
  });
});
