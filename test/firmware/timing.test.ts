/** Firmware that times itself: its report in the emulator, read by the command line. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { failure, json, output } from "../cli/support.js";
import { buildAndRun, project } from "./projects.js";
import { goldenCase, root, skipReason } from "./support.js";

const TIMEOUT_MS = 300_000;
const skipped = skipReason("cortex-m7");

test.skipIf(skipped !== "")(
  `its report becomes a row of a catalogue${skipped}`,
  { timeout: TIMEOUT_MS },
  async () => {
    const { blob, inputs } = await goldenCase("paper_biases_d7_t37", 37);
    const files = await project("cortex-m7", { model: blob, input: inputs[0]!, weights: "ram" });
    const settings = { MAMBALITE_TIMING: "ON" };
    const { folder, status, stdout } = await buildAndRun("timing", files, "cortex-m7", settings);
    expect(status).toBe(0);
    const [report, catalogue] = [join(folder, "report.txt"), join(folder, "timings.json")];
    rmSync(catalogue, { force: true });
    writeFileSync(report, stdout);
    const model = join(root, "test/golden/paper_biases_d7_t37/model.safetensors");

    const row = json(["timing", "add", report, "--model", model, "--catalogue", catalogue]);
    expect(row).toMatchObject({
      ...{ board: "stm32h743", counter: "instructions", frames: 37, tile: 1 },
      ...{ weights: "axi-sram", arena: "dtcm", state: "as planned" },
    });
    expect(row).not.toHaveProperty("ms");
    // Steps cost a little more than a run as a whole.
    const sum = row.operators.reduce(
      (all: number, op: { measured: number }) => all + op.measured,
      0,
    );
    expect(sum).toBeGreaterThan(0.9 * row.total);
    expect(sum).toBeLessThan(2 * row.total);
    expect(row.estimate.cycles).toBeGreaterThan(0.7 * row.total);
    expect(row.estimate.cycles).toBeLessThan(3 * row.total);
    const text = output(["timing", "add", report, "--model", model, "--catalogue", catalogue]);
    expect(text).toMatch(
      /measured [\d,]+ instructions\n {3}estimated [\d,]+ cycles .* an instruction\n/,
    );
    expect(JSON.parse(readFileSync(catalogue, "utf8")).rows).toEqual([row]);

    expect(failure(["timing", "add", report])).toMatch(/--model: expected the model with CRC-32/);
    expect(failure(["timing", "add", report, "--model", "har"])).toMatch(
      /got one with [0-9a-f]{8}/,
    );
    writeFileSync(report, stdout.slice(0, -5));
    expect(failure(["timing", "add", report])).toMatch(/stops before its last line/);
  },
);
