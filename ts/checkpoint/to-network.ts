/**
 * From a state dict to a network, by a known naming convention or an arch file. Knows which of the
 * two applies, and nothing of how either is read.
 */
import type { Network } from "../graph/network.js";
import { type Arch, checkArch, checkOps } from "./arch/arch.js";
import { buildNetwork } from "./arch/build.js";
import { namingOf } from "./arch/naming.js";
import { ASSUMED } from "./assumptions.js";
import { conventionNetwork, recogniseConvention } from "./conventions.js";
import { type ExportedFile, exportedFile, withoutReferences } from "./exported.js";
import { refuseLaterMambas } from "./later-mambas.js";
import { epsOfModules } from "./module-settings.js";
import type { StateDict } from "./state-dict.js";
import { Weights } from "./weights.js";

export interface ToNetworkOptions {
  /** What the tensors are, where their names follow no known convention. */
  readonly arch?: Arch;
}

/** The `convention` of a network whose operators an arch file lists. */
const ARCH_CONVENTION = "arch";
/** The same, where the file itself lists them. */
const EXPORTED = "exported";

/**
 * The network that the tensors make, all sizes inferred from their shapes.
 *
 * @throws BadCheckpoint when tensors are missing, unknown, misshapen or of a later Mamba; named.
 * @throws NonFinite when a weight is NaN or infinite.
 * @throws BadArgument when the arch is wrong.
 */
export function toNetwork(stateDict: StateDict, options: ToNetworkOptions = {}): Network {
  const exported = options.arch === undefined ? exportedFile(stateDict) : undefined;
  const given = options.arch ?? exported?.arch;
  const arch = given === undefined ? {} : checkArch(given);
  const weights = new Weights(withoutReferences(stateDict), namingOf(arch));
  refuseLaterMambas(weights);
  if (arch.ops !== undefined) {
    const network = buildNetwork(checkOps(arch.ops), weights, arch, ARCH_CONVENTION);
    return exported === undefined ? network : asExported(network, exported);
  }
  const convention = arch.convention ?? recogniseConvention(weights);
  const eps = arch.eps ?? epsOfModules(stateDict.modules);
  const filled = { ...arch, ...(eps !== undefined && convention !== "paper" && { eps }) };
  const { ops, assumptions } = conventionNetwork(convention, weights, filled);
  const network = buildNetwork(checkOps(ops), weights, filled, convention);
  const order = stateDict.modules === undefined ? [] : [ASSUMED.order(convention)];
  return { ...network, assumptions: [...order, ...assumptions, ...(network.assumptions ?? [])] };
}

/** An exported graph says all of itself: nothing is assumed but what the exporter says. */
function asExported(network: Network, { shapes, assumptions }: ExportedFile): Network {
  const { assumptions: _, ...rest } = network;
  return {
    ...rest,
    convention: EXPORTED,
    ...(assumptions.length > 0 && { assumptions }),
    ...(shapes !== undefined && { shapes }),
  };
}
