/** Inputs whose classes are known, of files that a person chooses. */
import { describe, expect, it } from "vitest";
import { writeNpy } from "../../../ts/checkpoint/npy.js";
import type { Model } from "../../../ts/core/model.js";
import { readLabelled } from "../../../ts/open/labelled-files.js";

type Taken = Pick<Model, "info" | "labels" | "metadata">;
const outputs = [{ name: "logits", width: 3, isSequence: false }];
const frames = {
  info: { inputKind: "frames", inputWidth: 2, outputs },
  labels: [],
  metadata: "",
} as unknown as Taken;
const tokens = {
  info: { inputKind: "tokens", inputWidth: 1, vocabulary: 9, outputs },
  labels: [],
  metadata: "",
} as unknown as Taken;

function npy(path: string, data: Float32Array | Int32Array, shape: number[]) {
  return { path, read: () => writeNpy(data, shape) };
}

const inputs = npy("a.npy", new Float32Array(12), [2, 3, 2]);
const classes = npy("b.npy", Int32Array.of(2, 0), [2]);

describe("two arrays", () => {
  it("are told apart by what is in them, in any order", async () => {
    const renamed = { ...inputs, path: "z.npy" };
    for (const files of [
      [inputs, classes],
      [classes, inputs],
      [classes, renamed],
    ]) {
      const set = await readLabelled(files, frames);
      expect(set.source.count).toBe(2);
      expect(set.frames).toBe(3);
      expect([...(set.classes as Int32Array)]).toEqual([2, 0]);
    }
  });

  it("of integers both by their names", async () => {
    const one = npy("x.npy", Int32Array.of(5), [1]);
    const label = npy("labels.npy", Int32Array.of(1), [1]);
    const set = await readLabelled([one, label], tokens);
    expect([...(set.classes as Int32Array)]).toEqual([1]);
  });

  it("are named with what is wrong in them", async () => {
    const wrong = npy("b.npy", Int32Array.of(2, 3), [2]);
    await expect(readLabelled([inputs, wrong], frames)).rejects.toThrow(
      /^b\.npy: bad input: expected classes from 0 to 2, got 3 at \[1\]/,
    );
  });
});

it("anything else is named, with what would do", async () => {
  await expect(readLabelled([inputs], frames)).rejects.toThrow(
    /expected inputs of frames and their classes as two \.npy files, got a\.npy/,
  );
});
