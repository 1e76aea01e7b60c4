/**
 * Says in a few words what some bytes look like, for the message of an error. Knows signatures
 * only; it never decides how a file is read.
 */

const SIGNATURES: readonly (readonly [description: string, signature: string])[] = [
  ["a zip archive", "PK\x03\x04"],
  ["an empty zip archive", "PK\x05\x06"],
  ["a NumPy array (.npy)", "\x93NUMPY"],
  ["an HDF5 file", "\x89HDF"],
  ["a PNG image", "\x89PNG"],
  ["a gzip archive", "\x1f\x8b"],
  ["a Zstandard archive", "\x28\xb5\x2f\xfd"],
  ["an xz archive", "\xfd7zXZ"],
  ["a PDF document", "%PDF"],
  ["a WebAssembly module", "\0asm"],
  ["an ELF binary", "\x7fELF"],
  ["a GGUF model", "GGUF"],
  ["a WAV file", "RIFF"],
  ["a FLAC file", "fLaC"],
  ["a Git LFS pointer, not the file itself (run `git lfs pull`)", "version https://git-lfs"],
];

const TAR_MAGIC = "ustar";
const TAR_MAGIC_OFFSET = 257;
const FLATBUFFER_NAME_OFFSET = 4;
const TEXT_SAMPLE_BYTES = 256;
const SHOWN_BYTES = 8;

/** For example "it looks like an HTML page", "it is empty", "it begins with bytes 00 01 02". */
export function looksLike(bytes: Uint8Array): string {
  if (bytes.length === 0) return "it is empty";
  for (const [description, signature] of SIGNATURES) {
    if (hasText(bytes, 0, signature)) return `it looks like ${description}`;
  }
  if (hasText(bytes, TAR_MAGIC_OFFSET, TAR_MAGIC)) return "it looks like a tar archive";
  if (hasText(bytes, FLATBUFFER_NAME_OFFSET, "TFL3"))
    return "it looks like a TensorFlow Lite model";
  return looksLikeText(bytes) ?? `it begins with bytes ${hex(bytes)}`;
}

function looksLikeText(bytes: Uint8Array): string | undefined {
  const sample = bytes.subarray(0, TEXT_SAMPLE_BYTES);
  if (!sample.every(isTextByte)) return undefined;
  const text = new TextDecoder().decode(sample).trimStart().toLowerCase();
  if (text.startsWith("<!doctype html") || text.startsWith("<html"))
    return "it looks like an HTML page";
  if (text.startsWith("<")) return "it looks like an HTML or XML page";
  if (text.startsWith("{") || text.startsWith("[")) return "it looks like JSON text";
  return "it looks like plain text";
}

function isTextByte(byte: number): boolean {
  const isWhitespace = byte === 0x09 || byte === 0x0a || byte === 0x0d;
  const isControl = byte < 0x20 || byte === 0x7f;
  return isWhitespace || !isControl;
}

/** True where the bytes from `offset` are the characters of `text`, one byte each. */
export function hasText(bytes: Uint8Array, offset: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (bytes[offset + i] !== text.charCodeAt(i)) return false;
  }
  return true;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes.subarray(0, SHOWN_BYTES), (b) => b.toString(16).padStart(2, "0")).join(
    " ",
  );
}
