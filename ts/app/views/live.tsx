/** The live demonstrations: words from the microphone, activities from the motion sensors. */
import { useEffect, useRef } from "preact/hooks";
import { MOTION_HZ } from "../../streaming/motion.js";
import { paintRolling } from "../charts/heat.js";
import { paintTraces, type TraceGroup } from "../charts/traces.js";
import { grouped, kilobytes, milliseconds, percent } from "../format.js";
import { OFFERED_MODELS } from "../models.js";
import {
  heard,
  type LiveKind,
  listening,
  listenToMicrophone,
  listenToMotion,
  liveKind,
  liveProblem,
  missed,
  note,
  replayed,
  replayRecordings,
  stop,
} from "../state/live.js";
import { model, offered, openBundled } from "../state/simulator.js";
import type { ListeningNote } from "../worker/protocol.js";
import { Bar, Message, Panel } from "./parts.js";

const NOTES: Readonly<Record<LiveKind, string>> = {
  microphone:
    "one detector over raw samples, as on a board: it answers for ever, in constant memory",
  motion:
    "acceleration and rotation, 50 times a second; 2.56 s are a window. Wear the phone at the waist",
};

export function LivePanel() {
  const kind = liveKind.value;
  return (
    <Panel
      id="live"
      title="Live"
      {...(kind === null ? {} : { note: NOTES[kind] })}
      class="panel-live"
    >
      {kind === null ? <Offer /> : <Demonstration kind={kind} />}
    </Panel>
  );
}

/** For models that nothing here can listen with. */
function Offer() {
  return (
    <>
      <p>Live input needs a model of audio, or a bundled one:</p>
      <p class="buttons">
        {OFFERED_MODELS.filter(({ live }) => live !== null).map(({ name }) => (
          <button key={name} type="button" onClick={() => void openBundled(name)}>
            Open {name}
          </button>
        ))}
      </p>
    </>
  );
}

function Demonstration({ kind }: { kind: LiveKind }) {
  const isListening = listening.value !== null;
  const examples = offered.value?.examples ?? [];
  // Before that there is nothing to see, and the figures come first.
  const isBegun = isListening || note.value !== null;
  return (
    <>
      <p class="buttons">
        <button
          type="button"
          class="primary"
          disabled={isListening}
          onClick={() => void (kind === "microphone" ? listenToMicrophone() : listenToMotion())}
        >
          {kind === "microphone" ? "Listen to the microphone" : "Use the motion sensors"}
        </button>
        {examples.length > 0 && (
          <button
            type="button"
            disabled={isListening}
            onClick={() => void replayRecordings("a replay of the recordings", examples)}
          >
            Replay the recordings
          </button>
        )}
        {isListening && (
          <button type="button" onClick={stop}>
            Stop
          </button>
        )}
      </p>
      <Message text={liveProblem.value} tone="problem" />
      <p class="fine" role="status">
        {isListening ? `listening to ${listening.value}` : "not listening"}
      </p>
      {isBegun && (
        <div class="live">
          {kind === "microphone" ? <Spectrogram /> : <MotionTraces />}
          <Recognised />
          <Probabilities now={note.value} />
          <Pace now={note.value} kind={kind} />
        </div>
      )}
    </>
  );
}

/** The last answer's best class is shown from here on. */
const LEAST_PROBABILITY = 0.5;

function Recognised() {
  const now = note.value;
  const label = model.value?.labels[likelyClass(now)];
  const current = now === null || now.answers === 0 ? "\u2013" : (label ?? "undecided");
  // What was heard last stays when it is over.
  const text = listening.value === null ? (heard.value[0]?.name ?? current) : current;
  return (
    <div class="recognised">
      <h3>Recognised</h3>
      <p class="big huge" data-live-class={text}>
        {text}
      </p>
      {listening.value === null && <Summary />}
      <ol class="heard" aria-live="polite" aria-label="Heard, the latest first">
        {heard.value.map(({ name, atFrame }) => (
          <li key={atFrame}>{name}</li>
        ))}
      </ol>
    </div>
  );
}

/** How a replay ended. */
function Summary() {
  const missing = missed.value;
  if (missing === null) return null;
  return (
    <p class={`answer ${missing.length === 0 ? "" : "answer-bad"}`} role="status">
      {missing.length === 0
        ? `\u2713 all ${replayed.value.length} recordings recognised`
        : `\u2717 not recognised: ${missing.join(", ")}`}
    </p>
  );
}

