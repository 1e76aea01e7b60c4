/** A network in integers but for the ops that are refused, which stay in floats as the refusals say. */
import { BadArgument, type Engine, type Quantized, quantizeNetwork } from "../../ts/node.js";
import type { GoldenOp } from "./network-files.js";

export interface Outcome extends Quantized {
  /** What was refused, and the op that it was. */
  readonly refusals: ReadonlyMap<string, string>;
}

/** Each op that is refused is named in the next attempt. */
export async function quantizedWithFloats(
  engine: Engine,
  { network, input }: Pick<GoldenOp, "network" | "input">,
): Promise<Outcome> {
  const refusals = new Map<string, string>();
  for (;;) {
    try {
      const options = { shares: false, float: [...refusals.keys()] };
      const source = { count: 1, item: () => input };
      return { ...(await quantizeNetwork(engine, network, source, options)), refusals };
    } catch (error) {
      const [name] =
        error instanceof BadArgument ? (/(?<=--float )\S+$/.exec(error.expected) ?? []) : [];
      if (name === undefined || refusals.has(name)) throw error;
      refusals.set(name, (error as BadArgument).message);
    }
  }
}
