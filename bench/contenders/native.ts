/** The core and the straightforward port as native code, both built with the same flags. */
import { readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { childContender } from "../harness/child.js";
import type { Contender } from "../harness/contender.js";
import { near, PEER_TOLERANCE } from "../harness/correct.js";
import type { Setup } from "../harness/setup.js";
import { mustRun } from "../harness/tools.js";
import type { BenchModel, Form, OurModel } from "../models.js";
import { type OurBits, verifier } from "./ours.js";
import { concatenated, paperWeights } from "./paper-weights.js";

export const STRAIGHTFORWARD_NATIVE = "straightforward C, native";

const FLAGS = ["-O3", "-march=native", "-std=c11"];
/** Of the core only: without it the bits would not be those of the other targets. */
const SAME_BITS = "-ffp-contract=off";

export interface NativePrograms {
  readonly ours: string;
  readonly straightforward: string;
}

/** Undefined without a compiler. */
export function buildNative({ root, scratch, tools }: Setup): NativePrograms | undefined {
  if (tools.gcc === undefined) return undefined;
  const build = (name: string, flags: readonly string[], files: readonly string[]) => {
    const program = join(scratch, name);
    const sources = files.map((file) => join(root, file));
    mustRun(tools.gcc!, [...FLAGS, ...flags, ...sources, "-o", program, "-lm"]);
    return program;
  };
  const core = ["csrc/core", "csrc/kernels"].flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((file) => file.endsWith(".c"))
      .map((file) => join(folder, file)),
  );
  const opList = join(scratch, "op-list");
  mustRun(process.execPath, [join(root, "scripts/op-list.mjs"), opList]);
  const include = [`-I${join(root, "csrc/include")}`, `-I${opList}`];
  const protocol = "bench/native/protocol.c";
  return {
    ours: build("ours", [SAME_BITS, ...include], [...core, "bench/native/ours.c", protocol]),
    straightforward: build(
      "straightforward",
      [],
      ["bench/straightforward/straightforward.c", "bench/native/straightforward_main.c", protocol],
    ),
  };
}

export function ourNativeName(form: Form, tile: number): string {
  return `ours, native, ${form}, tile ${tile}`;
}

export function ourNative(
  { scratch }: Setup,
  programs: NativePrograms,
  model: OurModel,
  bits: OurBits,
  form: Form,
  tile: number,
): Contender {
  const name = ourNativeName(form, tile);
  const blob = join(scratch, `${model.id}.${form}.mlm`);
  writeFileSync(blob, model.blobs[form]!);
  return childContender({
    name,
    command: programs.ours,
    args: [blob, writeInput(scratch, model), String(tile)],
    verify: verifier(name, model, bits, form),
  });
}

export function straightforwardNative(
  { scratch }: Setup,
  programs: NativePrograms,
  model: BenchModel,
): Contender {
  const { sizes, tensors } = paperWeights(model.networks.plain);
  const weights = join(scratch, `${model.id}.weights.f32`);
  writeFileSync(weights, concatenated(tensors));
  return childContender({
    name: STRAIGHTFORWARD_NATIVE,
    command: programs.straightforward,
    args: [weights, writeInput(scratch, model), ...sizes.map(String)],
    verify: near(STRAIGHTFORWARD_NATIVE, model.reference, PEER_TOLERANCE),
  });
}

/**
 * Raw little-endian float32 in a file, in place at once: a process started before may be reading what
 * is there, which is the same.
 */
export function writeInput(scratch: string, { id, input }: OurModel): string {
  const file = join(scratch, `${id}.input.f32`);
  writeFileSync(`${file}.new`, input);
  renameSync(`${file}.new`, file);
  return file;
}
