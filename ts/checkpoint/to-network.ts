/**
 * From a state dict to a network, by a known naming convention or an arch file. Knows which of the
 * two applies, and nothing of how either is read.
 */
import { BadArgument } from "../core/errors.js";
import type { Network } from "../network.js";
import { type Arch, buildArchOps, checkArch, namingOf } from "./arch.js";
import { buildConvention, recogniseConvention, refuseLaterMambas } from "./conventions.js";
import { NetworkBuilder } from "./network-builder.js";
import type { StateDict } from "./state-dict.js";
import { Weights } from "./weights.js";

export interface ToNetworkOptions {
  /** What the tensors are, where their names follow no known convention. */
  readonly arch?: Arch;
}

/** The `convention` of a network whose operators an arch file lists. */
const ARCH_CONVENTION = "arch";

/**
 * The network that the tensors make, all sizes inferred from their shapes.
 *
 * @throws BadCheckpoint when tensors are missing, unknown, misshapen or of a later Mamba; named.
 * @throws NonFinite when a weight is NaN or infinite.
 * @throws BadArgument when the arch is wrong.
 */
export function toNetwork(stateDict: StateDict, options: ToNetworkOptions = {}): Network {
  const arch = options.arch === undefined ? {} : checkArch(options.arch);
  const weights = new Weights(stateDict, namingOf(arch));
  refuseLaterMambas(weights);
  const builder = new NetworkBuilder(weights);
  const convention = build(arch, builder);
  checkLabels(arch, builder);
  return builder.finish(convention, arch.labels);
}

function build(arch: Arch, builder: NetworkBuilder): string {
  if (arch.ops !== undefined) {
    buildArchOps(arch.ops, builder);
    return ARCH_CONVENTION;
  }
  const convention = arch.convention ?? recogniseConvention(builder.weights);
  buildConvention(convention, builder);
  return convention;
}

function checkLabels({ labels }: Arch, builder: NetworkBuilder): void {
  const logits = builder.widthOf(builder.last);
  if (labels !== undefined && labels.length !== logits) {
    throw new BadArgument("arch.labels", `${logits} names, one a logit`, `${labels.length}`);
  }
}
