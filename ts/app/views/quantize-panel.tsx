/** Quantisation's place on the page. Its controls and its report are loaded when a person opens it. */
import { isOpen } from "../state/quantizing.js";
import { model } from "../state/simulator.js";
import { LaterPanel } from "./later-panel.js";
import { onDemand } from "./on-demand.js";

const view = onDemand(isOpen, ({ QuantizeView }) => QuantizeView);

export function QuantizePanel() {
  return (
    <LaterPanel
      id="quantize"
      title="Quantise"
      note="smaller number types, without training again: how far the results are off, and what it saves"
      call={`Quantise ${model.value?.name}…`}
      {...{ isOpen, view }}
    />
  );
}
