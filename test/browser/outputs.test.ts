/** The page with networks of several outputs, of rows over time, and of whole sequences. */
import { mkdirSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { writeNpy } from "../../ts/checkpoint/npy.js";
import { createBlob, Engine, type Network } from "../../ts/node.js";
import { hasChromium, needsChromium } from "../chromium.js";
import { json, temporaryFolder } from "../cli/support.js";
import { NetworkMaker } from "../unit/core/networks.js";
import { GRAPHS, WIDTH } from "../unit/graph/graphs.js";
import { appInBrowser, openModel, visit, waitForReport } from "./support.js";

const FRAMES = 12;
const temporary = temporaryFolder();
const heads = temporary("heads.mlm");
const reversed = temporary("reversed.mlm");
const golden = temporary("golden");

beforeAll(async () => {
  const engine = await Engine.load();
  const assumptions = ["The mean of all rows."];
  const twoHeads: Network = { ...GRAPHS["two heads, one of every row"]!, assumptions };
  const blob = await createBlob(engine, twoHeads);
  writeFileSync(heads, blob);
  const whole = GRAPHS["a bidirectional block with a residual"]!;
  writeFileSync(reversed, await createBlob(engine, whole));
  const input = new NetworkMaker(21).frames(FRAMES, WIDTH);
  mkdirSync(golden);
  writeFileSync(`${golden}/input.npy`, writeNpy(input, [FRAMES, WIDTH]));
  for (const { name, shape, data } of (await engine.loadModel(blob)).createSession().run(input)) {
    writeFileSync(`${golden}/${name}.npy`, writeNpy(data, [...shape]));
  }
});

describe.skipIf(!hasChromium)(`outputs in the page${needsChromium}`, () => {
  const held = appInBrowser();

  it("are shown by name: rows as a picture and numbers, vectors with Node's bits", async () => {
    const { page, context, complaints } = await visit(held.browser, held.site);
    await openModel(page, heads);
    await waitForReport(page);
    expect(await page.textContent(".assumptions")).toContain("The mean of all rows.");
    expect(await page.textContent(".identity")).toContain("rows of 3");
    await page.setInputFiles('input[name="input"]', `${golden}/input.npy`);
    await page.waitForSelector(".run-class");
    const headings = page.locator("#run .output h3");
    expect(await headings.allTextContents()).toEqual(["rows", "class", "body"]);
    const [{ outputs }] = json(["run", heads, "--input", `${golden}/input.npy`]).results;
    expect(await page.locator("#run .bits").allTextContents()).toEqual(outputs.class.bits);
    const picture = page.getByRole("img", { name: /^rows: 12 rows of 3, / });
    expect(await picture.evaluate((canvas) => (canvas as HTMLCanvasElement).width)).toBe(FRAMES);
    const rows = page.getByRole("region", { name: "Rows of rows" }).locator("tbody tr");
    expect(await rows.count()).toBe(FRAMES);
    expect(await rows.first().locator("td").first().textContent()).toBe(
      outputs.rows.values[0].toPrecision(9).replace("-", "−"),
    );
    expect(await page.locator(".run-class .big").count()).toBe(0);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it("are compared with a file each", async () => {
    const { page, context } = await visit(held.browser, held.site);
    await openModel(page, heads);
    await waitForReport(page);
    await page.setInputFiles('input[name="golden-folder"]', golden);
    await page.waitForSelector(".comparison");
    expect(await page.textContent(".answer")).toContain("✓ within");
    const table = page.getByRole("region", { name: "Errors, output by output" });
    expect(await table.locator("tbody tr").allTextContents()).toEqual([
      "rows12 × 300",
      "class400",
      "body12 × 600",
    ]);
    await context.close();
  });

  it("of a network that looks ahead can be watched frame by frame, back and forth", async () => {
    const { page, context, complaints } = await visit(held.browser, held.site);
    await openModel(page, reversed);
    await waitForReport(page);
    const note = await page.textContent(".whole-sequence");
    expect(note).toMatch(/^flip, flip_back need the whole sequence: for up to 100 frames/);
    await page.setInputFiles('input[name="input"]', `${golden}/input.npy`);
    await expect.poll(() => page.textContent(".frame-number")).toBe("12 / 12");
    await page.getByRole("button", { name: "One frame back" }).click();
    await expect.poll(() => page.textContent(".frame-number")).toBe("11 / 12");
    await page.getByRole("button", { name: "One frame on" }).click();
    await expect.poll(() => page.textContent(".frame-number")).toBe("12 / 12");
    expect(await page.textContent("#run .message")).toBe("");
    expect(complaints).toEqual([]);
    await context.close();
  });
});
