/** The comparison with a reference: its files. What it found is loaded when there is something. */
import { computed } from "@preact/signals";
import { compareFiles, comparison, comparisonProblem, namedFiles } from "../state/comparison.js";
import { onDemand } from "./on-demand.js";
import { FileButton, Message, Panel } from "./parts.js";

const view = onDemand(
  computed(() => comparison.value !== null),
  ({ CompareReport }) => CompareReport,
);

export function ComparePanel() {
  const Report = view.value;
  return (
    <Panel
      id="compare"
      title="Compare with PyTorch"
      note="an input and the outputs a reference has for it, all .npy; a golden folder may have a trace too"
      class="panel-compare"
    >
      <p class="buttons">
        <FileButton
          label="Choose input and logits"
          name="golden"
          accept=".npy,.npz,.wav,.flac"
          multiple
          onFiles={(files) => void compareFiles(namedFiles(files))}
        />
        <FileButton
          label="Choose a golden folder"
          name="golden-folder"
          folder
          onFiles={(files) => void compareFiles(namedFiles(files))}
        />
      </p>
      <Message text={comparisonProblem.value} tone="problem" />
      {Report !== null && <Report />}
    </Panel>
  );
}
