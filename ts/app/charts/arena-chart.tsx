/**
 * The lifetime chart of an arena: every buffer a box of bytes by operators, the peak and the
 * theoretical minimum as lines. With `onSelect` it is a list box: the pointer and the arrow keys
 * choose a buffer. Knows nothing of how a plan is made.
 */
import type { RefObject } from "preact";
import { useMemo } from "preact/hooks";
import type { Plan, PlanBuffer } from "../../index.js";
import { grouped, shortBytes } from "../format.js";
import { useWidth } from "../views/use-width.js";
import { ALIVE_HEIGHT, type ArenaLayout, layOutArena, markTexts } from "./arena-layout.js";

interface Props {
  readonly id: string;
  readonly plan: Plan;
  readonly operators: readonly string[];
  readonly height: number;
  readonly isCompact?: boolean;
  readonly selected?: number | null;
  /** Buffers that stand out, by index. */
  readonly marked?: ReadonlySet<number>;
  /** Operators that stand out, by index. */
  readonly columns?: readonly number[];
  readonly svg?: RefObject<SVGSVGElement | null>;
  onSelect?(index: number | null): void;
  /** An operator is pointed at. */
  onColumn?(operator: number): void;
}

const ROTATED_NAME_HEIGHT = 84;
const NUMBER_HEIGHT = 18;
/** Columns at least this wide have room for slanted names below them. */
const NAMED_COLUMN = 30;
const MAX_NAME = 18;

export function ArenaChart(props: Props) {
  const { id, plan, operators, height, isCompact = false } = props;
  const { element, width } = useWidth<HTMLDivElement>(isCompact ? "small arena" : "arena");
  const hasNames = !isCompact && (width - 62) / operators.length >= NAMED_COLUMN;
  const nameHeight = hasNames ? ROTATED_NAME_HEIGHT : NUMBER_HEIGHT;
  const layout = useMemo(
    () => layOutArena(plan, operators.length, { width, height, isCompact, nameHeight }),
    [plan, operators, width, height, isCompact, nameHeight],
  );
  const label =
    `Arena under ${plan.schedule}: peak ${grouped(plan.arenaBytes)} bytes, ` +
    `theoretical minimum ${grouped(plan.minimumBytes)}, ${plan.buffers.length} buffers ` +
    `over ${operators.length} operators`;
  const drawing = <Drawing {...props} layout={layout} width={width} hasNames={hasNames} />;
  const svg = props.svg ?? null;
  if (props.onSelect === undefined) {
    return (
      <div ref={element} class="chart">
        <svg ref={svg} width={width} height={height} role="img" aria-label={label}>
          {drawing}
        </svg>
      </div>
    );
  }
  return (
    <div
      ref={element}
      class="chart chart-list"
      role="listbox"
      tabIndex={0}
      aria-label={label}
      aria-activedescendant={isChosen(props.selected) ? `${id}-${props.selected}` : undefined}
      onKeyDown={(event) => moveSelection(event, props, layout)}
      onPointerLeave={(event) => {
        if (document.activeElement !== event.currentTarget) props.onSelect?.(null);
      }}
    >
      <svg ref={svg} width={width} height={height} role="presentation">
        {drawing}
      </svg>
    </div>
  );
}

function isChosen(selected: number | null | undefined): selected is number {
  return selected !== null && selected !== undefined;
}

type DrawingProps = Props & {
  readonly layout: ArenaLayout;
  readonly width: number;
  readonly hasNames: boolean;
};

function Drawing(props: DrawingProps) {
  const { layout, isCompact = false } = props;
  return (
    <>
      <Patterns id={props.id} />
      <Bands {...props} />
      {!isCompact && <Axes {...props} />}
      {layout.boxes.map((_, i) => (
        <Box key={i} index={i} {...props} />
      ))}
      <Marks {...props} />
    </>
  );
}

