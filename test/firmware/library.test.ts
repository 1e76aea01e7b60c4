/**
 * `--target library`: it builds and hears the example on this machine as its README says; manifests say what Arduino,
 * PlatformIO and Zephyr document; the files for them pass a compiler against stand-ins for their headers.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { detectorExample, exportProject, type Files, firmwareOf } from "../../ts/firmware/index.js";
import { readSources } from "../../ts/firmware/node.js";
import { Engine } from "../../ts/node.js";
import { createDetector } from "../../ts/streaming/index.js";
import { output } from "../cli/support.js";
import { exactDetector, RATE_HZ, runningDetector, words } from "./detectors.js";
import { cleanly, project, textOf, write } from "./projects.js";
import { buildFolder, root } from "./support.js";

const TIMEOUT_MS = 300_000;
const NATIVE = ["cmake", "cc", "c++"];
const missing = NATIVE.filter((tool) => spawnSync(tool, ["--version"]).status !== 0);
const skipped = missing.length === 0 ? "" : ` (skipped: no ${missing.join(", ")})`;

let files: Files;
let exact: Files;
/** As the program prints them. */
let heard: string[];

/** A word between two halves of a second of next to nothing, twice at its end. */
function recording(): Float32Array {
  const quiet = Array.from({ length: RATE_HZ / 2 }, (_, i) => ((i * 7919) % 41) - 20);
  const samples = [...quiet, ...words()[0]!, ...quiet, ...quiet];
  return Float32Array.from(samples, (sample) => sample / 32768);
}

beforeAll(async () => {
  const engine = await Engine.load();
  const made = [];
  for (const options of [await runningDetector(engine), await exactDetector(engine)]) {
    const detector = await createDetector(engine, options);
    const model = await firmwareOf(engine, detector, options);
    const example = detectorExample(detector, model, recording());
    made.push(exportProject("library", { sources: readSources(), model, example }));
    detector.reset();
    heard ??= detector
      .push(recording())
      .map(({ label, confidence, inputs }) => `${label}, ${confidence.toFixed(6)}, ${inputs}`);
  }
  [files, exact] = made as [Files, Files];
  engine.dispose();
});

const text = (path: string) => textOf(files, path);

test("its README names only files that are there", () => {
  for (const made of [files, exact]) {
    const readme = textOf(made, "README.md");
    const named = [...readme.matchAll(/`((?:src\/)?[\w-]+\.[ch])`/g)].map(([, name]) => name!);
    expect(named.length).toBeGreaterThan(2);
    for (const name of named)
      expect(
        [name, `src/${name}`].some((path) => made.has(path)),
        name,
      ).toBe(true);
    expect(readme).toContain("The function that `listen_to` is given");
  }
});

describe.skipIf(missing.length > 0)(`the library${skipped}`, { timeout: TIMEOUT_MS }, () => {
  test("builds without a warning and hears the example as its README says", () => {
    expect(heard.length).toBeGreaterThan(0);
    const folder = write("library", files);
    const [, commands = ""] = /```sh\n([\s\S]*?)```/.exec(text("examples/host/README.md")) ?? [];
    const said = cleanly(folder, commands);
    const lines = [...said.matchAll(/^heard (.+), confidence (.+), at input (\d+)$/gm)];
    expect(lines.map(([, ...parts]) => parts.join(", "))).toEqual(heard);
  });

  const STUBS = join(root, "test/firmware/library-stubs");
  const WARNINGS = ["-Wall", "-Wextra", "-Werror", "-fsyntax-only"];
  test.each([
    [
      "Arduino's sketch",
      "c++",
      "arduino",
      ["-x", "c++", "-include", "Arduino.h"],
      "Listen/Listen.ino",
    ],
    ["PlatformIO's main", "c++", "arduino", [], "platformio/src/main.cpp"],
    ["Zephyr's sample", "cc", "zephyr", ["-std=c17"], "zephyr/src/main.c"],
    ["FreeRTOS's task", "cc", "freertos", ["-std=c17"], "freertos/listen_task.c"],
    ["CubeMX's microphone", "cc", "cubemx", ["-std=c17"], "stm32cubemx/microphone.c"],
  ])("%s passes the compiler, against stand-ins", (_, compiler, stubs, flags, path) => {
    for (const made of [files, exact]) {
      const folder = write(`library-${stubs}`, made);
      const includes = ["-Isrc", `-I${join(STUBS, stubs)}`];
      const args = [...WARNINGS, ...includes, ...flags, join("examples", path)];
      const compiled = spawnSync(compiler, args, { cwd: folder, encoding: "utf8" });
      expect(compiled).toMatchObject({ status: 0, stderr: "" });
    }
  });
});

