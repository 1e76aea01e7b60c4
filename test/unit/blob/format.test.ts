/** What the writer knows of the blob's layout is what csrc/core/blob.h and csrc/kernels/records.h say. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as format from "../../../ts/core/format.js";
import { INSERT_END } from "../../../ts/graph/descriptors/time.js";
import { GROUP, PANEL } from "../../../ts/graph/packing.js";

const text = [
  "include/mlm.h",
  "include/mlm_inspect.h",
  "core/blob.h",
  "kernels/records.h",
  "kernels/op.h",
]
  .map((path) => readFileSync(new URL(`../../../csrc/${path}`, import.meta.url), "utf8"))
  .join("\n")
  .replace(/\/\*[\s\S]*?\*\//g, "");

/** Value of a `#define`. */
function defined(name: string): number {
  const value = new RegExp(`#define ${name} (0x[0-9A-Fa-f]+|\\d+)u?\\b`).exec(text)?.[1];
  return Number(value);
}

const BYTES: Readonly<Record<string, number>> = {
  uint8_t: 1,
  uint16_t: 2,
  uint32_t: 4,
  int32_t: 4,
};

/** Offsets of a struct's fields, in bytes, and its size. */
function layoutOf(struct: string): { offsets: Record<string, number>; bytes: number } {
  const body = new RegExp(`typedef struct ${struct} \\{([^}]*)\\}`).exec(text)?.[1] ?? "";
  const offsets: Record<string, number> = {};
  let bytes = 0;
  for (const [, type = "", names = ""] of body.matchAll(/(u?int\d+_t)\s+([^;]+);/g)) {
    for (const declared of names.split(",")) {
      const [, name = "", size] = /^\s*(\w+)(?:\[(\w+)\])?$/.exec(declared) ?? [];
      offsets[name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())] = bytes;
      bytes += BYTES[type]! * (size === undefined ? 1 : Number(size) || defined(size));
    }
  }
  return { offsets, bytes };
}

describe("the layout of a blob", () => {
  test.each([
    ["mlm_blob_header", format.HEADER, format.HEADER_BYTES],
    ["mlm_blob_op", format.OP, format.OP_BYTES],
    ["mlm_blob_tensor", format.TENSOR, format.TENSOR_BYTES],
    ["mlm_blob_output", format.OUTPUT, format.OUTPUT_BYTES],
  ])("%s", (name, fields, bytes) => {
    const layout = layoutOf(name);
    expect(layout.offsets).toMatchObject(fields);
    expect(layout.bytes).toBe(bytes);
  });

  test.each([
    ["MLM_MAGIC", format.BLOB_MAGIC],
    ["MLM_FORMAT_VERSION", format.BLOB_VERSION],
    ["MLM_ALIGNMENT", format.BLOB_ALIGNMENT],
    ["MLM_ATTRIBUTES", format.ATTRIBUTES],
    ["MLM_TENSOR_REFS", format.TENSOR_REFS],
    ["MLM_MAX_INPUTS", format.MAX_INPUTS],
    ["MLM_NO_TENSOR", format.NO_TENSOR],
    ["MLM_NO_VALUE", format.NO_VALUE],
    ["MLM_NO_CLOCK", format.NO_CLOCK],
    ["MLM_INSERT_END", INSERT_END],
    ["MLM_PANEL", PANEL],
    ["MLM_GROUP", GROUP],
  ])("%s", (name, value) => {
    expect(defined(name)).toBe(value);
  });

  test.each([
    ["MLM_PACK_", format.PACKING],
    ["MLM_DTYPE_", format.DTYPE],
    ["MLM_INPUT_", format.INPUT_KIND],
  ])("%s...", (prefix, values) => {
    for (const [name, value] of Object.entries(values)) {
      expect(text).toMatch(new RegExp(`\\b${prefix}${name.toUpperCase()} = ${value}\\b`));
    }
  });
});
