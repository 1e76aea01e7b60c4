/** A progress bar for a person: on standard error, and only where that is a terminal. */
import { Presets, SingleBar } from "cli-progress";

/** Fewer steps than this are over before a bar would be of use. */
const MANY = 16;

/** Calls `each` for every item in order, with a bar if there are many. */
export function mapWithProgress<T, R>(
  items: readonly T[],
  noun: string,
  each: (item: T, index: number) => R,
): R[] {
  const bar = items.length >= MANY && process.stderr.isTTY ? newBar(noun) : undefined;
  bar?.start(items.length, 0);
  try {
    return items.map((item, index) => {
      const result = each(item, index);
      bar?.update(index + 1);
      return result;
    });
  } finally {
    bar?.stop();
  }
}

function newBar(noun: string): SingleBar {
  return new SingleBar(
    {
      format: `{bar} {value} of {total} ${noun}, {eta_formatted} left`,
      stream: process.stderr,
      clearOnComplete: true,
      hideCursor: true,
    },
    Presets.shades_classic,
  );
}
