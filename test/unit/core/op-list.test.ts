import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { opList } from "../../../scripts/op-list.mjs";

const row = (kind: number, name: string) =>
  `/* mlm-op ${kind} */\nconst mlm_op_class mlm_${name}_class = {\n    .name = "${name}",\n};\n`;
const files = [
  { name: "norm.c", text: `static int x;\n\n${row(7, "norm")}` },
  { name: "linear.c", text: row(1, "linear") },
  { name: "rows.c", text: "void mlm_copy_rows(void) {}\n" },
];
const lines = (text: string) => text.split("\n").filter((line) => line.startsWith("MLM_OP"));

test("lists the class rows of the kernels by kind", () => {
  expect(lines(opList(files))).toEqual([
    "MLM_OP(1, mlm_linear_class)",
    "MLM_OP(7, mlm_norm_class)",
  ]);
  expect(opList(files)).toContain("scripts/op-list.mjs");
});

test("lists only the kinds that are asked for, all of which must be there", () => {
  expect(lines(opList(files, [7]))).toEqual(["MLM_OP(7, mlm_norm_class)"]);
  expect(() => opList(files, [7, 99])).toThrow("no kernel file has mlm-op 99");
});

test("a row that does with less stands in for the full one only where that is enough", () => {
  const narrow = row(7, "rms_norm").replace("mlm-op 7", "mlm-op 7, only variant 0");
  const both = [...files, { name: "rms_norm.c", text: narrow }];
  expect(lines(opList(both))).toEqual(lines(opList(files)));
  expect(lines(opList(both, [7], () => false))).toEqual(["MLM_OP(7, mlm_norm_class)"]);
  expect(lines(opList(both, [7], ({ only }) => only === "variant 0"))).toEqual([
    "MLM_OP(7, mlm_rms_norm_class)",
  ]);
});

test("refuses two rows of one kind or one name", () => {
  const sameKind = [...files, { name: "other.c", text: row(7, "other") }];
  expect(() => opList(sameKind)).toThrow("mlm-op 7 is both in norm.c and in other.c");
  const sameName = [...files, { name: "other.c", text: row(8, "norm") }];
  expect(() => opList(sameName)).toThrow("mlm-op mlm_norm_class is both in norm.c and in other.c");
});

test("refuses a class row without its number, and a number without its row", () => {
  const [unnumbered = ""] = row(3, "logmel").split("\n").slice(1);
  expect(() => opList([{ name: "logmel.c", text: unnumbered }])).toThrow("logmel.c");
  expect(() => opList([{ name: "logmel.c", text: "/* mlm-op 3 */\n\n" }])).toThrow("logmel.c");
});

test("finds a row in every file of the kernels that has one", () => {
  const folder = new URL("../../../csrc/kernels/", import.meta.url);
  const kernels = readdirSync(folder)
    .filter((name) => name.endsWith(".c"))
    .map((name) => ({ name, text: readFileSync(new URL(name, folder), "utf8") }));
  const withRow = kernels.filter(({ text }) => text.includes("const mlm_op_class "));
  expect(lines(opList(kernels))).toHaveLength(withRow.length);
});
