/** What Mamba-2 and a GRU cost beside Mamba-1 and beside straightforward C, in WebAssembly, by turns in one process. */
import { Engine } from "../../ts/core/engine.js";
import { logitsOf } from "../../ts/core/outputs.js";
import { measureOperators } from "../../ts/profile/measure.js";
import { portRunner } from "../contenders/straightforward.js";
import { type Contender, inProcess } from "../harness/contender.js";
import { near, PEER_TOLERANCE } from "../harness/correct.js";
import { median, type Race, race } from "../harness/race.js";
import type { Setup } from "../harness/setup.js";
import { type LayerModel, layerModels, MOST_TIMES_MAMBA_1, portCallOf } from "../layer-models.js";
import type { CaseResult } from "../report/result.js";
import { ms, significant, times, whole } from "../report/text.js";

const TILE = 4;
/** Of the operators alone: each as often as this, by turns, for this long at most. */
const TURNS = 15;
const EFFORT = { minRuns: 1, maxRuns: 1, budgetMs: 0, operatorsMs: 60 };
const NANOSECONDS = 1e6;
const LEAST_TIMES_PORT = 2;

/** A network of ours, and its port. */
interface Pair {
  readonly model: LayerModel;
  readonly ours: Contender;
  readonly port: Contender;
  /** Milliseconds of its recurrence alone in one run, anew at each call. */
  readonly recurrenceMs: () => number;
}

const oursOf = ({ title }: LayerModel) => `${title}, ours`;
const portOf = ({ title }: LayerModel) => `${title}, straightforward C`;

export async function layers(setup: Setup): Promise<CaseResult> {
  const engine = await Engine.load({ wasm: setup.core.simd });
  try {
    const pairs: Pair[] = [];
    for (const model of layerModels()) pairs.push(await pairOf(setup, engine, model));
    const contenders = pairs.flatMap(({ ours, port }) => [ours, port]);
    const result = await race(contenders, setup);
    return report(pairs, result, recurrences(pairs));
  } finally {
    engine.dispose();
  }
}

async function pairOf({ root }: Setup, engine: Engine, model: LayerModel): Promise<Pair> {
  const { blob, input, frames } = model;
  const opened = await engine.loadModel(blob);
  const session = opened.createSession({ tile: TILE });
  const run = portRunner(root, portCallOf(model));
  // Each is near the other, which shares nothing with it; against PyTorch ours are held by the tests.
  const reference = [...run()];
  const verify = near(oursOf(model), reference, PEER_TOLERANCE);
  const bits = near(portOf(model), reference, 0);
  // Whole sequences, so that little is lost between steps.
  const stepped = opened.createSession({ schedule: "layer", maxFrames: frames });
  const operators = opened.operators("layer");
  const indices = operators.flatMap(({ name }, i) => (model.recurrence.includes(name) ? [i] : []));
  if (indices.length !== model.recurrence.length) throw new Error(`${model.id}: other operators`);
  return {
    model,
    ours: inProcess({ name: oursOf(model), verify, run: () => logitsOf(session.run(input)) }),
    port: inProcess({ name: portOf(model), verify: bits, run }),
    recurrenceMs: () => {
      const each = measureOperators(stepped, input, opened.info, operators.length, EFFORT);
      return indices.reduce((sum, index) => sum + each[index]!, 0);
    },
  };
}

/** Milliseconds of each pair's recurrence, turn by turn. */
function recurrences(pairs: readonly Pair[]): number[][] {
  const turns = Array.from({ length: TURNS }, () => pairs.map((pair) => pair.recurrenceMs()));
  return pairs.map((_, i) => turns.map((turn) => turn[i]!));
}

function report(pairs: readonly Pair[], result: Race, turns: readonly number[][]): CaseResult {
  const models = pairs.map(({ model }) => model);
  const first = models[0]!;
  const perState = turns.map((all, i) => all.map((each) => each / models[i]!.states));
  const recurrenceTimes = perState.map((all) =>
    median(all.map((one, t) => one / perState[0]![t]!)),
  );
  const networkTimes = models.map((model) => 1 / result.ratio(oursOf(first), oursOf(model))!);
  const portTimes = models.map((model) => result.ratio(portOf(model), oursOf(model))!);
  const rows = models.map((model, i) => ({
    ...{ title: model.title, states: model.states, isScan: model.id !== "gru" },
    ...{ oursMs: result.lap(oursOf(model))!.minMs, portMs: result.lap(portOf(model))!.minMs },
    ...{ portTimes: portTimes[i]!, networkTimes: networkTimes[i]! },
    recurrenceMs: median(turns[i]!),
    perStateNs: (NANOSECONDS * median(perState[i]!)) / model.frames,
    recurrenceTimes: recurrenceTimes[i]!,
  }));
  const mamba2 = models.findIndex(({ id }) => id === "mamba2");
  return {
    title: "Layers",
    tables: [
      {
        title: `The paper's network with another layer: ours, WASM SIMD, tile ${TILE}`,
        columns: [
          ...["", "min ms", "times Mamba-1's", "straightforward C, min ms", "times as fast"],
          ...["its recurrence, ms", "states", "ns a state and frame", "times Mamba-1's"],
        ],
        rows: rows.map((row) => [
          row.title,
          ms(row.oursMs),
          times(row.networkTimes),
          ms(row.portMs),
          times(row.portTimes),
          ms(row.recurrenceMs),
          whole(row.states),
          ...(row.isScan ? [significant(row.perStateNs, 3), times(row.recurrenceTimes)] : ["", ""]),
        ]),
        note:
          `${first.frames} frames of 40, d_model 64, random weights. Ratios are medians of those within a round, or ` +
          "within a turn. The recurrence is the scan alone, Mamba-2's with its steps; a GRU's has its matrix of " +
          "128 × 384 in it, which goes through a row at a time and makes up its cost.",
      },
    ],
    charts: [],
    claims: [
      {
        text: "Mamba-2's scan, times Mamba-1's a state, WASM SIMD",
        value: recurrenceTimes[mamba2]!,
        atMost: MOST_TIMES_MAMBA_1,
        unit: "times",
      },
      {
        text: "a network of Mamba-2, times one of Mamba-1 with as many states, WASM SIMD",
        value: networkTimes[mamba2]!,
        atMost: MOST_TIMES_MAMBA_1,
        unit: "times",
      },
      ...models.map((model, i) => ({
        text: `${model.title}: faster than straightforward C in WASM`,
        value: portTimes[i]!,
        atLeast: LEAST_TIMES_PORT,
        unit: "x",
      })),
    ],
    skipped: [],
    data: { laps: result.laps, rows, recurrenceMs: turns },
  };
}
