/** Running an input: logits with their bits and the class, and the sequence frame by frame. */
import { useEffect, useRef } from "preact/hooks";
import { classOf } from "../../profile/accuracy.js";
import { paintGrid } from "../charts/heat.js";
import { counted, grouped, milliseconds } from "../format.js";
import {
  chooseSequence,
  isPlaying,
  play,
  run,
  runFile,
  runInput,
  runProblem,
  sequence,
  watched,
  watchFrame,
} from "../state/running.js";
import { choice, model, offered } from "../state/simulator.js";
import type { RunAnswer, Watched } from "../worker/protocol.js";
import { Bar, FileButton, Message, Panel, Scroll } from "./parts.js";

/** Logits of a vocabulary are too many to read. */
const SHOWN_LOGITS = 24;
const STATE_COLUMNS = 128;

export function RunPanel() {
  const examples = offered.value?.examples ?? [];
  const kind = model.value?.info.inputKind ?? "frames";
  return (
    <Panel
      id="run"
      title="Run it"
      note="the same bits as on the board, whatever the schedule"
      class="panel-run"
    >
      <p class="buttons">
        <FileButton
          label={kind === "samples" ? "Choose a .wav or .npy" : "Choose a .npy"}
          name="input"
          accept={kind === "samples" ? ".wav,.npy" : ".npy"}
          onFiles={([file]) => {
            if (file !== undefined) void runFile(file);
          }}
        />
        {examples.map(({ name, url }) => (
          <button key={name} type="button" onClick={() => void runInput(name, url.href)}>
            example: {name}
          </button>
        ))}
        <button type="button" onClick={() => void runInput("generated input", null)}>
          generated: {choice.value.frames} frames
        </button>
      </p>
      <Message text={runProblem.value} tone="problem" />
      {run.value !== null && <Results answer={run.value} />}
    </Panel>
  );
}

function Results({ answer }: { answer: RunAnswer }) {
  const { name, count, frames, results, ms } = answer;
  const result = results[sequence.value];
  if (result === undefined) return null;
  const largest = Math.max(...result.logits.map(Math.abs), 1e-30);
  const order = shownLogits(result.logits);
  return (
    <div class="run">
      <div class="run-result">
        <p class="run-class" role="status">
          <span class="run-name">
            {name}: {counted(frames, "frame")}
            {count > 1 ? `, sequence ${sequence.value} of ${grouped(count)}` : ""}
          </span>
          <span class="big" data-class={result.classIndex}>
            {answerText(result.logits, result.classIndex)}
          </span>
        </p>
        {count > 1 && <SequenceChoice count={results.length} />}
        <Scroll label="Logits" isTall>
          <table class="table logits">
            <thead>
              <tr>
                <th scope="col" class="left">
                  {result.logits.length === 1 ? "output" : "class"}
                </th>
                <th scope="col">{result.logits.length === 1 ? "value" : "logit"}</th>
                <th scope="col">bits</th>
                <th scope="col" class="left">
                  <span class="hidden">size</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {order.map((i) => (
                <tr key={i} class={i === result.classIndex ? "row-best" : ""}>
                  <th scope="row" class="left">
                    {result.logits.length === 1 ? outputName() : classText(i)}
                  </th>
                  <td>{logitText(result.logits[i])}</td>
                  <td class="bits">{result.bits[i]}</td>
                  <td>
                    <Bar share={Math.abs(result.logits[i] ?? 0) / largest} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
        <p class="fine">
          {result.logits.length > order.length &&
            `the largest ${order.length} of ${grouped(result.logits.length)} logits; `}
          {counted(count, "sequence")} in {milliseconds(ms)} ms on this host
        </p>
      </div>
      <Frames />
    </div>
  );
}

/** All in their order, or the largest first when there are very many. */
function shownLogits(logits: readonly number[]): number[] {
  const all = logits.map((_, i) => i);
  if (all.length <= SHOWN_LOGITS) return all;
  return all.sort((a, b) => (logits[b] ?? 0) - (logits[a] ?? 0)).slice(0, SHOWN_LOGITS);
}

function logitText(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return "not finite";
  return value.toPrecision(9).replace("-", "\u2212");
}

/** What a network says: a class, or, when it has one value only, the value. */
function answerText(logits: ArrayLike<number>, classIndex: number): string {
  return logits.length === 1 ? logitText(logits[0]) : classText(classIndex);
}

/** Of the only one. */
function outputName(): string {
  return model.value?.labels[0] ?? "value";
}

export function classText(index: number): string {
  if (index < 0) return "none";
  return model.value?.labels[index] ?? `class ${index}`;
}

function SequenceChoice({ count }: { count: number }) {
  return (
    <label class="number number-inline">
      <span>Sequence</span>
      <input
        type="number"
        name="sequence"
        min={0}
        max={count - 1}
        value={sequence.value}
        onChange={(event) => {
          const value = Number(event.currentTarget.value);
          if (Number.isInteger(value) && value >= 0 && value < count) void chooseSequence(value);
        }}
      />
    </label>
  );
}

/** The sequence as it is pushed: state and running class after any frame. */
function Frames() {
  const now = watched.value;
  const frames = run.value?.frames ?? 0;
  const frame = now?.frame ?? frames; // where watching begins, and what can be moved from already
  return (
    <div class="frames">
      <h3>Frame by frame</h3>
      <div class="transport">
        <button type="button" aria-label="To the start" onClick={() => void watchFrame(0)}>
          {"\u00ab"}
        </button>
        <button
          type="button"
          aria-label="One frame back"
          onClick={() => void watchFrame(frame - 1)}
        >
          {"\u2039"}
        </button>
        <button
          type="button"
          onClick={() => {
            if (isPlaying.value) isPlaying.value = false;
            else void play();
          }}
        >
          {isPlaying.value ? "Pause" : "Play"}
        </button>
        <button type="button" aria-label="One frame on" onClick={() => void watchFrame(frame + 1)}>
          {"\u203a"}
        </button>
        <input
          type="range"
          name="frame"
          aria-label="Frame"
          min={0}
          max={frames}
          value={frame}
          onInput={(event) => void watchFrame(Number(event.currentTarget.value))}
        />
        <output class="frame-number">
          {frame} / {frames}
        </output>
      </div>
      {now !== null && <Running now={now} />}
    </div>
  );
}

function Running({ now }: { now: Watched }) {
  const best = classOf(now.logits);
  return (
    <>
      <p class="running-class">
        running {now.logits.length === 1 ? "value" : "class"}{" "}
        <span class="big" data-running={best}>
          {now.frame === 0 ? "\u2013" : answerText(now.logits, best)}
        </span>
      </p>
      <div class="states">
        {now.states.map(({ name, values }) => (
          <StateGrid key={name} name={name} values={values} />
        ))}
      </div>
    </>
  );
}

function StateGrid({ name, values }: { name: string; values: Float32Array }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const columns = Math.min(STATE_COLUMNS, values.length);
  useEffect(() => {
    if (canvas.current !== null) paintGrid(canvas.current, values, columns);
  }, [values, columns]);
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return (
    <figure class="state">
      <canvas
        ref={canvas}
        role="img"
        aria-label={`${name}: ${values.length} numbers, largest magnitude ${largest.toPrecision(3)}`}
        style={{ aspectRatio: `${columns} / ${Math.max(3, Math.ceil(values.length / columns))}` }}
      />
      <figcaption>
        {name} <span>{`|max| ${largest.toPrecision(3)}`}</span>
      </figcaption>
    </figure>
  );
}