/** Behind the buffers, over the whole height. */
function Bands({ layout, columns = [] }: DrawingProps) {
  const { left, top, bottom, column } = layout;
  return columns.map((operator) => (
    <rect
      key={operator}
      class="band"
      x={left + column * operator}
      y={top}
      width={column}
      height={bottom + ALIVE_HEIGHT - top}
    />
  ));
}

/** Kinds differ by pattern as well as by colour. */
function Patterns({ id }: { id: string }) {
  return (
    <defs>
      <pattern id={`${id}-scratch`} width="6" height="6" patternUnits="userSpaceOnUse">
        <rect width="6" height="6" class="kind-scratch-base" />
        <path d="M-1 7 7 -1" class="kind-scratch-line" />
      </pattern>
      <pattern id={`${id}-io`} width="5" height="5" patternUnits="userSpaceOnUse">
        <rect width="5" height="5" class="kind-io-base" />
        <circle cx="2.5" cy="2.5" r="1" class="kind-io-dot" />
      </pattern>
    </defs>
  );
}

function Box({
  id,
  index,
  layout,
  operators,
  selected,
  marked,
  onSelect,
  plan,
}: DrawingProps & { index: number }) {
  const { buffer, x, y, width, height, text } = layout.boxes[index]!;
  const isSelected = selected === index;
  const isMarked = marked?.has(index) === true;
  const fill = buffer.kind === "state" ? undefined : `url(#${id}-${buffer.kind})`;
  const shape = (
    <>
      <rect
        class={`box box-${buffer.kind} ${isMarked ? "box-marked" : ""} ${isSelected ? "box-selected" : ""}`}
        x={x + 0.5}
        y={y}
        width={Math.max(0.5, width - 1)}
        height={height}
        {...(fill === undefined ? {} : { fill })}
      />
      {text !== "" && (
        <text class="box-text" x={x + 6} y={y + height / 2} dominant-baseline="central">
          {text}
        </text>
      )}
    </>
  );
  if (onSelect === undefined) return <g>{shape}</g>;
  return (
    <g
      id={`${id}-${index}`}
      role="option"
      aria-selected={isSelected}
      aria-label={`${describeBuffer(buffer, operators, plan)}${drawnAs(text, buffer)}`}
      onPointerMove={(event) => {
        if (!isSelected && hasMoved(event)) onSelect(index);
      }}
    >
      {shape}
    </g>
  );
}

/** What a person sees is in what a person hears. */
function drawnAs(text: string, { name }: PlanBuffer): string {
  return name.includes(text) ? "" : `, drawn as ${text}`;
}

/** Browsers report a move, too, when the page scrolls under a pointer that rests. */
function hasMoved({ movementX, movementY, pointerType }: PointerEvent): boolean {
  return pointerType !== "mouse" || movementX !== 0 || movementY !== 0;
}

/** One line with everything a box says. */
export function describeBuffer(
  { name, kind, isWhole, offset, bytes, firstOp, lastOp }: PlanBuffer,
  operators: readonly string[],
  { arenaBytes }: Plan,
): string {
  const life =
    firstOp === lastOp
      ? `only during ${operators[firstOp]}`
      : `${operators[firstOp]} to ${operators[lastOp]}`;
  const share = ((100 * bytes) / arenaBytes).toFixed(1);
  const whole = isWhole ? ", the whole sequence" : "";
  return `${name}, ${kind}${whole}, offset ${grouped(offset)}, ${grouped(bytes)} bytes, ${share} % of the arena, alive ${life}`;
}

