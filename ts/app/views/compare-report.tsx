/** What a comparison found: case by case, output by output, and operator by operator when there is a trace. */
import { type Comparison, unitOf } from "../../open/comparison.js";
import { exponential } from "../format.js";
import { comparison } from "../state/comparison.js";
import { model } from "../state/simulator.js";
import type { ComparisonAnswer } from "../worker/protocol.js";
import { Scroll } from "./parts.js";

const SHOWN_CASES = 100;

export function CompareReport() {
  return comparison.value === null ? null : <Result answer={comparison.value} />;
}

function Result({ answer }: { answer: ComparisonAnswer }) {
  const { comparison, tolerance, traceTolerance, reference, isWithin, warning } = answer;
  const { all: accuracy, outputs, hasClasses, trace } = comparison;
  const { cases } = accuracy;
  return (
    <div class="comparison" aria-live="polite">
      <p class={`answer ${isWithin ? "answer-good" : "answer-bad"}`}>
        {isWithin ? "\u2713 within" : "\u2717 beyond"} {exponential(tolerance)} of {reference}: max
        error {exponential(accuracy.maxRelative)}, mean {exponential(accuracy.meanRelative)} of the
        largest |{unitOf(comparison)}|
        {hasClasses && `; ${accuracy.sameClasses} of ${cases.length} classes equal`}
      </p>
      {warning !== null && <p class="fine">Warning: {warning}</p>}
      <Scroll label="Errors, case by case" isTall>
        <table class="table">
          <thead>
            <tr>
              <th scope="col">case</th>
              <th scope="col">max error</th>
              <th scope="col">mean error</th>
              {hasClasses && <th scope="col">class</th>}
              {hasClasses && <th scope="col">reference</th>}
            </tr>
          </thead>
          <tbody>
            {cases.slice(0, SHOWN_CASES).map((entry, i) => (
              <tr key={i} class={entry.sameClass ? "" : "row-bad"}>
                <th scope="row">{i}</th>
                <td>{exponential(entry.maxRelative)}</td>
                <td>{exponential(entry.meanRelative)}</td>
                {hasClasses && <td>{className(entry.classIndex)}</td>}
                {hasClasses && (
                  <td>
                    {className(entry.referenceClass)}
                    {entry.sameClass ? "" : " \u2260"}
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      {cases.length > SHOWN_CASES && <p>and {cases.length - SHOWN_CASES} more cases</p>}
      {outputs.length > 1 && <Outputs outputs={outputs} />}
      {trace !== undefined && <Trace trace={trace} tolerance={traceTolerance} />}
    </div>
  );
}

function Outputs({ outputs }: { outputs: Comparison["outputs"] }) {
  return (
    <Scroll label="Errors, output by output">
      <table class="table">
        <thead>
          <tr>
            <th scope="col" class="left">
              output
            </th>
            <th scope="col">shape</th>
            <th scope="col">max error</th>
            <th scope="col">mean error</th>
          </tr>
        </thead>
        <tbody>
          {outputs.map(({ name, shape, accuracy }) => (
            <tr key={name}>
              <th scope="row" class="left">
                {name}
              </th>
              <td>{shape.join(" \u00d7 ")}</td>
              <td>{exponential(accuracy.maxRelative)}</td>
              <td>{exponential(accuracy.meanRelative)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

interface TraceProps {
  readonly trace: NonNullable<Comparison["trace"]>;
  readonly tolerance: number;
}

function Trace({ trace, tolerance }: TraceProps) {
  const { operators, firstDeparture, notCompared } = trace;
  return (
    <>
      <p class={`answer ${firstDeparture === null ? "answer-good" : "answer-bad"}`}>
        {firstDeparture === null
          ? `\u2713 every operator of case 0 within ${exponential(tolerance)} of its largest value`
          : `\u2717 the first operator that departs is ${firstDeparture}`}
      </p>
      <Scroll label="Errors, operator by operator" isTall>
        <table class="table">
          <thead>
            <tr>
              <th scope="col" class="left">
                operator
              </th>
              <th scope="col">max error</th>
              <th scope="col">mean error</th>
              <th scope="col">verdict</th>
            </tr>
          </thead>
          <tbody>
            {operators.map((operator) => (
              <tr key={operator.name} class={operator.departs ? "row-bad" : ""}>
                <th scope="row" class="left">
                  {operator.name}
                </th>
                <td>{exponential(operator.maxRelative)}</td>
                <td>{exponential(operator.meanRelative)}</td>
                <td>{operator.departs ? "\u2717 departs" : "\u2713"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      {notCompared.length > 0 && <p class="fine">not compared: {notCompared.join(", ")}</p>}
    </>
  );
}

function className(index: number): string {
  const label = model.value?.labels[index];
  return label === undefined ? String(index) : `${index} ${label}`;
}
