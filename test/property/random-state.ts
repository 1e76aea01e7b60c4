/** Rows of the generator: scans and blocks, what makes one row of a sequence, and fronts. See random-ops.ts. */
import { DESCRIPTORS, type Descriptor, type OpKind } from "../../ts/graph/descriptors/index.js";
import { X_PROJ_ORDERS } from "../../ts/graph/descriptors/scan.js";
import { LAYOUTS } from "../../ts/graph/descriptors/time.js";
import type { MambaOp, Op, ScanParts } from "../../ts/graph/network.js";
import { areTogether, type NetworkBuilder, type Row } from "./random-builder.js";

/** The choices of a field, as its descriptor has them. */
function choices<T extends string>(kind: OpKind, field: string): readonly T[] {
  const form = (DESCRIPTORS[kind] as unknown as Descriptor<Op>).fields[field];
  return form?.type === "choice" ? (form.choices as readonly T[]) : [];
}

// ---- state ---------------------------------------------------------------------------------------------

function scanParts(b: NetworkBuilder, inner: number): ScanParts {
  const [states, rank] = [b.integer(1, 17), b.integer(1, 6)];
  const width = rank + 2 * states;
  const some = (name: "dt" | "b" | "c", size: number) => b.chance(0.5) && { [name]: b.scale(size) };
  const scanNorm = { eps: 0.1, ...some("dt", rank), ...some("b", states), ...some("c", states) };
  return {
    xProj: { weight: b.weight(width, inner), ...(b.chance(0.2) && { bias: b.bias(width) }) },
    ...(b.chance(0.4) && { xProjOrder: b.pick(X_PROJ_ORDERS) }),
    ...(b.chance(0.3) && { scanNorm }),
    dtProj: {
      weight: b.tensor([inner, rank], 1 / Math.sqrt(rank)),
      ...(b.chance(0.9) && { bias: b.tensor([inner], 1.5, -3) }),
    },
    aLog: b.tensor([inner, states], 1, 1),
    ...(b.chance(0.9) && { d: b.scale(inner) }),
  };
}

const selectiveScan: Row = (b) => {
  const x = b.sequence();
  return (
    x &&
    b.push(
      { kind: "selective_scan", input: x.value, ...scanParts(b, x.width) },
      { size: 2 * x.size },
    )
  );
};

const gate: Row = (b) => {
  const y = b.read();
  const u = y && b.read((other) => areTogether(other, y));
  if (y === undefined || u === undefined) return undefined;
  return b.push(
    {
      kind: "gate",
      inputs: [y.value, u.value],
      weight: b.weight(y.width, u.width),
      ...(b.chance(0.5) && { bias: b.bias(y.width) }),
      ...(b.chance(0.8) && { activation: b.pick(choices<"silu">("gate", "activation")) }),
    },
    { size: y.size * Math.max(1, u.size) },
  );
};

/** With the weights of an earlier one, where there is one of the same width. */
const mamba: Row = (b) => {
  const x = b.sequence();
  if (x === undefined) return undefined;
  const earlier = b.ops.find(
    (op): op is MambaOp => op.kind === "mamba" && op.inProj.weight.shape[1] === x.width,
  );
  const parts =
    earlier !== undefined && b.chance(0.5) ? withoutPlace(earlier) : newMamba(b, x.width);
  return b.push(
    { ...parts, input: x.value },
    { size: parts.outProj === undefined ? 2 * x.size : x.size },
  );
};

function withoutPlace({ name: _, input: __, ...parts }: MambaOp): Omit<MambaOp, "name" | "input"> {
  return parts;
}

