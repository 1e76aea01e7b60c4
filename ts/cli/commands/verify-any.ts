/** `mambalite verify`: of a model, of its detector, or of a project that was exported. */
import { BadArgument } from "../../core/errors.js";
import { EMULATED_TARGETS } from "../../firmware/index.js";
import { type VerifyCommandOptions, verifyCommand } from "./verify.js";
import { verifyDetectorCommand } from "./verify-detector.js";
import { verifyProjectCommand } from "./verify-project.js";

export interface VerifyAnyOptions extends Omit<VerifyCommandOptions, "target"> {
  readonly target?: VerifyCommandOptions["target"];
  readonly project?: string;
}

export async function verifyAny(
  model: string | undefined,
  options: VerifyAnyOptions,
): Promise<string> {
  const { project, target, mode } = options;
  if (project !== undefined) return verifyProjectCommand(model, { ...options, project });
  if (model === undefined) throw new BadArgument("MODEL", "a model, or --project DIR", "neither");
  if (target === undefined) {
    throw new BadArgument("--target", `one of ${EMULATED_TARGETS.join(", ")}`, "nothing");
  }
  const verify = mode === undefined ? verifyCommand : verifyDetectorCommand;
  return verify(model, { ...options, target });
}
