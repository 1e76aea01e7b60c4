/** The page's main walks in a real Firefox, driven over WebDriver BiDi: the same figures, the same bits, nothing complained of. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import puppeteer, { type Browser, type ElementHandle, type Page } from "puppeteer-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { golden, json } from "../cli/support.js";
import { AXE, AXE_RULES, exactPart, root, type Site, startSite } from "./support.js";

const FIREFOX = process.env.FIREFOX ?? "/usr/bin/firefox-esr";
const hasFirefox = existsSync(FIREFOX);
const needsFirefox = hasFirefox ? "" : " (skipped: sudo scripts/setup.sh installs Firefox)";
const PATIENCE_MS = 60_000;

interface Opened {
  readonly page: Page;
  readonly complaints: string[];
}

describe.skipIf(!hasFirefox)(`the page in Firefox${needsFirefox}`, () => {
  let browser: Browser;
  let site: Site;

  beforeAll(async () => {
    site = await startSite();
    browser = await puppeteer.launch({ browser: "firefox", executablePath: FIREFOX });
  });

  afterAll(async () => {
    await browser?.close();
    site?.close();
  });

  async function open(query = "", width = 1280): Promise<Opened> {
    const page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    await page.setViewport({ width, height: 900 });
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => {
      if (["error", "warn"].includes(message.type())) complaints.push(message.text());
    });
    await page.goto(site.url + query);
    return { page, complaints };
  }

  it("reports the figures of `profile --json`", async () => {
    const { page, complaints } = await open(
      "?model=kws&schedule=stream&tile=1&frames=60&board=esp32s3&quick=1",
    );
    await waitForReport(page);
    const expected = json([
      "profile",
      "kws",
      "--frames",
      "60",
      "--tile",
      "1",
      "--board",
      "esp32s3",
    ]);
    const report = await savedText(page, "Report (.json)");
    expect(exactPart(JSON.parse(report))).toEqual(exactPart(expected));
    expect(complaints).toEqual([]);
    await page.close();
  });

  it.each([
    ["kws", "yes", "wav"],
    ["har-int", "laying", "npy"],
  ])("runs an example of %s, %s, to Node's bits", async (name, example, type) => {
    const { page, complaints } = await open(`?model=${name}&quick=1`);
    await waitForReport(page);
    await (await button(page, `example: ${example}`)).click();
    await page.waitForSelector(".run-class");
    const input = join(root, "ts/models", name.replace("-int", ""), `${example}.${type}`);
    const [expected] = json(["run", name, "--input", input]).results;
    const bits = await page.$$eval("#run .bits", (all) => all.map((one) => one.textContent));
    expect(bits).toEqual(expected.logitsBits);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it("opens a checkpoint by the file button, by keyboard redraws it, and has no accessibility violations", async () => {
    const { page, complaints } = await open();
    const input = (await page.$('input[name="model"]')) as ElementHandle<HTMLInputElement>;
    await input.uploadFile(join(golden("stack_rms_d7_l2_t37"), "model.safetensors"));
    await waitForReport(page);
    await page.focus('input[name="frames"]');
    await page.keyboard.type("0");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => location.search.includes("frames="));
    await waitForReport(page);
    await page.evaluate(AXE);
    expect(await page.evaluate(AXE_RULES)).toEqual([]);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it.each([360, 2560])("fits a width of %d pixels", async (width) => {
    const { page } = await open("?model=har", width);
    await waitForReport(page);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(
      width,
    );
    await page.close();
  });

  it("works after the first visit without its server", async () => {
    const own = await startSite();
    const page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    await page.goto(own.url);
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
    await page.waitForFunction(async () => (await caches.keys()).length > 0);
    own.close();
    await page.goto(`${own.url}?model=har&tile=4`);
    await waitForReport(page);
    await page.close();
  });
});

async function waitForReport(page: Page): Promise<void> {
  await page.waitForSelector("#operators tfoot");
  await page.waitForSelector("#latency svg");
  await page.waitForFunction(() => document.querySelector(".status-text")?.textContent === "ready");
}

async function button(page: Page, name: string): Promise<ElementHandle<Element>> {
  return (await page.waitForSelector(`aria/${name}[role="button"]`)) as ElementHandle<Element>;
}

/** What a button gives to take home, without the browser's own dialogue. */
async function savedText(page: Page, name: string): Promise<string> {
  await page.evaluate(() => {
    const make = URL.createObjectURL;
    URL.createObjectURL = (blob) => {
      Object.assign(globalThis, { saved: blob });
      return make.call(URL, blob);
    };
    HTMLAnchorElement.prototype.click = () => {};
  });
  await (await button(page, name)).click();
  await page.waitForFunction(() => "saved" in globalThis);
  return page.evaluate(() => (globalThis as unknown as { saved: Blob }).saved.text());
}
