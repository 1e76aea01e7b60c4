/** Opening a model and everything that is said of it: the figures are the command line's own. */
import { join } from "node:path";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { hasChromium, needsChromium } from "../chromium.js";
import { golden, json } from "../cli/support.js";
import {
  appInBrowser,
  downloaded,
  exactPart,
  openModel,
  root,
  visit,
  waitForReport,
} from "./support.js";

const kws = join(root, "ts/models/kws/model.mlm");
const har = join(root, "ts/models/har/model.mlm");
const stack = join(golden("stack_rms_d7_l2_t37"), "model.safetensors");
const exported = join(golden("exported_two_outputs"), "model.safetensors");
const biases = join(golden("paper_biases_d7_t37"), "model.safetensors");
const models = join(root, "ts/models");
const tokens = join(golden("hf_tied_d7_l2_t1"), "model.safetensors");

/** A page that goes on measuring has measured more by then. */
const MOMENT_MS = 1000;

async function setNumber(page: Page, name: string, value: string): Promise<void> {
  await page.fill(`input[name="${name}"]`, value);
  await page.press(`input[name="${name}"]`, "Enter");
}

async function reportOf(page: Page): Promise<unknown> {
  const { bytes } = await downloaded(page, "Report (.json)");
  return JSON.parse(bytes.toString("utf8"));
}

