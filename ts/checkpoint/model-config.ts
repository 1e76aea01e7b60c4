/**
 * The config.json that language models are published with (Hugging Face's of Mamba and Falcon-Mamba, and
 * mamba_ssm's own): what it says of the network as an arch. Sizes and biases are seen from the tensors.
 */
import { BadArgument } from "../core/errors.js";
import { describe } from "../plain-text.js";

type Config = Readonly<Record<string, unknown>>;

/** As in the configuration classes of transformers. */
const DEFAULT_NORM_EPS = 1e-5;
const DEFAULT_MIXER_EPS = 1e-6;
const MODEL_TYPES = ["mamba", "falcon_mamba"];
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
  const scanNorm = type === "falcon_mamba" ? { scanNormEps: mixerEps } : {};
  const mamba = { ...STANDARD_MAMBA, ...scanNorm };
  return { convention: "huggingface", eps, norm: "rms", ...STANDARD, mamba };
}

function ofMambaSsm({ ssm_cfg: block, rms_norm: isRms = true }: Config): unknown {
  const layer = (block as Config | undefined)?.layer ?? "Mamba1";
  if (layer !== "Mamba1") throw new BadArgument("config.ssm_cfg.layer", "Mamba1", describe(layer));
  const norm = isRms === true ? "rms" : "layer";
  return {
    convention: "mamba_ssm",
    eps: DEFAULT_NORM_EPS,
    norm,
    ...STANDARD,
    mamba: STANDARD_MAMBA,
  };
}
