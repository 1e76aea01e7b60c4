/** Times without an emulator: by hand, and how far the table that is shipped is off. */
import { expect, test } from "vitest";
import { timingOf } from "../../../ts/board/boards.js";
import { COSTS } from "../../../ts/board/cost-table.js";
import type { CostTable } from "../../../ts/board/costs.js";
import {
  betweenWork,
  COUNTS,
  coreCycles,
  type Estimate,
  estimate,
  type OpWork,
} from "../../../ts/board/estimate.js";
import { BOARDS } from "../../../ts/device/index.js";

const NONE = { rows: 0, ragged: 0, elements: 0, inputs: 0, once: 0, rest: 0 };
const NOTHING = { ...NONE, weights: 0, macs: 0, partMacs: 0, exps: 0 };
const OPS: readonly OpWork[] = [
  { ...NOTHING, name: "in", kind: "linear", calls: 10, weights: 6000, macs: 6000 },
  { ...NOTHING, name: "out", kind: "linear", calls: 10, weights: 2000, macs: 2000 },
];
const fit = { samples: 1, worst: 0 };
/** 48,000 cycles: 2 * 10 * 1,000 of calls, 8,000 * 3.5 of MACs, nothing in between. */
const TABLE: CostTable = {
  cores: {
    "cortex-m7": {
      ...{ worstNetwork: 0.05, medianNetwork: 0.01, heldOut: [] },
      fittedOn: { coreVersion: "1.2.3", sources: "0123abcd" },
      kinds: { linear: { calls: 1000, macs: 3.5, ...fit }, "between ops": fit },
    },
  },
};
const BOARD = timingOf("stm32h743")!;
const LINE = BOARD.memories.flash!.cycles;
const SMALL = { ops: OPS, weightBytes: 3200, arenaBytes: 1000, arena: "dtcm" };

function known(found: ReturnType<typeof estimate>): Estimate {
  if ("reason" in found) throw new Error(found.reason);
  return found;
}

function lost({ waits }: Estimate): number {
  return waits.reduce((sum, { ms }) => sum + ms, 0);
}

test("cycles of the core alone, where weights lie in TCM", () => {
  const found = known(estimate(BOARD, { ...SMALL, weights: "dtcm" }, TABLE));
  expect(found.ms).toBeCloseTo(0.1, 12); // 48,000 cycles at 480 MHz
  expect(found.lowMs).toBeCloseTo(0.088, 12);
  expect(found.highMs).toBeCloseTo(0.112, 12);
  expect(found.waits).toEqual([]);
  expect(found.conditions).toMatchObject({
    ...{ core: "Cortex-M7", clockHz: 480e6, placement: { weights: "DTCM", arena: "DTCM" } },
    fittedOn: { coreVersion: "1.2.3" },
  });
  const [first, second] = found.operators;
  expect(first!.ms).toBeCloseTo(31_000 / 480e3, 12);
  expect(second!.ms).toBeCloseTo(17_000 / 480e3, 12);
});

test("weights that the cache holds are fetched once, larger ones with each pass", () => {
  const once = known(estimate(BOARD, SMALL, TABLE));
  expect(lost(once)).toBeCloseTo((100 * LINE.usual) / 480e3, 12);
  const again = known(estimate(BOARD, { ...SMALL, weightBytes: 32_000 }, TABLE));
  expect(lost(again)).toBeCloseTo((10 * 1000 * LINE.usual) / 480e3, 12);
  expect(again.lowMs).toBeCloseTo((48_000 * 0.88 + 10_000 * LINE.low) / 480e3, 12);
  expect(again.highMs).toBeCloseTo((48_000 * 1.12 + 10_000 * LINE.high) / 480e3, 12);
  // Of what is waited for, three quarters are the first op's.
  expect(again.operators[0]!.ms).toBeCloseTo((31_000 + 7500 * LINE.usual) / 480e3, 12);
});

test("every count of an op costs what the table says", () => {
  const counts = ["calls", ...Object.keys(NOTHING)] as (typeof COUNTS)[number][];
  expect([...COUNTS].sort()).toEqual([...counts].sort());
  for (const count of counts) {
    const kinds = { linear: { [count]: 3, ...fit }, "between ops": fit };
    const op: OpWork = { ...NOTHING, name: "in", kind: "linear", calls: 0, [count]: 7 };
    expect(coreCycles({ kinds }, [op]), count).toEqual({ ops: [21], between: 0 });
  }
});

test("what is between ops goes with their calls, the passes and the ops", () => {
  expect(betweenWork([OPS[0]!, { ...OPS[1]!, calls: 4 }])).toEqual({
    ...{ ...NOTHING, name: "between ops", kind: "between ops" },
    ...{ calls: 14, rows: 10, elements: 2 },
  });
});

test("a memory without a cache is waited for at every word, in every pass", () => {
  const bare = { ...BOARD, caches: {} };
  const work = { ...SMALL, ops: OPS };
  expect(lost(known(estimate(bare, work, TABLE)))).toBeCloseTo((10 * 800 * LINE.usual) / 480e3, 12);
});

test("what stands for another core's pipeline is the less certain", () => {
  const proxy = { ...BOARD, proxy: { ...timingOf("esp32s3")!.proxy!, uncertainty: 0.2 } };
  const found = known(estimate(proxy, { ...SMALL, weights: "dtcm" }, TABLE));
  expect(found.highMs).toBeCloseTo(0.132, 12);
  const others = { cores: { "cortex-m4": TABLE.cores["cortex-m7"]! } };
  const m4 = timingOf("stm32f405")!;
  const other = known(estimate(m4, { ...SMALL, weights: m4.placement.arena }, others));
  expect(other.highMs / other.ms).toBeCloseTo(1.19, 12);
});

test("an arena behind the same cache pushes weights out of it", () => {
  const work = { ...SMALL, arena: "axi-sram", arenaBytes: 16_000 };
  const lines = known(estimate(BOARD, work, TABLE));
  const axi = BOARD.memories["axi-sram"]!.cycles;
  const cycles = 10 * (100 * LINE.usual + 500 * axi.usual);
  expect(lost(lines)).toBeCloseTo(cycles / 480e3, 12);
});

test("nothing is said of what the table does not have, and why", () => {
  const ops = [...OPS, { ...OPS[0]!, name: "odd", kind: "softmax" }];
  expect(estimate(BOARD, { ...SMALL, ops }, TABLE)).toEqual({
    reason: "no costs of softmax (odd)",
  });
  expect(estimate(timingOf("rp2040")!, SMALL, TABLE)).toEqual({
    reason: "no costs of the core (Cortex-M0+)",
  });
});

test("every board of the catalogue has costs of its core", () => {
  const without = BOARDS.filter(({ id }) => !(timingOf(id)!.core.id in COSTS.cores));
  expect(without.map(({ id }) => id)).toEqual([]);
});

test.each(Object.keys(COSTS.cores))("networks that %s's costs were not fitted on", (id) => {
  const { heldOut, medianNetwork, worstNetwork } = COSTS.cores[id]!;
  const errors = heldOut.map(({ traced, predicted }) => Math.abs(predicted / traced - 1));
  expect(heldOut.length).toBeGreaterThanOrEqual(8);
  expect(Math.max(...errors)).toBeCloseTo(worstNetwork, 3);
  expect(worstNetwork).toBeLessThanOrEqual(0.08);
  expect(medianNetwork).toBeLessThanOrEqual(0.03);
});
