/** Evaluation over a labelled set: its files, then what `mambalite eval` says of them. */
import { useEffect, useRef } from "preact/hooks";
import { classResults, type Evaluation } from "../../open/evaluation.js";
import { counted, grouped, percent } from "../format.js";
import { namedFiles } from "../state/comparison.js";
import { evaluated, evaluateFiles, evaluationProblem, isEvaluating } from "../state/evaluating.js";
import { model } from "../state/simulator.js";
import type { EvaluationAnswer } from "../worker/protocol.js";
import { download } from "./download.js";
import { Bar, FileButton, Message, Scroll } from "./parts.js";
import { UnderWay } from "./under-way.js";

/** More columns are no picture any more. */
const MOST_COLUMNS = 40;
const SHOWN_MISTAKES = 5;

export function EvaluateView() {
  const first = useRef<HTMLDivElement>(null);
  // The button that loaded this has gone, and the focus with it.
  useEffect(() => first.current?.focus(), []);
  return (
    <div class="evaluate" ref={first} tabIndex={-1}>
      <Files />
      {isEvaluating.value && <UnderWay call="evaluate" label="evaluating" />}
      <Message text={evaluationProblem.value} tone="problem" />
      {evaluated.value !== null && <Result answer={evaluated.value} />}
    </div>
  );
}

function Files() {
  const opened = model.value;
  const isAudio = opened?.info.inputKind === "samples";
  const labels = opened?.labels ?? [];
  return (
    <>
      <p class="buttons">
        {isAudio && (
          <FileButton
            label="Choose a folder of clips"
            name="labelled-folder"
            folder
            onFiles={(files) => void evaluateFiles(namedFiles(files))}
          />
        )}
        <FileButton
          label="Choose inputs and classes"
          name="labelled"
          accept=".npy"
          multiple
          onFiles={(files) => void evaluateFiles(namedFiles(files))}
        />
      </p>
      <p class="fine">
        {isAudio && labels.length > 0 && (
          <>One folder of .wav or .flac clips for each of {labels.join(", ")}, or two</>
        )}
        {!(isAudio && labels.length > 0) && "Two"} .npy files: inputs, and the class of each as an
        integer. Dropping them here does it, too; nothing is sent anywhere.
      </p>
    </>
  );
}

function Result({ answer }: { answer: EvaluationAnswer }) {
  const { evaluation, json, leftOut } = answer;
  const { items, correct, accuracy, saturations } = evaluation;
  return (
    <div class="evaluated" aria-live="polite">
      <p class="answer">
        <span class="big">{(100 * accuracy).toFixed(2)} %</span> right: {grouped(correct)} of{" "}
        {counted(items, "item")}
      </p>
      {saturations > 0 && (
        <p class="unsure">
          {counted(saturations, "value")} of the state were cut off at the end of their range
        </p>
      )}
      {leftOut.length > 0 && <p class="fine">no part of the set: {leftOut.join(", ")}</p>}
      <Classes evaluation={evaluation} />
      <Mistakes evaluation={evaluation} />
      <Confusion evaluation={evaluation} />
      <p>
        <button
          type="button"
          onClick={() => download(`${baseName()}.eval.json`, "application/json", json)}
        >
          Evaluation (.json)
        </button>
      </p>
    </div>
  );
}

function baseName(): string {
  return (model.value?.name ?? "model").replace(/\.[a-z]+$/i, "");
}

function Classes({ evaluation }: { evaluation: Evaluation }) {
  return (
    <Scroll label="Results by class">
      <table class="table">
        <thead>
          <tr>
            <th scope="col" class="left">
              class
            </th>
            <th scope="col">items</th>
            <th scope="col">right</th>
            <th scope="col" title="of its items, those that are right">
              recall
            </th>
            <th scope="col">predicted</th>
            <th scope="col" title="of what is taken for it, what is right">
              precision
            </th>
          </tr>
        </thead>
        <tbody>
          {classResults(evaluation).map(({ label, items, right, recall, predicted, precision }) => (
            <tr key={label}>
              <th scope="row" class="left">
                {label}
              </th>
              <td>{grouped(items)}</td>
              <td>{grouped(right)}</td>
              <td>
                <Share share={recall} />
              </td>
              <td>{grouped(predicted)}</td>
              <td>
                <Share share={precision} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function Share({ share }: { share: number | undefined }) {
  if (share === undefined) return "–";
  return (
    <div class="share">
      <Bar share={share} />
      <span>{percent(share)}</span>
    </div>
  );
}

/** What is taken for what most often, in words. */
function Mistakes({ evaluation: { labels, confusion } }: { evaluation: Evaluation }) {
  const mistakes = confusion
    .flatMap((row, from) => row.map((count, to) => ({ count, from, to })))
    .filter(({ count, from, to }) => from !== to && count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, SHOWN_MISTAKES);
  if (mistakes.length === 0) return null;
  return (
    <p>
      Taken for another most often:{" "}
      {mistakes
        .map(({ count, from, to }) => `${labels[from]} for ${labels[to]} (${grouped(count)})`)
        .join(", ")}
    </p>
  );
}

function Confusion({ evaluation: { labels, confusion } }: { evaluation: Evaluation }) {
  if (labels.length > MOST_COLUMNS) {
    return <p class="fine">the matrix of {labels.length} classes is in the .json</p>;
  }
  return (
    <Scroll label="Confusion: true class by predicted class">
      <table class="table confusion">
        <caption>true class in rows, predicted class in columns, numbered as the rows</caption>
        <thead>
          <tr>
            <th scope="col" class="left">
              class
            </th>
            {labels.map((label, i) => (
              <th key={label} scope="col" title={label}>
                {i + 1}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {labels.map((label, row) => (
            <tr key={label}>
              <th scope="row" class="left">
                {row + 1} {label}
              </th>
              {(confusion[row] ?? []).map((count, column) => (
                <td key={labels[column]} class={row === column ? "confusion-right" : ""}>
                  {count === 0 ? "·" : grouped(count)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
