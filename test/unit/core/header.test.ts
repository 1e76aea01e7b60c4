/** What TypeScript knows of the C structs and enums is what the C headers say. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as format from "../../../ts/core/format.js";
import * as structs from "../../../ts/core/structs.js";
import * as packing from "../../../ts/graph/packing.js";

const header = withoutComments("../../../csrc/include/mlm.h");
const inspectHeader = withoutComments("../../../csrc/include/mlm_inspect.h");
const blobHeader = withoutComments("../../../csrc/core/blob.h");
const recordsHeader = withoutComments("../../../csrc/kernels/records.h");

function withoutComments(path: string): string {
  return readFileSync(new URL(path, import.meta.url), "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
}

/** Fields in order; an array is as many fields, numbered. */
function fieldsOf(text: string, name: string): { name: string; type: string }[] {
  const body = new RegExp(`typedef struct ${name} \\{([^}]*)\\}`).exec(text)?.[1];
  if (body === undefined) throw new Error(`no struct ${name}`);
  return body
    .split(";")
    .map((field) => field.trim())
    .filter((field) => field !== "")
    .flatMap((field) => {
      const [, type, names] = /^((?:const )?\w+ ?\*?) *(.*)$/s.exec(field)!;
      return names!.split(",").flatMap((declared) => arrayFields(declared.trim(), type!.trim()));
    });
}

function arrayFields(declared: string, type: string): { name: string; type: string }[] {
  const [, name, size] = /^(\w+)(?:\[(\w+)\])?$/.exec(declared)!;
  if (size === undefined) return [{ name: camel(name!), type }];
  return Array.from({ length: Number(size) || macroValue(size) }, (_, i) => ({
    name: `${camel(name!)}${i}`,
    type,
  }));
}

/** Of a macro in one of the headers. */
function macroValue(macro: string): number {
  const all = header + inspectHeader + blobHeader + recordsHeader;
  const value = new RegExp(`#define ${macro} (\\w+)u\\b`).exec(all)?.[1];
  if (value === undefined) throw new Error(`no macro ${macro}`);
  return Number(value);
}

function camel(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function enumNames(text: string, prefix: string): string[] {
  const body = [...text.matchAll(/enum[^{]*\{([^}]*)\}/g)]
    .map((match) => match[1]!)
    .find((names) => names.includes(prefix));
  return [...body!.matchAll(/\b[A-Z][A-Z0-9_]+\b/g)]
    .map(([name]) => name)
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length).toLowerCase());
}

describe("mlm.h and mlm_inspect.h", () => {
  test.each([
    ["mlm_fault", header, structs.FAULT],
    ["mlm_model_info", header, structs.MODEL_INFO],
    ["mlm_output_info", header, structs.OUTPUT_INFO],
    ["mlm_op_info", inspectHeader, structs.OP_INFO],
    ["mlm_tensor_info", inspectHeader, structs.TENSOR_INFO],
    ["mlm_operator_info", inspectHeader, structs.OPERATOR_INFO],
    ["mlm_counts", inspectHeader, structs.COUNTS],
    ["mlm_plan", inspectHeader, structs.PLAN],
    ["mlm_step", inspectHeader, structs.STEP],
  ])("%s", (name, text, fields) => {
    expect(fieldsOf(text, name).map((field) => field.name)).toEqual(fields);
  });

  test("mlm_buffer is the 20 bytes that plans are read from", () => {
    expect(fieldsOf(inspectHeader, "mlm_buffer")).toEqual([
      { name: "role", type: "const char *" },
      { name: "offset", type: "uint32_t" },
      { name: "bytes", type: "uint32_t" },
      { name: "first", type: "uint16_t" },
      { name: "last", type: "uint16_t" },
      { name: "op", type: "uint16_t" },
      { name: "kind", type: "uint8_t" },
      { name: "whole", type: "uint8_t" },
    ]);
  });

  test("schedules, buffer kinds and input kinds", () => {
    expect(enumNames(header, "MLM_SCHEDULE_")).toEqual(["stream", "layer", "unfused"]);
    expect(enumNames(inspectHeader, "MLM_BUFFER_")).toEqual(["state", "scratch", "io"]);
    expect(enumNames(header, "MLM_INPUT_")).toEqual(["frames", "tokens", "samples", "samples16"]);
    expect(format.INPUT_KIND).toEqual({ frames: 0, tokens: 1, samples: 2, samples16: 3 });
  });

  test("blob format version", () => {
    expect(header).toContain(`#define MLM_FORMAT_VERSION ${format.BLOB_VERSION}u`);
    expect(header).toContain(`#define MLM_ALIGNMENT ${format.BLOB_ALIGNMENT}u`);
    expect(format.MAX_INPUTS).toBe(macroValue("MLM_MAX_INPUTS"));
  });
});

describe("blob.h and records.h", () => {
  const BYTES: Record<string, number> = { uint8_t: 1, uint16_t: 2, uint32_t: 4, int32_t: 4 };

  /** Offset of each field, arrays as one. */
  function layoutOf(name: string): { offsets: Record<string, number>; bytes: number } {
    const text = blobHeader.includes(`struct ${name} {`) ? blobHeader : recordsHeader;
    const offsets: Record<string, number> = {};
    let bytes = 0;
    for (const field of fieldsOf(text, name)) {
      const base = field.name.replace(/(?<!crc3|crc)\d+$/, "");
      offsets[base] ??= bytes;
      bytes += BYTES[field.type]!;
    }
    return { offsets, bytes };
  }

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

  test("constants", () => {
    expect(packing.PANEL).toBe(macroValue("MLM_PANEL"));
    expect(packing.GROUP).toBe(macroValue("MLM_GROUP"));
    expect(format.ATTRIBUTES).toBe(macroValue("MLM_ATTRIBUTES"));
    expect(format.TENSOR_REFS).toBe(macroValue("MLM_TENSOR_REFS"));
    expect(format.NO_TENSOR).toBe(macroValue("MLM_NO_TENSOR"));
    expect(format.NO_CLOCK).toBe(macroValue("MLM_NO_CLOCK"));
    expect(format.NO_VALUE).toBe(macroValue("MLM_NO_VALUE"));
    expect(blobHeader).toContain("#define MLM_MAGIC 0x1A4D4C4Du");
    expect(format.BLOB_MAGIC).toBe(0x1a4d4c4d);
    expect(enumNames(recordsHeader, "MLM_PACK_")).toEqual(Object.keys(format.PACKING));
    expect(enumNames(recordsHeader, "MLM_DTYPE_")).toEqual(Object.keys(format.DTYPE));
  });
});
