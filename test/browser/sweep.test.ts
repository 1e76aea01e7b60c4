/** The page of a sweep: from disk in a real Chromium, for everybody, with a front as brute force finds it. */
import { mkdirSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasChromium, launch, needsChromium } from "../chromium.js";
import { output, temporaryFolder } from "../cli/support.js";
import { resultsIn, search } from "../sweep/support.js";
import { violations } from "./support.js";

const inFolder = temporaryFolder();
const LIMIT = 6000;
/** In the title. */
const FOLDER = inFolder("<img src=x onerror=alert()>");
/** In the name of a model, that of three folders: it would end the data, and begin a script. */
const EVIL = "x</script><script>document.title = 0</script><img src=x onerror=alert()>";
const EVERY_RUN = "runs/**/model.safetensors";
let browser: Browser;
let page: Page;
const complaints: string[] = [];
const asked: string[] = [];

describe.skipIf(!hasChromium)(`the page of a sweep${needsChromium}`, () => {
  beforeAll(async () => {
    const files = { frontend: "frontend.json", labels: "labels.json" };
    const plan = search(
      FOLDER,
      { models: 6, crops: 4 },
      {
        ...{ models: [{ model: EVERY_RUN, ...files }], limits: { arenaBytes: LIMIT } },
        boards: ["stm32h743", "rp2040"],
      },
    );
    const renamed = join(FOLDER, "runs", EVIL);
    mkdirSync(dirname(renamed), { recursive: true });
    renameSync(join(FOLDER, "runs/000"), renamed);
    output(["sweep", plan]);
    browser = await launch();
    page = await browser.newPage();
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => complaints.push(message.text()));
    page.on("request", (request) => asked.push(request.url()));
    await page.goto(pathToFileURL(join(FOLDER, "results.html")).href);
  });
  afterAll(async () => {
    await browser?.close();
  });

  it("needs nothing but itself, and axe finds nothing wrong", async () => {
    expect(await page.locator("canvas").count()).toBe(3);
    expect(asked).toHaveLength(1);
    expect(complaints).toEqual([]);
    expect(await violations(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: "dark" });
    await page.reload();
    expect(await violations(page)).toEqual([]);
  });

  it.each(["stm32h743", "rp2040"])(
    "shows the front of %s as brute force finds it",
    async (board) => {
      await page.selectOption("#board", board);
      const shown = await page.locator("#front button").allTextContents();
      const found = bruteForce(board);
      expect(found.length).toBeGreaterThan(3);
      expect(new Set(shown)).toEqual(new Set(found));
      expect(shown).toHaveLength(found.length);
      expect(await page.textContent("#answer")).toContain(shown[0]);
    },
  );

  it("rings what is chosen in one place everywhere", async () => {
    const other = page.locator("#front button").last();
    const before = await page.locator("canvas").nth(2).screenshot();
    await other.click();
    expect(await other.getAttribute("aria-pressed")).toBe("true");
    expect(await page.textContent("#chosen")).toContain(await other.textContent());
    expect(await page.locator("canvas").nth(2).screenshot()).not.toEqual(before);
    const canvas = page.locator("canvas").first();
    const chosen = await page.textContent("#chosen");
    await canvas.hover({ position: await canvas.evaluate(farPoint) });
    await expect.poll(() => page.textContent("#chosen")).not.toBe(chosen);
  });

  it("is safe from what is in a name", async () => {
    expect(await page.locator("script").count()).toBe(3);
    expect(await page.locator("img").count()).toBe(0);
    expect(await page.title()).toBe(`Sweep of ${join(FOLDER, "sweep.json")}`);
    expect(await page.textContent("h1")).toBe(await page.title());
    const { candidates } = JSON.parse((await page.textContent("#data")) ?? "");
    const names = candidates.map(({ name }: { name: string }) => name);
    expect(names).toContain(`runs/${EVIL}/model.safetensors, f32, tile 1`);
  });
});

/** Where the point of a plot is that is farthest from the ring. */
function farPoint(canvas: Element): { x: number; y: number } {
  // biome-ignore lint/suspicious/noExplicitAny: the library is in the page
  const plot = (globalThis as any).Chart.getChart(canvas);
  const [[ring], ...others] = plot.data.datasets.map((_: unknown, i: number) => {
    return plot.getDatasetMeta(i).data.map(({ x, y }: { x: number; y: number }) => ({ x, y }));
  });
  const farness = ({ x, y }: { x: number; y: number }) => Math.hypot(x - ring.x, y - ring.y);
  return others.flat().sort((a: typeof ring, b: typeof ring) => farness(b) - farness(a))[0];
}

/** All against all. */
function bruteForce(board: string): string[] {
  const all = resultsIn(join(FOLDER, "results.jsonl"))
    .filter(({ boards, arenaBytes = 0 }) => boards![board]!.fits && arenaBytes <= LIMIT)
    .map(({ model, type, tile, ran, boards, arenaBytes = 0, flashBytes = 0 }) => ({
      name: `${model}, ${type}, ${type === "int" ? "calibrated with train.npy, " : ""}tile ${tile}`,
      costs: [-ran!.correct!, boards![board]!.ms ?? 1e9, arenaBytes, flashBytes],
    }));
  const isBetter = (a: number[], b: number[]) =>
    a.every((cost, i) => cost <= b[i]!) && a.some((cost, i) => cost < b[i]!);
  return all
    .filter(({ costs }) => !all.some((other) => isBetter(other.costs, costs)))
    .map(({ name }) => name);
}
