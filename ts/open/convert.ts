/**
 * From a checkpoint to an open model: its blob in the number type that is wanted, compared with what PyTorch gave where
 * the file says it. What quantises is loaded when it is asked for. Knows nothing of where the checkpoint comes from.
 */
import { createBlob } from "../blob/blob.js";
import type { Engine } from "../core/engine.js";
import { BadArgument, BeyondTolerance } from "../core/errors.js";
import type { InputArray } from "../core/input.js";
import type { Model } from "../core/model.js";
import { createFoldedBlob } from "../fold/index.js";
import { compareReferences, referenceTolerance } from "../profile/references.js";
import type { ExportedReferences, ReadNetwork } from "./network.js";
import type { ConvertOptions, OpenedCheckpoint, QuantizeRequest } from "./opened.js";

export { readNetwork } from "./network.js";

/** @throws as `openModel` */
export async function openNetwork(
  engine: Engine,
  read: ReadNetwork,
  options: ConvertOptions = {},
): Promise<OpenedCheckpoint> {
  const { quantize, checkReferences = true, onStage } = options;
  onStage?.("pack");
  const plain = await makerOf(options)(engine, read.network, testOf(read));
  const float = await engine.loadModel(plain);
  try {
    if (read.exported !== undefined && checkReferences) {
      onStage?.("compare");
      requireReferences(float, read.exported);
    }
    if (quantize === undefined) return { ...read, engine, model: float, blob: plain };
    onStage?.("quantize");
    const { blob, report } = await quantized(engine, read, quantize, options);
    const model = await engine.loadModel(blob);
    float.dispose();
    return { ...read, engine, model, blob, quantized: report };
  } catch (error) {
    float.dispose();
    throw error;
  }
}

/** The first reference, if there is one, is the self-test's input. */
export function testOf({ exported }: Pick<ReadNetwork, "exported">): { testInput?: InputArray } {
  const [testInput] = exported?.references.inputs ?? [];
  return testInput === undefined ? {} : { testInput };
}

function makerOf({ fold }: ConvertOptions): typeof createBlob {
  return fold === true ? createFoldedBlob : createBlob;
}

async function quantized(
  engine: Engine,
  read: ReadNetwork,
  how: QuantizeRequest,
  options: ConvertOptions,
) {
  if (how.type === "w8") {
    const { quantizeWeights } = await import("../quantize/weights.js");
    const make = makerOf(options);
    return quantizeWeights(engine, read.network, { ...testOf(read), type: "w8", make });
  }
  // Ranges of folded layers would have to be observed anew.
  if (options.fold) throw new BadArgument("fold", 'none with quantize of the type "int"', "true");
  const { quantizeNetwork } = await import("../quantize/int.js");
  const { inputs, type: _, ...rest } = how;
  return quantizeNetwork(engine, read.network, inputs, { ...testOf(read), ...rest });
}

/** @throws BeyondTolerance when the core does not give what PyTorch gave */
function requireReferences(model: Model, { references, float32Error }: ExportedReferences): void {
  const tolerance = referenceTolerance(float32Error);
  const { maxRelative } = compareReferences(model, references).all;
  if (maxRelative <= tolerance) return;
  throw new BeyondTolerance("the references in the file", { maxRelative, tolerance });
}
