/** Checkpoints whose names say nothing: shown, drafted, and converted with what was guessed. */
import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readSafetensors, writeSafetensors } from "../../ts/checkpoint/index.js";
import { failure, golden, json, mambalite, output, temporaryFolder } from "./support.js";

const temporary = temporaryFolder();
const stack = readSafetensors(readFileSync(golden("stack_rms_d7_l2_t37/model.safetensors")));

/** The two-layer network of the golden cases, its tensors under other names. */
function renamed(name: string, rename: (name: string) => string): string {
  const tensors = [...stack.tensors.values()].map((tensor) => ({
    ...tensor,
    name: rename(tensor.name),
  }));
  writeFileSync(temporary(name), writeSafetensors(tensors));
  return temporary(name);
}

const strange = (name: string) =>
  name
    .replace(/^linear_in/, "embed")
    .replace(/^layers/, "encoder.blocks")
    .replace(/^norm_f/, "final_norm")
    .replace(/^classifier/, "head");

describe("a checkpoint of unknown names", () => {
  it("is shown as a tree, what is sure and what is a guess, and is still an error", () => {
    const { code, stdout, stderr } = mambalite([
      "inspect",
      renamed("strange.safetensors", strange),
    ]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^mambalite: [^\n]+\n$/);
    expect(stderr).toMatch(/mambalite draft writes one/);
    expect(stdout).toMatch(/^ +embed +linear +\d+ → 7 +sure$/m);
    expect(stdout).toMatch(/\{i\} = 0 \.\. 1 +repeat +2 times/);
    expect(stdout).toMatch(/encoder\.blocks\.\{i\}\.mixer +mamba +7 → 7 \(inner .*\) +sure/);
    expect(stdout).toMatch(/pool +pool +mean +guess: /);
    expect(stdout).toMatch(/head +linear/);
  });

  it("becomes an arch file to edit, whose guesses convert prints", () => {
    const checkpoint = renamed("drafted.safetensors", strange);
    const arch = temporary("arch.json");
    expect(output(["draft", checkpoint, "-o", arch])).toMatch(/a draft of .*drafted\.safetensors/);
    const { ops, guess } = JSON.parse(readFileSync(arch, "utf8"));
    expect(guess).toMatch(/order of the operators is a guess/);
    expect(ops.map(({ name }: { name: string }) => name)).toContain("final_norm");
    const blob = temporary("drafted.mlm");
    const text = output(["convert", checkpoint, "--arch", arch, "-o", blob]);
    expect(text).toMatch(/ {2}assumed: Guessed of pool: mean, last and max are usual/);
    const traced = golden("stack_rms_d7_l2_t37");
    const files = [`${traced}/input.npy`, `${traced}/logits_float64.npy`];
    expect(json(["compare", blob, "--golden", ...files]).maxRelative).toBeLessThan(2e-6);
    expect(JSON.parse(output(["draft", checkpoint]))).toEqual(
      JSON.parse(readFileSync(arch, "utf8")),
    );
  });

  it("is answered with the one rename that would do", () => {
    const one = renamed("one.safetensors", (name) => name.replace(/^layers/, "encoder.blocks"));
    const { stderr } = mambalite(["inspect", one]);
    expect(stderr).toContain(
      'nearest: stack, with "rename": {"encoder.blocks.{i}": "layers.{i}"} beside "convention": "stack"',
    );
    const arch = temporary("rename.json");
    const rename = { "encoder.blocks.{i}": "layers.{i}" };
    writeFileSync(arch, JSON.stringify({ convention: "stack", rename }));
    expect(json(["inspect", one, "--arch", arch]).convention).toBe("stack");
  });

  it("has a layer more where its numbers have a gap", () => {
    const gap = renamed("gap.safetensors", (name) => name.replace(/^layers\.1/, "layers.3"));
    expect(mambalite(["inspect", gap]).stderr).toMatch(/layers 0 to 3 without gaps/);
  });
});

describe("a whole pickled module", () => {
  it("is read, and says that the order of its parts is not in it", () => {
    const path = golden("checkpoint/whole_module.pth");
    const { stdout, stderr } = mambalite(["inspect", path]);
    expect(stdout).toMatch(/mamba +mamba +/);
    expect(stderr).toMatch(/mambalite draft/);
  });
});

describe("the exporter", () => {
  it("is written as one Python file", () => {
    const path = temporary("mambalite_torch.py");
    expect(output(["torch", "-o", path])).toMatch(/from mambalite_torch import export/);
    expect(readFileSync(path, "utf8")).toMatch(/^def export\(/m);
    expect(failure(["torch"])).toMatch(/required option '-o, --output <file>'/);
  });
});
