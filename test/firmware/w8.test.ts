/** Matrices of i8 in firmware: the bits of WebAssembly, by assembly and by portable C, and what they cost. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readCheckpoint, readNpy, toNetwork } from "../../ts/checkpoint/index.js";
import type { EmulatedTarget } from "../../ts/firmware/index.js";
import { readFrontEnd, withFrontEnd } from "../../ts/frontend/index.js";
import { BUNDLED_MODELS } from "../../ts/models/node.js";
import { Engine, quantize } from "../../ts/node.js";
import { buildFolder, type Case, skipReason, verifyCase } from "./support.js";

const TIMEOUT_MS = 600_000;
/** Of the f32 network's 5.4 million at tile 4. */
const MOST_TIMES_F32 = 1.3;
/** A soft float takes its time. */
const FEW_FRAMES = 16;

const har = BUNDLED_MODELS.find(({ name }) => name === "har")!;

async function harOfBytes(frames?: number): Promise<Case> {
  const engine = await Engine.load({ simd: "off" });
  try {
    const plain = toNetwork(readCheckpoint(readFileSync(har.checkpoint)));
    const network = withFrontEnd(plain, readFrontEnd(readFileSync(har.frontEnd)));
    const blob = await quantize(engine, network, { type: "w8" });
    const inputs = har.examples.map(({ url }) => {
      const { data } = readNpy(readFileSync(url));
      return data.slice(0, (frames ?? Number.POSITIVE_INFINITY) * network.inputWidth);
    });
    return { name: "har w8", blob, inputs };
  } finally {
    engine.dispose();
  }
}

const M7 = skipReason("cortex-m7");

describe.skipIf(M7 !== "")(`har w8 on a Cortex-M7${M7}`, { timeout: TIMEOUT_MS }, () => {
  test.each([1, 2, 4, 7])("tile %i: the bits of WebAssembly", async (tile) => {
    const { equalItems } = await verifyCase("cortex-m7", await harOfBytes(), {
      execution: { schedule: "stream", tile },
      variants: ["single"],
    });
    expect(equalItems).toBe(har.examples.length);
  });

  test("the portable C: the same bits", async () => {
    const { equalItems } = await verifyCase("cortex-m7", await harOfBytes(), {
      execution: { schedule: "stream", tile: 3 },
      variants: ["single"],
      settings: { MAMBALITE_ASM: "OFF" },
      folder: buildFolder("cortex-m7-portable"),
    });
    expect(equalItems).toBe(har.examples.length);
  });

  test("at tile 4 it takes little more instructions than in f32", async () => {
    const small = await harOfBytes();
    const full = { ...small, name: "har", blob: new Uint8Array(readFileSync(har.blob)) };
    const [before, after] = await Promise.all(
      [full, small].map(async (model, i) => {
        const { images } = await verifyCase("cortex-m7", model, {
          execution: { schedule: "stream", tile: 4 },
          variants: ["single"],
          folder: buildFolder(`cortex-m7-w8-${i}`),
        });
        return images[0]!.total;
      }),
    );
    expect(after!).toBeLessThanOrEqual(MOST_TIMES_F32 * before!);
  });
});

describe.each<EmulatedTarget>(["riscv32", "xtensa"])("har w8 on %s", (target) => {
  const skipped = skipReason(target);
  test.skipIf(skipped !== "")(
    `the bits of WebAssembly${skipped}`,
    { timeout: TIMEOUT_MS },
    async () => {
      const { equalItems } = await verifyCase(target, await harOfBytes(FEW_FRAMES), {
        execution: { schedule: "stream", tile: 3 },
      });
      expect(equalItems).toBe(har.examples.length);
    },
  );
});
