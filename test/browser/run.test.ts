/** Running inputs, comparing with references, and taking things home: the same bits, the same files. */
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { unzipSync } from "fflate";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { readNpy, readNpyFloat64, writeNpy } from "../../ts/checkpoint/npy.js";
import { softmax } from "../../ts/core/classify.js";
import { hasChromium, needsChromium } from "../chromium.js";
import { golden, json, output, temporaryFolder } from "../cli/support.js";
import {
  appInBrowser,
  downloaded,
  dropFiles,
  openModel,
  root,
  visit,
  waitForReport,
} from "./support.js";

const models = join(root, "ts/models");
const traced = golden("stack_rms_d7_l2_t37");
const temporary = temporaryFolder();

function bitsOf(page: Page): Promise<string[]> {
  return page.locator("#run .bits").allTextContents();
}

async function shownClass(page: Page): Promise<string | null> {
  return page.locator("#run .run-class .big").textContent();
}

const LEGENDS = {
  arena: ["state", "scratch", "io", "peak", "theoretical minimum"],
  latency: ["runs by duration", "median", "95 % within"],
} as const;

describe.skipIf(!hasChromium)(`running in the page${needsChromium}`, () => {
  const held = appInBrowser();

  it.each([
    ["kws", "kws/model.mlm", "yes", "wav"],
    ["kws", "kws/model.mlm", "stop", "wav"],
    ["har", "har/model.mlm", "walking", "npy"],
    ["har", "har/model.mlm", "laying", "npy"],
    ["kws-int", "kws/model-int.mlm", "yes", "wav"],
    ["har-int", "har/model-int.mlm", "laying", "npy"],
  ])(
    "an example of %s (%s), %s, gives Node's bits and its class",
    async (name, file, example, type) => {
      const { page, context, complaints } = await visit(held.browser, held.site, {
        query: `?model=${name}`,
      });
      await waitForReport(page);
      await page.getByRole("button", { name: `example: ${example}` }).click();
      await page.waitForSelector(".run-class");
      const model = join(models, file);
      const input = join(dirname(model), `${example}.${type}`);
      const [expected] = json(["run", model, "--input", input]).results;
      expect(await bitsOf(page)).toEqual(expected.logitsBits);
      expect(await shownClass(page)).toBe(expected.label);
      expect(complaints).toEqual([]);
      await context.close();
    },
  );

  it("a .npy and a .wav of one's own give Node's bits under every schedule", async () => {
    const { page, context } = await visit(held.browser, held.site);
    await openModel(page, join(traced, "model.safetensors"));
    await waitForReport(page);
    const input = join(traced, "input.npy");
    const expected = json(["run", join(traced, "model.safetensors"), "--input", input]).results;
    for (const schedule of ["stream", "layer", "unfused"]) {
      await page.check(`input[name="schedule"][value="${schedule}"]`);
      await page.setInputFiles('input[name="input"]', input);
      await expect.poll(() => bitsOf(page)).toEqual(expected[0].logitsBits);
    }
    await openModel(page, join(models, "kws/model.mlm"));
    await waitForReport(page);
    await page.setInputFiles('input[name="input"]', join(models, "kws/on.wav"));
    const [on] = json([
      "run",
      join(models, "kws/model.mlm"),
      "--input",
      join(models, "kws/on.wav"),
    ]).results;
    await expect.poll(() => bitsOf(page)).toEqual(on.logitsBits);
    await context.close();
  });

  it("shows logits as bars to both sides of 0, with the probabilities that follow from them", async () => {
    const { page, context } = await visit(held.browser, held.site, { query: "?model=kws" });
    await waitForReport(page);
    await page.getByRole("button", { name: "example: yes" }).click();
    await page.waitForSelector(".run-class");
    const input = join(models, "kws/yes.wav");
    const [{ logits }] = json(["run", join(models, "kws/model.mlm"), "--input", input]).results;
    const rows = page.locator("#run .logits tbody tr");
    const sides = await rows.evaluateAll((all) =>
      all.map((row) => row.querySelector(".bar-signed")!.classList.contains("bar-below")),
    );
    expect(sides).toEqual(logits.map((logit: number) => logit < 0));
    const shown = await rows.evaluateAll((all) => all.map((row) => row.children[2]?.textContent));
    const expected = [...softmax(logits)].map((p) =>
      p < 0.001 ? "< 0.1 %" : `${(100 * p).toFixed(1)} %`,
    );
    expect(shown).toEqual(expected);
    await context.close();
  });

  it("frame by frame shows the state and the running class", async () => {
    const { page, context } = await visit(held.browser, held.site, { query: "?model=har" });
    await waitForReport(page);
    await page.getByRole("button", { name: "example: standing" }).click();
    await page.waitForSelector(".states canvas");
    expect(await page.textContent(".frame-number")).toBe("128 / 128");
    expect(await page.textContent(".running-class .big")).toBe("STANDING");
    const picture = () =>
      page
        .locator(".states canvas")
        .first()
        .evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
    const last = await picture();
    await page.getByRole("button", { name: "One frame back" }).click();
    await expect.poll(() => page.textContent(".frame-number")).toBe("127 / 128");
    await expect.poll(picture).not.toBe(last);
    await page.getByRole("button", { name: "One frame on" }).click();
    await expect.poll(picture).toBe(last);
    await page.getByRole("button", { name: "To the start" }).click();
    await expect.poll(() => page.textContent(".frame-number")).toBe("0 / 128");
    expect(await page.textContent(".running-class .big")).toBe("–");
    await page.getByRole("button", { name: "Play", exact: true }).click();
    await expect
      .poll(() => page.textContent(".frame-number"))
      .toMatch(/^([5-9]|[0-9]{2,}) \/ 128$/);
    await page.getByRole("button", { name: "Pause" }).click();
    await context.close();
  });

  it("takes inputs and references that are dropped anywhere", async () => {
    const { page, context } = await visit(held.browser, held.site);
    await openModel(page, join(traced, "model.safetensors"));
    await waitForReport(page);
    await dropFiles(page, [join(traced, "input.npy")]);
    await page.waitForSelector(".run-class");
    await dropFiles(page, [join(traced, "input.npy"), join(traced, "logits_float64.npy")]);
    await expect.poll(() => page.textContent(".answer")).toContain("✓ within");
    await dropFiles(page, [join(models, "har/model.mlm")]);
    await expect.poll(() => page.textContent(".identity")).toContain("17,382");
    await context.close();
  });

  it("says what is wrong with an input", async () => {
    const { page, context, complaints } = await visit(held.browser, held.site, {
      query: "?model=har",
    });
    await waitForReport(page);
    await page.setInputFiles('input[name="input"]', join(models, "kws/yes.wav"));
    await expect
      .poll(() => page.textContent("#run .message"))
      .toMatch(/yes\.wav: .*a \.npy of frames, got audio/);
    await page.setInputFiles('input[name="input"]', join(traced, "input.npy"));
    await expect
      .poll(() => page.textContent("#run .message"))
      .toMatch(/expected float32 \[T, 9\] or \[N, T, 9\], got floating-point/);
    await page.getByRole("button", { name: "example: walking" }).click();
    await expect.poll(() => shownClass(page)).toBe("WALKING");
    expect(complaints).toEqual([]);
    await context.close();
  });
});

