/**
 * A thread that runs stretches of a batch in an instance of its own. Started by run-batch.ts; knows
 * nothing of other threads.
 */
import { parentPort, workerData } from "node:worker_threads";
import "../../host/node-files.js";
import { Engine } from "../../core/engine.js";
import type { Outputs } from "../../core/outputs.js";
import type { Session } from "../../core/session.js";
import { type Batch, runItem } from "./batch.js";
import { type Outcome, type Stretch, toFailure } from "./messages.js";

const batch = workerData as Batch;
/** Handled where it is awaited, with the first stretch. */
const opened = openSession();
opened.catch(() => {});

parentPort?.on("message", async (stretch: Stretch) => {
  parentPort?.postMessage(await run(stretch));
});

async function openSession(): Promise<Session> {
  const engine = await Engine.load({ simd: batch.simd });
  const model = await engine.loadModel(batch.blob);
  return model.createSession(batch.session);
}

async function run({ first, end }: Stretch): Promise<Outcome> {
  const results: Outputs[] = [];
  try {
    const session = await opened;
    let saturations = 0;
    for (let index = first; index < end; index++) {
      results.push(await runItem(session, batch, index));
      saturations += session.saturations;
    }
    return { results, saturations };
  } catch (error) {
    return { index: first + results.length, failure: toFailure(error) };
  }
}
