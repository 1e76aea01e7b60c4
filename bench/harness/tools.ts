/** Running other programs: whether they are there, what they say, and a result or a clear error. */
import { spawnSync } from "node:child_process";

/** Trimmed standard output, or undefined when it cannot be started or fails. */
export function tryRun(command: string, args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync(command, args, { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

/** @throws Error with what the program printed. */
export function mustRun(command: string, args: readonly string[], cwd?: string): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8", cwd });
  if (status === 0) return stdout;
  throw new Error(`${command} ${args.join(" ")}: ${error?.message ?? stderr.trim()}`);
}

export function firstLine(text: string | undefined): string | undefined {
  return text?.split("\n")[0];
}
