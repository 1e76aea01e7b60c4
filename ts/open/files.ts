/** A file of a disk, of a file chooser, or of a drop, as those see it who read it. Knows nothing of what is in it. */
import { shortLine } from "../plain-text.js";

const MOST_NAMES_CHARACTERS = 120;

export interface FileEntry {
  /** Its name, or its path; parts separated by "/". */
  readonly path: string;
  read(): Uint8Array | Promise<Uint8Array>;
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Of some files, for messages. */
export function namesOf(files: readonly Pick<FileEntry, "path">[]): string {
  if (files.length === 0) return "no files";
  return shortLine(files.map(({ path }) => path).join(", "), MOST_NAMES_CHARACTERS);
}

/** Hidden files, and files in hidden folders, are none of a person's. */
export function isHidden({ path }: Pick<FileEntry, "path">): boolean {
  return path.split("/").some((part) => part.startsWith("."));
}

/** In the order of their paths. */
export function byPath(a: Pick<FileEntry, "path">, b: Pick<FileEntry, "path">): number {
  return a.path < b.path ? -1 : Number(a.path > b.path);
}
