/** Choosing a model: a file of the user's or a bundled one, and what is open now. */

import { hexWord } from "../../hex-word.js";
import type { OutputInfo } from "../../index.js";
import { grouped } from "../format.js";
import { OFFERED_MODELS, TERMS } from "../models.js";
import { bundledName } from "../state/choice.js";
import { model, openBundled, openFiles } from "../state/simulator.js";
import type { OpenedModel } from "../worker/protocol.js";
import { FileButton, Fold } from "./parts.js";

const ACCEPT = ".pth,.pt,.safetensors,.mlm,.json";

export function SourcePanel() {
  return (
    <section class="source" aria-labelledby="source-title">
      <h2 id="source-title">Model</h2>
      <div class="drop">
        <p class="drop-text">
          {model.value === null ? (
            <>
              Drop a <b>.pth</b>, <b>.pt</b>, <b>.safetensors</b> or <b>.mlm</b> anywhere
            </>
          ) : (
            "or drop one"
          )}
        </p>
        <FileButton
          label="Choose a file"
          name="model"
          accept={ACCEPT}
          multiple
          onFiles={(files) => void openFiles(files)}
        />
      </div>
      <ul class="bundled" aria-label="Bundled models">
        {OFFERED_MODELS.map(({ name, title }) => (
          <li key={name}>
            <button
              type="button"
              class="bundled-model"
              aria-pressed={bundledName.value === name && model.value !== null}
              onClick={() => void openBundled(name)}
            >
              <b>{name}</b>{" "}
              {model.value === null ? (
                <span>{title}</span>
              ) : (
                <span>{title.replace(/:.*/, "")}</span>
              )}
            </button>
          </li>
        ))}
      </ul>
      {TERMS.map(({ models, summary, licence }) => (
        <p class="terms" key={models}>
          {models}: {summary} (<a href={licence.href}>licence</a>)
        </p>
      ))}
      {model.value !== null && <Identity model={model.value} />}
    </section>
  );
}

const FORMATS = { mlm: "model blob", safetensors: "safetensors", pth: "PyTorch" } as const;

function Identity({
  model: { name, format, convention, assumptions, info, parameters, ops, simd, version },
}: {
  model: OpenedModel;
}) {
  const input =
    info.inputKind === "frames"
      ? `frames of ${info.inputWidth}`
      : info.inputKind === "tokens"
        ? `tokens, ${grouped(info.vocabulary)} of them`
        : `samples, ${grouped(info.sampleRateHz)} a second`;
  const rows: readonly (readonly [string, string])[] = [
    ["format", convention === undefined ? FORMATS[format] : `${FORMATS[format]}, ${convention}`],
    ["input", input],
    ...info.outputs.map((output) => outputRow(output, info.outputs.length === 1)),
    ["operators", `${ops.length} ops`],
    ["parameters", grouped(parameters)],
    ["blob", `${grouped(info.blobBytes)} bytes`],
    ["CRC-32", hexWord(info.crc32)],
    ["core", `${version}, ${simd ? "SIMD" : "baseline"} build`],
  ];
  return (
    <Fold title={name}>
      <dl class="identity" aria-label="The open model">
        {rows.map(([term, value]) => (
          <div key={`${term} ${value}`}>
            <dt>{term}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {assumptions.length > 0 && (
        <section class="assumptions" aria-label="Assumptions">
          <h3>Assumed, as the checkpoint does not say it</h3>
          <ul>
            {assumptions.map((assumption) => (
              <li key={assumption}>{assumption}</li>
            ))}
          </ul>
        </section>
      )}
    </Fold>
  );
}

function outputRow({ name, width, isSequence }: OutputInfo, isOnly: boolean): [string, string] {
  const what = isSequence ? `rows of ${grouped(width)}` : `${grouped(width)} logits`;
  return ["output", isOnly ? what : `${name}: ${what.replace("logits", "elements")}`];
}

/** What the page is for, before anything is open. */
export function Welcome() {
  return (
    <div class="welcome">
      <h2 class="headline">See what the microcontroller will do, before you flash it</h2>
      <p>
        Drop a trained PyTorch Mamba checkpoint. This page converts it, plans its memory to the
        byte, runs it in the same C core that the firmware uses, with the same bits, and says which
        boards hold it.
      </p>
      <ol class="steps">
        <li>
          <b>Does it fit?</b> RAM by region, flash, headroom, and what would make it fit.
        </li>
        <li>
          <b>Where does memory go?</b> Every buffer of the arena over time; three schedules side by
          side.
        </li>
        <li>
          <b>Is it right?</b> Logits with their bits, against PyTorch's, operator by operator.
        </li>
        <li>
          <b>Take it home.</b> The blob, the report, the charts, a firmware project to flash.
        </li>
      </ol>
      <p class="welcome-hint">No file at hand? Open a bundled model and talk to it.</p>
    </div>
  );
}
