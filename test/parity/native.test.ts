/**
 * The same bits from WebAssembly (baseline and SIMD) and from native builds of the same core (gcc
 * and clang, SSE and plain C), and the same arena to the byte, for every golden case, for small graphs of
 * all shapes, and for the paper's checkpoint where it is.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeNetwork } from "../../ts/blob/encode.js";
import { readArch, readCheckpoint, readNpy, toNetwork } from "../../ts/checkpoint/index.js";
import { createBlob, Engine, type Network } from "../../ts/node.js";
import { build, missingFor, root } from "../native/build.mjs";
import { NetworkMaker } from "../unit/core/networks.js";
import { GRAPHS } from "../unit/graph/graphs.js";
import { bitLines, flattened, NATIVE_VARIANTS, planWasm, printedLines, WAYS } from "./mlm-run.js";

const goldenFolder = join(root, "test/golden");
const paperFolder = join(root, "../shared/data/paper_kws10");
/** Of the paper's 65 inputs; they are much alike. */
const PAPER_INPUTS = 12;

interface Case {
  readonly name: string;
  readonly network: Network;
  /** [inputs][frames][width] */
  readonly input: Float32Array | Int32Array;
  readonly inputs: number;
  readonly frames: number;
}

function readCase(name: string, folder: string, inputFile: string, limit: number): Case {
  const archFile = join(folder, "arch.json");
  const arch = existsSync(archFile) ? { arch: readArch(readFileSync(archFile)) } : {};
  const checkpoint = readCheckpoint(readFileSync(join(folder, "model.safetensors")));
  const network = toNetwork(checkpoint, arch);
  const { data, shape } = readNpy(readFileSync(join(folder, inputFile)));
  const isBatch = shape.length === (network.inputKind === "tokens" ? 2 : 3);
  const inputs = isBatch ? Math.min(shape[0]!, limit) : 1;
  const frames = shape[isBatch ? 1 : 0]!;
  const input = data.subarray(0, inputs * frames * network.inputWidth);
  return { name, network, input, inputs, frames };
}

function goldenCases(): Case[] {
  return readdirSync(goldenFolder)
    .filter((name) => existsSync(join(goldenFolder, name, "case.json")))
    .map((name) => readCase(name, join(goldenFolder, name), "input.npy", Infinity));
}

const GRAPH_FRAMES = 20;

function graphCases(): Case[] {
  return Object.entries(GRAPHS).map(([name, network]) => {
    const frames = encodeNetwork(network).lengths.near(GRAPH_FRAMES);
    const input = new NetworkMaker(frames).frames(2 * frames, network.inputWidth);
    return { name, network, input, inputs: 2, frames };
  });
}

async function runWasm(engine: Engine, blob: Uint8Array, golden: Case): Promise<string[]> {
  const model = await engine.loadModel(blob);
  const session = model.createSession({ maxFrames: golden.frames });
  const length = golden.frames * golden.network.inputWidth;
  const rows = Array.from({ length: golden.inputs }, (_, i) =>
    flattened(session.run(golden.input.subarray(i * length, (i + 1) * length))),
  );
  model.dispose();
  return bitLines(rows);
}

let temporary: string;
let baseline: Engine;
let simd: Engine;

beforeAll(async () => {
  temporary = mkdtempSync(join(tmpdir(), "mambalite-parity-"));
  baseline = await Engine.load({ simd: "off" });
  simd = await Engine.load({ simd: "on" });
});

afterAll(() => {
  rmSync(temporary, { recursive: true, force: true });
  baseline.dispose();
  simd.dispose();
});

const cases = [...goldenCases(), ...graphCases()];
if (existsSync(paperFolder)) {
  cases.push(readCase("paper_kws10", paperFolder, "inputs.npy", PAPER_INPUTS));
}

/** What WebAssembly gives, computed once a case, and the files that mlm_run takes. */
async function prepare(golden: Case) {
  const blob = await createBlob(baseline, golden.network);
  const expected = await runWasm(baseline, blob, golden);
  const arenas = await planWasm(baseline, blob, golden.frames);
  const name = golden.name.replaceAll(" ", "_");
  const blobFile = join(temporary, `${name}.mlm`);
  const inputFile = join(temporary, `${name}.raw`);
  writeFileSync(blobFile, blob);
  writeFileSync(inputFile, golden.input);
  return { blob, expected, arenas, blobFile, inputFile };
}

describe.skipIf(!existsSync(paperFolder))("the paper's checkpoint", () => {
  test("is among the cases", () => {
    expect(cases.map(({ name }) => name)).toContain("paper_kws10");
  });
});

describe("WebAssembly with SIMD gives the bits of the baseline", () => {
  test.each(cases)("$name", async (golden) => {
    const { blob, expected } = await prepare(golden);
    expect(expected.join(" ")).not.toMatch(/\b[7f]f[89a-f]/);
    expect(await runWasm(simd, blob, golden)).toEqual(expected);
  });
});

for (const variant of NATIVE_VARIANTS) {
  const missing = missingFor(variant);
  const title = `native ${variant} gives the bits of WebAssembly`;
  describe.skipIf(missing !== null)(missing === null ? title : `${title} (${missing})`, () => {
    let folder: string;
    beforeAll(async () => {
      folder = await build(variant);
    });

    test.each(cases)("$name", async (golden) => {
      const { expected, arenas, blobFile, inputFile } = await prepare(golden);
      for (const [i, way] of WAYS.entries()) {
        const printed = printedLines(folder, [blobFile, inputFile], golden.frames, way);
        expect(printed, way.join(" ")).toEqual([arenas[i], ...expected]);
      }
    });
  });
}
