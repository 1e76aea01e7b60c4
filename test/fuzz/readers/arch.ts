/** The reader of arch files, with checkpoints that they are of. */
import { writeBlob } from "../../../ts/blob/write.js";
import { type Arch, readArch, readSafetensors, toNetwork } from "../../../ts/checkpoint/index.js";
import { MambaliteError } from "../../../ts/core/errors.js";
import { mutateJson } from "./json-mutations.js";
import { type ReaderTarget, repositoryFile, utf8 } from "./target.js";

const CASES = ["arch_token_classifier_d7_t37", "arch_max_relu_d7_t37", "arch_two_branches_d7_t37"];
const NETWORKS = [
  "inverted_forecast",
  "patches_two_heads",
  "channel_independent",
  "encoder_decoder",
  "variants",
  "vim_v2",
];
const RENAMING = {
  convention: "stack",
  rename: { encoder: "", "encoder.embed": "linear_in", head: "classifier", "a.{i}.b": "c.{i}" },
  ignore: ["aux", "fc"],
  labels: ["no", "yes"],
};
const CONFIG = { model_type: "falcon_mamba", layer_norm_epsilon: 1e-5, mixer_rms_eps: 1e-6 };

const CHECKPOINTS = [CASES[1] as string, ...NETWORKS.map((name) => `graph_${name}`)].map((name) =>
  readSafetensors(repositoryFile(`test/golden/${name}/model.safetensors`)),
);

export const arch: ReaderTarget = {
  name: "arch",
  seeds: () => [
    ...CASES.map((name) => repositoryFile(`test/golden/${name}/arch.json`)),
    ...NETWORKS.map((name) => repositoryFile(`test/cases/graph/${name}.json`)),
    ...[RENAMING, CONFIG].map((value) => utf8(JSON.stringify(value))),
  ],
  read: (bytes) => firstBlob(readArch(bytes)),
  mutations: [(bytes, random) => utf8(mutateJson(new TextDecoder().decode(bytes), random))],
};

/** Of the checkpoint that the arch is of; what it was before it was damaged is not known here. */
function firstBlob(description: Arch): Uint8Array {
  let refusal: unknown;
  for (const checkpoint of CHECKPOINTS) {
    try {
      return writeBlob(toNetwork(checkpoint, { arch: description }));
    } catch (error) {
      if (!(error instanceof MambaliteError)) throw error;
      refusal = error;
    }
  }
  throw refusal;
}
