/** The views of the page are linked: an operator that is pointed at or focused shows its buffers, bytes and times everywhere. */
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { hasChromium, needsChromium } from "../chromium.js";
import { json, kws } from "../cli/support.js";
import { appInBrowser, violations, visit, waitForReport } from "./support.js";

const OP = "layers.1.mixer.selective_scan";

function grouped(value: number): string {
  return value.toLocaleString("en-US");
}

/** Names of the buffers that stand out in the arena. */
function marked(page: Page): Promise<string[]> {
  return page
    .locator("#arena .box-marked")
    .evaluateAll((boxes) =>
      boxes.map((box) => box.parentElement?.getAttribute("aria-label")?.split(",")[0] ?? ""),
    );
}

describe.skipIf(!hasChromium)(`linked views${needsChromium}`, () => {
  const held = appInBrowser();

  it("an operator under the pointer: its buffers, its bytes, its time on the boards", async () => {
    const { plan, boards } = json(["profile", kws, "--tile", "1", "--board", "esp32s3,stm32h743"]);
    const own = plan.buffers.filter(({ name }: { name: string }) => name.startsWith(`${OP}.`));
    const bytes = own.reduce((sum: number, one: { bytes: number }) => sum + one.bytes, 0);
    const { page, context, complaints } = await visit(held.browser, held.site, {
      query: "?model=kws&tile=1",
    });
    await waitForReport(page);
    const row = page.locator("#operators tbody tr", { hasText: OP });
    await row.locator("td").nth(2).hover();
    const facts = page.locator("#operator-facts");
    await expect.poll(() => facts.textContent()).toContain(`${OP}: `);
    const text = (await facts.textContent()) ?? "";
    expect(text).toContain(`of ${grouped(bytes)} bytes (`);
    expect(text).toContain(` of ${grouped(plan.arenaBytes)} bytes in use meanwhile`);
    for (const { id, time } of boards) {
      const { ms } = time.operators.find(({ name }: { name: string }) => name === OP);
      const [, shown] = new RegExp(`about ([0-9.,]+) of [0-9.,]+ ms on ${id}`).exec(text) ?? [];
      expect(Number(shown)).toBeCloseTo(ms, 1);
    }
    expect(await marked(page)).toEqual(own.map(({ name }: { name: string }) => name));
    expect(await page.locator("#arena .band").count()).toBe(1);
    expect(await page.locator(".graph-card-pointed").allTextContents()).toHaveLength(1);
    await page.locator("#latency h2").hover();
    await expect.poll(() => marked(page)).toEqual([]);
    expect(await facts.textContent()).toMatch(/^Point at an operator/);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it("the same by keyboard, and from the arena and the network", async () => {
    const { page, context } = await visit(held.browser, held.site, { query: "?model=kws&tile=1" });
    await waitForReport(page);
    const name = page.getByRole("button", { name: "layers.0.mixer.conv1d", exact: true });
    await name.focus();
    await expect.poll(() => marked(page)).toContain("layers.0.mixer.conv1d.conv_state");
    expect(await name.getAttribute("aria-describedby")).toBe("operator-facts");
    await page.keyboard.press("ArrowDown");
    await expect
      .poll(() => page.textContent("#operator-facts"))
      .toMatch(/^layers\.0\.mixer\.x_proj: 1 buffer/);
    await page.locator("#arena [role=listbox]").focus();
    await page.keyboard.press("Home");
    await page.keyboard.press("ArrowUp");
    const readout = (await page.textContent("#arena .readout")) ?? "";
    const op = readout.slice(0, readout.indexOf(",")).replace(/\.[^.]*$/, "");
    await expect.poll(() => page.locator(".row-pointed .row-name").allTextContents()).toContain(op);
    const card = page.getByRole("option", { name: "layers.2.mixer 12" });
    await card.hover();
    await expect.poll(() => page.locator(".row-pointed").count()).toBeGreaterThan(3);
    expect(await page.textContent("#network .readout")).toMatch(/bytes in use meanwhile/);
    expect(await violations(page)).toEqual([]);
    await context.close();
  });
});
