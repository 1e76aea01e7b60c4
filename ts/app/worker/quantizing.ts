/**
 * Makes a smaller number type of the open model's network, over examples that were dropped. Loaded when somebody asks
 * for it. What it does is ts/quantize's; this only knows where network and examples come from.
 */
import { createBlob } from "../../blob/blob.js";
import { BadArgument } from "../../core/errors.js";
import { createFoldedBlob } from "../../fold/index.js";
import type { Model } from "../../index.js";
import { testOf } from "../../open/convert.js";
import { type ExampleFile, type Examples, readExamples } from "../../open/examples.js";
import type { ReadNetwork } from "../../open/network.js";
import {
  evenly,
  type InputSource,
  type QuantizeStage,
  quantizeNetwork,
  quantizeWeights,
  runSource,
} from "../../quantize/index.js";
import { fetchBytes, readFile } from "./bytes.js";
import { readBundled } from "./checkpoint.js";
import type {
  ExampleAddress,
  NamedFile,
  Progress,
  QuantizeAnswer,
  QuantizeChoice,
} from "./protocol.js";
import type { Bench } from "./workbench.js";

export interface GivenExamples {
  readonly files: readonly NamedFile[];
  readonly examples: readonly ExampleAddress[];
}

type Report = (progress: Progress) => void;
type Origin = Pick<ReadNetwork, "network" | "exported">;

/** @throws BadArgument (a blob; an op without a form in integers), BadInput, FileProblem, NonFinite */
export async function quantizeOpen(
  bench: Bench,
  choice: QuantizeChoice,
  given: GivenExamples,
  report: Report,
): Promise<QuantizeAnswer> {
  report({ what: "reading the network" });
  const origin = await originOf(bench);
  report({ what: "reading examples" });
  const { source, leftOut } = await allExamples(given, bench.model);
  const make = choice.type === "int" ? integers : weights;
  return { leftOut, ...(await make(bench, origin, source, choice, report)) };
}

/** The network as it was read, with its references. @throws BadArgument */
async function originOf({ network, exported, madeFrom }: Bench): Promise<Origin> {
  if (network !== undefined) return { network, ...(exported && { exported }) };
  if (madeFrom !== undefined) return readBundled(madeFrom);
  throw new BadArgument("MODEL", "a checkpoint, or a bundled model", "a .mlm");
}

// ---- examples ----------------------------------------------------------------------------------------

/** What was dropped, and behind it what comes with the model. */
async function allExamples(
  { files, examples }: GivenExamples,
  model: Model,
): Promise<Partial<Examples> & Pick<Examples, "leftOut">> {
  const dropped = files.map(
    ({ path, file }): ExampleFile => ({ path, read: () => readFile(file) }),
  );
  const bundled = examples.map(
    ({ path, url }): ExampleFile => ({ path, read: () => fetchBytes(url) }),
  );
  const groups = [dropped, bundled].filter((group) => group.length > 0);
  const read = await Promise.all(groups.map((group) => readExamples(group, model)));
  const leftOut = read.flatMap((part) => part.leftOut);
  return read.length === 0 ? { leftOut } : { leftOut, source: together(read) };
}

function together(parts: readonly Examples[]): InputSource {
  const items = parts.flatMap(({ source }) =>
    Array.from({ length: source.count }, (_, index) => () => source.item(index)),
  );
  return { count: items.length, item: (index) => items[index]!() };
}

// ---- the two types -----------------------------------------------------------------------------------

const STAGES: Readonly<Record<QuantizeStage, string>> = {
  calibrate: "calibrating",
  evaluate: "comparing with float32",
  shares: "trying each op by itself",
};

/** Messages to the page at most, a stage. */
const MOST_REPORTS = 100;

async function integers(
  { engine, isFolded }: Bench,
  origin: Origin,
  source: InputSource | undefined,
  { stateBits, float }: QuantizeChoice,
  report: Report,
) {
  // Ranges of folded layers would have to be observed anew.
  if (isFolded) throw new BadArgument("fold", "none with integers", "a folded model");
  const inputs = evenly(source ?? { count: 0, item: () => new Float32Array(0) });
  const quantized = await quantizeNetwork(engine, origin.network, inputs, {
    ...testOf(origin),
    stateBits,
    float,
    progress: (stage, done, total) => {
      if (done % Math.ceil(total / MOST_REPORTS) !== 0) return;
      report({ what: STAGES[stage], share: done / total });
    },
  });
  return { type: "int" as const, ...quantized };
}

async function weights(
  { engine, isFolded }: Bench,
  origin: Origin,
  source: InputSource | undefined,
  _: QuantizeChoice,
  report: Report,
) {
  const run = async (model: Model) => {
    const { outputs } = await runSource(model, source!, source!.count, (done) =>
      report({ what: STAGES.evaluate, share: done / source!.count }),
    );
    return outputs;
  };
  report({ what: "packing weights" });
  const make = isFolded ? createFoldedBlob : createBlob;
  const options = { ...testOf(origin), type: "w8" as const, make, ...(source && { run }) };
  return { type: "w8" as const, ...(await quantizeWeights(engine, origin.network, options)) };
}
