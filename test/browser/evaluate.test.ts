/** Evaluating in the page: the JSON of `mambalite eval`, its refusals, cancelled, by keyboard, at 360 pixels. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { readNpy, writeNpy } from "../../ts/checkpoint/npy.js";
import { hasChromium, needsChromium } from "../chromium.js";
import { har, kws, output, temporaryFolder } from "../cli/support.js";
import { appInBrowser, downloaded, dropFiles, root, violations, visit } from "./support.js";

const temporary = temporaryFolder();
const models = join(root, "ts/models");
const FRAMES = 32;
const CHANNELS = 9;
/** Windows of each recording. */
const WINDOWS = 4;
/** So many that there is time to cancel. */
const MANY = 20_000;

/** Folder, and the word that is in it: one of them is in the wrong one. */
const CLIPS = [
  ["on", "on"],
  ["stop", "stop"],
  ["yes", "yes"],
  ["up", "on"],
] as const;

/** In the order of the labels. */
const RECORDINGS: readonly (readonly [string, number])[] = [
  ["walking", 0],
  ["standing", 4],
  ["laying", 5],
];

function writeClips(folder: string): void {
  for (const [label, word] of CLIPS) {
    const path = join(folder, label, "a.wav");
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, readFileSync(join(models, `kws/${word}.wav`)));
  }
  writeFileSync(join(folder, "SOURCE.txt"), "beside the folders");
}

/** The same windows over and over. */
function writeWindows(count: number, name: string): readonly [inputs: string, classes: string] {
  const all = RECORDINGS.flatMap(([recording, classIndex]) => {
    const { data } = readNpy(readFileSync(join(models, `har/${recording}.npy`)));
    return Array.from({ length: WINDOWS }, (_, i) => {
      const length = FRAMES * CHANNELS;
      return { window: (data as Float32Array).slice(i * length, (i + 1) * length), classIndex };
    });
  });
  const inputs = new Float32Array(count * FRAMES * CHANNELS);
  const classes = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const { window, classIndex } = all[i % all.length]!;
    inputs.set(window, i * FRAMES * CHANNELS);
    classes[i] = classIndex;
  }
  const paths = [temporary(`${name}.x.npy`), temporary(`${name}.classes.npy`)] as const;
  writeFileSync(paths[0], writeNpy(inputs, [count, FRAMES, CHANNELS]));
  writeFileSync(paths[1], writeNpy(classes, [count]));
  return paths;
}

async function openPanel(page: Page, name: string): Promise<void> {
  await page.getByRole("button", { name: `Evaluate ${name}…` }).click();
  await page.waitForSelector(".evaluate");
}

describe.skipIf(!hasChromium)(`evaluating in the page${needsChromium}`, () => {
  const clips = temporary("clips");
  let windows: readonly [string, string];
  beforeAll(() => {
    writeClips(clips);
    windows = writeWindows(WINDOWS * RECORDINGS.length, "few");
  });
  const held = appInBrowser();

  it("a folder of clips a class: the bytes of `eval --json`, by class and what is taken for what", async () => {
    const expected = output(["eval", kws, "--dataset", clips, "--json"]);
    const report = JSON.parse(expected);
    const { page, context, complaints } = await visit(held.browser, held.site, {
      query: "?model=kws&tile=4",
    });
    await openPanel(page, "kws.mlm");
    await page.setInputFiles('input[name="labelled-folder"]', clips);
    await expect
      .poll(() => page.textContent(".evaluated .answer"))
      .toContain(" right: 3 of 4 items");
    expect(await page.textContent(".evaluated .answer")).toContain("75.00 %");
    expect(await page.textContent(".evaluated")).toContain("no part of the set: clips/SOURCE.txt");
    expect(await page.textContent(".evaluated")).toContain("up for on (1)");
    const rows = await page
      .getByRole("region", { name: "Results by class" })
      .locator("tbody tr")
      .allTextContents();
    expect(rows).toHaveLength(report.labels.length);
    expect(rows[2]).toBe("on11100.0 %250.0 %");
    const { name, bytes } = await downloaded(page, "Evaluation (.json)");
    expect(name).toBe("kws.eval.json");
    expect(bytes.toString()).toBe(expected);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it("inputs and classes that are dropped: the same, under any schedule", async () => {
    const [inputs, classes] = windows;
    const expected = output(["eval", har, "--inputs", inputs, "--labels", classes, "--json"]);
    const { page, context, complaints } = await visit(held.browser, held.site, {
      query: "?model=har&schedule=layer",
    });
    await page.waitForSelector("#evaluate");
    await dropFiles(page, [classes, inputs], "#evaluate");
    await page.waitForSelector(".evaluated");
    const { bytes } = await downloaded(page, "Evaluation (.json)");
    expect(bytes.toString()).toBe(expected);
    await dropFiles(page, [inputs], "#evaluate");
    await expect
      .poll(() => page.textContent("#evaluate .message-problem"))
      .toMatch(/expected inputs of frames and their classes as two \.npy files, got few\.x\.npy/);
    expect(await page.locator(".evaluated").count()).toBe(0);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it("can be cancelled, and goes on with the model that was open", async () => {
    const { page, context, complaints } = await visit(held.browser, held.site, {
      query: "?model=har",
    });
    await openPanel(page, "har.mlm");
    expect(await page.getByRole("button", { name: "Cancel evaluating" }).count()).toBe(0);
    await page.setInputFiles('input[name="labelled"]', [...writeWindows(MANY, "many")]);
    await page.waitForSelector("#evaluate progress[value]");
    await page.getByRole("button", { name: "Cancel evaluating" }).click();
    await expect.poll(() => page.locator("#evaluate progress").count()).toBe(0);
    expect(await page.textContent("#evaluate .message-problem")).toBe("");
    expect(await page.locator(".evaluated").count()).toBe(0);
    await page.setInputFiles('input[name="labelled"]', [...windows]);
    await page.waitForSelector(".evaluated");
    expect(complaints).toEqual([]);
    await context.close();
  });

  it.each(["light", "dark"] as const)("by keyboard, at 360 pixels, %s", async (theme) => {
    const { page, context, complaints } = await visit(held.browser, held.site, {
      query: "?model=kws",
      width: 360,
      theme,
    });
    await page.getByRole("button", { name: "Evaluate kws.mlm…" }).focus();
    await page.keyboard.press("Enter");
    await page.waitForSelector(".evaluate:focus");
    await page.keyboard.press("Tab");
    const focused = () => page.evaluate(() => document.activeElement?.textContent);
    expect(await focused()).toBe("Choose a folder of clips");
    await page.keyboard.press("Tab");
    expect(await focused()).toBe("Choose inputs and classes");
    await page.setInputFiles('input[name="labelled-folder"]', clips);
    await page.waitForSelector(".evaluated");
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
    expect(await violations(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await context.close();
  });
});
