/** What goes with a checkpoint, and how it is made and run, in the page as on the command line. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { hasChromium, needsChromium } from "../chromium.js";
import { bundled, golden, harCheckpoint, json } from "../cli/support.js";
import { appInBrowser, openModel, root, visit, waitForReport } from "./support.js";

const [checkpoint, , frontEnd = "", , labels = ""] = harCheckpoint;
const flac = join(root, "test/unit/audio/fixtures/noise.flac");
const traced = golden("paper_d64_t100");

describe.skipIf(!hasChromium)(`one way in${needsChromium}`, () => {
  const held = appInBrowser();

  it("a checkpoint with its front end and labels, folded, and within a budget", async () => {
    const { page, context, complaints } = await visit(held.browser, held.site);
    await openModel(page, labels, checkpoint, frontEnd);
    await waitForReport(page);
    const arena = () => page.textContent("#arena .exact-bytes");
    const bytesOf = (...options: string[]) =>
      `${json(["profile", ...harCheckpoint, ...options]).plan.arenaBytes.toLocaleString("en-US")} bytes`;
    expect(await arena()).toBe(bytesOf());
    await page.setInputFiles('input[name="input"]', bundled("har", "walking.npy"));
    await expect.poll(() => page.textContent(".run-class .big")).toBe("WALKING");

    const { model } = json(["inspect", ...harCheckpoint, "--fold"]);
    await page.check('input[name="fold"]');
    await expect.poll(() => page.textContent(".identity")).toContain(model.crc32);
    await waitForReport(page);
    expect(page.url()).toContain("fold=1");

    await page.fill('input[name="budget"]', "12000");
    await page.press('input[name="budget"]', "Enter");
    const budgeted = json(["profile", ...harCheckpoint, "--fold", "--budget", "12000"]);
    await expect.poll(arena).toBe(`${budgeted.plan.arenaBytes.toLocaleString("en-US")} bytes`);
    const tile = page.locator('input[name="tile"]');
    expect(await tile.isDisabled()).toBe(true);
    expect(await tile.inputValue()).toBe(String(budgeted.plan.tile));
    await page.fill('input[name="budget"]', "100");
    await page.press('input[name="budget"]', "Enter");
    await expect.poll(() => page.textContent("main > .message")).toMatch(/arena too small: needs/);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it("FLAC, and a companion that is none", async () => {
    const { page, context, complaints } = await visit(held.browser, held.site, {
      query: "?model=kws",
    });
    await waitForReport(page);
    await page.setInputFiles('input[name="input"]', flac);
    const [expected] = json(["run", "kws", "--input", flac]).results;
    await expect
      .poll(() => page.getAttribute(".run-class .big", "data-class"))
      .toBe(String(expected.classIndex));
    await openModel(page, join(traced, "model.safetensors"), join(root, "package.json"));
    await expect.poll(() => page.textContent("main > .message")).toMatch(/package\.json: /);
    expect(complaints).toEqual([]);
    await context.close();
  });
});
