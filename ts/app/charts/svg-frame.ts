/**
 * What a chart needs to stand alone, as SVG elements around it: a title, a line below it, and a legend of what it draws. They
 * have the classes of the chart's own parts. Knows nothing of files.
 */

const NAMESPACE = "http://www.w3.org/2000/svg";

type Attributes = Readonly<Record<string, string | number>>;

/** One entry of a legend: a swatch like a part of the chart, and what it is. */
export interface LegendEntry {
  readonly kind: "box" | "line";
  /** As in the chart. */
  readonly class: string;
  /** Ends of the ids of patterns that fill the chart's boxes. */
  readonly pattern?: string;
  readonly text: string;
}

export const ARENA_LEGEND: readonly LegendEntry[] = [
  { kind: "box", class: "box box-state", text: "state" },
  { kind: "box", class: "box box-scratch", pattern: "-scratch", text: "scratch" },
  { kind: "box", class: "box box-io", pattern: "-io", text: "io" },
  { kind: "line", class: "mark-peak", text: "peak" },
  { kind: "line", class: "mark-minimum", text: "theoretical minimum" },
];

/** Of a chart with axes. */
export const LARGE_ARENA_LEGEND: readonly LegendEntry[] = [
  ...ARENA_LEGEND,
  { kind: "box", class: "alive", text: "bytes in use at each operator" },
];

export const LATENCY_LEGEND: readonly LegendEntry[] = [
  { kind: "box", class: "histogram-bar", text: "runs by duration" },
  { kind: "line", class: "mark-median", text: "median" },
  { kind: "line", class: "mark-p95", text: "95 % within" },
];

export interface Caption {
  readonly title: string;
  readonly text: string;
  readonly legend: readonly LegendEntry[];
}

export interface Frame {
  /** Above the chart. */
  readonly head: SVGGElement;
  readonly headHeight: number;
  /** Below it. */
  readonly foot: SVGGElement;
  readonly footHeight: number;
}

const MARGIN = 10;
const LINE = 17;
const SWATCH = 14;
const CHARACTER_WIDTH = 6.6;

export function frameOf(chart: SVGSVGElement, caption: Caption): Frame {
  const width = chart.clientWidth;
  const lines = wrapped(caption.text, width);
  const head = element("g", {});
  head.append(text(caption.title, MARGIN, LINE + 2, "mark-text"));
  lines.forEach((line, i) => {
    head.append(text(line, MARGIN, LINE * (i + 2) + 2, "tick"));
  });
  const foot = element("g", {});
  let [x, y] = [MARGIN, LINE];
  for (const entry of caption.legend) {
    const length = SWATCH + 5 + entry.text.length * CHARACTER_WIDTH + MARGIN;
    if (x + length > width && x > MARGIN) [x, y] = [MARGIN, y + LINE];
    foot.append(swatch(chart, entry, x, y), text(entry.text, x + SWATCH + 5, y, "tick"));
    x += length;
  }
  return { head, headHeight: LINE * (lines.length + 1) + MARGIN, foot, footHeight: y + MARGIN };
}

function swatch(chart: SVGSVGElement, entry: LegendEntry, x: number, y: number): SVGElement {
  const middle = y - 4;
  if (entry.kind === "line") {
    return element("line", { class: entry.class, x1: x, x2: x + SWATCH, y1: middle, y2: middle });
  }
  const pattern = entry.pattern && chart.querySelector(`pattern[id$="${entry.pattern}"]`)?.id;
  const fill = pattern ? { fill: `url(#${pattern})` } : {};
  const size = { x, y: y - 10, width: SWATCH, height: 10 };
  return element("rect", { class: entry.class, ...size, ...fill });
}

function text(content: string, x: number, y: number, name: string): SVGElement {
  const made = element("text", { x, y, class: name });
  made.textContent = content;
  return made;
}

function element<Name extends "g" | "line" | "rect" | "text">(name: Name, attributes: Attributes) {
  const made = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, `${value}`);
  return made;
}

function wrapped(content: string, width: number): string[] {
  const most = Math.max(1, Math.floor((width - 2 * MARGIN) / CHARACTER_WIDTH));
  const lines = [""];
  for (const word of content.split(" ")) {
    const last = lines.at(-1) ?? "";
    const longer = last === "" ? word : `${last} ${word}`;
    if (longer.length <= most || last === "") lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
