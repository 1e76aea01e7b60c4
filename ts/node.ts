/**
 * The public entry for Node: everything of index.ts, and files that can be read, which is how
 * `Engine.load()` gets the core that lies beside this file.
 */
import { readFile } from "node:fs/promises";
import { useFileReader } from "./core/wasm.js";

useFileReader(async (location) => new Uint8Array(await readFile(toPath(location))));

export * from "./index.js";

function toPath(location: URL | string): URL | string {
  return String(location).startsWith("file:") ? new URL(location) : location;
}
