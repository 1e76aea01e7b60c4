/**
 * The built page in a real Chromium: has it built, serves it from a sub-path without help of a clever
 * server, opens it, and keeps what its console says. Knows nothing of what is tested.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { buildApp } from "../../scripts/app.mjs";
import { launch, type Served, serve } from "../chromium.js";
import { sharedFolder } from "../shared.js";

export const root = fileURLToPath(new URL("../..", import.meta.url));

const SIZES = "sizes.json";
const SUB_PATH = "/some/where/";
const PATIENCE_MS = 30_000;
export const AXE = readFileSync(
  createRequire(import.meta.url).resolve("axe-core/axe.min.js"),
  "utf8",
);

export interface Site extends Served {
  readonly folder: string;
  readonly sizes: Awaited<ReturnType<typeof buildApp>>;
}

/** Serves the page, which is built once for all tests. */
export async function startSite(): Promise<Site> {
  const built = await sharedFolder("site", async (folder) => {
    const sizes = await buildApp(join(folder, "site"));
    writeFileSync(join(folder, SIZES), JSON.stringify(sizes));
  });
  const folder = join(built, "site");
  const sizes = JSON.parse(readFileSync(join(built, SIZES), "utf8"));
  return { ...(await serve(folder, SUB_PATH)), folder, sizes };
}

export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors and warnings of the page and its workers, and what its policy refused. */
  readonly complaints: string[];
}

export interface VisitOptions {
  readonly query?: string;
  /** With the page's own patience; else this host is measured for a moment only. */
  readonly isPatient?: boolean;
  readonly width?: number;
  readonly height?: number;
  readonly theme?: "light" | "dark";
  readonly permissions?: readonly string[];
  readonly reducedMotion?: "reduce";
  /** Before anything of the page runs. */
  readonly prepare?: (page: Page) => Promise<void>;
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
  await options.prepare?.(page);
  await page.goto(site.url + queryOf(options));
  return { page, context, complaints };
}

function queryOf({ query = "", isPatient = false }: VisitOptions): string {
  if (isPatient) return query;
  return query === "" ? "?quick=1" : `${query}&quick=1`;
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

/** Drops files on a part of the page. */
export async function dropFiles(
  page: Page,
  paths: readonly string[],
  target = "main",
): Promise<void> {
  const files = paths.map((path) => ({
    name: basename(path),
    base64: readFileSync(path).toString("base64"),
  }));
  await page.evaluate(
    ({ all, selector }) => {
      const transfer = new DataTransfer();
      for (const { name, base64 } of all) {
        const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
        transfer.items.add(new File([bytes], name));
      }
      document
        .querySelector(selector)!
        .dispatchEvent(
          new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }),
        );
    },
    { all: files, selector: target },
  );
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

/** What axe-core, once it is there, finds wrong, as lines: an expression for a page. */
export const AXE_RULES = `axe
  .run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  })
  .then(({ violations }) =>
    violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => id + ": " + target + ": " + (failureSummary ?? "")),
    ),
  )`;

/** What axe-core finds wrong, as lines. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(AXE_RULES) as Promise<string[]>;
}

/** Of a report: without what is measured and what names the host. */
// biome-ignore lint/suspicious/noExplicitAny: what a program prints is what the tests are about
export function exactPart(report: any): unknown {
  const { latency: _, operators, provenance, detector, ...rest } = report;
  const { host: __, ...origin } = provenance;
  return {
    ...rest,
    ...(detector && { detector: { ...detector, hostShare: 0 } }),
    provenance: origin,
    operators: operators.map(
      ({
        hostMs: ___,
        hostShare: ____,
        ...counts
      }: object & { hostMs: number; hostShare: number }) => counts,
    ),
  };
}
