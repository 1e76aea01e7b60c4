/**
 * The width of an element in pixels, kept up to date, so that charts draw text at its own size. What
 * a chart of the same kind had last is the first guess.
 */
import { useLayoutEffect, useRef, useState } from "preact/hooks";

const lastWidths = new Map<string, number>();
const FIRST_GUESS = 640;

export function useWidth<T extends Element>(kind: string) {
  const element = useRef<T>(null);
  const [width, setWidth] = useState(lastWidths.get(kind) ?? FIRST_GUESS);
  useLayoutEffect(() => {
    const target = element.current;
    if (target === null) return;
    const observer = new ResizeObserver(([entry]) => {
      if (entry === undefined) return;
      const next = Math.max(1, Math.floor(entry.contentRect.width));
      lastWidths.set(kind, next);
      setWidth(next);
    });
    observer.observe(target);
    return () => observer.disconnect();
  }, [kind]);
  return { element, width };
}
