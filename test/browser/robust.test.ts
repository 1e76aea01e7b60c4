/** Speed, hostile files, and memory over many models: the page lives on and stays responsive. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { hasChromium, needsChromium } from "../chromium.js";
import { temporaryFolder } from "../cli/support.js";
import { appInBrowser, openModel, root, type Site, visit, waitForReport } from "./support.js";

const PAPER = join(root, "../shared/data/paper_kws10/model.pth");
const PAPER_MISSING = existsSync(PAPER)
  ? ""
  : " (skipped: ../shared/data/paper_kws10 is not on this machine)";
const checkpoint = join(root, "ts/models/kws/model.safetensors");
/**
 * In tables of 1,200 cells that the same page makes and lays out just before: some 40 ms each where a report takes 0.9 s
 * and its longest task 60 ms. Milliseconds are a machine's, and another one's tomorrow.
 */
const MAX_REPORT = 32;
const MAX_TASK = 2.5;
const TRIES = 3;
/** 200 models that are not given back are 200 MiB. */
const MAX_GROWTH_BYTES = 16 * 2 ** 20;
/** Until the engine's own caches have their size; they take some 25 MiB. */
const WARM_UP_MODELS = 800;
const temporary = temporaryFolder();

interface DropTimes {
  /** Of a table. */
  readonly tableMs: number;
  readonly reportMs: number;
  readonly longestTaskMs: number;
}

/** Drops a file on the page and waits for the whole report, timed inside the page. */
async function drop(page: Page, path: string): Promise<DropTimes> {
  const { name, file } = { name: path.slice(path.lastIndexOf("/") + 1), file: readFileSync(path) };
  const dropped = await page.evaluateHandle(
    ({ title, base64 }) => {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      return new File([bytes], title);
    },
    { title: name, base64: file.toString("base64") },
  );
  return page.evaluate(
    async ({ model, quietMs }) => {
      await new Promise((resolve) => setTimeout(resolve, quietMs)); // what came before is over
      const timeOfTable = () => {
        const begin = performance.now();
        const table = document.createElement("table");
        for (let i = 0; i < 150; i++) {
          const row = table.insertRow();
          for (let j = 0; j < 8; j++)
            row.insertCell().textContent = (1000 * i + j).toLocaleString("en-US");
        }
        document.body.append(table);
        void table.offsetHeight; // lays it out
        table.remove();
        return performance.now() - begin;
      };
      const tables = Array.from({ length: 5 }, timeOfTable).sort((a, b) => a - b);
      await new Promise((resolve) => setTimeout(resolve, quietMs));
      const tasks: number[] = [];
      const observer = new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) tasks.push(entry.duration);
      });
      observer.observe({ type: "longtask" });
      const transfer = new DataTransfer();
      transfer.items.add(model);
      const start = performance.now();
      document
        .querySelector("main")!
        .dispatchEvent(
          new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }),
        );
      const isComplete = () =>
        document.querySelector("#operators tfoot") !== null &&
        document.querySelector("#latency svg") !== null &&
        document.querySelector("#schedules .schedule svg") !== null &&
        document.querySelector("#arena svg") !== null &&
        document.querySelector("#verdict .board") !== null;
      await new Promise<void>((resolve) => {
        const check = () => (isComplete() ? resolve() : void requestAnimationFrame(check));
        check();
      });
      const reportMs = performance.now() - start;
      await new Promise((resolve) => setTimeout(resolve, 3 * quietMs)); // refining goes on
      observer.disconnect();
      return { tableMs: tables[2]!, reportMs, longestTaskMs: Math.max(0, ...tasks) };
    },
    { model: dropped, quietMs: 500 },
  );
}

