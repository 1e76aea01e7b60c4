/**
 * Takes the pictures of README and docs/page.md, of the simulator in the browser, in Debian's Chromium: light, dark,
 * phone, live, the network. Knows nothing of what the page does beyond the names of its buttons.
 *
 *   node scripts/app-screenshots.mjs
 */
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import process, { env } from "node:process";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { preview } from "vite";
import { buildApp } from "./app.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const configFile = join(root, "ts/app/vite.config.ts");
const folder = join(root, "ts/app/screenshots");
const ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--hide-scrollbars"];
const SETTLED_MS = 2500;

const PICTURES = [
  { name: "light", theme: "light", width: 1360, height: 1290, take: wholeReport },
  { name: "dark", theme: "dark", width: 1360, height: 900, take: unfused },
  { name: "live", theme: "dark", width: 1360, height: 900, take: live },
  { name: "network", theme: "light", width: 1360, height: 900, take: network },
  { name: "phone", theme: "light", width: 390, height: 844, take: phone },
];

async function open(page, query) {
  await page.goto(query);
  await page.waitForSelector("#latency svg");
  await page.waitForTimeout(SETTLED_MS);
}

async function wholeReport(page) {
  await open(page, "?model=kws&board=esp32s3,stm32h743");
  const buffer = page.getByRole("option", { name: "layers.1.mixer.selective_scan.scan_state" });
  await buffer.hover({ position: { x: 300, y: 20 } });
  await buffer.hover({ position: { x: 310, y: 24 } });
  return page;
}

async function unfused(page) {
  await open(page, "?model=har&schedule=unfused&board=esp32s3,esp32s3-psram,stm32h743");
  await page.evaluate(() => scrollTo(0, 0));
  return page;
}

async function live(page) {
  await open(page, "?model=kws");
  await page.getByRole("button", { name: "example: yes" }).click();
  await page.getByRole("button", { name: "Replay the recordings" }).click();
  await page.locator("#live").scrollIntoViewIfNeeded();
  await page.waitForTimeout(5200);
  return page.locator("#live");
}

async function network(page) {
  await open(page, "?model=kws");
  await page.getByRole("option", { name: "layers.1.mixer 12" }).click();
  await page.waitForTimeout(SETTLED_MS);
  return page.locator("#network");
}

async function phone(page) {
  await open(page, "?model=kws");
  return page;
}

await buildApp();
mkdirSync(folder, { recursive: true });
const server = await preview({ configFile, logLevel: "error" });
const browser = await chromium.launch({
  executablePath: env.CHROMIUM ?? "/usr/bin/chromium",
  args: ARGUMENTS,
});
for (const { name, theme, width, height, take } of PICTURES) {
  const context = await browser.newContext({
    baseURL: server.resolvedUrls?.local[0] ?? "",
    viewport: { width, height },
    colorScheme: /** @type {"light" | "dark"} */ (theme),
    serviceWorkers: "block",
  });
  const page = await context.newPage();
  const path = join(folder, `${name}.png`);
  const target = await take(page);
  await target.screenshot({ path });
  console.log(`${name}.png: ${statSync(path).size} bytes`);
  await context.close();
}
await browser.close();
server.httpServer.close();
process.exit();
