/**
 * A network's graph: a card for each node, lines for what it reads, a line across where time stops. It is a list box:
 * the pointer and the arrow keys choose a node, Enter or a click goes on to what the page says of it. Knows nothing of
 * how a graph is made.
 */
import { useEffect, useMemo } from "preact/hooks";
import type { GraphEnd, GraphNode, NetworkGraph } from "../../profile/index.js";
import { counted } from "../format.js";
import { useWidth } from "../views/use-width.js";
import {
  type Barrier,
  type Card,
  type Edge,
  type GraphLayout,
  layOutGraph,
  type Point,
} from "./graph-layout.js";
import { rateText, sizeText } from "./graph-text.js";

interface Props {
  readonly id: string;
  readonly graph: NetworkGraph;
  readonly chosen: number | null;
  /** Nodes that are pointed at elsewhere, or here. */
  readonly pointed: ReadonlySet<number>;
  onPoint(node: number | null): void;
  onChoose(node: number | null): void;
  /** Brings what there is about a node into view. */
  onShow(node: number): void;
  /** Takes the focus there. */
  onEnter(node: number): void;
}

export function GraphChart(props: Props) {
  const { id, graph, chosen, onChoose, onEnter } = props;
  const { element, width } = useWidth<HTMLDivElement>("graph");
  const layout = useMemo(() => layOutGraph(graph, width), [graph, width]);
  useEffect(() => {
    if (chosen !== null) showInside(document.getElementById(`${id}-${chosen}`));
  }, [id, chosen]);
  return (
    <div
      class="graph"
      role="listbox"
      tabIndex={0}
      aria-label={labelOf(graph)}
      aria-activedescendant={chosen === null ? undefined : `${id}-${chosen}`}
      onKeyDown={(event) => {
        if (event.key === "Enter" && chosen !== null) onEnter(chosen);
        else moveChoice(event, layout, chosen, onChoose);
      }}
    >
      <div ref={element} class="graph-width">
        <div class="graph-paper" style={inPixels({ width: layout.width, height: layout.height })}>
          <Lines id={id} layout={layout} graph={graph} chosen={chosen} />
          {layout.barriers.map((barrier) => (
            <BarrierText key={barrier.stage} barrier={barrier} graph={graph} />
          ))}
          {layout.cards.map((card, i) => (
            <CardView key={i} card={card} {...props} />
          ))}
        </div>
      </div>
    </div>
  );
}

function labelOf({ input, nodes, outputs }: NetworkGraph): string {
  const given = outputs.map(({ name, shape, what }) => `${name} ${shape}, ${what}`).join("; ");
  return `Network: input ${input.shape}, ${input.what}; ${counted(nodes.length, "node")}; output ${given}`;
}

/** Scrolls the graph, and never the page. */
function showInside(card: HTMLElement | null): void {
  const box = card?.closest<HTMLElement>(".graph");
  if (card === null || box === null || box === undefined) return;
  const [inner, outer] = [card.getBoundingClientRect(), box.getBoundingClientRect()];
  if (inner.top < outer.top) box.scrollTop -= outer.top - inner.top + card.offsetHeight;
  if (inner.bottom > outer.bottom) box.scrollTop += inner.bottom - outer.bottom + card.offsetHeight;
}

interface LinesProps {
  readonly id: string;
  readonly layout: GraphLayout;
  readonly graph: NetworkGraph;
  readonly chosen: number | null;
}

function Lines({ id, layout, graph, chosen }: LinesProps) {
  const { width, height, edges, cards, barriers } = layout;
  const isOfChosen = ({ from, to }: Edge) =>
    chosen !== null && [cards[from], cards[to]].some((card) => isNode(card, chosen));
  return (
    <svg class="graph-lines" width={width} height={height} aria-hidden="true">
      <defs>
        <marker
          id={`${id}-head`}
          class="graph-head"
          markerWidth="9"
          markerHeight="9"
          refX="6"
          refY="4"
          orient="auto"
          markerUnits="userSpaceOnUse"
        >
          <path d="M0.5 0.5 7 4 0.5 7.5z" />
        </marker>
      </defs>
      {barriers.map(({ stage, x, y, width: length }) => (
        <line key={stage} class="graph-barrier" x1={x} x2={x + length} y1={y} y2={y} />
      ))}
      {edges.map((edge) => {
        const kind = isSequence(graph, cards[edge.from]) ? "rows" : "vector";
        const near = isOfChosen(edge) ? "graph-edge-near" : "";
        return (
          <path
            key={`${edge.from}-${edge.to}`}
            class={`graph-edge graph-edge-${kind} ${near}`}
            d={pathOf(edge.points)}
            marker-end={`url(#${id}-head)`}
          />
        );
      })}
    </svg>
  );
}

function isNode(card: Card | undefined, index: number): boolean {
  return card?.of.kind === "node" && card.of.index === index;
}

function isSequence(graph: NetworkGraph, card: Card | undefined): boolean {
  return card?.of.kind !== "node" || graph.nodes[card.of.index]?.isSequence === true;
}

const CORNER = 5;

