/**
 * The config.json that language models are published with (Hugging Face's of Mamba, Falcon-Mamba and
 * Mamba-2, and mamba_ssm's own): what it says of the network as an arch. Sizes and biases are seen from the tensors.
 */
import { BadArgument } from "../core/errors.js";
import { describe } from "../plain-text.js";

type Config = Readonly<Record<string, unknown>>;

/** As in the configuration classes of transformers. */
const DEFAULT_NORM_EPS = 1e-5;
const DEFAULT_MIXER_EPS = 1e-6;
const MODEL_TYPES = ["mamba", "falcon_mamba", "mamba2"];
const DEFAULT_MAMBA2_GROUPS = 8;
/** Names of one function in transformers. */
const SILU = ["silu", "swish"];

export function isConfig(value: unknown): value is Config {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return "model_type" in value || ("d_model" in value && "n_layer" in value);
}

/**
 * An arch, unchecked.
 * @throws BadArgument for a network that is none of these
 */
export function archOfConfig(config: Config): unknown {
  return config.model_type === undefined ? ofMambaSsm(config) : ofTransformers(config);
}

/** What mamba_ssm and transformers compute and the file need not say. */
const STANDARD_MAMBA = {
  xProjOrder: "dtBC",
  gate: "silu",
  convolution: "causal",
  convActivation: "silu",
};
const STANDARD = { normPlace: "before", residual: true };

function ofTransformers(config: Config): unknown {
  const { model_type: type, hidden_act: act = "silu" } = config;
  if (!MODEL_TYPES.includes(type as string)) {
    throw new BadArgument("config.model_type", MODEL_TYPES.join(", "), describe(type));
  }
  if (!SILU.includes(act as string)) {
    throw new BadArgument("config.hidden_act", "silu", describe(act));
  }
  const {
    layer_norm_epsilon: eps = DEFAULT_NORM_EPS,
    mixer_rms_eps: mixerEps = DEFAULT_MIXER_EPS,
  } = config;
  if (type === "mamba2") {
    const mamba2 = mamba2Fields(config, eps, config.n_groups ?? DEFAULT_MAMBA2_GROUPS);
    // Its norm is of all channels together, whatever groups there are, and always behind the gate.
    const norm = { normGroups: 1, normPlace: "behind_gate" };
    const fields = { ...mamba2, ...norm };
    return { convention: "huggingface", eps, norm: "rms", ...STANDARD, mamba2: fields };
  }
  const scanNorm = type === "falcon_mamba" ? { scanNormEps: mixerEps } : {};
  const mamba = { ...STANDARD_MAMBA, ...scanNorm };
  return { convention: "huggingface", eps, norm: "rms", ...STANDARD, mamba };
}

function ofMambaSsm({ ssm_cfg: block, rms_norm: isRms = true }: Config): unknown {
  const settings = (block ?? {}) as Config;
  const { layer = "Mamba1" } = settings;
  const norm = isRms === true ? "rms" : "layer";
  const common = { convention: "mamba_ssm", eps: DEFAULT_NORM_EPS, norm, ...STANDARD };
  if (layer === "Mamba1") return { ...common, mamba: STANDARD_MAMBA };
  if (layer !== "Mamba2") {
    throw new BadArgument("config.ssm_cfg.layer", "Mamba1 or Mamba2", describe(layer));
  }
  const { ngroups = 1, norm_before_gate: isBefore = false } = settings;
  const mamba2 = mamba2Fields(settings, DEFAULT_NORM_EPS, ngroups);
  const place = isBefore === true ? "before_gate" : "behind_gate";
  return { ...common, mamba2: { ...mamba2, normGroups: ngroups, normPlace: place } };
}

/** The limits of dt have two names. @throws BadArgument for what is no pair of numbers */
function mamba2Fields(config: Config, normEps: unknown, groups: unknown): Config {
  const { time_step_limit: ofTransformers, dt_limit: limit = ofTransformers } = config;
  if (limit === undefined || limit === null) return { groups, normEps, leastDt: 0 };
  const isPair = Array.isArray(limit) && limit.length === 2;
  if (!isPair || !limit.every((bound) => typeof bound === "number")) {
    throw new BadArgument("config: the limits of dt", "two numbers", describe(limit));
  }
  const [leastDt, mostDt] = limit as [number, number];
  return { groups, normEps, leastDt, ...(mostDt < Number.POSITIVE_INFINITY && { mostDt }) };
}
