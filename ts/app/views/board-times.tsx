/** Estimated time on a board, with its bar, where it goes, and what would help. */
import { milliseconds, percent } from "../format.js";
import { times } from "../state/simulator.js";
import type { PlanSummary, Times } from "../worker/protocol.js";

export function BoardTimes({ id }: { id: string }) {
  const found = times.value?.boards.find((board) => board.id === id);
  if (found?.noTime !== undefined)
    return <p class="board-note">Time not estimated: {found.noTime}</p>;
  if (found?.time === undefined) return null;
  const { ms, lowMs, highMs, realTime, waits, faster, conditions } = found.time;
  const { placement, notes } = conditions;
  return (
    <p class="board-note board-time" title={[conditions.core, ...notes].join(", ")}>
      <b>About {milliseconds(ms)} ms</b> ({milliseconds(lowMs)} to {milliseconds(highMs)}
      {realTime !== undefined && <>, {percent(realTime)} of real time</>}), estimated from traces
      {waits.map((wait) => (
        <span key={wait.thing}>
          {"; "}
          {percent(wait.ms / ms)} lost in {wait.memory}
        </span>
      ))}
      {faster && `; ${faster.change}: ${milliseconds(faster.ms)} ms`}. Weights in{" "}
      {placement.weights}, {notes.join(", ")}
    </p>
  );
}

type Way = Pick<PlanSummary, "schedule" | "tile">;

/** Of an alternative, or of what is shown; undefined where there is no estimate. */
function msOn(all: Times | null, id: string, { schedule, tile }: Way): number | undefined {
  return all?.others.find((one) => one.schedule === schedule && one.tile === tile)?.ms[id];
}

/** Less than that is no difference. */
const LEAST_GAIN = 0.01;

/** Of an alternative, with what it gains over what is shown. */
export function gainText(all: Times | null, id: string, way: Way): string {
  const ms = msOn(all, id, way);
  if (ms === undefined) return NO_TIME;
  const now = all?.boards.find((board) => board.id === id)?.time?.ms;
  const gain = now === undefined ? 0 : 1 - ms / now;
  const change = `, ${percent(Math.abs(gain))} ${gain > 0 ? "less" : "more"}`;
  return `about ${milliseconds(ms)} ms${Math.abs(gain) < LEAST_GAIN ? "" : change}`;
}

/** Of a way to run the model, a line for each of the boards that have times. */
export function speedLines(all: Times | null, ids: readonly string[], way: Way): string[] {
  const known = ids.flatMap((id) => {
    const ms = msOn(all, id, way);
    return ms === undefined ? [] : [`about ${milliseconds(ms)} ms on ${id}`];
  });
  return known.length === 0 ? [NO_TIME] : known;
}

const NO_TIME = "time not estimated";
