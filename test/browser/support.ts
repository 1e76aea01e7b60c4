/**
 * The built page in a real Chromium: builds it, serves it from a sub-path without help of a clever
 * server, opens it, and keeps what its console says. Knows nothing of what is tested.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { buildApp } from "../../scripts/app.mjs";

export const root = fileURLToPath(new URL("../..", import.meta.url));

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
export const hasChromium = existsSync(CHROMIUM);
/** In the names of what is skipped without it. */
export const needsChromium = hasChromium
  ? ""
  : " (skipped: sudo scripts/setup.sh installs Chromium)";

const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const SUB_PATH = "/some/where/";
const PATIENCE_MS = 30_000;

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
};

export interface Site {
  readonly folder: string;
  readonly url: string;
  /** Everything that was asked for since the last call. */
  requests(): string[];
  readonly sizes: Awaited<ReturnType<typeof buildApp>>;
  close(): void;
}

/** Builds the page into a folder of its own and serves it. */
export async function startSite(): Promise<Site> {
  const folder = mkdtempSync(join(tmpdir(), "mambalite-app-"));
  const sizes = await buildApp(folder);
  const asked: string[] = [];
  const server: Server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    asked.push(pathname);
    const inside = pathname.startsWith(SUB_PATH) ? pathname.slice(SUB_PATH.length) : "\0";
    const path = join(folder, inside === "" ? "index.html" : inside.replaceAll("..", ""));
    if (inside.includes("\0") || !existsSync(path) || statSync(path).isDirectory()) {
      response.writeHead(404).end();
      return;
    }
    response.setHeader("content-type", TYPES[extname(path)] ?? "application/octet-stream");
    response.end(readFileSync(path));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    folder,
    sizes,
    url: `http://127.0.0.1:${port}${SUB_PATH}`,
    requests: () => asked.splice(0),
    close: () => {
      server.closeAllConnections();
      server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function launch(more: readonly string[] = []): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: [...ARGUMENTS, ...more] });
}

export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors and warnings of the page and its workers, and what its policy refused. */
  readonly complaints: string[];
}

export interface VisitOptions {
  readonly query?: string;
  readonly width?: number;
  readonly height?: number;
  readonly theme?: "light" | "dark";
  readonly permissions?: readonly string[];
  readonly reducedMotion?: "reduce";
}

/** A page of its own, as a first visitor has it. */
export async function visit(
  browser: Browser,
  site: Site,
  options: VisitOptions = {},
): Promise<Visit> {
  const context = await browser.newContext({
    viewport: { width: options.width ?? 1280, height: options.height ?? 900 },
    colorScheme: options.theme ?? "light",
    permissions: [...(options.permissions ?? [])],
    ...(options.reducedMotion && { reducedMotion: options.reducedMotion }),
  });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  await page.goto(site.url + (options.query ?? ""));
  return { page, context, complaints };
}

/** The site and a browser for the tests of a file. */
export function appInBrowser(more: readonly string[] = []) {
  const held = {} as { site: Site; browser: Browser };
  beforeAll(async () => {
    held.site = await startSite();
    held.browser = await launch(more);
  });
  afterAll(async () => {
    await held.browser?.close();
    held.site?.close();
  });
  return held;
}

/** Opens files as the file button does. */
export async function openModel(page: Page, ...paths: string[]): Promise<void> {
  await page.setInputFiles('input[name="model"]', paths);
}

/** Until every figure of the open model is there. */
export async function waitForReport(page: Page): Promise<void> {
  await page.waitForSelector("#operators tfoot");
  await page.waitForSelector("#latency svg");
  await expect.poll(() => page.textContent(".status-text"), { timeout: PATIENCE_MS }).toBe("ready");
}

/** What a button gives to take home. */
export async function downloaded(
  page: Page,
  button: string,
): Promise<{ name: string; bytes: Buffer }> {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: button, exact: true }).click(),
  ]);
  return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
}
