/** `mambalite flash` with the runners that the package brings: files, drives, and how it refuses. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { RUNNER_BOARDS, type RunnerBoard, readImages } from "../../ts/runner/index.js";
import { readHex, readPayload, readUf2, type Stretch } from "../unit/runner/readers.js";
import {
  bundled,
  failure,
  har,
  harCheckpoint,
  harInput,
  json,
  kwsInput,
  output,
  root,
  temporaryFolder,
} from "./support.js";

const IMAGES = join(root, "csrc/runner/images");
const { images } = readImages(readFileSync(join(IMAGES, "images.json"), "utf8"));
const temporary = temporaryFolder();

function flashIn(board: RunnerBoard, path: string): Stretch {
  const file = readFileSync(path);
  const { format, base, family } = images[board];
  if (format === "hex") return readHex(file);
  if (format === "uf2") return readUf2(file, family!);
  return { address: base, bytes: file };
}

/** What lies where in a board's file. */
function parts(board: RunnerBoard, path: string, file = images[board].file) {
  const { address, bytes } = flashIn(board, path);
  const image = images[board];
  expect(address).toBe(image.base);
  return {
    runner: Buffer.from(bytes.subarray(0, statSync(join(IMAGES, file)).size)),
    payload: readPayload(bytes.subarray(image.payload - image.base), image.payloadBytes),
  };
}

function blobOf(model: string): Buffer {
  return readFileSync(bundled(model, "model-int.mlm"));
}

describe("flash", () => {
  it.each(RUNNER_BOARDS)("puts runner, model and example into a file for %s", (board) => {
    const path = temporary(`${board}.${images[board].format}`);
    const said = json(["flash", "har-int", "--board", board, "--tile", "1", "-o", path]);
    const { runner, payload } = parts(board, path, said.runner);
    expect(runner.equals(readFileSync(join(IMAGES, said.runner)))).toBe(true);
    expect(crc32(runner)).toBe(Number.parseInt(said.runnerCrc32, 16));
    expect(Buffer.from(payload.blob).equals(blobOf("har"))).toBe(true);
    expect(payload).toMatchObject({ schedule: 0, tile: 1, maxFrames: 0, kind: 2 });
    expect(payload.labels[0]).toBe("WALKING");
    const { results } = json(["run", "har-int", "--input", harInput]);
    const { classIndex, label, logitsBits } = results[0];
    expect(said.example).toEqual({ classIndex, label, logitsBits });
    expect(said).toMatchObject({
      ...{ model: "har-int", board, output: path, format: images[board].format },
      ...{ arenaBytes: payload.arenaBytes, payloadBytes: payload.bytes, tile: 1 },
      bytes: readFileSync(path).length,
    });
  });

  it("takes the twin in integers where the board has no FPU, and the model as named where it has", () => {
    const v1 = temporary("twin.hex");
    expect(output(["flash", "har", "--board", "microbit", "-o", v1])).toMatch(
      /^har-int is used: microbit has no FPU\n/,
    );
    const crc = (path: string, board: RunnerBoard) => crc32(parts(board, path).payload.blob);
    expect(crc(v1, "microbit")).toBe(crc32(blobOf("har")));
    const v2 = temporary("float.hex");
    output(["flash", "har", "--board", "microbit-v2", "-o", v2]);
    expect(crc(v2, "microbit-v2")).toBe(crc32(readFileSync(har)));
  });

  it("gives a board samples of 16 bits, and the example that was asked for", () => {
    const path = temporary("kws.bin");
    const input = bundled("kws", "stop.wav");
    const args = ["flash", "kws-int", "--board", "stm32f405", "--input", input, "-o", path];
    const said = json(args);
    const { payload } = parts("stm32f405", path);
    expect(payload.kind).toBe(1);
    expect(payload.example.equals(readFileSync(input).subarray(44))).toBe(true);
    expect(said.example.label).toBe(json(["run", "kws-int", "--input", input]).results[0].label);
  });

  it("opens checkpoints with the files that go with them, and keeps how they are to be run", () => {
    const path = temporary("layer.bin");
    const args = ["--schedule", "layer", "--input", harInput, "--fold", "-o", path];
    const said = json(["flash", ...harCheckpoint, "--board", "nucleo-h743zi", ...args]);
    const { payload } = parts("nucleo-h743zi", path);
    expect(payload).toMatchObject({ schedule: 1, tile: 0, maxFrames: 128 });
    expect(payload.labels).toContain("WALKING_UPSTAIRS");
    const run = ["run", ...harCheckpoint, "--fold", "--input", harInput];
    expect(said.example.logitsBits).toEqual(json(run).results[0].logitsBits);
  });

  it("tells what to do with the file, and that no silicon has seen it", () => {
    const path = temporary("said.uf2");
    const text = output(["flash", "har-int", "--board", "pico", "-o", path]);
    expect(text).toMatch(/^ {3}model 17431104, class 0 WALKING$/m);
    expect(text).toMatch(/^1\. Hold BOOTSEL/m);
    expect(text).toContain("Not run on silicon yet; docs/runner.md has the walk\n");
  });
});

