/**
 * What the parts of a module that was saved whole say of themselves that no tensor does: eps, strides, names of
 * functions. Knows nothing of how parts are put together.
 */
import type { Attribute, SavedModule } from "./saved-module.js";

/** "Conv1d" of "torch.nn.modules.conv.Conv1d" */
export function classOf({ type }: SavedModule): string {
  return type.slice(type.lastIndexOf(".") + 1);
}

const EPS_NAMES = ["eps", "epsilon", "variance_epsilon", "layer_norm_epsilon", "rms_norm_eps"];

/** Of a norm. */
export function epsOf({ attributes }: SavedModule): number | undefined {
  const values = EPS_NAMES.map((name) => attributes.get(name));
  return values.find((value) => typeof value === "number" && value > 0) as number | undefined;
}

/** The eps of all norms, where they have one. */
export function epsOfModules(
  modules: ReadonlyMap<string, SavedModule> | undefined,
): number | undefined {
  const norms = [...(modules?.values() ?? [])].filter((module) => /norm/i.test(classOf(module)));
  const values = new Set(norms.map(epsOf));
  const [only] = values;
  return values.size === 1 ? only : undefined;
}

/** An integer, or the only one of a list such as a kernel size. */
export function integerOf(value: Attribute | undefined): number | undefined {
  const only = Array.isArray(value) && value.length === 1 ? value[0] : value;
  return Number.isSafeInteger(only) ? (only as number) : undefined;
}
