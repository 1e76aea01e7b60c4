/** The public entry for Node: everything of index.ts, the images that lie beside this package, and serial ports. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Runner } from "./file.js";
import { type RunnerBoard, readImages } from "./images.js";

export { FileProblem } from "../host/file-problem.js";
export { openSerialPort, type PortReader, type SerialPort } from "../host/serial-port.js";
export * from "./index.js";

const folder = new URL("../../csrc/runner/images/", import.meta.url);

/** @throws BadFile when the list is of other runners */
export function readRunner(board: RunnerBoard): Runner {
  const bytesOf = (file: string) => readFileSync(fileURLToPath(new URL(file, folder)));
  const { images } = readImages(bytesOf("images.json").toString("utf8"));
  return { board, image: images[board], bytesOf };
}
