/** Numbers as text, the same everywhere in a report. */

/** Milliseconds with four significant digits, never in exponential form. */
export function ms(value: number): string {
  return significant(value, 4);
}

/** 11.4 -> "11.4x". */
export function times(value: number | undefined): string {
  return value === undefined ? "" : `${value.toFixed(value < 10 ? 2 : 1)}x`;
}

/** 12345 -> "12,345". */
export function whole(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

export function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

export function significant(value: number, digits: number): string {
  if (value === 0) return "0";
  const decimals = digits - 1 - Math.floor(Math.log10(Math.abs(value)));
  return value.toFixed(Math.min(Math.max(decimals, 0), 12));
}
