/** Mamba-3 blocks, by the names of their tensors: they compute something else. Knows nothing of networks. */
import { BadCheckpoint } from "../core/errors.js";
import { abbreviate } from "../plain-text.js";
import type { Weights } from "./weights.js";

/** Parameters of mamba_ssm's `Mamba3` module that `Mamba` and `Mamba2` do not have. */
const MAMBA3_ONLY = /(^|\.)(B_bias|C_bias|B_norm\.weight|C_norm\.weight|mimo_[xzo])$/;

/**
 * Refuses the tensors of Mamba-3 blocks.
 *
 * @throws BadCheckpoint naming them.
 */
export function refuseLaterMambas(weights: Weights): void {
  const found = weights.names().filter((name) => MAMBA3_ONLY.test(name));
  const [first] = found;
  if (first === undefined) return;
  throw new BadCheckpoint(
    first,
    "a Mamba-1 block (A_log [dInner, dState], x_proj, dt_proj) or a Mamba-2 block (A_log [heads], dt_bias)",
    `a Mamba-3 block, which is not supported (it has ${abbreviate(found)})`,
  );
}