/** Straight parts with rounded corners. */
function pathOf(points: readonly Point[]): string {
  return points
    .map((point, i) => {
      const [before, after] = [points[i - 1], points[i + 1]];
      if (before === undefined) return `M${point.x} ${point.y}`;
      if (after === undefined) return `L${point.x} ${point.y}`;
      const [start, end] = [towards(point, before), towards(point, after)];
      return `L${start.x} ${start.y}Q${point.x} ${point.y} ${end.x} ${end.y}`;
    })
    .join("");
}

function towards(from: Point, to: Point): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const share = length === 0 ? 0 : Math.min(CORNER, length / 2) / length;
  return { x: from.x + share * (to.x - from.x), y: from.y + share * (to.y - from.y) };
}

function BarrierText({ barrier, graph }: { barrier: Barrier; graph: NetworkGraph }) {
  const { x, y, width, stage } = barrier;
  const isWhole = graph.nodes.some((node) => node.stage === stage && node.isSequence);
  return (
    <p class="graph-stop" style={inPixels({ left: x, top: y, width })}>
      <span>{`time stops; below: ${isWhole ? "the whole sequence" : "once, at the end"}`}</span>
    </p>
  );
}

function CardView({ card, graph, ...props }: Props & { readonly card: Card }) {
  const { of, x, y, width, height } = card;
  const style = inPixels({ left: x, top: y, width, height });
  if (of.kind === "node") {
    const node = graph.nodes[of.index];
    return node && <NodeCard node={node} index={of.index} style={style} {...props} />;
  }
  const end = of.kind === "input" ? graph.input : graph.outputs[of.index];
  return end ? <EndCard end={end} kind={of.kind} style={style} /> : null;
}

type Style = Readonly<Record<string, string>>;

function inPixels(sizes: Readonly<Record<string, number>>): Style {
  return Object.fromEntries(Object.entries(sizes).map(([name, size]) => [name, `${size}px`]));
}

type NodeProps = Omit<Props, "graph"> & {
  readonly node: GraphNode;
  readonly index: number;
  readonly style: Style;
};

function NodeCard({
  node,
  index,
  style,
  id,
  chosen,
  pointed,
  onPoint,
  onChoose,
  onShow,
}: NodeProps) {
  const family = node.parts.length > 0 ? "graph-block" : node.isBarrier ? "graph-gather" : "";
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list box has the keys
    // biome-ignore lint/a11y/useFocusableInteractive: the list box has the focus
    <div
      id={`${id}-${index}`}
      role="option"
      class={`graph-card ${family} ${pointed.has(index) ? "graph-card-pointed" : ""}`}
      aria-selected={index === chosen}
      style={style}
      onPointerEnter={() => onPoint(index)}
      onPointerLeave={() => onPoint(null)}
      onClick={() => {
        onChoose(index);
        onShow(index);
      }}
    >
      <span class="graph-row">
        <span class="graph-name" title={node.name}>
          {node.name}
        </span>
        <span>{node.parameters === 0 ? "" : counted(node.parameters, "weight")}</span>
      </span>
      <span class="graph-row graph-what">
        <span>
          {node.kind} <b>{sizeText(node)}</b>
        </span>
        <span>{rateText(node)}</span>
      </span>
      {node.isBarrier && <span class="hidden">waits for the end of the sequence</span>}
    </div>
  );
}

/** The list box's own name says it, too. */
function EndCard({ end, kind, style }: { end: GraphEnd; kind: string; style: Style }) {
  const { name, shape, what } = end;
  return (
    <div class="graph-card graph-end" style={style} aria-hidden="true">
      <span class="graph-row">
        <span class="graph-name">
          {kind === "input" || name === kind ? kind : `output ${name}`}
        </span>
        <span>{shape}</span>
      </span>
      <span class="graph-row graph-what">{what}</span>
    </div>
  );
}

/** Up and down go through the network, left and right to the column beside. */
function moveChoice(
  event: KeyboardEvent,
  { cards }: GraphLayout,
  chosen: number | null,
  onChoose: (node: number | null) => void,
): void {
  const nodes = cards.filter(({ of }) => of.kind === "node");
  const at = nodes.findIndex((card) => chosen !== null && isNode(card, chosen));
  const step = (by: number) => (at < 0 ? 0 : Math.max(0, Math.min(nodes.length - 1, at + by)));
  const moves: Readonly<Record<string, () => number>> = {
    ArrowUp: () => step(-1),
    ArrowDown: () => step(1),
    ArrowLeft: () => beside(nodes, at, -1),
    ArrowRight: () => beside(nodes, at, 1),
    Home: () => 0,
    End: () => nodes.length - 1,
  };
  const move = moves[event.key];
  if (move === undefined && event.key !== "Escape") return;
  event.preventDefault();
  const card = move === undefined ? undefined : nodes[move()];
  onChoose(card?.of.kind === "node" ? card.of.index : null);
}

/** The nearest in the next column; where it stands when there is none. */
function beside(nodes: readonly Card[], at: number, by: number): number {
  const from = nodes[Math.max(0, at)];
  if (from === undefined) return 0;
  const others = nodes.filter(({ column }) => column === from.column + by);
  const far = (card: Card) => Math.abs(card.y - from.y);
  const best = others.reduce((a, b) => (far(b) < far(a) ? b : a), others[0] ?? from);
  return nodes.indexOf(best);
}
