/**
 * Quantises a network to integers after training: calibrates it over some inputs, converts it, and says what that
 * has cost: the error over inputs, of the whole and of each op, and what flash and memory it saves.
 */
import { type CompleteBlobOptions, createBlob } from "../blob/blob.js";
import { type Encoded, type EncodedOp, encodeNetwork } from "../blob/encode.js";
import { writeBlob } from "../blob/write.js";
import type { Engine } from "../core/engine.js";
import { BadArgument } from "../core/errors.js";
import type { Model } from "../core/model.js";
import type { Outputs } from "../core/outputs.js";
import type { Network } from "../graph/network.js";
import { type ConvertOptions, convert } from "./convert.js";
import type { InputSource } from "./inputs.js";
import { isMove, isPaceOnly } from "./kinds.js";
import { type Observation, observe } from "./observe.js";
import { type CommonReport, commonReport, type Evaluation, evaluate } from "./report.js";
import { runSource } from "./run-source.js";

export interface QuantizeNetworkOptions extends Omit<CompleteBlobOptions, "transform"> {
  /** Bits of the state of scans: 16 halve its memory. Default 32. */
  readonly stateBits?: 16 | 32;
  /** Room above the largest state that was seen, 1 or more; default: what suits its bits. */
  readonly stateMargin?: number;
  /** Names of primitive ops, or of modules with all of theirs, that stay floats. */
  readonly float?: readonly string[];
  /** What both networks are run over to be compared; default: the inputs of the calibration. */
  readonly evaluation?: InputSource;
  /** Whether to find each op's share of the error, which takes a run for each. Default true. */
  readonly shares?: boolean;
  readonly progress?: (stage: QuantizeStage, done: number, total: number) => void;
}

export type QuantizeStage = "calibrate" | "evaluate" | "shares";

export interface QuantizeReport extends CommonReport {
  /** That it was calibrated with. */
  readonly inputs: number;
  /** What makes the calibration less than sure, a sentence each. */
  readonly notes: readonly string[];
  readonly values: readonly ValueReport[];
  readonly evaluation: IntegerEvaluation;
  /** The largest first; empty where they were not asked for. */
  readonly shares: readonly ErrorShare[];
}

export interface IntegerEvaluation extends Evaluation {
  /** Values of inputs and of the state that were cut off at the end of their range. */
  readonly saturations: number;
}

/** What a value has become. */
export interface ValueReport {
  /** The op that makes it. */
  readonly op: string;
  readonly type: string;
  /** Of integers: an element q is q 2^-exponent. */
  readonly exponent: number;
  /** Largest magnitude that was seen. */
  readonly largest: number;
}

/** What one op adds to the error: alone in integers, everything else in floats. */
export interface ErrorShare {
  readonly op: string;
  /** Mean error of the outputs, relative to the largest magnitude. */
  readonly meanRelative: number;
  /** Of the sum of squares over all ops: 0 to 1. */
  readonly share: number;
}

export interface Quantized {
  readonly blob: Uint8Array<ArrayBuffer>;
  readonly report: QuantizeReport;
}

/** Inputs from which on ranges are as good as those of many. */
const ENOUGH_INPUTS = 16;
/** Values have room for twice what was seen. */
const ROOM = 2;
const MOST_SHARE_INPUTS = 16;

/**
 * @throws BadArgument (an op or value without a form in integers, naming it and the way out; an unknown name in
 * `float`), BadInput, NonFinite (inputs), and as `createBlob`
 */
export async function quantizeNetwork(
  engine: Engine,
  network: Network,
  inputs: InputSource,
  options: QuantizeNetworkOptions = {},
): Promise<Quantized> {
  const { float = [], stateBits = 32, stateMargin, evaluation = inputs, ...rest } = options;
  const { shares = true, progress = () => {}, ...blobOptions } = rest;
  requireMargin(stateMargin);
  const encoded = encodeNetwork(network);
  requireNames(encoded, float);
  const isFloat = (op: EncodedOp) => float.some((name) => isNamed(op, name));
  const floats = await engine.loadModel(await createBlob(engine, network, blobOptions));
  try {
    const seen = await observe(floats, encoded, inputs, (done) =>
      progress("calibrate", done, inputs.count),
    );
    const form: ConvertOptions = { stateBits, stateMargin, isFloat };
    const integers = convert(encoded, seen, form);
    const transform = () => integers;
    const calibration = { inputs: inputs.count, stateBits, float };
    const metadata = { ...blobOptions.metadata, type: "int", calibration };
    const blob = await createBlob(engine, network, { ...blobOptions, metadata, transform });
    const model = await engine.loadModel(blob);
    try {
      const common = commonReport(floats, model);
      const reference = await runSource(floats, evaluation);
      const ran = await runSource(model, evaluation, evaluation.count, (done) =>
        progress("evaluate", done, evaluation.count),
      );
      const few: InputSource = {
        ...evaluation,
        count: Math.min(evaluation.count, MOST_SHARE_INPUTS),
      };
      const parts = { engine, network, encoded, seen, form, few, progress };
      return {
        blob,
        report: {
          ...common,
          inputs: seen.inputs,
          notes: notesOf(seen),
          values: valuesOf(encoded, seen, model),
          evaluation: {
            ...evaluate(ran.outputs, reference.outputs),
            saturations: ran.saturations,
          },
          shares: shares ? await sharesOf({ ...parts, reference: reference.outputs }) : [],
        },
      };
    } finally {
      model.dispose();
    }
  } finally {
    floats.dispose();
  }
}

