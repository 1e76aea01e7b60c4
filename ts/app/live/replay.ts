/**
 * A recording as a feed: its elements at the pace at which they were recorded. Knows nothing of what
 * they are.
 */
import type { Feed } from "../../streaming/feed.js";

const BLOCK_MS = 32;

export interface Recording {
  readonly data: Float32Array;
  /** Elements a second. */
  readonly rate: number;
  /** Blocks are multiples of it. */
  readonly unit: number;
}

export function replay(
  { data, rate, unit }: Recording,
  target: MessagePort,
  onEnd: () => void,
): Feed {
  const start = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - start) * rate) / 1000 / unit) * unit;
    const end = Math.min(due, data.length);
    if (end > sent) target.postMessage(data.slice(sent, end));
    sent = end;
    if (sent < data.length) return;
    clearInterval(timer);
    onEnd();
  }, BLOCK_MS);
  return { stop: () => clearInterval(timer) };
}
