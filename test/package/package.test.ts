/**
 * What `npm pack` makes, installed into an empty project, alone and with @mambalite/har beside it: run in Node,
 * type-checked, bundled by Vite, served by Vite and by a plain server, and run in a browser.
 */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasChromium, needsChromium, serve } from "../chromium.js";
import { resultOf } from "./browser.js";
import { filesIn, installedProject, installedWithHar, type Project, root } from "./project.js";

const HAR = "ts/models/har";
const VITE = join(root, "node_modules/vite/bin/vite.js");
const TSC = join(root, "node_modules/typescript/bin/tsc");

/** Runs a checkpoint of @mambalite/har with its front end, and its blob; `read` gets the bytes of a URL. */
const PROGRAM = `
import { FILES } from "@mambalite/har";
import { createBlob, Engine, logitsOf } from "mambalite-micro";
import { readCheckpoint, readNpy, toNetwork } from "mambalite-micro/checkpoint";
import { BOARDS } from "mambalite-micro/device";
import { readFrontEnd, readLabels, withFrontEnd } from "mambalite-micro/frontend";
import { BUNDLED_MODELS } from "mambalite-micro/models";
import { profile } from "mambalite-micro/profile";

function bitsOf(logits) {
  return [...new Uint32Array(logits.buffer)].map((w) => w.toString(16).padStart(8, "0")).join(" ");
}

export async function main(readUrl) {
  const read = (name) => readUrl(FILES[name]);
  const engine = await Engine.load();
  const input = readNpy(await read("walking.npy")).data;
  const labels = readLabels(await read("labels.json"));
  const network = { ...toNetwork(readCheckpoint(await read("model.safetensors"))), labels };
  const whole = withFrontEnd(network, readFrontEnd(await read("frontend.json")));
  const results = [BUNDLED_MODELS.map(({ name }) => name).join(" ")];
  for (const bytes of [await read("model.mlm"), await createBlob(engine, whole)]) {
    const model = await engine.loadModel(bytes);
    results.push(bitsOf(logitsOf(model.createSession().run(input))));
    results.push(profile(engine, model, { input, boards: BOARDS }).plan.arenaBytes);
    model.dispose();
  }
  return results.join("; ");
}
`;

const PAGE = `<!doctype html><meta charset="utf-8"><title>t</title>
<script type="module" src="./page.js"></script>`;

const PAGE_SCRIPT = `
import { main } from "./program.js";
const read = async (url) => new Uint8Array(await (await fetch(url)).arrayBuffer());
main(read).then((r) => console.log("result:" + r), (e) => console.log("result:" + e.stack));
`;

const sha256 = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex");

let alone: Project;
let project: Project;
let expected: string;

beforeAll(async () => {
  alone = await installedProject();
  project = await installedWithHar();
  project.write({
    "index.html": PAGE,
    "page.js": PAGE_SCRIPT,
    "program.js": PROGRAM,
    "node.js": `
import { readFile } from "node:fs/promises";
import { main } from "./program.js";
console.log(await main(async (url) => new Uint8Array(await readFile(url))));
`,
  });
  const mambalite = (...args: string[]) => {
    const command = ["scripts/mambalite.mjs", ...args, "--json"];
    return JSON.parse(execFileSync(process.execPath, command, { cwd: root, encoding: "utf8" }));
  };
  const [result] = mambalite("run", "har", "--input", `${HAR}/walking.npy`).results;
  const { arenaBytes } = mambalite("profile", "har").plan;
  const once = `${result.logitsBits.join(" ")}; ${arenaBytes}`;
  expected = `kws har; ${once}; ${once}`;
});

afterAll(() => {
  alone?.remove();
  project?.remove();
});

