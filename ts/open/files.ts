/** A file of a disk, of a file chooser, or of a drop, as those see it who read it. Knows nothing of what is in it. */

export interface FileEntry {
  /** Its name, or its path; parts separated by "/". */
  readonly path: string;
  read(): Uint8Array | Promise<Uint8Array>;
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
