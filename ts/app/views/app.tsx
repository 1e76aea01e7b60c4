/** The whole page: what is open and how it is run on the left, what follows from it on the right. */
import { computed } from "@preact/signals";
import { busy, cancel, model, problem } from "../state/simulator.js";
import { staged } from "../state/staged.js";
import { ArenaPanel } from "./arena.js";
import { ComparePanel } from "./compare.js";
import { Controls } from "./controls.js";
import { DraftPanel } from "./draft.js";
import { DropTarget } from "./drop.js";
import { LatencyPanel } from "./latency.js";
import { LivePanel } from "./live.js";
import { NetworkPanel } from "./network.js";
import { OperatorsPanel } from "./operators.js";
import { Message } from "./parts.js";
import { QuantizePanel } from "./quantize-panel.js";
import { RunPanel } from "./run.js";
import { SchedulesPanel } from "./schedules.js";
import { SourcePanel, Welcome } from "./source.js";
import { TakeHomePanel } from "./take-home.js";
import { ThemeSwitch } from "./theme.js";
import { VerdictPanel } from "./verdict.js";

const SECTIONS = [
  ["verdict", "Verdict"],
  ["arena", "Arena"],
  ["schedules", "Schedules"],
  ["network", "Network"],
  ["operators", "Operators"],
  ["latency", "Latency"],
  ["run", "Run"],
  ["live", "Live"],
  ["compare", "Compare"],
  ["quantize", "Quantise"],
  ["take-home", "Take home"],
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
          model and the plan, <b>measured</b> was timed on this host and says nothing of a board.
        </p>
      </footer>
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
      <VerdictPanel />
      <ArenaPanel />
      {isFollowedUp.value && (
        <>
          <SchedulesPanel />
          <NetworkPanel />
          <OperatorsPanel />
          <LatencyPanel />
          <RunPanel />
          <LivePanel />
          <ComparePanel />
          <QuantizePanel />
          <TakeHomePanel />
        </>
      )}
    </div>
  );
}

function Contents() {
  return (
    <nav class="contents" aria-label="Sections">
      <ul>
        {SECTIONS.map(([id, title]) => (
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
  return (
    <div class="status">
      <span class={`lamp ${work === null ? "lamp-ready" : "lamp-busy"}`} aria-hidden="true" />
      <span role="status" class="status-text">
        {work === null ? "ready" : `${work.what}${share}`}
      </span>
      {work !== null && (
        <button type="button" class="quiet" onClick={() => void cancel()}>
          Cancel
        </button>
      )}
    </div>
  );
}
