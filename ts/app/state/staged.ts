/**
 * Gives parts of the page their figures one frame after another, so that no task is long enough to be
 * felt. Knows nothing of figures or parts.
 */
import { effect, type ReadonlySignal, signal } from "@preact/signals";

/** Follows `source`, `turns` frames later. Nothing is waited for when it becomes null. */
export function staged<T>(
  source: ReadonlySignal<T | null>,
  turns: number,
): ReadonlySignal<T | null> {
  const copy = signal(source.peek());
  let asked = 0;
  effect(() => {
    const value = source.value;
    const request = ++asked;
    if (value === null) {
      copy.value = null;
      return;
    }
    void afterFrames(turns).then(() => {
      if (request === asked) copy.value = value;
    });
  });
  return copy;
}

/** A page that is not seen has no frames. */
const LONGEST_FRAME_MS = 80;

/** Resolves when that many frames are drawn. */
export async function afterFrames(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await nextFrame();
}

/** Resolves in a task after the next frame is drawn. */
function nextFrame(): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, LONGEST_FRAME_MS);
    requestAnimationFrame(() => {
      clearTimeout(timer);
      setTimeout(resolve);
    });
  });
}