describe("the package", () => {
  it("has what it needs and nothing else", () => {
    const files = filesIn(join(alone.folder, "node_modules/mambalite-micro"));
    for (const needed of [
      "LICENSE",
      "README.md",
      "csrc/include/mlm.h",
      "csrc/runner/images/images.json",
      "csrc/runner/images/microbit.bin",
      "dist/checkpoint/arch.schema.json",
      "dist/cli/main.js",
      "dist/index.d.ts",
      "dist/models/kws/MODEL_CARD.md",
      "dist/models/kws/model.safetensors",
      "dist/models/kws/yes.wav",
      "dist/profile/report.schema.json",
      "wasm/core.simd.wasm",
      "wasm/core.wasm",
    ]) {
      expect(files).toContain(needed);
    }
    const strays = files.filter(
      (file) =>
        !/^(LICENSE|README\.md|CHANGELOG\.md|package\.json|(csrc|dist|ts)\/|wasm\/core|scripts\/mambalite\.mjs$)/.test(
          file,
        ),
    );
    expect(strays).toEqual([]);
    // Sources are where the maps of declarations lead.
    expect(files.filter((file) => /\.test\.|^(?!ts\/).*(?<!\.d)\.ts$/.test(file))).toEqual([]);
    expect(files.filter((file) => file.startsWith("ts/") && !file.endsWith(".ts"))).toEqual([]);
    expect(files.filter((file) => file.startsWith("ts/app/"))).toEqual([]);
  });

  it("brings three packages along, none of the command line", () => {
    const names = alone
      .run("ls", ["node_modules"])
      .trim()
      .split("\n")
      .filter((name) => name !== "mambalite-micro");
    expect(names).toEqual(["@assemblyscript", "fflate", "wasm-feature-detect"]);
  });

  it("runs a model in Node", () => {
    expect(project.run(process.execPath, ["node.js"]).trim()).toBe(expected);
  });

  it("makes firmware projects in Node, of the sources that it brings", () => {
    project.write({
      "firmware.js": `
import { readFile } from "node:fs/promises";
import { Engine } from "mambalite-micro";
import { exportProject, readSources } from "mambalite-micro/firmware";
import { BUNDLED_MODELS } from "mambalite-micro/models";

const engine = await Engine.load();
const har = BUNDLED_MODELS.find(({ name }) => name === "har");
const blob = new Uint8Array(await readFile(har.blob));
const model = await engine.loadModel(blob);
const session = model.createSession();
const input = new Float32Array(9);
const options = {
  model: {
    ...{ blob, info: model.info, ops: model.ops, tensors: model.tensors, labels: model.labels },
    ...{ plan: session.plan, version: engine.version },
  },
  example: { input, outputs: session.run(input) },
};
try {
  exportProject("generic", options);
} catch (error) {
  console.log(error.code, error.message);
}
const files = exportProject("generic", { sources: readSources(), ...options });
console.log(files.has("src/mlm.h"), files.has("LICENSE"));
`,
    });
    const [refused, made] = project.run(process.execPath, ["firmware.js"]).trim().split("\n");
    expect(refused).toMatch(
      /^BAD_ARGUMENT sources: expected .* readSources\(\) of "mambalite-micro/,
    );
    expect(made).toBe("true true");
  });

  it("makes a file for a board in Node, of the runners that it brings", () => {
    project.write({
      "board-file.js": `
import { readFile } from "node:fs/promises";
import { Engine } from "mambalite-micro";
import { BUNDLED_MODELS } from "mambalite-micro/models";
import { boardFile, readRunner } from "mambalite-micro/runner";

const engine = await Engine.load();
const har = BUNDLED_MODELS.find(({ name }) => name === "har");
const blob = new Uint8Array(await readFile(har.blob));
const model = await engine.loadModel(blob);
const { info, ops, labels } = model;
const firmware = { blob, info, ops, labels, plan: model.plan() };
const { format, bytes, build } = await boardFile(readRunner("pico2"), firmware, new Float32Array(9));
const image = import.meta.resolve("mambalite-micro/runner/images/" + build.file);
const runner = await readFile(new URL(image));
console.log(format, runner.subarray(0, 256).equals(bytes.subarray(32, 32 + 256)));
`,
    });
    expect(project.run(process.execPath, ["board-file.js"]).trim()).toBe("uf2 true");
  });

  it("brings its command", () => {
    const bin = join(project.folder, "node_modules/.bin/mambalite");
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    expect(project.run(bin, ["--version"])).toBe(`${version}\n`);
    const input = "node_modules/@mambalite/har/walking.npy";
    const report = project.run(bin, ["run", "har", "--input", input, "--json"]);
    expect(expected).toContain(JSON.parse(report).results[0].logitsBits.join(" "));
  });

  it("has the models that their script makes", () => {
    // When it fails because the core computes other bits than before: npm run models
    execFileSync(process.execPath, ["scripts/models/make_bundled.mjs", "--check"], {
      cwd: root,
      stdio: "pipe",
    });
  });

  it("exports its schema, its manifest, its core, its models and its runners", () => {
    project.write({
      "resolve.js": `
for (const path of ["profile/report.schema.json", "package.json", "wasm/core.wasm", "models/kws/model.mlm", "runner/images/images.json"]) {
  console.log(import.meta.resolve("mambalite-micro/" + path));
}`,
    });
    expect(project.run(process.execPath, ["resolve.js"]).trim().split("\n")).toHaveLength(5);
  });

  it("has types for every way of resolving them", () => {
    project.write({
      "typed.ts": `
import { type Engine, type Plan, Engine as Loader } from "mambalite-micro";
import { FILES } from "@mambalite/har";
import { readNpy } from "mambalite-micro/checkpoint";
import { BUNDLED_MODELS, type BundledModel } from "mambalite-micro/models";
import { profile, type ProfileReport } from "mambalite-micro/profile";
import { BOARDS, type Board } from "mambalite-micro/device";
import { type QuantizeReport, quantizeNetwork } from "mambalite-micro/quantize";
export const quantized: (...all: Parameters<typeof quantizeNetwork>) => Promise<QuantizeReport> =
  async (...all) => (await quantizeNetwork(...all)).report;
export const blobs: readonly URL[] = [FILES["model.mlm"], ...BUNDLED_MODELS.map((model: BundledModel) => model.blob)];
// @ts-expect-error: not a file of it
export const none = FILES["model.onnx"];
export async function f(blob: Uint8Array): Promise<Plan> {
  const engine: Engine = await Loader.load({ simd: "off" });
  using model = await engine.loadModel(blob);
  const report: ProfileReport = profile(engine, model, { frames: 3 });
  const board: Board | undefined = BOARDS[0];
  // @ts-expect-error: not a schedule
  model.plan({ schedule: "fast" });
  return [report, board, readNpy].length > 0 ? model.plan() : report.plan;
}
`,
    });
    const common = [
      "--noEmit",
      "--strict",
      "--target",
      "es2022",
      "--lib",
      "es2023,dom,esnext.disposable",
    ];
    for (const module of [
      ["--module", "nodenext"],
      ["--module", "esnext", "--moduleResolution", "bundler"],
    ]) {
      project.run(process.execPath, [TSC, ...common, ...module, "--types", "", "typed.ts"]);
    }
  });
});

