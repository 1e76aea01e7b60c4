/** Whatever was thrown, as plain data. Knows nothing of who reads it. */
import { type ErrorFacts, MambaliteError } from "./errors.js";

/** Of what was thrown by somebody else. */
const UNEXPECTED = "UNEXPECTED";

export function errorFacts(error: unknown): ErrorFacts {
  if (error instanceof MambaliteError) return error.toJSON();
  return { code: UNEXPECTED, message: error instanceof Error ? error.message : String(error) };
}
