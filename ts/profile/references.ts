/**
 * A model against the references of an exported file, and its outputs in the shapes of the module that it was
 * exported from. Knows nothing of files.
 */
import type { References } from "../checkpoint/exported.js";
import { framesIn } from "../core/input.js";
import type { Model } from "../core/model.js";
import type { Output, Outputs } from "../core/outputs.js";
import type { SessionOptions } from "../core/plan.js";
import { inModuleShape, type ModuleShapes, shapesOf } from "../graph/shapes.js";
import { compareOutputs, DEFAULT_TOLERANCE, type OutputsAccuracy } from "./accuracy.js";

/** Where float32 PyTorch is further off than this, nobody can be as near as usual. */
const USUAL_FLOAT32_ERROR = 1e-6;

/** Largest permitted error relative to the largest element, by what float32 PyTorch itself deviates. */
export function referenceTolerance(float32Error: number): number {
  return float32Error > USUAL_FLOAT32_ERROR ? 2 * DEFAULT_TOLERANCE : DEFAULT_TOLERANCE;
}

/** @throws as `Model.createSession` and `Session.run` */
export function compareReferences(
  model: Model,
  { inputs, outputs }: References,
  options: SessionOptions = {},
): OutputsAccuracy {
  const frames = Math.max(...inputs.map((input) => framesIn(model.info, input.length)));
  const session = model.createSession({ ...options, maxFrames: frames });
  try {
    const results = inputs.map((input) => session.run(input));
    const references = model.info.outputs.map(({ name }) => outputs.get(name) ?? []);
    return compareOutputs(results, references);
  } finally {
    session.dispose();
  }
}

/** How the module's own inputs and outputs lie; undefined for [time, channels] and [rows, width]. */
export function moduleShapesOf({ metadata }: Pick<Model, "metadata">): ModuleShapes | undefined {
  return shapesOf(metadata.shapes);
}

/** Outputs as the module itself gives them, where the model says how. */
export function inModuleShapes(shapes: ModuleShapes | undefined, outputs: Outputs): Outputs {
  if (shapes === undefined) return outputs;
  return outputs.map((output): Output => {
    const own = shapes.outputs.find(({ name }) => name === output.name);
    if (own === undefined) return output;
    const [rows, width] = output.shape.length === 1 ? [1, output.shape[0]] : output.shape;
    const { data, shape } = inModuleShape(output.data, rows ?? 1, width ?? 1, own);
    const elements = shape.reduce((product, size) => product * size, 1);
    return elements === data.length ? { name: output.name, shape, data } : output;
  });
}
