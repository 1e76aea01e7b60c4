/** Where the files of this package are, for bundlers, browsers and Node: each is named here for bundlers to take along. */
export const FILES = {
  "LICENSE.txt": new URL("./LICENSE.txt", import.meta.url),
  "frontend.json": new URL("./frontend.json", import.meta.url),
  "labels.json": new URL("./labels.json", import.meta.url),
  "laying.npy": new URL("./laying.npy", import.meta.url),
  "model-int.mlm": new URL("./model-int.mlm", import.meta.url),
  "model.mlm": new URL("./model.mlm", import.meta.url),
  "model.safetensors": new URL("./model.safetensors", import.meta.url),
  "standing.npy": new URL("./standing.npy", import.meta.url),
  "walking.npy": new URL("./walking.npy", import.meta.url),
};
