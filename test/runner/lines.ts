/** Serial lines for tests: a stand-in behind a pseudo-terminal, and the command line while a board is served. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Outcome } from "../cli/command-thread.js";
import { root } from "../cli/support.js";
import { StandIn, type StandInOptions } from "./stand-in.js";

const script = fileURLToPath(new URL("./terminal.py", import.meta.url));

/** A stand-in that runs already, behind a terminal device. */
export async function ptyStandIn(options: StandInOptions) {
  const child = spawn("python3", [script], { stdio: ["pipe", "pipe", "inherit"] });
  const [first] = (await once(child.stdout, "data")) as [Buffer];
  const board = new StandIn((bytes) => child.stdin.write(bytes), options);
  let heard = 0;
  child.stdout.on("data", (bytes: Buffer) => {
    heard += bytes.length;
    board.take(bytes);
  });
  const port = first.toString().trim();
  return { port, heard: () => heard, close: () => child.stdin.end() };
}

/** `mambalite`, without keeping this process from being the board meanwhile. */
export function mambaliteBeside(args: readonly string[], timeoutMs = 120_000): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(root, "scripts/mambalite.mjs"), ...args], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: timeoutMs,
      env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined },
    });
    const texts = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (text) => {
        texts[name] += text;
      });
    }
    child.on("close", (code) => resolve({ code, ...texts }));
  });
}

/** Runs a program with a terminal of its own as its standard streams; what is written is what a person types. */
export function inTerminal(command: readonly string[]) {
  const spawner =
    "import pty, sys, os; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";
  const child = spawn("python3", ["-c", spawner, ...command], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined },
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (more) => {
    text += more;
  });
  const code = new Promise<number | null>((resolve) => child.on("close", resolve));
  return { shown: () => text, type: (keys: string) => child.stdin.write(keys), code };
}
