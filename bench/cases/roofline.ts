/**
 * How far the kernels are from what this machine could do: the operations on four lanes that a model
 * needs, over the fastest rate at which WebAssembly multiplies and adds here.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { MambaOp, Network } from "../../ts/graph/network.js";
import { type OurOptions, ourBits, ourName, ours } from "../contenders/ours.js";
import { WasmInstance } from "../contenders/wasm-instance.js";
import { inProcess } from "../harness/contender.js";
import { race } from "../harness/race.js";
import type { Setup } from "../harness/setup.js";
import { type BenchModel, kws10 } from "../models.js";
import type { CaseResult } from "../report/result.js";
import { barChart } from "../report/svg.js";
import { ms, significant, times, whole } from "../report/text.js";
import { countOperations } from "../roofline/operations.js";

const LANES = 4;
/** A multiplication and an addition. */
const MAC = 2;
/** dt A; dt x B; dA h, its addition; h C, its addition. */
const SCAN_STATE = 6;
/** dt x; D x. */
const SCAN_CHANNEL = 2;
/** Compensated: four additions. */
const MEAN = 4;

/** The race's claims are about tile 2. */
const TILE = 2;
const MOST_TIMES_BOUND = 1.5;

const PASSES = 4000;
const PEAK = "peak";

/** Operations in one evaluation of an elementary function. */
interface Functions {
  readonly exp2: number;
  readonly silu: number;
  readonly softplus: number;
}

function readFunctions(root: string): Functions {
  const source = readFileSync(join(root, "csrc/math/math4.h"), "utf8");
  return {
    // The kernel looks ahead instead of clamping each exponent.
    exp2: countOperations(source, "v4_exp2_negative") - countOperations(source, "v4_exp2_clamp"),
    silu: countOperations(source, "v4_silu"),
    softplus: countOperations(source, "v4_softplus"),
  };
}

type Counts = Readonly<Record<string, number>>;

/** Operations on single lanes that a network of the paper's form needs for `frames` frames. */
function laneOperations({ ops }: Network, frames: number, functions: Functions): Counts {
  const counts: Record<string, number> = {};
  const count = (name: string, operations: number) => {
    counts[name] = (counts[name] ?? 0) + operations;
  };
  let rows = frames;
  for (const op of ops) {
    if (op.kind === "linear") count("matrix products", rows * MAC * op.weight.data.length);
    if (op.kind === "mamba") countMamba(op, rows, functions, count);
    if (op.kind === "pool") {
      count("mean", frames * MEAN * poolWidth(ops.find((other) => other.kind === "mamba")!));
      rows = 1;
    }
  }
  return counts;
}

function poolWidth({ outProj, aLog }: MambaOp): number {
  return (outProj?.weight ?? aLog).shape[0]!;
}

function countMamba(
  { inProj, conv1d, xProj, dtProj, aLog, outProj }: MambaOp,
  rows: number,
  { exp2, silu, softplus }: Functions,
  count: (name: string, operations: number) => void,
): void {
  const layers = [inProj, xProj, dtProj, ...(outProj ? [outProj] : [])];
  const weights = layers.reduce((sum, { weight }) => sum + weight.data.length, 0);
  const [dInner] = aLog.shape as [number];
  count("matrix products", rows * MAC * weights);
  count("convolution and SiLU", rows * (MAC * (conv1d?.weight.data.length ?? 0) + silu * dInner));
  count("softplus", rows * softplus * dInner);
  count("scan", rows * ((SCAN_STATE + exp2) * aLog.data.length + SCAN_CHANNEL * dInner));
  count("gate", rows * (silu + 1) * dInner);
}

