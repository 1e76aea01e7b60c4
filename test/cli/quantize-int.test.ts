/** `mambalite quantize --type int`: a blob of integers, what it has cost, and one line for what cannot be done. */
import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readNpy, writeNpy } from "../../ts/checkpoint/index.js";
import {
  failure,
  harCheckpoint,
  harInput,
  json,
  output,
  spotter,
  temporaryFolder,
} from "./support.js";

const temporary = temporaryFolder();
const HAR = ["quantize", ...harCheckpoint, "--type", "int", "--inputs", harInput];

describe("quantize --type int", () => {
  it("writes a blob that runs, and reports bytes, error, shares and what is unsure", () => {
    const file = temporary("har.mlm");
    const report = json([...HAR, "-o", file]);
    expect(report).toMatchObject({ type: "int", inputs: 1, output: file });
    expect(report.evaluation).toMatchObject({ inputs: 1, sameClasses: 1, saturations: 0 });
    expect(report.after.weightsBytes / report.before.weightsBytes).toBeLessThan(0.31);
    expect(report.after.arenaBytes).toBeLessThan(report.before.arenaBytes);
    expect(report.shares[0].share).toBeGreaterThan(0);
    const [float] = json(["run", ...harCheckpoint, "--input", harInput]).results;
    const [integer] = json(["run", file, "--input", harInput]).results;
    expect(integer.classIndex).toBe(float.classIndex);
    const { metadata } = json(["inspect", file]).model;
    expect(metadata).toMatchObject({ type: "int", calibration: { inputs: 1, stateBits: 32 } });
  });

  it("shows it to a person", () => {
    const text = output([...HAR, "-o", temporary("shown.mlm"), "--state", "16"]);
    expect(text).toMatch(/int, [\d,]+ bytes, CRC-32 [\da-f]{8}\n {2}calibrated with 1 input\n/);
    expect(text).toMatch(/unsure: 1 input says little of how large values get: 16 or more do/);
    expect(text).toMatch(/weights +72,992 +[\d,]+ +30\.\d %/);
    expect(text).toMatch(/class differs in 0 of 1 input\n/);
    expect(text).toMatch(/no state left its range\n/);
    expect(text).toMatch(/ERROR BY OP\n.*alone +share\n(.*\n){8} {2}and \d+ ops with less\n/);
  });

  it("makes a blob of which run and eval say what inputs far outside of the calibration have lost", () => {
    const file = temporary("calm.mlm");
    json([...HAR, "--no-shares", "-o", file]);
    const { data, shape } = readNpy(readFileSync(harInput));
    const far = temporary("far.npy");
    writeFileSync(
      far,
      writeNpy(
        Float32Array.from(data, (x) => x * 1000),
        shape,
      ),
    );
    const labels = temporary("labels.npy");
    writeFileSync(labels, writeNpy(Int32Array.of(0), [1]));
    const line =
      /^[\d,]+ values were cut off: inputs are outside of what the model was calibrated for$/m;
    expect(output(["run", file, "--input", far])).toMatch(line);
    expect(output(["eval", file, "--inputs", far, "--labels", labels])).toMatch(line);
    const { saturations } = json(["run", file, "--input", far]);
    expect(saturations).toBeGreaterThan(100);
    expect(json(["eval", file, "--inputs", far, "--labels", labels]).saturations).toBe(saturations);
    expect(output(["run", file, "--input", harInput])).not.toMatch(/cut off/);
    expect(json(["run", file, "--input", harInput])).not.toHaveProperty("saturations");
  });

  it("leaves ops in floats that --float names", () => {
    const file = temporary("float.mlm");
    json([...HAR, "--no-shares", "--float", "layers.1.mixer.gate", "-o", file]);
    const text = output(["inspect", file]);
    expect(text).toMatch(/layers\.1\.mixer\.gate +gate /);
    expect(text).toMatch(/layers\.0\.mixer\.gate +gate_int /);
  });

  it("refuses what it cannot do in one line, and writes nothing", () => {
    const [type, out] = [
      ["--type", "int"],
      ["-o", temporary("none.mlm")],
    ];
    expect(failure(["quantize", spotter, ...type, ...out])).toMatch(
      /quantize: expected --inputs or --dataset, to calibrate with, got neither$/,
    );
    expect(failure([...HAR, "--float", "nose", ...out])).toMatch(/float: expected .* got nose$/);
    expect(failure([...HAR, "--fold", ...out])).toMatch(/--fold: expected --type w8 with it/);
    expect(failure([...HAR, "--tile", "4", ...out])).toMatch(/--tile: expected --type w8 with it/);
    expect(failure([...HAR, "--state", "8", ...out])).toMatch(/--state: expected one of 16, 32/);
    const blob = temporary("input.mlm");
    writeFileSync(blob, "no array");
    expect(failure(["quantize", spotter, ...type, "--inputs", blob, ...out])).toMatch(
      /input\.mlm: not a valid npy file/,
    );
    expect(failure(["inspect", temporary("none.mlm")])).toMatch(/none\.mlm/);
  });
});
