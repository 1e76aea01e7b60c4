/**
 * The width of an input row, where an arch file does not say it: the only one with which the first weights
 * fit. Knows no kind of op.
 */
import { BadArgument, MambaliteError } from "../../core/errors.js";
import type { AnyOp } from "../../graph/descriptors/index.js";
import type { CheckedOp } from "./arch.js";
import { nameOf, type TensorTaker } from "./tensors.js";

/** Adds the first so many ops. */
interface Trial {
  addAll(count: number): void;
}

/** @throws BadArgument when the tensors leave it open */
export function inferInputWidth(
  ops: readonly CheckedOp[],
  taker: TensorTaker,
  withWidth: (width: number) => Trial,
): number {
  if (ops[0]?.op.kind === "embedding") return 1;
  const last = ops.findIndex((checked) => shapesOf(checked, taker).length > 0);
  if (last < 0) throw unknownWidth("");
  const candidates = candidatesOf(ops.slice(0, last + 1), taker);
  const fitting = candidates.filter((width) => fits(withWidth(width), last + 1));
  const [only, other] = fitting;
  if (only !== undefined && other === undefined) return only;
  if (other !== undefined) throw unknownWidth(` (${fitting.join(", ")} ... would fit)`);
  // Whatever does not fit is named when the network is built with the likeliest.
  return candidates[0] ?? 1;
}

function unknownWidth(detail: string): BadArgument {
  const expected = "the width of an input row, which the tensors leave open";
  return new BadArgument("arch.inputWidth", expected, `nothing${detail}`);
}

function fits(trial: Trial, count: number): boolean {
  try {
    trial.addAll(count);
    return true;
  } catch (error) {
    if (error instanceof MambaliteError) return false;
    throw error;
  }
}

/** Sizes of the first op with tensors, also as multiples of what fields before it say; the likeliest first. */
function candidatesOf(ops: readonly CheckedOp[], taker: TensorTaker): number[] {
  const last = ops.at(-1) as CheckedOp;
  const sizes = [likeliest(last, taker), ...shapesOf(last, taker).flat()];
  const factors = ops.flatMap(({ op, kind }) =>
    Object.keys(kind.fields)
      .map((name) => op[name])
      .filter((value) => Number.isSafeInteger(value) && (value as number) > 1),
  ) as number[];
  const all = sizes.flatMap((size) => [
    size,
    ...factors.flatMap((factor) => [size / factor, size * factor]),
  ]);
  return [...new Set(all.filter((size) => Number.isSafeInteger(size) && size > 0))];
}

/** The size that is the width of an input row if nothing else is wrong. */
function likeliest(checked: CheckedOp, { weights }: TensorTaker): number {
  const { kind, op } = checked;
  for (const tensor of kind.tensors) {
    const { shapes } = tensor.form;
    const [shape = []] = typeof shapes === "function" ? shapes(op as unknown as AnyOp) : shapes;
    const size = weights.shapeOf(nameOf(checked, tensor))?.[shape.indexOf("in")];
    if (size !== undefined) return size;
  }
  return 1;
}

function shapesOf(checked: CheckedOp, { weights }: TensorTaker): (readonly number[])[] {
  const { kind } = checked;
  const shapes = kind.tensors.map((tensor) => weights.shapeOf(nameOf(checked, tensor)));
  return shapes.filter((shape) => shape !== undefined);
}
