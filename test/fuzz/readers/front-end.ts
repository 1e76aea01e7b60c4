/** The readers of front ends, up to the tables they make, and of labels. */
import { readFrontEnd, readLabels, withFrontEnd } from "../../../ts/frontend/index.js";
import type { Network } from "../../../ts/graph/network.js";
import { mutateJson } from "./json-mutations.js";
import { type Mutation, type ReaderTarget, repositoryFile, utf8 } from "./target.js";

const mutateText: Mutation = (bytes, random) =>
  utf8(mutateJson(new TextDecoder().decode(bytes), random));

export const frontEnd: ReaderTarget = {
  name: "frontend",
  seeds: () => ["kws", "har"].map((name) => repositoryFile(`ts/models/${name}/frontend.json`)),
  read: (bytes) => {
    const form = readFrontEnd(bytes);
    const inputWidth = form.kind === "logmel" ? form.bands : form.scale.length;
    const network: Network = { inputWidth, inputKind: "frames", ops: [], convention: "arch" };
    return withFrontEnd(network, form);
  },
  mutations: [mutateText],
};

export const labels: ReaderTarget = {
  name: "labels",
  seeds: () => ["kws", "har"].map((name) => repositoryFile(`ts/models/${name}/labels.json`)),
  read: readLabels,
  mutations: [mutateText],
};
