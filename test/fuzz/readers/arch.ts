/** The reader of arch files, with a checkpoint that they are of. */
import { writeBlob } from "../../../ts/blob/write.js";
import { readArch, readSafetensors, toNetwork } from "../../../ts/checkpoint/index.js";
import { mutateJson } from "./json-mutations.js";
import { type ReaderTarget, repositoryFile, utf8 } from "./target.js";

const CASES = ["arch_token_classifier_d7_t37", "arch_max_relu_d7_t37", "arch_two_branches_d7_t37"];
const RENAMING = {
  convention: "stack",
  rename: { encoder: "", "encoder.embed": "linear_in", head: "classifier" },
  ignore: ["aux", "fc"],
  labels: ["no", "yes"],
};

export const arch: ReaderTarget = {
  name: "arch",
  seeds: () => [
    ...CASES.map((name) => repositoryFile(`test/golden/${name}/arch.json`)),
    utf8(JSON.stringify(RENAMING)),
  ],
  read: (bytes) => {
    const description = readArch(bytes);
    return writeBlob(toNetwork(checkpoint(), { arch: description }));
  },
  mutations: [(bytes, random) => utf8(mutateJson(new TextDecoder().decode(bytes), random))],
};

function checkpoint() {
  return readSafetensors(repositoryFile(`test/golden/${CASES[1]}/model.safetensors`));
}
