/**
 * Where everything of an arena chart goes: bytes upwards, operators to the right. Pure geometry;
 * knows nothing of colours or pages.
 */
import type { Plan, PlanBuffer } from "../../index.js";
import { grouped } from "../format.js";

export interface ArenaBox {
  readonly buffer: PlanBuffer;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** What of the name has room; "" when nothing has. */
  readonly text: string;
}

export interface ArenaLayout {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly column: number;
  readonly boxes: readonly ArenaBox[];
  readonly peakY: number;
  readonly minimumY: number;
  readonly ticks: readonly { readonly bytes: number; readonly y: number }[];
  /** Bytes alive at each operator, and the bar that shows them. */
  readonly alive: readonly {
    readonly bytes: number;
    readonly x: number;
    readonly height: number;
  }[];
}

export interface ArenaSize {
  readonly width: number;
  readonly height: number;
  readonly isCompact: boolean;
  /** Room for the operators' names below the columns. */
  readonly nameHeight: number;
}

const LEAST_HEIGHT = 1.5;
const CHARACTER_WIDTH = 6.7;
const TEXT_HEIGHT = 13;
const PADDING = 5;
export const ALIVE_HEIGHT = 34;
const TICKS = 4;
/** Free room above the peak, for its label. */
const HEADROOM = 1.06;

export function layOutArena(plan: Plan, operators: number, size: ArenaSize): ArenaLayout {
  const { width, height, isCompact, nameHeight } = size;
  const left = isCompact ? 4 : 52;
  const right = width - (isCompact ? 4 : 10);
  const top = isCompact ? 6 : 22;
  const bottom = height - (isCompact ? 6 : nameHeight + ALIVE_HEIGHT + 10);
  const column = (right - left) / operators;
  const full = plan.arenaBytes * HEADROOM;
  const y = (bytes: number) => bottom - ((bottom - top) * bytes) / full;
  const alive = aliveBytes(plan, operators);
  const most = Math.max(...alive);
  return {
    left,
    right,
    top,
    bottom,
    column,
    boxes: plan.buffers.map((buffer) => {
      const x = left + column * buffer.firstOp;
      const boxWidth = column * (buffer.lastOp - buffer.firstOp + 1);
      const boxHeight = Math.max(LEAST_HEIGHT, y(buffer.offset) - y(buffer.offset + buffer.bytes));
      const boxY = y(buffer.offset + buffer.bytes);
      const text = isCompact ? "" : fitText(buffer.name, boxWidth, boxHeight);
      return { buffer, x, y: boxY, width: boxWidth, height: boxHeight, text };
    }),
    peakY: y(plan.arenaBytes),
    minimumY: y(plan.minimumBytes),
    ticks: tickValues(plan.arenaBytes).map((bytes) => ({ bytes, y: y(bytes) })),
    alive: alive.map((bytes, i) => ({
      bytes,
      x: left + column * i,
      height: most === 0 ? 0 : ((ALIVE_HEIGHT - 6) * bytes) / most,
    })),
  };
}

const MARK_CHARACTER_WIDTH = 7.6;
const MARK_GAP = 18;

/** What the lines of the peak and of the theoretical minimum are called: both stand in one row. */
export function markTexts(
  { arenaBytes, minimumBytes }: Pick<Plan, "arenaBytes" | "minimumBytes">,
  width: number,
): { readonly peak: string; readonly minimum: string } {
  const peak = `peak ${grouped(arenaBytes)}`;
  const names = [`minimum ${grouped(minimumBytes)}, dashed`, `min ${grouped(minimumBytes)}`];
  const hasRoom = (text: string) =>
    (text.length + peak.length) * MARK_CHARACTER_WIDTH + MARK_GAP <= width;
  return { peak, minimum: names.find(hasRoom) ?? "" };
}

export function aliveBytes({ buffers }: Plan, operators: number): number[] {
  return Array.from({ length: operators }, (_, op) =>
    buffers
      .filter(({ firstOp, lastOp }) => firstOp <= op && op <= lastOp)
      .reduce((sum, { bytes }) => sum + bytes, 0),
  );
}

/** The whole name, its ends ("layers.2\u2026scan_state"), what comes after its last dot, or nothing. */
function fitText(name: string, width: number, height: number): string {
  if (height < TEXT_HEIGHT) return "";
  const room = (width - 2 * PADDING) / CHARACTER_WIDTH;
  const short = name.slice(name.lastIndexOf(".") + 1);
  const [first, second] = name.split(".");
  return (
    [name, `${first}.${second}\u2026${short}`, short].find((text) => text.length <= room) ?? ""
  );
}

/** Round numbers of bytes from 0 to the arena's size. */
function tickValues(bytes: number): number[] {
  const rough = bytes / TICKS;
  const unit = 2 ** Math.floor(Math.log2(Math.max(1, rough)));
  const step = rough / unit > Math.SQRT2 ? 2 * unit : unit;
  return Array.from({ length: Math.floor(bytes / step) + 1 }, (_, i) => i * step);
}
