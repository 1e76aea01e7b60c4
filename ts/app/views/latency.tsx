/** How long runs take on this host, as a distribution, and where the figures come from. */
import { signal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { summarize } from "../../profile/index.js";
import { Histogram } from "../charts/histogram.js";
import { counted, milliseconds } from "../format.js";
import { CHARTS } from "../state/charts.js";
import { measured, measureMore } from "../state/simulator.js";
import { staged } from "../state/staged.js";
import type { MeasuredFigures } from "../worker/protocol.js";
import { Panel } from "./parts.js";

const HEIGHT = 210;
const MORE_MS = 3000;
/** Of fewer it would be the slowest one. */
const LEAST_RUNS_OF_P95 = 20;

const isMeasuring = signal(false);
const shown = staged(measured, 2);

export function LatencyPanel() {
  const figures = shown.value;
  return (
    <Panel
      id="latency"
      title="Latency on this host"
      basis="measured"
      note="whole runs; a browser's clock is coarse, and none of this is a board's time"
      class="panel-latency"
    >
      {figures === null ? <div class="latency-blank" /> : <Distribution figures={figures} />}
    </Panel>
  );
}

function Distribution({ figures }: { figures: MeasuredFigures }) {
  const { samplesMs, report } = figures;
  const latency = useMemo(() => summarize(samplesMs), [samplesMs]);
  const { provenance, arenaCheck } = report;
  return (
    <>
      <dl class="readings">
        <Time name="median" ms={latency.medianMs} />
        <Time
          name="95 % within"
          ms={latency.runs < LEAST_RUNS_OF_P95 ? Number.NaN : latency.p95Ms}
        />
        <Time name="least" ms={latency.minMs} />
        <div class="reading">
          <dt>runs</dt>
          <dd class="reading-value">{latency.runs}</dd>
        </div>
      </dl>
      <Histogram samplesMs={samplesMs} height={HEIGHT} svg={CHARTS.latency} />
      <p>
        <button type="button" class="quiet" onClick={() => void toggle()}>
          {isMeasuring.value ? "Stop" : `Measure ${MORE_MS / 1000} s more`}
        </button>
      </p>
      <p class="fine">
        {counted(report.frames, "frame")}, {provenance.build} build. CRC-32: model{" "}
        {provenance.modelCrc32}, input {provenance.inputCrc32}, outputs {provenance.outputCrc32}.
        Self-test: {provenance.selfTest}. Arena written up to byte{" "}
        {arenaCheck.highWaterBytes.toLocaleString("en-US")}, guard bytes{" "}
        {arenaCheck.guardsIntact ? "intact" : "overwritten"}.
      </p>
    </>
  );
}

function Time({ name, ms }: { name: string; ms: number }) {
  return (
    <div class="reading">
      <dt>{name}</dt>
      <dd>
        <span class="reading-value">{milliseconds(ms)}</span> <span class="reading-note">ms</span>
      </dd>
    </div>
  );
}

async function toggle(): Promise<void> {
  if (isMeasuring.value) {
    isMeasuring.value = false;
    return;
  }
  isMeasuring.value = true;
  await measureMore(MORE_MS, () => !isMeasuring.value);
  isMeasuring.value = false;
}
