/** `mambalite verify --mode`: a detector's firmware over a stream in an emulator, against TypeScript bit for bit. */
import { readFileSync } from "node:fs";
import { BadArgument } from "../../core/errors.js";
import { to16Bits } from "../../core/input.js";
import { type DetectorVerification, verifyDetector } from "../../firmware/node.js";
import { toJson } from "../../json.js";
import { BUNDLED_MODELS } from "../../models/node.js";
import { inputsOf, takenBy } from "../../open/inputs.js";
import { detectorOf } from "../detector.js";
import { readInputs } from "../load-input.js";
import { type OpenModel, withModel } from "../load-model.js";
import { refuseGiven } from "../options.js";
import { counted, grouped } from "../text.js";
import { floatsNote } from "../twin.js";
import { timeoutOf, type VerifyCommandOptions } from "./verify.js";

/** Of the stream, where nothing is said. */
const SECONDS = 20;

export async function verifyDetectorCommand(
  named: string,
  options: VerifyCommandOptions,
): Promise<string> {
  refuseGiven(options, ["board", "time", "place", "qio"], "no --mode", "one");
  const { board: _, ...choice } = options;
  const note = floatsNote(named, choice);
  const [variant, ...more] = options.variant ?? [];
  if (more.length > 0) throw new BadArgument("--variant", "one of them with --mode", "several");
  return withModel(named, { ...options, asCheckpoint: true }, async (open) => {
    const { inputKind } = open.model.info;
    if (inputKind !== "samples") {
      throw new BadArgument("--mode", "a model of samples with it", `one of ${inputKind}`);
    }
    const verification = await verifyDetector({
      target: options.target,
      detector: await detectorOf(open, options),
      seconds: options.seconds ?? SECONDS,
      clips: await clipsOf(named, open, options.input),
      ...timeoutOf(options),
      ...(variant !== undefined && { variant }),
      ...(options.keep !== undefined && { folder: options.keep }),
    });
    return options.json ? toJson({ model: named, ...verification }) : note + describe(verification);
  });
}

/** Those of --input, or the recordings of a bundled model; else the stream is noise. */
async function clipsOf(named: string, { model }: OpenModel, input: string | undefined) {
  const bundled = BUNDLED_MODELS.find(({ name }) => name === named);
  const recordings =
    input !== undefined
      ? (await readInputs(input, takenBy(model), false)).sequences
      : (bundled?.examples ?? []).flatMap(
          ({ url }) => inputsOf(readFileSync(url), takenBy(model), false).sequences,
        );
  return recordings.map((recording) => {
    const clip = new Int16Array(recording.length);
    to16Bits(recording, clip);
    return clip;
  });
}

function describe({ target, variant, seconds, arenaBytes, streams }: DetectorVerification): string {
  const lines = streams.map(
    ({ push, events, answers, longest, total }) =>
      `  pushes of ${grouped(push)}: ${counted(events.length, "event")}, ${grouped(answers)} answers, ` +
      `${grouped(Math.round(total / seconds))} instructions a second of the stream, ` +
      `${grouped(longest)} in the longest push\n`,
  );
  return (
    `${target} (${variant}): events and averages equal, bit for bit, over ${seconds} s; ` +
    `${grouped(arenaBytes)} bytes of memory\n${lines.join("")}`
  );
}
