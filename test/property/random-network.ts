/**
 * Networks at random, of all kinds of ops and of odd sizes, with an input. A case is two numbers: with
 * the same seed, fewer ops are a beginning of the same network, so that a failing one shrinks.
 */
import fc from "fast-check";
import type { BlobOptions } from "../../ts/blob/write.js";
import { type InputArray, inputLength } from "../../ts/core/input.js";
import type { Op } from "../../ts/graph/descriptors/index.js";
import { inputsOf, withInputs } from "../../ts/graph/form.js";
import type { Network, Value } from "../../ts/graph/network.js";
import { isTensor } from "../../ts/graph/tensor.js";
import { NetworkMaker } from "../unit/core/networks.js";
import { NetworkBuilder } from "./random-builder.js";
import { MOST_MOTIF_OPS, MOTIFS } from "./random-motifs.js";
import { OP_ROWS } from "./random-ops.js";

export interface Case {
  readonly seed: number;
  /** About so many. */
  readonly ops: number;
}

export interface Built {
  readonly network: Network;
  readonly input: InputArray;
  readonly frames: number;
  /** How its blob is written; default: as the network is. */
  readonly transform?: BlobOptions["transform"];
}

export const MOST_OPS = 30;
const MOST_FRAMES = 40;
const MOST_HEADS = 4;
/** Ops that one row adds at most. */
const ROW_OPS = 4;
const MOTIF_SHARE = 0.25;

export const networkCases: fc.Arbitrary<Case> = fc.record({
  seed: fc.nat(),
  ops: fc.integer({ min: 1, max: MOST_OPS }),
});

/** The case of a number: the same network for the same number. */
export function caseOf(seed: number): Case {
  return { seed, ops: new NetworkBuilder(seed, "frames", 1, 1).integer(1, MOST_OPS) };
}

/** The network and the input that a case describes. */
export function build({ seed, ops: count }: Case): Built {
  const start = new NetworkBuilder(seed, "frames", 1, 1);
  const inputKind = start.pick(["frames", "frames", "frames", "tokens", "samples"] as const);
  const inputWidth = inputKind === "frames" ? start.integer(1, 21) : 1;
  const frames = start.chance(0.1) ? start.integer(1, 3) : start.integer(1, MOST_FRAMES);
  const b = new NetworkBuilder(start.integer(0, 2 ** 31), inputKind, inputWidth, frames);
  if (inputKind === "tokens") OP_ROWS.embedding(b);
  if (inputKind === "samples") OP_ROWS.logmel(b);
  const rows = Object.values(OP_ROWS);
  const motifs = Object.values(MOTIFS);
  while (b.ops.length === 0 || b.ops.length + ROW_OPS <= count) {
    const hasRoom = b.ops.length + MOST_MOTIF_OPS <= count;
    const make = hasRoom && b.chance(MOTIF_SHARE) ? b.pick(motifs) : b.pick(rows);
    make(b);
  }
  const network = withHeads({ inputKind, inputWidth, ops: b.ops, convention: "random" });
  return { network, input: inputFor(network, frames, seed), frames };
}

const EVERY_KIND_WIDTH = 9;
const EVERY_KIND_FRAMES = 18;
/** What a row reads is at random: it may find nothing that suits. */
const TRIES = 8;

/** One network of every kind of op but front ends, each of which counts in an output. */
export function buildOfEveryKind(seed: number): Built {
  const [inputKind, inputWidth, frames] = ["frames", EVERY_KIND_WIDTH, EVERY_KIND_FRAMES] as const;
  const b = new NetworkBuilder(seed, inputKind, inputWidth, frames);
  for (const make of Object.values(OP_ROWS))
    for (let tries = 0; tries < TRIES && make(b) === undefined; tries++);
  const network = { inputKind, inputWidth, ops: b.ops, convention: "random" };
  return {
    network: withHeads(network, b.ops.length),
    input: inputFor(network, frames, seed),
    frames,
  };
}

function inputFor(
  { inputKind, inputWidth, ops }: Network,
  frames: number,
  seed: number,
): InputArray {
  const make = new NetworkMaker(seed);
  const [front] = ops;
  if (front?.kind === "embedding") return make.tokens(frames, front.weight.shape[0] as number);
  if (front?.kind !== "logmel") return make.frames(frames, inputWidth);
  const [windowSamples, hopSamples] = [front.window.data.length, front.hopSamples];
  const shape = { inputKind, inputWidth, windowSamples, hopSamples };
  const rest = Math.abs(seed) % hopSamples; // samples that make no further window
  return make.frames(inputLength(shape, frames) + rest, 1);
}

/** What nobody reads is an output: up to so many, the last ones. */
function withHeads(network: Network, most = MOST_HEADS): Network {
  const read = new Set(network.ops.flatMap(inputsOf));
  const unread = network.ops.map((_, index) => index + 1).filter((value) => !read.has(value));
  return partOf(network, unread.slice(-most));
}

/** The ops that make these values, which are its outputs. */
export function partOf(network: Network, values: readonly Value[]): Network {
  const needed = new Set<Value>();
  const visit = (value: Value) => {
    if (value === 0 || needed.has(value)) return;
    needed.add(value);
    for (const input of inputsOf(network.ops[value - 1] as Op)) visit(input);
  };
  for (const value of values) visit(value);
  const kept = [...needed].sort((a, b) => a - b);
  const place = new Map(kept.map((value, index) => [value, index + 1]));
  const move = (value: Value) => place.get(value) ?? 0;
  const ops = kept.map((value) => withInputs(network.ops[value - 1] as Op, move));
  const outputs = values.map((value) => ({ name: `head${value}`, value: move(value) }));
  return { ...network, ops, outputs };
}

/** A line an op: what it reads, its fields and the shapes of its tensors. */
export function describe({ inputKind, inputWidth, ops, outputs }: Network): string {
  const lines = ops.map((op, index) => {
    const text = JSON.stringify(op, (key, member) => {
      if (key === "name" || key === "kind") return undefined;
      return isTensor(member) ? `[${member.shape}]` : member;
    });
    return `  ${index + 1} = ${op.kind} ${text.replaceAll('"', "")}`;
  });
  return [
    `${inputKind}, ${inputWidth} wide`,
    ...lines,
    `outputs ${outputs?.map(({ value }) => value)}`,
  ].join("\n");
}

/** The bits of float32 values, as eight hexadecimal digits each. */
export function bitsOf(values: Float32Array): string {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return Array.from(words, (word) => word.toString(16).padStart(8, "0")).join(" ");
}
