/** Width and place of every value of a network, checked op by op. Knows no kind of op. */
import { BadArgument } from "../core/errors.js";
import { type AnyOp, descriptorOf, type Form, type Op } from "./descriptors/index.js";
import { formOf, inputsOf } from "./form.js";
import type { Network } from "./network.js";

export interface ValueInfo {
  /** Elements of a row. */
  readonly width: number;
  /** One row a sequence, not rows over time. */
  readonly isVector: boolean;
  /** Of the op that makes it; absent for the network's input. */
  readonly form?: Form<Op>;
}

/**
 * Index for index with the values: the network's input first.
 * @throws BadArgument (a value, a field), BadCheckpoint (a tensor)
 */
export function valuesOf({ inputWidth, ops }: Pick<Network, "inputWidth" | "ops">): ValueInfo[] {
  const values: ValueInfo[] = [{ width: inputWidth, isVector: false }];
  ops.forEach((op, index) => {
    const inputs = inputsOf(op).map((value) => readValue(op, value, values, index));
    values.push(infoOf(op, inputs));
  });
  return values;
}

/** What an op makes of what it reads. @throws as `valuesOf` */
export function infoOf(op: Op, inputs: readonly ValueInfo[]): ValueInfo {
  const form = formOf(
    op,
    inputs.map(({ width }) => width),
  );
  const descriptor = descriptorOf(op);
  const isPool = descriptor.primitives.some(({ time }) => time === "pool");
  const isVector = isPool || inputs.every((input) => input.isVector);
  return { width: descriptor.width(form), isVector, form };
}

function readValue(
  op: AnyOp,
  value: number,
  values: readonly ValueInfo[],
  index: number,
): ValueInfo {
  const found = Number.isInteger(value) ? values[value] : undefined;
  if (found !== undefined) return found;
  throw new BadArgument(`input of op ${op.name}`, `a value from 0 to ${index}`, String(value));
}
