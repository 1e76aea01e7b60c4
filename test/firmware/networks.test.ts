/** Random networks in firmware, and one of every kind of op: in the emulators they have the bits of WebAssembly. */
import { describe, expect, test } from "vitest";
import { opRows } from "../../csrc/op-list.mjs";
import { BOARDS } from "../../ts/device/index.js";
import { readSources } from "../../ts/firmware/node.js";
import { Engine, writeBlob } from "../../ts/node.js";
import { type Built, build, buildOfEveryKind, caseOf } from "../property/random-network.js";
import { skipReason, verifyCase } from "./support.js";

const TIMEOUT_MS = 600_000;
const FIRST_SEED = 1000;
/** Of each target, which has networks of its own: all of them give WebAssembly's bits. */
const NETWORKS = 4;

const seedsOf = (target: number) =>
  Array.from({ length: NETWORKS }, (_, index) => FIRST_SEED + NETWORKS * target + index);

const TARGETS = [
  ["cortex-m7", "double", "stm32h743"],
  ["cortex-m4", "single", "nrf52840"],
  ["cortex-m33", "single", "rp2350"],
  ["cortex-m3", "soft", "stm32l152"],
  ["cortex-m0", "soft", "rp2040"],
  ["riscv32", "hard", "esp32c3"],
  ["xtensa", "lx106", ""],
] as const;

/** Whose rows happen to take all their options: norms of groups, norms within the scan. */
const SEED_OF_EVERY_KIND = 3;
/** Front ends are in the random networks; integers have tests of their own. */
const NOT_IN_IT = /^(embedding|logmel|(de)?quantize|\w+_int)$/;

test("one network has every kind of op on floats", async () => {
  const kernels = [...readSources()]
    .filter(([path]) => /^kernels\/.*\.c$/.test(path))
    .map(([name, text]) => ({ name, text }));
  const kinds = opRows(kernels).map(({ className }) => /^mlm_(\w+)_class$/.exec(className)![1]!);
  const engine = await Engine.load();
  const model = await engine.loadModel(writeBlob(buildOfEveryKind(SEED_OF_EVERY_KIND).network));
  const found = new Set(model.ops.map(({ kind }) => kind));
  engine.dispose();
  expect(kinds.filter((kind) => !NOT_IN_IT.test(kind) && !found.has(kind))).toEqual([]);
});

describe.each(TARGETS)("random networks on %s", (target, variant, boardId) => {
  const seeds = seedsOf(TARGETS.findIndex(([name]) => name === target));
  const board = BOARDS.find(({ id }) => id === boardId);
  const skipped = skipReason(target);

  async function hasEqualBits(name: string, { network, input }: Built): Promise<void> {
    const model = { name, blob: writeBlob(network), inputs: [input] };
    const { equalItems, images } = await verifyCase(target, model, {
      variants: [variant],
      ...(board && { board }),
    });
    expect(equalItems).toBe(1);
    for (const { arena, plan } of images) {
      expect(arena.guardsIntact).toBe(true);
      expect(arena.highWaterBytes).toBeLessThanOrEqual(plan.arenaBytes);
    }
  }

  test.skipIf(skipped !== "").each(seeds)(
    `seed %i has the bits of WebAssembly${skipped}`,
    { timeout: TIMEOUT_MS },
    (seed) => hasEqualBits(`seed ${seed}`, build(caseOf(seed))),
  );

  test.skipIf(skipped !== "")(
    `every kind of op has the bits of WebAssembly${skipped}`,
    { timeout: TIMEOUT_MS },
    () => hasEqualBits("every kind", buildOfEveryKind(SEED_OF_EVERY_KIND)),
  );
});
