/** The board's answer, and its place on the page. What talks to it is loaded when a person wants to. */
import { signal } from "@preact/signals";
import { LaterPanel } from "./later-panel.js";
import { onDemand } from "./on-demand.js";

const isOpen = signal(false);
const view = onDemand(isOpen, ({ SerialView }) => SerialView);

export function SerialPanel() {
  return (
    <LaterPanel
      id="serial"
      title="The board's answer"
      note="what it measures beside the estimate, over its serial line; nothing leaves your machine"
      call="Talk to a board…"
      {...{ isOpen, view }}
    />
  );
}
