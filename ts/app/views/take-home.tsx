/** What can be downloaded: the blob, the report, the charts, a firmware project. */
import { signal } from "@preact/signals";
import { BOARDS } from "../../device/index.js";
import { EXPORT_TARGETS, LAYOUTS } from "../../firmware/targets.js";
import { summarize } from "../../profile/index.js";
import { CHARTS, type ChartName } from "../state/charts.js";
import { boards } from "../state/choice.js";
import { ask, choice, exact, explain, measured, model, work } from "../state/simulator.js";
import { download } from "./download.js";
import { Message, Panel } from "./parts.js";

const CHART_TITLES: readonly (readonly [ChartName, string])[] = [
  ["arena", "arena"],
  ["unfused", "unfused"],
  ["layer", "layer"],
  ["stream", "stream"],
  ["latency", "latency"],
];

const target = signal<string>(EXPORT_TARGETS[0]);
const takeProblem = signal<string | null>(null);

export function TakeHomePanel() {
  return (
    <Panel id="take-home" title="Take it home" class="panel-take">
      <div class="take">
        <div>
          <h3>Model and report</h3>
          <p class="buttons">
            <button type="button" onClick={() => void attempt(takeBlob)}>
              Model (.mlm)
            </button>
            <button
              type="button"
              disabled={measured.value === null}
              onClick={() => void attempt(takeReport)}
            >
              Report (.json)
            </button>
          </p>
        </div>
        <div>
          <h3>Charts (.svg)</h3>
          <p class="buttons">
            {CHART_TITLES.map(([name, title]) => (
              <button key={name} type="button" onClick={() => void attempt(() => takeChart(name))}>
                {title}
              </button>
            ))}
          </p>
        </div>
        <div>
          <h3>Firmware project (.zip)</h3>
          <p class="buttons">
            <label class="field">
              <span>Target</span>
              <select
                name="target"
                value={target.value}
                onChange={(event) => {
                  target.value = event.currentTarget.value;
                }}
              >
                {EXPORT_TARGETS.map((name) => (
                  <option key={name} value={name} selected={name === target.value}>
                    {name}
                  </option>
                ))}
              </select>
            </label>
            <button type="button" onClick={() => void attempt(takeFirmware)}>
              Firmware (.zip)
            </button>
          </p>
          <p class="fine">
            core, model, and a main that runs the self-test first, with the arena of this plan;{" "}
            {boardFor(target.value) ?? "any machine"}
          </p>
        </div>
      </div>
      <Message text={takeProblem.value} tone="problem" />
    </Panel>
  );
}

/** The first board that is both chosen and of the target; else the target's usual one. */
function boardFor(name: string): string | null {
  const possible = LAYOUTS[EXPORT_TARGETS.find((known) => known === name) ?? "generic"].boards;
  return boards.value.find((id) => possible.includes(id)) ?? possible[0] ?? null;
}

async function attempt(take: () => Promise<void>): Promise<void> {
  takeProblem.value = null;
  try {
    await take();
  } catch (error) {
    takeProblem.value = explain(error);
  }
}

function baseName(): string {
  return (model.value?.name ?? "model").replace(/\.[a-z]+$/i, "");
}

async function takeBlob(): Promise<void> {
  download(`${baseName()}.mlm`, "application/octet-stream", await ask("blob", null));
}

/** The times are those of all runs so far, as they are shown. */
async function takeReport(): Promise<void> {
  const figures = measured.value;
  if (figures === null) return;
  const hostTimes = {
    latency: summarize(figures.samplesMs),
    operatorMs: figures.report.operators.map(({ hostMs }) => hostMs),
  };
  const input = { choice: figures.choice, boards: boards.value, hostTimes };
  const text = await work("report", input, "writing the report");
  download(`${baseName()}.profile.json`, "application/json", text);
}

async function takeChart(name: ChartName): Promise<void> {
  const { captionOf, svgFile } = await import("./later-views.js");
  const chart = CHARTS[name].current;
  const shown = { model: model.peek(), exact: exact.peek(), measured: measured.peek() };
  if (chart === null || shown.model === null || shown.exact === null) return;
  const caption = captionOf(name, { ...shown, model: shown.model, exact: shown.exact });
  download(`${baseName()}.${name}.svg`, "image/svg+xml", svgFile(chart, caption));
}

async function takeFirmware(): Promise<void> {
  const name = target.value;
  const known = BOARDS.find(({ id }) => id === boardFor(name));
  const input = { choice: choice.peek(), target: name, board: known?.id ?? null };
  const zip = await work("firmware", input, "writing the firmware project");
  download(`${baseName()}-${name}.zip`, "application/zip", zip);
}
