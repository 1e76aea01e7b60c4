/**
 * Modules as people write them, exported by mambalite_torch with one line and converted: where PyTorch is there, and a
 * folder of such modules lies beside the checkout.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
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
import { compareReferences, referenceTolerance } from "../../ts/profile/index.js";

const CASES = fileURLToPath(new URL("../../../shared/cases", import.meta.url));
const EXPORTER = fileURLToPath(new URL("../../scripts/torch", import.meta.url));
const python = existsSync(join(CASES, "networks.py")) ? findPython(["torch"]) : undefined;
const title = "networks that are exported";
const why = existsSync(CASES) ? "no Python with torch" : "../shared is absent";
const NAMES = [
  ...["bidirectional_har", "ecg_flatten", "sequence_labels", "two_heads", "inverted_forecast"],
  ...["patch_class", "variants", "channel_independent", "small_mamba2", "kws_conv2d"],
  ...["mamba_gru", "mamba_attention"],
];
const SCRIPT = `
import sys
sys.dont_write_bytecode = True
sys.path[:0] = [sys.argv[1], sys.argv[2]]
from networks import NETWORKS
from mambalite_torch import export
for name in sys.argv[4:]:
    model, example = NETWORKS[name]()
    export(model, example, f"{sys.argv[3]}/{name}.safetensors")
`;

const folder = mkdtempSync(join(tmpdir(), "mambalite-export-"));
let engine: Engine;

beforeAll(async () => {
  engine = await Engine.load();
  if (python === undefined) return;
  const args = ["-c", SCRIPT, EXPORTER, CASES, folder, ...NAMES];
  const { status, stderr } = spawnSync(python, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
});

afterAll(() => {
  engine.dispose();
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(python === undefined)(python ? title : `${title} (skipped: ${why})`, () => {
  it.each(NAMES)("%s agrees with PyTorch, streaming and whole", async (name) => {
    const stateDict = readCheckpoint(
      new Uint8Array(readFileSync(join(folder, `${name}.safetensors`))),
    );
    const exported = exportedFile(stateDict);
    const references = exported && referencesOf(stateDict, exported);
    expect(references?.inputs).toHaveLength(8);
    if (exported === undefined || references === undefined) return;
    const [testInput] = references.inputs;
    const blob = await createBlob(engine, toNetwork(stateDict), testInput ? { testInput } : {});
    const model = await engine.loadModel(blob);
    try {
      model.selfTest();
      for (const schedule of ["stream", "layer"] as const) {
        const { maxRelative } = compareReferences(model, references, { schedule }).all;
        expect(maxRelative).toBeLessThan(referenceTolerance(exported.float32Error));
      }
    } finally {
      model.dispose();
    }
  });
});
