/** Small pieces of text: numbers and lines for a terminal. Knows no commands. */
export { oneLine } from "../plain-text.js";

/** 12345 -> "12,345". */
export function grouped(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 0 });
}

/** A thousandth of a nanosecond: less is not measured. */
const MAX_DECIMALS = 9;

/** Milliseconds with three significant digits, never in exponential form. */
export function milliseconds(value: number): string {
  if (value >= 1000) return grouped(value);
  if (value === 0) return "0";
  const decimals = Math.max(0, Math.min(MAX_DECIMALS, 2 - Math.floor(Math.log10(value))));
  return value.toFixed(decimals);
}

/** 0.0000123 -> "1.23e-5". */
export function exponential(value: number): string {
  return Number.isFinite(value) ? value.toExponential(2) : "infinite";
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** "1 frame", "2 frames". */
export function counted(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** A line about values of integers that did not fit; none where all did. */
export function cutOffLine(saturations: number): string {
  if (saturations === 0) return "";
  const values = saturations === 1 ? "1 value was" : `${grouped(saturations)} values were`;
  return `${values} cut off: inputs are outside of what the model was calibrated for\n`;
}
