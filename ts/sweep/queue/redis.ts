/**
 * Redis or Valkey, and BullMQ over it: packages that only somebody with a queue has to install. Knows nothing of what
 * goes through the queue.
 */
import type { Redis } from "ioredis";
import { BadArgument } from "../../core/errors.js";
import type { Job } from "../job.js";
import type { Outcome } from "../outcome.js";
import { QueueProblem } from "../problems.js";

/** Where a queue is, and what it is called there. */
export interface QueuePlace {
  readonly url: string;
  readonly name: string;
  /** For people: what happens meanwhile. */
  readonly say: (text: string) => void;
}

/** What goes to workers. */
export interface QueuedJob {
  readonly job: Job;
  /** Where the planner has put models and data. */
  readonly share: string;
}

/** What comes back, where nothing is wrong with the worker. */
export type QueuedOutcome = Extract<Outcome, { lines: unknown }>;

export const DEFAULT_QUEUE = "mambalite-sweep";
/** Its parts are divided by colons in the server. */
const NAME = /^[^:]+$/;

/** @throws BadArgument where they are not installed */
export async function loadBullmq() {
  try {
    const [bullmq, ioredis] = await Promise.all([import("bullmq"), import("ioredis")]);
    const { Queue, Worker, DelayedError } = bullmq;
    return { Queue, Worker, DelayedError, Redis: ioredis.Redis };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    const wanted = "the packages bullmq and ioredis (npm install bullmq ioredis)";
    throw new BadArgument("--queue", wanted, "none");
  }
}

/**
 * A connection that waits for as long as the server is away, and says so.
 * @throws QueueProblem where it cannot be had at first, BadArgument
 */
export async function connect({ url, name, say }: QueuePlace): Promise<Redis> {
  if (!NAME.test(name)) {
    throw new BadArgument("--name", 'a name without ":"', JSON.stringify(name));
  }
  const { Redis } = await loadBullmq();
  const where = placeText(url);
  const first = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
  let reason = "";
  first.on("error", (error) => {
    reason = error.message;
  });
  try {
    await first.connect();
    await first.ping();
  } catch (error) {
    throw new QueueProblem(`${where}: ${reason || (error as Error).message}`);
  } finally {
    first.disconnect();
  }
  const redis = new Redis(url, { maxRetriesPerRequest: null });
  let isAway = false;
  redis.on("error", ({ message }) => {
    if (!isAway) say(`${where} is away (${message}): waiting`);
    isAway = true;
  });
  redis.on("ready", () => {
    if (isAway) say(`${where} is back`);
    isAway = false;
  });
  return redis;
}

/** Without a password. @throws BadArgument */
function placeText(url: string): string {
  try {
    const { protocol, host } = new URL(url);
    if (/^rediss?:$/.test(protocol) && host !== "") return `${protocol}//${host}`;
  } catch {
    // Said below.
  }
  throw new BadArgument("--queue", "an address like redis://localhost:6379", JSON.stringify(url));
}
