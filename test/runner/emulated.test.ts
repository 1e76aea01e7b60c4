/**
 * Runners with bundled models in QEMU: what the console says at reset and to each command, held against WebAssembly bit for
 * bit, and whole recordings over the line.
 */
import { expect, test } from "vitest";
import { parseTimingReport } from "../../ts/profile/timing-report.js";
import {
  type EmulatedBoard,
  Emulation,
  flashOf,
  imageFor,
  imagesOf,
  noEmulator,
  runnerImages,
} from "./emulated-board.js";
import { boardModel, exampleOf, kindsIn, lineBytes, wantedLines } from "./models.js";
import { rawPayload } from "./raw-payload.js";

const skipped = noEmulator();
const TIMEOUT_MS = 300_000;
const SILENCE_MS = 60_000;

async function started(board: EmulatedBoard, name: string): Promise<Emulation> {
  const model = boardModel(name);
  const example = exampleOf(model, model.recordings[0]!);
  const payload = rawPayload({ blob: model.blob, example });
  const image = imageFor(board, await kindsIn(model.blob));
  return Emulation.start(board, flashOf(image, payload));
}

const MODELS: readonly (readonly [EmulatedBoard, string])[] = [
  ["microbit", "har-int"],
  ["stm32f405", "har"],
  ["stm32f405", "har-int"],
  ["stm32f405", "kws"],
  ["stm32f405", "kws-int"],
];

/** An emulated line takes twenty seconds for a second of audio: one recording each, not the same; of others all. */
const HEARD: Readonly<Record<string, number>> = { kws: 0, "kws-int": 1 };

test.skipIf(skipped !== "").each(MODELS)(
  `%s, %s: self-test, bits and classes are WebAssembly's, the report parses, recordings are heard${skipped}`,
  { timeout: TIMEOUT_MS },
  async (board, name) => {
    const model = boardModel(name);
    const wanted = await wantedLines(model);
    const image = imageFor(board, await kindsIn(model.blob));
    await using emulation = await started(board, name);

    const said = await emulation.start();
    expect(said.slice(0, 2)).toEqual(["mambalite-runner 1", `runner ${board}`]);
    expect(said).toContain("configuration as it should be");
    expect(said).toContain("self-test MLM_OK");
    const [classLine, logits] = wanted[0]!;
    expect(said).toContain(`${classLine} (example)`);
    expect(said).toContain(logits);
    const arena = said.map((line) => /^arena (\d+) of (\d+) high (\d+)$/.exec(line)).find(Boolean)!;
    const [planned, there, high] = arena.slice(1).map(Number) as [number, number, number];
    expect(there).toBe(image.arenaBytes);
    expect(Math.ceil(high / 16) * 16).toBe(planned);

    const report = parseTimingReport(emulation.text);
    expect(report).toMatchObject({
      ...{ board: image.catalogue, counter: "instructions", state: "as planned", tile: 1 },
      ...{ weights: "flash", arena: image.arena, frames: name.startsWith("har") ? 100 : 98 },
    });
    const sum = report.operators.reduce((all, count) => all + count, 0);
    expect(sum / report.total).toBeGreaterThan(0.9);
    expect(sum / report.total).toBeLessThan(1.5);

    expect(await emulation.command("run")).toEqual([`${classLine} (example)`, logits, "status ok"]);
    const info = await emulation.command("info");
    expect(info.filter((line) => !/^stack /.test(line))).toEqual([
      ...said.slice(
        0,
        said.findIndex((line) => line.startsWith("stack ")),
      ),
      "status ok",
    ]);
    await emulation.command("report");
    // The same instructions, but for a few around the counter.
    const again = parseTimingReport(emulation.text);
    expect(Math.abs(again.total - report.total)).toBeLessThan(report.total / 1000);

    for (const [index, recording] of model.recordings.entries()) {
      if (index !== (HEARD[name] ?? index)) continue;
      const { bytes, values, bytesAValue } = lineBytes(model, recording);
      const answer = await emulation.stream(`stream ${values} reset`, bytes, bytesAValue);
      expect(answer.filter((line) => !line.startsWith("send "))).toEqual([
        ...wanted[index]!,
        "status ok",
      ]);
      expect(answer.at(-3)).toBe(
        `class ${model.labels.indexOf(recording.label)} ${recording.label}`,
      );
    }
  },
);

