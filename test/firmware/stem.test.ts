/**
 * A keyword spotter with a two-dimensional stem (examples/kws-conv2d), from raw audio, a frame at a time: in floats what
 * PyTorch finds, and the bits of WebAssembly on the emulated Cortex-M7; in integers on rv32imc.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { readAudio } from "../../ts/audio/index.js";
import { readArch, readCheckpoint, readNpy, toNetwork } from "../../ts/checkpoint/index.js";
import { readFrontEnd, readLabels, withFrontEnd } from "../../ts/frontend/index.js";
import { BUNDLED_MODELS } from "../../ts/models/node.js";
import { createBlob, Engine, logitsOf, type Network, quantizeNetwork } from "../../ts/node.js";
import { root, skipReason, verifyCase } from "./support.js";

const TIMEOUT_MS = 300_000;
/** Of the largest logit: that of float32 with a front end of its own. */
const TOLERANCE = 2e-6;
/** The same of integers that few inputs were calibrated with. */
const TOLERANCE_INT = 0.02;

const STREAM = { schedule: "stream", tile: 1 } as const;
const folder = join(root, "examples/kws-conv2d");
const read = (file: string) => readFileSync(join(folder, file));
/** yes, stop, on: as in the golden file. */
const examples = BUNDLED_MODELS.find(({ name }) => name === "kws")!.examples;
const spoken = examples.map(({ url }) => readAudio(readFileSync(url), 16_000));
/** Half of a word, and louder than a sample can be. */
const inputs = [...spoken, spoken[1]!.map((sample, i) => (i < 8000 ? sample : -100 * sample))];

let floats: Uint8Array;
let integers: Uint8Array;

beforeAll(async () => {
  const engine = await Engine.load();
  const source = { count: spoken.length, item: (index: number) => spoken[index]! };
  floats = await createBlob(engine, network());
  integers = (await quantizeNetwork(engine, network(), source, { shares: false })).blob;
  engine.dispose();
}, TIMEOUT_MS);

function network(): Network {
  const arch = readArch(read("arch.json"));
  const plain = toNetwork(readCheckpoint(read("model.safetensors")), { arch });
  const labels = readLabels(read("labels.json"));
  return withFrontEnd({ ...plain, labels }, readFrontEnd(read("frontend.json")));
}

describe("the keyword spotter with a two-dimensional stem", () => {
  test.each([
    ["floats", () => floats, TOLERANCE],
    ["integers", () => integers, TOLERANCE_INT],
  ])("in %s finds what PyTorch finds, pushed in any portions", async (_, blob, tolerance) => {
    const { data } = readNpy(
      readFileSync(join(root, "test/golden/trained/kws-conv2d.examples.npy")),
    );
    const engine = await Engine.load();
    const model = await engine.loadModel(blob());
    const session = model.createSession(STREAM);
    const classes = model.labels.length;
    for (const [index, samples] of spoken.entries()) {
      const expected = data.subarray(index * classes, (index + 1) * classes);
      const logits = logitsOf(session.run(samples)).slice();
      const largest = Math.max(...expected.map(Math.abs));
      for (const [i, logit] of logits.entries()) {
        expect(Math.abs(logit - expected[i]!) / largest).toBeLessThan(tolerance);
      }
      expect(model.labels[logits.indexOf(Math.max(...logits))]).toBe(examples[index]!.label);

      session.reset();
      for (let first = 0; first < samples.length; first += 777) {
        session.push(samples.subarray(first, first + 777));
      }
      expect(logitsOf(session.finish())).toEqual(logits);
    }
    engine.dispose();
  });

  describe.each([
    ["floats", "cortex-m7", () => floats],
    ["integers", "riscv32", () => integers],
  ] as const)("in %s on %s", (_, target, blob) => {
    const skipped = skipReason(target);
    test.skipIf(skipped !== "")(
      `the bits of WebAssembly${skipped}`,
      async () => {
        const subject = { name: "kws-conv2d", blob: blob(), inputs };
        const verification = await verifyCase(target, subject, { execution: STREAM });
        expect(verification).toMatchObject({ items: inputs.length, equalItems: inputs.length });
        expect(verification.builds).toEqual(["baseline", "simd"]);
        for (const { arena, plan } of verification.images) {
          expect(arena.guardsIntact).toBe(true);
          expect(arena.highWaterBytes).toBeLessThanOrEqual(plan.arenaBytes);
        }
      },
      TIMEOUT_MS,
    );
  });
});
