/**
 * The live demonstrations: words from Chromium's fake microphone, activities from dispatched motion
 * events, and what happens without either.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readAudio } from "../../ts/audio/index.js";
import { readNpy } from "../../ts/checkpoint/npy.js";
import { BUNDLED_MODELS } from "../../ts/models/node.js";
import { Resampler } from "../../ts/streaming/resampler.js";
import { hasChromium, launch, needsChromium } from "../chromium.js";
import { RATE_HZ, wavOf } from "../wav.js";
import { appInBrowser, root, visit, waitForReport } from "./support.js";

const PAUSE_SAMPLES = 16_000;
const MOTION = ["accelerometer", "gyroscope"];
const models = join(root, "ts/models");
const folder = mkdtempSync(join(tmpdir(), "mambalite-live-"));
const spoken = join(folder, "spoken.wav");
const FAKE_MICROPHONE = [
  "--use-fake-device-for-media-stream",
  "--use-fake-ui-for-media-stream",
  `--use-file-for-fake-audio-capture=${spoken}`,
];

function word(name: string): Float32Array {
  return readAudio(readFileSync(join(models, `kws/${name}.wav`)), RATE_HZ);
}

/** Words with a second of silence before each and at the end. */
function sentence(names: readonly string[]): Float32Array {
  const parts = names.flatMap((name) => [new Float32Array(PAUSE_SAMPLES), word(name)]);
  const all = [...parts, new Float32Array(PAUSE_SAMPLES)];
  const samples = new Float32Array(all.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of all) {
    samples.set(part, at);
    at += part.length;
  }
  return samples;
}

async function heardBy(page: Page): Promise<string[]> {
  return page.locator(".heard li").allTextContents();
}

async function realTimeShare(page: Page): Promise<number> {
  return Number(await page.getAttribute("[data-share]", "data-share"));
}

