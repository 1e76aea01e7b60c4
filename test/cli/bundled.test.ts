import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readNpy, writeNpy } from "../../ts/checkpoint/index.js";
import { BUNDLED_MODELS } from "../../ts/models/node.js";
import {
  bundled,
  failure,
  golden,
  har,
  harCheckpoint,
  harInput,
  json,
  kws,
  kwsCheckpoint,
  kwsInput,
  mambalite,
  output,
  spotter,
  spotterInput,
  temporaryFolder,
} from "./support.js";

const temporary = temporaryFolder();

describe("the name of a bundled model", () => {
  it("is a MODEL for every command", () => {
    expect(json(["inspect", "kws"])).toEqual(json(["inspect", kws]));
    expect(json(["run", "har", "--input", harInput])).toEqual(
      json(["run", har, "--input", harInput]),
    );
    expect(json(["profile", "har"]).plan).toEqual(json(["profile", har]).plan);
    expect(output(["profile", "har"])).toMatch(/^har: 100 frames of 9 \(generated\)/);
    expect(output(["run", "--help"])).toMatch(
      /kws,\s+har,\s+kws-int\s+or\s+har-int\s+\(har\s+is\s+in\s+the\s+package\s+@mambalite\/har\)/,
    );
  });

  it("stands for the file of that name where there is one, but not for a folder", () => {
    const folder = temporary("names");
    mkdirSync(`${folder}/kws`, { recursive: true });
    writeFileSync(`${folder}/har`, readFileSync(spotter));
    expect(json(["inspect", "har"], folder).format).toBe("safetensors");
    expect(json(["inspect", "kws"], folder).format).toBe("mlm");
    expect(failure(["inspect", "kws10"])).toMatch(/kws10: no such file/);
  });

  it("is the checkpoint with its front end where a checkpoint is wanted", () => {
    for (const { name } of BUNDLED_MODELS) {
      const made = temporary(`${name}.mlm`);
      expect(json(["convert", name, "-o", made])).toMatchObject({ format: "safetensors" });
      expect(readFileSync(made).equals(readFileSync(bundled(name, "model.mlm")))).toBe(true);
    }
    const folded = json(["inspect", "kws", "--fold"]);
    expect(folded.format).toBe("safetensors");
    expect(folded.model.labels).toEqual(json(["inspect", "kws"]).model.labels);
  });

  it("is that of a twin in integers too, which has no checkpoint", () => {
    const twin = bundled("har", "model-int.mlm");
    expect(json(["inspect", "har-int"])).toEqual(json(["inspect", twin]));
    expect(json(["inspect", "kws-int"]).model.labels).toEqual(
      json(["inspect", "kws"]).model.labels,
    );
    expect(failure(["inspect", "har-int", "--fold"])).toMatch(
      /--fold: expected a checkpoint as MODEL, got har-int, which is a \.mlm/,
    );
  });

  it.each(BUNDLED_MODELS)(
    "$name: every example is what it says",
    ({ name, integers, examples }) => {
      for (const { label, url } of examples) {
        for (const form of [name, integers.name]) {
          const [result] = json(["run", form, "--input", url.pathname]).results;
          expect(result.label).toBe(label);
        }
      }
    },
  );
});

describe("where the board has no FPU", () => {
  const target = (...args: string[]) => ["export", "har", "--target", ...args, "-o"];

  it("export takes the twin in integers, and says so", () => {
    const text = output([...target("cortex-m0", "--board", "rp2040"), temporary("rp2040")]);
    expect(text).toMatch(
      /^har-int is used: rp2040 has no FPU; --float takes har\n\S+rp2040: .* model 27,744 bytes/,
    );
    expect(json([...target("riscv32"), temporary("riscv32")])).toMatchObject({
      model: "har-int",
      target: "riscv32",
    });
  });

  it("but not against --float or --fold, and where there is an FPU", () => {
    for (const [name, ...args] of [
      ["float", "cortex-m0", "--float"],
      ["fold", "cortex-m0", "--fold"],
      ["fpu", "cortex-m4"],
    ] as const) {
      expect(json([...target(...(args as [string])), temporary(name)]).model).toBe("har");
    }
  });

  it("profile names it", () => {
    const line = /no FPU in rp2040: verify and export take har-int there/;
    expect(output(["profile", "har", "--board", "rp2040,rp2350"])).toMatch(line);
    expect(output(["profile", "har", "--board", "rp2350"])).not.toMatch(/no FPU/);
    expect(output(["profile", "har-int", "--board", "rp2040"])).not.toMatch(/no FPU/);
  });
});

