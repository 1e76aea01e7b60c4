/** Files of people's own networks on the page: the exported one, and one whose names say nothing. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readSafetensors, writeSafetensors } from "../../ts/checkpoint/index.js";
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
    expect(complaints).toEqual([]);
  });
});
