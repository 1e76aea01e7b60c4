/** The whole page: what is open and how it is run on the left, what follows from it on the right. */
import { computed } from "@preact/signals";
import { liveKind } from "../state/live.js";
import { busy, cancel, model, problem } from "../state/simulator.js";
import { staged } from "../state/staged.js";
import { waiting } from "../state/works.js";
import { ArenaPanel } from "./arena.js";
import { ComparePanel } from "./compare.js";
import { Controls } from "./controls.js";
import { DraftPanel } from "./draft.js";
import { DropTarget } from "./drop.js";
import { EvaluatePanel } from "./evaluate-panel.js";
import { FlashPanel } from "./flash-panel.js";
import { LatencyPanel } from "./latency.js";
import { LivePanel } from "./live.js";
import { NetworkPanel } from "./network.js";
import { OperatorsPanel } from "./operators.js";
import { Message } from "./parts.js";
import { QuantizePanel } from "./quantize-panel.js";
import { RunPanel } from "./run.js";
import { SchedulesPanel } from "./schedules.js";
import { SerialPanel } from "./serial-panel.js";
import { SourcePanel, Welcome } from "./source.js";
import { TakeHomePanel } from "./take-home.js";
import { ThemeSwitch } from "./theme.js";
import { VerdictPanel } from "./verdict.js";
import { Meaning } from "./words.js";

const LIVE = ["live", "Live"] as const;

const SECTIONS = [
  ["verdict", "Verdict"],
  ["arena", "Arena"],
  ["schedules", "Schedules"],
  ["network", "Network"],
  ["operators", "Operators"],
  ["latency", "Latency"],
  ["run", "Run"],
  LIVE,
  ["compare", "Compare"],
  ["evaluate", "Evaluate"],
  ["quantize", "Quantise"],
  ["take-home", "Take home"],
  ["flash", "On a board"],
  ["serial", "Board's answer"],
] as const;

export function App() {
  const isOpen = model.value !== null;
  return (
    <DropTarget>
      <a class="skip" href="#main">
        Skip to the figures
      </a>
      <header class="masthead">
        <h1 class="brand">
          <span class="brand-mark" aria-hidden="true" />
          MambaLite-Micro <span class="brand-what">simulator</span>
        </h1>
        <StatusLight />
        <ThemeSwitch />
      </header>
      <div class={`bench ${isOpen ? "bench-open" : ""}`}>
        <aside class="rail" aria-label="Model, and how it runs">
          <SourcePanel />
          {isOpen && <Controls />}
          {isOpen && <Contents />}
        </aside>
        <main id="main" tabIndex={-1}>
          <Message text={problem.value} tone="problem" />
          <DraftPanel />
          {isOpen ? <Figures /> : <Welcome />}
        </main>
      </div>
      <footer class="foot">
        <p>
          Everything runs in this page; nothing leaves your machine. <b>Exact</b> follows from the
          model and the plan, <b>measured</b> was timed on this host and says nothing of a board. A
          KB has 1,024 bytes.
        </p>
      </footer>
      <Meaning />
    </DropTarget>
  );
}

/** Further panels come a frame later. */
const isFollowedUp = staged(
  computed(() => model.value !== null || null),
  1,
);

function Figures() {
  return (
    <div class="figures">
      {isLiveFirst() && <LivePanel />}
      <VerdictPanel />
      <ArenaPanel />
      {isFollowedUp.value && (
        <>
          <SchedulesPanel />
          <NetworkPanel />
          <OperatorsPanel />
          <LatencyPanel />
          <RunPanel />
          {!isLiveFirst() && <LivePanel />}
          <ComparePanel />
          <EvaluatePanel />
          <QuantizePanel />
          <TakeHomePanel />
          <FlashPanel />
          <SerialPanel />
        </>
      )}
    </div>
  );
}

/** What can listen is to be tried first. */
function isLiveFirst(): boolean {
  return liveKind.value !== null;
}

function Contents() {
  const rest = isLiveFirst() ? SECTIONS.filter((section) => section !== LIVE) : SECTIONS;
  const sections = isLiveFirst() ? [LIVE, ...rest] : rest;
  return (
    <nav class="contents" aria-label="Sections">
      <ul>
        {sections.map(([id, title]) => (
          <li key={id}>
            <a href={`#${id}`}>{title}</a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** What is under way, in words and with a way out. */
function StatusLight() {
  const work = busy.value;
  const share = work?.share === undefined ? "" : ` ${Math.round(100 * work.share)} %`;
  const more = waiting.value === 0 ? "" : `, ${waiting.value} waiting`;
  return (
    <div class="status">
      <span class={`lamp ${work === null ? "lamp-ready" : "lamp-busy"}`} aria-hidden="true" />
      <span role="status" class="status-text">
        {work === null ? "ready" : `${work.what}${share}${more}`}
      </span>
      {work !== null && (
        <button type="button" class="quiet" onClick={() => void cancel()}>
          Cancel
        </button>
      )}
    </div>
  );
}
