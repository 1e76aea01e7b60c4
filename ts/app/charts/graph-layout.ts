/**
 * Where everything of a network's graph goes: one card below the other in the order of reading, in as many columns
 * as have room. What is read by the next card is a short arrow; what is read farther down, such as a residual, has a
 * lane beside the cards. Pure geometry; knows nothing of colours or pages.
 */
import type { NetworkGraph } from "../../profile/index.js";

export type CardOf =
  | { readonly kind: "input" }
  | { readonly kind: "node"; readonly index: number }
  | { readonly kind: "output"; readonly index: number };

export interface Card {
  readonly of: CardOf;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly column: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Edge {
  /** Cards, by index. */
  readonly from: number;
  readonly to: number;
  /** Corners of a line whose parts are level or upright. */
  readonly points: readonly Point[];
}

/** A line across a column: time stops there. */
export interface Barrier {
  /** What is below it. */
  readonly stage: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

export interface GraphLayout {
  readonly width: number;
  readonly height: number;
  readonly cards: readonly Card[];
  readonly edges: readonly Edge[];
  readonly barriers: readonly Barrier[];
}

const CARD_HEIGHT = 46;
const CARD_GAP = 16;
/** More room between two cards, for the line and its words. */
const BARRIER_GAP = 44;
const LEAST_COLUMN = 264;
const MOST_COLUMN = 470;
/** Shorter columns are not worth a break. */
const LEAST_ROWS = 5;
/** Between columns; lines from one to the next go through it. */
const GUTTER = 30;
/** Above and below, for the lines that go round. */
const MARGIN = 16;
const ROUND_MARGIN = 3;
const LANE = 9;
const LANES_WIDTH = 72;
/** Between the cards and the first lane, for arrow heads. */
const LANE_MARGIN = 12;
/** How far into a card's left edge a short arrow begins. */
const INDENT = 22;
/** Where a lane meets its cards, from their top. */
const ENTRY = 0.32;
const EXIT = 0.68;

interface Item {
  readonly of: CardOf;
  /** Items that it reads. */
  readonly reads: readonly number[];
  readonly stage: number;
}

/** What an item makes, for readers that are not the next one. */
interface Span {
  readonly from: number;
  readonly readers: readonly number[];
  readonly last: number;
  readonly lane: number;
}

export function layOutGraph(graph: NetworkGraph, width: number): GraphLayout {
  const items = itemsOf(graph);
  const columns = columnCount(items.length, width);
  const starts = columnStarts(items, columns);
  const spans = spansOf(items, starts);
  const lanes = spans.reduce((most, { lane }) => Math.max(most, lane + 1), 0);
  const pitch = lanes === 0 ? 0 : Math.min(LANE, LANES_WIDTH / lanes);
  const lanesWidth = lanes === 0 ? 0 : LANE_MARGIN + lanes * pitch;
  const room = (width - (columns - 1) * GUTTER) / columns;
  const columnWidth = Math.min(MOST_COLUMN, room);
  const left = (column: number) => column * (columnWidth + GUTTER);

  const cards: Card[] = [];
  const barriers: Barrier[] = [];
  items.forEach((item, i) => {
    const column = starts.findLastIndex((start) => start <= i);
    const above = starts[column] === i ? undefined : cards[i - 1];
    const isBehind = item.stage > (items[i - 1]?.stage ?? 0);
    const top = above === undefined ? MARGIN : above.y + above.height;
    const gap = isBehind ? BARRIER_GAP : above === undefined ? 0 : CARD_GAP;
    const x = left(column) + lanesWidth;
    const cardWidth = columnWidth - lanesWidth;
    cards.push({ of: item.of, x, y: top + gap, width: cardWidth, height: CARD_HEIGHT, column });
    if (!isBehind) return;
    barriers.push({ stage: item.stage, x: left(column), y: top + gap / 2, width: columnWidth });
  });
  const bottom = Math.max(...cards.map(({ y, height }) => y + height));
  const apart = lanes === 0 ? 0 : Math.min(LANE / 2, (MARGIN - 2 * ROUND_MARGIN) / lanes);
  const track = { cards, pitch, apart, columnStep: columnWidth + GUTTER };
  return {
    width: left(columns - 1) + columnWidth,
    height: bottom + MARGIN,
    cards,
    barriers,
    edges: [
      ...shortEdges(items, starts, cards),
      ...spans.flatMap((span) => laneEdges(span, track)),
    ],
  };
}

/** The input, the nodes, and behind the nodes of each stage the outputs that it makes. */
function itemsOf({ nodes, outputs }: NetworkGraph): Item[] {
  const stageOf = (value: number) => nodes[value - 1]?.stage ?? 0;
  const ends = outputs.map(({ value }, index) => ({ value, index }));
  const made = nodes.flatMap(({ inputs, stage }, index): Made[] => {
    const node: Made = { of: { kind: "node", index }, values: inputs, stage };
    if (nodes[index + 1]?.stage === stage) return [node];
    const here = ends.filter(({ value }) => stageOf(value) === stage);
    return [
      node,
      ...here.map(
        (end): Made => ({ of: { kind: "output", index: end.index }, values: [end.value], stage }),
      ),
    ];
  });
  const itemOf = new Map([
    [0, 0],
    ...made.flatMap(({ of }, i) => (of.kind === "node" ? [[of.index + 1, i + 1] as const] : [])),
  ]);
  const start: Item = { of: { kind: "input" }, reads: [], stage: 0 };
  return [
    start,
    ...made.map(({ of, values, stage }) => {
      return { of, reads: values.flatMap((value) => itemOf.get(value) ?? []), stage };
    }),
  ];
}

interface Made {
  readonly of: CardOf;
  readonly values: readonly number[];
  readonly stage: number;
}

function columnCount(items: number, width: number): number {
  const withRoom = Math.floor((width + GUTTER) / (LEAST_COLUMN + GUTTER));
  return Math.max(1, Math.min(withRoom, Math.floor(items / LEAST_ROWS)));
}

/** Columns are about equally long; they break, near there, where the fewest lines go on. */
function columnStarts(items: readonly Item[], columns: number): number[] {
  const nearby = 2;
  const lastReader = items.map((_, i) => items.findLastIndex(({ reads }) => reads.includes(i)));
  const crossing = (at: number) =>
    lastReader.filter((last, from) => from < at && last >= at).length;
  const starts = [0];
  for (let column = 1; column < columns; column++) {
    const ideal = Math.round((items.length * column) / columns);
    const choices = Array.from({ length: 2 * nearby + 1 }, (_, i) => ideal - nearby + i).filter(
      (at) => at > (starts.at(-1) ?? 0) && at < items.length,
    );
    const cost = (at: number) => (nearby + 1) * crossing(at) + Math.abs(at - ideal);
    starts.push(choices.reduce((best, at) => (cost(at) < cost(best) ? at : best)));
  }
  return starts;
}

function isNext(from: number, to: number, starts: readonly number[]): boolean {
  return to === from + 1 && !starts.includes(to);
}

/** Short spans get the lanes next to the cards. */
function spansOf(items: readonly Item[], starts: readonly number[]): Span[] {
  const wanted = items
    .map((_, from) => {
      const readers = items.flatMap(({ reads }, to) => (reads.includes(from) ? [to] : []));
      const far = readers.filter((to) => !isNext(from, to, starts));
      return { from, readers: far, last: far.at(-1) ?? from };
    })
    .filter(({ readers }) => readers.length > 0)
    .sort((a, b) => a.last - a.from - (b.last - b.from));
  const lanes: { readonly from: number; readonly last: number }[][] = [];
  return wanted.map((span) => {
    const isFree = (taken: (typeof lanes)[number]) =>
      taken.every(({ from, last }) => last <= span.from || from >= span.last);
    const free = lanes.findIndex(isFree);
    const lane = free < 0 ? lanes.length : free;
    lanes[lane] = [...(lanes[lane] ?? []), span];
    return { ...span, lane };
  });
}

function shortEdges(
  items: readonly Item[],
  starts: readonly number[],
  cards: readonly Card[],
): Edge[] {
  return items.flatMap(({ reads }, to) => {
    const from = to - 1;
    const [above, below] = [cards[from], cards[to]];
    if (above === undefined || below === undefined) return [];
    if (!reads.includes(from) || !isNext(from, to, starts)) return [];
    const x = below.x + INDENT;
    const points = [
      { x, y: above.y + above.height },
      { x, y: below.y },
    ];
    return [{ from, to, points }];
  });
}

interface Track {
  readonly cards: readonly Card[];
  /** Between lanes. */
  readonly pitch: number;
  /** Between lines that go round. */
  readonly apart: number;
  /** From the left of a column to that of the next. */
  readonly columnStep: number;
}

function laneEdges({ from, readers, lane }: Span, track: Track): Edge[] {
  const { cards, pitch, apart, columnStep } = track;
  const source = cards[from];
  if (source === undefined) return [];
  const aside = LANE_MARGIN + lane * pitch;
  const laneX = (card: Card) => card.x - aside;
  const out = source.y + EXIT * source.height;
  const around = ROUND_MARGIN + lane * apart;
  return readers.flatMap((to) => {
    const reader = cards[to];
    if (reader === undefined) return [];
    const into = reader.y + ENTRY * reader.height;
    const below = bottomOf(cards, source.column, reader.column) + around;
    const round =
      reader.column === source.column
        ? []
        : [
            { x: laneX(source), y: below },
            { x: reader.column * columnStep - GUTTER / 2 - around / 2, y: below },
            { x: reader.column * columnStep - GUTTER / 2 - around / 2, y: MARGIN - around },
            { x: laneX(reader), y: MARGIN - around },
          ];
    const points = [
      { x: source.x, y: out },
      { x: laneX(source), y: out },
      ...round,
      { x: laneX(reader), y: into },
      { x: reader.x, y: into },
    ];
    return [{ from, to, points }];
  });
}

/** Of the cards of some columns, `from` to before `to`. */
function bottomOf(cards: readonly Card[], from: number, to: number): number {
  const passed = cards.filter(({ column }) => from <= column && column < to);
  return Math.max(0, ...passed.map(({ y, height }) => y + height));
}
