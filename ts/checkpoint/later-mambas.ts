/** Mamba-2 and Mamba-3 blocks, by the names of their tensors: they compute something else. Knows nothing of networks. */
import { BadCheckpoint } from "../core/errors.js";
import { abbreviate } from "../plain-text.js";
import type { Weights } from "./weights.js";

/**
 * Refuses the tensors of Mamba-2 and Mamba-3 blocks, which compute something else.
 *
 * @throws BadCheckpoint naming them.
 */
export function refuseLaterMambas(weights: Weights): void {
  const names = weights.names();
  const mamba3 = names.filter((name) => MAMBA3_ONLY.test(name));
  const found = [...mamba3, ...mamba2Names(weights)];
  const [first] = found;
  if (first === undefined) return;
  const version = mamba3.length > 0 ? "Mamba-3" : "Mamba-2";
  throw new BadCheckpoint(
    first,
    "a Mamba-1 block (A_log [dInner, dState], x_proj, dt_proj)",
    `a ${version} block, which is not supported (it has ${abbreviate(found)})`,
  );
}

/** Parameters of mamba_ssm's `Mamba3` module that `Mamba` does not have. */
const MAMBA3_ONLY = /(^|\.)(B_bias|C_bias|B_norm\.weight|C_norm\.weight|mimo_[xzo])$/;
/** The name of a parameter that is `Mamba2`'s, or may be: what is before its last part. */
const MAMBA2_PARAMETER = /^(|.*\.)(dt_bias|A_log|norm\.weight)$/s;

/**
 * Names of Mamba-2 blocks: a block is one by its `dt_bias`, or by one A a head ([heads]). A norm
 * tells nothing: any module may end in one.
 */
function mamba2Names(weights: Weights): string[] {
  const parameters = weights.names().flatMap((name) => {
    const [, block = "", part = ""] = MAMBA2_PARAMETER.exec(name) ?? [];
    return part === "" ? [] : [{ name, block, part }];
  });
  const isTelling = ({ name, part }: (typeof parameters)[number]): boolean =>
    part === "dt_bias" || (part === "A_log" && weights.shapeOf(name)?.length === 1);
  const blocks = new Set(parameters.filter(isTelling).map(({ block }) => block));
  return parameters
    .filter(
      (parameter) =>
        blocks.has(parameter.block) && (parameter.part === "norm.weight" || isTelling(parameter)),
    )
    .map(({ name }) => name);
}