describe.skipIf(!hasChromium)(`the page's figures${needsChromium}`, () => {
  const held = appInBrowser();

  it.each([
    ["kws", "stream", "1"],
    ["kws", "unfused", ""],
    ["har", "stream", "16"],
    ["har", "layer", ""],
  ])("are those of `profile --json`: %s, %s %s", async (name, schedule, tile) => {
    const boards = "esp32s3,stm32h747";
    const tileOf = tile === "" ? "" : `&tile=${tile}`;
    const { page, context, complaints } = await visit(held.browser, held.site, {
      query: `?model=${name}&schedule=${schedule}${tileOf}&frames=60&board=${boards}`,
    });
    await waitForReport(page);
    const expected = json([
      ...["profile", name, "--frames", "60", "--schedule", schedule, "--board", boards],
      ...(tile === "" ? [] : ["--tile", tile]),
    ]);
    expect(exactPart(await reportOf(page))).toEqual(exactPart(expected));
    const { plan } = expected;
    const grouped = plan.arenaBytes.toLocaleString("en-US");
    expect(await page.textContent("#arena .exact-bytes")).toBe(`${grouped} bytes`);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it.each([
    ["a safetensors checkpoint", stack],
    ["a language model of tokens", tokens],
    ["a file of the exporter, with two outputs", exported],
    ["the block of the paper, with biases", biases],
    ["a blob of integers", join(models, "har/model-int.mlm")],
    ["a blob of integers that takes samples", join(models, "kws/model-int.mlm")],
  ])("are those of `profile --json` for %s", async (_, path) => {
    const { page, context, complaints } = await visit(held.browser, held.site, {
      query: "?frames=37",
    });
    await openModel(page, path);
    await waitForReport(page);
    const expected = json(["profile", path, "--frames", "37", "--board", "esp32s3,stm32h743"]);
    expect(exactPart(await reportOf(page))).toEqual(exactPart(expected));
    expect(complaints).toEqual([]);
    await context.close();
  });

  it("say which boards it fits, and what would make it fit", async () => {
    const { page, context } = await visit(held.browser, held.site, {
      query: "?model=kws&schedule=unfused&board=esp32s3,esp32s3-psram",
    });
    await waitForReport(page);
    const small = page.locator('[data-board="esp32s3"]');
    const large = page.locator('[data-board="esp32s3-psram"]');
    expect(await small.locator(".board-answer").textContent()).toContain("does not fit");
    expect(await large.locator(".board-answer").textContent()).toMatch(/✓ fits/);
    expect(await large.textContent()).toContain("arena goes here");
    expect(await small.textContent()).toMatch(/[0-9.]+ [KM]B over/);
    const remedy = small.getByRole("button", { name: /^stream, tile 1 .* KB of RAM .* free/ });
    const [, promised] = /([0-9.]+ KB) of RAM/.exec((await remedy.textContent()) ?? "") ?? [];
    await remedy.click();
    await expect.poll(() => small.locator(".board-answer").textContent()).toMatch(/✓ fits/);
    expect(await small.locator(".resource-chosen .amount").first().textContent()).toContain(
      promised,
    );
    expect(page.url()).toContain("schedule=stream&tile=1");
    await page.check('input[value="stm32h743"]');
    await expect.poll(() => page.locator(".board").count()).toBe(3);
    await context.close();
  });

  it("estimate the time on a board, and put speed beside bytes where there is a choice", async () => {
    const { page, context } = await visit(held.browser, held.site, {
      query: "?model=kws&schedule=stream&tile=1&board=stm32h743",
    });
    await waitForReport(page);
    const board = page.locator('[data-board="stm32h743"]');
    const text = (await board.locator(".board-time").textContent()) ?? "";
    expect(text).toMatch(/^About [0-9.,]+ ms \([0-9.,]+ to [0-9.,]+, [0-9.]+ % of real time\)/);
    expect(text).toMatch(
      /[0-9.]+ % lost in AXI SRAM; .*: [0-9.,]+ ms\. Weights in AXI SRAM, 480 MHz/,
    );
    const other = board.getByRole("button", {
      name: /^stream, tile [0-9]+ .* about [0-9.,]+ ms, [0-9.]+ % less /,
    });
    expect(await other.count()).toBeGreaterThan(0);
    await context.close();
  });

  it("show a view again from its address", async () => {
    const { page, context } = await visit(held.browser, held.site);
    await page.getByRole("button", { name: /^har / }).click();
    await waitForReport(page);
    const before = await page.textContent("#arena .exact-bytes");
    await setNumber(page, "tile", "8");
    await page.uncheck('input[value="stm32h743"]');
    await expect
      .poll(() => page.url())
      .toMatch(/\?model=har&board=esp32s3&schedule=stream&tile=8&quick=1$/);
    await expect.poll(() => page.textContent("#arena .exact-bytes")).not.toBe(before);
    const shown = await page.textContent("#arena .exact-bytes");
    const other = await context.newPage();
    await other.goto(page.url());
    await waitForReport(other);
    expect(await other.textContent("#arena .exact-bytes")).toBe(shown);
    expect(await other.inputValue('input[name="tile"]')).toBe("8");
    expect(await other.locator(".board").count()).toBe(1);
    await context.close();
  });
});

describe.skipIf(!hasChromium)(`the charts and tables${needsChromium}`, () => {
  const held = appInBrowser();

  it("name every buffer of the arena, by pointer and by key", async () => {
    const { page, context } = await visit(held.browser, held.site, { query: "?model=kws" });
    await waitForReport(page);
    const { plan, operators } = json(["profile", kws]);
    const chart = page.locator("#arena svg");
    const options = await chart
      .getByRole("option")
      .evaluateAll((all) => all.map((one) => one.getAttribute("aria-label")));
    expect(options).toHaveLength(plan.buffers.length);
    for (const [i, { name, kind, offset, bytes, firstOp, lastOp }] of plan.buffers.entries()) {
      expect(options[i]).toContain(
        `${name}, ${kind}, offset ${offset.toLocaleString("en-US")}, ${bytes.toLocaleString("en-US")} bytes`,
      );
      expect(options[i]).toContain(operators[firstOp].name);
      expect(options[i]).toContain(operators[lastOp].name);
    }
    const largest = plan.buffers.reduce((a: { bytes: number }, b: { bytes: number }) =>
      b.bytes > a.bytes ? b : a,
    );
    const option = chart.getByRole("option", { name: `${largest.name},` });
    await option.hover({ position: { x: 20, y: 10 } });
    await option.hover({ position: { x: 40, y: 12 } });
    await expect
      .poll(() => page.textContent(".readout"))
      .toContain(`${largest.name}, ${largest.kind}`);
    await page.locator("#arena [role=listbox]").focus();
    await page.keyboard.press("Home");
    await expect.poll(() => page.textContent(".readout")).toMatch(/, offset 0, /);
    const first = await page.textContent(".readout");
    await page.keyboard.press("ArrowUp");
    await expect.poll(() => page.textContent(".readout")).not.toBe(first);
    const active = await page.getAttribute("#arena [role=listbox]", "aria-activedescendant");
    expect(await page.locator(`#${active}`).getAttribute("aria-selected")).toBe("true");
    const marks = (await chart.locator(".marks").textContent()) ?? "";
    expect(marks).toContain(plan.arenaBytes.toLocaleString("en-US"));
    expect(marks).toContain(plan.minimumBytes.toLocaleString("en-US"));
    await context.close();
  });

  it("redraw for another schedule and tile, and set the three schedules side by side", async () => {
    const { page, context } = await visit(held.browser, held.site, { query: "?model=har" });
    await waitForReport(page);
    for (const schedule of ["unfused", "layer", "stream"]) {
      const { plan } = json(["profile", har, "--schedule", schedule]);
      const card = page.locator("#schedules").getByRole("article", { name: schedule });
      expect(await card.locator(".exact-bytes").textContent()).toBe(
        `${plan.arenaBytes.toLocaleString("en-US")} bytes`,
      );
      expect(await card.textContent()).toMatch(
        schedule === "stream" ? /about [0-9.]+ ms on esp32s3/ : /time not estimated/,
      );
    }
    expect(
      await page.locator("#schedules").getByRole("article", { name: "stream" }).textContent(),
    ).toMatch(/98\.[0-9] % less/);
    const before = await page.locator("#arena svg").innerHTML();
    await page.getByRole("button", { name: "Use layer" }).click();
    await expect
      .poll(() => page.getAttribute("#arena [role=listbox]", "aria-label"))
      .toContain("under layer");
    expect(await page.locator("#arena svg").innerHTML()).not.toBe(before);
    await page.getByRole("button", { name: "Use stream" }).click();
    await setNumber(page, "tile", "32");
    const { plan } = json(["profile", har, "--tile", "32"]);
    await expect
      .poll(() => page.textContent("#arena .exact-bytes"))
      .toBe(`${plan.arenaBytes.toLocaleString("en-US")} bytes`);
    await context.close();
  });

  it("sort the operators by any column", async () => {
    const { page, context } = await visit(held.browser, held.site, { query: "?model=kws" });
    await waitForReport(page);
    const column = (n: number) =>
      page
        .locator("#operators tbody tr")
        .evaluateAll((rows, index) => rows.map((row) => row.children[index]?.textContent ?? ""), n);
    const numbers = async (n: number) =>
      (await column(n)).map((text) => Number(text.replaceAll(",", "")));
    const inOrder = await column(1);
    expect(inOrder[0]).toBe("logmel");
    await page.locator("#operators").getByRole("button", { name: "MACs", exact: true }).click();
    const macs = await numbers(2);
    expect(macs).toEqual([...macs].sort((a, b) => b - a));
    await page.locator("#operators").getByRole("button", { name: "MACs", exact: true }).click();
    expect(await numbers(2)).toEqual([...macs].sort((a, b) => a - b));
    expect(await page.locator("#operators th[aria-sort=ascending]").count()).toBe(1);
    await page.locator("#operators").getByRole("button", { name: "operator" }).click();
    const names = await column(1);
    expect(names).toEqual([...inOrder].sort());
    await page.locator("#operators").getByRole("button", { name: "#" }).click();
    expect(await column(1)).toEqual(inOrder);
    await context.close();
  });

  it("show the distribution of the latency, and go on measuring", async () => {
    const { page, context } = await visit(held.browser, held.site, {
      query: "?model=har",
      isPatient: true,
    });
    await waitForReport(page);
    const bars = await page.locator(".histogram-bar").count();
    expect(bars).toBeGreaterThan(2);
    expect(await page.locator("#latency svg").textContent()).toMatch(/median .*95 % /);
    const runs = async () =>
      Number((await page.textContent("#latency .reading:last-child dd"))?.replaceAll(",", ""));
    const before = await runs();
    await page.getByRole("button", { name: "Measure 3 s more" }).click();
    await expect.poll(runs).toBeGreaterThan(before + 100);
    await page.getByRole("button", { name: "Stop" }).first().click();
    await context.close();
  });

  it("measure for a moment only where the address says so", async () => {
    const runsOf = async (isPatient: boolean) => {
      const options = { query: "?model=har", isPatient };
      const { page, context } = await visit(held.browser, held.site, options);
      await waitForReport(page);
      const runs = async () =>
        Number((await page.textContent("#latency .reading:last-child dd"))?.replaceAll(",", ""));
      const atFirst = await runs();
      if (isPatient) await expect.poll(runs).toBeGreaterThan(atFirst);
      else await page.waitForTimeout(MOMENT_MS);
      const later = await runs();
      await context.close();
      return { atFirst, later };
    };
    const quick = await runsOf(false);
    expect(quick.later).toBe(quick.atFirst);
    const patient = await runsOf(true);
    expect(quick.atFirst).toBeLessThan(patient.later);
  });

  it("say what is under way, and stop it when asked", async () => {
    const { page, context, complaints } = await visit(held.browser, held.site, {
      query: "?model=har",
    });
    await waitForReport(page);
    const shown = await page.textContent("#arena .exact-bytes");
    await setNumber(page, "frames", "100000");
    await expect.poll(() => page.textContent(".status-text")).toBe("measuring");
    const asked = Date.now();
    await page.getByRole("button", { name: "Cancel" }).click();
    await expect.poll(() => page.textContent(".status-text")).toBe("ready");
    expect(Date.now() - asked).toBeLessThan(2000);
    await setNumber(page, "frames", "100");
    await waitForReport(page);
    expect(await page.textContent("#arena .exact-bytes")).toBe(shown);
    expect(complaints).toEqual([]);
    await context.close();
  });
});
