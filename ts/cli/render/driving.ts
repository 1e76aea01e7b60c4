/** How a detector is driven, as text: what was asked for and what was taken unasked. Computes nothing. */
import type { Detector, WindowForm } from "../../streaming/index.js";
import { oneLine } from "../text.js";

/** @param windows undefined where they are inside of the model */
export function renderDriving(
  mode: string,
  windows: WindowForm | undefined,
  { labels, setup: { smooth, holdOff, thresholds } }: Pick<Detector, "labels" | "setup">,
): string {
  const form =
    windows === undefined
      ? "in its own windows"
      : `over ${windows.windowFrames} frames, an answer every ${windows.hopFrames}`;
  return (
    `${mode} ${form}; averages of ${smooth}, held off for ${holdOff}; ` +
    `thresholds ${thresholdsOf(labels, thresholds)}\n`
  );
}

/** One number where all that fire have the same. */
function thresholdsOf(labels: readonly string[], thresholds: readonly number[]): string {
  const named = labels.map((label, i) => ({ label: oneLine(label), least: thresholds[i]! }));
  const firing = named.filter(({ least }) => least <= 1);
  const never = named.filter(({ least }) => least > 1).map(({ label }) => label);
  const isOne = new Set(firing.map(({ least }) => least)).size === 1;
  return [
    ...(isOne ? [`${firing[0]!.least}`] : firing.map(({ label, least }) => `${label} ${least}`)),
    ...(never.length > 0 ? [`never ${never.join(" and ")}`] : []),
  ].join(", ");
}
