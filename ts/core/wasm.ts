/**
 * Turns whatever a caller has (nothing, a URL, a response, bytes, a module) into a compiled
 * WebAssembly module, and says what is wrong when it is not one. Knows where this package keeps its
 * two cores, and nothing of what they export.
 */
import { simd as detectSimd } from "wasm-feature-detect";
import { looksLike } from "../looks-like.js";
import { BadArgument, BadWasm } from "./errors.js";

export type WasmSource =
  | URL
  | string
  | Response
  | Promise<Response>
  | BufferSource
  | WebAssembly.Module;

/** "auto": SIMD where the runtime has it; "on": SIMD or an error; "off": baseline. */
export type SimdChoice = "auto" | "on" | "off";

/** Reads a file of the local file system, given as a `file:` URL or as a path. */
export type FileReader = (location: URL | string) => Promise<Uint8Array<ArrayBuffer>>;

const WASM_MAGIC = [0x00, 0x61, 0x73, 0x6d] as const;
const WASM_MIME = "application/wasm";

let readFile: FileReader | undefined;

/** Lets `file:` URLs and paths be read. The package's Node entry calls this; browsers have none. */
export function useFileReader(reader: FileReader): void {
  readFile = reader;
}

/**
 * Whether to use the SIMD core.
 * @throws BadArgument for another choice, BadWasm when SIMD is "on" and the runtime has none.
 */
export async function resolveSimd(choice: SimdChoice): Promise<boolean> {
  if (choice === "off") return false;
  if (choice !== "auto" && choice !== "on") {
    throw new BadArgument("simd", '"auto", "on" or "off"', JSON.stringify(choice));
  }
  const supported = await detectSimd();
  if (choice === "on" && !supported) {
    throw new BadWasm('simd is "on", but this runtime does not support WebAssembly SIMD');
  }
  return supported;
}

/** The core that comes with this package. Bundlers find the two files by these expressions. */
export function packagedCore(simd: boolean): URL {
  return simd
    ? new URL("../../wasm/core.simd.wasm", import.meta.url)
    : new URL("../../wasm/core.wasm", import.meta.url);
}

/** @throws BadWasm when it cannot be fetched, or is not WebAssembly this runtime compiles. */
export async function compileCore(source: WasmSource): Promise<WebAssembly.Module> {
  const resolved = await settled(source);
  if (resolved instanceof WebAssembly.Module) return resolved;
  if (resolved instanceof URL || typeof resolved === "string") return compileLocation(resolved);
  const bytes = viewBytes(resolved);
  if (bytes !== undefined) return compileBytes(bytes, "the given bytes");
  /* Asked last: in Node the first mention of Response loads the whole of fetch, some 40 ms. */
  if (typeof Response !== "undefined" && resolved instanceof Response) {
    return compileResponse(resolved, describeResponse(resolved));
  }
  throw new BadArgument(
    "wasm",
    "a URL, Response, bytes or WebAssembly.Module",
    Object.prototype.toString.call(resolved),
  );
}

async function settled(source: WasmSource): Promise<Awaited<WasmSource>> {
  try {
    return await source;
  } catch (cause) {
    throw new BadWasm(`the core could not be fetched: ${messageOf(cause)}`, { cause });
  }
}

async function compileLocation(location: URL | string): Promise<WebAssembly.Module> {
  if (!isLocalFile(location)) return compileResponse(await fetchCore(location), String(location));
  if (readFile === undefined) {
    throw new BadWasm(
      `${location}: files cannot be read here; serve the page over HTTP, or give Engine.load the ` +
        "bytes or a URL as `wasm`",
    );
  }
  try {
    return await compileBytes(await readFile(location), String(location));
  } catch (cause) {
    if (cause instanceof BadWasm) throw cause;
    throw new BadWasm(`${location}: cannot be read: ${messageOf(cause)}`, { cause });
  }
}

/** A `file:` URL anywhere; a path (no scheme, or the drive letter of one) where files are read. */
function isLocalFile(location: URL | string): boolean {
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(String(location))?.[1];
  if (scheme === undefined) return readFile !== undefined;
  return scheme.toLowerCase() === "file";
}

async function fetchCore(location: URL | string): Promise<Response> {
  try {
    return await fetch(location);
  } catch (cause) {
    throw new BadWasm(`${location}: could not be fetched: ${messageOf(cause)}`, { cause });
  }
}

async function compileResponse(response: Response, name: string): Promise<WebAssembly.Module> {
  if (!response.ok) throw new BadWasm(`${name}: HTTP status ${response.status}`);
  const streamed = await compileStream(response);
  if (streamed !== undefined) return streamed;
  return compileBytes(await readBody(response, name), name);
}

/** Undefined where streaming is not possible or fails; the response's own body is still unread. */
async function compileStream(response: Response): Promise<WebAssembly.Module | undefined> {
  const type = response.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  const canStream = type === WASM_MIME && typeof WebAssembly.compileStreaming === "function";
  if (!canStream || response.bodyUsed) return undefined;
  try {
    return await WebAssembly.compileStreaming(response.clone());
  } catch {
    return undefined; // compiling the bytes gives the reason
  }
}

async function readBody(response: Response, name: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    throw new BadWasm(`${name}: could not be read: ${messageOf(cause)}`, { cause });
  }
}

async function compileBytes(
  bytes: Uint8Array<ArrayBuffer>,
  name: string,
): Promise<WebAssembly.Module> {
  if (!WASM_MAGIC.every((byte, i) => bytes[i] === byte)) {
    throw new BadWasm(`${name}: not WebAssembly: ${looksLike(bytes)}`);
  }
  try {
    return await atOnceIfAllowed(
      () => new WebAssembly.Module(bytes),
      () => WebAssembly.compile(bytes),
    );
  } catch (cause) {
    throw new BadWasm(`${name}: does not compile: ${messageOf(cause)}`, { cause });
  }
}

/**
 * A module of 32 KB is compiled sooner than a background thread is woken, but some browsers allow the
 * main thread smaller ones only, which they say with a RangeError.
 */
export async function atOnceIfAllowed<T>(atOnce: () => T, later: () => Promise<T>): Promise<T> {
  try {
    return atOnce();
  } catch (cause) {
    if (cause instanceof RangeError) return later();
    throw cause;
  }
}

function viewBytes(source: unknown): Uint8Array<ArrayBuffer> | undefined {
  if (ArrayBuffer.isView(source)) {
    return new Uint8Array(source.buffer as ArrayBuffer, source.byteOffset, source.byteLength);
  }
  const isBuffer = Object.prototype.toString.call(source) === "[object ArrayBuffer]";
  return isBuffer ? new Uint8Array(source as ArrayBuffer) : undefined;
}

function describeResponse(response: Response): string {
  return response.url === "" ? "the given response" : response.url;
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
