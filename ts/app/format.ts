/** Numbers as text, the way the whole page writes them. Knows nothing of what they count. */

const GROUPED = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const MINUS = "\u2212";

export function grouped(value: number): string {
  return GROUPED.format(value).replace("-", MINUS);
}

/** Three significant digits, never in powers of ten. */
export function milliseconds(value: number): string {
  if (!Number.isFinite(value)) return "\u2013";
  if (value >= 100) return grouped(value);
  if (value === 0) return "0";
  if (value < 0.001) return "< 0.001";
  const digits = Math.max(0, 2 - Math.floor(Math.log10(value)));
  return value.toFixed(Math.min(digits, 6));
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** 1.23e-7 */
export function exponential(value: number): string {
  if (!Number.isFinite(value)) return "infinite";
  return value === 0 ? "0" : value.toExponential(2).replace("-", MINUS);
}

export function counted(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;
}

const KILO = 1024;

/** Where people read: "512 bytes", "14.6 KB", "1.71 MB"; KB are 1,024 bytes. Exact bytes stand where they are checked. */
export function kilobytes(bytes: number): string {
  if (bytes < KILO) return counted(bytes, "byte");
  return bytes < KILO ** 2
    ? `${threeDigits(bytes / KILO)} KB`
    : `${threeDigits(bytes / KILO ** 2)} MB`;
}

function threeDigits(value: number): string {
  return value >= 1000 ? grouped(value) : String(Number(value.toPrecision(3)));
}

/** "64 B", "11.2 KiB", "1.71 MiB": for axes only; figures are written in full. */
export function shortBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes}`;
  if (bytes < 1024 ** 2) return `${trimmed(bytes / 1024)} K`;
  return `${trimmed(bytes / 1024 ** 2)} M`;
}

function trimmed(value: number): string {
  return value.toFixed(value < 10 ? 1 : 0).replace(/\.0$/, "");
}
