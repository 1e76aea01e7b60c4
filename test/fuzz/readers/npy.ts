/** The reader of .npy files, with both of the types it reads to. */
import { readdirSync } from "node:fs";
import { readNpy, readNpyFloat64 } from "../../../ts/checkpoint/index.js";
import { MambaliteError } from "../../../ts/core/errors.js";
import { joined, spliced, writeNumber } from "./mutate.js";
import type { Random } from "./random.js";
import { type ReaderTarget, repositoryFile, utf8 } from "./target.js";

const FOLDER = "test/golden/checkpoint/npy";
const PREFIX_BYTES = 10;
const LENGTH_AT = 8;

export const npy: ReaderTarget = {
  name: "npy",
  seeds: () => readdirSync(FOLDER).map((name) => repositoryFile(`${FOLDER}/${name}`)),
  read: (bytes) => {
    try {
      readNpyFloat64(bytes);
    } catch (error) {
      if (!(error instanceof MambaliteError)) throw error;
    }
    return readNpy(bytes);
  },
  mutations: [mutateHeader],
};

/** Something else where the header of format 1.0 has a number or a text, its length made right. */
function mutateHeader(bytes: Uint8Array, random: Random): Uint8Array {
  if (bytes.length < PREFIX_BYTES) return bytes;
  const end = PREFIX_BYTES + bytes[LENGTH_AT]! + 256 * bytes[LENGTH_AT + 1]!;
  const text = new TextDecoder("latin1").decode(bytes.subarray(PREFIX_BYTES, end));
  const tokens = [...text.matchAll(/'[^']*'|[0-9]+|True|False|\([^)]*\)/g)];
  if (tokens.length === 0) return bytes;
  const token = random.pick(tokens);
  const changed = spliced(
    utf8(text),
    token.index,
    token.index + token[0].length,
    utf8(hostile(random)),
  );
  const prefix = bytes.slice(0, PREFIX_BYTES);
  writeNumber(prefix, LENGTH_AT, 2, BigInt(changed.length % 65_536), true);
  return joined(prefix, changed, bytes.subarray(end));
}

function hostile(random: Random): string {
  const times = random.magnitude(20_000);
  return random.pick([
    ...["()", "(0,)", "(1, 2)", "(0, 9007199254740991)", "9007199254740993", "1"],
    ...["'<f4'", "'|i1'", "'>f8'", "'<i8'", "[('a', '<f4')]", "True", "None"],
    ...["9".repeat(times), `(${"1, ".repeat(times)})`, `'${"a".repeat(times)}'`],
    ...["(".repeat(times), " ".repeat(times), "'\u001b[2J'", "{'a': 1}"],
  ]);
}
