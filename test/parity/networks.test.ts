/** Random networks in native builds of the core: the bits of WebAssembly, and the same arenas. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Engine, writeBlob } from "../../ts/node.js";
import { build as buildNative, missingFor } from "../native/build.mjs";
import { type Built, build, caseOf, describe } from "../property/random-network.js";
import { bitLines, flattened, NATIVE_VARIANTS, planWasm, printedLines, WAYS } from "./mlm-run.js";

const NETWORKS = 40;
const FIRST_SEED = 2000;
const TIMEOUT_MS = 300_000;

const SEEDS = Array.from({ length: NETWORKS }, (_, index) => FIRST_SEED + index);

interface Prepared extends Built {
  readonly seed: number;
  readonly arenas: readonly string[];
  readonly bits: readonly string[];
  readonly files: readonly [blob: string, input: string];
}

let folder: string;
let engine: Engine;
let prepared: readonly Prepared[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "mambalite-networks-"));
  engine = await Engine.load({ simd: "off" });
  prepared = await Promise.all(SEEDS.map(prepare));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  engine.dispose();
});

/** What WebAssembly gives, and the files that mlm_run takes. */
async function prepare(seed: number): Promise<Prepared> {
  const built = build(caseOf(seed));
  const blob = writeBlob(built.network);
  const files = [join(folder, `${seed}.mlm`), join(folder, `${seed}.raw`)] as const;
  writeFileSync(files[0], blob);
  writeFileSync(files[1], built.input);
  const model = await engine.loadModel(blob);
  const outputs = model.createSession({ maxFrames: built.frames }).run(built.input);
  model.dispose();
  const arenas = await planWasm(engine, blob, built.frames);
  return { ...built, seed, arenas, files, bits: bitLines([flattened(outputs)]) };
}

for (const variant of NATIVE_VARIANTS) {
  const missing = missingFor(variant);
  const title = `${NETWORKS} random networks in native ${variant} have the bits of WebAssembly`;
  test.skipIf(missing !== null)(
    missing === null ? title : `${title} (${missing})`,
    { timeout: TIMEOUT_MS },
    async () => {
      const programs = await buildNative(variant);
      for (const { seed, network, input, files, arenas, bits } of prepared) {
        const count = input.length / network.inputWidth;
        for (const [i, way] of WAYS.entries()) {
          const printed = printedLines(programs, files, count, way);
          const name = `seed ${seed}, ${way.join(" ")}: ${describe(network)}`;
          expect(printed, name).toEqual([arenas[i], ...bits]);
        }
      }
    },
  );
}
