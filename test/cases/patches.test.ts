/**
 * Patches of a spectrogram in both orders, as modules of PyTorch exported, converted and compared with it. What integers
 * say of them is in test/property/integer-refusals.test.ts. Needs PyTorch.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findPython } from "../../scripts/python.mjs";
import { createBlob } from "../../ts/blob/blob.js";
import {
  exportedFile,
  readCheckpoint,
  referencesOf,
  toNetwork,
} from "../../ts/checkpoint/index.js";
import { Engine } from "../../ts/node.js";
import { compareReferences } from "../../ts/profile/index.js";

const MODULES = fileURLToPath(new URL("../python", import.meta.url));
const TOLERANCE = 2e-6;
const NAMES = ["by_rows", "by_columns"];
const SCRIPT = `
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import test_bands
for name in sys.argv[3:]:
    test_bands.export(getattr(test_bands, name)(), test_bands.X, f"{sys.argv[2]}/{name}.safetensors")
`;
const python = findPython(["torch"]);

const folder = mkdtempSync(join(tmpdir(), "mambalite-patches-"));
let engine: Engine;

beforeAll(async () => {
  engine = await Engine.load();
  if (python === undefined) return;
  const args = ["-c", SCRIPT, MODULES, folder, ...NAMES];
  const { status, stderr } = spawnSync(python, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
});

afterAll(() => {
  engine.dispose();
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(python === undefined)("patches of two dimensions", () => {
  it.each(NAMES)("%s agree with PyTorch, streaming and whole", async (name) => {
    const file = new Uint8Array(readFileSync(join(folder, `${name}.safetensors`)));
    const stateDict = readCheckpoint(file);
    const exported = exportedFile(stateDict);
    const references = exported && referencesOf(stateDict, exported);
    if (references === undefined) throw new Error("no references");
    const model = await engine.loadModel(await createBlob(engine, toNetwork(stateDict)));
    try {
      for (const schedule of ["stream", "layer"] as const) {
        const { maxRelative } = compareReferences(model, references, { schedule }).all;
        expect(maxRelative).toBeLessThan(TOLERANCE);
      }
    } finally {
      model.dispose();
    }
  });
});
