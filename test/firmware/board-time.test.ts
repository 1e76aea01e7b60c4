/**
 * Times of real firmware: the whole image against binutils, every instruction of a run in its trace, and the same
 * cycles every time.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { sourcesCrc32 } from "../../bench/board-table/table.js";
import { COSTS } from "../../ts/board/cost-table.js";
import { coreCycles } from "../../ts/board/estimate.js";
import type { BoardTime } from "../../ts/firmware/node.js";
import { EMULATORS, readSources, verify } from "../../ts/firmware/node.js";
import { cannotTrace } from "../../ts/firmware/trace.js";
import { Engine } from "../../ts/node.js";
import { opWork } from "../../ts/profile/op-work.js";
import { riscvProblems, thumbProblems } from "../board/names.js";
import { listing } from "../board/objdump.js";
import { failure, json, output, spotter } from "../cli/support.js";
import { buildFolder, goldenCase, skipReason } from "./support.js";

const TIMEOUT_MS = 600_000;
/** Where nothing but the core's cycles is left. */
const TCM = { weights: "dtcm", arena: "dtcm", code: "itcm", inputs: "dtcm" } as const;
const M7_COSTS = COSTS.cores["cortex-m7"]!;
/** Reading the timer around the run, which the trace leaves out. */
const MOST_AROUND = 20;

async function timed(target: "cortex-m7" | "riscv32", name: string, time: object) {
  const { blob, inputs } = await goldenCase("paper_biases_d7_t37", 37);
  const folder = buildFolder(name);
  const [variant] = EMULATORS[target].variants;
  const options = {
    target,
    inputs,
    variants: [variant!.name],
    execution: { tile: 1 },
    folder,
    time,
  };
  const verification = await verify(blob, options);
  if (verification.time === undefined || "skipped" in verification.time) {
    throw new Error(verification.time?.skipped ?? "not timed");
  }
  const image = join(folder, variant!.name, "firmware-stream.elf");
  return { verification, time: verification.time, image };
}

const around = (time: BoardTime) => time.operators.reduce((sum, { total }) => sum + total, 0);

const m7 = skipReason("cortex-m7") || (cannotTrace("cortex-m7") ? " (skipped)" : "");

describe.skipIf(m7 !== "")(`a Cortex-M7${m7}`, { timeout: TIMEOUT_MS }, () => {
  test("every instruction of the run, the same cycles every time", async () => {
    const first = await timed("cortex-m7", "time-m7", { placement: TCM });
    const { total } = first.verification.images[0]!;
    expect(total - first.time.instructions).toBeGreaterThanOrEqual(0);
    expect(total - first.time.instructions).toBeLessThan(MOST_AROUND);
    expect(around(first.time) + first.time.between.total).toBe(first.time.total);
    expect(first.time.unknown.size).toBe(0);
    expect(first.time.misses).toEqual([]);
    expect(first.time).toMatchObject({ low: first.time.core, high: first.time.core });

    const second = await timed("cortex-m7", "time-m7", { placement: TCM });
    expect(second.time).toEqual(first.time);
  });

  test("weights in flash take the same core cycles, and more", async () => {
    const { time } = await timed("cortex-m7", "time-m7", {});
    const tcm = await timed("cortex-m7", "time-m7", { placement: TCM });
    expect(time.core).toBe(tcm.time.core);
    expect(time.total).toBeGreaterThan(time.core);
    expect(time.low).toBeLessThan(time.total);
    expect(time.high).toBeGreaterThan(time.total);
    expect(time.misses.map(({ thing }) => thing)).toContain("weights");
  });

  test("operators take what they were counted to take, less the calls around each", async () => {
    const { verification, time } = await timed("cortex-m7", "time-m7", { placement: TCM });
    const counted = new Map(
      verification.operatorNames.map((name, i) => [name, verification.images[0]!.operators[i]!]),
    );
    for (const { name, instructions } of time.operators) {
      // The step sizes are made by the scan's own op, and stepped through as an operator before it.
      const made = name.endsWith("selective_scan") ? counted.get("mamba.dt_proj")! : 0;
      expect(instructions).toBeGreaterThan(0);
      expect(instructions).toBeLessThan(counted.get(name)! + made);
    }
  });

  // After a change of the core the table waits for `npm run bench -- board-table`: that is no fault of either.
  const isTableOfThisCore = M7_COSTS.fittedOn.sources === sourcesCrc32(readSources());

  test.skipIf(!isTableOfThisCore)("the table of costs says the same within 8 %", async () => {
    const { time } = await timed("cortex-m7", "time-m7", { placement: TCM });
    const { blob } = await goldenCase("paper_biases_d7_t37", 37);
    const engine = await Engine.load();
    const model = await engine.loadModel(blob);
    const cycles = coreCycles(M7_COSTS, opWork(model, 37, { tile: 1 }));
    engine.dispose();
    if ("unknown" in cycles) throw new Error(cycles.unknown.kind);
    const predicted = cycles.ops.reduce((sum, one) => sum + one, cycles.between);
    expect(Math.abs(predicted / time.core - 1)).toBeLessThan(0.08);
  });

  test("the decoder knows the whole image", async () => {
    const { image } = await timed("cortex-m7", "time-m7", { placement: TCM });
    expect(existsSync(image)).toBe(true);
    expect(thumbProblems(listing("arm-none-eabi-objdump", [image]))).toEqual([]);
  });

  test("a memory that the board does not have, a board of another target", () => {
    const args = ["verify", spotter, "--target", "cortex-m7", "--variant", "double", "--time"];
    expect(failure([...args, "--place", "weights=psram"])).toMatch(/one of itcm, dtcm, flash/);
    expect(failure([...args, "--place", "weight=dtcm"])).toMatch(/--place: .*weights, arena/);
    expect(failure([...args, "--board", "esp32c3"])).toMatch(/--board: .*stm32h743/);
    expect(failure([...args.slice(0, -1), "--qio"])).toMatch(/--qio: .*--time/);
  });

  test("verify --time, as text and as JSON", () => {
    const args = ["verify", spotter, "--target", "cortex-m7", "--variant", "double", "--tile", "4"];
    expect(output([...args, "--time"])).toMatch(/^TIME +\(estimated for stm32h743, Cortex-M7/m);
    const { cycles, time } = json([...args, "--time"]);
    expect(Object.keys(cycles)).toEqual([
      ...["total", "low", "high", "core", "instructions", "mispredicted", "operators", "between"],
      ...["functions", "misses", "unknown"],
    ]);
    expect(time).toMatchObject({ board: "stm32h743", conditions: { clockHz: 480e6 } });
    expect(time.lowMs).toBeLessThan(time.ms);
  });
});

const riscv = skipReason("riscv32") || (cannotTrace("riscv32") ? " (skipped)" : "");

describe.skipIf(riscv !== "")(`RISC-V${riscv}`, { timeout: TIMEOUT_MS }, () => {
  test("times the ESP32-C3's memories, and an ESP32-S3 by proxy with a bar of its own", async () => {
    const own = await timed("riscv32", "time-riscv", {});
    expect(own.time.board).toBe("esp32c3");
    expect(own.time.unknown.size).toBe(0);
    const proxy = await timed("riscv32", "time-riscv", { board: "esp32s3" });
    expect(proxy.time.low).toBeLessThan(0.8 * proxy.time.total);
    expect(proxy.time.coreName).toMatch(/by proxy/);
    const lines = listing("riscv64-unknown-elf-objdump", [own.image], ["-M", "no-aliases"]);
    expect(riscvProblems(lines)).toEqual([]);
  });
});
