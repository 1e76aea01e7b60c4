/** Values of options: what the user typed into what the code uses. Knows no commands. */

import { BOARD_TIMINGS } from "../board/boards.js";
import { THINGS, type Thing } from "../board/memory/memories.js";
import { BadArgument } from "../core/errors.js";
import type { RunSettings } from "../core/settings.js";
import { BOARDS, type Board } from "../device/boards.js";
import { LAYOUTS, type Target } from "../firmware/targets.js";
import type { DetectorMode } from "../open/listening.js";

export const SIMD_CHOICES = ["auto", "on", "off"] as const;
export type SimdChoice = (typeof SIMD_CHOICES)[number];

export const DETECT_MODES: readonly DetectorMode[] = ["running", "exact"];

const MAX_COUNT = 2 ** 32 - 1;
const WHOLE = /^[0-9]+$/;
export const DECIMAL = /^([0-9]+(\.[0-9]*)?|\.[0-9]+)(e[-+]?[0-9]+)?$/i;

/** A parser for commander of counts from 1 to `most`. */
export function count(option: string, most = MAX_COUNT): (text: string) => number {
  return (text) => {
    const value = parseNumber(WHOLE, text);
    if (!(value >= 1 && value <= most)) {
      throw new BadArgument(option, `a whole number from 1 to ${most}`, quoted(text));
    }
    return value;
  };
}

/** A parser for commander of numbers that are not negative. */
export function amount(option: string): (text: string) => number {
  return (text) => {
    const value = parseNumber(DECIMAL, text);
    if (!Number.isFinite(value)) {
      throw new BadArgument(option, "a finite decimal number, 0 or greater", quoted(text));
    }
    return value;
  };
}

/** NaN for what is not written so: no signs, hexadecimal digits, blanks or words. */
export function parseNumber(notation: RegExp, text: string): number {
  return notation.test(text) ? Number(text) : Number.NaN;
}

/** A parser for commander of one of `choices`. */
export function choice<T extends string>(option: string, choices: readonly T[]) {
  return (text: string): T => {
    const found = choices.find((candidate) => candidate === text);
    if (found === undefined) {
      throw new BadArgument(option, `one of ${choices.join(", ")}`, quoted(text));
    }
    return found;
  };
}

/** A parser for commander of board ids: may be given several times, or separated by commas. */
export function boards(text: string, previous: readonly Board[] = []): readonly Board[] {
  const added = text.split(",").map((id) => {
    const board = BOARDS.find((candidate) => candidate.id === id.trim());
    if (board === undefined) {
      throw new BadArgument("--board", `one of ${BOARDS.map((b) => b.id).join(", ")}`, quoted(id));
    }
    return board;
  });
  return [...new Set([...previous, ...added])];
}

/** A parser for commander of one board id, of the catalogue or of those that only times are known of. */
export function timedBoards(text: string): string {
  const ids = [...new Set([...BOARDS, ...BOARD_TIMINGS].map(({ id }) => id))];
  return choice("--board", ids)(text.trim());
}

/** A parser for commander of "weights=dtcm,arena=dtcm"; may be given several times. */
export function placement(
  text: string,
  previous: Readonly<Partial<Record<Thing, string>>> = {},
): Readonly<Partial<Record<Thing, string>>> {
  const added = text.split(",").map((part) => {
    const [thing = "", memory = "", ...more] = part.trim().split("=");
    if (!THINGS.includes(thing as Thing) || memory === "" || more.length > 0) {
      throw new BadArgument("--place", `${THINGS.join(", ")}, each "=" a memory`, quoted(part));
    }
    return [thing, memory] as const;
  });
  return { ...previous, ...Object.fromEntries(added) };
}

/** The board of a target's project that --board names; undefined: the usual one. */
export function boardOf(
  target: Target,
  chosen: readonly Board[] = [],
  given?: string,
): Board | undefined {
  const possible = LAYOUTS[target].boards;
  const [board, ...more] = chosen;
  if (board === undefined && given === undefined) return undefined;
  if (board === undefined || more.length > 0 || !possible.includes(board.id)) {
    const expected =
      possible.length === 0 ? `none with --target ${target}` : `one of ${possible.join(", ")}`;
    throw new BadArgument("--board", expected, given ?? chosen.map(({ id }) => id).join(", "));
  }
  return board;
}

/** A parser for commander of a file that may be given several times. */
export function files(path: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, path];
}

/**
 * For commands whose options belong to one of several types: those of another type are not ignored.
 * @throws BadArgument when one of `names` was given
 */
export function refuseGiven(
  options: object,
  names: readonly string[],
  wanted: string,
  got: string,
) {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const name = given.map(([key]) => key).find((key) => names.includes(key));
  if (name === undefined) return;
  const written = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new BadArgument(`--${written}`, `${wanted} with it`, got);
}

/** Refuses combinations of options before any file is read. @throws BadArgument */
export function checkExecution({ schedule = "stream", tile }: RunSettings): void {
  if (schedule === "stream" || tile === undefined) return;
  throw new BadArgument("--tile", "--schedule stream with it", `--schedule ${schedule}`);
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
