/** Opens a page in a real Chromium, if there is one, and gives back what it logs as its result. */
import { existsSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { chromium } from "playwright-core";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";

export const hasChromium = existsSync(CHROMIUM);

const PREFIX = "result:";
const TIMEOUT_MS = 30_000;

/** What the page logs as `result:...`. @throws with everything it logged when it does not. */
export async function resultOf(url: string): Promise<string> {
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  try {
    const page = await browser.newPage();
    const logged: string[] = [];
    page.on("pageerror", (error) => logged.push(String(error)));
    const message = page.waitForEvent("console", {
      timeout: TIMEOUT_MS,
      predicate: (entry) => {
        logged.push(entry.text());
        return entry.text().startsWith(PREFIX);
      },
    });
    const [entry] = await Promise.all([message, page.goto(url)]).catch((error) => {
      throw new Error(`${error}\nthe page logged:\n${logged.join("\n")}`);
    });
    return entry.text().slice(PREFIX.length);
  } finally {
    await browser.close();
  }
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".wasm": "application/wasm",
};

/** Serves a folder on this machine; the address ends in a slash. */
export async function serve(folder: string): Promise<{ url: string; server: Server }> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const path = join(folder, pathname.endsWith("/") ? `${pathname}index.html` : pathname);
    if (!existsSync(path)) {
      response.writeHead(404).end();
      return;
    }
    response.setHeader("content-type", TYPES[extname(path)] ?? "application/octet-stream");
    response.end(readFileSync(path));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, server };
}