test.skipIf(skipped !== "").each(["har", "kws"])(
  `stm32f405 with the image of all float ops, compiled for size, %s: the same bits, and its report says so${skipped}`,
  { timeout: TIMEOUT_MS },
  async (name) => {
    const model = boardModel(name);
    const [wanted] = await wantedLines(model);
    const example = exampleOf(model, model.recordings[0]!);
    const image = imagesOf(runnerImages().stm32f405!).find(({ file }) => /-all/.test(file))!;
    const flash = flashOf(image, rawPayload({ blob: model.blob, example }));
    await using emulation = await Emulation.start("stm32f405", flash);
    const said = await emulation.start();
    expect(said).toContain("self-test MLM_OK");
    expect(said).toContain(wanted![1]);
    const { state } = parseTimingReport(emulation.text);
    expect(state).toBe("compiled for size, which estimates are not for");
  },
);

test.skipIf(skipped !== "")(
  `a sequence in two streams has the bits of one, and a new one begins with reset${skipped}`,
  { timeout: TIMEOUT_MS },
  async () => {
    const model = boardModel("har");
    const [wanted] = await wantedLines(model);
    const { bytes, values } = lineBytes(model, model.recordings[0]!);
    const half = values / 2;
    await using emulation = await started("stm32f405", "har");
    await emulation.start();
    await emulation.stream(`stream ${half} reset`, bytes.subarray(0, 4 * half), 4);
    const second = await emulation.stream(`stream ${half}`, bytes.subarray(4 * half), 4);
    expect(second.slice(-3)).toEqual([...wanted!, "status ok"]);
    const again = await emulation.stream(`stream ${values} reset`, bytes, 4);
    expect(again.slice(-3)).toEqual([...wanted!, "status ok"]);
  },
);

test.skipIf(skipped !== "")(
  `a host that goes silent is given up, and the command line answers again${skipped}`,
  { timeout: TIMEOUT_MS },
  async () => {
    await using emulation = await started("microbit", "har-int");
    await emulation.start();
    emulation.write("stream 576 reset\n");
    await emulation.lines((line) => line.startsWith("send "));
    emulation.write(new Uint8Array(20));
    const given = await emulation.lines((line) => line.startsWith("status "), SILENCE_MS);
    expect(given).toEqual(["status timed out"]);
    expect((await emulation.command("run")).at(-1)).toBe("status ok");
  },
);

test.skipIf(skipped !== "")(
  `what is no command is said to be none${skipped}`,
  { timeout: TIMEOUT_MS },
  async () => {
    await using emulation = await started("microbit", "har-int");
    await emulation.start();
    const unknown = ["status unknown command, try help"];
    expect(await emulation.command("fly")).toEqual(unknown);
    expect(await emulation.command("run\r")).toHaveLength(3);
    expect(await emulation.command("x".repeat(1000))).toEqual(unknown);
    expect(await emulation.command("\xff\x01 \t")).toEqual(unknown);
    expect((await emulation.command("help")).at(-1)).toBe("status ok");
    const wants = ["status stream wants a number of values, and perhaps reset"];
    for (const bad of ["", " 0", " -9", " 9 backwards", " 99999999999", " 9x"]) {
      expect(await emulation.command(`stream${bad}`), bad).toEqual(wants);
    }
    expect(await emulation.command("stream 10")).toEqual([
      "status so many values are no whole frames",
    ]);
    const short = await emulation.stream("stream 9 reset", new Uint8Array(36), 4);
    expect(short.at(-1)).toBe("status ok");
  },
);
