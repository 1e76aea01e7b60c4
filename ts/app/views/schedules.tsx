/** The three schedules side by side on one scale: the textbook, the paper, this project. */

import type { Plan, Schedule } from "../../index.js";
import { ArenaChart } from "../charts/arena-chart.js";
import { grouped, kilobytes, percent } from "../format.js";
import { CHARTS } from "../state/charts.js";
import { boards, schedule } from "../state/choice.js";
import { exact, times } from "../state/simulator.js";
import { staged } from "../state/staged.js";
import type { PlanSummary, SchedulePlan } from "../worker/protocol.js";
import { speedLines } from "./board-times.js";
import { Bar, Panel } from "./parts.js";
import { Word } from "./words.js";

/** On a wall they stand beside the large chart. */
const HEIGHT = matchMedia("(min-width: 2000px)").matches ? 320 : 150;
const shown = staged(exact, 2);
const STANDS_FOR: Readonly<Record<Schedule, string>> = {
  unfused: "the textbook",
  layer: "the paper's layout",
  stream: "this project's default",
};

export function SchedulesPanel() {
  const figures = shown.value;
  const plans = figures?.schedules ?? [];
  const peak = Math.max(1, ...plans.map((entry) => ("plan" in entry ? entry.plan.arenaBytes : 0)));
  return (
    <Panel
      id="schedules"
      title="Three schedules"
      basis="exact"
      note={
        figures === null
          ? ""
          : `for ${figures.choice.frames} frames; bars share one scale, the charts have their own`
      }
      class="panel-schedules"
    >
      <div class="schedules">
        {plans.map((entry) =>
          "plan" in entry ? (
            <ScheduleCard key={entry.plan.schedule} entry={entry} peak={peak} />
          ) : (
            <article key={entry.schedule} class="schedule" aria-label={entry.schedule}>
              <h3>{entry.schedule}</h3>
              <p>cannot be planned: {entry.refused}</p>
            </article>
          ),
        )}
      </div>
    </Panel>
  );
}

function planSummary({ schedule: name, tile }: Plan): Pick<PlanSummary, "schedule" | "tile"> {
  return { schedule: name, tile: name === "stream" ? tile : 0 };
}

function ScheduleCard({ entry, peak }: { entry: SchedulePlan; peak: number }) {
  const { plan, operators } = entry;
  const saved = 1 - plan.arenaBytes / peak;
  const isChosen = schedule.value === plan.schedule;
  return (
    <article class={`schedule ${isChosen ? "schedule-chosen" : ""}`} aria-label={plan.schedule}>
      <h3>
        <Word name={plan.schedule} /> <span class="stands-for">{STANDS_FOR[plan.schedule]}</span>
      </h3>
      <p class="schedule-peak">
        <span class="big">{kilobytes(plan.arenaBytes)}</span>{" "}
        <span class="exact-bytes">{grouped(plan.arenaBytes)} bytes</span>
        <span class="saved">
          {saved === 0 ? "the baseline" : `${percent(saved)} less than unfused`}
        </span>
      </p>
      <Bar share={plan.arenaBytes / peak} />
      <ArenaChart
        id={`small-${plan.schedule}`}
        plan={plan}
        operators={operators}
        height={HEIGHT}
        isCompact
        svg={CHARTS[plan.schedule]}
      />
      <p>
        {speedLines(times.value, boards.value, planSummary(plan)).map((line) => (
          <span key={line} class="saved">
            {line}
          </span>
        ))}
      </p>
      <button
        type="button"
        class="quiet"
        disabled={isChosen}
        onClick={() => {
          schedule.value = plan.schedule;
        }}
      >
        {isChosen ? "shown above" : `Use ${plan.schedule}`}
      </button>
    </article>
  );
}
