/** Reads what `numpy.savez` writes: a zip archive of arrays by name. */
import { BadFile } from "../core/errors.js";
import { readNpyFloat64 } from "./npy.js";
import { openZip } from "./zip.js";

const SUFFIX = ".npy";

/**
 * All arrays in float64, by their names in the archive.
 * @throws BadFile when it is no archive of arrays
 */
export function readNpz(bytes: Uint8Array): ReadonlyMap<string, ReturnType<typeof readNpyFloat64>> {
  const archive = openZip(bytes, "npz");
  const names = archive.names.filter((name) => name.endsWith(SUFFIX));
  if (names.length === 0) throw new BadFile("npz", "an archive without arrays");
  const files = archive.unpack(new Set(names));
  return new Map(
    [...files].map(([name, file]) => [name.slice(0, -SUFFIX.length), readNpyFloat64(file)]),
  );
}
