/**
 * The model that a board has measured or runs, by the CRC-32 that it says: the one that is named, or a bundled one.
 * Knows nothing of reports.
 */
import { fileURLToPath } from "node:url";
import { BadArgument } from "../core/errors.js";
import type { Model } from "../core/model.js";
import { hexWord } from "../hex-word.js";
import { BUNDLED_MODELS, isInstalled } from "../models/node.js";
import { Engine } from "../node.js";
import { readBytes } from "./files.js";
import { type ModelChoice, withModel } from "./load-model.js";

export interface MeasuredChoice extends ModelChoice {
  /** MODEL of a command line. */
  readonly model?: string;
}

/**
 * @returns what `use` makes of it; undefined where none is named and no bundled one is it
 * @throws BadArgument where the one that is named is another
 */
export async function withMeasured<T>(
  crc: string,
  { model: named, ...choice }: MeasuredChoice,
  use: (model: Model) => T | Promise<T>,
): Promise<T | undefined> {
  if (named !== undefined) {
    return withModel(named, choice, ({ model }) => {
      const found = hexWord(model.info.crc32);
      if (found === crc) return use(model);
      throw new BadArgument("--model", `the model with CRC-32 ${crc}`, `one with ${found}`);
    });
  }
  const engine = await Engine.load(choice.simd === undefined ? {} : { simd: choice.simd });
  try {
    for (const blob of bundledBlobs()) {
      const model = await engine.loadModel(readBytes(blob));
      if (hexWord(model.info.crc32) === crc) return await use(model);
      model.dispose();
    }
    return undefined;
  } finally {
    engine.dispose();
  }
}

function bundledBlobs(): string[] {
  return BUNDLED_MODELS.filter(isInstalled).flatMap(({ blob, integers, stream }) =>
    [blob, integers.blob, ...(stream ? [stream.blob] : [])].map((url) => fileURLToPath(url)),
  );
}
