/**
 * The example page, from what `npm pack` makes, built by each bundler: in Chromium, whose microphone is a recording of
 * the bundled words, it prints them.
 */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readAudio } from "../../ts/audio/index.js";
import { BUNDLED_MODELS } from "../../ts/models/node.js";
import { hasChromium, launch, needsChromium, serve } from "../chromium.js";
import { RATE_HZ, wavOf } from "../wav.js";
import { installed, installedProject, type Project, root } from "./project.js";

const EXAMPLE = join(root, "examples/spot-words");
const MOST_LINES = 60;
const WORDS = ["yes", "stop", "on"];
const PAUSE = new Float32Array(1.5 * RATE_HZ);
/** The recording begins anew when it is over. */
const PATIENCE_MS = 30_000;
const VITE = join(root, "node_modules/vite/bin/vite.js");

const read = (name: string) => readFileSync(join(EXAMPLE, name), "utf8");

let project: Project;
const spoken = () => join(project.folder, "spoken.wav");

function sentence(): Float32Array {
  const kws = BUNDLED_MODELS.find(({ name }) => name === "kws")!;
  const parts = WORDS.flatMap((word) => {
    const { url } = kws.examples.find(({ label }) => label === word)!;
    return [PAUSE, readAudio(readFileSync(url), RATE_HZ)];
  });
  return Float32Array.from(parts.flatMap((part) => [...part]));
}

/** The words that a page in `folder` prints, and its detector's share of real time. */
async function heardBy(folder: string): Promise<{ heard: string[]; share: number }> {
  const site = await serve(join(project.folder, folder), "/sub/path/");
  const browser = await launch([
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    `--use-file-for-fake-audio-capture=${spoken()}`,
  ]);
  try {
    const page = await browser.newPage();
    const heard: string[] = [];
    page.on("console", (entry) => heard.push(entry.text().replace(/^heard: /, "")));
    page.on("pageerror", (error) => heard.push(String(error)));
    await page.goto(site.url);
    await page.getByRole("button").click();
    await expect
      .poll(() => heard.join(" "), {
        timeout: PATIENCE_MS,
        message: (await page.textContent("p")) ?? "",
      })
      .toMatch(/yes stop on/);
    expect(await page.textContent("[role=status]")).toMatch(/^listening; [0-9]+ bytes/);
    expect(await page.locator("li").first().textContent()).toMatch(/^[a-z]+ \([0-9]+ %, after/);
    return { heard, share: Number(await page.getAttribute("body", "data-real-time")) };
  } finally {
    await browser.close();
    site.close();
  }
}

describe.skipIf(!hasChromium)(`the example page${needsChromium}`, () => {
  beforeAll(async () => {
    project = await installedProject();
    const page = { "index.html": read("index.html"), "main.js": read("main.js") };
    project.write({ ...page, "spoken.wav": wavOf(sentence()) });
  });
  afterAll(() => {
    project?.remove();
  });

  it("is short", () => {
    const lines = ["index.html", "main.js"].flatMap((name) => read(name).trim().split("\n"));
    expect(lines.length).toBeLessThan(MOST_LINES);
  });

  it("spots words when Vite has built it", async () => {
    const build = ["build", "--base", "./", "--outDir", "vite", "--logLevel", "error"];
    project.run(process.execPath, [VITE, ...build]);
    const { share } = await heardBy("vite");
    console.log(`live: ${(100 * share).toFixed(2)} % of real time`);
    expect(share).toBeGreaterThan(0);
  });

  it("spots words when esbuild has built it, as its README says", async (context) => {
    if (!installed(project, "esbuild")) context.skip();
    const commands = /```sh\n([\s\S]*?)```/.exec(read("README.md"))?.[1];
    project.run("sh", ["-e", "-c", commands!]);
    await heardBy("www");
  });

  it("spots words when webpack has built it", async (context) => {
    if (!installed(project, "webpack", "webpack-cli")) context.skip();
    rmSync(join(project.folder, "dist"), { recursive: true, force: true });
    project.run("npx", ["webpack", "./main.js", "--mode", "production"]);
    project.write({ "dist/index.html": read("index.html") });
    await heardBy("dist");
  });
});
