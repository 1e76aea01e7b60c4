/** Weights where an exported project and an image in the emulator are told to have them. */
import { describe, expect, test } from "vitest";
import { BadArgument } from "../../ts/core/errors.js";
import { DoesNotFit } from "../../ts/firmware/index.js";
import { verify } from "../../ts/firmware/node.js";
import { project, textOf } from "./projects.js";
import { buildFolder, goldenCase, skipReason } from "./support.js";

const TIMEOUT_MS = 300_000;
const alias = /^REGION_ALIAS\("WEIGHTS", (\w+)\)$/m;

async function placed(weights?: "flash" | "ram" | "dtcm" | "psram") {
  const files = await project("stm32h7", weights === undefined ? {} : { weights });
  const [, memory] = alias.exec(textOf(files, "port/weights.ld")) ?? [];
  return { memory, command: JSON.parse(textOf(files, "mambalite.json")).command, files };
}

describe("an exported project", () => {
  test("has its weights where the verdict has them, or where it was told to", async () => {
    expect((await placed("flash")).memory).toBe("FLASH");
    expect((await placed("ram")).memory).toBe("AXI");
    const usual = await placed();
    expect(["RAM", "AXI"]).toContain(usual.memory);
    expect(usual.command).not.toContain("--weights");
    expect(textOf(usual.files, "README.md")).toMatch(
      /The weights are copied into [A-Z ]+ at start/,
    );
    const asked = await placed("ram");
    expect(asked.command).toContain("--weights ram");
    expect(textOf(asked.files, "README.md")).toMatch(
      /\| weights \| [\d,]+ \| exact; in AXI SRAM \|/,
    );
  });

  test("of ESP-IDF sets it, with clock, flash, cache and speed", async () => {
    const config = async (weights: "flash" | "ram" | "psram") =>
      textOf(await project("esp32s3", { weights }, "esp32s3-psram"), "sdkconfig.defaults");
    expect(await config("ram")).toMatch(/^CONFIG_MAMBALITE_WEIGHTS_SRAM=y$/m);
    expect(await config("psram")).toMatch(/^CONFIG_SPIRAM=y\n[\s\S]*^CONFIG_SPIRAM_RODATA=y$/m);
    const flash = await config("flash");
    expect(flash).not.toMatch(/WEIGHTS|SPIRAM/);
    for (const line of ["DEFAULT_CPU_FREQ_MHZ_240", "FLASHMODE_QIO", "FLASHFREQ_80M"])
      expect(flash).toMatch(new RegExp(`^CONFIG_ESP\\w*_${line}=y$`, "m"));
    expect(flash).toMatch(/^CONFIG_ESP32S3_DATA_CACHE_64KB=y$/m);
    expect(flash).toMatch(/^CONFIG_COMPILER_OPTIMIZATION_PERF=y$/m);
  });

  test("is refused where there is no room, or nothing says where things lie", async () => {
    const dtcm = project("cortex-m4", { weights: "dtcm" });
    await expect(dtcm).rejects.toThrow(DoesNotFit);
    await expect(dtcm).rejects.toThrow(/weights: \d+ bytes to copy have no room in dtcm/);
    await expect(project("generic", { weights: "ram" })).rejects.toThrow(BadArgument);
    expect(textOf(await project("generic"), "README.md")).toMatch(/The weights stay in flash/);
  });
});

const skipped = skipReason("cortex-m7");

test.skipIf(skipped !== "").each(["dtcm", "ram"] as const)(
  `an image with its weights in %s has the same bits${skipped}`,
  { timeout: TIMEOUT_MS },
  async (weights) => {
    const { blob, inputs } = await goldenCase("paper_biases_d7_t37", 37);
    const folder = buildFolder(`placement-${weights}`);
    const options = { target: "cortex-m7", inputs, variants: ["double"], weights, folder } as const;
    const { items, equalItems, images } = await verify(blob, {
      ...options,
      execution: { tile: 1 },
    });
    expect(equalItems).toBe(items);
    expect(images[0]!.codeBytes).toBeGreaterThan(0);
  },
);
