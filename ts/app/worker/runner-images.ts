/** The runner images that the page brings along: their list, and where each one's bytes are. Knows nothing of models. */
import LIST from "../../../csrc/runner/images/images.json?raw";
import { BadFile } from "../../core/errors.js";
import { type Runner, type RunnerBoard, readImages } from "../../runner/index.js";
import { fetchBytes } from "./bytes.js";

const FOLDER = "../../../csrc/runner/images/";

const ADDRESSES = import.meta.glob<string>("../../../csrc/runner/images/*.bin", {
  query: "?url",
  import: "default",
  eager: true,
});

export const RUNNER_IMAGES = readImages(LIST);

export function fetchedRunner(board: RunnerBoard): Runner {
  return { board, image: RUNNER_IMAGES.images[board], bytesOf };
}

/** @throws BadFile when it cannot be fetched */
async function bytesOf(file: string): Promise<Uint8Array> {
  const address = ADDRESSES[FOLDER + file];
  if (address === undefined) throw new BadFile(file, "this page was built without it");
  return fetchBytes(new URL(address, import.meta.url).href);
}
