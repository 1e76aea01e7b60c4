/** Lets `Engine.load()` read the core that lies beside this package's files, in Node. Imported for that alone. */
import { readFile } from "node:fs/promises";
import { useFileReader } from "../core/wasm.js";

useFileReader(async (location) => new Uint8Array(await readFile(toPath(location))));

function toPath(location: URL | string): URL | string {
  return String(location).startsWith("file:") ? new URL(location) : location;
}
