/** What quantisation did to the open model: bytes, error, shares of the error; and the model that came of it. */
import { Fragment } from "preact";
import type { ErrorShare, Evaluation } from "../../quantize/index.js";
import { counted, exponential, grouped, percent } from "../format.js";
import { openQuantized, quantizedName } from "../state/quantizing.js";
import { model } from "../state/simulator.js";
import type { QuantizeAnswer } from "../worker/protocol.js";
import { download } from "./download.js";
import { Bar, Scroll } from "./parts.js";

export function QuantizeReportView({ answer }: { answer: QuantizeAnswer }) {
  const { report, leftOut, blob } = answer;
  const name = quantizedName(model.value?.name ?? "model", answer.type);
  return (
    <div class="quantized" aria-live="polite">
      <p class="answer">
        {name}: {answer.type}, {grouped(report.after.blobBytes)} bytes, CRC-32 {report.crc32}
      </p>
      {answer.type === "int" && <Calibration {...answer.report} />}
      {leftOut.length > 0 && (
        <p class="fine">left out, as their names say no input: {leftOut.join(", ")}</p>
      )}
      <Sizes answer={answer} />
      {report.evaluation !== undefined && (
        <ErrorText evaluation={report.evaluation} hasClasses={report.hasClasses} />
      )}
      {answer.type === "int" && <Saturations count={answer.report.evaluation.saturations} />}
      {answer.type === "int" && <Shares shares={answer.report.shares} />}
      <p class="buttons">
        <button type="button" onClick={() => download(name, "application/octet-stream", blob)}>
          Download {name}
        </button>
        <button type="button" onClick={() => void openQuantized()}>
          Open {name} here
        </button>
      </p>
    </div>
  );
}

function Calibration({ inputs, notes }: { inputs: number; notes: readonly string[] }) {
  return (
    <>
      <p>calibrated with {counted(inputs, "input")}</p>
      {notes.map((note) => (
        <p key={note} class="unsure">
          <b>unsure:</b> {note}
        </p>
      ))}
    </>
  );
}

function Sizes({ answer: { type, report } }: { answer: QuantizeAnswer }) {
  const { before, after, boards } = report;
  const rows: readonly (readonly [string, number, number])[] = [
    ["weights", before.weightsBytes, after.weightsBytes],
    ["blob", before.blobBytes, after.blobBytes],
    ...(before.arenaBytes !== undefined && after.arenaBytes !== undefined
      ? [["arena", before.arenaBytes, after.arenaBytes] as const]
      : []),
  ];
  return (
    <>
      <Scroll label="Bytes before and after">
        <table class="table">
          <thead>
            <tr>
              <th scope="col" class="left">
                bytes
              </th>
              <th scope="col">f32</th>
              <th scope="col">{type}</th>
              <th scope="col">share</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(([what, from, to]) => (
              <tr key={what}>
                <th scope="row" class="left">
                  {what}
                </th>
                <td>{grouped(from)}</td>
                <td>{grouped(to)}</td>
                <td>{percent(to / from)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      {boards.length > 0 && <p>now fits {boards.join(", ")}</p>}
    </>
  );
}

interface ErrorTextProps {
  readonly evaluation: Evaluation;
  readonly hasClasses: boolean;
}

function ErrorText({ evaluation, hasClasses }: ErrorTextProps) {
  const { inputs, sameClasses, meanRelative, maxRelative } = evaluation;
  const what = hasClasses ? "the logits, relative to the largest |logit|" : "the outputs, relative";
  return (
    <p>
      {hasClasses && (
        <>
          class differs in {grouped(inputs - sameClasses)} of {counted(inputs, "input")};{" "}
        </>
      )}
      error of {what}: mean {exponential(meanRelative)}, max {exponential(maxRelative)}
    </p>
  );
}

function Saturations({ count }: { count: number }) {
  if (count === 0) return <p>no state left its range</p>;
  return (
    <p class="unsure">
      {counted(count, "value")} of the state were cut off at the end of their range
    </p>
  );
}

function Shares({ shares }: { shares: readonly ErrorShare[] }) {
  if (shares.length === 0) return null;
  return (
    <Scroll label="Error by op" isTall>
      <table class="table shares">
        <thead>
          <tr>
            <th scope="col" class="left">
              op
            </th>
            <th scope="col">alone</th>
            <th scope="col">share of error</th>
          </tr>
        </thead>
        <tbody>
          {shares.map(({ op, meanRelative, share }) => (
            <tr key={op}>
              <th scope="row" class="left">
                {breakable(op)}
              </th>
              <td>{exponential(meanRelative)}</td>
              <td>
                <div class="share">
                  <Bar share={share} />
                  <span>{percent(share)}</span>
                </div>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

/** A name of dotted parts, which may go on in a new line behind each. */
function breakable(name: string) {
  return name.split(".").map((part, i) => (
    <Fragment key={i}>
      {i > 0 && (
        <>
          .<wbr />
        </>
      )}
      {part}
    </Fragment>
  ));
}
