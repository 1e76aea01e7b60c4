/** Models, inputs and folders of the firmware tests. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";
import { readArch, readCheckpoint, readNpy, toNetwork } from "../../ts/checkpoint/index.js";
import type { EmulatedTarget } from "../../ts/firmware/index.js";
import { missingTools, type Verification, verify } from "../../ts/firmware/node.js";
import { createBlob, Engine, type InputArray, type Network } from "../../ts/node.js";

export const root = fileURLToPath(new URL("../..", import.meta.url));
const PAPER = join(root, "../shared/data/paper_kws10");
const HOW_TO_GET_TOOLS = "sudo scripts/setup.sh installs it";

/** Of this test file and this run alone: two that build in one folder at once spoil both. */
let builds: string | undefined;

afterAll(() => {
  if (builds !== undefined) rmSync(builds, { recursive: true, force: true });
});

/** Made when it is first asked for: where everything is skipped, nothing is left behind. */
export function buildFolder(name: string): string {
  builds ??= mkdtempSync(join(tmpdir(), "mambalite-firmware-tests-"));
  return join(builds, name);
}

/** Empty, or why the firmware of a target cannot be built and run here, for a test's name. */
export function skipReason(target: EmulatedTarget): string {
  const missing = missingTools(target);
  return missing.length === 0 ? "" : ` (skipped: no ${missing.join(", ")}; ${HOW_TO_GET_TOOLS})`;
}

export interface Case {
  readonly name: string;
  readonly blob: Uint8Array;
  /** Sequences of one length. */
  readonly inputs: readonly InputArray[];
}

const hasPaper = existsSync(PAPER);
/** For tests' titles: what they say of the keyword spotter is of this one. */
export const SPOTTER = hasPaper
  ? "the keyword spotter"
  : "random weights in the keyword spotter's sizes";

/** The paper's network and inputs where they are, else random ones of the same sizes. */
export async function keywordSpotter(rows: number): Promise<Case> {
  if (!hasPaper) {
    const same = join(root, "test/golden/paper_d64_t100");
    return {
      name: SPOTTER,
      blob: await convert(join(same, "model.safetensors")),
      inputs: readSequences(join(same, "input.npy"), "frames", rows),
    };
  }
  return {
    name: "KWS-10",
    blob: await convert(join(PAPER, "model.pth")),
    inputs: readSequences(join(PAPER, "inputs.npy"), "frames", rows),
  };
}

/** A golden model with at most `frames` frames of its input. */
export async function goldenCase(name: string, frames: number): Promise<Case> {
  const folder = join(root, "test/golden", name);
  const { input } = JSON.parse(readFileSync(join(folder, "case.json"), "utf8"));
  const kind = input.dtype === "int32" ? "tokens" : "frames";
  const width = kind === "tokens" ? 1 : input.shape.at(-1);
  const inputs = readSequences(join(folder, "input.npy"), kind, 1);
  return {
    name,
    blob: await convert(join(folder, "model.safetensors"), join(folder, "arch.json")),
    inputs: inputs.map((sequence) => sequence.slice(0, frames * width)),
  };
}

/** Builds in the target's folder, so that the core is compiled once for all models. */
export function verifyCase(
  target: EmulatedTarget,
  { blob, inputs }: Case,
  options: Partial<Parameters<typeof verify>[1]> = {},
): Promise<Verification> {
  return verify(blob, { target, inputs, folder: buildFolder(target), ...options });
}

export async function blobOf(network: Network): Promise<Uint8Array> {
  const engine = await Engine.load({ simd: "off" });
  try {
    return await createBlob(engine, network);
  } finally {
    engine.dispose();
  }
}

async function convert(path: string, archPath = ""): Promise<Uint8Array> {
  const arch = existsSync(archPath) ? { arch: readArch(readFileSync(archPath)) } : {};
  return blobOf(toNetwork(readCheckpoint(readFileSync(path)), arch));
}

function readSequences(path: string, kind: "frames" | "tokens", rows: number): InputArray[] {
  const { data, shape } = readNpy(readFileSync(path));
  const isBatch = shape.length === (kind === "tokens" ? 2 : 3);
  const count = isBatch ? shape[0]! : 1;
  const length = data.length / count;
  return Array.from({ length: Math.min(rows, count) }, (_, i) =>
    data.slice(i * length, (i + 1) * length),
  );
}
