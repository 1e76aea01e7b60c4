/** `mambalite inspect`: what a model is made of. Everything shown is exact. */
import { draftLines, draftOf } from "../../checkpoint/draft/index.js";
import { readCheckpoint } from "../../checkpoint/index.js";
import { BadCheckpoint } from "../../core/errors.js";
import type { Model } from "../../core/model.js";
import { onlyVector } from "../../core/outputs.js";
import { readFoldRecord } from "../../fold/index.js";
import { axesText } from "../../graph/shapes.js";
import { hexWord } from "../../hex-word.js";
import { FileProblem } from "../../host/file-problem.js";
import { toJson } from "../../json.js";
import {
  assumptionsOf,
  describeOps,
  kindText,
  moduleShapesOf,
  type OpDescription,
} from "../../profile/index.js";
import { FailedWithReport } from "../failure.js";
import { readBytes } from "../files.js";
import { type ModelChoice, type OpenModel, withModel } from "../load-model.js";
import { renderDraft } from "../render/draft.js";
import { renderFold } from "../render/fold.js";
import { table } from "../render/table.js";
import { counted, grouped, oneLine } from "../text.js";

export interface InspectOptions extends ModelChoice {
  readonly json?: boolean;
}

export async function inspect(path: string, options: InspectOptions): Promise<string> {
  try {
    return await withModel(path, { ...options, comparesItself: true }, (open) =>
      options.json ? toJson(describe(open)) : render(path, open),
    );
  } catch (error) {
    throw options.arch === undefined ? withDraft(path, options, error) : error;
  }
}

/** Where tensors are read and make no known network: what they probably are, beside the error. */
function withDraft(path: string, { json = false }: InspectOptions, error: unknown): unknown {
  if (!(error instanceof FileProblem && error.cause instanceof BadCheckpoint)) return error;
  try {
    const draft = draftOf(readCheckpoint(readBytes(path), { name: path }));
    const { guess, ignore } = draft;
    const report = json
      ? { draft: { guess, ignore, lines: draftLines(draft) } }
      : `${oneLine(path)}: names of no known network; what it probably is\n${renderDraft(draft)}`;
    return new FailedWithReport(error, report);
  } catch {
    return error;
  }
}

function describe({ model, format, fileBytes, network }: OpenModel) {
  const { crc32, ...info } = model.info;
  return {
    format,
    convention: network?.convention,
    fileBytes,
    assumptions: assumptionsOf(model),
    model: {
      ...info,
      logits: onlyVector(info.outputs)?.width,
      weightsBytes: weightsBytes(model),
      crc32: hexWord(crc32),
      parameters: parameters(model),
      labels: model.labels,
      metadata: model.metadata,
    },
    ops: describeOps(model),
    operators: model.operators("stream"),
    tensors: model.tensors,
  };
}

/** Of an exported network: what the module takes and gives, and what of it goes into the core at a time. */
function moduleFacts(model: Model): [string, string][] {
  const shapes = moduleShapesOf(model);
  if (shapes === undefined) return [];
  const { inputKind, inputWidth } = model.info;
  const { axes, shape } = shapes.input;
  const index = axes.map((axis) => ({ batch: "n", time: "t", channels: ":", one: "0" })[axis]);
  const pushed = inputKind === "tokens" ? "a token" : `${counted(inputWidth, "number")}`;
  return [
    [
      "as exported",
      `${axesText(axes, inputWidth)} (example [${shape.join(", ")}]), for run, compare and eval`,
    ],
    ["push", `${pushed} a time step t: input[${index.join(", ")}]`],
    ...shapes.outputs.map(({ name, axes: own, shape: given }, i): [string, string] => [
      i === 0 ? "gives" : "",
      `${oneLine(name)} ${own === undefined ? `[${given.join(", ")}]` : `[${own.join(", ")}]`}`,
    ]),
  ];
}

function describeInput(info: Model["info"]): string {
  switch (info.inputKind) {
    case "tokens":
      return `tokens, vocabulary ${grouped(info.vocabulary)}`;
    case "samples":
      return (
        `samples at ${grouped(info.sampleRateHz)} Hz, ` +
        `a frame of ${info.windowSamples} every ${info.hopSamples}`
      );
    default:
      return `frames of ${grouped(info.inputWidth)}`;
  }
}

