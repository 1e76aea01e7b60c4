/** Quantisation: number type and examples, then the report that `mambalite quantize` prints. */
import { useEffect, useRef } from "preact/hooks";
import { counted } from "../format.js";
import { namedFiles } from "../state/comparison.js";
import {
  bundledExamples,
  canQuantize,
  chooseExamples,
  exampleFiles,
  floatText,
  isQuantizing,
  quantized,
  quantizeModel,
  quantizeProblem,
  stateBits,
  takesBundled,
  type,
} from "../state/quantizing.js";
import { model } from "../state/simulator.js";
import type { QuantizeChoice } from "../worker/protocol.js";
import { FileButton, Message } from "./parts.js";
import { QuantizeReportView } from "./quantize-report.js";
import { UnderWay } from "./under-way.js";

export function QuantizeView() {
  const first = useRef<HTMLDivElement>(null);
  // The button that loaded this has gone, and the focus with it.
  useEffect(() => first.current?.focus(), []);
  if (model.value?.hasCheckpoint !== true) {
    return (
      <p ref={first} tabIndex={-1}>
        A .mlm has its number type already: open the checkpoint that it was made from.
      </p>
    );
  }
  return (
    <div class="quantize" ref={first} tabIndex={-1}>
      <div class="quantize-choices">
        <TypeChoice />
        <ExampleChoice />
        {type.value === "int" && <IntegerChoice />}
      </div>
      <p class="buttons">
        <button
          type="button"
          class="primary"
          disabled={!canQuantize.value || isQuantizing.value}
          onClick={() => void quantizeModel()}
        >
          Make {type.value}
        </button>
        {!canQuantize.value && (
          <span class="fine">integers need examples to be calibrated with</span>
        )}
      </p>
      {isQuantizing.value && <UnderWay call="quantize" label="quantising" />}
      <Message text={quantizeProblem.value} tone="problem" />
      {quantized.value !== null && <QuantizeReportView answer={quantized.value} />}
    </div>
  );
}

const TYPES: Readonly<Record<QuantizeChoice["type"], string>> = {
  int: "everything in integers: for cores without an FPU",
  w8: "weights in a byte, computed in float32: for less flash",
};

function TypeChoice() {
  return (
    <fieldset class="choice">
      <legend>Number type</legend>
      {(["int", "w8"] as const).map((name) => (
        <label key={name} class="option">
          <input
            type="radio"
            name="quantize-type"
            value={name}
            checked={type.value === name}
            onChange={() => {
              type.value = name;
            }}
          />
          <span class="option-name">{name}</span>
          <span class="option-note">{TYPES[name]}</span>
        </label>
      ))}
    </fieldset>
  );
}

function ExampleChoice() {
  const isSamples = model.value?.info.inputKind === "samples";
  const bundled = bundledExamples.value.length;
  return (
    <fieldset class="choice">
      <legend>
        {type.value === "int"
          ? "Examples, of the training set: 16 or more"
          : "Examples to compare over, if there are any"}
      </legend>
      <p class="buttons">
        <FileButton
          label="Choose examples"
          name="examples"
          accept={isSamples ? ".npy,.wav,.flac" : ".npy"}
          multiple
          onFiles={(files) => chooseExamples(namedFiles(files))}
        />
        <FileButton
          label="Choose a folder of examples"
          name="examples-folder"
          folder
          onFiles={(files) => chooseExamples(namedFiles(files))}
        />
      </p>
      <p class="fine" role="status">
        {exampleFiles.value.length === 0
          ? "or drop them here; nothing is sent anywhere"
          : `${counted(exampleFiles.value.length, "file")} chosen`}
      </p>
      {bundled > 0 && (
        <label class="option">
          <input
            type="checkbox"
            name="bundled-examples"
            checked={takesBundled.value}
            onChange={(event) => {
              takesBundled.value = event.currentTarget.checked;
            }}
          />
          <span class="option-name">{bundled} bundled examples</span>
          <span class="option-note">too few to be sure</span>
        </label>
      )}
    </fieldset>
  );
}

function IntegerChoice() {
  return (
    <fieldset class="choice">
      <legend>Integers</legend>
      <label class="option">
        <input
          type="checkbox"
          name="state-16"
          checked={stateBits.value === 16}
          onChange={(event) => {
            stateBits.value = event.currentTarget.checked ? 16 : 32;
          }}
        />
        <span class="option-name">16-bit state</span>
        <span class="option-note">a smaller arena, a larger error</span>
      </label>
      <label class="number">
        <span>
          Stay float32 <small>names of ops or modules (--float)</small>
        </span>
        <input
          type="text"
          name="float"
          spellcheck={false}
          autocomplete="off"
          value={floatText.value}
          onChange={(event) => {
            floatText.value = event.currentTarget.value;
          }}
        />
      </label>
    </fieldset>
  );
}
