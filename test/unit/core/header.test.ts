/** What TypeScript knows of the C structs and enums is what the C headers say. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as format from "../../../ts/core/format.js";
import * as structs from "../../../ts/core/structs.js";

const header = withoutComments("../../../csrc/include/mlm.h");
const blobHeader = withoutComments("../../../csrc/core/blob.h");

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
  return Array.from({ length: Number(size) || 1 }, (_, i) => ({
    name: `${camel(name!)}${i}`,
    type,
  }));
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

describe("mlm.h", () => {
  test.each([
    ["mlm_fault", structs.FAULT],
    ["mlm_model_info", structs.MODEL_INFO],
    ["mlm_op_info", structs.OP_INFO],
    ["mlm_tensor_info", structs.TENSOR_INFO],
    ["mlm_operator_info", structs.OPERATOR_INFO],
    ["mlm_counts", structs.COUNTS],
    ["mlm_plan", structs.PLAN],
    ["mlm_step", structs.STEP],
  ])("%s", (name, fields) => {
    expect(fieldsOf(header, name).map((field) => field.name)).toEqual(fields);
  });

  test("mlm_buffer is the 16 bytes that plans are read from", () => {
    expect(fieldsOf(header, "mlm_buffer")).toEqual([
      { name: "offset", type: "uint32_t" },
      { name: "bytes", type: "uint32_t" },
      { name: "first", type: "uint16_t" },
      { name: "last", type: "uint16_t" },
      { name: "op", type: "uint16_t" },
      { name: "role", type: "uint8_t" },
      { name: "kind", type: "uint8_t" },
    ]);
  });

  test("op kinds", () => {
    expect(Object.keys(format.OP_KIND)).toEqual(enumNames(header, "MLM_OP_"));
    expect(Object.values(format.OP_KIND)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test("schedules, buffer kinds and input kinds", () => {
    expect(enumNames(header, "MLM_SCHEDULE_")).toEqual(["stream", "layer", "unfused"]);
    expect(enumNames(header, "MLM_BUFFER_")).toEqual(["state", "scratch", "io"]);
    expect(enumNames(header, "MLM_INPUT_")).toEqual(["frames", "tokens", "samples"]);
    expect(format.INPUT_KIND).toEqual({ frames: 0, tokens: 1, samples: 2 });
  });

  test("blob format version", () => {
    expect(header).toContain(`#define MLM_FORMAT_VERSION ${format.BLOB_VERSION}u`);
    expect(header).toContain(`#define MLM_ALIGNMENT ${format.BLOB_ALIGNMENT}u`);
  });
});

describe("blob.h", () => {
  const BYTES: Record<string, number> = { uint16_t: 2, uint32_t: 4, float: 4 };
  const ARRAYS: Record<string, number> = { tensors: format.TENSOR_REFS };

  /** Offset of each field, arrays as one. */
  function layoutOf(name: string): { offsets: Record<string, number>; bytes: number } {
    const offsets: Record<string, number> = {};
    let bytes = 0;
    for (const field of fieldsOf(blobHeader, name)) {
      const base = field.name.replace(/(?<!crc3|crc)\d+$/, "");
      offsets[base] ??= bytes;
      bytes += BYTES[field.type]! * (ARRAYS[base] ?? 1);
    }
    return { offsets, bytes };
  }

  test.each([
    ["mlm_blob_header", format.HEADER, format.HEADER_BYTES],
    ["mlm_blob_op", format.OP, format.OP_BYTES],
    ["mlm_blob_tensor", format.TENSOR, format.TENSOR_BYTES],
  ])("%s", (name, fields, bytes) => {
    const layout = layoutOf(name);
    expect(layout.offsets).toMatchObject(fields);
    expect(layout.bytes).toBe(bytes);
  });

  test("constants", () => {
    expect(blobHeader).toContain(`#define MLM_PANEL ${format.PANEL}u`);
    expect(blobHeader).toContain(`#define MLM_GROUP ${format.GROUP}u`);
    expect(blobHeader).toContain("#define MLM_MAGIC 0x1A4D4C4Du");
    expect(format.BLOB_MAGIC).toBe(0x1a4d4c4d);
    expect(enumNames(blobHeader, "MLM_PACK_")).toEqual(Object.keys(format.PACKING));
  });
});
