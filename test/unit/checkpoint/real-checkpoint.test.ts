/** The published KWS-10 classifier, where its files lie beside the checkout. */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  readCheckpoint,
  readNpy,
  readNpyFloat64,
  toNetwork,
} from "../../../ts/checkpoint/index.js";
import { tensorBits } from "./support.js";

const DIRECTORY = new URL("../../../../shared/data/paper_kws10/", import.meta.url);
const file = (name: string) => new Uint8Array(readFileSync(new URL(name, DIRECTORY)));
const isPresent = existsSync(DIRECTORY);
const title = "the KWS-10 checkpoint of the paper";

describe.skipIf(!isPresent)(isPresent ? title : `${title} (skipped: ../shared is absent)`, () => {
  it("has the same bits as .pth and as .safetensors", () => {
    const pth = readCheckpoint(file("model.pth"));
    const safetensors = readCheckpoint(file("model.safetensors"));
    expect([pth.format, safetensors.format]).toEqual(["pth", "safetensors"]);
    expect(tensorBits(pth)).toEqual(tensorBits(safetensors));
    expect(toNetwork(pth)).toEqual(toNetwork(safetensors));
  });

  it("is the network of the paper", () => {
    const network = toNetwork(readCheckpoint(file("model.pth")));
    expect(network).toMatchObject({ convention: "paper", inputWidth: 40, inputKind: "frames" });
    expect(network.ops.map(({ name }) => name)).toEqual([
      "linear_in",
      "mamba",
      "pool",
      "classifier",
    ]);
    expect(network.ops[1]).toMatchObject({ kind: "mamba", aLog: { shape: [128, 16] } });
  });

  it("comes with inputs and references that are read in full precision", () => {
    const inputs = readNpy(file("inputs.npy"));
    expect(inputs).toMatchObject({ dtype: "float32", shape: [65, 100, 40] });
    const reference = readNpyFloat64(file("logits_float64.npy"));
    expect(reference.shape).toEqual([65, 10]);
    expect(reference.data[0]).toBe(2.7851407389664207);
  });
});
