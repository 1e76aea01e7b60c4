/** The width of an element in pixels, kept up to date, so that charts draw text at its own size. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";

export function useWidth<T extends Element>(initial: number) {
  const element = useRef<T>(null);
  const [width, setWidth] = useState(initial);
  useLayoutEffect(() => {
    const target = element.current;
    if (target === null) return;
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined) setWidth(Math.max(1, Math.floor(entry.contentRect.width)));
    });
    observer.observe(target);
    return () => observer.disconnect();
  }, []);
  return { element, width };
}