describe.skipIf(!hasChromium)(`comparing in the page${needsChromium}`, () => {
  const held = appInBrowser();

  async function opened(): Promise<Page> {
    const { page } = await visit(held.browser, held.site);
    await openModel(page, join(traced, "model.safetensors"));
    await waitForReport(page);
    return page;
  }

  it("with a golden folder gives the command line's errors, operator by operator", async () => {
    const page = await opened();
    await page.setInputFiles('input[name="golden-folder"]', traced);
    await page.waitForSelector(".comparison");
    const expected = json(["compare", join(traced, "model.safetensors"), "--golden", traced]);
    const text = (value: number) => (value === 0 ? "0" : value.toExponential(2).replace("-", "−"));
    const answer = (await page.textContent(".answer")) ?? "";
    expect(answer).toContain("✓ within");
    expect(answer).toContain(`max error ${text(expected.maxRelative)}`);
    const rows = await page
      .getByRole("region", { name: "Errors, operator by operator" })
      .locator("tbody tr")
      .allTextContents();
    expect(rows).toEqual(
      expected.trace.operators.map(
        (one: { name: string; maxRelative: number; meanRelative: number }) =>
          `${one.name}${text(one.maxRelative)}${text(one.meanRelative)}✓`,
      ),
    );
    await page.context().close();
  });

  it("names the first operator that departs", async () => {
    const folder = temporary("departing");
    cpSync(traced, folder, { recursive: true });
    const names = readdirSync(join(folder, "trace")).sort(
      (a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10),
    );
    const wrong = names.find((name) => name.includes("conv1d"));
    if (wrong === undefined) throw new Error("the trace has no conv1d");
    const path = join(folder, "trace", wrong);
    const { data, shape } = readNpyFloat64(readFileSync(path));
    writeFileSync(
      path,
      writeNpy(
        data.map((value) => value + 0.01),
        shape,
      ),
    );
    const page = await opened();
    await page.setInputFiles('input[name="golden-folder"]', folder);
    const operator = wrong.replace(/^[0-9]+_(.*)\.npy$/, "$1");
    await expect
      .poll(() => page.locator(".answer").last().textContent())
      .toContain(`the first operator that departs is ${operator}`);
    await page.context().close();
  });

  it("with an input and wrong logits says so, and with files missing says which", async () => {
    const folder = temporary("wrong");
    mkdirSync(folder);
    const { data, shape } = readNpy(readFileSync(join(traced, "logits_float64.npy")));
    writeFileSync(join(folder, "logits.npy"), writeNpy(Float32Array.from(data).reverse(), shape));
    const page = await opened();
    await page.setInputFiles('input[name="golden"]', [
      join(traced, "input.npy"),
      join(folder, "logits.npy"),
    ]);
    await expect.poll(() => page.textContent(".answer")).toContain("✗ beyond");
    await page.setInputFiles('input[name="golden"]', [join(traced, "input.npy")]);
    await expect.poll(() => page.textContent("#compare .message")).toContain("logits_float64.npy");
    await page.context().close();
  });
});

