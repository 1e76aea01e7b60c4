/**
 * A front end as a file says it (frontend.json beside a checkpoint), and its place before a network:
 * raw sensor samples in, the frames that the network was trained on out. Knows nothing of tables.
 */
import { BadArgument, BadFile } from "../core/errors.js";
import { withInputs } from "../graph/form.js";
import type { AffineOp, Network, Op, Tensor, Value } from "../graph/network.js";
import { describe } from "../plain-text.js";
import { type LogmelForm, logmelOp } from "./logmel.js";

/** y = x * scale + shift, channel by channel; float32. */
export interface AffineForm {
  readonly scale: readonly number[];
  readonly shift: readonly number[];
}

/** "logmel": audio samples to log-mel frames, then affine. "affine": frames, scaled. */
export type FrontEnd =
  | (LogmelForm & AffineForm & { readonly kind: "logmel" })
  | (AffineForm & { readonly kind: "affine" });

const LOGMEL_NUMBERS = [
  "sampleRateHz",
  "windowSamples",
  "hopSamples",
  "fftSamples",
  "bands",
  "lowHz",
  "highHz",
  "energyFloor",
] as const;

/**
 * Reads a front end from the bytes of a JSON file: `kind` "logmel" or "affine", `scale` and `shift`,
 * and for "logmel" the numbers of LogmelForm. Other fields are for people.
 * @throws BadFile
 */
export function readFrontEnd(bytes: Uint8Array): FrontEnd {
  const value = parseObject(bytes);
  const { kind } = value;
  if (kind !== "logmel" && kind !== "affine") {
    throw bad(`kind is ${described(kind)}, expected "logmel" or "affine"`);
  }
  const affine = { scale: numbersIn(value, "scale"), shift: numbersIn(value, "shift") };
  if (kind === "affine") return { kind, ...affine };
  const form = Object.fromEntries(LOGMEL_NUMBERS.map((name) => [name, numberIn(value, name)]));
  return { kind, ...(form as Record<(typeof LOGMEL_NUMBERS)[number], number>), ...affine };
}

/**
 * Reads the labels of a model: a JSON array of texts, one a logit.
 * @throws BadFile
 */
export function readLabels(bytes: Uint8Array): string[] {
  const value = parseJsonText(bytes, "labels");
  if (Array.isArray(value) && value.every((label) => typeof label === "string")) return value;
  throw new BadFile("labels", "expected a JSON array of texts");
}

/**
 * The network with the front end before it: its input becomes what the front end takes.
 * @throws BadArgument when the front end does not make what the network takes
 */
export function withFrontEnd(network: Network, frontEnd: FrontEnd): Network {
  if (network.inputKind !== "frames") {
    throw new BadArgument(
      "a front end",
      "a network that takes frames",
      `one of ${network.inputKind}`,
    );
  }
  const before: Op[] = frontEnd.kind === "logmel" ? [logmelOp(frontEnd)] : [];
  const width = frontEnd.kind === "logmel" ? frontEnd.bands : frontEnd.scale.length;
  if (width !== network.inputWidth) {
    throw new BadArgument(
      "a front end",
      `frames of ${network.inputWidth}, which the network takes`,
      `${width}`,
    );
  }
  before.push(affineOp(frontEnd, before.length, width));
  const later = (value: Value) => value + before.length;
  const shifted = network.ops.map((op) => withInputs(op, later));
  const outputs = network.outputs?.map(({ name, value }) => ({ name, value: later(value) }));
  return {
    ...network,
    ...(frontEnd.kind === "logmel" ? { inputKind: "samples", inputWidth: 1 } : {}),
    ops: [...before, ...shifted],
    ...(outputs && { outputs }),
  };
}

function affineOp({ scale, shift }: AffineForm, input: number, width: number): AffineOp {
  const vector = (name: string, values: readonly number[]): Tensor => {
    if (values.length !== width) {
      throw new BadArgument(`the front end's ${name}`, `${width} numbers`, `${values.length}`);
    }
    return { name: `affine.${name}`, shape: [width], data: Float32Array.from(values) };
  };
  const tensors = { scale: vector("scale", scale), shift: vector("shift", shift) };
  return { kind: "affine", name: "affine", input, ...tensors };
}

function parseObject(bytes: Uint8Array): Record<string, unknown> {
  const value = parseJsonText(bytes, "front end");
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw bad("expected a JSON object");
}

function parseJsonText(bytes: Uint8Array, format: string): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new BadFile(format, cause instanceof Error ? cause.message : "not JSON");
  }
}

function numberIn(object: Record<string, unknown>, name: string): number {
  const value = object[name];
  if (typeof value === "number") return value;
  throw bad(`${name} is ${described(value)}, expected a number`);
}

function numbersIn(object: Record<string, unknown>, name: string): readonly number[] {
  const value = object[name];
  const isNumbers =
    Array.isArray(value) && value.length > 0 && value.every((x) => Number.isFinite(x));
  if (isNumbers) return value;
  throw bad(`${name} is missing or not an array of numbers`);
}

function described(value: unknown): string {
  return value === undefined ? "missing" : describe(value);
}

function bad(reason: string): BadFile {
  return new BadFile("front end", reason);
}
