/**
 * Every op kind has a golden case, which the core reproduces on every engine and under every schedule; a
 * reference in Python; and a row in the generator of random networks.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DESCRIPTORS, descriptorOf, type OpKind } from "../../ts/graph/descriptors/index.js";
import { Engine, type Network } from "../../ts/node.js";
import { errorOf, readGoldenOps } from "./network-files.js";
import { OP_ROWS } from "./random-ops.js";
import { type Engines, outputsEveryWay } from "./runs.js";

const golden = fileURLToPath(new URL("../golden", import.meta.url));
const references = fileURLToPath(new URL("../../scripts/reference/ops", import.meta.url));
/** Of the largest element of an output. */
const TOLERANCE = 2e-6;

const families = readdirSync(golden).filter((name) => name.startsWith("op_"));
const cases = families.flatMap((family) => readGoldenOps(join(golden, family)));
const kinds = Object.keys(DESCRIPTORS) as OpKind[];
let engines: Engines;

beforeAll(async () => {
  engines = {
    baseline: await Engine.load({ simd: "off" }),
    simd: await Engine.load({ simd: "on" }),
  };
});

afterAll(() => {
  engines.baseline.dispose();
  engines.simd.dispose();
});

describe("every op kind", () => {
  test("has a golden case of its own", () => {
    expect(cases.map(({ kind }) => kind).sort()).toEqual([...kinds].sort());
    for (const { kind, network } of cases) {
      expect(
        network.ops.some((op) => op.kind === kind),
        kind,
      ).toBe(true);
    }
  });

  test("has each of its choices in its golden case", () => {
    for (const { kind, network } of cases) {
      const ops = network.ops.filter((op) => op.kind === kind);
      const descriptor = descriptorOf(ops[0]!);
      for (const [name, field] of Object.entries(descriptor.fields)) {
        if (field.type !== "choice") continue;
        const found = new Set(
          ops.map((op) => (op as unknown as Record<string, unknown>)[name] ?? field.default),
        );
        expect(
          field.choices.filter((choice) => !found.has(choice)),
          `${name} of ${kind}`,
        ).toEqual([]);
      }
    }
  });

  test("has a row in the generator of random networks", () => {
    expect(kinds.filter((kind) => OP_ROWS[kind] === undefined)).toEqual([]);
  });

  test("has a reference in Python", () => {
    const sources = readdirSync(references).filter((name) => name.endsWith(".py"));
    const text = sources.map((name) => readFileSync(join(references, name), "utf8")).join("\n");
    expect(kinds.filter((kind) => !text.includes(`"${kind}": `))).toEqual([]);
  });
});

test.each(cases)("golden case of $kind", async ({ network, input, outputs: expected }) => {
  const frames = input.length / network.inputWidth;
  const outputs = await outputsEveryWay(engines, { network, input, frames }, 1);
  expect(outputs.map(({ name }) => name).sort()).toEqual([...expected.keys()].sort());
  for (const { name, shape, data } of outputs) {
    const reference = expected.get(name)!;
    expect(shape).toEqual(reference.shape);
    expect(errorOf(data, reference), name).toBeLessThanOrEqual(TOLERANCE);
  }
});

test("a sequence norm leaves nothing of a channel that is constant, as bands of silence are", async () => {
  const [width, rows] = [200, 11];
  const network: Network = {
    inputKind: "frames",
    inputWidth: width,
    ops: [{ kind: "sequence_norm", name: "norm", input: 0, groups: width, eps: 1e-5 }],
    convention: "test",
  };
  const input = Float32Array.from(
    { length: rows * width },
    (_, i) => 5 * Math.sin(1 + (i % width)),
  );
  const [output] = await outputsEveryWay(engines, { network, input, frames: rows }, 1);
  expect(output!.data.filter((value) => value !== 0)).toHaveLength(0);
});
