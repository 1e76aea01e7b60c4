/**
 * Whole networks of each kind that an arch file can say, against PyTorch in float64: the modules of
 * scripts/golden/graph_modules.py with the arch files of graph/.
 */
import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createBlob } from "../../ts/blob/blob.js";
import { readArch, readNpy, readNpyFloat64 } from "../../ts/checkpoint/index.js";
import { createFoldedBlob } from "../../ts/fold/index.js";
import type { Network } from "../../ts/graph/network.js";
import { Engine } from "../../ts/node.js";
import { errorOf, networkOf, run, TOLERANCE } from "./support.js";

const ARCHES = new URL("./graph/", import.meta.url);
const GOLDEN = new URL("../golden/", import.meta.url);

const names = readdirSync(ARCHES).map((name) => name.replace(/\.json$/, ""));

let engine: Engine;

beforeAll(async () => {
  engine = await Engine.load();
});

afterAll(() => {
  engine.dispose();
});

function bytesOf(path: string, folder = GOLDEN): Uint8Array {
  return new Uint8Array(readFileSync(new URL(path, folder)));
}

function openNetwork(name: string): Network {
  const arch = readArch(bytesOf(`${name}.json`, ARCHES));
  return networkOf(bytesOf(`graph_${name}/model.safetensors`), arch);
}

function inputOf(name: string, { inputKind }: Network): Float32Array | Int32Array {
  const { data } = readNpy(bytesOf(`graph_${name}/input.npy`));
  return inputKind === "tokens" ? Int32Array.from(data, Number) : data;
}

describe("whole networks against PyTorch", () => {
  it("has an arch file for each", () => {
    const folders = readdirSync(GOLDEN).filter((name) => name.startsWith("graph_"));
    expect(folders).toEqual(names.map((name) => `graph_${name}`).sort());
  });

  it.each(
    names.flatMap((name) => [
      { name, title: name, create: createBlob },
      { name, title: `${name}, folded`, create: createFoldedBlob },
    ]),
  )("$title", async ({ name, create }) => {
    const network = openNetwork(name);
    const outputs = await run(engine, network, inputOf(name, network), create);
    const files = readdirSync(new URL(`graph_${name}/expected/`, GOLDEN));
    expect(outputs.map((output) => `${output.name}.npy`).sort()).toEqual(files.sort());
    for (const output of outputs) {
      const expected = readNpyFloat64(bytesOf(`graph_${name}/expected/${output.name}.npy`));
      expect(output.shape).toEqual(expected.shape);
      expect(errorOf(output.data, expected.data)).toBeLessThan(TOLERANCE);
    }
  });
});
