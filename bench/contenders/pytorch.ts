/** PyTorch on the CPU, one thread: as the network is written, and as TorchScript. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeSafetensors } from "../../ts/checkpoint/index.js";
import { childContender } from "../harness/child.js";
import type { Contender } from "../harness/contender.js";
import { near, PEER_TOLERANCE } from "../harness/correct.js";
import type { Setup } from "../harness/setup.js";
import type { BenchModel, Form } from "../models.js";
import { writeInput } from "./native.js";
import { namedWeights } from "./paper-weights.js";

const NAMES = { eager: "PyTorch, eager", torchscript: "PyTorch, TorchScript" } as const;

/** None without a Python that has torch. */
export function pytorch({ root, scratch, tools }: Setup, model: BenchModel): Contender[] {
  const { python } = tools;
  if (python === undefined) return [];
  const weights = writeWeights(scratch, model, "plain");
  return (["eager", "torchscript"] as const).map((kind) =>
    childContender({
      name: NAMES[kind],
      command: python,
      args: [join(root, "bench/peers/pytorch_peer.py"), kind, weights, writeInput(scratch, model)],
      verify: near(NAMES[kind], model.reference, PEER_TOLERANCE),
    }),
  );
}

/** The path of a .safetensors file of the paper's naming. */
export function writeWeights(scratch: string, model: BenchModel, form: Form): string {
  const file = join(scratch, `${model.id}.${form}.safetensors`);
  writeFileSync(file, writeSafetensors(namedWeights(model.networks[form])));
  return file;
}
