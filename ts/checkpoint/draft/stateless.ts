/** Modules without tensors that are operators: functions and pools, by the names of PyTorch's classes. */
import { classOf, integerOf } from "../module-settings.js";
import type { SavedModule } from "../saved-module.js";
import type { Part } from "./part.js";

const ACTIVATIONS: Readonly<Record<string, string>> = {
  ReLU: "relu",
  SiLU: "silu",
  GELU: "gelu",
  Sigmoid: "sigmoid",
  Tanh: "tanh",
  Softplus: "softplus",
  LeakyReLU: "leaky_relu",
  ELU: "elu",
  Hardsigmoid: "hard_sigmoid",
  ReLU6: "relu6",
};

export function statelessPart(path: string, module: SavedModule): Part | undefined {
  const name = classOf(module);
  const activation = ACTIVATIONS[name];
  const part = { path, takes: 0, gives: 0, what: name, guesses: [] };
  if (activation !== undefined) {
    const isTanh = module.attributes.get("approximate") === "tanh";
    const parameter = module.attributes.get(name === "LeakyReLU" ? "negative_slope" : "alpha");
    const field = name === "LeakyReLU" ? "slope" : "alpha";
    const fields = {
      activation: isTanh ? "gelu_tanh" : activation,
      ...(typeof parameter === "number" && { [field]: parameter }),
    };
    return { ...part, kind: "activation", fields };
  }
  const isAll = integerOf(module.attributes.get("output_size")) === 1;
  if (name === "AdaptiveAvgPool1d" && isAll)
    return { ...part, kind: "pool", fields: { pool: "mean" } };
  if (name === "AdaptiveMaxPool1d" && isAll)
    return { ...part, kind: "pool", fields: { pool: "max" } };
  return undefined;
}
