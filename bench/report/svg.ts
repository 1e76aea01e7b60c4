/**
 * Two kinds of charts as SVG text: horizontal bars, and lines over logarithmic axes. Every value is
 * written beside its mark, so that a chart can be read without its colours. Knows nothing of what is
 * shown.
 */
import { significant } from "./text.js";

export interface Bar {
  readonly label: string;
  readonly value: number;
  /** Beside the bar; default: the value. */
  readonly text?: string;
  readonly emphasis?: boolean;
}

export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

interface Axes {
  readonly x: string;
  readonly y: string;
}

const WIDTH = 760;
const FONT = 12;
const MARGIN = 16;
const TITLE_HEIGHT = 40;
const BAR_HEIGHT = 16;
const BAR_STEP = 24;
const LABEL_WIDTH = 310;
const VALUE_WIDTH = 110;
const PLOT_HEIGHT = 300;
const AXIS_SPACE = 64;

/** Distinct without colour vision, and on white: Okabe and Ito's palette. */
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00"];
const STYLE = {
  emphasis: COLOURS[0],
  plain: "#9aa5b1",
  ink: "#1f2933",
  grid: "#e4e7eb",
  paper: "#ffffff",
} as const;

/** Bars from 0, in the given order. */
export function barChart(title: string, bars: readonly Bar[]): string {
  const largest = Math.max(...bars.map(({ value }) => value));
  const scale = (WIDTH - 2 * MARGIN - LABEL_WIDTH - VALUE_WIDTH) / largest;
  const marks = bars.map(({ label, value, text, emphasis = false }, i) => {
    const y = TITLE_HEIGHT + i * BAR_STEP;
    const base = y + BAR_HEIGHT - 4;
    const x = MARGIN + LABEL_WIDTH;
    const width = Math.max(value * scale, 1);
    const fill = emphasis ? STYLE.emphasis : STYLE.plain;
    return (
      textAt(x - 8, base, label, "end") +
      `<rect x="${x}" y="${y}" width="${round(width)}" height="${BAR_HEIGHT}" fill="${fill}"/>` +
      textAt(x + width + 6, base, text ?? significant(value, 3), "start")
    );
  });
  return page(title, TITLE_HEIGHT + bars.length * BAR_STEP + MARGIN, marks.join("\n"));
}

/** Lines with points over axes that are both logarithmic, and a legend at the right. */
export function logLineChart(title: string, axes: Axes, series: readonly Series[]): string {
  const all = series.flatMap(({ points }) => points);
  const x = logScale(
    all.map(([value]) => value),
    MARGIN + AXIS_SPACE,
    WIDTH - MARGIN - LABEL_WIDTH / 1.6,
  );
  const y = logScale(
    all.map(([, value]) => value),
    TITLE_HEIGHT + PLOT_HEIGHT,
    TITLE_HEIGHT,
  );
  const bottom = TITLE_HEIGHT + PLOT_HEIGHT;
  const columns = x.ticks.map(
    (tick) =>
      line(x.at(tick), TITLE_HEIGHT, x.at(tick), bottom) +
      textAt(x.at(tick), bottom + 18, tickText(tick), "middle"),
  );
  const rows = y.ticks.map(
    (tick) =>
      line(x.from, y.at(tick), x.to, y.at(tick)) +
      textAt(x.from - 6, y.at(tick) + 4, tickText(tick), "end"),
  );
  const lines = series.map(({ name, points }, i) => {
    const colour = COLOURS[i % COLOURS.length]!;
    const places = points.map(([a, b]) => [round(x.at(a)), round(y.at(b))] as const);
    const dots = places.map(([a, b]) => `<circle cx="${a}" cy="${b}" r="3.5" fill="${colour}"/>`);
    const path = places.map((place) => place.join(",")).join(" ");
    const [, last] = places.at(-1)!;
    return (
      `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>` +
      dots.join("") +
      textAt(x.to + 10, last + 4, name, "start", colour)
    );
  });
  const names =
    textAt((x.from + x.to) / 2, bottom + 40, axes.x, "middle") +
    textAt(MARGIN, TITLE_HEIGHT + PLOT_HEIGHT / 2, axes.y, "start");
  const body = [...columns, ...rows, ...lines, names].join("\n");
  return page(title, bottom + AXIS_SPACE, body);
}

interface Scale {
  readonly from: number;
  readonly to: number;
  readonly ticks: readonly number[];
  at(value: number): number;
}

/** Powers of ten around the values, mapped to pixels `from` .. `to`. */
function logScale(values: readonly number[], from: number, to: number): Scale {
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.max(Math.ceil(Math.log10(Math.max(...values))), low + 1);
  const ticks = Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i));
  const at = (value: number) => from + ((Math.log10(value) - low) / (high - low)) * (to - from);
  return { from, to, ticks, at };
}

const UNITS = ["", " k", " M", " G"];

/** A power of ten: 10,000 -> "10 k". */
function tickText(value: number): string {
  if (value < 1) return significant(value, 1);
  const thousands = Math.min(Math.floor(Math.log10(value) / 3), UNITS.length - 1);
  return `${Math.round(value / 1000 ** thousands)}${UNITS[thousands]}`;
}

function page(title: string, height: number, body: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="system-ui, sans-serif" font-size="${FONT}" role="img" aria-label="${escaped(title)}">
<rect width="${WIDTH}" height="${height}" fill="${STYLE.paper}"/>
<text x="${MARGIN}" y="22" font-size="14" font-weight="600" fill="${STYLE.ink}">${escaped(title)}</text>
${body}
</svg>
`;
}

function textAt(
  x: number,
  y: number,
  text: string,
  anchor: string,
  fill: string = STYLE.ink,
): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" fill="${fill}">${escaped(text)}</text>`;
}

function line(x1: number, y1: number, x2: number, y2: number): string {
  const [a, b, c, d] = [x1, y1, x2, y2].map(round);
  return `<line x1="${a}" y1="${b}" x2="${c}" y2="${d}" stroke="${STYLE.grid}"/>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
