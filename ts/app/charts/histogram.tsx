/**
 * The distribution of repeated timings: a histogram with the median and the 95th percentile marked.
 * Knows nothing of what was timed.
 */
import type { RefObject } from "preact";
import { useMemo } from "preact/hooks";
import { type Latency, summarize } from "../../profile/index.js";
import { counted, milliseconds } from "../format.js";
import { useWidth } from "../views/use-width.js";

interface Props {
  readonly samplesMs: readonly number[];
  readonly height: number;
  readonly svg: RefObject<SVGSVGElement | null>;
}

interface Bins {
  readonly from: number;
  readonly width: number;
  readonly counts: readonly number[];
}

const MAX_BINS = 36;
/** What is slower stands in the last bin: a few interruptions would flatten everything else. */
const SHOWN_SHARE = 0.96;

export function Histogram({ samplesMs, height, svg }: Props) {
  const { element, width } = useWidth<HTMLDivElement>("histogram");
  const { latency, bins } = useMemo(() => {
    const summary = summarize(samplesMs);
    return { latency: summary, bins: binsOf(samplesMs) };
  }, [samplesMs]);
  return (
    <div ref={element} class="chart">
      <svg ref={svg} width={width} height={height} role="img" aria-label={describe(latency)}>
        <Bars bins={bins} latency={latency} width={width} height={height} />
      </svg>
    </div>
  );
}

function describe({ runs, medianMs, p95Ms, minMs }: Latency): string {
  return (
    `Latency of ${counted(runs, "run")}: median ${milliseconds(medianMs)} ms, ` +
    `95 % within ${milliseconds(p95Ms)} ms, least ${milliseconds(minMs)} ms`
  );
}

interface BarsProps {
  readonly bins: Bins;
  readonly latency: Latency;
  readonly width: number;
  readonly height: number;
}

function Bars({ bins, latency, width, height }: BarsProps) {
  const left = 8;
  const right = width - 8;
  const top = 34;
  const bottom = height - 22;
  const { from, counts } = bins;
  const column = (right - left) / counts.length;
  const most = Math.max(...counts);
  const x = (ms: number) =>
    Math.min(right, left + ((ms - from) / (bins.width * counts.length)) * (right - left));
  const last = from + bins.width * counts.length;
  return (
    <g>
      {counts.map((count, i) => {
        const barHeight = ((bottom - top) * count) / most;
        return (
          <rect
            key={i}
            class="histogram-bar"
            x={left + i * column + 0.5}
            y={bottom - barHeight}
            width={Math.max(0.5, column - 1)}
            height={barHeight}
          />
        );
      })}
      <line class="axis" x1={left} x2={right} y1={bottom} y2={bottom} />
      <Mark
        x={x(latency.medianMs)}
        text={`median ${milliseconds(latency.medianMs)}`}
        y={12}
        bottom={bottom}
        right={right}
        name="median"
      />
      <Mark
        x={x(latency.p95Ms)}
        text={`95 % ${milliseconds(latency.p95Ms)}`}
        y={27}
        bottom={bottom}
        right={right}
        name="p95"
      />
      <text class="tick" x={left} y={height - 6}>
        {`${milliseconds(from)} ms`}
      </text>
      <text class="tick" x={right} y={height - 6} text-anchor="end">
        {`${milliseconds(last)} ms and more`}
      </text>
    </g>
  );
}

interface MarkProps {
  readonly x: number;
  readonly y: number;
  readonly bottom: number;
  readonly right: number;
  readonly text: string;
  readonly name: "median" | "p95";
}

function Mark({ x, y, bottom, right, text, name }: MarkProps) {
  const isRight = x > right - 110;
  return (
    <>
      <line class={`mark-${name}`} x1={x} x2={x} y1={y - 8} y2={bottom} />
      <text
        class="mark-text"
        x={isRight ? x - 5 : x + 5}
        y={y}
        text-anchor={isRight ? "end" : "start"}
      >
        {text}
      </text>
    </>
  );
}

/** Bins are never finer than the clock, whose ticks would show as a comb. */
function binsOf(samplesMs: readonly number[]): Bins {
  const sorted = [...samplesMs].sort((a, b) => a - b);
  const from = sorted[0] ?? 0;
  const until = sorted[Math.floor(SHOWN_SHARE * (sorted.length - 1))] ?? from;
  const span = Math.max(until - from, from * 0.05, 0.001);
  const width = Math.max(span / MAX_BINS, tickOf(sorted));
  const count = Math.max(1, Math.ceil(span / width)) + 1;
  const counts: number[] = new Array(count).fill(0);
  for (const ms of sorted) {
    const bin = Math.min(count - 1, Math.floor((ms - from) / width + 1e-9));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return { from, width, counts };
}

/** The smallest step between two timings: the clock's, when it is a coarse one. */
function tickOf(sorted: readonly number[]): number {
  const LEAST_TICK_MS = 0.004;
  let tick = Number.POSITIVE_INFINITY;
  for (let i = 1; i < sorted.length; i++) {
    const step = (sorted[i] ?? 0) - (sorted[i - 1] ?? 0);
    if (step > LEAST_TICK_MS) tick = Math.min(tick, step);
  }
  return Number.isFinite(tick) ? tick : 0;
}