describe.skipIf(!hasChromium)(`keyword spotting${needsChromium}`, () => {
  beforeAll(() => {
    writeFileSync(spoken, wavOf(sentence(["yes", "stop", "on"])));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const held = appInBrowser(FAKE_MICROPHONE);

  it("names the words that the microphone hears, in a fraction of real time", async () => {
    const { page, context, complaints } = await visit(held.browser, held.site, {
      query: "?model=kws",
    });
    await page.evaluate(async () => {
      await navigator.serviceWorker.ready;
    });
    await page.reload(); // from now on as it is at every later visit
    await waitForReport(page);
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    await page.getByRole("button", { name: "Listen to the microphone" }).click();
    await expect
      .poll(async () => (await heardBy(page)).slice(0, 12).reverse().join(" "), { timeout: 20_000 })
      .toMatch(/yes.*stop.*on/);
    expect(await realTimeShare(page)).toBeLessThan(0.1);
    expect(await realTimeShare(page)).toBeGreaterThan(0);
    const colours = await page.locator(".spectrogram canvas").evaluate((canvas) => {
      const { width, height } = canvas as HTMLCanvasElement;
      const { data } = (canvas as HTMLCanvasElement)
        .getContext("2d")!
        .getImageData(0, 0, width, height);
      return new Set(new Uint32Array(data.buffer)).size;
    });
    expect(colours).toBeGreaterThan(30);
    await page.getByRole("button", { name: "Stop", exact: true }).last().click();
    await expect.poll(() => page.textContent("#live .fine")).toBe("not listening");
    expect(complaints).toEqual([]);
    await context.close();
  });

  it("runs for ten minutes of audio in constant memory", async () => {
    const { page, context } = await visit(held.browser, held.site);
    const { name: workerFile } = held.site.sizes.find(({ name }) =>
      /simulator-.*\.js$/.test(name),
    )!;
    const { name: blobFile } = held.site.sizes.find(
      ({ name }) => name.endsWith(".mlm") && name.includes("model"),
    )!;
    const kws = held.site.sizes
      .filter(({ name }) => name.endsWith(".mlm") && name.includes("model"))
      .sort((a, b) => b.bytes - a.bytes)[0]!.name;
    const running = held.site.sizes.find(({ name }) => /running-.*\.mlm$/.test(name))!.name;
    expect(blobFile).toBeDefined();
    const clip = Array.from(sentence(["yes"]));
    const result = await page.evaluate(
      async ({ workerUrl, blobUrl, runningUrl, events, samples, minutes, rateHz }) => {
        const worker = new Worker(workerUrl, { type: "module" });
        const call = (name: string, input: unknown, transfer: Transferable[] = []) =>
          new Promise<unknown>((resolve, reject) => {
            worker.onmessage = ({ data }) => {
              if ("problem" in data) reject(new Error(data.problem.message));
              if ("output" in data) resolve(data.output);
            };
            worker.postMessage({ id: 1, name, input }, transfer);
          });
        await call("open", {
          source: { name: "kws.mlm", from: new URL(blobUrl, location.href).href },
          fold: false,
        });
        const [source, notes] = [new MessageChannel(), new MessageChannel()];
        const address = new URL(runningUrl, location.href).href;
        const choice = { running: { address, events }, windowFrames: 98 };
        await call("listen", { source: source.port2, notes: notes.port2, choice }, [
          source.port2,
          notes.port2,
        ]);
        const audio = Float32Array.from(samples);
        const BLOCK = 4096;
        const total = minutes * 60 * rateHz;
        const memory: number[] = [];
        const classes: number[] = [];
        let frames = 0;
        const started = performance.now();
        for (let at = 0; at < total; at += BLOCK) {
          const block = Float32Array.from(
            { length: BLOCK },
            (_, i) => audio[(at + i) % audio.length]!,
          );
          const note = await new Promise<{
            arenaBytes: number;
            heard: number[];
            frames: number;
          }>((resolve) => {
            notes.port1.onmessage = ({ data }) => resolve(data);
            source.port1.postMessage(block);
          });
          memory.push(note.arenaBytes);
          classes.push(...note.heard);
          frames = note.frames;
        }
        const ms = performance.now() - started;
        worker.terminate();
        return { memory: [...new Set(memory)], classes: [...new Set(classes)], frames, ms };
      },
      {
        ...{ workerUrl: workerFile, blobUrl: kws, runningUrl: running },
        events: BUNDLED_MODELS[0]!.stream!.running.events,
        ...{ samples: clip, minutes: 10, rateHz: RATE_HZ },
      },
    );
    expect(result.memory).toHaveLength(1);
    expect(result.frames).toBeGreaterThanOrEqual(59_998);
    expect(result.classes).toContain(5);
    expect(result.ms).toBeLessThan(60_000);
    console.log(
      `ten minutes of audio in ${(result.ms / 1000).toFixed(1)} s, ${result.memory[0]} bytes`,
    );
    await context.close();
  });

  it("replays the recordings without a microphone", async () => {
    const { page, context } = await visit(held.browser, held.site, { query: "?model=kws" });
    await waitForReport(page);
    await page.getByRole("button", { name: "Replay the recordings" }).click();
    await expect
      .poll(async () => (await heardBy(page)).reverse().join(" "), { timeout: 20_000 })
      .toMatch(/yes.*stop.*on/);
    await expect
      .poll(() => page.textContent("#live .fine"), { timeout: 10_000 })
      .toBe("not listening");
    expect(await page.textContent("#live .answer")).toBe("✓ all 3 recordings recognised");
    expect(await page.getAttribute("[data-live-class]", "data-live-class")).toBe("on");
    expect(await page.getByRole("button", { name: "Stop", exact: true }).count()).toBe(0);
    await context.close();
  });

  it("comes first where something can be heard, and takes little room until it is begun", async () => {
    const { page, context } = await visit(held.browser, held.site, { query: "?model=kws" });
    await waitForReport(page);
    const first = page.locator(".figures > section").first();
    expect(await first.getAttribute("id")).toBe("live");
    expect((await first.boundingBox())!.height).toBeLessThan(200);
    expect(await page.locator(".contents a").first().textContent()).toBe("Live");
    await context.close();
  });
});

describe.skipIf(!hasChromium)(`without a microphone${needsChromium}`, () => {
  const held = appInBrowser();

  it("says so when it is refused, or when there is none, and offers the replay", async () => {
    const { page, context } = await visit(held.browser, held.site, { query: "?model=kws" });
    await waitForReport(page);
    for (const [name, message] of [
      ["NotAllowedError", /refused.*replay/i],
      ["NotFoundError", /no microphone.*replay/i],
    ] as const) {
      await page.evaluate((error) => {
        navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", error));
      }, name);
      await page.getByRole("button", { name: "Listen to the microphone" }).click();
      await expect.poll(() => page.textContent("#live .message")).toMatch(message);
      expect(await page.textContent("#live .fine")).toBe("not listening");
    }
    expect(await page.getByRole("button", { name: "Replay the recordings" }).isEnabled()).toBe(
      true,
    );
    await context.close();
  });

  it("says so when Chromium itself refuses", async () => {
    const browser: Browser = await launch([
      "--use-fake-device-for-media-stream",
      "--deny-permission-prompts",
    ]);
    try {
      const { page } = await visit(browser, held.site, { query: "?model=kws" });
      await waitForReport(page);
      await page.getByRole("button", { name: "Listen to the microphone" }).click();
      await expect.poll(() => page.textContent("#live .message")).toMatch(/refused/);
    } finally {
      await browser.close();
    }
  });
});

describe.skipIf(!hasChromium)(`activity recognition${needsChromium}`, () => {
  const held = appInBrowser();

  it("names the activity that the motion sensors report", async () => {
    const { page, context, complaints } = await visit(held.browser, held.site, {
      query: "?model=har",
      permissions: MOTION,
    });
    await waitForReport(page);
    const { data } = readNpy(readFileSync(join(models, "har/walking.npy")));
    await page.evaluate((values) => {
      const G = 9.80665;
      const DEGREES = 180 / Math.PI;
      const axes = (x: number, y: number, z: number, factor: number) => ({
        x: x * factor,
        y: y * factor,
        z: z * factor,
      });
      let frame = 0;
      const timer = setInterval(() => {
        const [ax, ay, az, gx, gy, gz, tx, ty, tz] = values.slice(9 * (frame % 128)) as [
          ...(readonly [number, number, number, number, number, number, number, number, number]),
        ];
        frame++;
        dispatchEvent(
          new DeviceMotionEvent("devicemotion", {
            interval: 20,
            acceleration: axes(ax, ay, az, G),
            accelerationIncludingGravity: axes(tx, ty, tz, G),
            rotationRate: { alpha: gz * DEGREES, beta: gx * DEGREES, gamma: gy * DEGREES },
          }),
        );
        if (frame > 900) clearInterval(timer);
      }, 20);
    }, Array.from(data));
    await page.getByRole("button", { name: "Use the motion sensors" }).click();
    await expect
      .poll(() => page.getAttribute("[data-live-class]", "data-live-class"), { timeout: 15_000 })
      .toMatch(/^WALKING/);
    expect(await realTimeShare(page)).toBeLessThan(0.1);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it("says so when the sensors are refused", async () => {
    const { page, context } = await visit(held.browser, held.site, { query: "?model=har" });
    await waitForReport(page);
    await page.evaluate(() => {
      Object.assign(DeviceMotionEvent, { requestPermission: () => Promise.resolve("denied") });
    });
    await page.getByRole("button", { name: "Use the motion sensors" }).click();
    await expect.poll(() => page.textContent("#live .message")).toMatch(/refused.*replay/);
    await context.close();
  });

  it("says so when no sensor reports anything, and replays recordings", async () => {
    const { page, context } = await visit(held.browser, held.site, {
      query: "?model=har",
      permissions: MOTION,
    });
    await waitForReport(page);
    await page.getByRole("button", { name: "Use the motion sensors" }).click();
    await expect.poll(() => page.textContent("#live .message")).toMatch(/No motion sensor.*replay/);
    await page.getByRole("button", { name: "Replay the recordings" }).click();
    await expect.poll(() => heardBy(page), { timeout: 20_000 }).toContain("LAYING");
    expect(await heardBy(page)).toContain("WALKING");
    expect(await heardBy(page)).toContain("STANDING");
    await context.close();
  });
});

describe("the resampler", () => {
  it("keeps tones below the new limit, and removes those above it", () => {
    const level = (fromHz: number, toHz: number, toneHz: number): number => {
      const resampler = new Resampler(fromHz, toHz);
      const output: number[] = [];
      for (let block = 0; block < 100; block++) {
        const samples = Float32Array.from({ length: 128 }, (_, i) =>
          Math.sin((2 * Math.PI * toneHz * (block * 128 + i)) / fromHz),
        );
        output.push(...resampler.push(samples));
      }
      expect(output.length).toBeGreaterThan(((100 * 128 - 100) * toHz) / fromHz);
      const settled = output.slice(500);
      return Math.sqrt(settled.reduce((sum, value) => sum + value * value, 0) / settled.length);
    };
    for (const tone of [100, 1000, 6000]) {
      expect(level(48_000, 16_000, tone)).toBeCloseTo(Math.SQRT1_2, 2);
      expect(level(44_100, 16_000, tone)).toBeCloseTo(Math.SQRT1_2, 2);
    }
    expect(level(48_000, 16_000, 10_000)).toBeLessThan(0.001);
    expect(level(44_100, 16_000, 12_000)).toBeLessThan(0.001);
  });
});