function newMamba(b: NetworkBuilder, width: number): Omit<MambaOp, "name" | "input"> {
  const inner = b.chance(0.7) ? b.integer(1, 20) : b.integer(28, 75);
  const gateName = b.chance(0.6) ? undefined : b.pick(choices<"none">("mamba", "gate"));
  const rows = gateName === "none" ? inner : 2 * inner;
  const taps = b.integer(1, 6);
  const shape = b.chance(0.5) ? [inner, taps] : [inner, 1, taps];
  const output = b.chance(0.7) ? width : b.integer(1, 21);
  const layer = (outputs: number, inputs: number) => ({
    weight: b.weight(outputs, inputs),
    ...(b.chance(0.3) && { bias: b.bias(outputs) }),
  });
  return {
    kind: "mamba",
    inProj: layer(rows, width),
    ...(b.chance(0.9) && {
      conv1d: {
        weight: b.tensor(shape, Math.sqrt(3 / taps)),
        ...(b.chance(0.8) && { bias: b.bias(inner) }),
      },
      ...(b.chance(0.3) && { convolution: "centred" as const }),
    }),
    ...(b.chance(0.2) && { convActivation: "none" as const }),
    ...(gateName !== undefined && { gate: gateName }),
    ...(b.chance(0.9) && { outProj: layer(output, inner) }),
    ...scanParts(b, inner),
  };
}

/** With a mamba_ssm's choices, and sizes that are no multiples of anything. */
const mamba2: Row = (b) => {
  const x = b.sequence();
  if (x === undefined) return undefined;
  const groups = b.integer(1, 3);
  const heads = groups * b.integer(1, 3);
  const inner = heads * (b.chance(0.7) ? b.integer(1, 7) : b.integer(12, 18));
  const convolved = inner + 2 * groups * b.integer(1, 9);
  const taps = b.integer(1, 5);
  const rows = inner + convolved + heads;
  const hasNorm = b.chance(0.6);
  const output = b.chance(0.7) ? x.width : b.integer(1, 21);
  const normGroups = b.pick([1, groups]);
  return b.push(
    {
      kind: "mamba2",
      input: x.value,
      inProj: {
        weight: b.weight(rows, x.width),
        ...(b.chance(0.3) && { bias: b.bias(rows) }),
      },
      conv1d: {
        weight: b.tensor([convolved, 1, taps], Math.sqrt(3 / taps)),
        ...(b.chance(0.8) && { bias: b.bias(convolved) }),
      },
      aLog: b.tensor([heads], 1, 1),
      ...(b.chance(0.9) && { dtBias: b.tensor([heads], 1.5, -3) }),
      ...(b.chance(0.9) && { d: b.scale(b.pick([heads, inner])) }),
      groups,
      ...(b.chance(0.3) && { leastDt: 0.05, mostDt: 0.4 }),
      ...(hasNorm && {
        normWeight: b.scale(inner),
        normEps: b.eps(inner / normGroups),
        normGroups,
        normPlace: b.pick(choices<"behind_gate">("mamba2", "normPlace")),
      }),
      ...(b.chance(0.9) && {
        outProj: {
          weight: b.weight(output, inner),
          ...(b.chance(0.3) && { bias: b.bias(output) }),
        },
      }),
    },
    { size: hasNorm ? 1 : 5 * x.size }, // x, B, C and the gate multiply: a scale comes behind it
  );
};

function recurrentParts(b: NetworkBuilder, gates: number, width: number) {
  const hidden = b.width();
  const rows = gates * hidden;
  return {
    weightIh: b.weight(rows, width),
    weightHh: b.weight(rows, hidden),
    ...(b.chance(0.7) && { biasIh: b.bias(rows) }),
    ...(b.chance(0.7) && { biasHh: b.bias(rows) }),
  };
}

const gru: Row = (b) => {
  const x = b.sequence();
  return (
    x && b.push({ kind: "gru", input: x.value, ...recurrentParts(b, 3, x.width) }, { size: 0.5 })
  );
};

const lstm: Row = (b) => {
  const x = b.sequence();
  return (
    x && b.push({ kind: "lstm", input: x.value, ...recurrentParts(b, 4, x.width) }, { size: 0.3 })
  );
};

/** Scores of a few, so that small errors of them make small ones of the weights. */
const attention: Row = (b) => {
  const x = b.sequence();
  if (x === undefined) return undefined;
  const { width } = x;
  const divisors = Array.from({ length: width }, (_, i) => i + 1).filter((n) => width % n === 0);
  const layer = (outputs: number) => ({
    weight: b.tensor([outputs, width], Math.sqrt(1 / width)),
    ...(b.chance(0.7) && { bias: b.bias(outputs) }),
  });
  const layers = { inProj: layer(3 * width), outProj: layer(width) };
  const heads = b.pick(divisors);
  return b.push({ kind: "attention", input: x.value, heads, causal: b.chance(0.5), ...layers });
};

