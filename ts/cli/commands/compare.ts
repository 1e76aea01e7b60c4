/** `mambalite compare`: a model's outputs, and with a trace every operator, against a reference. */
import { BadArgument } from "../../core/errors.js";
import type { Model } from "../../core/model.js";
import { onlyVector } from "../../core/outputs.js";
import { type Inputs, takenBy } from "../../input-files.js";
import {
  compareOutputs,
  compareTrace,
  DEFAULT_TOLERANCE,
  inModuleShapes,
  moduleShapesOf,
  referenceTolerance,
  type TraceTensor,
} from "../../profile/index.js";
import { BeyondTolerance } from "../failure.js";
import { toJson } from "../json.js";
import { findGolden, readReference, readTrace } from "../load-golden.js";
import { readInputs } from "../load-input.js";
import { type ModelChoice, type OpenModel, withModel } from "../load-model.js";
import { checkExecution, type ExecutionChoice, sessionOptions } from "../options.js";
import { mapWithProgress } from "../progress.js";
import {
  type Comparison,
  isWithin,
  renderComparison,
  reportOf,
  type Tolerances,
  unitOf,
} from "../render/comparison.js";
import { exponential, oneLine } from "../text.js";

export interface CompareOptions extends ModelChoice, ExecutionChoice {
  /** Default: the references inside the model's file. */
  readonly golden?: readonly string[];
  /** Default: 2e-6, or as the file's references allow. */
  readonly tolerance?: number;
  readonly traceTolerance: number;
  readonly json?: boolean;
}

/** What a model is compared with. */
interface Reference {
  readonly frames: number;
  readonly sequences: readonly (Float32Array | Int32Array)[];
  /** Index for index with the outputs, of each the elements of every case. */
  readonly outputs: readonly (readonly (Float32Array | Float64Array)[])[];
  /** Of the first sequence. */
  readonly trace?: readonly TraceTensor[];
  readonly tolerance: number;
  /** Whether outputs lie as the module gives them. */
  readonly isInModuleShapes: boolean;
}

export async function compare(path: string, options: CompareOptions): Promise<string> {
  checkExecution(options);
  return withModel(path, options, async (open) => {
    const { model } = open;
    const reference =
      options.golden === undefined
        ? referenceInside(path, open)
        : await readGolden(options.golden, model);
    const session = model.createSession(sessionOptions(options, reference.frames));
    try {
      const comparison = compareWith(reference, model, session, options);
      const { tolerance = reference.tolerance, traceTolerance } = options;
      return resultOf(comparison, { tolerance, traceTolerance }, model, options.json === true);
    } finally {
      session.dispose();
    }
  });
}

/** @throws BadArgument when the file has none */
function referenceInside(path: string, { model, exported }: OpenModel): Reference {
  if (exported === undefined) {
    const expected =
      "a folder of references, as only files of mambalite_torch.export hold their own";
    throw new BadArgument("--golden", expected, `nothing, and ${path} without references`);
  }
  const { references, float32Error } = exported;
  const width = model.info.inputWidth;
  const trace = references.trace.map(({ name, shape, data }) => ({
    name,
    shape,
    data: Float64Array.from(data),
  }));
  return {
    frames: Math.max(...references.inputs.map(({ length }) => length / width)),
    sequences: references.inputs,
    outputs: model.info.outputs.map(({ name }) => references.outputs.get(name) ?? []),
    ...(trace.length > 0 && { trace }),
    tolerance: referenceTolerance(float32Error),
    isInModuleShapes: false,
  };
}

async function readGolden(paths: readonly string[], model: Model): Promise<Reference> {
  const golden = findGolden(paths, model);
  const inputs = await readInputs(golden.inputPath, takenBy(model), false);
  const outputs = await readReferences(golden.outputPaths, model, inputs);
  const trace = golden.tracePath === undefined ? undefined : await readTrace(golden.tracePath);
  return {
    frames: inputs.frames,
    sequences: inputs.sequences,
    outputs,
    ...(trace && { trace }),
    tolerance: DEFAULT_TOLERANCE,
    isInModuleShapes: true,
  };
}

async function readReferences(
  paths: readonly string[],
  model: Model,
  { sequences, data }: Inputs,
): Promise<Float64Array[][]> {
  const inputs = data.length / sequences.length / model.info.inputWidth;
  const shapes = model.outputShapes(inputs);
  const blank = model.info.outputs.map(({ name }, i) => {
    const shape = shapes[i] as number[];
    return {
      name,
      shape,
      data: new Float32Array(shape.reduce((product, size) => product * size, 1)),
    };
  });
  const own = inModuleShapes(moduleShapesOf(model), blank);
  return Promise.all(
    paths.map((path, i) => readReference(path, sequences.length, own[i]?.shape ?? [])),
  );
}

function compareWith(
  { sequences, outputs, trace, isInModuleShapes }: Reference,
  model: Model,
  session: ReturnType<Model["createSession"]>,
  { traceTolerance }: CompareOptions,
): Comparison {
  const shapes = isInModuleShapes ? moduleShapesOf(model) : undefined;
  const results = mapWithProgress(sequences, "inputs", (input) =>
    inModuleShapes(shapes, session.run(input)),
  );
  const width = onlyVector(model.info.outputs)?.width;
  const [first] = sequences;
  return {
    ...compareOutputs(results, outputs),
    hasClasses: width !== undefined && width > 1,
    ...(width === 1 && {
      values: results.map(
        ([ours], i) => [Number(ours?.data[0]), Number(outputs[0]?.[i]?.[0])] as const,
      ),
    }),
    ...(trace &&
      first !== undefined && {
        trace: compareTrace(model, session, first, trace, traceTolerance),
      }),
  };
}

/** @throws BeyondTolerance with the table, when the outputs are too far off */
function resultOf(
  comparison: Comparison,
  tolerances: Tolerances,
  model: Model,
  isJson: boolean,
): string {
  const text = isJson
    ? toJson(reportOf(comparison, tolerances))
    : renderComparison(comparison, tolerances, model);
  if (isWithin(comparison, tolerances)) return text;
  throw new BeyondTolerance(differenceText(comparison, tolerances), text);
}

export function differenceText(comparison: Comparison, { tolerance }: Tolerances): string {
  const { all: accuracy, outputs, hasClasses, trace } = comparison;
  const worst = accuracy.cases.findIndex((c) => c.maxRelative === accuracy.maxRelative);
  const where = outputs.find((output) => output.accuracy.maxRelative === accuracy.maxRelative);
  const output = outputs.length > 1 ? ` of output ${oneLine(where?.name ?? "")}` : "";
  const differing = accuracy.cases.length - accuracy.sameClasses;
  const departure = trace?.firstDeparture ?? null;
  const parts = [
    `max error ${exponential(accuracy.maxRelative)} of the largest |${unitOf(comparison)}| in case ` +
      `${worst}${output}, tolerance ${exponential(tolerance)}`,
    ...(hasClasses ? [`${differing} of ${accuracy.cases.length} classes differ`] : []),
    ...(departure === null ? [] : [`first operator that departs: ${oneLine(departure)}`]),
  ];
  return `differs from the reference: ${parts.join("; ")}`;
}