/** Other programs may have the processors for a moment: one of several tries has to be undisturbed. */
async function checkDrop(held: { browser: Browser; site: Site }, path: string): Promise<void> {
  const said: string[] = [];
  for (let i = 0; i < TRIES; i++) {
    const { page, context, complaints } = await visit(held.browser, held.site, { isPatient: true });
    const { tableMs, reportMs, longestTaskMs } = await drop(page, path);
    const [report, task] = [reportMs / tableMs, longestTaskMs / tableMs];
    const shown = `${reportMs.toFixed(0)} ms, longest task ${longestTaskMs.toFixed(0)} ms`;
    said.push(`${shown}: ${report.toFixed(1)} and ${task.toFixed(1)} tables`);
    expect(complaints).toEqual([]);
    await context.close();
    if (report <= MAX_REPORT && task <= MAX_TASK) {
      console.log(`dropped: ${said.join("; ")}`);
      return;
    }
  }
  expect.fail(said.join("; "));
}

describe.skipIf(!hasChromium)(`a dropped checkpoint${needsChromium}`, () => {
  const held = appInBrowser(["--js-flags=--expose-gc"]);

  it("is a complete report within the time of 32 tables, and no task takes that of 2.5", () =>
    checkDrop(held, checkpoint));

  it.skipIf(!existsSync(PAPER))(`is so, too, when it is the paper's${PAPER_MISSING}`, () =>
    checkDrop(held, PAPER),
  );
});

/** A safetensors file whose header says that a tensor has 4 GB. */
function claimsFourGigabytes(): Uint8Array {
  const size = 4 * 1024 ** 3;
  const header = JSON.stringify({
    "linear_in.weight": { dtype: "F32", shape: [32_768, 32_768], data_offsets: [0, size] },
  });
  const bytes = new Uint8Array(8 + header.length + 64);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  bytes.set(new TextEncoder().encode(header), 8);
  return bytes;
}

/** A zip's central directory entry can claim any size for what it holds. */
function zipThatClaimsFourGigabytes(): Uint8Array {
  const bytes = new Uint8Array(
    readFileSync(join(root, "test/golden/checkpoint", firstTorchFile())),
  );
  const view = new DataView(bytes.buffer);
  for (let at = 0; at + 46 < bytes.length; at++) {
    if (view.getUint32(at, true) !== 0x02014b50) continue;
    view.setUint32(at + 20, 0xfffffff0, true);
    view.setUint32(at + 24, 0xfffffff0, true);
  }
  return bytes;
}

function firstTorchFile(): string {
  const name = readdirSync(join(root, "test/golden/checkpoint")).find((file) =>
    /\.(pth|pt)$/.test(file),
  );
  if (name === undefined) throw new Error("no PyTorch checkpoint among the golden files");
  return name;
}

describe.skipIf(!hasChromium)(`hostile files${needsChromium}`, () => {
  const held = appInBrowser();

  it("get one clear line each, and the open model stays", async () => {
    const folder = temporary("hostile");
    mkdirSync(folder);
    const blob = new Uint8Array(readFileSync(join(root, "ts/models/har/model.mlm")));
    const damaged = blob.slice();
    damaged[5000] = (damaged[5000] ?? 0) ^ 1;
    const cases: readonly (readonly [string, Uint8Array | string, RegExp])[] = [
      [
        "page.pth",
        "<!doctype html><html><body>404</body></html>",
        /not a valid pth file: it looks like an HTML page/,
      ],
      ["huge.safetensors", claimsFourGigabytes(), /not a valid safetensors file: .*4294967296/],
      ["huge.pth", zipThatClaimsFourGigabytes(), /not a valid .* file/],
      ["empty.pt", "", /it is empty/],
      ["picture.pth", Buffer.from("\x89PNG\r\n\x1a\n0000", "latin1"), /PNG image/],
      ["short.mlm", blob.slice(0, 1000), /its length is not what its header says/],
      ["damaged.mlm", damaged, /bytes have changed since it was written/],
      ["arch.json", "{}", /expected a \.pth/],
    ];
    const { page, context, complaints } = await visit(held.browser, held.site, {
      isPatient: true,
      query: "?model=har",
    });
    await waitForReport(page);
    const shown = await page.textContent("#arena .exact-bytes");
    for (const [name, content, message] of cases) {
      const path = join(folder, name);
      writeFileSync(path, content);
      await openModel(page, path);
      await expect
        .poll(() => page.textContent("main > .message-problem"), { message: name })
        .toMatch(message);
      const text = (await page.textContent("main > .message-problem")) ?? "";
      expect(text).not.toContain("\n");
      expect(text).not.toContain("unexpected error");
      expect(await page.textContent("#arena .exact-bytes")).toBe(shown);
    }
    await page.getByRole("button", { name: "example: walking" }).click();
    await expect.poll(() => page.textContent(".run-class .big")).toBe("WALKING");
    await openModel(page, join(root, "ts/models/kws/model.mlm"));
    await waitForReport(page);
    await expect.poll(() => page.textContent("main > .message-problem")).toBe("");
    expect(complaints).toEqual([]);
    await context.close();
  });

  it("and a bundled model that does not exist is named", async () => {
    const { page, context, complaints } = await visit(held.browser, held.site, {
      isPatient: true,
      query: "?model=nothing",
    });
    await expect
      .poll(() => page.textContent("main > .message-problem"))
      .toContain('no bundled model "nothing"');
    expect(complaints).toEqual([]);
    await context.close();
  });
});

