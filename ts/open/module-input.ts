/**
 * An array in the shape that an exported module takes, as the core takes it. Knows nothing of files or of where the
 * array came from.
 */
import { BadInput } from "../core/errors.js";
import type { ModelInfo } from "../core/info.js";
import {
  axesOfRank,
  axesText,
  coreSizes,
  inCoreOrder,
  type ModuleShapes,
} from "../graph/shapes.js";

export interface Elements {
  readonly data: Float32Array | Int32Array;
  readonly shape: readonly number[];
}

/** As [N, T, F], or of tokens [N, T]. @throws BadInput */
export function fromModuleShape(
  { data, shape }: Elements,
  { inputKind, inputWidth }: Pick<ModelInfo, "inputKind" | "inputWidth">,
  { input }: ModuleShapes,
): Elements {
  const axes = axesOfRank(input.axes, shape.length);
  const sizes = axes && coreSizes(axes, shape);
  if (axes === undefined || sizes === undefined || sizes[2] !== inputWidth) {
    const [whole, alone] = [input.axes, input.axes.filter((axis) => axis !== "batch")];
    const expected = [...new Set([whole, alone].map((some) => axesText(some, inputWidth)))];
    const type = inputKind === "tokens" ? "integer tokens" : "float32";
    const got = `[${shape.join(", ")}]`;
    throw new BadInput(`${type} ${expected.join(" or ")}, as the module takes it`, got);
  }
  const [batch, time, channels] = sizes;
  return {
    data: inCoreOrder(data, axes, shape),
    shape: inputKind === "frames" ? [batch, time, channels] : [batch, time],
  };
}