function requireMargin(margin: number | undefined): void {
  if (margin === undefined || (margin >= 1 && Number.isFinite(margin))) return;
  throw new BadArgument("stateMargin", "a number from 1 on", String(margin));
}

/** An op by its own name, or as a part of a module. */
function isNamed({ name }: EncodedOp, wanted: string): boolean {
  return name === wanted || name.startsWith(`${wanted}.`);
}

function requireNames({ ops }: Encoded, names: readonly string[]): void {
  for (const name of names) {
    if (ops.some((op) => isNamed(op, name))) continue;
    const known = ops.map((op) => op.name).join(", ");
    throw new BadArgument("float", `names of ops: ${known}`, name);
  }
}

function notesOf({ inputs, growth }: Observation): string[] {
  const notes: string[] = [];
  if (inputs < ENOUGH_INPUTS) {
    const few = inputs === 1 ? "1 input says" : `${inputs} inputs say`;
    notes.push(`${few} little of how large values get: ${ENOUGH_INPUTS} or more do`);
  }
  if (growth !== undefined && growth.factor > ROOM) {
    const { value, factor } = growth;
    const grew = Number.isFinite(factor) ? `grew ${timesText(factor)} times` : "was only seen";
    notes.push(`${value} ${grew} over the second half of the inputs: more of them may matter`);
  }
  return notes;
}

const FEW = 10;

function timesText(factor: number): string {
  return factor < FEW ? factor.toFixed(1) : String(Math.round(factor));
}

function valuesOf(encoded: Encoded, seen: Observation, model: Model): ValueReport[] {
  const made = new Map(model.ops.map((op) => [op.name, op]));
  return encoded.ops.flatMap(({ name }, index) => {
    const op = made.get(name);
    const largest = seen.values[index + 1]?.largest ?? 0;
    return op === undefined ? [] : [{ op: name, type: op.type, exponent: op.exponent, largest }];
  });
}

// ---- shares ------------------------------------------------------------------------------------------

interface ShareParts {
  readonly engine: Engine;
  readonly network: Network;
  readonly encoded: Encoded;
  readonly seen: Observation;
  readonly form: ConvertOptions;
  readonly few: InputSource;
  readonly reference: readonly Outputs[];
  readonly progress: NonNullable<QuantizeNetworkOptions["progress"]>;
}

async function sharesOf(parts: ShareParts): Promise<ErrorShare[]> {
  const { encoded, form, progress } = parts;
  const ops = encoded.ops.filter(
    (op) =>
      !form.isFloat(op) &&
      !isMove(op.primitive) &&
      !isPaceOnly(op) &&
      op.primitive.front === undefined,
  );
  const errors: { op: string; meanRelative: number }[] = [];
  for (const op of ops) {
    errors.push({ op: op.name, meanRelative: await errorOf(op, parts) });
    progress("shares", errors.length, ops.length);
  }
  const sum = errors.reduce((squares, { meanRelative }) => squares + meanRelative ** 2, 0);
  return errors
    .map((error) => ({ ...error, share: sum === 0 ? 0 : error.meanRelative ** 2 / sum }))
    .sort((a, b) => b.meanRelative - a.meanRelative);
}

/** Of the network that has only this op in integers. */
async function errorOf(only: EncodedOp, parts: ShareParts): Promise<number> {
  const { engine, network, encoded, seen, form, few, reference } = parts;
  const isFloat = (op: EncodedOp) => op !== only;
  const transform = () => convert(encoded, seen, { ...form, isFloat });
  const model = await engine.loadModel(writeBlob(network, { transform }));
  try {
    const { outputs } = await runSource(model, few);
    return evaluate(outputs, reference.slice(0, few.count)).meanRelative;
  } finally {
    model.dispose();
  }
}