/** Resident bytes of all of the browser's pages (Linux), after what is garbage is collected. */
async function rendererBytes(page: Page): Promise<number> {
  const collect = () => (globalThis as unknown as { gc: () => void }).gc();
  for (let i = 0; i < 3; i++) {
    for (const worker of page.workers()) await worker.evaluate(collect);
    await page.evaluate(collect);
  }
  const session = await page.context().browser()!.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  const bytes = processInfo
    .filter(({ type }) => type === "renderer")
    .map(
      ({ id }) =>
        Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${id}/status`, "utf8"))?.[1]) * 1024,
    );
  await session.detach();
  return bytes.reduce((sum, value) => sum + value, 0);
}

describe.skipIf(!hasChromium || !existsSync("/proc/self/status"))(
  `many models${needsChromium}`,
  () => {
    const held = appInBrowser(["--js-flags=--expose-gc"]);

    it("loaded and disposed of 200 times take no more memory", async () => {
      const { page, context } = await visit(held.browser, held.site, { isPatient: true });
      const { name: workerFile } = held.site.sizes.find(({ name }) =>
        /simulator-.*\.js$/.test(name),
      )!;
      const blobs = held.site.sizes
        .filter(({ name }) => name.endsWith(".mlm"))
        .map(({ name }) => name);
      await page.evaluate((workerUrl) => {
        const worker = new Worker(workerUrl, { type: "module" });
        const call = (name: string, input: unknown) =>
          new Promise<unknown>((resolve, reject) => {
            worker.onmessage = ({ data }) => {
              if ("problem" in data) reject(new Error(data.problem.message));
              if ("output" in data) resolve(data.output);
            };
            worker.postMessage({ id: 1, name, input });
          });
        Object.assign(globalThis, { call });
      }, workerFile);
      const load = (times: number) =>
        page.evaluate(
          async ({ urls, count }) => {
            const files = await Promise.all(
              urls.map(
                async (url) => new File([await (await fetch(url)).arrayBuffer()], "model.mlm"),
              ),
            );
            // biome-ignore lint/suspicious/noExplicitAny: set above
            const call = (globalThis as any).call as (
              name: string,
              input: unknown,
            ) => Promise<unknown>;
            const choice = { schedule: "unfused", tile: 1, frames: 98, budget: 0 };
            const run = { choice, input: null, name: "generated" };
            const sizes = new Set<unknown>();
            for (let i = 0; i < count; i++) {
              const from = files[i % files.length]!;
              await call("open", { source: { name: from.name, from }, fold: false });
              await call("plan", choice);
              await call("run", run);
              if (i % urls.length === 0) sizes.add(await call("memory", null));
            }
            return sizes.size;
          },
          { urls: blobs, count: times },
        );
      await load(WARM_UP_MODELS);
      const before = await rendererBytes(page);
      expect(await load(200)).toBe(1);
      const growth = (await rendererBytes(page)) - before;
      console.log(`200 models: ${(growth / 2 ** 20).toFixed(1)} MiB more`);
      expect(growth).toBeLessThan(MAX_GROWTH_BYTES);
      await context.close();
    });
  },
);
