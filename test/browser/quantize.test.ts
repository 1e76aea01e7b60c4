/** Quantising in the page: the bytes and numbers of `mambalite quantize`, its refusals, cancelled, by keyboard, at 360 pixels. */
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { readNpy, writeNpy } from "../../ts/checkpoint/npy.js";
import { Engine, logitsOf } from "../../ts/node.js";
import { hasChromium, needsChromium } from "../chromium.js";
import { temporaryFolder } from "../cli/support.js";
import {
  appInBrowser,
  downloaded,
  dropFiles,
  openModel,
  root,
  violations,
  visit,
  waitForReport,
} from "./support.js";

const temporary = temporaryFolder();
const models = join(root, "ts/models");
const FRAMES = 32;
const CHANNELS = 9;
/** As many as a calibration is sure with. */
const ENOUGH = 16;

/** Windows of the bundled recordings. */
function writeWindows(path: string, count: number): void {
  const recordings = ["walking", "standing", "laying"].map(
    (name) => readNpy(readFileSync(join(models, `har/${name}.npy`))).data,
  );
  const data = new Float32Array(count * FRAMES * CHANNELS);
  for (let i = 0; i < count; i++) {
    const first = (i % 4) * FRAMES * CHANNELS;
    const recording = recordings[i % recordings.length]!;
    data.set(recording.subarray(first, first + FRAMES * CHANNELS), i * FRAMES * CHANNELS);
  }
  writeFileSync(path, writeNpy(data, [count, FRAMES, CHANNELS]));
}

function firstWindow(): Float32Array {
  const { data } = readNpy(readFileSync(windows));
  return (data as Float32Array).slice(0, FRAMES * CHANNELS);
}

/** A folder a class. */
function writeClips(folder: string): void {
  for (const name of ["yes", "stop", "on"]) {
    mkdirSync(join(folder, name), { recursive: true });
    cpSync(join(models, `kws/${name}.wav`), join(folder, name, "0.wav"));
  }
  writeFileSync(join(folder, "SOURCE.txt"), "beside the folders");
}

interface Command {
  // biome-ignore lint/suspicious/noExplicitAny: what the command prints is what the page must show
  readonly report: any;
  readonly blob: Buffer;
}

const checkpoint = join(models, "har/model.safetensors");
const windows = temporary("x.npy");
const clips = temporary("clips");

const COMMANDS = {
  windows: [checkpoint, "--type", "int", "--state", "16", "--inputs", windows],
  clips: ["kws", "--type", "int", "--no-shares", "--float", "logmel", "--dataset", clips],
  w8: ["kws", "--type", "w8", "--dataset", clips],
} as const;

/** They run while the page is built. */
const commands = new Map<keyof typeof COMMANDS, Promise<Command>>();

async function quantizeByCommand(name: keyof typeof COMMANDS): Promise<Command> {
  const file = temporary(`${name}.mlm`);
  const args = ["quantize", ...COMMANDS[name], "-o", file, "--json"];
  const launcher = join(root, "scripts/mambalite.mjs");
  const { stdout } = await promisify(execFile)(process.execPath, [launcher, ...args]);
  return { report: JSON.parse(stdout), blob: readFileSync(file) };
}

function ofCommand(name: keyof typeof COMMANDS): Promise<Command> {
  return commands.get(name) ?? quantizeByCommand(name);
}

async function openPanel(page: Page, name: string): Promise<void> {
  await page.getByRole("button", { name: `Quantise ${name}…` }).click();
  await page.waitForSelector(".quantize");
}

async function make(page: Page, type: string): Promise<void> {
  await page.getByRole("button", { name: `Make ${type}` }).click();
  await expect.poll(() => page.textContent(".quantized .answer")).toContain(`: ${type}, `);
}

function rows(page: Page, region: string): Promise<string[][]> {
  return page
    .getByRole("region", { name: region })
    .locator("tbody tr")
    .evaluateAll((all) =>
      all.map((row) => [...row.querySelectorAll("th, td")].map((cell) => cell.textContent ?? "")),
    );
}

