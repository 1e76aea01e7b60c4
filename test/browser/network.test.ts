/** The network as a graph: what it says, and the way from its nodes to operators and buffers and back. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { createBlob, Engine } from "../../ts/node.js";
import { hasChromium, needsChromium } from "../chromium.js";
import { golden, json, temporaryFolder } from "../cli/support.js";
import { stackNetwork } from "../unit/app/graphs.js";
import { GRAPHS } from "../unit/graph/graphs.js";
import { appInBrowser, openModel, root, violations, visit, waitForReport } from "./support.js";

const temporary = temporaryFolder();
const har = join(root, "ts/models/har/model.mlm");
const exported = join(golden("exported_two_outputs"), "model.safetensors");
const deep = temporary("deep.mlm");
const halved = temporary("halved.mlm");
const whole = temporary("whole.mlm");

beforeAll(async () => {
  const engine = await Engine.load();
  const write = async (path: string, network: Parameters<typeof createBlob>[1]) =>
    writeFileSync(path, await createBlob(engine, network));
  await write(deep, stackNetwork(12));
  await write(halved, GRAPHS["a U-net at half the rate, with a skip"]!);
  await write(whole, GRAPHS["a bidirectional block with a residual"]!);
});

/** Names of the rows of operators that belong to the chosen node. */
function chosenRows(page: Page): Promise<string[]> {
  return page.locator("#operators .row-chosen th").allTextContents();
}

/** Names of the buffers that stand out in the arena. */
function markedBuffers(page: Page): Promise<string[]> {
  return page
    .locator("#arena .box-marked")
    .evaluateAll((boxes) =>
      boxes.map((box) => box.parentElement?.getAttribute("aria-label")?.split(",")[0] ?? ""),
    );
}

function isInside(page: Page, selector: string): Promise<boolean> {
  return page.locator(selector).evaluate((element) => {
    const { top, bottom } = element.getBoundingClientRect();
    return top >= 0 && bottom <= innerHeight;
  });
}

