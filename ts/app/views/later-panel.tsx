/** A panel whose contents are loaded when a person opens it. Knows nothing of what they are. */
import type { ReadonlySignal, Signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { Panel } from "./parts.js";

export interface LaterPanelProps {
  readonly id: string;
  readonly title: string;
  readonly note: string;
  /** Of the button that opens it. */
  readonly call: string;
  readonly isOpen: Signal<boolean>;
  /** Of `onDemand`. */
  readonly view: ReadonlySignal<ComponentType | null>;
}

export function LaterPanel({ id, title, note, call, isOpen, view }: LaterPanelProps) {
  const View = isOpen.value ? view.value : null;
  return (
    <Panel id={id} title={title} note={note} class={`panel-${id}`}>
      {View !== null && <View />}
      {View === null && (
        <button
          type="button"
          disabled={isOpen.value}
          onClick={() => {
            isOpen.value = true;
          }}
        >
          {call}
        </button>
      )}
    </Panel>
  );
}
