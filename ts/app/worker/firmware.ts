/**
 * The firmware project of the open model as a zip: the command line's own exporter, the same files.
 * Knows nothing of what is in them.
 */
import { zipSync } from "fflate";
import { BadArgument } from "../../core/errors.js";
import { as16Bits } from "../../core/input.js";
import { BOARDS } from "../../device/index.js";
import {
  EXPORT_TARGETS,
  type ExportTarget,
  exportProject,
  wholeBytes,
} from "../../firmware/index.js";
import { defaultFrames, exampleInput } from "../../profile/index.js";
import { optionsOf } from "./figures.js";
import type { Choice } from "./protocol.js";
import type { Workbench } from "./workbench.js";

/** The earliest time a zip can hold, so that the same project gives the same bytes. */
const ZIP_TIME = new Date(1980, 0, 1);

/** @throws DoesNotFit when the board cannot hold it. */
export async function firmwareZip(
  workbench: Workbench,
  choice: Choice,
  target: string,
  boardId: string | null,
): Promise<Uint8Array<ArrayBuffer>> {
  const { C_SOURCES } = await import("./c-sources.js");
  const { engine, model, blob } = workbench.open;
  const board = BOARDS.find(({ id }) => id === boardId);
  const frames = defaultFrames(model.info);
  const input = as16Bits(model.info, exampleInput(model.info, frames));
  const session = model.createSession(optionsOf(choice, frames));
  try {
    const { plan } = session;
    const files = exportProject(requireTarget(target), {
      sources: C_SOURCES,
      model: {
        ...{ blob, plan, info: model.info, ops: model.ops },
        ...{ tensors: model.tensors, labels: model.labels },
        version: engine.version,
      },
      example: { input, outputs: session.run(input) },
      ...(board && { board }),
    });
    const entries = [...files].map(([path, content]): [string, Uint8Array] => [
      `${target}/${path}`,
      wholeBytes(content),
    ]);
    return zipSync(Object.fromEntries(entries), { mtime: ZIP_TIME, level: 6 });
  } finally {
    session.dispose();
  }
}

function requireTarget(target: string): ExportTarget {
  const found = EXPORT_TARGETS.find((candidate) => candidate === target);
  if (found === undefined) throw new BadArgument("target", EXPORT_TARGETS.join(", "), target);
  return found;
}