describe.skipIf(!hasChromium)(`the network on the page${needsChromium}`, () => {
  const held = appInBrowser();

  it("says of each node what `inspect` says of its ops, a Mamba block as one", async () => {
    const { page, context, complaints } = await visit(held.browser, held.site, {
      query: "?model=har",
    });
    await waitForReport(page);
    const { ops } = json(["inspect", har]);
    const modules = [...new Set(ops.map(({ module }: { module: string }) => module))];
    const nodes = page.locator("#network [role=option]");
    expect(await nodes.locator(".graph-name").allTextContents()).toEqual(modules);
    const says = (i: number) => nodes.nth(i).textContent();
    expect(await says(1)).toBe("linear_in320 weightslinear 9 → 32");
    expect(await says(3)).toBe("layers.0.mixer8,384 weightsmamba 32 → 32, inner 64 × 8");
    const pool = modules.indexOf("pool");
    expect(await says(pool)).toBe("poolpool mean 32oncewaits for the end of the sequence");
    expect(await page.locator(".graph-end").allTextContents()).toEqual([
      "input[T, 9]frames of 9",
      "output[6]once a sequence",
    ]);
    expect(await page.locator(".graph-stop").allTextContents()).toEqual([
      "time stops; below: once, at the end",
    ]);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it("shows rates, whole sequences, and an exported module's own shapes", async () => {
    const { page, context, complaints } = await visit(held.browser, held.site);
    await openModel(page, halved);
    await waitForReport(page);
    const middle = page.locator("#network").getByRole("option", { name: /^middle / });
    expect(await middle.textContent()).toContain("every 2nd frame");
    await openModel(page, whole);
    await expect.poll(() => page.locator(".graph-stop").count()).toBe(2);
    expect(await page.locator(".graph-stop").first().textContent()).toContain("whole sequence");
    await waitForReport(page);
    await openModel(page, exported);
    await expect
      .poll(() => page.locator(".graph-end").allTextContents())
      .toEqual([
        "input[N, 3, T]frames of 3",
        "output steps[N, 2, T]rows over time",
        "output class[N, 4]once a sequence",
      ]);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it("leads from a node to its operators and buffers, by pointer", async () => {
    const { page, context } = await visit(held.browser, held.site, { query: "?model=har" });
    await waitForReport(page);
    expect(await markedBuffers(page)).toEqual([]);
    const { plan, operators } = json(["profile", har]);
    await page
      .locator("#network")
      .getByRole("option", { name: /^layers\.1\.mixer / })
      .click();
    const ofBlock = ({ name }: { name: string }) => name.startsWith("layers.1.mixer.");
    const named = (all: { name: string }[]) => all.filter(ofBlock).map(({ name }) => name);
    expect(named(operators).length).toBeGreaterThan(5);
    await expect.poll(() => chosenRows(page)).toEqual(named(operators));
    expect(await markedBuffers(page)).toEqual(named(plan.buffers));
    await expect.poll(() => isInside(page, "#operators .row-chosen >> nth=0")).toBe(true);
    const readout = await page.textContent("#network .readout");
    expect(readout).toContain("its parts: in_proj.x 32 → 64 (2,048); conv1d 64, 4 taps (320)");
    await page
      .locator("#network")
      .getByRole("option", { name: /^norm_f / })
      .click();
    await expect.poll(() => chosenRows(page)).toEqual(["norm_f"]);
    await context.close();
  });

  it("leads from an operator to its node, by pointer and by key", async () => {
    const { page, context } = await visit(held.browser, held.site);
    await openModel(page, deep);
    await waitForReport(page);
    const rows = page.locator("#operators tbody");
    await rows.getByRole("button", { name: "layers.11.mixer.dt_proj" }).click();
    const chosen = page.locator("#network [aria-selected=true]");
    await expect.poll(() => chosen.locator(".graph-name").textContent()).toBe("layers.11.mixer");
    const isShown = await chosen.evaluate((card) => {
      const [inner, outer] = [card, card.closest(".graph")!].map((e) => e.getBoundingClientRect());
      return inner!.top >= outer!.top && inner!.bottom <= outer!.bottom;
    });
    expect(isShown).toBe(true);
    expect((await markedBuffers(page)).every((name) => name.startsWith("layers.11.mixer."))).toBe(
      true,
    );
    await page.keyboard.press("End");
    await expect.poll(() => chosen.locator(".graph-name").textContent()).toBe("head");
    await page.keyboard.press("ArrowUp");
    await expect.poll(() => chosen.locator(".graph-name").textContent()).toBe("pool");
    expect(await rows.locator("button[tabindex='0']").allTextContents()).toEqual(["pool"]);
    await context.close();
  });

  it("can be walked by keyboard alone, to the operators and on", async () => {
    const { page, context } = await visit(held.browser, held.site, { query: "?model=har" });
    await waitForReport(page);
    const graph = page.locator("#network [role=listbox]");
    await graph.focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    const name = () => page.textContent("#network [aria-selected=true] .graph-name");
    await expect.poll(name).toBe("linear_in");
    const active = await graph.getAttribute("aria-activedescendant");
    expect(await page.getAttribute(`#${active}`, "aria-selected")).toBe("true");
    await page.keyboard.press("ArrowRight");
    await expect.poll(name).not.toBe("linear_in");
    await page.keyboard.press("ArrowLeft");
    await expect.poll(name).toBe("linear_in");
    await page.keyboard.press("Enter");
    const focused = () => page.evaluate(() => document.activeElement?.textContent);
    await expect.poll(focused).toBe("linear_in");
    await page.keyboard.press("ArrowDown");
    await expect.poll(name).toBe("layers.0.norm");
    await graph.focus();
    await page.keyboard.press("End");
    await expect.poll(name).toBe("classifier");
    await page.keyboard.press("Escape");
    await expect.poll(() => page.locator("#network [aria-selected=true]").count()).toBe(0);
    expect(await chosenRows(page)).toEqual([]);
    await context.close();
  });

  it.each([360, 1280, 2560])("of twelve layers fits a width of %i pixels", async (width) => {
    const { page, context } = await visit(held.browser, held.site, { width });
    await openModel(page, deep);
    await waitForReport(page);
    const outside = await page.evaluate(() => {
      const { left, right } = document.querySelector("#network .graph")!.getBoundingClientRect();
      return [...document.querySelectorAll("#network .graph-card, #network .graph-edge")]
        .map((element) => element.getBoundingClientRect())
        .filter((box) => box.left < left || box.right > right).length;
    });
    expect(outside).toBe(0);
    const { scrollWidth, clientWidth } = await page.evaluate(() => {
      const { scrollWidth: all, clientWidth: seen } = document.documentElement;
      return { scrollWidth: all, clientWidth: seen };
    });
    expect(scrollWidth).toBeLessThanOrEqual(clientWidth);
    const cut = await page.evaluate(
      () =>
        [...document.querySelectorAll<HTMLElement>("#network .graph-row > *")].filter(
          ({ scrollWidth: whole, clientWidth: seen }) => whole > seen + 1 && seen > 0,
        ).length,
    );
    expect(cut).toBe(0);
    await context.close();
  });

  it.each(["light", "dark"] as const)("has no accessibility violations, %s", async (theme) => {
    const { page, context } = await visit(held.browser, held.site, { theme });
    await openModel(page, exported);
    await waitForReport(page);
    await page
      .locator("#network")
      .getByRole("option", { name: /^mamba / })
      .click();
    await expect.poll(() => chosenRows(page)).not.toEqual([]);
    expect(await violations(page)).toEqual([]);
    await context.close();
  });
});
