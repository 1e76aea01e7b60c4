/**
 * Random networks in firmware: their harness in the emulators and native programs of gcc and clang have
 * the bits of WebAssembly.
 */
import { describe, expect, test } from "vitest";
import { BOARDS } from "../../ts/device/index.js";
import { writeBlob } from "../../ts/node.js";
import { build, caseOf } from "../property/random-network.js";
import { skipReason, verifyCase } from "./support.js";

const TIMEOUT_MS = 600_000;
const FIRST_SEED = 1000;
const NETWORKS = 8;

const SEEDS = Array.from({ length: NETWORKS }, (_, index) => FIRST_SEED + index);

const TARGETS = [
  ["cortex-m7", "double", "stm32h743"],
  ["cortex-m4", "single", "nrf52840"],
  ["cortex-m33", "single", "rp2350"],
  ["cortex-m3", "soft", "stm32l152"],
  ["cortex-m0", "soft", "rp2040"],
  ["riscv32", "hard", "esp32c3"],
  ["xtensa", "lx106", ""],
] as const;

describe.each(TARGETS)("random networks on %s", (target, variant, boardId) => {
  const board = BOARDS.find(({ id }) => id === boardId);
  const skipped = skipReason(target);

  test.skipIf(skipped !== "").each(SEEDS)(
    `seed %i has the bits of WebAssembly${skipped}`,
    { timeout: TIMEOUT_MS },
    async (seed) => {
      const { network, input } = build(caseOf(seed));
      const model = { name: `seed ${seed}`, blob: writeBlob(network), inputs: [input] };
      const { equalItems, images } = await verifyCase(target, model, {
        variants: [variant],
        ...(board && { board }),
      });
      expect(equalItems).toBe(1);
      for (const { arena, plan } of images) {
        expect(arena.guardsIntact).toBe(true);
        expect(arena.highWaterBytes).toBeLessThanOrEqual(plan.arenaBytes);
      }
    },
  );
});
