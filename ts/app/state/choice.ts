/**
 * What the user has chosen to look at, kept in the address of the page so that a view can be shared:
 * bundled model, folding, boards, schedule, tile, frames, budget. Knows nothing of models' contents.
 */
import { effect, signal } from "@preact/signals";
import { SCHEDULES, type Schedule } from "../../core/plan.js";
import { BOARDS } from "../../device/index.js";

export const MAX_TILE = 4096;
export const MAX_FRAMES = 100_000;
export const MAX_BUDGET = 9_999_999;
const DEFAULT_BOARDS = ["esp32s3", "stm32h743"];

const given = new URLSearchParams(location.search);

export const schedule = signal<Schedule>(
  SCHEDULES.find((name) => name === given.get("schedule")) ?? "stream",
);
export const tile = signal(whole(given.get("tile"), 1, MAX_TILE) ?? 1);
/** Most bytes of arena; 0: no limit. With one, the tile is the largest that fits. */
export const budget = signal(whole(given.get("budget"), 1, MAX_BUDGET) ?? 0);
/** Whether linear layers of a checkpoint are folded. */
export const fold = signal(given.get("fold") === "1");
/** Whether this host is measured for a moment only, as by `profile --quick`: said in the address alone. */
export const isQuick = given.get("quick") === "1";
/** 0: whatever is usual for the model. */
export const frames = signal(whole(given.get("frames"), 1, MAX_FRAMES) ?? 0);
export const boards = signal<readonly string[]>(readBoards(given.get("board")));
/** Of a bundled model; files have no name that another machine could open. */
export const bundledName = signal<string | null>(given.get("model"));

function readBoards(text: string | null): readonly string[] {
  const ids = (text ?? "").split(",").filter((id) => BOARDS.some((board) => board.id === id));
  return ids.length > 0 ? [...new Set(ids)] : DEFAULT_BOARDS;
}

/** A whole number in the range, else undefined. */
export function whole(text: string | null, least: number, most: number): number | undefined {
  if (text === null || !/^[0-9]{1,7}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= least && value <= most ? value : undefined;
}

/** Keeps the address up to date from now on. */
export function followChoice(): void {
  effect(() => {
    const query = new URLSearchParams();
    if (bundledName.value !== null) query.set("model", bundledName.value);
    query.set("board", boards.value.join(","));
    query.set("schedule", schedule.value);
    if (schedule.value === "stream") query.set("tile", String(tile.value));
    if (frames.value > 0) query.set("frames", String(frames.value));
    if (budget.value > 0) query.set("budget", String(budget.value));
    if (fold.value) query.set("fold", "1");
    if (isQuick) query.set("quick", "1");
    history.replaceState(null, "", `?${query.toString().replaceAll("%2C", ",")}${location.hash}`);
  });
}
