/** The reader of .pth files, up to the blob of the network they make. */
import { type UnzipFileInfo, unzipSync, type Zippable, zipSync } from "fflate";
import { writeBlob } from "../../../ts/blob/write.js";
import { draftOf, draftText } from "../../../ts/checkpoint/draft/index.js";
import { readTorch, toNetwork } from "../../../ts/checkpoint/index.js";
import { notable, writeNumber } from "./mutate.js";
import { mutatePickle } from "./pickle-mutations.js";
import type { Random } from "./random.js";
import { type Mutation, type ReaderTarget, repositoryFile } from "./target.js";

const FOLDER = "test/golden/checkpoint";
const FILES = [
  ...["paper_zip.pth", "paper_legacy.pth", "views_zip.pth", "views_legacy.pth", "dtypes_zip.pth"],
  ...["dtypes_legacy.pth", "protocol4.pth", "protocol5.pth", "protocol4_legacy.pth"],
  ...["deflated.pth", "wrapped_state_dict.pth", "parameters.pth", "single_tensor.pth"],
  ...["no_tensors.pth", "evil_legacy.pth", "whole_module.pth", "whole_linear.pth"],
  ...["whole_module_legacy.pth"],
];

export const torch: ReaderTarget = {
  name: "pth",
  seeds: () => FILES.map((name) => repositoryFile(`${FOLDER}/${name}`)),
  read: (bytes) => {
    const stateDict = readTorch(bytes);
    draftText(draftOf(stateDict));
    writeBlob(toNetwork(stateDict));
  },
  mutations: [mutateInside, mutateInside, mutateZipField],
};

/** The pickle of an archive, which is then made whole again; or those of a legacy file. */
function mutateInside(bytes: Uint8Array, random: Random): Uint8Array {
  const files = unzipped(bytes);
  if (files === undefined) return mutatePickle(bytes, random);
  const names = Object.keys(files);
  const name = names.find((entry) => entry.endsWith("data.pkl")) ?? names[0];
  if (name === undefined) return bytes;
  const changed: Zippable = { ...files, [name]: mutatePickle(files[name]!, random) };
  if (random.chance(0.1)) changed[`archive/data/${random.below(3)}`] = new Uint8Array(1 << 20);
  return zipSync(changed, { level: random.chance(0.8) ? 0 : 9 });
}

function unzipped(bytes: Uint8Array): Record<string, Uint8Array> | undefined {
  try {
    let entries = 0;
    const filter = ({ originalSize }: UnzipFileInfo): boolean => {
      // A damaged count may be of thousands of millions.
      if (++entries > MAX_ENTRIES) throw new RangeError("too many entries");
      return originalSize < MAX_ENTRY_BYTES;
    };
    return unzipSync(bytes, { filter });
  } catch {
    return undefined;
  }
}

const MAX_ENTRIES = 100;
const MAX_ENTRY_BYTES = 1 << 22;
const SIGNATURES = [0x0201, 0x0403, 0x0605, 0x0606, 0x0706];
const LONGEST_RECORD = 56;

/** A field of one of a zip archive's records. */
function mutateZipField(bytes: Uint8Array, random: Random): ReturnType<Mutation> {
  const records: number[] = [];
  for (let at = 0; at + LONGEST_RECORD < bytes.length; at++) {
    const isRecord = bytes[at] === 0x50 && bytes[at + 1] === 0x4b;
    if (isRecord && SIGNATURES.includes(bytes[at + 2]! + 256 * bytes[at + 3]!)) records.push(at);
  }
  if (records.length === 0) return bytes;
  const at = random.pick(records) + 4 + 2 * random.below((LONGEST_RECORD - 8) / 2);
  writeNumber(bytes, at, random.pick([2, 4]), notable(random), true);
  return bytes;
}
