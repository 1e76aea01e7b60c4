/**
 * The whole way in the page: a checkpoint is dropped, made integers, put on a micro:bit as a file, which runs in QEMU; the page connects
 * to its serial line, and shows what it measured beside the estimate.
 */
import { writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { hasChromium, needsChromium } from "../chromium.js";
import { bundled, harCheckpoint, json, temporaryFolder } from "../cli/support.js";
import { noEmulator } from "../runner/emulated-board.js";
import { type EmulatedLine, onSocket } from "../runner/emulated-line.js";
import { type BridgedBoard, bridge } from "./serial-bridge.js";
import { appInBrowser, downloaded, dropFiles, visit, waitForReport } from "./support.js";

const temporary = temporaryFolder();
const skipped = needsChromium + noEmulator();
const RECORDINGS = ["walking", "standing", "laying"].map((name) => bundled("har", `${name}.npy`));
const TIMEOUT_MS = 240_000;
const MEASURING_MS = 120_000;

/** The emulator's line, which is there when the port is opened. */
function lineOf(board: () => EmulatedLine): BridgedBoard {
  let socket: Socket | undefined;
  return {
    open: (says) => {
      const [, host = "", port] = /^tcp:\/\/(.*):(\d+)$/.exec(board().port) ?? [];
      socket = connect(Number(port), host);
      socket.on("data", says);
    },
    take: (bytes) => socket?.write(bytes),
    close: () => socket?.destroy(),
  };
}

describe.skipIf(!hasChromium || skipped !== "")(
  `from a checkpoint to a board's answer${skipped}`,
  () => {
    const held = appInBrowser();

    it("drop, quantise, choose, save, run, connect, measured beside estimated", {
      timeout: TIMEOUT_MS,
    }, async () => {
      const [path, , frontEnd, , labels] = harCheckpoint;
      let emulated: EmulatedLine | undefined;
      const { page, context, complaints } = await visit(held.browser, held.site, {
        prepare: (opened) =>
          bridge(
            opened,
            lineOf(() => emulated!),
          ),
      });
      await dropFiles(page, [path, frontEnd!, labels!]);
      await waitForReport(page);

      // A micro:bit has no FPU: the checkpoint becomes integers first.
      await page.getByRole("button", { name: "Quantise model.safetensors…" }).click();
      await page.setInputFiles('input[name="examples"]', RECORDINGS);
      await page.getByRole("button", { name: "Make int" }).click();
      const made = await downloaded(page, "Download model-int.mlm");
      const blob = temporary(made.name);
      writeFileSync(blob, made.bytes);
      await page.getByRole("button", { name: "Open model-int.mlm here" }).click();
      await waitForReport(page);

      await page.getByRole("button", { name: "Put model-int.mlm on a board…" }).click();
      await page.selectOption('select[name="runner"]', "microbit");
      const { name, bytes } = await downloaded(page, "Save model-int-microbit.hex");
      const file = temporary(name);
      writeFileSync(file, bytes);

      await using board = await onSocket("microbit", file);
      emulated = board;
      await page.getByRole("button", { name: "Talk to a board…" }).click();
      await page.getByRole("button", { name: "Connect", exact: true }).click();
      await page.waitForSelector("#serial [data-total]", { timeout: MEASURING_MS });
      expect(await page.textContent("#serial .board-facts")).toMatch(
        /boardmicrobit.*self-testMLM_OK/,
      );
      expect(await page.textContent("#serial [data-total]")).toMatch(
        /^Measured [\d,]+ instructions for \d+ frames at tile 1; estimated [\d,]+ cycles/,
      );
      const rows = await page
        .locator("#serial tbody tr")
        .evaluateAll((all) =>
          all.map(({ children }) => [...children].map((cell) => cell.textContent)),
        );
      expect(rows.map(([op]) => op)).toEqual(
        json(["inspect", blob]).ops.map(({ name: op }: { name: string }) => op),
      );
      for (const [op, measured, estimated, ratio] of rows) {
        expect(measured, op!).toMatch(/^[\d,]+$/);
        expect(estimated, op!).toMatch(/^[\d,]+$/);
        expect(Number(ratio), op!).toBeGreaterThan(0);
      }

      await page.setInputFiles('input[name="board-input"]', bundled("har", "laying.npy"));
      await expect
        .poll(() => page.textContent("#serial .board-runs"), { timeout: MEASURING_MS })
        .toBe("laying.npy: LAYING, the same bits as in this page");

      const said = await downloaded(page, "Save what it said (.txt)");
      const report = temporary(said.name);
      writeFileSync(report, said.bytes);
      const row = json(["timing", "add", report, "--model", blob]);
      expect(String(row.total)).toBe(await page.getAttribute("#serial [data-total]", "data-total"));
      expect(complaints).toEqual([]);
      await context.close();
    });
  },
);
