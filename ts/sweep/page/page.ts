/**
 * Runs in the page of a sweep: scatter plots of all candidates that know of each other, and the front of a board as a
 * table. Everything it shows is inside the page. Knows no other module while it runs.
 */
import type { Chart as ChartClass, ChartDataset, ScatterDataPoint, TooltipItem } from "chart.js";
import type { PageBoard, PageCandidate, PageData } from "./data.js";

/** The library's script has put it there. */
declare const Chart: typeof ChartClass;

type Point = ScatterDataPoint & { readonly index: number };
type Plot = ChartClass<"scatter", Point[]>;

interface Axis {
  readonly title: string;
  readonly isLogarithmic: boolean;
  valueOf(candidate: PageCandidate, board: string): number | null | undefined;
}

const TYPES = [
  { type: "f32", colour: "#2f6fde", shape: "circle", mark: "\u25cf" },
  { type: "w8", colour: "#c2410c", shape: "triangle", mark: "\u25b2" },
  { type: "int", colour: "#15803d", shape: "rect", mark: "\u25a0" },
  { type: "mlm", colour: "#8b5cf6", shape: "rectRot", mark: "\u25c6" },
] as const;

const ACCURACY: Axis = {
  ...{ title: "accuracy, %", isLogarithmic: false },
  valueOf: ({ accuracy }) => accuracy && 100 * accuracy,
};
const TIME: Axis = {
  ...{ title: "estimated time, ms", isLogarithmic: true },
  valueOf: ({ times }, board) => times[board]?.[0],
};
const ARENA: Axis = {
  ...{ title: "arena, bytes", isLogarithmic: true },
  valueOf: ({ arenaBytes }) => arenaBytes,
};
const FLASH: Axis = {
  ...{ title: "flash, bytes", isLogarithmic: true },
  valueOf: ({ flashBytes }) => flashBytes,
};
const GREY = "#8b949e";
const RADIUS = { front: 6, within: 4, beyond: 3, chosen: 10 } as const;
const FAINT = "55";

const data: PageData = JSON.parse(element("data").textContent ?? "");
const hasAccuracy = data.candidates.some(({ accuracy }) => accuracy !== null);
/** Of x and y. */
const PLOTS: readonly (readonly [Axis, Axis])[] = hasAccuracy
  ? [
      [TIME, ACCURACY],
      [ARENA, ACCURACY],
      [FLASH, ACCURACY],
    ]
  : [
      [ARENA, TIME],
      [FLASH, TIME],
      [ARENA, FLASH],
    ];

const boardChoice = element("board") as HTMLSelectElement;
const typesShown = new Set<string>(data.candidates.map(({ type }) => type));
let chosen: number | undefined;
let plots: Plot[] = [];

function start(): void {
  for (const { id, name } of data.boards) boardChoice.add(new Option(name, id));
  boardChoice.addEventListener("change", () => show());
  for (const type of TYPES.filter((known) => typesShown.has(known.type))) {
    element("types").append(typeBox(type));
  }
  plots = PLOTS.map(makePlot);
  show();
}

function typeBox({ type, colour, mark }: (typeof TYPES)[number]): HTMLElement {
  const label = document.createElement("label");
  const box = Object.assign(document.createElement("input"), { type: "checkbox", checked: true });
  box.addEventListener("change", () => {
    if (box.checked) typesShown.add(type);
    else typesShown.delete(type);
    show();
  });
  const sign = Object.assign(document.createElement("span"), { textContent: mark });
  sign.style.color = colour;
  sign.setAttribute("aria-hidden", "true");
  label.append(box, " ", sign, ` ${type}`);
  return label;
}

function board(): PageBoard {
  return data.boards.find(({ id }) => id === boardChoice.value) ?? data.boards[0]!;
}

/** Of the board, and of the types that are shown. */
function show(): void {
  const { front } = board();
  const best = front[0];
  element("answer").textContent =
    best === undefined
      ? "None has room on this board within the limits."
      : describe(data.candidates[best]!);
  showTable(front);
  choose(best);
  for (const [i, plot] of plots.entries()) {
    plot.data.datasets = datasetsOf(PLOTS[i]!);
    plot.update("none");
  }
}

function describe({ name, accuracy, arenaBytes, flashBytes, times }: PageCandidate): string {
  const time = times[board().id];
  return [
    name,
    ...(accuracy === null ? [] : [`${percent(accuracy)} right`]),
    ...(time ? [`${digits(time[0])} ms (${digits(time[1])} to ${digits(time[2])})`] : []),
    `arena ${grouped(arenaBytes)} bytes`,
    `flash ${grouped(flashBytes)} bytes`,
  ].join(", ");
}

// ---- charts ------------------------------------------------------------------------------------------

function makePlot([x, y]: readonly [Axis, Axis]): Plot {
  const figure = document.createElement("figure");
  const caption = document.createElement("figcaption");
  caption.textContent = `${y.title} against ${x.title}`;
  const place = Object.assign(document.createElement("div"), { className: "plot" });
  const canvas = document.createElement("canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute(
    "aria-label",
    `Scatter plot: ${caption.textContent}; the table has the front`,
  );
  place.append(canvas);
  figure.append(caption, place);
  element("charts").append(figure);
  const plot: Plot = new Chart<"scatter", Point[]>(canvas, {
    type: "scatter",
    data: { datasets: [] },
    options: {
      ...{ animation: false, maintainAspectRatio: false },
      scales: { x: scaleOf(x), y: scaleOf(y) },
      plugins: { legend: { display: false }, tooltip: { callbacks: { label: textOf } } },
      onHover: (_, [hit]) => hit && choose(pointAt(plot, hit.datasetIndex, hit.index)),
      onClick: (_, [hit]) => hit && choose(pointAt(plot, hit.datasetIndex, hit.index)),
    },
  });
  return plot;
}

