/** Runs other programs, for Node: what they print and how they end. Knows none of them. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import process from "node:process";
import { undoAtEnd } from "../host/ending.js";

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
  /** Variables on top of this process's. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** The program and all that it starts end with this process, however that ends. */
export function run(
  command: string,
  args: readonly string[],
  { timeoutMs, environment }: RunOptions = {},
): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, LC_ALL: "C", ...environment },
      detached: HAS_GROUPS,
    });
    const forget = undoAtEnd(() => endGroup(child));
    let stdout = "";
    let stderr = "";
    let timedOut = false;
    const stop = () => {
      timedOut = true;
      endGroup(child);
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
      forget();
      resolve({ status, stdout, stderr, timedOut });
    };
    child.on("error", (error) => {
      stderr += error.message;
      end(null);
    });
    child.on("close", end);
  });
}

/** A group of its own makes a build tool's compilers end with it. */
const HAS_GROUPS = process.platform !== "win32";

function endGroup(child: ChildProcess): void {
  if (child.pid === undefined) return; // it could not be started
  if (!HAS_GROUPS) {
    child.kill("SIGKILL");
    return;
  }
  signalGroup(child.pid, "SIGTERM");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, GRACE_MS);
  signalGroup(child.pid, "SIGKILL");
}

/** Ninja gives each compiler a group of its own, and ends them when it is told to end, not when it is killed. */
const GRACE_MS = 100;

function signalGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal);
  } catch {
    // All of them have ended.
  }
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

/** What was printed, by the command and where it was looked for. */
const answers = new Map<string, string>();

/**
 * Like `outputOf`, for what a program says of itself: a program that is there stays what it is while this process runs,
 * and is started once. One that is missing is looked for again.
 */
export function answerOf(command: string, args: readonly string[], input = ""): string | undefined {
  const key = JSON.stringify([process.env.PATH, command, args, input]);
  const known = answers.get(key);
  if (known !== undefined) return known;
  const answer = outputOf(command, args, input);
  if (answer !== undefined) answers.set(key, answer);
  return answer;
}
