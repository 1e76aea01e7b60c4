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

/** Of an alternative; undefined where there is no estimate. */
export function millisecondsOn(
  all: Times | null,
  id: string,
  { schedule, tile }: PlanSummary,
): string | undefined {
  const other = all?.others.find((one) => one.schedule === schedule && one.tile === tile);
  const ms = other?.ms[id];
  return ms === undefined ? undefined : milliseconds(ms);
}