function grouped(value: number): string {
  return value.toLocaleString("en-US");
}

function exponential(value: number): string {
  return value.toExponential(2).replace("-", "−");
}

describe.skipIf(!hasChromium)(`quantising in the page${needsChromium}`, () => {
  beforeAll(() => {
    writeWindows(windows, ENOUGH);
    writeClips(clips);
    for (const name of ["windows", "clips", "w8"] as const) {
      commands.set(name, quantizeByCommand(name));
    }
  });
  const held = appInBrowser();

  it("a dropped checkpoint with 16-bit state: bytes and numbers of the command, and it opens", async () => {
    const { report, blob } = await ofCommand("windows");
    const { page, context, complaints } = await visit(held.browser, held.site);
    await openModel(page, checkpoint);
    await openPanel(page, "model.safetensors");
    expect(await page.getByRole("button", { name: "Make int" }).isDisabled()).toBe(true);
    await page.setInputFiles('input[name="examples"]', windows);
    await page.check('input[name="state-16"]');
    await make(page, "int");
    const text = (await page.textContent(".quantized"))!;
    expect(text).toContain(`CRC-32 ${report.crc32}`);
    expect(text).toContain(`calibrated with ${ENOUGH} inputs`);
    for (const note of report.notes) expect(text).toContain(note);
    for (const name of report.boards) expect(text).toContain(name);
    const { sameClasses, meanRelative, maxRelative } = report.evaluation;
    expect(text).toContain(`class differs in ${ENOUGH - sameClasses} of ${ENOUGH} inputs`);
    expect(text).toContain(`mean ${exponential(meanRelative)}, max ${exponential(maxRelative)}`);
    expect(text).toContain("no state left its range");
    const sizes = ["weights", "blob", "arena"].map((what) => {
      const [before, after] = [report.before, report.after].map((sizes) => sizes[`${what}Bytes`]);
      return [what, grouped(before), grouped(after), `${((100 * after) / before).toFixed(1)} %`];
    });
    expect(await rows(page, "Bytes before and after")).toEqual(sizes);
    const shares = await rows(page, "Error by op");
    expect(shares.map(([op, alone]) => [op, alone])).toEqual(
      report.shares.map((one: { op: string; meanRelative: number }) => [
        one.op,
        exponential(one.meanRelative),
      ]),
    );
    const { name, bytes } = await downloaded(page, "Download model-int.mlm");
    expect(name).toBe("model-int.mlm");
    expect(bytes.equals(blob)).toBe(true);
    await page.getByRole("button", { name: "Open model-int.mlm here" }).click();
    await expect.poll(() => page.textContent(".identity")).toContain(report.crc32);
    await waitForReport(page);
    await page.setInputFiles('input[name="input"]', windows);
    await page.waitForSelector(".run-class");
    const model = await (await Engine.load()).loadModel(blob);
    const logits = logitsOf(model.createSession().run(firstWindow()));
    const bits = [...new Uint32Array(logits.buffer, logits.byteOffset, logits.length)];
    expect(await page.locator("#run .bits").allTextContents()).toEqual(
      bits.map((word) => word.toString(16).padStart(8, "0")),
    );
    expect(await page.textContent("#quantize")).toContain("A .mlm has its number type already");
    expect(complaints).toEqual([]);
    await context.close();
  });

  it("a bundled model over a folder of clips a class: bytes of the command, in both types", async () => {
    const [int, w8] = [await ofCommand("clips"), await ofCommand("w8")];
    const { error } = w8.report;
    const { page, context, complaints } = await visit(held.browser, held.site, {
      query: "?model=kws",
    });
    await openPanel(page, "kws.mlm");
    await page.setInputFiles('input[name="examples-folder"]', clips);
    await page.fill('input[name="float"]', "logmel");
    await make(page, "int");
    const text = await page.textContent(".quantized");
    expect(text).toContain("unsure: 3 inputs say little of how large values get: 16 or more do");
    expect(text).toContain("no input: clips/SOURCE.txt");
    const quantized = await downloaded(page, "Download kws-int.mlm");
    expect(quantized.bytes.equals(int.blob)).toBe(true);
    await page.check('input[name="quantize-type"][value="w8"]');
    await make(page, "w8");
    const shown = await page.textContent(".quantized");
    expect(shown).toContain(`class differs in ${error.disagreements} of 3 inputs`);
    expect(shown).toContain(`max ${exponential(error.maxRelative)}`);
    const smaller = await downloaded(page, "Download kws-w8.mlm");
    expect(smaller.bytes.equals(w8.blob)).toBe(true);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it("says in one line what cannot be done, and can be cancelled", async () => {
    const { page, context, complaints } = await visit(held.browser, held.site, {
      query: "?model=har",
    });
    await page.waitForSelector("#quantize");
    const problem = page.locator("#quantize .message-problem");
    const wrong = temporary("wrong.npy");
    writeFileSync(wrong, writeNpy(new Float32Array(8), [2, 4]));
    await dropFiles(page, [wrong, join(models, "har/walking.npy")], "#quantize");
    await expect.poll(() => page.textContent("#quantize")).toContain("2 files chosen");
    await page.getByRole("button", { name: "Make int" }).click();
    await expect.poll(() => problem.textContent()).toMatch(/^wrong\.npy: bad input: expected /);
    await dropFiles(page, [join(models, "har/walking.npy")], "#quantize");
    await page.fill('input[name="float"]', "nose");
    await page.getByRole("button", { name: "Make int" }).click();
    await expect
      .poll(() => problem.textContent())
      .toMatch(/^float: expected names of ops: .* nose$/);
    await page.fill('input[name="float"]', "");
    const many = temporary("many.npy");
    writeWindows(many, 256);
    await page.setInputFiles('input[name="examples"]', many);
    await page.getByRole("button", { name: "Make int" }).click();
    await page.waitForSelector("#quantize progress[value]");
    await page.getByRole("button", { name: "Cancel quantising" }).click();
    await expect.poll(() => page.locator("#quantize progress").count()).toBe(0);
    expect(await page.textContent("#quantize")).toContain("1 file chosen");
    expect(await problem.textContent()).toBe("");
    expect(await page.locator(".quantized").count()).toBe(0);
    await dropFiles(page, [join(models, "har/walking.npy")], "#quantize");
    await make(page, "int");
    expect(complaints).toEqual([]);
    await context.close();
  });

  it("by keyboard, with the bundled examples, at 360 pixels and in the dark", async () => {
    const { page, context, complaints } = await visit(held.browser, held.site, {
      query: "?model=har",
      width: 360,
      theme: "dark",
    });
    await waitForReport(page);
    await page.getByRole("button", { name: "Quantise har.mlm…" }).focus();
    await page.keyboard.press("Enter");
    await page.waitForSelector(".quantize:focus");
    await page.keyboard.press("Tab");
    await page.keyboard.press("ArrowDown");
    expect(await page.isChecked('input[name="quantize-type"][value="w8"]')).toBe(true);
    await page.keyboard.press("ArrowUp");
    for (let i = 0; i < 10; i++) {
      await page.keyboard.press("Tab");
      const focused = await page.evaluate(() => document.activeElement?.textContent);
      if (focused === "Make int") break;
    }
    await page.keyboard.press("Enter");
    await page.waitForSelector(".quantized");
    expect(await page.textContent(".quantized")).toContain("unsure: 3 inputs say little");
    const outside = await page.evaluate(() =>
      [...document.querySelectorAll("#quantize button, #quantize input, #quantize .share span")]
        .filter((element) => !element.matches(".file-input"))
        .filter((element) => element.getBoundingClientRect().right > innerWidth)
        .map((element) => element.outerHTML),
    );
    expect(outside).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
    expect(await violations(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await context.close();
  });
});
