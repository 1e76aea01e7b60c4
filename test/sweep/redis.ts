/** A Redis of the test's own, which can be stopped and started again with what it had, and workers at it. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { root } from "../cli/support.js";

export const hasRedis = spawnSync("redis-server", ["--version"]).status === 0;
/** In the names of what is skipped without it. */
export const needsRedis = hasRedis ? "" : " (skipped: sudo scripts/setup.sh installs Redis)";

const launcher = join(root, "scripts/mambalite.mjs");
const PATIENCE_MS = 20_000;
const POLL_MS = 50;

/** When its append-only file is on the disk: with every command, or as servers usually have it. */
type Fsync = "always" | "everysec";

export class RedisServer {
  #process: ChildProcess | undefined;

  private constructor(
    private readonly folder: string,
    private readonly port: number,
    private readonly fsync: Fsync,
  ) {}

  static async start(folder: string, fsync: Fsync = "always"): Promise<RedisServer> {
    mkdirSync(folder, { recursive: true });
    const server = new RedisServer(folder, await freePort(), fsync);
    await server.start();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** With its append-only file, if there is one. */
  async start(): Promise<void> {
    const durable = ["--appendonly", "yes", "--appendfsync", this.fsync, "--save", ""];
    const place = ["--port", String(this.port), "--bind", "127.0.0.1", "--dir", this.folder];
    this.#process = spawn("redis-server", [...place, ...durable], { stdio: "ignore" });
    const until = Date.now() + PATIENCE_MS;
    while (
      spawnSync("redis-cli", ["-p", String(this.port), "ping"]).stdout.toString() !== "PONG\n"
    ) {
      if (Date.now() > until) throw new Error("Redis does not start");
      await setTimeout(POLL_MS);
    }
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    const ended = this.#process;
    this.#process = undefined;
    if (ended === undefined || ended.exitCode !== null) return;
    ended.kill(signal);
    await once(ended, "exit");
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** A command in the background, and what it says. */
export class Running {
  readonly #process: ChildProcess;
  readonly #ended: Promise<number | null>;
  stdout = "";
  stderr = "";

  /** @param core the only one that it may run on */
  constructor(args: readonly string[], core?: number) {
    const env = { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined };
    const command = [process.execPath, launcher, ...args];
    const [program, ...rest] =
      core === undefined ? command : ["taskset", "-c", `${core}`, ...command];
    const started = spawn(program!, rest, { env });
    started.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
    });
    started.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
    });
    this.#process = started;
    this.#ended = once(started, "close").then(([code]) => code);
  }

  /** Its exit code; null when it was killed. */
  ended(): Promise<number | null> {
    return this.#ended;
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get hasEnded(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#ended;
  }
}