export async function roofline(setup: Setup): Promise<CaseResult> {
  const model = kws10(setup.root);
  const peak = peakContender(setup.root);
  const bits = ourBits();
  const variants: OurOptions[] = (["plain", "folded"] as const).flatMap((form) =>
    [1, TILE, 4].map((tile): OurOptions => ({ build: "simd", form, session: { tile } })),
  );
  const contenders = [peak.contender];
  for (const options of variants) contenders.push(await ours(setup, model, bits, options));
  const result = await race(contenders, setup);
  for (const contender of contenders) contender.dispose();

  const functions = readFunctions(setup.root);
  const perMs = peak.operations / result.lap(PEAK)!.minMs;
  const rows = variants.map((options) => {
    const name = ourName(options);
    const operations =
      sumOf(laneOperations(model.networks[options.form], model.frames, functions)) / LANES;
    const lap = result.lap(name)!;
    // Both from the same round: a machine that is slow for a while is slow for both.
    const ratio = 1 / (result.ratio(PEAK, name)! * (operations / peak.operations));
    return { name, operations, boundMs: operations / perMs, minMs: lap.minMs, timesBound: ratio };
  });
  const claimed = rows.find(
    ({ name }) => name === ourName({ build: "simd", form: "plain", session: { tile: TILE } }),
  )!;
  return {
    title: "Roofline",
    tables: [
      {
        title: `${model.title}: distance from the bound`,
        columns: ["", "operations on four lanes", "bound, ms", "min ms", "times the bound"],
        rows: rows.map((row) => [
          row.name,
          whole(row.operations),
          ms(row.boundMs),
          ms(row.minMs),
          times(row.timesBound),
        ]),
        note:
          `Peak, measured beside them: ${significant(perMs / 1e6, 3)} G multiplications and additions of ` +
          "four lanes a second, in registers. The last column is the median of the rounds' ratios.",
      },
      {
        title: "Operations on four lanes",
        columns: ["", "plain", "folded"],
        rows: operationRows(model, functions),
        note:
          `Exact, from the sizes: 2 a multiply-add, ${functions.exp2} an exponential of the scan, ` +
          `${functions.silu} a SiLU, ${functions.softplus} a softplus (counted in csrc/math/math4.h); ` +
          "loads, stores and broadcasts are not counted.",
      },
    ],
    charts: [
      {
        id: "distance",
        title: "Milliseconds a run, and the bound",
        svg: barChart(
          "Milliseconds a run, and the bound",
          rows.flatMap(({ name, boundMs, minMs }) => [
            { label: name, value: minMs, text: `${ms(minMs)} ms`, emphasis: true },
            { label: "bound", value: boundMs, text: `${ms(boundMs)} ms` },
          ]),
        ),
      },
    ],
    claims: [
      {
        text: `${claimed.name}, times the bound`,
        value: claimed.timesBound,
        atMost: MOST_TIMES_BOUND,
        unit: "times",
      },
    ],
    skipped: [],
    data: { peakGigaOperations: perMs / 1e6, rows },
  };
}

function sumOf(counts: Counts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function operationRows({ networks, frames }: BenchModel, functions: Functions): string[][] {
  const plain = laneOperations(networks.plain, frames, functions);
  const folded = laneOperations(networks.folded, frames, functions);
  return [
    ...Object.keys(plain).map((name) => [
      name,
      whole(plain[name]! / LANES),
      whole((folded[name] ?? 0) / LANES),
    ]),
    ["all", whole(sumOf(plain) / LANES), whole(sumOf(folded) / LANES)],
  ];
}

function peakContender(root: string) {
  const bytes = new Uint8Array(readFileSync(join(root, "bench/roofline/roofline.wasm")));
  const { functions } = new WasmInstance(bytes);
  const run = () => Float32Array.of(functions.chains!(PASSES));
  const verify = ([sum = Number.NaN]: Float32Array) => {
    if (!Number.isFinite(sum)) throw new Error("the roofline loop has gone wrong");
  };
  return {
    contender: inProcess({ name: PEAK, verify, run }),
    operations: functions.chains_per_pass!() * PASSES,
  };
}
