/** What has become of a job, as plain data. Knows nothing of how it was done. */
import { MambaliteError } from "../core/errors.js";

/** A line a task; or why none is known, which another try may change. */
export type Outcome = { readonly lines: readonly string[] } | { readonly problem: string };

export async function outcomeOf(work: () => Promise<readonly string[]>): Promise<Outcome> {
  try {
    return { lines: await work() };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { problem: error instanceof MambaliteError ? message : `unexpected error: ${message}` };
  }
}
