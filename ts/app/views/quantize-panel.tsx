/** Quantisation's place on the page. Its controls and its report are loaded when a person opens it. */
import { isOpen } from "../state/quantizing.js";
import { model } from "../state/simulator.js";
import { onDemand } from "./on-demand.js";
import { Panel } from "./parts.js";

const view = onDemand(isOpen, ({ QuantizeView }) => QuantizeView);

export function QuantizePanel() {
  const View = isOpen.value ? view.value : null;
  return (
    <Panel
      id="quantize"
      title="Quantise"
      note="smaller number types, without training again: how far the results are off, and what it saves"
      class="panel-quantize"
    >
      {View !== null && <View />}
      {View === null && (
        <button
          type="button"
          disabled={isOpen.value}
          onClick={() => {
            isOpen.value = true;
          }}
        >
          Quantise {model.value?.name}…
        </button>
      )}
    </Panel>
  );
}
