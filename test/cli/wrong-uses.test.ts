/**
 * What new users get wrong with checkpoints, arch files and references, and the line that each is answered with: it
 * says what is wrong and what to do next.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { strToU8, zipSync } from "fflate";
import { beforeAll, describe, expect, it } from "vitest";
import { readSafetensors, writeNpy, writeSafetensors } from "../../ts/checkpoint/index.js";
import type { Tensor } from "../../ts/graph/network.js";
import { tensor } from "../unit/checkpoint/support.js";
import {
  golden,
  har,
  harInput,
  mambalite,
  spotter,
  spotterInput,
  temporaryFolder,
} from "./support.js";

const temporary = temporaryFolder();
const MAX_LINE = 460;

function write(name: string, content: Uint8Array | string): string {
  writeFileSync(temporary(name), content);
  return temporary(name);
}

function arch(name: string, value: object): string {
  return write(name, JSON.stringify(value));
}

function checkpoint(name: string, tensors: Iterable<Tensor>): string {
  return write(name, writeSafetensors(tensors));
}

function renamed(name: string, rename: (name: string) => string): string {
  const { tensors } = readSafetensors(readFileSync(spotter));
  return checkpoint(
    name,
    [...tensors.values()].map((t) => ({ ...t, name: rename(t.name) })),
  );
}

const text = (value: string) => `X${String.fromCharCode(value.length)}\0\0\0${value}`;

/** A Lightning checkpoint with an object of its user's among the hyper-parameters. */
function lightning(name: string): string {
  const call = "cmy.config\nmake\n)R";
  const pickle = `\x80\x02}(${text("pytorch-lightning_version")}${text("2.0")}${text("hyper_parameters")}${call}u.`;
  const bytes = Uint8Array.from(pickle, (character) => character.charCodeAt(0));
  return write(name, zipSync({ "archive/data.pkl": bytes, "archive/version": strToU8("3\n") }));
}

interface Wrong {
  readonly use: string;
  readonly args: () => readonly string[];
  readonly answer: RegExp;
}

