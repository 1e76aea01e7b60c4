/** What the charts of the page are called where they stand alone. Knows nothing of how they are drawn. */
import type { Plan } from "../../index.js";
import { type Latency, summarize } from "../../profile/index.js";
import { counted, grouped, milliseconds } from "../format.js";
import type { ChartName } from "../state/charts.js";
import type { ExactFigures, MeasuredFigures, OpenedModel } from "../worker/protocol.js";
import { ARENA_LEGEND, type Caption, LARGE_ARENA_LEGEND, LATENCY_LEGEND } from "./svg-frame.js";

export interface Shown {
  readonly model: OpenedModel;
  readonly exact: ExactFigures;
  readonly measured: MeasuredFigures | null;
}

export function captionOf(chart: ChartName, { model, exact, measured }: Shown): Caption {
  const origin = `MambaLite-Micro ${model.version}`;
  const { frames } = exact.choice;
  if (chart === "latency") {
    const summary = summarize(measured?.samplesMs ?? []);
    const text = `${latencyText(summary)}; ${counted(frames, "frame")}; ${origin}, in a browser`;
    return { title: `${model.name}: latency on this host`, text, legend: LATENCY_LEGEND };
  }
  const isLarge = chart === "arena";
  const plan = isLarge ? exact.chosen.plan : planOf(exact, chart);
  const way = plan === undefined ? chart : wayText(plan);
  const sizes = plan === undefined ? "" : `${sizesText(plan)}; `;
  return {
    title: `${model.name}: arena over time, ${way}`,
    text: `${sizes}${counted(frames, "frame")}; bytes upwards, operators to the right; ${origin}`,
    legend: isLarge ? LARGE_ARENA_LEGEND : ARENA_LEGEND,
  };
}

function planOf({ schedules }: ExactFigures, name: ChartName): Plan | undefined {
  const plans = schedules.flatMap((entry) => ("plan" in entry ? [entry.plan] : []));
  return plans.find(({ schedule }) => schedule === name);
}

function wayText({ schedule, tile }: Plan): string {
  return schedule === "stream" ? `stream, tile ${tile}` : schedule;
}

function sizesText({ arenaBytes, minimumBytes }: Plan): string {
  return `peak ${grouped(arenaBytes)} bytes, theoretical minimum ${grouped(minimumBytes)}`;
}

function latencyText({ runs, medianMs, p95Ms }: Latency): string {
  return `${counted(runs, "run")}, median ${milliseconds(medianMs)} ms, 95 % within ${milliseconds(p95Ms)} ms`;
}
