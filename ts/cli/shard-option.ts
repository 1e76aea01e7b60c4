/** `--shard` of a sweep: which part of it, also as an array job says it of itself. */
import { BadArgument } from "../core/errors.js";
import type { Shard } from "../sweep/plan.js";

const SHARD = /^(auto|[0-9]+)(?:\/([0-9]+))?$/;

/**
 * A parser for commander of "3/8", or "auto" for what Slurm's or Kubernetes's array jobs say of themselves; "auto/8"
 * where they do not say how many they are.
 */
export function shardOption(environment: NodeJS.ProcessEnv): (text: string) => Shard {
  return (text) => {
    const [, index = "", of] = SHARD.exec(text) ?? [];
    const found = index === "auto" ? arrayJob(environment) : { index: Number(index) };
    const total = of === undefined ? found?.count : Number(of);
    if (found !== undefined && total !== undefined && found.index >= 1 && found.index <= total) {
      return { index: found.index, count: total };
    }
    const wanted = "i/n with i from 1 to n, or auto or auto/n in an array job";
    throw new BadArgument("--shard", wanted, gotShard(text, index, found));
  };
}

interface Found {
  readonly index: number;
  readonly count?: number;
}

function gotShard(text: string, index: string, found: Found | undefined): string {
  if (index !== "auto") return text;
  if (found === undefined) return `${text}, without SLURM_ARRAY_TASK_ID or JOB_COMPLETION_INDEX`;
  return found.count === undefined
    ? `${text}, and not how many there are`
    : `${text}, job ${found.index}`;
}

/** Slurm's ids begin anywhere and may have steps; Kubernetes's begin at 0. */
function arrayJob(environment: NodeJS.ProcessEnv): Found | undefined {
  const number = (name: string) => {
    const text = environment[name];
    return text === undefined || text === "" ? undefined : Number(text);
  };
  const id = number("SLURM_ARRAY_TASK_ID");
  if (id !== undefined) {
    const step = number("SLURM_ARRAY_TASK_STEP") ?? 1;
    const index = (id - (number("SLURM_ARRAY_TASK_MIN") ?? 1)) / step + 1;
    const many = number("SLURM_ARRAY_TASK_COUNT");
    return { index, ...(many !== undefined && { count: many }) };
  }
  const completion = number("JOB_COMPLETION_INDEX");
  return completion === undefined ? undefined : { index: completion + 1 };
}
