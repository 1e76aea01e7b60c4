/** A network whose output is one value measures something: there is no class 0. */
import { writeFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import {
  readCheckpoint,
  readNpy,
  toNetwork,
  writeNpy,
  writeSafetensors,
} from "../../ts/checkpoint/index.js";
import { fixture, tensor } from "../unit/checkpoint/support.js";
import { failure, json, mambalite, output, temporaryFolder } from "./support.js";

const temporary = temporaryFolder();
const model = temporary("regression.safetensors");
const input = temporary("input.npy");
const reference = temporary("logits.npy");
let value: number;

beforeAll(() => {
  const { tensors } = readCheckpoint(fixture("paper.safetensors"));
  const width = tensors.get("classifier.weight")!.shape[1]!;
  const head = [tensor("classifier.weight", [1, width]), tensor("classifier.bias", [1])];
  const rest = [...tensors.values()].filter(({ name }) => !name.startsWith("classifier."));
  const file = writeSafetensors([...rest, ...head]);
  writeFileSync(model, file);
  const { inputWidth } = toNetwork(readCheckpoint(file));
  writeFileSync(input, writeNpy(tensor("input", [2, 5, inputWidth]).data, [2, 5, inputWidth]));
  const logits = json(["run", model, "--input", input]).results.map(
    (result: { logits: number[] }) => result.logits[0],
  );
  value = logits[0];
  writeFileSync(reference, writeNpy(Float32Array.from(logits), [2, 1]));
});

describe("a network of one value", () => {
  it("is run to the value", () => {
    const [result] = json(["run", model, "--input", input]).results;
    expect(Object.keys(result)).toEqual(["logits", "logitsBits", "classIndex", "outputs"]);
    expect(result.classIndex).toBeNull();
    const text = output(["run", model, "--input", input]);
    expect(text).toContain(`input 0: ${value.toPrecision(9)}  ${result.logitsBits[0]}\n`);
    expect(text).not.toContain("class");
  });

  it("is compared by its values", () => {
    const args = ["compare", model, "--golden", input, reference];
    const report = json(args);
    expect(report.sameClasses).toBeNull();
    expect(report.cases[1]).toMatchObject({
      classIndex: null,
      referenceClass: null,
      sameClass: null,
      maxRelative: 0,
    });
    const text = output(args);
    expect(text).not.toContain("class");
    expect(text).toMatch(/case +max error +mean error +value +reference/);
    const written = value.toPrecision(9);
    expect(text).toContain(`${written}  ${written}`);
  });

  it("does not speak of classes when it departs", () => {
    const { data } = readNpy(writeNpy(Float32Array.of(value + 1, value), [2, 1]));
    writeFileSync(reference, writeNpy(data, [2, 1]));
    const { code, stdout, stderr } = mambalite(["compare", model, "--golden", input, reference]);
    expect(code).toBe(1);
    expect(stderr).toContain("differs from the reference: max error");
    expect(stdout + stderr).not.toContain("class");
  });

  it("has no classes to evaluate", () => {
    writeFileSync(temporary("classes.npy"), writeNpy(Int32Array.of(0, 0), [2]));
    const args = ["eval", model, "--inputs", input, "--labels", temporary("classes.npy")];
    expect(failure(args)).toContain("expected logits of classes, got one value");
  });
});