function Axes({ layout, operators, hasNames, columns = [], onColumn }: DrawingProps) {
  const { left, right, bottom, column, ticks, alive } = layout;
  const base = bottom + ALIVE_HEIGHT;
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: nothing in it takes the focus
    <g aria-hidden="true">
      {ticks.map(({ bytes, y }) => (
        <g key={bytes}>
          <line class="grid" x1={left} x2={right} y1={y} y2={y} />
          <text class="tick" x={left - 6} y={y} text-anchor="end" dominant-baseline="central">
            {shortBytes(bytes)}
          </text>
        </g>
      ))}
      <text class="tick" x={left - 6} y={base - 8} text-anchor="end">
        alive
      </text>
      {alive.map(({ bytes, x, height }, i) => (
        <g
          key={i}
          onPointerMove={(event) => {
            if (hasMoved(event)) onColumn?.(i);
          }}
        >
          <rect
            class={columns.includes(i) ? "alive alive-pointed" : "alive"}
            x={x + 1}
            y={base - height}
            width={Math.max(0.5, column - 2)}
            height={height}
          >
            <title>{`${operators[i]}: ${grouped(bytes)} bytes alive`}</title>
          </rect>
          <OperatorName
            index={i}
            name={operators[i]!}
            x={x + column / 2}
            y={base + 12}
            hasNames={hasNames}
            column={column}
          />
        </g>
      ))}
    </g>
  );
}

interface NameProps {
  readonly index: number;
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly hasNames: boolean;
  readonly column: number;
}

function OperatorName({ index, name, x, y, hasNames, column }: NameProps) {
  if (hasNames) {
    const text = name.length > MAX_NAME ? `\u2026${name.slice(1 - MAX_NAME)}` : name;
    return (
      <text class="tick" transform={`translate(${x + 4} ${y}) rotate(-38)`} text-anchor="end">
        {text}
      </text>
    );
  }
  const every = Math.ceil(16 / column);
  if (index % every !== 0) return null;
  return (
    <text class="tick" x={x} y={y + 2} text-anchor="middle">
      {index + 1}
    </text>
  );
}

function Marks({ layout, plan, isCompact = false }: DrawingProps) {
  const { left, right, peakY, minimumY } = layout;
  const texts = markTexts(plan, right - left);
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: nothing in it takes the focus
    <g aria-hidden="true" class="marks">
      <line class="mark-minimum" x1={left} x2={right} y1={minimumY} y2={minimumY} />
      <line class="mark-peak" x1={left} x2={right} y1={peakY} y2={peakY} />
      {!isCompact && (
        <>
          <text class="mark-text" x={right} y={peakY - 6} text-anchor="end">
            {texts.peak}
          </text>
          <text class="mark-text" x={left + 4} y={Math.min(minimumY, peakY) - 6}>
            {texts.minimum}
          </text>
        </>
      )}
    </g>
  );
}

/** Up and down go through the arena by offset, left and right through time. */
function moveSelection(event: KeyboardEvent, props: Props, { boxes }: ArenaLayout): void {
  const byOffset = boxes
    .map((_, i) => i)
    .sort((a, b) => compareBy(boxes[a]!.buffer, boxes[b]!.buffer, "offset", "firstOp"));
  const byTime = boxes
    .map((_, i) => i)
    .sort((a, b) => compareBy(boxes[a]!.buffer, boxes[b]!.buffer, "firstOp", "offset"));
  const current = props.selected ?? null;
  const step = (order: readonly number[], by: number): number => {
    if (current === null) return order[by > 0 ? 0 : order.length - 1]!;
    const at = order.indexOf(current) + by;
    return order[Math.max(0, Math.min(order.length - 1, at))]!;
  };
  const moves: Readonly<Record<string, () => number | null>> = {
    ArrowUp: () => step(byOffset, 1),
    ArrowDown: () => step(byOffset, -1),
    ArrowRight: () => step(byTime, 1),
    ArrowLeft: () => step(byTime, -1),
    Home: () => byOffset[0]!,
    End: () => byOffset.at(-1)!,
    Escape: () => null,
  };
  const move = moves[event.key];
  if (move === undefined) return;
  event.preventDefault();
  props.onSelect?.(move());
}

type Key = "offset" | "firstOp";

function compareBy(a: PlanBuffer, b: PlanBuffer, first: Key, second: Key): number {
  return a[first] - b[first] || a[second] - b[second];
}
