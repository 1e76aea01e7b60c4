/**
 * What a model is made of, in the words of the people who made it: its ops with names for what the core has
 * numbers for, the rates of their rows, the blocks that they are parts of, and what was assumed when the
 * model was made. Knows nothing of how it is shown.
 */
import type { OpInfo } from "../core/info.js";
import type { Model } from "../core/model.js";
import {
  moduleOf,
  type Primitive,
  type PrimitiveView,
  primitiveOfName,
  viewOf,
} from "../graph/descriptors/index.js";

/** In the long run, so many rows for so many frames. */
export interface Rate {
  readonly rows: number;
  readonly frames: number;
}

export interface OpDescription extends Omit<OpInfo, "variant" | "attributes"> {
  /** The block that it is a part of, "layers.0.mixer"; its own name where it is of none. */
  readonly module: string;
  /** "silu", "rms", ...; "" where there is one only. */
  readonly variant: string;
  readonly attributes: Readonly<Record<string, number>>;
  /** Its main size in a few characters: "64 → 128", "k 5, stride 2". */
  readonly label: string;
  /** Null for a vector, and where the number of rows does not depend on that of frames. */
  readonly rate: Rate | null;
}

type Described = Pick<Model, "info" | "ops">;

export function describeOps({ info, ops }: Described): OpDescription[] {
  const rates: (Rate | null)[] = [{ rows: 1, frames: 1 }];
  const widths = [info.inputWidth, ...ops.map(({ width }) => width)];
  return ops.map((op) => {
    const primitive = primitiveOfName(op.kind);
    const ofInputs = op.inputs.map((value) => widths[value] ?? 0);
    const view = primitive && viewOf(primitive, { ...op, widths: ofInputs, words: op.attributes });
    const rate = op.isSequence ? rateOf(op, ops, rates, primitive, view) : null;
    rates.push(rate);
    return {
      ...op,
      module: moduleOf(op.name),
      variant: view?.variant ?? "",
      attributes: Object.fromEntries(
        (primitive?.attributes ?? []).map(({ name }) => [name, view?.attribute(name) ?? 0]),
      ),
      label: (view && primitive?.label(view)) ?? `${op.width}`,
      rate,
    };
  });
}

/** What is read of an op's own stage decides: earlier ones are there as a whole. */
function rateOf(
  op: OpInfo,
  ops: readonly OpInfo[],
  rates: readonly (Rate | null)[],
  primitive: Primitive | undefined,
  view: PrimitiveView | undefined,
): Rate | null {
  const isOwn = (value: number) => value === 0 || ops[value - 1]?.stage === op.stage;
  const sequences = op.inputs.filter((value) => value === 0 || ops[value - 1]?.isSequence);
  const paced = primitive?.paced === true ? op.inputs[1] : undefined;
  const rate = rates[paced ?? sequences.find(isOwn) ?? sequences[0] ?? 0] ?? null;
  const clock = view && primitive?.clock?.(view);
  if (clock === undefined || rate === null) return rate;
  if (clock.fixed !== undefined) return null;
  return reduced(rate.rows * clock.repeat, rate.frames * clock.hop);
}

function reduced(rows: number, frames: number): Rate {
  const divisor = greatestDivisor(rows, frames);
  return { rows: rows / divisor, frames: frames / divisor };
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

/** The kind with its variant, "rms norm", unless the label says the variant already. */
export function kindText({ kind, variant, label }: OpDescription): string {
  return label.includes(variant) ? kind : `${variant} ${kind}`;
}

/** What a checkpoint did not say and was assumed, as the blob's maker recorded it. */
export function assumptionsOf({ metadata }: Pick<Model, "metadata">): readonly string[] {
  const { assumptions } = metadata;
  if (!Array.isArray(assumptions)) return [];
  return assumptions.filter((assumption) => typeof assumption === "string");
}
