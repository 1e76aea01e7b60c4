/**
 * Whether a board can hold a model, and where the arena goes. Knows nothing of files.
 */
import type { Plan } from "../core/plan.js";
import {
  type Board,
  type BoardVerdict,
  judgePlaced,
  needsOf,
  type WeightsChoice,
} from "../device/index.js";
import { DoesNotFit } from "./errors.js";

/** Where things lie on a board: ids of its regions, "flash" for weights that stay there. */
export interface Places {
  readonly region: string;
  readonly weights: string;
}

/** The region of `board` for the arena, and the place of the weights. @throws DoesNotFit, with the numbers */
export function placesOn(
  board: Board,
  plan: Plan,
  blobBytes: number,
  choice?: WeightsChoice,
): Places {
  const verdict = judgePlaced(board, needsOf(plan, blobBytes), choice);
  const { region } = verdict.ram;
  if (!verdict.fits || region === null) throw new DoesNotFit(board.id, reasonOf(verdict));
  return { region, weights: verdict.weights.place };
}

function reasonOf({ ram, flash, weights }: BoardVerdict): string {
  const reasons: string[] = [];
  if (!ram.fits) {
    const [roomiest] = [...ram.regions].sort((a, b) => b.usableBytes - a.usableBytes);
    reasons.push(
      `RAM: ${ram.neededBytes} bytes needed (arena ${ram.arenaBytes}, input and output ` +
        `${ram.callerBytes}, stack ${ram.stackBytes}${copyIn(weights, ram)}), ${roomiest?.usableBytes ?? 0} usable in ` +
        `${roomiest?.name ?? "no region"}, ${-ram.headroomBytes} missing`,
    );
  }
  if (!flash.fits) {
    reasons.push(
      `flash: ${flash.neededBytes} bytes needed (model ${flash.weightsBytes}, ` +
        `${flash.reservedFor} ${flash.reservedBytes}), ${flash.bytes} there, ` +
        `${-flash.headroomBytes} missing`,
    );
  }
  if (!weights.fits) {
    reasons.push(`weights: ${weights.copiedBytes} bytes to copy have no room in ${weights.name}`);
  }
  return reasons.join("; ");
}

/** The copy of the weights, where it takes room from the arena. */
function copyIn({ copiedBytes }: BoardVerdict["weights"], ram: BoardVerdict["ram"]): string {
  const others = ram.arenaBytes + ram.callerBytes + ram.stackBytes;
  return copiedBytes > 0 && ram.neededBytes > others ? `, weights ${copiedBytes}` : "";
}
