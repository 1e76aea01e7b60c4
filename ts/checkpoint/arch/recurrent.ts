/**
 * GRUs and LSTMs of several layers and of both directions, as PyTorch has them in one module: an op for each
 * layer and direction, by the names that PyTorch gives their tensors.
 */
import type { Value } from "../../graph/tensor.js";
import type { CheckedOp } from "./arch.js";
import type { Builder, Shorthand } from "./builder.js";

export const buildRecurrent: Shorthand = (checked, builder) => {
  const { name, layers = 1, bidirectional = false } = checked.op;
  let [value = 0] = builder.inputsOf(checked);
  for (let layer = 0; layer < (layers as number); layer++) {
    const own = (part: string) => (layers === 1 ? part : `${part}.l${layer}`);
    value =
      bidirectional === true
        ? addBoth(checked, builder, own(name), value, layer)
        : builder.addPlain(withTensors(checked, `_l${layer}`), [value], { name: own(name) });
  }
  return value;
};

function addBoth(
  checked: CheckedOp,
  builder: Builder,
  name: string,
  input: Value,
  layer: number,
): Value {
  const { assembly } = builder;
  const add = (suffix: string, from: Value, part: string) =>
    builder.addPlain(withTensors(checked, suffix), [from], { name: `${name}.${part}` });
  const forward = add(`_l${layer}`, input, "forward");
  const reversed = assembly.add("reverse", `${name}.reverse`, [input]);
  const made = add(`_l${layer}_reverse`, reversed, "backward");
  const backward = assembly.add("reverse", `${name}.back`, [made]);
  return assembly.add("concat", name, [forward, backward]);
}

/** The op with the names that tensors of this layer and direction have: weight_ih_l0 and so on, ending otherwise. */
function withTensors(checked: CheckedOp, ending: string): CheckedOp {
  const { kind } = checked;
  const renamed = (name: string) => name.replace(/_l0$/, ending);
  const tensors = kind.tensors.map(({ key, form }) => ({
    key: renamed(key),
    form: { ...form, suffix: renamed(form.suffix) },
  }));
  return { ...checked, kind: { ...kind, tensors } };
}
