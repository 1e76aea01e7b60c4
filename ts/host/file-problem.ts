/**
 * The error of a file or folder that could not be used, of a disk or of a browser's file chooser: one line with its name.
 * Knows nothing of what is in it.
 */
import { MambaliteError } from "../core/errors.js";

/** What Node puts in the place of bytes of a name that are not UTF-8. */
const UNDECODABLE = "\ufffd";
const RENAME_IT = "a name that is not UTF-8 cannot be opened here: rename it";

/** A file could not be read or written, or what is in it could not be used. */
export class FileProblem extends MambaliteError {
  readonly code = "FILE_PROBLEM";
  constructor(
    readonly path: string,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    const hint = path.includes(UNDECODABLE) ? ` (${RENAME_IT})` : "";
    super(`${reason}${hint}`, { ...options, place: `${path}: ` });
  }
}

/** Whether a name in a listing has lost bytes, so that it is the name of nothing. */
export function isUndecodable(name: string): boolean {
  return name.includes(UNDECODABLE);
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "no such file or directory",
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  EISDIR: "is a directory, not a file",
  ENOTDIR: "a part of the path is not a directory",
  ENOTEMPTY: "is a directory that is not empty",
  ENOSPC: "no space left on the device",
  EROFS: "the file system is read-only",
  ENAMETOOLONG: "the name is too long",
  ELOOP: "too many symbolic links",
  ERR_FS_FILE_TOO_LARGE: "larger than 2 GiB",
  ERR_INVALID_ARG_VALUE: "is not a file name",
};

/** An error of the operating system as a FileProblem; any other as it is. */
export function asFileProblem(path: string, error: unknown): unknown {
  const code = (error as { readonly code?: string } | null)?.code;
  if (error instanceof MambaliteError || !(error instanceof Error) || code === undefined) {
    return error;
  }
  return new FileProblem(path, REASONS[code] ?? error.message, { cause: error });
}

/** Runs `use`, and names `path` in the message of an error of this package that names no file. */
export async function inFile<T>(path: string, use: () => T | Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    if (error instanceof MambaliteError && !(error instanceof FileProblem)) {
      throw new FileProblem(path, error.message, { cause: error });
    }
    throw error;
  }
}