const WRONG: readonly Wrong[] = [
  {
    use: "an ONNX model",
    args: () => [
      "inspect",
      write("net.onnx", Uint8Array.of(8, 7, 0x12, 7, 0x70, 0x79, 0x74, 0x6f, 0x72, 0x63, 0x68)),
    ],
    answer:
      /it is an ONNX model, .* use mambalite_torch\.export \(mambalite torch -o mambalite_torch\.py\)$/,
  },
  {
    use: "a Keras model",
    args: () => {
      const files = { "config.json": strToU8("{}"), "model.weights.h5": strToU8("\x89HDF") };
      return ["inspect", write("net.keras", zipSync(files))];
    },
    answer: /it is a Keras model, .* write its weights into a \.safetensors file .*arch file/,
  },
  {
    use: "Keras weights",
    args: () => ["inspect", write("net.h5", Buffer.from("\x89HDF\r\n\x1a\n", "latin1"))],
    answer: /it is an HDF5 file, such as Keras weights: write its weights into a \.safetensors/,
  },
  {
    use: "a TensorFlow Lite model",
    args: () => [
      "convert",
      write("net.tflite", "\x1c\0\0\0TFL3........"),
      "-o",
      temporary("a.mlm"),
    ],
    answer: /it is a TensorFlow Lite model, whose operators are not read: write its weights/,
  },
  {
    use: "a TorchScript archive",
    args: () => ["inspect", golden("checkpoint/torchscript.pt")],
    answer:
      /TorchScript archive, whose code is not read: in Python, torch\.save\(torch\.jit\.load\(path\)/,
  },
  {
    use: "a program of torch.export",
    args: () => {
      const files = { "net/models/model.json": strToU8("{}"), "net/data.pkl": strToU8("") };
      return ["inspect", write("net.pt2", zipSync(files))];
    },
    answer: /it is a program of torch\.export: .* use mambalite_torch\.export/,
  },
  {
    use: "a Lightning checkpoint with pickled objects",
    args: () => ["inspect", lightning("epoch.ckpt")],
    answer:
      /refused: my\.config\.make: a Lightning checkpoint .*torch\.save\(torch\.load\(path\)\["state_dict"\], "weights\.pth"\)/,
  },
  {
    use: "a pickle that calls something",
    args: () => ["inspect", golden("checkpoint/evil_zip.pth")],
    answer:
      /refused: posix\.system: .*nothing was executed; to save a model, use torch\.save\(model\.state_dict\(\), path\)/,
  },
  {
    use: "a training log instead of a state dict",
    args: () => ["inspect", golden("checkpoint/no_tensors.pth")],
    answer: /expected tensors by name, got a dict of "epoch", "names"/,
  },
  {
    use: "one tensor",
    args: () => ["inspect", golden("checkpoint/single_tensor.pth")],
    answer: /expected a state dict, got a tensor of shape \[3\]/,
  },
  {
    use: "a whole module of unknown names",
    args: () => ["convert", golden("checkpoint/whole_linear.pth"), "-o", temporary("b.mlm")],
    answer:
      /expected those of a convention .* or an arch file \(--arch FILE; mambalite draft writes one\)/,
  },
  {
    use: "a Git LFS pointer",
    args: () => [
      "inspect",
      write("lfs.safetensors", "version https://git-lfs.github.com/spec/v1\n"),
    ],
    answer: /Git LFS pointer, not the file itself \(run `git lfs pull`\)/,
  },
  {
    use: "the page of a download",
    args: () => ["inspect", write("model.pth", "<!doctype html><title>model.pth at main</title>")],
    answer: /it looks like an HTML page/,
  },
  {
    use: "the arch file as the model",
    args: () => ["inspect", arch("arch.json", { ops: [] })],
    answer: /it looks like JSON text: give the checkpoint as the model, and this with --arch/,
  },
  {
    use: "the checkpoint as the arch file",
    args: () => ["inspect", spotter, "--arch", spotter],
    answer:
      /not a valid arch file: not JSON text \(mambalite draft CHECKPOINT -o FILE writes one\)/,
  },
  {
    use: "an operator that there is not",
    args: () => [
      "inspect",
      spotter,
      "--arch",
      arch("conv3d.json", { ops: [{ kind: "conv3d", name: "stem" }] }),
    ],
    answer: /arch\.ops\[0\]\.kind: expected .*conv1d.*got "conv3d"/,
  },
  {
    use: "a field that there is not",
    args: () => [
      ...["inspect", spotter, "--arch"],
      arch("field.json", { ops: [{ kind: "norm", name: "n", epsilon: 1e-5 }] }),
    ],
    answer: /arch\.ops\[0\]\.epsilon: expected only kind, name, .*eps.*, got an unknown field/,
  },
  {
    use: "names that one rename would mend",
    args: () => [
      "inspect",
      renamed("embed.safetensors", (name) => name.replace(/^linear_in/, "embed")),
    ],
    answer:
      /with "rename": \{"embed": "linear_in"\} beside "convention": "paper" in an arch file, or an arch file \(--arch FILE; mambalite draft writes one\)/,
  },
  {
    use: "a Mamba-3 network",
    args: () => [
      "inspect",
      checkpoint("mamba3.safetensors", [tensor("m.B_bias", [4]), tensor("m.dt_bias", [4])]),
    ],
    answer: /expected a Mamba-1 block .*, got a Mamba-3 block, which is not supported/,
  },
  {
    use: "compare without a reference",
    args: () => ["compare", spotter],
    answer:
      /--golden: expected a folder of references, as only files of mambalite_torch\.export hold their own/,
  },
  {
    use: "a reference folder without arrays",
    args: () => {
      mkdirSync(temporary("empty"));
      return ["compare", spotter, "--golden", temporary("empty")];
    },
    answer: /--golden: expected input\.npy or inputs\.npy, or one \.npy that has the input's shape/,
  },
  {
    use: "a trace of other names",
    args: () => {
      mkdirSync(temporary("trace"));
      write("trace/encoder.npy", writeNpy(Float32Array.of(1), [1, 1]));
      const files = [spotterInput, golden("paper_d64_t100/logits_float64.npy"), temporary("trace")];
      return ["compare", spotter, "--golden", ...files];
    },
    answer:
      /expected a trace of this model's operators \(linear_in, .*\), got one that names none of them \(encoder\)/,
  },
  {
    use: "an input with time last",
    args: () => [
      "run",
      spotter,
      "--input",
      write("turned.npy", writeNpy(new Float32Array(400), [40, 10])),
    ],
    answer:
      /expected float32 \[T, 40\] or \[N, T, 40\], got floating-point \[40, 10\], whose time is last: transpose it/,
  },
  {
    use: "an arch file for what is converted",
    args: () => [
      "run",
      har,
      "--input",
      harInput,
      "--arch",
      arch("late.json", { convention: "paper" }),
    ],
    answer: /--arch: expected a checkpoint as MODEL, got .*which is a \.mlm/,
  },
  {
    use: "a draft of what is converted",
    args: () => ["draft", har],
    answer:
      /it is an \.mlm blob, which is converted already: take the checkpoint that it was made of/,
  },
];

let answers: readonly {
  readonly use: string;
  readonly stderr: string;
  readonly code: number | null;
}[];

beforeAll(() => {
  answers = WRONG.map(({ use, args }) => ({ use, ...mambalite(args()) }));
});

describe("a wrong use is answered by one line that leads on", () => {
  it("has twenty and more of them", () => {
    expect(WRONG.length).toBeGreaterThanOrEqual(20);
  });

  it.each(WRONG)("$use", ({ use, answer }) => {
    const found = answers.find((candidate) => candidate.use === use);
    expect(found?.code).toBeGreaterThan(0);
    expect(found?.stderr).toMatch(/^mambalite: [^\n]+\n$/);
    expect(found?.stderr.trimEnd()).toMatch(answer);
    expect(found?.stderr.length).toBeLessThan(MAX_LINE);
  });
});