describe("--frontend and --labels", () => {
  it("make the bundled blobs of what a user would bring", () => {
    for (const [args, blob] of [
      [harCheckpoint, har],
      [kwsCheckpoint, kws],
    ] as const) {
      output(["convert", ...args, "-o", temporary("made.mlm")]);
      expect(readFileSync(temporary("made.mlm")).equals(readFileSync(blob))).toBe(true);
    }
  });

  it("are for checkpoints, and must belong to them", () => {
    const [checkpoint] = harCheckpoint;
    const write = (name: string, value: unknown) => {
      writeFileSync(temporary(name), JSON.stringify(value));
      return temporary(name);
    };
    const frontEnd = JSON.parse(readFileSync(bundled("har", "frontend.json"), "utf8"));
    const short = write("short.json", { ...frontEnd, scale: [1] });
    const mistakes: [string[], RegExp][] = [
      [[har, "--frontend", short], /--frontend: expected a checkpoint as MODEL, got .*a \.mlm/],
      [["har", "--labels", short], /--labels: expected a checkpoint as MODEL, got har, which/],
      [[checkpoint, "--frontend", "nowhere.json"], /nowhere\.json: no such file/],
      [[checkpoint, "--frontend", write("kind.json", { kind: "fft" })], /kind is "fft"/],
      [[checkpoint, "--frontend", short], /frames of 9, which the network takes, got 1/],
      [[checkpoint, "--frontend", bundled("kws", "frontend.json")], /frames of 9.* got 40/],
      [[checkpoint, "--labels", write("object.json", {})], /object\.json: .*JSON array of texts/],
      [[checkpoint, "--labels", write("few.json", ["a", "b"])], /label/],
    ];
    for (const [args, expected] of mistakes)
      expect(failure(["inspect", ...args])).toMatch(expected);
  });
});

describe("--input of audio", () => {
  it("is a .wav or a .flac of mono samples at the model's rate", () => {
    const flac = new URL("../unit/audio/fixtures/lpc.flac", import.meta.url).pathname;
    for (const input of [kwsInput, flac]) {
      expect(json(["run", "kws", "--input", input]).results).toHaveLength(1);
    }
    expect(json(["profile", "kws", "--input", kwsInput])).toMatchObject({ frames: 98 });
    const slow = flac.replace("lpc", "rate8000");
    expect(failure(["run", "kws", "--input", slow])).toMatch(
      /rate8000\.flac: bad input: expected audio at 16000 Hz in 1 channel, got 8000 Hz/,
    );
    expect(failure(["run", "kws", "--input", slow.replace("rate8000", "stereo")])).toMatch(
      /in 2 channels/,
    );
    expect(failure(["run", har, "--input", kwsInput])).toMatch(/a \.npy of frames, got audio/);
  });
});

describe("run over many inputs", () => {
  it("gives the same for any number of threads, in order", () => {
    const { data } = readNpy(readFileSync(spotterInput));
    const rows = 90;
    const many = new Float32Array(rows * 37 * 40).map((_, i) => data[(7 * i) % data.length]!);
    writeFileSync(temporary("many.npy"), writeNpy(many, [rows, 37, 40]));
    const run = (...jobs: string[]) =>
      json(["run", spotter, "--input", temporary("many.npy"), ...jobs]);
    const expected = run("--jobs", "1");
    expect(expected.results).toHaveLength(rows);
    expect(run()).toEqual(expected);
    expect(run("--jobs", "7")).toEqual(expected);
  });

  it("runs tokens over threads", () => {
    const model = `${golden("lm_tied_d30_l2_t37")}/model.safetensors`;
    const tokens = Int32Array.from({ length: 60 }, (_, i) => (7 * i) % 50);
    writeFileSync(temporary("tokens.npy"), writeNpy(tokens, [10, 6]));
    const run = (jobs: string) =>
      json(["run", model, "--input", temporary("tokens.npy"), "--jobs", jobs]);
    expect(run("3")).toEqual(run("1"));
  });

  it("says nothing on standard error where nobody is watching", () => {
    const { stderr, code } = mambalite(["run", spotter, "--input", temporary("many.npy")]);
    expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
  });
});
