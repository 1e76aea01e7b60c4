/** Views whose code is loaded when a person asks for them. Knows nothing of what they show. */
import { effect, type ReadonlySignal, signal } from "@preact/signals";
import type { ComponentType } from "preact";

type LaterViews = typeof import("./later-views.js");

/** The view once it is wanted and there; null until then. */
export function onDemand(
  isWanted: ReadonlySignal<boolean>,
  pick: (views: LaterViews) => ComponentType,
): ReadonlySignal<ComponentType | null> {
  const view = signal<ComponentType | null>(null);
  effect(() => {
    if (!isWanted.value || view.peek() !== null) return;
    void import("./later-views.js").then((views) => {
      view.value = pick(views);
    });
  });
  return view;
}
