/**
 * Mamba-1, Mamba-2 and a GRU in one network on the emulated Cortex-M7 (bench/layer-models.ts), beside straightforward
 * C. Knows which models and columns; bench/mcu.mjs has the machinery and prints.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compileBench } from "./compile.mjs";
import { straightforward, straightforwardLayer } from "./mcu-straightforward.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const COMPILED = join(root, "build/bench/bench/layer-models.js");

const TARGET = "cortex-m7";
const TILE = 4;
const BUILD = { tile: TILE, variant: "double", settings: { MAMBALITE_ASM: "ON" }, isTimed: true };

/**
 * @param measure of bench/mcu.mjs
 * @param where the folder of a measured project's linker scripts and where everything lies, for the ports
 */
export async function measureLayers(measure, work, scripts, placement) {
  if (!existsSync(COMPILED) && !compileBench()) throw new Error("the benchmark does not compile");
  const { layerModels, MOST_TIMES_MAMBA_1 } = await import(COMPILED);
  const layers = [];
  for (const model of layerModels()) {
    const ours = await measure(TARGET, model.blob, model.input, `cortex-m7-${model.id}`, BUILD);
    const port =
      model.id === "mamba"
        ? (await straightforward(model, work, scripts, placement))[0]
        : await straightforwardLayer(model, work, scripts, placement);
    layers.push({ model, ours, port });
  }
  return { layers, mostTimes: MOST_TIMES_MAMBA_1 };
}

/** Instructions of a network's recurrence alone, and cycles of the op that it is in, all its frames. */
function recurrenceOf({ model, ours }) {
  const instructions = model.recurrence.reduce((all, name) => all + ours.operators[name], 0);
  return { instructions, cycles: ours.cyclesOf?.[model.recurrence.at(-1)] };
}

const isScan = ({ id }) => id !== "gru";
const grouped = (value) => (value === undefined ? "" : Math.round(value).toLocaleString("en-US"));

export function layerTables({ layers }) {
  return [
    {
      title: `The paper's network with another layer, on a Cortex-M7, tile ${TILE}`,
      columns: [
        ...["", "instructions", "cycles, estimated", "its recurrence", "a state and frame"],
        ...["cycles of its op", "straightforward C", "cycles of it"],
      ],
      rows: layers.map((layer) => {
        const { model, ours, port } = layer;
        const { instructions, cycles } = recurrenceOf(layer);
        return [
          model.title,
          ...[ours.total, ours.cycles, instructions].map(grouped),
          isScan(model) ? (instructions / model.states / model.frames).toFixed(1) : "",
          ...[cycles, port.total, port.cycles].map(grouped),
        ];
      }),
      note:
        "100 frames of 40, d_model 64, random weights; all in TCM. The recurrence, in instructions, is the scan " +
        "alone, Mamba-2's with its steps; the op of Mamba-1 has its dt_proj, too. A GRU's has its matrix of " +
        "128 × 384 in it. Straightforward C with newlib's libm and `-ffp-contract=fast`.",
    },
  ];
}

export function layerClaims({ layers, mostTimes }) {
  const find = (id) => layers.find(({ model }) => model.id === id);
  const [first, second] = [find("mamba"), find("mamba2")];
  const ratio = (of) => of(second) / of(first);
  const claim = (text, value) => ({ text, value, atMost: mostTimes, unit: "times" });
  return [
    claim(
      "Mamba-2's scan, instructions, times Mamba-1's a state, Cortex-M7",
      ratio((layer) => recurrenceOf(layer).instructions / layer.model.states),
    ),
    claim(
      "Mamba-2's scan with its dt, cycles, estimated, times Mamba-1's a state, Cortex-M7",
      ratio((layer) => (recurrenceOf(layer).cycles ?? Number.NaN) / layer.model.states),
    ),
    claim(
      "a network of Mamba-2, cycles, estimated, times one of Mamba-1 with as many states, Cortex-M7",
      ratio(({ ours }) => ours.cycles ?? Number.NaN),
    ),
  ];
}