/** -1: none is likely enough. */
function likelyClass(now: ListeningNote | null): number {
  const probabilities = now?.probabilities ?? [];
  const best = probabilities.indexOf(Math.max(...probabilities));
  return (probabilities[best] ?? 0) >= LEAST_PROBABILITY ? best : -1;
}

function Probabilities({ now }: { now: ListeningNote | null }) {
  const labels = model.value?.labels ?? [];
  return (
    <dl class="probabilities" aria-label="Probability of each class, smoothed">
      {labels.map((label, i) => {
        const share = now?.probabilities[i] ?? 0;
        return (
          <div key={label} class={likelyClass(now) === i ? "row-best" : ""}>
            <dt>{label}</dt>
            <dd>
              <Bar share={share} />
              <span>{Math.round(100 * share)} %</span>
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

function Pace({ now, kind }: { now: ListeningNote | null; kind: LiveKind }) {
  const frameMs = kind === "motion" ? 1000 / MOTION_HZ : (now?.frameMs ?? 10);
  const ms = now?.msPerFrame ?? 0;
  return (
    <dl class="readings pace">
      <div class="reading">
        <dt>time per {kind === "motion" ? "frame" : "hop"}</dt>
        <dd>
          <span class="reading-value">{ms === 0 ? "\u2013" : milliseconds(ms)}</span>{" "}
          <span class="reading-note">of {frameMs} ms</span>
        </dd>
      </div>
      <div class="reading">
        <dt>of real time</dt>
        <dd class="reading-value" data-share={ms / frameMs}>
          {ms === 0 ? "\u2013" : percent(ms / frameMs)}
        </dd>
      </div>
      <div class="reading">
        <dt>frames</dt>
        <dd class="reading-value">{grouped(now?.frames ?? 0)}</dd>
      </div>
      <div class="reading">
        <dt>memory</dt>
        <dd>
          <span class="reading-value" data-arena={now?.arenaBytes}>
            {now === null ? "\u2013" : kilobytes(now.arenaBytes)}
          </span>{" "}
          <span class="reading-note">
            {now !== null && `${grouped(now.arenaBytes)} bytes, `}as on a board
          </span>
        </dd>
      </div>
    </dl>
  );
}

const SPECTROGRAM_COLUMNS = 400;

function Spectrogram() {
  const canvas = useRef<HTMLCanvasElement>(null);
  const range = useRef({ low: Number.POSITIVE_INFINITY, high: Number.NEGATIVE_INFINITY });
  useEffect(
    () =>
      note.subscribe((now) => {
        if (now === null || canvas.current === null) return;
        for (const value of now.rows) {
          range.current.low = Math.min(range.current.low, value);
          range.current.high = Math.max(range.current.high, value);
        }
        paintRolling(canvas.current, now.rows, now.rowWidth, range.current);
      }),
    [],
  );
  return (
    <figure class="spectrogram">
      <canvas
        ref={canvas}
        width={SPECTROGRAM_COLUMNS}
        height={40}
        role="img"
        aria-label="Log-mel spectrogram of the last four seconds"
      />
      <figcaption>log-mel, the last 4 s; low frequencies at the bottom</figcaption>
    </figure>
  );
}

const MOTION_ROWS = 256;
const GROUPS: readonly TraceGroup[] = [
  { channels: [6, 7, 8], limit: 1.6 },
  { channels: [0, 1, 2], limit: 1 },
  { channels: [3, 4, 5], limit: 2.5 },
];

function MotionTraces() {
  const canvas = useRef<HTMLCanvasElement>(null);
  const history = useRef<Float32Array>(new Float32Array(0));
  useEffect(
    () =>
      note.subscribe((now) => {
        if (now === null) history.current = new Float32Array(0);
        if (now === null || canvas.current === null || now.rowWidth === 0) return;
        const all = new Float32Array(history.current.length + now.rows.length);
        all.set(history.current);
        all.set(now.rows, history.current.length);
        history.current = all.slice(-MOTION_ROWS * now.rowWidth);
        paintTraces(canvas.current, history.current, now.rowWidth, MOTION_ROWS, GROUPS);
      }),
    [],
  );
  return (
    <figure class="spectrogram traces">
      <canvas
        ref={canvas}
        role="img"
        aria-label="Acceleration with gravity, without it, and rotation, over the last five seconds"
      />
      <figcaption>
        from the top: acceleration with gravity, without it (g), rotation (rad/s); x solid, y
        dashed, z dotted; 5 s
      </figcaption>
    </figure>
  );
}
