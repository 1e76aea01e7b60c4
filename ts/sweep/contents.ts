/**
 * Models and data by what is in them: a name for messages and the SHA-256 of the bytes, wherever these are. Knows
 * nothing of what they mean.
 */
import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { asFileProblem } from "../host/file-problem.js";
import { readBytes } from "../host/files.js";
import { ContentProblem } from "./problems.js";

export interface ContentRef {
  readonly sha256: string;
  /** As the plan calls it. */
  readonly name: string;
}

/** Where bytes are to be had. @throws ContentProblem when they are not, or are others */
export interface Source {
  read(content: ContentRef): Promise<Uint8Array>;
}

/** Where the bytes are on this machine, as plain data: threads get it. */
export type Place = WholeFile | FilePart | InMemory;

interface WholeFile {
  readonly path: string;
}

/** `head`, and then `bytes` bytes of the file. */
interface FilePart {
  readonly path: string;
  readonly head: Uint8Array;
  readonly start: number;
  readonly bytes: number;
}

interface InMemory {
  readonly text: string;
}

export type Places = ReadonlyMap<string, Place>;

export function sha256Of(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Collects what a sweep is about. */
export class Contents {
  readonly places = new Map<string, Place>();
  readonly #files = new Map<string, ContentRef>();

  /** @throws FileProblem */
  file(path: string, name: string): ContentRef {
    const known = this.#files.get(path);
    if (known !== undefined) return known;
    const content = this.#add({ path }, name, readBytes(path));
    this.#files.set(path, content);
    return content;
  }

  part(place: FilePart, name: string): ContentRef {
    return this.#add(place, name, bytesAt(place));
  }

  text(text: string, name: string): ContentRef {
    return this.#add({ text }, name, new TextEncoder().encode(text));
  }

  #add(place: Place, name: string, bytes: Uint8Array): ContentRef {
    const sha256 = sha256Of(bytes);
    this.places.set(sha256, place);
    return { sha256, name };
  }
}

/** What is on this machine, checked whenever it is read. */
export class LocalSource implements Source {
  constructor(private readonly places: Places) {}

  async read(content: ContentRef): Promise<Uint8Array> {
    const place = this.places.get(content.sha256);
    if (place === undefined) throw new ContentProblem(content.name, "is not part of the plan");
    const bytes = await fromOutside(content, () => bytesAt(place));
    requireContent(content, bytes, "it has changed since the sweep was planned");
    return bytes;
  }
}

/** @throws ContentProblem */
export function requireContent(content: ContentRef, bytes: Uint8Array, reason: string): void {
  const found = sha256Of(bytes);
  if (found === content.sha256) return;
  const hashes = `SHA-256 ${short(found)}, planned ${short(content.sha256)}`;
  throw new ContentProblem(content.name, `${reason}: ${hashes}`);
}

/** That something cannot be read says nothing of a model. */
export async function fromOutside<T>(content: ContentRef, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ContentProblem(content.name, reason, { cause: error });
  }
}

/** @throws FileProblem */
export function bytesAt(place: Place): Uint8Array {
  if ("text" in place) return new TextEncoder().encode(place.text);
  if (!("head" in place)) return readBytes(place.path);
  const { path, head, start, bytes } = place;
  const all = new Uint8Array(head.length + bytes);
  all.set(head);
  const got = readInto(path, all.subarray(head.length), start);
  return all.subarray(0, head.length + got);
}

/** The first bytes of a file, as many as it has of them. @throws FileProblem */
export function headOf(path: string, most: number): Uint8Array {
  const bytes = new Uint8Array(most);
  return bytes.subarray(0, readInto(path, bytes, 0));
}

function readInto(path: string, target: Uint8Array, start: number): number {
  try {
    const file = openSync(path, "r");
    try {
      let got = 0;
      while (got < target.length) {
        const count = readSync(file, target, got, target.length - got, start + got);
        if (count === 0) break;
        got += count;
      }
      return got;
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw asFileProblem(path, error);
  }
}

const SHOWN_DIGITS = 12;

function short(sha256: string): string {
  return sha256.slice(0, SHOWN_DIGITS);
}
