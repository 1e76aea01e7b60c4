/**
 * Networks of each kind that an arch file can say, on the runner of QEMU's netduinoplus2 that has their ops: the example's
 * vectors have WebAssembly's bits, over the line, too.
 */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { createBlob } from "../../ts/blob/blob.js";
import { readArch, readNpy } from "../../ts/checkpoint/index.js";
import { Engine } from "../../ts/node.js";
import { networkOf } from "../cases/support.js";
import { Emulation, flashOf, imageFor, noEmulator } from "./emulated-board.js";
import { rawPayload } from "./raw-payload.js";

const skipped = noEmulator();
const BOARD = "stm32f405";
const FLOATS = 2;
const TOKENS = 3;
const TIMEOUT_MS = 300_000;

const ARCHES = new URL("../cases/graph/", import.meta.url);
const GOLDEN = new URL("../golden/", import.meta.url);
const names = readdirSync(ARCHES).map((name) => name.replace(/\.json$/, ""));

const bytesOf = (path: string, folder: URL) => new Uint8Array(readFileSync(new URL(path, folder)));

/** The network's blob, its input as it lies in a payload, and what WebAssembly makes of that. */
async function caseOf(name: string) {
  const arch = readArch(bytesOf(`${name}.json`, ARCHES));
  const network = networkOf(bytesOf(`graph_${name}/model.safetensors`, GOLDEN), arch);
  const { data } = readNpy(bytesOf(`graph_${name}/input.npy`, GOLDEN));
  const isTokens = network.inputKind === "tokens";
  const input = isTokens ? Int32Array.from(data, Number) : (data as Float32Array);
  const engine = await Engine.load({ simd: "off" });
  try {
    const blob = await createBlob(engine, network);
    const model = await engine.loadModel(blob);
    const frames = input.length / model.info.inputWidth;
    const maxFrames = model.info.needsMaxFrames ? frames : 0;
    const options = { schedule: "stream", tile: 1, ...(maxFrames > 0 && { maxFrames }) } as const;
    const vectors = model
      .createSession(options)
      .run(input)
      .filter(({ shape }) => shape.length === 1)
      .flatMap(({ data }) => [...new Uint32Array(Float32Array.from(data).buffer)]);
    const kinds = model.ops.map(({ kind }) => kind);
    const bytes = new Uint8Array(input.buffer, input.byteOffset, input.byteLength).slice();
    const example = { bytes, values: input.length, kind: isTokens ? TOKENS : FLOATS };
    return { blob, kinds, maxFrames, example, vectors };
  } finally {
    engine.dispose();
  }
}

test.skipIf(skipped !== "").each(names)(`%s${skipped}`, { timeout: TIMEOUT_MS }, async (name) => {
  const { blob, kinds, maxFrames, example, vectors } = await caseOf(name);
  const payload = rawPayload({ blob, example, instead: { maxFrames } });
  const image = imageFor(BOARD, kinds);
  await using emulation = await Emulation.start(BOARD, flashOf(image, payload));
  const said = await emulation.start();
  expect(said.at(-2)).toBe("end");
  const hex = vectors.map((word) => word.toString(16).padStart(8, "0"));
  const logits = said.filter((line) => line.startsWith("logits"));
  expect(logits).toEqual(vectors.length > 0 ? [`logits ${hex.join(" ")}`] : []);
  const answer = await emulation.stream(`stream ${example.values} reset`, example.bytes, 4);
  expect(answer.at(-1)).toBe("status ok");
  expect(answer.filter((line) => line.startsWith("logits"))).toEqual(logits);
});
