/** The reader of .safetensors files, up to the blob of the network they make. */
import { writeBlob } from "../../../ts/blob/write.js";
import { draftOf, draftText } from "../../../ts/checkpoint/draft/index.js";
import {
  exportedFile,
  readSafetensors,
  referencesOf,
  toNetwork,
} from "../../../ts/checkpoint/index.js";
import { mutateJson } from "./json-mutations.js";
import { joined, writeNumber } from "./mutate.js";
import type { Random } from "./random.js";
import { type ReaderTarget, repositoryFile, utf8 } from "./target.js";

const LENGTH_BYTES = 8;
const FILES = [
  ...["checkpoint/paper.safetensors", "checkpoint/dtypes.safetensors"],
  ...["stack_rms_d7_l2_t37/model.safetensors", "hf_tied_d7_l2_t1/model.safetensors"],
  "exported_two_outputs/model.safetensors",
];

export const safetensors: ReaderTarget = {
  name: "safetensors",
  seeds: () => FILES.map((name) => repositoryFile(`test/golden/${name}`)),
  read: (bytes) => {
    const stateDict = readSafetensors(bytes);
    draftText(draftOf(stateDict));
    const exported = exportedFile(stateDict);
    if (exported !== undefined) referencesOf(stateDict, exported);
    writeBlob(toNetwork(stateDict));
  },
  mutations: [mutateHeader],
};

/** The header, with its length made right again. */
function mutateHeader(bytes: Uint8Array, random: Random): Uint8Array {
  if (bytes.length < LENGTH_BYTES) return bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = Math.min(bytes.length, LENGTH_BYTES + view.getUint32(0, true));
  const text = new TextDecoder().decode(bytes.subarray(LENGTH_BYTES, end));
  const header = utf8(mutateJson(text, random));
  const length = new Uint8Array(LENGTH_BYTES);
  writeNumber(length, 0, LENGTH_BYTES, BigInt(header.length), true);
  return joined(length, header, bytes.subarray(end));
}
