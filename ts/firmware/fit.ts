/**
 * Whether a board can hold a model, and where the arena goes. Knows nothing of files.
 */
import type { Plan } from "../core/plan.js";
import { type Board, type BoardVerdict, judge } from "../device/index.js";
import { DoesNotFit } from "./errors.js";

/** The region of `board` for the arena. @throws DoesNotFit, with the numbers */
export function arenaRegion(board: Board, plan: Plan, blobBytes: number): string {
  const verdict = judge(board, {
    arenaBytes: plan.arenaBytes,
    callerBytes: plan.inputBytes + plan.outputBytes,
    weightsBytes: blobBytes,
  });
  const { region } = verdict.ram;
  if (!verdict.fits || region === null) throw new DoesNotFit(board.id, reasonOf(verdict));
  return region;
}

function reasonOf({ ram, flash }: BoardVerdict): string {
  const reasons: string[] = [];
  if (!ram.fits) {
    const [roomiest] = [...ram.regions].sort((a, b) => b.usableBytes - a.usableBytes);
    reasons.push(
      `RAM: ${ram.neededBytes} bytes needed (arena ${ram.arenaBytes}, input and output ` +
        `${ram.callerBytes}, stack ${ram.stackBytes}), ${roomiest?.usableBytes ?? 0} usable in ` +
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
  return reasons.join("; ");
}
