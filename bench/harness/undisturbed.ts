/**
 * Telling a run that had the processor to itself from one that was interrupted. On a shared machine
 * a run is now and then put aside for milliseconds; its wall time is then longer than its time on
 * the CPU. Long runs are hit more often than short ones, so without this every ratio would flatter
 * the shorter contender.
 */

export interface Run {
  readonly wallMs: number;
  /** Of the whole process, so that helper threads can only hide an interruption, never make one. */
  readonly cpuMs: number;
}

const SLACK_SHARE = 0.02;
const SLACK_MS = 0.02;

export function isUndisturbed({ wallMs, cpuMs }: Run): boolean {
  return wallMs - cpuMs < SLACK_MS + SLACK_SHARE * wallMs;
}

/**
 * Wall time of the fastest undisturbed run. If every run was interrupted, which happens to long ones
 * on a busy machine, the least time on the CPU.
 */
export function bestOf(runs: readonly Run[]): number {
  const undisturbed = runs.filter(isUndisturbed);
  return undisturbed.length > 0
    ? Math.min(...undisturbed.map(({ wallMs }) => wallMs))
    : Math.min(...runs.map(({ cpuMs }) => cpuMs));
}

const MICROSECONDS = 1000;

export function cpuMsNow(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / MICROSECONDS;
}

/** Times `work` once, in this process. */
export async function timed(work: () => unknown): Promise<Run> {
  const cpu = cpuMsNow();
  const start = performance.now();
  const result = work();
  if (result instanceof Promise) await result;
  return { wallMs: performance.now() - start, cpuMs: cpuMsNow() - cpu };
}
