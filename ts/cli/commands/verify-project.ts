/** `mambalite verify --project`: a project as it lies there, edited or not, against the simulation bit for bit. */
import { BadArgument } from "../../core/errors.js";
import { type ProjectVerification, verifyProject } from "../../firmware/node.js";
import { toJson } from "../../json.js";
import { refuseGiven } from "../options.js";
import { counted, grouped, oneLine } from "../text.js";
import { timeoutOf } from "./verify.js";

export interface VerifyProjectChoice {
  readonly project: string;
  /** Seconds. */
  readonly timeout?: number;
  readonly json?: boolean;
}

/** What a project is asked for; all else it says itself, or is of models. */
const ASKED = ["project", "timeout", "json", "debug"];

export async function verifyProjectCommand(
  model: string | undefined,
  options: VerifyProjectChoice,
): Promise<string> {
  const others = Object.keys(options).filter((name) => !ASKED.includes(name));
  refuseGiven(options, others, "no --project", "one");
  if (model !== undefined) throw new BadArgument("--project", "no MODEL with it", model);
  const verified = await verifyProject(options.project, timeoutOf(options));
  const { manifest, edited, verification } = verified;
  if (!options.json) return describe(options.project, verified);
  const [image] = verification.images;
  return toJson({
    project: options.project,
    ...{ target: manifest.target, command: manifest.command, edited },
    equalBits: verification.equalItems === verification.items,
    arenaBytes: image?.arena.highWaterBytes,
    flags: image?.flags,
  });
}

function describe(
  folder: string,
  { manifest, edited, verification: { images, items, equalItems } }: ProjectVerification,
): string {
  const arena = images[0]?.arena.highWaterBytes ?? 0;
  const changes =
    edited.length === 0
      ? "as exported"
      : `${counted(edited.length, "file")} edited: ${edited.map((path) => oneLine(path)).join(", ")}`;
  // Of exact windows of audio the model is what stands behind the front end.
  const hasFront = Object.keys(manifest.files).some((path) => path.endsWith("front_blob.c"));
  const notRun = hasFront ? "its application and its front end are" : "its application is";
  return (
    `${oneLine(folder)}: ${manifest.target}, ${changes}\n` +
    `core and model: ${equalItems} of ${items} inputs equal, bit for bit; arena ${grouped(arena)} bytes; ` +
    `${notRun} not run\n` +
    `made by ${oneLine(manifest.command)}\n`
  );
}
