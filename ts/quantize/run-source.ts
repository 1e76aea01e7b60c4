/** Runs models over inputs that are read one by one. Knows nothing of what their outputs are for. */
import { framesIn } from "../core/input.js";
import type { Model } from "../core/model.js";
import type { Outputs } from "../core/outputs.js";
import type { Session } from "../core/session.js";
import type { InputSource } from "./inputs.js";

export interface Ran {
  /** Of each input. */
  readonly outputs: readonly Outputs[];
  /** Values that were cut off at the end of their range, over all inputs. */
  readonly saturations: number;
}

/** The first `most` inputs through a model. */
export async function runSource(
  model: Model,
  { count, item }: InputSource,
  most = count,
  progress: (done: number) => void = () => {},
): Promise<Ran> {
  const sessions = new Map<number, Session>();
  const { info } = model;
  const outputs: Outputs[] = [];
  let saturations = 0;
  try {
    while (outputs.length < Math.min(most, count)) {
      const input = await item(outputs.length);
      const frames = info.needsMaxFrames ? Math.max(1, framesIn(info, input.length)) : 0;
      const session =
        sessions.get(frames) ?? model.createSession(frames === 0 ? {} : { maxFrames: frames });
      sessions.set(frames, session);
      outputs.push(session.run(input));
      saturations += session.saturations;
      progress(outputs.length);
    }
    return { outputs, saturations };
  } finally {
    for (const session of sessions.values()) session.dispose();
  }
}
