/**
 * What must be undone when this process ends, whether it returns, fails or is interrupted. For Node.
 * Knows nothing of what is undone.
 */
import { constants } from "node:os";
import process from "node:process";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** What a shell reports of a process that a signal ended. */
const EXIT_BY_SIGNAL = 128;

const undos = new Set<() => void>();
let isWatching = false;

/**
 * Calls `undo` when the process ends, before what was registered earlier. It runs to its end before
 * anything else of this process does, and must not wait.
 * @returns forgets it
 */
export function undoAtEnd(undo: () => void): () => void {
  watch();
  const entry = () => undo();
  undos.add(entry);
  return () => undos.delete(entry);
}

/**
 * From the first registration on: before it an interrupt ends a computation at once, as it should, and
 * after it there may always be something to undo.
 */
function watch(): void {
  if (isWatching) return;
  isWatching = true;
  process.on("exit", undoAll);
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      undoAll();
      // Not the signal once more: the first process of a container does not die of it.
      process.exit(EXIT_BY_SIGNAL + constants.signals[signal]);
    });
  }
}

function undoAll(): void {
  for (const undo of [...undos].reverse()) {
    undos.delete(undo);
    try {
      undo();
    } catch {
      // The others still have to be undone, and nobody is left to be told.
    }
  }
}

/** Lets a signal that has come be handled: a long synchronous stretch keeps it waiting. */
export function letSignalsIn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
