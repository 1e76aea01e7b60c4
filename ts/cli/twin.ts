/**
 * Which form of a bundled model firmware gets: its twin in integers where the board has no FPU. Knows nothing
 * of what firmware is made of.
 */
import { BOARDS, type Board, hasFpu } from "../device/index.js";
import { LAYOUTS, type Target } from "../firmware/targets.js";
import { twinOf } from "./bundled.js";

export interface TwinChoice {
  /** Where no board is said: its usual one. */
  readonly target?: Target;
  readonly board?: Board | undefined;
  /** The user wants the model that was named. */
  readonly float?: boolean;
  /** Of the checkpoint, which is in floats. */
  readonly fold?: boolean;
  /** Builds that the user chose. */
  readonly variant?: readonly string[];
}

export interface ChosenModel {
  readonly model: string;
  /** One line for the user; empty where it is the model that was named. */
  readonly note: string;
}

/**
 * For a detector, which firmware has in floats only.
 * @returns one line for the user where a twin would have been used; else empty
 */
export function floatsNote(name: string, choice: TwinChoice): string {
  const { model: twin } = modelFor(name, choice);
  return twin === name ? "" : `${name} is used, in floats: ${twin} has no detector\n`;
}

/** The build of a core without an FPU, of targets that have both. */
const SOFT = "soft";

export function modelFor(name: string, choice: TwinChoice): ChosenModel {
  const { target, float = false, fold = false, variant } = choice;
  const twin = twinOf(name);
  const board = choice.board ?? (target && usualBoard(target));
  const isSoft = board !== undefined && !hasFpu(board) && (variant?.includes(SOFT) ?? true);
  if (twin === undefined || !isSoft || float || fold) return { model: name, note: "" };
  return {
    model: twin,
    note: `${twin} is used: ${board.id} has no FPU; --float takes ${name}\n`,
  };
}

function usualBoard(target: Target): Board | undefined {
  return BOARDS.find(({ id }) => id === LAYOUTS[target].boards[0]);
}
