/** From bytes to the first result, in fresh processes. */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { OURS_PROBED, type Probed, probeAll } from "../harness/probes.js";
import { median } from "../harness/race.js";
import type { Setup } from "../harness/setup.js";
import { kws10 } from "../models.js";
import type { CaseResult, Claim } from "../report/result.js";
import { barChart } from "../report/svg.js";
import { mebibytes, ms, whole } from "../report/text.js";

const PROCESSES = 30;
const MAX_FIRST_RESULT_MS = 10;
const MAX_RSS_BYTES = 10 * 2 ** 20;

export async function startup(setup: Setup): Promise<CaseResult> {
  const model = kws10(setup.root);
  const probed = probeAll(setup, model, PROCESSES);
  return {
    title: "Startup",
    tables: [
      {
        title: `${model.title}: from bytes to the first result`,
        columns: [
          "",
          "library, bytes",
          "model, bytes",
          "min ms",
          "median ms",
          "CPU, median ms",
          "with import, median ms",
          "RSS growth, median",
          "linear memory",
        ],
        rows: probed.map((one) => [
          one.name,
          whole(one.libraryBytes),
          whole(one.modelBytes),
          ms(Math.min(...one.results.map((r) => r.fromBytesMs))),
          ms(median(one.results.map((r) => r.fromBytesMs))),
          ms(median(one.results.map((r) => r.fromBytesCpuMs))),
          ms(median(one.results.map((r) => r.withImportMs))),
          mebibytes(median(one.results.map((r) => r.rssBytes))),
          linearMemory(one),
        ]),
        note:
          `${PROCESSES} fresh processes each, by turns in random order. Files are in memory before any ` +
          "clock starts. From bytes: compiling and instantiating the library's WebAssembly, opening the " +
          "model (ours: complete validation), the first run. CPU: of the whole process, compiler threads included. With import: the library's JavaScript, too. " +
          "Library: WebAssembly, or native libraries; not its JavaScript.",
      },
    ],
    charts: [
      {
        id: "first-result",
        title: "Milliseconds from bytes to the first result, median",
        svg: barChart(
          "Milliseconds from bytes to the first result, median",
          probed.map((one) => ({
            label: one.name,
            value: median(one.results.map((r) => r.fromBytesMs)),
            emphasis: one.name === OURS_PROBED,
          })),
        ),
      },
    ],
    claims: claims(setup, probed),
    skipped:
      probed.length < 3 ? ["ONNX Runtime: not installed, or no Python to make its graph"] : [],
    data: probed,
  };
}

function linearMemory({ results }: Probed): string {
  const bytes = results[0]!.wasmMemoryBytes;
  return bytes === 0 ? "native" : mebibytes(bytes);
}

function claims({ root }: Setup, probed: readonly Probed[]): Claim[] {
  const { results } = probed.find(({ name }) => name === OURS_PROBED)!;
  const { mostWasmBytes } = JSON.parse(readFileSync(join(root, "csrc/build.json"), "utf8"));
  return [
    {
      text: "from bytes to the first result, fastest process",
      value: Math.min(...results.map((r) => r.fromBytesMs)),
      atMost: MAX_FIRST_RESULT_MS,
      unit: "ms",
    },
    {
      text: "growth of the resident set, median",
      value: median(results.map((r) => r.rssBytes)) / 2 ** 20,
      atMost: MAX_RSS_BYTES / 2 ** 20,
      unit: "MiB",
    },
    ...["core.simd.wasm", "core.wasm"].map((file) => ({
      text: file,
      value: statSync(join(root, "wasm", file)).size,
      atMost: mostWasmBytes,
      unit: "bytes",
    })),
  ];
}
