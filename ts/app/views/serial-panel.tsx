/** The board's answer, and its place on the page. What talks to it is loaded when a person wants to. */
import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { Panel } from "./parts.js";

const view = signal<ComponentType | null>(null);
const isWanted = signal(false);

async function open(): Promise<void> {
  isWanted.value = true;
  const { SerialView } = await import("./serial-view.js");
  view.value = SerialView;
}

export function SerialPanel() {
  const View = view.value;
  return (
    <Panel
      id="serial"
      title="The board's answer"
      note="what it measures beside the estimate, over its serial line; nothing leaves your machine"
      class="panel-serial"
    >
      {View !== null && <View />}
      {View === null && (
        <button type="button" disabled={isWanted.value} onClick={() => void open()}>
          Talk to a board…
        </button>
      )}
    </Panel>
  );
}
