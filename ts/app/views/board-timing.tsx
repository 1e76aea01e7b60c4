/** What a board has measured beside what was estimated for it, as a whole and operator by operator. */
import type { TimingRow } from "../../profile/timing-report.js";
import { grouped, milliseconds, percent } from "../format.js";
import { Scroll } from "./parts.js";

export function BoardTiming({ row }: { row: TimingRow }) {
  const { counter, operators, frames, tile } = row;
  return (
    <div class="board-timing">
      <p data-total={row.total}>
        <b>
          Measured {grouped(row.total)} {counter}
          {row.ms !== undefined && <> = {milliseconds(row.ms)} ms</>}
        </b>{" "}
        for {grouped(frames)} frames at tile {tile}; <Estimate row={row} />
      </p>
      <Scroll label="Operators, measured beside estimated" isTall>
        <table class="table">
          <thead>
            <tr>
              <th scope="col" class="left">
                op
              </th>
              <th scope="col">measured {counter}</th>
              <th scope="col">estimated cycles</th>
              <th scope="col">ratio</th>
            </tr>
          </thead>
          <tbody>
            {operators.map(({ name, measured, estimatedCycles }) => (
              <tr key={name}>
                <th scope="row" class="left">
                  {name}
                </th>
                <td>{grouped(measured)}</td>
                <td>{estimatedCycles === undefined ? "–" : grouped(estimatedCycles)}</td>
                <td>
                  {estimatedCycles === undefined || measured === 0
                    ? "–"
                    : (estimatedCycles / measured).toFixed(2)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </div>
  );
}

/** Instructions are no time: only their ratio to cycles can be told. */
function Estimate({ row: { estimate, noEstimate, counter, total } }: { row: TimingRow }) {
  if (estimate === undefined) return <>not estimated: {noEstimate}</>;
  const { cycles, lowCycles, highCycles } = estimate;
  const isWithin = total >= lowCycles && total <= highCycles;
  const off = cycles / total - 1;
  return (
    <>
      estimated {grouped(cycles)} cycles ({grouped(lowCycles)} to {grouped(highCycles)}),{" "}
      {counter === "instructions"
        ? `${(cycles / total).toFixed(2)} an instruction`
        : `off by ${off > 0 ? "+" : ""}${percent(off)}, ${isWithin ? "within" : "outside"} its bar`}
    </>
  );
}
