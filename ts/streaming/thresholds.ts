/** From which probability on a label fires. */
import { BadArgument } from "../core/errors.js";

const THRESHOLD = 0.7;
/** Above every average. */
const NEVER = 2;

/** Names for what is none of the classes: `_silence_`, `_unknown_`. */
export function isSilent(label: string): boolean {
  return /^_.*_$/.test(label);
}

/** One a label. @throws BadArgument for a label that there is not, or no number above 0 */
export function defaultThresholds(
  labels: readonly string[],
  given: number | Readonly<Record<string, number>> = {},
): number[] {
  const own = typeof given === "number" ? {} : given;
  const all = typeof given === "number" ? given : THRESHOLD;
  const unknown = Object.keys(own).find((label) => !labels.includes(label));
  if (unknown !== undefined) {
    throw new BadArgument("thresholds", `labels of the model (${labels.join(", ")})`, unknown);
  }
  const ownOf = (label: string) => (Object.hasOwn(own, label) ? own[label] : undefined);
  return labels.map((label) => ownOf(label) ?? (isSilent(label) ? NEVER : all));
}
