/** The way onto a board, and its place on the page. Its controls are loaded when a person opens them. */
import { signal } from "@preact/signals";
import { model } from "../state/simulator.js";
import { LaterPanel } from "./later-panel.js";
import { onDemand } from "./on-demand.js";

const isOpen = signal(false);
const view = onDemand(isOpen, ({ FlashView }) => FlashView);

export function FlashPanel() {
  return (
    <LaterPanel
      id="flash"
      title="Put it on a board"
      note="one file with firmware and model, without a compiler; the firmware has not run on silicon yet"
      call={`Put ${model.value?.name} on a board…`}
      {...{ isOpen, view }}
    />
  );
}
