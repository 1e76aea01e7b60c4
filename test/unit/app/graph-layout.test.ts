/** Where the cards and lines of a network's graph go, for networks of many shapes and any width of the page. */
import { beforeAll, describe, expect, it } from "vitest";
import {
  type Card,
  type Edge,
  type GraphLayout,
  layOutGraph,
  type Point,
} from "../../../ts/app/charts/graph-layout.js";
import { Engine, type Network } from "../../../ts/node.js";
import type { NetworkGraph } from "../../../ts/profile/index.js";
import { GRAPHS } from "../graph/graphs.js";
import { graphOf, stackNetwork } from "./graphs.js";

const NETWORKS: Readonly<Record<string, Network>> = {
  ...GRAPHS,
  "a single layer": { ...stackNetwork(0), ops: stackNetwork(0).ops.slice(0, 1) },
  "twelve layers": stackNetwork(12),
  "sixty layers": stackNetwork(60),
};
const WIDTHS = [296, 560, 900, 1500, 2400];
const CASES = Object.keys(NETWORKS).flatMap((name) =>
  WIDTHS.map((width) => [name, width] as const),
);

const graphs = new Map<string, NetworkGraph>();

beforeAll(async () => {
  const engine = await Engine.load();
  for (const [name, network] of Object.entries(NETWORKS)) {
    graphs.set(name, await graphOf(engine, network));
  }
});

function laidOut(name: string, width: number) {
  const graph = graphs.get(name) as NetworkGraph;
  return { graph, layout: layOutGraph(graph, width) };
}

/** Of a card, as edges of the graph have it. */
function textOf({ of }: Card): string {
  return of.kind === "input"
    ? "value 0"
    : `${of.kind === "node" ? "value" : "output"} ${of.index + 1}`;
}

function drawn({ cards, edges }: GraphLayout): string[] {
  return edges.map(({ from, to }) => `${textOf(cards[from]!)} > ${textOf(cards[to]!)}`).sort();
}

function meant({ nodes, outputs }: NetworkGraph): string[] {
  return [
    ...nodes.flatMap(({ inputs }, i) => inputs.map((value) => `value ${value} > value ${i + 1}`)),
    ...outputs.map(({ value }, i) => `value ${value} > output ${i + 1}`),
  ].sort();
}

function partsOf({ points }: Edge): [Point, Point][] {
  return points.slice(1).map((end, i) => [points[i]!, end]);
}

function crosses([a, b]: [Point, Point], { x, y, width, height }: Card): boolean {
  const [left, right] = [Math.min(a.x, b.x), Math.max(a.x, b.x)];
  const [top, bottom] = [Math.min(a.y, b.y), Math.max(a.y, b.y)];
  return left < x + width && right > x && top < y + height && bottom > y;
}

/** Upright lines one on the other, unless they come from the same card. */
function overlaps(a: Edge, b: Edge): boolean {
  if (a.from === b.from) return false;
  return partsOf(a).some(([p, q]) =>
    partsOf(b).some(([r, s]) => {
      if (p.x !== q.x || r.x !== s.x || p.x !== r.x) return false;
      const [top, bottom] = [
        Math.max(Math.min(p.y, q.y), Math.min(r.y, s.y)),
        Math.min(Math.max(p.y, q.y), Math.max(r.y, s.y)),
      ];
      return bottom > top;
    }),
  );
}

describe("the layout of a graph", () => {
  it.each(CASES)("draws every line once, and over no card: %s, %i px", (name, width) => {
    const { graph, layout } = laidOut(name, width);
    expect(drawn(layout)).toEqual(meant(graph));
    for (const edge of layout.edges) {
      for (const [a, b] of partsOf(edge)) expect(a.x === b.x || a.y === b.y).toBe(true);
      const crossed = layout.cards.filter((card) =>
        partsOf(edge).some((part) => crosses(part, card)),
      );
      expect(crossed.map(textOf), `from ${edge.from} to ${edge.to}`).toEqual([]);
    }
  });

  it.each(CASES)("keeps everything apart and inside: %s, %i px", (name, width) => {
    const { layout } = laidOut(name, width);
    const { cards, edges } = layout;
    expect(layout.width).toBeLessThanOrEqual(width);
    for (const [i, card] of cards.entries()) {
      expect(card.x).toBeGreaterThanOrEqual(0);
      expect(card.x + card.width).toBeLessThanOrEqual(layout.width + 1e-9);
      expect(card.y + card.height).toBeLessThanOrEqual(layout.height);
      expect(card.width).toBeGreaterThan(170);
      const [topLeft, bottomRight] = [card, { x: card.x + card.width, y: card.y + card.height }];
      const others = cards.slice(i + 1).filter((other) => crosses([topLeft, bottomRight], other));
      expect(others).toEqual([]);
    }
    for (const { x, y } of edges.flatMap(({ points }) => points)) {
      expect(x).toBeGreaterThanOrEqual(0);
      expect(x).toBeLessThanOrEqual(layout.width);
      expect(y).toBeGreaterThanOrEqual(0);
      expect(y).toBeLessThanOrEqual(layout.height);
    }
    edges.forEach((edge, i) => {
      expect(edges.slice(i + 1).filter((other) => overlaps(edge, other))).toEqual([]);
    });
  });

  it.each(CASES)("has a line wherever time stops: %s, %i px", (name, width) => {
    const { graph, layout } = laidOut(name, width);
    const stages = new Set(graph.nodes.map(({ stage }) => stage).filter((stage) => stage > 0));
    expect(layout.barriers.map(({ stage }) => stage)).toEqual([...stages]);
    for (const { stage, x, y } of layout.barriers) {
      const first = layout.cards.find(
        ({ of }) => of.kind === "node" && graph.nodes[of.index]?.stage === stage,
      )!;
      const inColumn = layout.cards.filter(({ column }) => column === first.column);
      const before = inColumn[inColumn.indexOf(first) - 1];
      expect(y).toBeLessThan(first.y);
      expect(y).toBeGreaterThan(before === undefined ? 0 : before.y + before.height);
      expect(x).toBeLessThanOrEqual(first.x);
    }
  });

  it("breaks long networks into columns, where one line goes on", () => {
    const { layout } = laidOut("twelve layers", 900);
    expect(new Set(layout.cards.map(({ column }) => column)).size).toBe(3);
    const sources = layout.edges
      .filter(({ from, to }) => layout.cards[from]!.column !== layout.cards[to]!.column)
      .map(({ from }) => from);
    expect(new Set(sources).size).toBe(2);
  });

  it("puts an output of rows over time above the line where time stops", () => {
    const { graph, layout } = laidOut("two heads, one of every row", 296);
    const rows = graph.outputs.findIndex(({ what }) => what === "rows over time");
    const card = layout.cards.find(({ of }) => of.kind === "output" && of.index === rows)!;
    expect(card.y).toBeLessThan(layout.barriers[0]!.y);
  });
});
