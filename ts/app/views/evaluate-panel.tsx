/** Evaluation's place on the page. Its controls and its tables are loaded when a person opens it. */
import { isOpen } from "../state/evaluating.js";
import { model } from "../state/simulator.js";
import { onDemand } from "./on-demand.js";
import { Panel } from "./parts.js";

const view = onDemand(isOpen, ({ EvaluateView }) => EvaluateView);

export function EvaluatePanel() {
  const View = isOpen.value ? view.value : null;
  return (
    <Panel
      id="evaluate"
      title="Evaluate"
      note="over inputs whose classes are known: how many are right, and what is taken for what"
      class="panel-evaluate"
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
          Evaluate {model.value?.name}…
        </button>
      )}
    </Panel>
  );
}
