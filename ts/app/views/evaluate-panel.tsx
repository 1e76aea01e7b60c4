/** Evaluation's place on the page. Its controls and its tables are loaded when a person opens it. */
import { isOpen } from "../state/evaluating.js";
import { model } from "../state/simulator.js";
import { LaterPanel } from "./later-panel.js";
import { onDemand } from "./on-demand.js";

const view = onDemand(isOpen, ({ EvaluateView }) => EvaluateView);

export function EvaluatePanel() {
  return (
    <LaterPanel
      id="evaluate"
      title="Evaluate"
      note="over inputs whose classes are known: how many are right, and what is taken for what"
      call={`Evaluate ${model.value?.name}…`}
      {...{ isOpen, view }}
    />
  );
}
