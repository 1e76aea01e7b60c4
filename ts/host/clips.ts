/** Folders of audio, for Node: which clips are in them, in the order of their names. Knows nothing of what is in a clip. */
import { extname, join } from "node:path";
import { FileProblem } from "./file-problem.js";
import { isDirectory, listDirectory, requireRegularFile } from "./files.js";

const AUDIO = [".wav", ".flac"];

/** Of a folder that is not there none. @throws FileProblem for a file of another kind */
export function clipsIn(folder: string): string[] {
  if (!isDirectory(folder)) return [];
  return visible(folder).map((name) => {
    const path = join(folder, name);
    if (!AUDIO.includes(extname(name).toLowerCase())) {
      throw new FileProblem(path, `expected a clip: ${AUDIO.join(" or ")}`);
    }
    requireRegularFile(path);
    return path;
  });
}

/** Hidden ones are no part of a data set. */
export function visible(folder: string): string[] {
  return listDirectory(folder).filter((name) => !name.startsWith("."));
}
