/** `mambalite inspect`: what a model is made of. Everything shown is exact. */
import type { OpInfo } from "../../core/info.js";
import type { Model } from "../../core/model.js";
import { readFoldRecord } from "../../fold/index.js";
import { toJson } from "../json.js";
import { type ModelChoice, type OpenModel, withModel } from "../load-model.js";
import { renderFold } from "../render/fold.js";
import { table } from "../render/table.js";
import { counted, grouped, oneLine } from "../text.js";

export interface InspectOptions extends ModelChoice {
  readonly json?: boolean;
}

export async function inspect(path: string, options: InspectOptions): Promise<string> {
  return withModel(path, options, (open) =>
    options.json ? toJson(describe(open)) : render(path, open),
  );
}

function describe({ model, format, fileBytes, convention }: OpenModel) {
  const { crc32, vocabulary, ...info } = model.info;
  return {
    format,
    convention,
    fileBytes,
    model: {
      ...info,
      vocabulary: vocabulary === 0 ? undefined : vocabulary,
      crc32: crc32.toString(16).padStart(8, "0"),
      parameters: parameters(model),
      labels: model.labels,
      metadata: model.metadata,
    },
    ops: model.ops,
    operators: model.operators("stream"),
    tensors: model.tensors,
  };
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

function render(path: string, { model, format, fileBytes, convention }: OpenModel): string {
  const { info } = model;
  const naming = convention === undefined ? "" : `, ${convention} naming`;
  const facts = [
    ["file", `${format}${naming}, ${grouped(fileBytes)} bytes`],
    ["input", describeInput(info)],
    ["output", `${counted(info.logits, "logit")}${labelsOf(model)}`],
    ["parameters", grouped(parameters(model))],
    ["blob", `${grouped(info.blobBytes)} bytes, weights ${grouped(info.weightsBytes)} of them`],
    ["CRC-32", info.crc32.toString(16).padStart(8, "0")],
    [
      "self-test",
      info.selfTestFrames === 0
        ? "none"
        : counted(info.selfTestFrames, info.inputKind.slice(0, -1)),
    ],
  ];
  const lines = facts.map(([name = "", value = ""]) => `  ${name.padEnd(12)}${value}\n`).join("");
  const record = readFoldRecord(model.metadata);
  const folding = record === undefined ? "" : `\nFOLDING\n${renderFold(record)}`;
  return `${oneLine(path)}\n${lines}${folding}\nOPERATORS\n${renderOps(model)}\nTENSORS\n${renderTensors(model)}`;
}

function labelsOf(model: Model): string {
  return model.labels.length === 0 ? "" : `: ${model.labels.map(oneLine).join(", ")}`;
}

function renderOps(model: Model): string {
  const rows = model.ops.map((op, index) => [
    String(index + 1),
    op.name,
    kindOf(op),
    op.inputs.map((value) => (value === 0 ? "input" : String(value))).join(" + "),
    `${op.inputWidth} -> ${op.outputWidth}`,
    sizesOf(op),
    grouped(op.parameters),
  ]);
  return table(
    ["", "name", "kind", "reads", "width", "sizes", "parameters"],
    ["right", "left", "left", "left", "right", "left", "right"],
    rows,
  );
}

function kindOf(op: OpInfo): string {
  return op.variant === "" ? op.kind : `${op.variant} ${op.kind}`;
}

function sizesOf(op: OpInfo): string {
  if (op.kind !== "mamba") return "";
  const { dInner, dState, dConv, dtRank } = op;
  return `d_inner ${dInner}, d_state ${dState}, d_conv ${dConv}, dt_rank ${dtRank}`;
}

function renderTensors(model: Model): string {
  const rows = model.tensors.map((tensor) => [
    tensor.name,
    `[${tensor.shape.join(", ")}]`,
    tensor.packing,
    grouped(tensor.bytes),
  ]);
  return table(["name", "shape", "packing", "bytes"], ["left", "left", "left", "right"], rows);
}

function parameters(model: Model): number {
  return model.ops.reduce((sum, op) => sum + op.parameters, 0);
}
