/** What a run gave: outputs with their bits and the class, and the sequence frame by frame. */
import { useEffect, useRef } from "preact/hooks";
import { classOutput } from "../../core/outputs.js";
import type { Axis } from "../../graph/shapes.js";
import type { Output, Outputs } from "../../index.js";
import { classOf } from "../../profile/accuracy.js";
import { paintGrid } from "../charts/heat.js";
import { counted, grouped, milliseconds } from "../format.js";
import {
  chooseSequence,
  isPlaying,
  play,
  run,
  sequence,
  watched,
  watchFrame,
} from "../state/running.js";
import { model } from "../state/simulator.js";
import type { RunAnswer, Watched } from "../worker/protocol.js";
import { className, OutputView, valueText } from "./outputs.js";

const STATE_COLUMNS = 128;

export function RunResults() {
  return run.value === null ? null : <Results answer={run.value} />;
}

function Results({ answer }: { answer: RunAnswer }) {
  const { name, count, frames, results, ms } = answer;
  const result = results[sequence.value];
  if (result === undefined) return null;
  const { outputs, classIndex, probabilities } = result;
  const says = answerText(outputs, classIndex);
  return (
    <div class="run">
      <div class="run-result">
        <p class="run-class" role="status">
          <span class="run-name">
            {name}: {counted(frames, "frame")}
            {count > 1 ? `, sequence ${sequence.value} of ${grouped(count)}` : ""}
          </span>
          {says !== null && (
            <span class="big" data-class={classIndex}>
              {says}
            </span>
          )}
        </p>
        {count > 1 && <SequenceChoice count={results.length} />}
        {outputs.map((output, i) => (
          <OutputView
            key={output.name}
            output={output}
            axes={axesOf(output)}
            classIndex={i === 0 ? classIndex : -1}
            labels={i === 0 ? labels() : []}
            probabilities={i === 0 ? probabilities : undefined}
            isOnly={outputs.length === 1}
          />
        ))}
        <p class="fine">
          {counted(count, "sequence")} in{" "}
          {ms > 0 ? `${milliseconds(ms)} ms` : "less than a tick of the clock"} on this host
        </p>
      </div>
      <Frames />
    </div>
  );
}

/** What the dimensions of an exported model's output are of. */
function axesOf({ name }: Output): readonly Axis[] | undefined {
  const own = model.value?.shapes?.outputs.find((output) => output.name === name);
  return own?.axes?.filter((axis) => axis !== "batch");
}

function labels(): readonly string[] {
  return model.value?.labels ?? [];
}

function hasAnswer(): boolean {
  return classOutput(model.value?.info.outputs ?? []) !== undefined;
}

/** What a network says first: a class, or a value, if it has only one; null for rows over time. */
function answerText(outputs: Outputs, classIndex: number): string | null {
  const [first] = outputs;
  if (first === undefined || !hasAnswer()) return null;
  return first.data.length === 1 ? valueText(first.data[0]) : className(labels(), classIndex);
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
  const [first] = now.vectors;
  const best = first === undefined ? -1 : classOf(first.data);
  return (
    <>
      {hasAnswer() && (
        <p class="running-class">
          running {first?.data.length === 1 ? "value" : "class"}{" "}
          <span class="big" data-running={best}>
            {answerText(now.vectors, best) ?? "\u2013"}
          </span>
        </p>
      )}
      {now.hiddenStates > 0 && (
        <p class="fine">{counted(now.hiddenStates, "state")} of integers without a picture</p>
      )}
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
