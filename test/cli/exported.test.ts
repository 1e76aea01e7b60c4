/** A file of mambalite_torch.export: converted, compared and run in the module's own shapes, or refused. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readNpy, readNpyFloat64, writeNpy } from "../../ts/checkpoint/index.js";
import { failure, golden, json, mambalite, output, temporaryFolder } from "./support.js";

const temporary = temporaryFolder();
const folder = golden("exported_two_outputs");
const model = `${folder}/model.safetensors`;
const input = `${folder}/input.npy`;

/** The file with the JSON header's bytes, or an element, changed. */
function changedFile(
  name: string,
  change: (bytes: Buffer, header: Header, data: number) => void,
): string {
  const bytes = Buffer.from(readFileSync(model));
  const length = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.subarray(8, 8 + length).toString()) as Header;
  change(bytes, header, 8 + length);
  writeFileSync(temporary(name), bytes);
  return temporary(name);
}

type Header = Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>;

describe("an exported file", () => {
  it("is converted after its references have been met, the first of which is the self-test", () => {
    const blob = temporary("model.mlm");
    expect(output(["convert", model, "-o", blob])).toMatch(
      /from safetensors \(exported\)\n {2}as PyTorch: 8 references, max error \d\.\d\de-7\n$/,
    );
    const { model: info } = json(["inspect", blob]);
    expect(info.selfTestInputs).toBe(20);
    expect(info.labels).toEqual(["none", "one", "two", "three"]);
  });

  it("never becomes a blob that is not the module", () => {
    const wrong = changedFile("wrong.safetensors", (bytes, header, data) => {
      const [at] = header["classes.weight"]!.data_offsets;
      bytes.writeFloatLE(bytes.readFloatLE(data + at) + 1e-3, data + at);
    });
    const blob = temporary("wrong.mlm");
    const { code, stdout, stderr } = mambalite(["convert", wrong, "-o", blob]);
    expect(code).toBe(1);
    expect(existsSync(blob)).toBe(false);
    expect(stdout).toMatch(/^beyond 2\.00e-6: 8 cases/);
    expect(stderr).toMatch(
      /differs from the reference: .* in case \d of output class, tolerance 2\.00e-6; nothing was written/,
    );
  });

  it("is compared with the references inside, operator by operator", () => {
    const report = json(["compare", model]);
    expect(report.cases).toHaveLength(8);
    expect(report.maxRelative).toBeLessThan(2e-6);
    expect(report.trace.firstDeparture).toBeNull();
    const pairs = report.trace.operators.map(
      ({ name, reference }: Record<string, string>) => [name, reference] as const,
    );
    expect(pairs).toContainEqual(["mamba.out_proj", "mamba"]);
    expect(pairs).toContainEqual(["stem", "stem"]);
  });

  it("takes inputs and gives outputs in the module's own shapes, with or without the batch", () => {
    const blob = temporary("shapes.mlm");
    output(["convert", model, "-o", blob]);
    const { results } = json(["run", blob, "--input", input]);
    expect(results.map((r: Result) => r.outputs.steps?.shape)).toEqual([
      [2, 20],
      [2, 20],
    ]);
    const expected = readNpyFloat64(readFileSync(`${folder}/steps.npy`)).data;
    for (const [i, value] of results[0].outputs.steps.values.entries()) {
      expect(value).toBeCloseTo(expected[i]!, 5);
    }
    const { data } = readNpy(readFileSync(input));
    const alone = temporary("alone.npy");
    writeFileSync(alone, writeNpy(data.subarray(0, 60) as Float32Array, [3, 20]));
    expect(json(["run", blob, "--input", alone]).results[0]).toEqual(results[0]);
    const turned = temporary("turned.npy");
    writeFileSync(turned, writeNpy(data.subarray(0, 60) as Float32Array, [20, 3]));
    expect(failure(["run", blob, "--input", turned])).toMatch(
      /expected float32 \[N, 3, T\] or \[3, T\], as the module takes it, got \[20, 3\]/,
    );
  });

  it("is compared with a folder of arrays in the module's shapes", () => {
    const { outputs } = json(["compare", model, "--golden", folder]);
    expect(outputs.steps.maxRelative).toBeLessThan(2e-6);
    expect(outputs.class.maxRelative).toBeLessThan(2e-6);
  });

  it("says what of the input is pushed frame by frame", () => {
    const text = output(["inspect", model]);
    expect(text).toMatch(/as exported \[N, 3, T\] \(example \[1, 3, 20\]\)/);
    expect(text).toMatch(/push +3 numbers a time step t: input\[n, :, t\]/);
    expect(text).toMatch(/gives +class \[batch, channels\]\n +steps \[batch, channels, time\]/);
  });

  it("is refused where it contradicts itself", () => {
    const text = readFileSync(model).toString("latin1");
    const damage = (name: string, from: string, to: string): string => {
      expect(text).toContain(from);
      expect(to.length).toBe(from.length);
      writeFileSync(temporary(name), Buffer.from(text.replace(from, to), "latin1"));
      return temporary(name);
    };
    const axes = damage(
      "axes.safetensors",
      '\\"channels\\", \\"time\\"',
      '\\"channels\\", \\"tame\\"',
    );
    expect(failure(["inspect", axes])).toMatch(/mambalite\.module .* export it again/);
    const lost = damage("lost.safetensors", "reference.output.steps", "reference.output.stepz");
    expect(failure(["inspect", lost])).toMatch(/no reference of the output "steps"/);
  });
});

interface Result {
  readonly outputs: Record<string, { shape: number[]; values: number[] }>;
}
