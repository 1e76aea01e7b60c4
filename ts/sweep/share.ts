/**
 * Models and data under the names of their hashes: a folder that a planner fills and workers read, by a path or through
 * any HTTP server. What comes from there is checked, and kept in a folder of the worker's own. Knows nothing of what it is.
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { asFileProblem } from "../host/file-problem.js";
import { readBytes } from "../host/files.js";
import { TemporaryPlace } from "../host/temporary.js";
import {
  bytesAt,
  type ContentRef,
  fromOutside,
  type Places,
  requireContent,
  type Source,
  sha256Of,
} from "./contents.js";
import { ContentProblem } from "./problems.js";

const HTTP = /^https?:\/\//;
const HASH = /^[0-9a-f]{64}$/;
const TIMEOUT_MS = 60_000;

/** Puts what is not there yet into the folder. @throws FileProblem */
export function fillShare(folder: string, places: Places): void {
  for (const [sha256, place] of places) {
    if (!existsSync(join(folder, sha256))) keep(folder, sha256, bytesAt(place));
  }
}

export class SharedSource implements Source {
  constructor(
    private readonly from: string,
    private readonly cache: string,
  ) {}

  async read(content: ContentRef): Promise<Uint8Array> {
    const { sha256 } = content;
    // Whoever reaches the queue writes it: as a path it would lead anywhere.
    if (!HASH.test(sha256)) throw new ContentProblem(content.name, "its hash is no SHA-256");
    const kept = join(this.cache, sha256);
    const known = await fromOutside(content, () =>
      existsSync(kept) ? readBytes(kept) : undefined,
    );
    if (known !== undefined && sha256Of(known) === sha256) return known;
    const bytes = await fromOutside(content, () => this.#fetch(sha256));
    requireContent(content, bytes, `other bytes lie under its hash in ${this.from}`);
    await fromOutside(content, () => keep(this.cache, sha256, bytes));
    return bytes;
  }

  async #fetch(sha256: string): Promise<Uint8Array> {
    if (!HTTP.test(this.from)) return readBytes(join(this.from, sha256));
    const url = `${this.from.replace(/\/$/, "")}/${sha256}`;
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(
      (cause) => {
        throw new ContentProblem(url, `cannot be fetched: ${reasonOf(cause)}`, { cause });
      },
    );
    if (!response.ok) throw new ContentProblem(url, `the server says ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  }
}

/** The reason of a failed fetch is in its cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error ? cause.message : String(cause);
}

/** Whole or not at all, whoever else does the same. */
function keep(folder: string, sha256: string, bytes: Uint8Array): void {
  const path = join(folder, sha256);
  try {
    mkdirSync(folder, { recursive: true });
    const temporary = TemporaryPlace.file(folder);
    try {
      writeFileSync(temporary.path, bytes);
      temporary.moveTo(path);
    } finally {
      temporary.remove();
    }
  } catch (error) {
    throw asFileProblem(path, error);
  }
}