function pointAt(plot: Plot, dataset: number, index: number): number | undefined {
  return plot.data.datasets[dataset]?.data[index]?.index;
}

function textOf({ raw }: TooltipItem<"scatter">): string {
  return data.candidates[(raw as Point).index]?.name ?? "";
}

function scaleOf({ title, isLogarithmic }: Axis) {
  const ink = getComputedStyle(document.body).color;
  return {
    type: isLogarithmic ? ("logarithmic" as const) : ("linear" as const),
    title: { display: true, text: title, color: ink },
    ticks: { color: ink, maxTicksLimit: 8 },
    grid: { color: `${GREY}${FAINT}` },
  };
}

/** The ring first: it is drawn on top. */
function datasetsOf(axes: readonly [Axis, Axis]): ChartDataset<"scatter", Point[]>[] {
  const { id, within, front } = board();
  const isWithin = new Set(within);
  const isFront = new Set(front);
  const all = data.candidates.flatMap(({ type, times }, index) =>
    id in times && typesShown.has(type) ? [index] : [],
  );
  const points = (some: readonly number[]) => some.flatMap((index) => pointOf(axes, index) ?? []);
  const ofTypes = TYPES.flatMap(({ type, colour, shape }) => {
    const ours = all.filter(
      (index) => isWithin.has(index) && data.candidates[index]?.type === type,
    );
    const drawn = { pointStyle: shape, borderColor: colour };
    return [
      {
        ...{ ...drawn, data: points(ours.filter((index) => isFront.has(index))) },
        ...{ backgroundColor: colour, pointRadius: RADIUS.front, order: 1 },
      },
      {
        ...{ ...drawn, data: points(ours.filter((index) => !isFront.has(index))) },
        ...{ backgroundColor: `${colour}${FAINT}`, pointRadius: RADIUS.within, order: 2 },
      },
    ];
  });
  const beyond = points(all.filter((index) => !isWithin.has(index)));
  return [
    ringOf(axes),
    ...ofTypes,
    {
      data: beyond,
      pointStyle: "crossRot",
      borderColor: GREY,
      pointRadius: RADIUS.beyond,
      order: 3,
    },
  ];
}

function ringOf(axes: readonly [Axis, Axis]): ChartDataset<"scatter", Point[]> {
  const point = chosen === undefined ? undefined : pointOf(axes, chosen);
  const ring = getComputedStyle(document.documentElement).getPropertyValue("--ring").trim();
  return {
    ...{
      data: point ? [point] : [],
      pointRadius: RADIUS.chosen,
      pointHoverRadius: RADIUS.chosen,
      order: 0,
    },
    ...{ borderColor: ring, borderWidth: 3, backgroundColor: "transparent" },
  };
}

function pointOf([x, y]: readonly [Axis, Axis], index: number): Point | undefined {
  const candidate = data.candidates[index]!;
  const [atX, atY] = [x, y].map((axis) => axis.valueOf(candidate, board().id));
  return typeof atX === "number" && typeof atY === "number" ? { x: atX, y: atY, index } : undefined;
}

/** In all charts and the table. */
function choose(index: number | undefined): void {
  if (index === chosen) return;
  chosen = index;
  element("chosen").textContent = index === undefined ? "" : describe(data.candidates[index]!);
  for (const button of document.querySelectorAll<HTMLButtonElement>("#front button")) {
    button.setAttribute("aria-pressed", String(button.dataset.index === String(index)));
  }
  for (const [i, plot] of plots.entries()) {
    if (plot.data.datasets.length === 0) continue;
    plot.data.datasets[0] = ringOf(PLOTS[i]!);
    plot.update("none");
  }
}

// ---- the table ---------------------------------------------------------------------------------------

const HEAD = ["candidate", "accuracy", "ms", "from", "to", "arena", "flash", "differ"];

function showTable(front: readonly number[]): void {
  const table = element("front") as HTMLTableElement;
  const head = document.createElement("thead");
  const titles = head.insertRow();
  for (const title of HEAD) {
    const cell = Object.assign(document.createElement("th"), { scope: "col", textContent: title });
    titles.append(cell);
  }
  const body = document.createElement("tbody");
  for (const index of front) addRow(body, index);
  table.replaceChildren(head, body);
}

function addRow(body: HTMLTableSectionElement, index: number): void {
  const candidate = data.candidates[index]!;
  if (!typesShown.has(candidate.type)) return;
  const { name, accuracy, disagreements, arenaBytes, flashBytes, times } = candidate;
  const row = body.insertRow();
  const button = Object.assign(document.createElement("button"), {
    type: "button",
    textContent: name,
  });
  button.dataset.index = String(index);
  button.setAttribute("aria-pressed", String(index === chosen));
  button.addEventListener("click", () => choose(index));
  row.insertCell().append(button);
  const time = times[board().id] ?? [undefined, undefined, undefined];
  const cells = [
    accuracy === null ? "-" : percent(accuracy),
    ...time.map((ms) => (ms === undefined ? "-" : digits(ms))),
    ...[grouped(arenaBytes), grouped(flashBytes)],
    disagreements === null ? "-" : grouped(disagreements),
  ];
  for (const text of cells) row.insertCell().textContent = text;
}

// ---- text --------------------------------------------------------------------------------------------

function element(id: string): HTMLElement {
  return document.getElementById(id)!;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

const SIGNIFICANT_DIGITS = 3;

function digits(value: number): string {
  return value >= 10 ** SIGNIFICANT_DIGITS ? grouped(value) : value.toPrecision(SIGNIFICANT_DIGITS);
}

function grouped(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 0 });
}

start();