describe("har, whose weights may not be used commercially", () => {
  const folderOf = ({ folder }: Project) => join(folder, "node_modules/mambalite-micro");
  const missing =
    "har is not in this package, since its data forbid commercial use: " +
    "install @mambalite/har beside it (npm install @mambalite/har)";

  it("is not in the package", () => {
    const har = filesIn(join(root, HAR)).map((name) => sha256(join(root, HAR, name)));
    const folder = folderOf(alone);
    const same = filesIn(folder).filter((name) => har.includes(sha256(join(folder, name))));
    expect(same).toEqual([]);
    expect(filesIn(folder).filter((name) => name.includes("models/har/"))).toEqual([]);
  });

  it("is a package with its weights, their licence and its card", () => {
    const folder = join(project.folder, "node_modules/@mambalite/har");
    expect(filesIn(folder)).toEqual(filesIn(join(root, HAR)));
    const { license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    expect(license).toBe("SEE LICENSE IN LICENSE.txt");
    const text = readFileSync(join(folder, "LICENSE.txt"), "utf8");
    expect(text).toContain("Any commercial use is prohibited.");
    expect(text.replace(/\s+/g, " ")).toContain("Davide Anguita, Alessandro Ghio");
  });

  it.each(["har", "har-int"])("is missed by the command: %s", (name) => {
    const command = ["node_modules/.bin/mambalite", "profile", name, "--quick"];
    const { status, stdout, stderr } = spawnSync(process.execPath, command, {
      ...{ cwd: alone.folder, encoding: "utf8" as const },
    });
    expect({ status, stdout, stderr }).toEqual({
      ...{ status: 1, stdout: "", stderr: `mambalite: ${missing}\n` },
    });
    expect(project.run(process.execPath, command)).toMatch(new RegExp(`^${name}: 100 frames of 9`));
  });

  it("is missed by programs that ask for its files, and by those alone", () => {
    const program = `
import { BUNDLED_MODELS, isInstalled } from "mambalite-micro/models";
import { NotInstalled } from "mambalite-micro";
const [kws, har] = BUNDLED_MODELS;
const facts = { kws: isInstalled(kws), name: har.name, twin: har.integers.name, har: isInstalled(har) };
try {
  facts.blob = har.blob.href.slice(-25);
  facts.example = har.examples[0].url.href.slice(-27);
} catch (error) {
  facts.error = [error instanceof NotInstalled, error.code, error.packageName, error.message];
}
console.log(JSON.stringify(facts));`;
    const factsIn = (where: Project) => {
      where.write({ "missed.js": program });
      return JSON.parse(where.run(process.execPath, ["missed.js"]));
    };
    const named = { kws: true, name: "har", twin: "har-int" };
    expect(factsIn(alone)).toEqual({
      ...{ ...named, har: false },
      error: [true, "NOT_INSTALLED", "@mambalite/har", missing],
    });
    expect(factsIn(project)).toEqual({
      ...{ ...named, har: true },
      blob: "/@mambalite/har/model.mlm",
      example: "/@mambalite/har/walking.npy",
    });
  });
});

describe("a timing report", () => {
  it("is held against the bundled models that are there, whichever is not", () => {
    const facts = "core 0.2.0\nboard stm32h743\nmodel 00000000\ntile 1\ncounter cycles\nclock 1\n";
    const places =
      "state as planned\nweights dtcm\narena dtcm\nframes 1\noperator 0 1\ntotal 1\nend";
    alone.write({ "report.txt": `mambalite-timing 1\n${facts}${places}\n` });
    const command = ["node_modules/.bin/mambalite", "timing", "add", "report.txt"];
    const { stderr } = spawnSync(process.execPath, command, {
      ...{ cwd: alone.folder, encoding: "utf8" as const },
    });
    expect(stderr).toMatch(/^mambalite: --model: [^\n]* no bundled one is it, got none\n$/);
  });
});

describe("a Vite build", () => {
  beforeAll(() => {
    project.run(process.execPath, [VITE, "build", "--base", "./", "--logLevel", "error"]);
  });

  it("contains nothing of Node, and the two cores", () => {
    const files = filesIn(join(project.folder, "dist"));
    const scripts = files.filter((file) => file.endsWith(".js"));
    expect(scripts.length).toBeGreaterThan(0);
    for (const script of scripts) {
      const text = readFileSync(join(project.folder, "dist", script), "utf8");
      expect(text).not.toMatch(/["'`]node:|require\(|__vite-browser-external/);
    }
    expect(files.filter((file) => file.endsWith(".wasm"))).toHaveLength(2);
  });

  it.skipIf(!hasChromium)(`runs a model in Chromium, from a sub-path${needsChromium}`, async () => {
    const site = await serve(project.folder);
    try {
      expect(await resultOf(`${site.url}dist/`)).toBe(expected);
    } finally {
      site.close();
    }
  });
});

describe.skipIf(!hasChromium)(`without a build${needsChromium}`, () => {
  it("Vite's development server runs a model in Chromium", async () => {
    const child = spawn(process.execPath, [VITE, "--port", "0", "--host", "127.0.0.1"], {
      cwd: project.folder,
      env: { ...process.env, NO_COLOR: "1" },
    });
    try {
      const url = await new Promise<string>((resolve, reject) => {
        let text = "";
        child.stdout.on("data", (chunk) => {
          text += chunk;
          const found = /http:\/\/127\.0\.0\.1:\d+\//.exec(text)?.[0];
          if (found !== undefined) resolve(found);
        });
        child.on("exit", () => reject(new Error(`vite ended: ${text}`)));
      });
      expect(await resultOf(url)).toBe(expected);
    } finally {
      child.kill();
    }
  });

  it("a plain server and an import map run a model in Chromium", async () => {
    const modules = "./node_modules";
    const imports = {
      "mambalite-micro": `${modules}/mambalite-micro/dist/index.js`,
      "mambalite-micro/checkpoint": `${modules}/mambalite-micro/dist/checkpoint/index.js`,
      "mambalite-micro/profile": `${modules}/mambalite-micro/dist/profile/index.js`,
      "mambalite-micro/device": `${modules}/mambalite-micro/dist/device/index.js`,
      "mambalite-micro/frontend": `${modules}/mambalite-micro/dist/frontend/index.js`,
      "mambalite-micro/models": `${modules}/mambalite-micro/dist/models/index.js`,
      "@mambalite/har": `${modules}/@mambalite/har/index.js`,
      "@assemblyscript/loader": `${modules}/@assemblyscript/loader/index.js`,
      "wasm-feature-detect": `${modules}/wasm-feature-detect/dist/esm/index.js`,
      fflate: `${modules}/fflate/esm/browser.js`,
    };
    const map = `<script type="importmap">${JSON.stringify({ imports })}</script>`;
    project.write({ "plain.html": PAGE.replace("<script", `${map}<script`) });
    const site = await serve(project.folder);
    try {
      expect(await resultOf(`${site.url}plain.html`)).toBe(expected);
    } finally {
      site.close();
    }
  });
});