function render(path: string, open: OpenModel): string {
  const { model } = open;
  const lines = factsOf(open).map(([name, value]) => `  ${name.padEnd(12)}${value}\n`);
  const record = readFoldRecord(model.metadata);
  const assumptions = assumptionsOf(model).map((assumption) => `  ${oneLine(assumption)}\n`);
  return [
    `${oneLine(path)}\n${lines.join("")}`,
    ...(assumptions.length === 0 ? [] : [`ASSUMPTIONS\n${assumptions.join("")}`]),
    ...(record === undefined ? [] : [`FOLDING\n${renderFold(record)}`]),
    `OPERATORS\n${renderOps(describeOps(model))}`,
    `TENSORS\n${renderTensors(model)}`,
  ].join("\n");
}

function factsOf({ model, format, fileBytes, network }: OpenModel): [string, string][] {
  const { info } = model;
  const naming = network === undefined ? "" : `, ${network.convention} naming`;
  const outputs = info.outputs.map(({ name, width, isSequence }, i): [string, string] => {
    const isOnly = info.outputs.length === 1;
    const elements = isSequence
      ? `rows of ${grouped(width)} over time`
      : counted(width, isOnly ? "logit" : "element");
    const what = isOnly ? elements : `${oneLine(name)}: ${elements}`;
    return [i === 0 ? "output" : "", `${what}${i === 0 ? labelsOf(model) : ""}`];
  });
  const lookingAhead: [string, string] = ["look-ahead", "its last rows come at the end"];
  const selfTest = counted(info.selfTestInputs, info.inputKind.slice(0, -1));
  return [
    ["file", `${format}${naming}, ${grouped(fileBytes)} bytes`],
    ["input", describeInput(info)],
    ...moduleFacts(model),
    ...lengthOf(info),
    ...outputs,
    ...(info.looksAhead ? [lookingAhead] : []),
    ["parameters", grouped(parameters(model))],
    ["blob", `${grouped(info.blobBytes)} bytes, weights ${grouped(weightsBytes(model))} of them`],
    ["CRC-32", hexWord(info.crc32)],
    ["self-test", info.selfTestInputs === 0 ? "none" : selfTest],
  ];
}

/** Said where it is not any length, or where length costs memory. */
function lengthOf({ minFrames, maxFrames, needsMaxFrames }: Model["info"]): [string, string][] {
  const isAny = minFrames === 1 && maxFrames === 0;
  if (isAny && !needsMaxFrames) return [];
  const bound = needsMaxFrames ? "; part of it sees the whole sequence, which is kept" : "";
  return [["length", `${isAny ? "any" : rangeText(minFrames, maxFrames)}${bound}`]];
}

function rangeText(minFrames: number, maxFrames: number): string {
  if (maxFrames === 0) return `${counted(minFrames, "frame")} or more`;
  const from = minFrames === maxFrames ? "" : `${grouped(minFrames)} to `;
  return `${from}${counted(maxFrames, "frame")}`;
}

function labelsOf(model: Model): string {
  return model.labels.length === 0 ? "" : `: ${model.labels.map(oneLine).join(", ")}`;
}

/** Stages and rates are shown where there is more than one of them. */
function renderOps(ops: readonly OpDescription[]): string {
  const hasStages = ops.some(({ isSequence, stage }) => isSequence && stage > 0);
  const hasRates = ops.some(({ rate }) => rate !== null && rate.rows !== rate.frames);
  const rows = ops.map((op, index) => [
    String(index + 1),
    op.name,
    kindText(op),
    op.inputs.map((value) => (value === 0 ? "input" : String(value))).join(" + "),
    op.label,
    ...(hasStages ? [String(op.stage)] : []),
    ...(hasRates ? [rateText(op)] : []),
    grouped(op.parameters),
  ]);
  const more = [...(hasStages ? ["stage"] : []), ...(hasRates ? ["rows a frame"] : [])];
  return table(
    ["", "name", "kind", "reads", "size", ...more, "parameters"],
    ["right", "left", "left", "left", "left", ...more.map(() => "right" as const), "right"],
    rows,
  );
}

function rateText({ rate, isSequence }: OpDescription): string {
  if (rate === null) return isSequence ? "fixed" : "";
  return rate.frames === 1 ? String(rate.rows) : `${rate.rows}/${rate.frames}`;
}

function renderTensors(model: Model): string {
  const rows = model.tensors.map((tensor) => [
    tensor.name,
    `[${tensor.shape.join(", ")}]`,
    tensor.dtype,
    tensor.packing,
    grouped(tensor.bytes),
  ]);
  return table(
    ["name", "shape", "type", "packing", "bytes"],
    ["left", "left", "left", "left", "right"],
    rows,
  );
}

function parameters(model: Model): number {
  return model.ops.reduce((sum, op) => sum + op.parameters, 0);
}

function weightsBytes(model: Model): number {
  return model.tensors.reduce((sum, { bytes }) => sum + bytes, 0);
}
