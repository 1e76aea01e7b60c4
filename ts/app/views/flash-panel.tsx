/** The way onto a board, and its place on the page. Its controls are loaded when a person opens them. */
import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { model } from "../state/simulator.js";
import { Panel } from "./parts.js";

const view = signal<ComponentType | null>(null);
const isWanted = signal(false);

async function open(): Promise<void> {
  isWanted.value = true;
  const { FlashView } = await import("./flash-view.js");
  view.value = FlashView;
}

export function FlashPanel() {
  const View = view.value;
  return (
    <Panel
      id="flash"
      title="Put it on a board"
      note="one file with firmware and model, without a compiler; the firmware has not run on silicon yet"
      class="panel-flash"
    >
      {View !== null && <View />}
      {View === null && (
        <button type="button" disabled={isWanted.value} onClick={() => void open()}>
          Put {model.value?.name} on a board…
        </button>
      )}
    </Panel>
  );
}
