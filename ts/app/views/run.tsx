/** Running an input: which one. What comes of it is loaded with the first run. */
import { computed } from "@preact/signals";
import { axesText } from "../../graph/shapes.js";
import { run, runFile, runInput, runProblem } from "../state/running.js";
import { choice, model, offered } from "../state/simulator.js";
import { onDemand } from "./on-demand.js";
import { FileButton, Message, Panel } from "./parts.js";

const view = onDemand(
  computed(() => run.value !== null),
  ({ RunResults }) => RunResults,
);

export function RunPanel() {
  const examples = offered.value?.examples ?? [];
  const Results = view.value;
  const kind = model.value?.info.inputKind ?? "frames";
  return (
    <Panel
      id="run"
      title="Run it"
      note="the same bits as on the board, whatever the schedule"
      class="panel-run"
    >
      <p class="buttons">
        <FileButton
          label={kind === "samples" ? "Choose a .wav, .flac or .npy" : "Choose a .npy"}
          name="input"
          accept={kind === "samples" ? ".wav,.flac,.npy" : ".npy"}
          onFiles={([file]) => {
            if (file !== undefined) void runFile(file);
          }}
        />
        {examples.map(({ name, url }) => (
          <button key={name} type="button" onClick={() => void runInput(name, url.href)}>
            example: {name}
          </button>
        ))}
        <button type="button" onClick={() => void runInput("generated input", null)}>
          generated: {choice.value.frames} frames
        </button>
      </p>
      <ModuleInput />
      <Message text={runProblem.value} tone="problem" />
      {Results !== null && <Results />}
    </Panel>
  );
}

/** An exported model takes what its module took. */
function ModuleInput() {
  const opened = model.value;
  if (opened?.shapes === undefined) return null;
  const { axes } = opened.shapes.input;
  const takes = axesText(axes, opened.info.inputWidth);
  return (
    <p class="fine">
      As the module itself: inputs are {takes} ({axes.join(", ")}), with or without the batch.
    </p>
  );
}
