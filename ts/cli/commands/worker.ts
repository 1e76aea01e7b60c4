/** `mambalite worker`: does the jobs of a sweep that come through a queue. */
import { availableParallelism, homedir } from "node:os";
import { join } from "node:path";
import { env } from "node:process";
import { workOnQueue } from "../../sweep/queue/worker.js";
import { sweepVersion } from "../../sweep/version.js";
import { say } from "../say.js";
import { counted } from "../text.js";

export interface WorkerCommandOptions {
  readonly queue: string;
  readonly name: string;
  readonly from?: string;
  readonly cache?: string;
  readonly jobs?: number;
  readonly rate?: number;
  readonly idle?: number;
}

export async function workerCommand(options: WorkerCommandOptions): Promise<string> {
  const { queue: url, name, from, cache = usualCache(), jobs, rate, idle } = options;
  const done = await workOnQueue({
    ...{ url, name, say, cache, version: sweepVersion() },
    threads: jobs ?? availableParallelism(),
    ...(from !== undefined && { from }),
    ...(rate !== undefined && { rate }),
    ...(idle !== undefined && { idleSeconds: idle }),
  });
  return `${counted(done, "job")} done\n`;
}

function usualCache(): string {
  return join(env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "mambalite");
}
