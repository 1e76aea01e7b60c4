import { describe, expect, it } from "vitest";
import {
  failure,
  golden,
  har,
  json,
  output,
  spotter,
  spotterInput,
  temporaryFolder,
} from "./support.js";

const temporary = temporaryFolder();
/** Two classes of the same input may not differ by more; of the largest logit. */
const TOLERANCE = 2e-6;

describe("--fold", () => {
  it("writes a smaller blob that does less and says so", () => {
    const [plain, folded] = [temporary("plain.mlm"), temporary("folded.mlm")];
    const bytes = json(["convert", spotter, "-o", plain]).blobBytes;
    expect(json(["convert", spotter, "--fold", "-o", folded]).blobBytes).toBeLessThan(bytes);

    const { fold } = json(["inspect", folded]).model.metadata;
    expect(fold.before).toEqual({ macsPerFrame: 41_344, macsAtEnd: 640, weightsBytes: 147_264 });
    expect(fold.after).toEqual({ macsPerFrame: 24_448, macsAtEnd: 1_280, weightsBytes: 84_544 });
    const shown = output(["inspect", folded]);
    expect(shown).toMatch(/MACs a frame +41,344 +24,448 +-41 %/);
    expect(shown).toMatch(/linear_in multiplied into mamba\.in_proj/);
    expect(output(["inspect", plain])).not.toMatch(/FOLDING/);
  });

  it("leaves class and logits as they were, but for rounding", () => {
    const [plain] = json(["run", spotter, "--input", spotterInput]).results;
    const [folded] = json(["run", spotter, "--fold", "--input", spotterInput]).results;
    expect(folded.classIndex).toBe(plain.classIndex);
    const largest = Math.max(...plain.logits.map(Math.abs));
    for (const [i, logit] of plain.logits.entries()) {
      expect(Math.abs(folded.logits[i] - logit)).toBeLessThanOrEqual(TOLERANCE * largest);
    }
  });

  it("gives the same bits from a checkpoint and from its blob", () => {
    const folded = temporary("bits.mlm");
    output(["convert", spotter, "--fold", "-o", folded]);
    expect(json(["run", folded, "--input", spotterInput])).toEqual(
      json(["run", spotter, "--fold", "--input", spotterInput]),
    );
  });

  it("profiles the folded operators", () => {
    const { operators } = json(["profile", spotter, "--fold"]);
    const names = operators.map(({ name }: { name: string }) => name);
    expect(names).not.toContain("linear_in");
    expect(names).not.toContain("mamba.out_proj");
  });

  it("says when there is nothing to fold", () => {
    const model = golden("stack_rms_d7_l2_t37/model.safetensors");
    expect(output(["inspect", model, "--fold"])).toMatch(/nothing to fold/);
  });

  it("refuses a blob", () => {
    for (const command of ["inspect", "profile"]) {
      expect(failure([command, har, "--fold"])).toMatch(/--fold: expected a checkpoint as MODEL/);
    }
  });
});