describe.skipIf(!hasChromium)(`taking home from the page${needsChromium}`, () => {
  const held = appInBrowser();

  it("gives the blob that the command line converts", async () => {
    const { page, context } = await visit(held.browser, held.site);
    const checkpoint = join(traced, "model.safetensors");
    await openModel(page, checkpoint);
    await waitForReport(page);
    const path = temporary("converted.mlm");
    output(["convert", checkpoint, "-o", path]);
    const { name, bytes } = await downloaded(page, "Model (.mlm)");
    expect(name).toBe("model.mlm");
    expect(bytes.equals(readFileSync(path))).toBe(true);
    await context.close();
  });

  it.each([
    ["stm32h7", "stm32h743"],
    ["esp32s3", "esp32s3"],
    ["generic", ""],
  ])("gives the command line's firmware project for %s", async (target, board) => {
    const { page, context, complaints } = await visit(held.browser, held.site, {
      query: "?model=har&tile=4",
    });
    await waitForReport(page);
    await page.selectOption('select[name="target"]', target);
    const { name, bytes } = await downloaded(page, "Firmware (.zip)");
    expect(name).toBe(`har-${target}.zip`);
    const folder = temporary(`firmware-${target}`);
    output([
      ...["export", join(models, "har/model.mlm"), "--target", target, "-o", folder, "--tile", "4"],
      ...(board === "" ? [] : ["--board", board]),
    ]);
    const files = unzipSync(bytes);
    const expected = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    expect(Object.keys(files).sort()).toEqual(
      expected.map((path) => `${target}/${path.slice(folder.length + 1)}`).sort(),
    );
    for (const path of expected) {
      const inZip = files[`${target}/${path.slice(folder.length + 1)}`] ?? new Uint8Array(0);
      expect(readFileSync(path).equals(inZip), path).toBe(true);
    }
    expect(complaints).toEqual([]);
    await context.close();
  });

  it("refuses a firmware project that the board cannot hold", async () => {
    const { page, context } = await visit(held.browser, held.site, {
      query: "?model=kws&schedule=unfused",
    });
    await waitForReport(page);
    await page.selectOption('select[name="target"]', "stm32h7");
    await page.getByRole("button", { name: "Firmware (.zip)" }).click();
    await expect
      .poll(() => page.textContent("#take-home .message"))
      .toMatch(/does not fit stm32h743: .*[0-9]/);
    await context.close();
  });

  it("gives the charts as SVG that stand alone", async () => {
    const { page, context } = await visit(held.browser, held.site, { query: "?model=har" });
    await waitForReport(page);
    for (const chart of ["arena", "unfused", "layer", "stream", "latency"]) {
      const { name, bytes } = await downloaded(page, chart);
      expect(name).toBe(`har.${chart}.svg`);
      const text = bytes.toString("utf8");
      const problem = await page.evaluate((svg) => {
        const parsed = new DOMParser().parseFromString(svg, "image/svg+xml");
        return parsed.querySelector("parsererror")?.textContent ?? parsed.documentElement.tagName;
      }, text);
      expect(problem).toBe("svg");
      expect(text).not.toContain("class=");
      expect(text).not.toContain("http://127");
      expect(text).toMatch(/<rect[^>]* fill=/);
      expect(text).toMatch(/<title[^>]*>har\.mlm: (arena over time, |latency on this host)/);
      for (const entry of LEGENDS[chart === "latency" ? "latency" : "arena"]) {
        expect(text, chart).toContain(`>${entry}</text>`);
      }
    }
    await context.close();
  });

  it("gives charts that are well-formed, whatever the names of a model hold", async () => {
    const folder = golden("arch_max_relu_d7_t37");
    const arch = JSON.parse(readFileSync(join(folder, "arch.json"), "utf8"));
    const last = arch.ops.at(-1);
    last.weights ??= last.name;
    last.name = "\u0001\u001b[2J\uffff\u202e<&";
    const archFile = temporary("names.arch.json");
    writeFileSync(archFile, JSON.stringify(arch));
    const { page, context } = await visit(held.browser, held.site);
    await openModel(page, join(folder, "model.safetensors"), archFile);
    await waitForReport(page);
    const { bytes } = await downloaded(page, "arena");
    const text = bytes.toString("utf8");
    const tag = await page.evaluate(
      (svg) => new DOMParser().parseFromString(svg, "image/svg+xml").documentElement.tagName,
      text,
    );
    expect(tag).toBe("svg");
    expect(text).toContain("\\u{1}\\u{1b}[2J");
    await context.close();
  });
});
