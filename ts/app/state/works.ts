/**
 * What is under way in the worker, in the order in which it was asked for: the worker takes one thing after another, so
 * the first is done now and the others wait. What ends takes only itself away. Knows nothing of the worker.
 */
import { computed, signal } from "@preact/signals";
import type { Progress } from "../worker/protocol.js";

interface Work {
  /** Of the call, "quantize". */
  readonly name: string;
  readonly progress: Progress;
}

const works = signal<readonly Work[]>([]);

/** What is done now; null when nothing is. */
export const busy = computed<Progress | null>(() => works.value[0]?.progress ?? null);

/** How many wait for it. */
export const waiting = computed(() => Math.max(0, works.value.length - 1));

/** Shows that a call is under way until it has ended, well or not. */
export async function underWay<Output>(
  name: string,
  what: string,
  call: (report: (progress: Progress) => void) => Promise<Output>,
): Promise<Output> {
  let work: Work = { name, progress: { what } };
  works.value = [...works.peek(), work];
  const change = (next: readonly Work[]) => {
    works.value = works.peek().flatMap((one) => (one === work ? next : [one]));
  };
  try {
    return await call((progress) => {
      const reported = { name, progress };
      change([reported]);
      work = reported;
    });
  } finally {
    change([]);
  }
}

/** Of the first call of that name that has not ended. */
export function progressOf(name: string): Progress | undefined {
  return works.value.find((work) => work.name === name)?.progress;
}
