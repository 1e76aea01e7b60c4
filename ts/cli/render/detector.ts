/** What a profile says of listening for ever, as text. Computes nothing. */
import type { DetectorProfile } from "../../profile/index.js";
import { grouped, percent } from "../text.js";

export function renderDetector(detector: DetectorProfile): string {
  const { mode, windowFrames, hopFrames, arenaBytes, weightsBytes, anHour, hostShare } = detector;
  const form =
    windowFrames === undefined ? mode : `${mode}: ${windowFrames} frames, every ${hopFrames}`;
  return (
    `   always on (${form}): arena with detector ${grouped(arenaBytes)} bytes, ` +
    `blobs ${grouped(weightsBytes)}; ${fits(detector)}\n` +
    (anHour === null
      ? ""
      : `   an hour: ${grouped(anHour.answers)} answers, ${grouped(anHour.macs)} MACs, ${grouped(anHour.exps)} exps (exact)`) +
    (hostShare === null ? "" : `; ${percent(hostShare)} of real time on this host (measured)\n`)
  );
}

function fits({ boards }: DetectorProfile): string {
  const not = boards.filter((board) => !board.fits).map(({ id }) => id);
  if (not.length === 0) return boards.length === 1 ? `fits ${boards[0]!.id}` : "fits every board";
  return not.length === boards.length ? "fits none of them" : `does not fit ${not.join(", ")}`;
}
