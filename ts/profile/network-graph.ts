/**
 * A model as a graph to be drawn: its ops, those of a Mamba block as one node, what each reads, and where time
 * stops. Knows nothing of how it is drawn.
 */
import type { Model } from "../core/model.js";
import { axesText, type ModuleShapes } from "../graph/shapes.js";
import { describeOps, kindText, type OpDescription, type Rate } from "./description.js";
import { moduleShapesOf } from "./references.js";

export interface GraphPart {
  readonly name: string;
  readonly kind: string;
  /** Its main size in a few characters. */
  readonly label: string;
  readonly parameters: number;
}

export interface GraphNode extends GraphPart {
  /** Nodes it reads by value: 0 is the model's input, n the output of node n - 1. */
  readonly inputs: readonly number[];
  /** Of its first input. */
  readonly inputWidth: number;
  readonly width: number;
  readonly isSequence: boolean;
  /** Null for a vector, and where the number of rows does not depend on that of frames. */
  readonly rate: Rate | null;
  /** 0: runs as frames come in; n: behind n barriers. Never less than that of the node before. */
  readonly stage: number;
  readonly isBarrier: boolean;
  /** Indices into `Model.ops`. */
  readonly ops: readonly number[];
  /** Of a block; empty where it is one op. */
  readonly parts: readonly GraphPart[];
}

export interface GraphEnd {
  readonly name: string;
  /** "[T, 9]"; of an exported network as its module has it. */
  readonly shape: string;
  /** "frames of 9", "rows over time". */
  readonly what: string;
}

export interface NetworkGraph {
  readonly input: GraphEnd;
  /** Whoever reads another one comes behind it. */
  readonly nodes: readonly GraphNode[];
  /** `value`: as in `GraphNode.inputs`. */
  readonly outputs: readonly (GraphEnd & { readonly value: number })[];
}

/** By the scan at their heart. */
const BLOCK_KINDS: ReadonlyMap<string, string> = new Map([
  ["selective_scan", "mamba"],
  ["ssd_scan", "mamba2"],
]);

type Shown = Pick<Model, "info" | "ops" | "metadata">;

/** @param outputValues of each output the value it is, as in the blob */
export function networkGraph(model: Shown, outputValues: readonly number[]): NetworkGraph {
  const ops = describeOps(model);
  // An op reads only stages up to its own: this order is still one of reading.
  const groups = grouped(ops).sort((a, b) => stageOf(a, ops) - stageOf(b, ops));
  const valueOfOp = new Map(groups.flatMap((group, node) => group.map((op) => [op, node + 1])));
  const nodeValue = (value: number) => (value === 0 ? 0 : (valueOfOp.get(value - 1) ?? 0));
  const widths = [model.info.inputWidth, ...ops.map(({ width }) => width)];
  const shapes = moduleShapesOf(model);
  return {
    input: inputEnd(model.info, shapes),
    nodes: groups.map((group) => nodeOf(group, ops, widths, nodeValue)),
    outputs: model.info.outputs.map((output, i) => ({
      ...outputEnd(output, ops[(outputValues[i] ?? 0) - 1], shapes),
      value: nodeValue(outputValues[i] ?? 0),
    })),
  };
}

/** Indices of ops: those of a block together, where they stand together and in one stage. */
function grouped(ops: readonly OpDescription[]): number[][] {
  const runs: number[][] = [];
  ops.forEach((op, i) => {
    const before = ops[i - 1];
    const goesOn = before?.module === op.module && before.stage === op.stage;
    if (goesOn) runs.at(-1)?.push(i);
    else runs.push([i]);
  });
  const isBlock = (run: readonly number[]) => run.some((i) => BLOCK_KINDS.has(ops[i]?.kind ?? ""));
  return runs.flatMap((run) => (isBlock(run) ? [run] : run.map((i) => [i])));
}

function stageOf(group: readonly number[], ops: readonly OpDescription[]): number {
  return ops[group[0] ?? 0]?.stage ?? 0;
}

function nodeOf(
  group: readonly number[],
  ops: readonly OpDescription[],
  widths: readonly number[],
  nodeValue: (value: number) => number,
): GraphNode {
  const members = group.flatMap((i) => ops[i] ?? []);
  const last = members.at(-1) as OpDescription; // no group is empty
  const inside = new Set(group.map((i) => i + 1));
  const read = members.flatMap(({ inputs }) => inputs.filter((value) => !inside.has(value)));
  const inputWidth = widths[read[0] ?? 0] ?? 0;
  const isBlock = members.length > 1;
  return {
    name: isBlock ? last.module : last.name,
    kind: isBlock ? blockKind(members) : kindText(last),
    label: isBlock ? blockLabel(members, inputWidth) : last.label,
    parameters: members.reduce((sum, { parameters }) => sum + parameters, 0),
    inputs: [...new Set(read.map(nodeValue))],
    inputWidth,
    width: last.width,
    isSequence: last.isSequence,
    rate: last.rate,
    stage: last.stage,
    isBarrier: members.some(({ isBarrier }) => isBarrier),
    ops: group,
    parts: isBlock ? members.map((member) => partOf(member, last.module)) : [],
  };
}

/** The block's own widths, and those of its scan: "32 → 32, inner 64 × 8". */
function blockLabel(members: readonly OpDescription[], inputWidth: number): string {
  return `${inputWidth} → ${members.at(-1)?.width}, inner ${scanOf(members)?.label}`;
}

function blockKind(members: readonly OpDescription[]): string {
  return BLOCK_KINDS.get(scanOf(members)?.kind ?? "") ?? "";
}

function scanOf(members: readonly OpDescription[]): OpDescription | undefined {
  return members.find(({ kind }) => BLOCK_KINDS.has(kind));
}

function partOf(op: OpDescription, module: string): GraphPart {
  const { label, parameters } = op;
  return { name: op.name.slice(module.length + 1), kind: kindText(op), label, parameters };
}

function inputEnd(info: Model["info"], shapes: ModuleShapes | undefined): GraphEnd {
  const { inputKind, inputWidth } = info;
  const own = inputKind === "frames" ? `[T, ${inputWidth}]` : "[T]";
  const shape = shapes === undefined ? own : axesText(shapes.input.axes, inputWidth);
  return { name: "input", shape, what: whatOf(info) };
}

function whatOf(info: Model["info"]): string {
  if (info.inputKind === "frames") return `frames of ${info.inputWidth}`;
  if (info.inputKind === "tokens") return `tokens below ${info.vocabulary}`;
  return `samples at ${info.sampleRateHz.toLocaleString("en-US")} Hz`;
}

function outputEnd(
  { name, width, isSequence }: Model["info"]["outputs"][number],
  op: OpDescription | undefined,
  shapes: ModuleShapes | undefined,
): GraphEnd {
  const own = shapes?.outputs.find((output) => output.name === name);
  const what = isSequence ? "rows over time" : "once a sequence";
  if (own?.axes !== undefined) return { name, shape: axesText(own.axes, width), what };
  if (own !== undefined)
    return { name, shape: `[${["N", ...own.shape.slice(1)].join(", ")}]`, what };
  const isPaced = op?.rate?.rows === op?.rate?.frames && op?.rate !== null;
  return { name, shape: isSequence ? `[${isPaced ? "T" : "rows"}, ${width}]` : `[${width}]`, what };
}
