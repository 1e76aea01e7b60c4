/**
 * The page as a whole: accessible, usable by keyboard alone, at any width, under a strict policy,
 * offline, and small.
 */
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { hasChromium, needsChromium } from "../chromium.js";
import { appInBrowser, violations, visit, waitForReport } from "./support.js";

const MAX_FIRST_LOAD_BYTES = 150 * 1024;
const { mostWasmBytes: MAX_WASM_BYTES } = JSON.parse(
  readFileSync(new URL("../../csrc/build.json", import.meta.url), "utf8"),
);
const MAX_TABS = 120;

/** Presses Tab until what has the focus matches. */
async function tabTo(page: Page, selector: string, text = ""): Promise<void> {
  for (let i = 0; i < MAX_TABS; i++) {
    await page.keyboard.press("Tab");
    const isThere = await page.evaluate(
      ([wanted, part]) => {
        const focused = document.activeElement;
        return focused?.matches(wanted!) && (focused.textContent ?? "").includes(part!);
      },
      [selector, text],
    );
    if (!isThere) continue;
    const outline = await page.evaluate(
      () => getComputedStyle(document.activeElement!).outlineStyle,
    );
    expect(outline, `${selector} shows its focus`).not.toBe("none");
    return;
  }
  throw new Error(`no ${selector} with "${text}" within ${MAX_TABS} tabs`);
}

