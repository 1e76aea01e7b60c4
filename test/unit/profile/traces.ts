/** Traces as a reference would note them, of the core's own steps. */
import type { Model } from "../../../ts/node.js";
import type { TraceTensor } from "../../../ts/profile/index.js";

const MOST_FRAMES = 12;

/** What the steps of a session put out, as a reference would note it. */
export function traceOf(model: Model, input: Float32Array): TraceTensor[] {
  const session = model.createSession({ schedule: "layer", maxFrames: MOST_FRAMES });
  const names = model.operators("layer");
  const rows = new Map<string, number[]>();
  session.feed(input);
  for (let end = false; ; ) {
    const step = session.step();
    if (step === undefined && end) break;
    if (step === undefined) {
      session.feedEnd();
      end = true;
      continue;
    }
    const values = step.output();
    const { name, outputWidth } = names[step.operatorIndex]!;
    if (values.length === 0 || step.width !== outputWidth) continue;
    rows.set(name, [...(rows.get(name) ?? []), ...values]);
  }
  session.dispose();
  return [...rows].map(([name, values]) => {
    const { outputWidth } = names.find((operator) => operator.name === name)!;
    return {
      name,
      shape: [values.length / outputWidth, outputWidth],
      data: Float64Array.from(values),
    };
  });
}
