/** Files of people's own networks on the page: the exported one, and one whose names say nothing. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readSafetensors, writeSafetensors } from "../../ts/checkpoint/index.js";
import { json } from "../cli/support.js";
import { appInBrowser, openModel, root, visit, waitForReport } from "./support.js";

const held = appInBrowser();
const folder = mkdtempSync(join(tmpdir(), "mambalite-draft-"));
const golden = join(root, "test/golden");

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** The golden stack with its first layer under another name, its tensors in PyTorch's order. */
function strangeCheckpoint(): string {
  const { tensors } = readSafetensors(
    readFileSync(join(golden, "stack_rms_d7_l2_t37/model.safetensors")),
  );
  const renamed = [...tensors.values()].map((tensor) => ({
    ...tensor,
    name: tensor.name.replace(/^linear_in/, "embed").replace(/^layers/, "blocks"),
  }));
  const path = join(folder, "strange.safetensors");
  writeFileSync(path, writeSafetensors(renamed));
  return path;
}

describe("a checkpoint of unknown names", () => {
  it("is shown as what it probably is, and opens with the arch file that was edited", async () => {
    const { page, complaints } = await visit(held.browser, held.site);
    await openModel(page, strangeCheckpoint());
    await page.waitForSelector(".draft tbody tr");
    expect(await page.textContent(".draft")).toMatch(/order of the operators is a guess/);
    expect(await page.textContent(".draft table")).toMatch(/embed.*linear.*sure/);
    const editor = page.getByLabel("Arch file");
    const text = await editor.inputValue();
    await editor.fill(text.replace('"pool": "mean"', '"pool": "meen"'));
    await page.getByRole("button", { name: "Open with this" }).click();
    await expect.poll(() => page.textContent(".message-problem")).toMatch(/got "meen"/);
    await editor.fill(text);
    await page.getByRole("button", { name: "Open with this" }).click();
    await waitForReport(page);
    expect(await page.locator(".draft").count()).toBe(0);
    expect(await page.textContent(".assumptions")).toMatch(/Guessed of pool/);
    expect(complaints).toEqual([]);
  });
});

describe("an exported file", () => {
  it("opens, and takes inputs in the module's own shape", async () => {
    const exported = join(golden, "exported_two_outputs");
    expect(existsSync(exported)).toBe(true);
    const { page, complaints } = await visit(held.browser, held.site);
    await openModel(page, join(exported, "model.safetensors"));
    await waitForReport(page);
    expect(await page.textContent(".identity")).toMatch(/safetensors, exported/);
    await page.setInputFiles('#run input[type="file"]', join(exported, "input.npy"));
    await expect.poll(() => page.textContent("#run")).toMatch(/input\.npy/);
    expect(await page.textContent(".message-problem")).toBe("");
    expect(await page.textContent("#run")).toContain("inputs are [N, 3, T]");
    expect(complaints).toEqual([]);
  });

  it("gives outputs in the module's own shapes: the bits of `run --json`", async () => {
    const exported = join(golden, "exported_two_outputs");
    const [file, input] = ["model.safetensors", "input.npy"].map((name) => join(exported, name));
    const { page, complaints } = await visit(held.browser, held.site);
    await openModel(page, file!);
    await waitForReport(page);
    await page.setInputFiles('#run input[type="file"]', input!);
    await page.waitForSelector(".run-class");
    const [{ outputs }] = json(["run", file!, "--input", input!]).results;
    expect(outputs.steps.shape).toEqual([2, 20]);
    expect(await page.locator("#run .bits").allTextContents()).toEqual(outputs.class.bits);
    const rows = page.getByRole("region", { name: "Rows of steps" });
    expect(await rows.locator("thead th").first().textContent()).toBe("channels \u00d7 time");
    const shown = await rows
      .locator("tbody tr")
      .evaluateAll((all) =>
        all.map((row) => [...row.querySelectorAll("td")].map((cell) => cell.textContent)),
      );
    const text = (value: number) => value.toPrecision(9).replace("-", "\u2212");
    const columns = shown[0]?.length ?? 0;
    expect(shown).toEqual(
      [0, 1].map((row) => outputs.steps.values.slice(20 * row, 20 * row + columns).map(text)),
    );
    const picture = page.getByRole("img", { name: /^steps: 2 rows of 20/ });
    const size = await picture.evaluate(({ width, height }: HTMLCanvasElement) => [width, height]);
    expect(size).toEqual([20, 2]);
    expect(await page.textContent("#run")).toContain("[2, 20], as the module gives it");
    expect(complaints).toEqual([]);
  });
});