describe("manifests", () => {
  test("library.properties: Arduino's library specification", () => {
    const fields = new Map(
      text("library.properties")
        .trimEnd()
        .split("\n")
        .map((line) => line.split(/=(.*)/s) as [string, string]),
    );
    const KNOWN =
      "name version author maintainer sentence paragraph category url architectures depends dot_a_linkage includes precompiled ldflags";
    for (const name of fields.keys()) expect(KNOWN.split(" ")).toContain(name);
    for (const name of KNOWN.split(" ").slice(0, 9)) expect(fields.get(name), name).toBeTruthy();
    expect(fields.get("name")).toMatch(/^[A-Za-z0-9][\w .-]{0,62}$/);
    expect(fields.get("version")).toMatch(/^\d+\.\d+\.\d+$/);
    expect(fields.get("category")).toBe("Data Processing");
    for (const header of fields.get("includes")!.split(","))
      expect(files.has(`src/${header}`)).toBe(true);
    expect(files.has("examples/Listen/Listen.ino")).toBe(true);
  });

  test("library.json and platformio.ini: PlatformIO's documentation", () => {
    const manifest = JSON.parse(text("library.json"));
    const FIELDS =
      "name version description keywords homepage repository authors license frameworks platforms headers examples dependencies export scripts build";
    for (const name of Object.keys(manifest)) expect(FIELDS.split(" ")).toContain(name);
    const BUILD =
      "flags unflags includeDir srcDir srcFilter extraScript libArchive libLDFMode libCompatMode builder";
    for (const name of Object.keys(manifest.build)) expect(BUILD.split(" ")).toContain(name);
    expect(manifest.build.flags).toContain("-ffp-contract=off");
    for (const header of manifest.headers) expect(files.has(`src/${header}`)).toBe(true);
    const ini = text("examples/platformio/platformio.ini").trimEnd().split("\n");
    for (const line of ini.filter((each) => !/^(;.*)?$/.test(each))) {
      expect(line).toMatch(
        /^\[env(:[\w-]+)?\]$|^(framework|monitor_speed|lib_deps|platform|board) = \S+$/,
      );
    }
  });

  test("the Zephyr module: what its documentation has keys for, and files that are there", () => {
    const module = text("zephyr/module.yml");
    expect(module).toMatch(/^name: \w+\nbuild:\n( {2}(cmake|kconfig): [\w/]+\n){2}$/);
    const at = (key: string) => new RegExp(`^ {2}${key}: (.+)$`, "m").exec(module)![1]!;
    expect(files.has(`${at("cmake")}/CMakeLists.txt`)).toBe(true);
    const [, symbol] = /^config (\w+)\n\tbool "/.exec(text(at("kconfig"))) ?? [];
    expect(text("zephyr/CMakeLists.txt")).toContain(`if(CONFIG_${symbol})`);
    expect(text("zephyr/CMakeLists.txt")).toMatch(
      /zephyr_library_compile_options\(.*-ffp-contract=off/,
    );
    expect(text("examples/zephyr/prj.conf")).toMatch(new RegExp(`^CONFIG_${symbol}=y$`, "m"));
    for (const line of text("examples/zephyr/prj.conf").trimEnd().split("\n")) {
      expect(line).toMatch(/^CONFIG_[A-Z0-9_]+=(y|n|\d+)$/);
    }
  });

  test("each README says what was compiled, and that nothing was run on a board", () => {
    const readmes = [...files.keys()].filter((path) => /^examples\/.*README\.md$/.test(path));
    expect(readmes).toHaveLength(6);
    for (const path of readmes.filter((each) => !each.includes("host"))) {
      expect(text(path)).toMatch(/What was done: /);
      expect(text(path).replaceAll("\n", " ")).toMatch(
        /\*\*It has (not been|been compiled with no)/,
      );
      expect(text("README.md")).toContain(`(${path})`);
    }
    for (const [, link = ""] of text("README.md").matchAll(/\]\(([^)]+)\)/g)) {
      expect(files.has(link), link).toBe(true);
    }
    expect(existsSync(join(root, "csrc/port/library"))).toBe(true);
  });

  test("nothing is left to be filled in", () => {
    for (const [path, content] of files) {
      if (typeof content === "string") expect(content, path).not.toMatch(/@[A-Z_]+@/);
    }
  });
});

test.skipIf(missing.length > 0)(
  "a rate that nobody named is said to be a guess, and a converter takes no frames",
  () => {
    const folder = buildFolder("library-of-frames");
    rmSync(folder, { recursive: true, force: true });
    const running = ["--mode", "running", "--window", "128", "--hop", "32"];
    output(["export", "har", ...running, "--target", "library", "-o", folder]);
    expect(readFileSync(join(folder, "README.md"), "utf8")).toContain(
      "An input is 9 elements of `float`, as many a second as the model was trained with",
    );
    const includes = ["-Isrc", `-I${join(root, "test/firmware/library-stubs/cubemx")}`];
    const microphone = "examples/stm32cubemx/microphone.c";
    const args = ["-std=c17", "-fsyntax-only", ...includes, microphone];
    const compiled = spawnSync("cc", args, { cwd: folder, encoding: "utf8" });
    expect(compiled.stderr).toContain("a converter is for a model of samples of 16 bits");
  },
);

test("a model of windows is refused by name", async () => {
  await expect(project("library")).rejects.toThrow(
    /--target library: expected a model that listens/,
  );
});
