/**
 * From the ops of an arch file, checked, to a network: names become values, tensors are taken, and what the
 * file leaves to be seen from the tensors is seen. Shorthands are in shorthands.ts.
 */
import { BadArgument, BadCheckpoint } from "../../core/errors.js";
import type { Network, NetworkOutput } from "../../graph/network.js";
import type { Value } from "../../graph/tensor.js";
import { abbreviate, quoted } from "../../plain-text.js";
import type { Weights } from "../weights.js";
import type { Arch, CheckedOp } from "./arch.js";
import type { Assembly } from "./assembly.js";
import { Builder } from "./builder.js";
import { namesOf } from "./expand.js";
import { inferInputWidth } from "./input-width.js";
import { SHORTHANDS } from "./shorthands.js";
import { TensorTaker } from "./tensors.js";

type Rest = Pick<Arch, "outputs" | "inputWidth" | "labels" | "minFrames" | "maxFrames" | "guess">;

/**
 * @throws BadArgument when the ops do not form a network.
 * @throws BadCheckpoint for a tensor that is missing, misshapen or used by none of them.
 */
export function buildNetwork(
  ops: readonly CheckedOp[],
  weights: Weights,
  rest: Rest,
  convention: string,
): Network {
  if (ops.length === 0) throw new BadArgument("arch.ops", "one operator or more", "none");
  const taker = new TensorTaker(weights);
  const withWidth = (width: number) => new Builder(width, ops, taker, SHORTHANDS);
  const builder = withWidth(rest.inputWidth ?? inferInputWidth(ops, taker, withWidth));
  builder.addAll();
  const outputs = outputsOf(builder, rest.outputs);
  refuseUnused(weights);
  for (const guess of guessesOf(ops, rest)) builder.assembly.assume(guess);
  const network = builder.assembly.finish(convention);
  const { labels, minFrames, maxFrames } = rest;
  checkLabels(labels, outputs[0]?.value ?? builder.assembly.last, builder.assembly);
  return {
    ...network,
    ...(rest.outputs !== undefined && { outputs }),
    ...(minFrames !== undefined && { minFrames }),
    ...(maxFrames !== undefined && { maxFrames }),
    ...(labels !== undefined && { labels }),
  };
}

/** Sentences: of the file, then op by op; of rounds that say the same, once. */
function guessesOf(ops: readonly CheckedOp[], { guess }: Rest): string[] {
  const ofOps = new Map<string, string>();
  for (const { op } of ops) {
    if (op.guess !== undefined && !ofOps.has(op.guess)) ofOps.set(op.guess, op.name);
  }
  const sentences = [...ofOps].map(([text, name]) => `Guessed of ${name}: ${text}`);
  return guess === undefined ? sentences : [guess, ...sentences];
}

/** @throws BadArgument for an op that nothing reads and that is no output */
function outputsOf(builder: Builder, asked: Arch["outputs"]): NetworkOutput[] {
  const named = asked === undefined ? [] : namedOutputs(asked);
  const outputs = named.map(([name, op]) => ({
    name,
    value: builder.valueOf(op, `arch.outputs ${quoted(name)}`),
  }));
  const used = new Set(outputs.map(({ value }) => value));
  if (asked === undefined) used.add(builder.assembly.last);
  const idle = builder.idle(used);
  if (idle === undefined) return outputs;
  const expected = "what another operator reads or arch.outputs names";
  throw new BadArgument(idle.path, expected, `${quoted(idle.op.name)}, which nothing reads`);
}

function namedOutputs(asked: NonNullable<Arch["outputs"]>): (readonly [string, string])[] {
  const entries = Array.isArray(asked)
    ? (asked as readonly string[]).flatMap(namesOf).map((name) => [name, name] as const)
    : Object.entries(asked);
  const names = entries.map(([name]) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return entries;
  throw new BadArgument("arch.outputs", "names of their own", `${quoted(twice)} twice`);
}

function refuseUnused(weights: Weights): void {
  const unused = weights.unused();
  const [first] = unused;
  if (first === undefined) return;
  throw new BadCheckpoint(
    first,
    "tensors that an operator of the arch file (--arch) uses, or that its ignore leaves out",
    `unknown tensors: ${abbreviate(unused)}`,
  );
}

function checkLabels(labels: Arch["labels"], value: Value, assembly: Assembly): void {
  if (labels === undefined) return;
  if (!assembly.isVector(value)) {
    const expected = "none, as the first output is a sequence";
    throw new BadArgument("arch.labels", expected, `${labels.length}`);
  }
  const logits = assembly.widthOf(value);
  if (labels.length === logits) return;
  throw new BadArgument("arch.labels", `${logits} names, one a logit`, `${labels.length}`);
}
