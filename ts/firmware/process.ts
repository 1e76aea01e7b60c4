/** Runs other programs, for Node: what they print and how they end. Knows none of them. */
import { spawn, spawnSync } from "node:child_process";

export interface Outcome {
  /** Exit status; null when it was stopped, or could not be started. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** It ran longer than it may. */
  readonly timedOut: boolean;
}

export interface RunOptions {
  readonly timeoutMs?: number;
}

export function run(
  command: string,
  args: readonly string[],
  { timeoutMs }: RunOptions = {},
): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, LC_ALL: "C" },
    });
    let stdout = "";
    let stderr = "";
    let timedOut = false;
    const stop = () => {
      timedOut = true;
      child.kill("SIGKILL");
    };
    const timer = timeoutMs === undefined ? undefined : setTimeout(stop, timeoutMs);
    child.stdout.setEncoding("latin1").on("data", (text) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text) => {
      stderr += text;
    });
    const end = (status: number | null) => {
      clearTimeout(timer);
      resolve({ status, stdout, stderr, timedOut });
    };
    child.on("error", (error) => {
      stderr += error.message;
      end(null);
    });
    child.on("close", end);
  });
}

/** What a short command prints, or undefined when it fails or does not exist. */
export function outputOf(command: string, args: readonly string[], input = ""): string | undefined {
  const { status, stdout } = spawnSync(command, args, {
    input,
    encoding: "utf8",
    stdio: ["pipe", "pipe", "ignore"],
    env: { ...process.env, LC_ALL: "C" },
  });
  return status === 0 ? stdout : undefined;
}
