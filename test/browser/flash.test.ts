/** "Put it on a board" in the page: the same bytes as the command line's, and the same refusal. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { hasChromium, needsChromium } from "../chromium.js";
import { bundled, failure, har, harCheckpoint, output, temporaryFolder } from "../cli/support.js";
import { readHex } from "../unit/runner/readers.js";
import {
  appInBrowser,
  downloaded,
  openModel,
  type Visit,
  violations,
  visit,
  waitForReport,
} from "./support.js";

const temporary = temporaryFolder();

async function openPanel({ page }: Visit, name: string): Promise<void> {
  await waitForReport(page);
  await page.getByRole("button", { name: `Put ${name} on a board…` }).click();
  await page.waitForSelector('select[name="runner"]');
}

/** What the command that the page shows writes, for a file that it names by path. */
function written(command: string, path?: string): Buffer {
  const file = temporary(`${Math.random()}.${command.split(".").at(-1)}`);
  const [, , , model, ...options] = command.split(" ");
  output(["flash", path ?? model!, ...options.slice(0, -1), file]);
  return readFileSync(file);
}

describe.skipIf(!hasChromium)(`a file for a board${needsChromium}`, () => {
  const held = appInBrowser();

  it.each([
    ["har-int", "WALKING", ["microbit", "pico2"]],
    ["har", "WALKING", ["stm32f405", "nucleo-h743zi"]],
    ["kws-int", "yes", ["stm32f405", "pico"]],
  ])(
    "of %s has the command line's bytes, and says what to do with it",
    async (model, answer, boards) => {
      const visited = await visit(held.browser, held.site, { query: `?model=${model}` });
      const { page, context, complaints } = visited;
      await openPanel(visited, `${model}.mlm`);
      for (const board of boards) {
        await page.selectOption('select[name="runner"]', board);
        const save = await page.textContent("#flash .primary");
        const { name, bytes } = await downloaded(page, save!);
        expect(save).toBe(`Save ${name}`);
        expect(name).toMatch(new RegExp(`^${model}-${board}\\.(hex|bin|uf2)$`));
        expect(await page.textContent("#flash .answer")).toContain(
          `the board should answer ${answer}`,
        );
        const command = await page.textContent("#flash code");
        expect(command).toBe(
          `npx mambalite flash ${model} --board ${board} --schedule stream --tile 1 -o ${name}`,
        );
        expect(bytes.equals(written(command!))).toBe(true);
      }
      expect(await page.locator("#flash li").count()).toBeGreaterThan(1);
      expect(await violations(page)).toEqual([]);
      expect(complaints).toEqual([]);
      await context.close();
    },
  );

  it("of a checkpoint that was dropped has them, too, in the schedule that is chosen", async () => {
    const visited = await visit(held.browser, held.site, { query: "?schedule=layer" });
    const { page, context, complaints } = visited;
    const [path, , frontEnd, , labels] = harCheckpoint;
    await openModel(page, path, frontEnd!, labels!);
    await openPanel(visited, "model.safetensors");
    await page.selectOption('select[name="runner"]', "nucleo-h743zi");
    const { name, bytes } = await downloaded(page, "Save model-nucleo-h743zi.bin");
    const command = await page.textContent("#flash code");
    expect(command).toBe(
      "npx mambalite flash model.safetensors --board nucleo-h743zi --schedule layer " +
        `-o ${name}`,
    );
    const file = temporary(name);
    output(["flash", ...harCheckpoint, ...command!.split(" ").slice(4, -1), file]);
    expect(bytes.equals(readFileSync(file))).toBe(true);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it("is refused with the command line's numbers, and forgotten with another choice", async () => {
    const visited = await visit(held.browser, held.site, {
      query: "?model=kws-int&board=microbit&tile=64",
    });
    const { page, context } = visited;
    await openPanel(visited, "kws-int.mlm");
    expect(await page.inputValue('select[name="runner"]')).toBe("microbit");
    await page.getByRole("button", { name: "Save kws-int-microbit.hex" }).click();
    const message = page.locator("#flash .message");
    await expect.poll(() => message.textContent()).toContain("does not fit microbit");
    const args = ["kws-int", "--board", "microbit", "--tile", "64", "-o", temporary("k.hex")];
    expect(`mambalite: ${await message.textContent()}`).toBe(failure(["flash", ...args]));
    await page.selectOption('select[name="runner"]', "pico");
    expect(await message.textContent()).toBe("");
    await context.close();
  });

  it("of a file is a runner and that blob", async () => {
    const visited = await visit(held.browser, held.site);
    const { page, context } = visited;
    await openModel(page, har);
    await openPanel(visited, "model.mlm");
    await page.selectOption('select[name="runner"]', "microbit-v2");
    const { bytes } = await downloaded(page, "Save model-microbit-v2.hex");
    expect(bytes.equals(written((await page.textContent("#flash code"))!, har))).toBe(true);
    const flash = Buffer.from(readHex(bytes).bytes);
    expect(flash.includes(readFileSync(bundled("har", "model.mlm")))).toBe(true);
    await context.close();
  });
});
