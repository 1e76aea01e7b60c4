/**
 * Model files of other kinds, recognised so that each can be answered with what to do about it. Knows signatures
 * only; reads none of them.
 */
import { hasText, looksLike } from "../looks-like.js";
import { openZip } from "./zip.js";

const EXPORT =
  "load the PyTorch module it was made of and use mambalite_torch.export (mambalite torch -o mambalite_torch.py)";
const REBUILD =
  "write its weights into a .safetensors file and describe them in an arch file (docs/arch.md)";

/** As `looksLike` says it. */
const JSON_TEXT = "it looks like JSON text";
const FLATBUFFER_NAME_OFFSET = 4;
/** ModelProto's first field is ir_version, a small number; its second one a text, a graph or an import. */
const ONNX_FIRST_TAG = 0x08;
const ONNX_MAX_VERSION = 32;
const ONNX_SECOND_TAGS = [0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42];

/** A sentence on what the file is and what to do; undefined: it is none of these. */
export function foreignFormat(bytes: Uint8Array, name = ""): string | undefined {
  if (hasText(bytes, FLATBUFFER_NAME_OFFSET, "TFL3")) {
    return `it is a TensorFlow Lite model, whose operators are not read: ${REBUILD}`;
  }
  if (hasText(bytes, 0, "\x89HDF")) {
    return `it is an HDF5 file, such as Keras weights: ${REBUILD}`;
  }
  if (isOnnx(bytes, name)) {
    return `it is an ONNX model, in which Mamba blocks are taken apart: ${EXPORT}`;
  }
  if (hasText(bytes, 0, "MLM\x1a")) {
    return "it is an .mlm blob, which is converted already: take the checkpoint that it was made of";
  }
  if (hasText(bytes, 0, "PK\x03\x04")) return foreignArchive(bytes);
  const kind = looksLike(bytes);
  return kind === JSON_TEXT
    ? `${kind}: give the checkpoint as the model, and this with --arch`
    : undefined;
}

function isOnnx([first, version = 0, second = 0]: Uint8Array, name: string): boolean {
  if (first !== ONNX_FIRST_TAG || version === 0 || version > ONNX_MAX_VERSION) return false;
  return ONNX_SECOND_TAGS.includes(second) || name.toLowerCase().endsWith(".onnx");
}

function foreignArchive(bytes: Uint8Array): string | undefined {
  const names = namesIn(bytes);
  if (names.includes("config.json") && names.some((name) => name.endsWith(".weights.h5"))) {
    return `it is a Keras model, whose layers are not read: ${REBUILD}`;
  }
  const isProgram = (name: string) =>
    name.endsWith("serialized_exported_program.json") || /(^|\/)models\/[^/]+\.json$/.test(name);
  if (names.some(isProgram)) return `it is a program of torch.export: ${EXPORT}`;
  return undefined;
}

/** Whatever is wrong with an archive its own reader says. */
function namesIn(bytes: Uint8Array): readonly string[] {
  try {
    return openZip(bytes, "zip").names;
  } catch {
    return [];
  }
}