describe.skipIf(!hasChromium)(`the page${needsChromium}`, () => {
  const held = appInBrowser();

  it.each(["light", "dark"] as const)("has no accessibility violations, %s", async (theme) => {
    const { page, context } = await visit(held.browser, held.site, { theme });
    expect(await violations(page)).toEqual([]);
    await page.getByRole("button", { name: /^har / }).click();
    await waitForReport(page);
    await page.check('input[name="schedule"][value="unfused"]');
    await waitForReport(page);
    await page.getByRole("button", { name: "example: walking" }).click();
    await page.waitForSelector(".states canvas");
    await page.setInputFiles('input[name="golden"]', []);
    await page.getByRole("button", { name: "Replay the recordings" }).click();
    await page.locator("#arena [role=listbox]").focus();
    await page.keyboard.press("ArrowUp");
    expect(await violations(page)).toEqual([]);
    await context.close();
  });

  it("shows the licence of har, which may not be used commercially", async () => {
    const { page, context } = await visit(held.browser, held.site);
    const terms = page.getByText(
      /^har and har-int: trained on UCI HAR.*prohibit any commercial use/,
    );
    const licence = await terms
      .getByRole("link")
      .evaluate((link) => (link as HTMLAnchorElement).href);
    const text = await (await page.request.get(licence)).text();
    expect(text).toBe(
      readFileSync(new URL("../../ts/models/har/LICENSE.txt", import.meta.url), "utf8"),
    );
    await context.close();
  });

  it("can be used by keyboard alone", async () => {
    const { page, context, complaints } = await visit(held.browser, held.site);
    await tabTo(page, ".bundled-model", "har");
    await page.keyboard.press("Enter");
    await waitForReport(page);
    await tabTo(page, 'input[name="schedule"]');
    await page.keyboard.press("ArrowDown");
    await expect.poll(() => page.textContent(".schedule-chosen h3")).toContain("layer");
    await page.keyboard.press("ArrowUp");
    await tabTo(page, 'input[name="tile"]');
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.url()).toContain("tile=2");
    await tabTo(page, 'input[name="board"]');
    await page.keyboard.press("Space");
    await expect.poll(() => page.locator(".board").count()).toBe(1);
    await tabTo(page, "#live button", "Replay");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.textContent("#live .fine")).toContain("listening to a replay");
    await tabTo(page, "#verdict .word", "arena");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.locator(".meaning").isVisible()).toBe(true);
    expect(await page.textContent(".meaning")).toMatch(/^Arena: the one block of RAM/);
    await page.keyboard.press("Escape");
    await expect.poll(() => page.locator(".meaning").isVisible()).toBe(false);
    await tabTo(page, "#arena [role=listbox]");
    await page.keyboard.press("ArrowUp");
    await expect
      .poll(() => page.textContent("#arena .readout"))
      .toMatch(/offset [0-9,]+, [0-9,]+ bytes/);
    await tabTo(page, "#operators th button", "MACs");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.locator("th[aria-sort=descending]").count()).toBe(1);
    await tabTo(page, "#run button", "example: laying");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.textContent(".run-class .big")).toBe("LAYING");
    await tabTo(page, 'input[name="frame"]');
    await page.keyboard.press("ArrowLeft");
    await expect.poll(() => page.textContent(".frame-number")).toBe("127 / 128");
    await tabTo(page, "#take-home button", "Report");
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.keyboard.press("Enter"),
    ]);
    expect(download.suggestedFilename()).toBe("har.profile.json");
    expect(complaints).toEqual([]);
    await context.close();
  });

  it("announces its state, and respects reduced motion", async () => {
    const { page, context } = await visit(held.browser, held.site, {
      query: "?model=har",
      reducedMotion: "reduce",
    });
    await waitForReport(page);
    expect(await page.locator('.status [role="status"]').count()).toBe(1);
    expect(await page.textContent("#verdict [role=status]")).toBe("esp32s3 fits, stm32h743 fits");
    const moving = await page.evaluate(
      () =>
        [...document.querySelectorAll("*")].filter((element) => {
          const { animationName, transitionDuration } = getComputedStyle(element);
          return animationName !== "none" || !/^0s(, 0s)*$/.test(transitionDuration);
        }).length,
    );
    expect(moving).toBe(0);
    await context.close();
  });

  it.each([360, 768, 1280, 2560])("fits a width of %i pixels", async (width) => {
    const { page, context } = await visit(held.browser, held.site, { query: "?model=kws", width });
    await waitForReport(page);
    await page.getByRole("button", { name: "example: yes" }).click();
    await page.waitForSelector(".states canvas");
    const { scrollWidth, clientWidth } = await page.evaluate(() => ({
      scrollWidth: document.documentElement.scrollWidth,
      clientWidth: document.documentElement.clientWidth,
    }));
    expect(scrollWidth).toBeLessThanOrEqual(clientWidth);
    const outside = await page.evaluate(() =>
      [...document.querySelectorAll("main button, main svg, main canvas, .rail input, h2, h3")]
        .filter((element) => !element.closest(".scroll"))
        .map((element) => ({
          text: element.outerHTML.slice(0, 90),
          box: element.getBoundingClientRect(),
        }))
        .filter(({ box }) => box.right > innerWidth + 1 || box.left < -1)
        .map(({ text }) => text),
    );
    expect(outside).toEqual([]);
    await context.close();
  });

  it("does not jump while figures come in", async () => {
    const { page, context } = await visit(held.browser, held.site, {
      query: "?model=har",
      isPatient: true,
    });
    await waitForReport(page);
    await page.evaluate(() => {
      const all: number[] = [];
      Object.assign(globalThis, { layoutShifts: all });
      new PerformanceObserver((list) => {
        // biome-ignore lint/suspicious/noExplicitAny: not in the DOM's types yet
        for (const entry of list.getEntries() as any[]) all.push(entry.value);
      }).observe({ type: "layout-shift" });
    });
    for (const tile of ["2", "4", "8"]) {
      await page.fill('input[name="tile"]', tile);
      await page.press('input[name="tile"]', "Enter");
      await waitForReport(page);
    }
    // biome-ignore lint/suspicious/noExplicitAny: set above
    const shifts = await page.evaluate(() => (globalThis as any).layoutShifts as number[]);
    expect(shifts.reduce((sum, shift) => sum + shift, 0)).toBeLessThan(0.02);
    await context.close();
  });

  it("has a strict policy that the browser enforces", async () => {
    const { page, context, complaints } = await visit(held.browser, held.site, {
      query: "?model=har",
    });
    await waitForReport(page);
    expect(complaints).toEqual([]);
    const policy = await page.getAttribute('meta[http-equiv="Content-Security-Policy"]', "content");
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval'");
    expect(policy).not.toMatch(/unsafe-inline|'unsafe-eval'|data:|\*/);
    const isInline = await page.evaluate(() => {
      const script = document.createElement("script");
      script.textContent = "globalThis.wasInline = true";
      document.head.append(script);
      return "wasInline" in globalThis;
    });
    expect(isInline).toBe(false);
    const html = readFileSync(`${held.site.folder}/index.html`, "utf8");
    expect(html).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=/);
    await context.close();
  });

  it("works offline after the first visit, from its sub-path", async () => {
    const { page, context } = await visit(held.browser, held.site);
    await page.evaluate(async () => {
      await navigator.serviceWorker.ready;
    });
    await expect
      .poll(() => page.evaluate(async () => (await caches.keys()).length))
      .toBeGreaterThan(0);
    held.site.requests();
    await context.setOffline(true);
    await page.goto(`${held.site.url}?model=kws&tile=4`);
    await waitForReport(page);
    await page.getByRole("button", { name: "example: stop" }).click();
    await expect.poll(() => page.textContent(".run-class .big")).toBe("stop");
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Firmware (.zip)" }).click(),
    ]);
    expect(download.suggestedFilename()).toBe("kws-stm32h7.zip");
    const asked = held.site.requests().filter((path) => !path.endsWith("/sw.js")); // is it a new one?
    expect(asked).toEqual([]);
    await context.close();
  });

  it("is small, and asks for nothing that it does not have", async () => {
    const { page, context } = await visit(held.browser, held.site);
    await page.evaluate(async () => {
      await navigator.serviceWorker.ready;
    });
    const requests = held.site.requests();
    expect(requests.every((path) => path.startsWith("/some/where/"))).toBe(true);
    const { sizes } = held.site;
    const cores = sizes.filter(({ part }) => part === "core");
    expect(cores).toHaveLength(2);
    for (const { bytes } of cores) expect(bytes).toBeLessThanOrEqual(MAX_WASM_BYTES);
    const app = sizes.filter(({ part }) => part === "app").reduce((sum, { gzip }) => sum + gzip, 0);
    const core = Math.max(...cores.map(({ gzip }) => gzip));
    console.log(`first load: ${app + core} bytes, gzip`);
    expect(app + core).toBeLessThanOrEqual(MAX_FIRST_LOAD_BYTES);
    await context.close();
  });
});
