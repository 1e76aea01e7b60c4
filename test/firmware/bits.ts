/** What is tested of the firmware of every emulated target: the bits, and the arena. */
import { describe, expect, test } from "vitest";
import type { EmulatedTarget } from "../../ts/firmware/index.js";
import type { Verification } from "../../ts/firmware/node.js";
import { exponentsRunOut } from "../unit/core/networks.js";
import {
  blobOf,
  type Case,
  goldenCase,
  keywordSpotter,
  SPOTTER,
  skipReason,
  verifyCase,
} from "./support.js";

const ROWS = 8;

/** Odd sizes, both norms, several layers, frames and tokens; as many frames as a soft float can bear. */
const GOLDEN: readonly (readonly [name: string, frames: number])[] = [
  ["stack_rms_d7_l2_t37", 37],
  ["stack_layer_d30_l4_t300", 16],
  ["lm_tied_d30_l2_t37", 37],
];

/** Far more than the soft-float targets need for it on two shared cores. */
const TIMEOUT_MS = 600_000;

/** Schedules are run by both variants of a target, in this order. */
export function testBits(target: EmulatedTarget, variants: readonly string[]): void {
  const skipped = skipReason(target);
  const images = ["stream", "layer"].flatMap((schedule) =>
    variants.map((variant) => `${variant} ${schedule}`),
  );

  describe.skipIf(skipped !== "")(
    `firmware for ${target}${skipped}`,
    { timeout: TIMEOUT_MS },
    () => {
      async function verifies(model: Case): Promise<Verification> {
        const verification = await verifyCase(target, model);
        expect(verification.equalItems).toBe(model.inputs.length);
        expect(verification.builds).toEqual(["baseline", "simd"]);
        expect(verification.images.map((i) => `${i.variant.name} ${i.plan.schedule}`)).toEqual(
          images,
        );
        for (const image of verification.images) {
          expect(image.arena.guardsIntact).toBe(true);
          expect(image.arena.highWaterBytes).toBeLessThanOrEqual(image.plan.arenaBytes);
        }
        return verification;
      }

      test(`${SPOTTER}: the bits of WebAssembly, the arena of the plan`, async () => {
        const { images: reports } = await verifies(await keywordSpotter(ROWS));
        for (const { arena, plan } of reports) expect(arena.highWaterBytes).toBe(plan.arenaBytes);
      });

      test.each(GOLDEN)("%s: the bits of WebAssembly", async (name, frames) => {
        await verifies(await goldenCase(name, frames));
      });

      test.each([8, 5])(
        "exponents that run out, %i states: the bits of WebAssembly",
        async (states) => {
          const { network, input } = exponentsRunOut(states, 40);
          await verifies({ name: "clamping", blob: await blobOf(network), inputs: [input] });
        },
      );
    },
  );
}
