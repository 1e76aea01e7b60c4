/** What a project has of the core: the kernels that its model uses, with all that these use, and no others. */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { opRows } from "../../csrc/op-list.mjs";
import { type CoreUse, coreFiles } from "../../ts/firmware/core-files.js";
import { readSources } from "../../ts/firmware/node.js";
import { buildFolder } from "./support.js";

const sources = readSources();
const kernels = [...sources]
  .filter(([path]) => /^kernels\/.*\.c$/.test(path))
  .map(([path, text]) => ({ name: path.slice("kernels/".length), text }));
const KINDS = opRows(kernels).map(({ className }) => /^mlm_(\w+)_class$/.exec(className)![1]!);

const op = (
  kind: string,
  variant = 0,
  attributes: readonly number[] = [4, 0, 1],
  type = "f32",
) => ({
  kind,
  variant,
  attributes,
  type,
});

function listOf(use: Partial<CoreUse>): string[] {
  const files = new Map(
    coreFiles("src", sources, { ops: [], tensors: [], schedule: "stream", ...use }),
  );
  return [...(files.get("src/op_list.h") ?? "").matchAll(/^MLM_OP\(\d+, (\w+)\)$/gm)].map(
    ([, name]) => name!,
  );
}

test("sources of projects have nothing of runners, which are firmware of their own", () => {
  expect([...sources.keys()].filter((path) => path.startsWith("runner/"))).toEqual([]);
  expect(sources.has("include/mlm.h")).toBe(true);
});

describe("rows that do with less", () => {
  test("stand in where that is enough", () => {
    const ops = ["causal_conv", "pool", "selective_scan", "gate", "ssd_scan"].map((kind) =>
      op(kind),
    );
    expect(listOf({ ops })).toEqual([
      "mlm_conv_behind_class",
      "mlm_mean_pool_class",
      "mlm_fused_scan_class",
      "mlm_silu_gate_class",
      "mlm_fused_ssd_scan_class",
    ]);
  });

  test("do not where one op or the schedule wants more", () => {
    const ops = [
      ...[op("gate"), op("gate", 4), op("pool", 2), op("selective_scan"), op("ssd_scan")],
      ...[op("causal_conv"), op("causal_conv", 0, [4, 1, 0])],
    ];
    expect(listOf({ ops, schedule: "unfused" })).toEqual([
      "mlm_causal_conv_class",
      "mlm_pool_class",
      "mlm_selective_scan_class",
      "mlm_gate_class",
      "mlm_ssd_scan_class",
    ]);
  });
});

describe("what stands around Mamba", () => {
  /** What the core itself mentions. */
  const ALWAYS = ["linear.c", "rows.c"];

  test.each([
    ["ssd_scan", ["clamping.c", "decays.c", "powers.c", "silu.c", "ssd_scan.c"]],
    ["grouped_norm", ["grouped_norm.c"]],
    ["gru", ["gru.c"]],
    ["lstm", ["lstm.c"]],
    ["attention", ["attention.c"]],
    ["conv2d", ["bands.c", "conv2d.c", "window.c"]],
    ["pool2d", ["bands.c", "pool2d.c", "window.c"]],
  ])("%s: a project has its kernels and no others", (kind, kernels) => {
    const tensors = [{ dtype: "f32", packing: "panels" }];
    const files = coreFiles("src", sources, { ops: [op(kind)], tensors, schedule: "stream" });
    const found = files.flatMap(([path]) => /^src\/kernels\/(\w+\.c)$/.exec(path)?.[1] ?? []);
    expect(found.sort()).toEqual([...ALWAYS, ...kernels].sort());
  });
});

describe("number types", () => {
  const filesOf = (ops: CoreUse["ops"], tensors: CoreUse["tensors"]) =>
    new Map(coreFiles("src", sources, { ops, tensors, schedule: "stream" }));
  const PANELS = { dtype: "f32", packing: "panels" };
  const I8_PANELS = { dtype: "i8", packing: "panels" };
  const I8_QUADS = { dtype: "i8", packing: "quads" };
  const I16_VECTOR = { dtype: "i16", packing: "vector" };

  test.each([
    ["f32", [op("linear")], [PANELS], 0, 0],
    ["w8", [op("linear")], [PANELS, I8_PANELS], 1, 0],
    ["int", [op("linear_int", 0, [], "i16")], [I8_QUADS, I16_VECTOR], 0, 1],
    [
      "both",
      [op("linear"), op("linear_int", 0, [], "i16")],
      [I8_QUADS, I16_VECTOR, I8_PANELS],
      1,
      1,
    ],
  ])("%s: a project has what its model uses", (_, ops, tensors, i8Matrices, integers) => {
    const files = filesOf(ops, tensors);
    expect(files.has("src/kernels/linear_i8.c")).toBe(i8Matrices === 1);
    const types = files.get("src/op_types.h");
    expect(types).toContain(`#define MLM_I8_MATRICES ${i8Matrices}\n`);
    expect(types).toContain(`#define MLM_INTEGERS ${integers}\n`);
  });
});

test("an op that the sources do not have", () => {
  expect(() => listOf({ ops: [op("rnn")] })).toThrow("the sources have no op rnn");
});

const noCompiler = spawnSync("cc", ["--version"]).status !== 0;

/** Everything is compiled once; a project links when what its files ask for is in them. */
describe.skipIf(noCompiler)("kernel files", () => {
  const folder = buildFolder("kernels");
  const symbols = new Map<string, { readonly defines: string[]; readonly asks: string[] }>();
  for (const [path, text] of coreFiles("", sources, {
    ops: KINDS.map((kind) => op(kind, 1)),
    schedule: "unfused",
    tensors: [{ dtype: "i8", packing: "panels" }],
  })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  for (const { name } of kernels) {
    const object = join(folder, `${name}.o`);
    const source = join(folder, "kernels", name);
    spawnSync("cc", ["-std=c11", "-DMLM_NO_SIMD", `-I${folder}`, "-c", source, "-o", object]);
    const listed = spawnSync("nm", [object], { encoding: "utf8" }).stdout;
    const names = (types: string) =>
      [...listed.matchAll(new RegExp(` [${types}] (\\w+)$`, "gm"))].map(([, symbol]) => symbol!);
    symbols.set(name, { defines: names("TRDB"), asks: names("U") });
  }
  const makers = new Map(
    [...symbols].flatMap(([file, { defines }]) => defines.map((s) => [s, file])),
  );

  test.each(KINDS)("of %s: all that it needs", (kind) => {
    const tensors = [{ dtype: "i8", packing: "panels" }];
    const use: CoreUse = { ops: [op(kind, 1)], tensors, schedule: "unfused" };
    const paths = coreFiles("src", sources, use).map(([path]) => path);
    const files = paths.flatMap((path) => /^src\/kernels\/(\w+\.c)$/.exec(path)?.[1] ?? []);
    expect(files.length).toBeLessThan(12);
    const asked = files.flatMap((file) => symbols.get(file)!.asks);
    const missing = asked.filter((symbol) => {
      const maker = makers.get(symbol);
      return maker !== undefined && !files.includes(maker);
    });
    expect(missing).toEqual([]);
  });
});