// ---- one row of a sequence -------------------------------------------------------------------------------

const pool: Row = (b) => {
  const x = b.sequence();
  if (x === undefined) return undefined;
  const { rows } = x.time;
  const unbiased = rows > 1 && b.chance(0.5);
  const options = {
    row: { index: b.integer(0, rows - 1) },
    std: { eps: b.pick([0.1, 0.3]), ...(unbiased && { unbiased }) },
  };
  const name = b.pick(choices<keyof typeof options>("pool", "pool"));
  return b.push(
    { kind: "pool", input: x.value, pool: name, ...options[name] },
    { size: (name as string) === "sum" ? x.size * rows : x.size },
  );
};

const attentionPool: Row = (b) => {
  const x = b.sequence();
  if (x === undefined) return undefined;
  const width = b.pick([1, x.width]);
  const score = b.push({ kind: "linear", input: x.value, weight: b.weight(width, x.width) });
  return b.push({ kind: "attention_pool", inputs: [x.value, score.value] }, { size: x.size });
};

const MOST_FLAT = 400;

const flatten: Row = (b) => {
  const x = b.sequence(({ time, width }) => time.rows * width <= MOST_FLAT);
  return (
    x && b.push({ kind: "flatten", input: x.value, rows: x.time.rows, layout: b.pick(LAYOUTS) })
  );
};

const flattenLinear: Row = (b) => {
  const x = b.sequence(({ time, width }) => time.rows * width <= MOST_FLAT);
  if (x === undefined) return undefined;
  const { rows } = x.time;
  const outputs = b.width();
  const weight = b.weight(outputs, rows * x.width);
  const rest = { layout: b.pick(LAYOUTS), ...(b.chance(0.7) && { bias: b.bias(outputs) }) };
  return b.push({ kind: "flatten_linear", input: x.value, rows, weight, ...rest });
};

// ---- fronts: a network of tokens or samples begins with one ------------------------------------------------

const embedding: Row = (b) => {
  if (b.inputKind !== "tokens" || b.ops.length > 0) return undefined;
  return b.push({
    kind: "embedding",
    input: 0,
    weight: b.tensor([b.integer(1, 30), b.integer(1, 21)], 1),
  });
};

/** Windows are short, so that inputs are. */
const MOST_HOP = 9;

/** Bands are anywhere in the spectrum, some of them of no bins. */
const logmel: Row = (b) => {
  if (b.inputKind !== "samples" || b.ops.length > 0) return undefined;
  const fft = 2 ** b.integer(2, 6);
  const window = b.integer(1, fft);
  const bins = fft / 2 + 1;
  const ranges = Array.from({ length: b.integer(1, 21) }, (_, band) => {
    const first = b.integer(0, bins - 1);
    return [first, b.integer(band === 0 ? 1 : 0, bins - first)] as const;
  });
  const angles = Array.from({ length: fft / 2 }, (_, k) => (2 * Math.PI * k) / fft);
  const turns = angles.flatMap((angle) => [Math.cos(angle), -Math.sin(angle)]);
  const weights = ranges.reduce((sum, [, count]) => sum + count, 0);
  return b.push(
    {
      kind: "logmel",
      input: 0,
      sampleRateHz: 16_000,
      hopSamples: b.integer(1, Math.min(window, MOST_HOP)),
      energyFloor: 1e-3,
      window: b.tensor([window], 0.5, 0.5),
      twiddles: { name: "twiddles", shape: [fft / 2, 2], data: Float32Array.from(turns) },
      filterBins: {
        name: "filter_bins",
        shape: [ranges.length, 2],
        data: Float32Array.from(ranges.flat()),
      },
      filters: b.tensor([weights], 0.5, 0.5),
    },
    { size: 5 }, // so that a scale and a shift come behind it: bands on the floor are equal
  );
};

export const STATE = {
  selective_scan: selectiveScan,
  gate,
  mamba,
  mamba2,
  gru,
  lstm,
  attention,
  pool,
  attention_pool: attentionPool,
  flatten,
  flatten_linear: flattenLinear,
  embedding,
  logmel,
};