describe("flash refuses", () => {
  const missing = temporary("missing.hex");

  it("what has no room, with the numbers, and writes nothing", () => {
    const args = ["kws-int", "--board", "microbit", "--tile", "64", "-o", missing];
    const { arenaBytes } = images.microbit;
    expect(failure(["flash", ...args])).toMatch(
      new RegExp(
        "^mambalite: does not fit microbit: RAM: \\d+ bytes needed \\(arena \\d+, inputs, outputs and counters \\d+\\), " +
          `${arenaBytes} there beside the runner, \\d+ missing$`,
      ),
    );
    expect(existsSync(missing)).toBe(false);
  });

  it("ops that no runner of the board has, and says what makes a model that it takes", () => {
    expect(failure(["flash", har, "--board", "microbit", "-o", missing])).toBe(
      "mambalite: does not fit microbit: ops: its runner has no affine, linear, norm, causal_conv, selective_scan, " +
        "gate, arithmetic, pool; `mambalite quantize --type int` makes a model that it takes; " +
        "`mambalite export` makes firmware for any model",
    );
  });

  it.each([
    [
      ["--board", "microbit", "-o", "x.uf2"],
      "--output: expected a name with .hex, which microbit takes, got x.uf2",
    ],
    [
      ["--board", "esp32s3", "-o", "x.bin"],
      "--board: expected one of microbit, microbit-v2, stm32f405, ",
    ],
    [["--board", "stm32f405"], "--output: expected a file: stm32f405 has no drive"],
    [["--board", "stm32f405", "--drive", "."], "--drive: expected none: stm32f405 has no drive"],
    [
      ["--board", "pico", "--drive", root],
      '--drive: expected one of pico, whose INFO_UF2.TXT says "Board-ID: RPI-RP2"',
    ],
    [
      ["--board", "pico", "-o", "x.uf2", "--input", kwsInput],
      "yes.wav: bad input: expected a .npy of frames, got audio",
    ],
    [
      ["--board", "pico", "-o", "x.uf2", "--schedule", "layer", "--tile", "2"],
      "--tile: expected --schedule stream",
    ],
  ])("%j", (args, reason) => {
    expect(failure(["flash", "har-int", ...args])).toContain(reason);
  });
});

describe("flash onto a drive", () => {
  const drive = temporary("RPI-RP2");
  beforeAll(() => {
    mkdirSync(drive);
    writeFileSync(join(drive, "INFO_UF2.TXT"), "UF2 Bootloader v3.0\r\nBoard-ID: RPI-RP2\r\n");
  });

  it("copies the file that --output would be", () => {
    const path = temporary("copy.uf2");
    const args = ["flash", bundled("har", "model-int.mlm"), "--board", "pico", "--tile", "2"];
    const said = json([...args, "--drive", drive, "-o", path]);
    expect(said.drive).toBe(drive);
    expect(readdirSync(drive).sort()).toEqual(["INFO_UF2.TXT", "model-int.uf2"]);
    expect(readFileSync(join(drive, "model-int.uf2")).equals(readFileSync(path))).toBe(true);
  });
});
