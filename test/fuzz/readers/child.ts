/**
 * One process that reads damaged files, one after the other, and says what was wrong. It may hang or
 * die of an input: its number is in the state file, and the runner finds it there. Knows no reader.
 *
 *   child.js fuzz TARGET SEED FIRST SECONDS STATE   inputs from number FIRST on
 *   child.js make TARGET SEED INDEX FILE            writes one input
 *   child.js try TARGET FILE                        reads one file
 *   child.js list                                   names of the targets
 */
import { openSync, readdirSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { MambaliteError } from "../../../ts/core/errors.js";
import { makeInput } from "./mutate.js";
import type { ReaderTarget } from "./target.js";

/** What the child tells the runner. */
export type Report =
  | { readonly targets: readonly string[] }
  | { readonly done: number }
  | { readonly index: number; readonly problem: string }
  | { readonly ms: number; readonly bytes: number; readonly problem?: string };

const MAX_CPU_MS = 5000;
const MAX_BYTES = 256 * 2 ** 20;
/** A message is one line that fits a screen, plus what the file system's path takes. */
const MAX_MESSAGE = 400;
/** Garbage of many inputs is not one input's memory. */
const COLLECT_AT_BYTES = 64 * 2 ** 20;
const STATE_BYTES = 8;

function send(report: Report): void {
  process.send?.(report);
}

async function findTargets(): Promise<ReaderTarget[]> {
  const files = readdirSync(import.meta.dirname).filter(
    (name) => name.endsWith(".js") && name !== "child.js",
  );
  const modules = await Promise.all(files.map((name) => import(`./${name}`)));
  return modules.flatMap((module) => Object.values(module)).filter(isTarget);
}

function isTarget(value: unknown): value is ReaderTarget {
  return typeof value === "object" && value !== null && "seeds" in value && "read" in value;
}

/** What is wrong with how the input was read, apart from time and memory. */
async function problemOf(target: ReaderTarget, bytes: Uint8Array): Promise<string | undefined> {
  try {
    await target.read(bytes);
    return undefined;
  } catch (error) {
    if (!(error instanceof MambaliteError)) {
      return error instanceof Error ? (error.stack ?? error.message) : `threw ${String(error)}`;
    }
    const { message } = error;
    if (message.length > MAX_MESSAGE) return `a message of ${message.length} characters`;
    return /\p{C}/u.test(message)
      ? `characters that are not seen: ${JSON.stringify(message)}`
      : undefined;
  }
}

function peakBytes(): number {
  return process.resourceUsage().maxRSS * 1024;
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Seeds are read once first: what the reader itself takes is not an input's. */
async function warmUp(target: ReaderTarget): Promise<Uint8Array[]> {
  const seeds = await target.seeds();
  for (const bytes of seeds) await problemOf(target, bytes.slice());
  globalThis.gc?.();
  return seeds;
}

async function fuzz(
  target: ReaderTarget,
  seed: number,
  first: number,
  seconds: number,
  statePath: string,
): Promise<void> {
  const seeds = await warmUp(target);
  const state = openSync(statePath, "w");
  const current = new Float64Array(1);
  const end = Date.now() + 1000 * seconds;
  const start = peakBytes();
  let index = first;
  for (; Date.now() < end; index++) {
    current[0] = index;
    writeSync(state, new Uint8Array(current.buffer), 0, STATE_BYTES, 0);
    const bytes = makeInput(target, seeds, seed, index);
    const began = cpuMs();
    let problem = await problemOf(target, bytes);
    if (cpuMs() - began > MAX_CPU_MS) problem ??= "time";
    if (peakBytes() - start > MAX_BYTES) problem ??= "memory";
    if (problem !== undefined) {
      send({ index, problem });
      return;
    }
    if (process.memoryUsage.rss() - start > COLLECT_AT_BYTES) globalThis.gc?.();
  }
  send({ done: index - first });
}

async function tryFile(target: ReaderTarget, path: string): Promise<void> {
  const bytes = new Uint8Array(readFileSync(path));
  await warmUp(target);
  const [began, start] = [cpuMs(), peakBytes()];
  let problem = await problemOf(target, bytes);
  const [ms, taken] = [cpuMs() - began, peakBytes() - start];
  if (ms > MAX_CPU_MS) problem ??= `${(ms / 1000).toFixed(1)} s, more than 5`;
  if (taken > MAX_BYTES) problem ??= `${Math.round(taken / 2 ** 20)} MiB, more than 256`;
  send({ ms, bytes: taken, ...(problem !== undefined && { problem }) });
}

async function main([mode, name = "", ...rest]: string[]): Promise<void> {
  const targets = await findTargets();
  if (mode === "list") {
    send({ targets: targets.map((target) => target.name) });
    return;
  }
  const target = targets.find((candidate) => candidate.name === name);
  if (target === undefined) throw new Error(`no reader is called ${name}`);
  const [first = "", second = "", third = "", fourth = ""] = rest;
  if (mode === "try") await tryFile(target, first);
  else if (mode === "make") {
    const seeds = await target.seeds();
    writeFileSync(third, makeInput(target, seeds, Number(first), Number(second)));
  } else await fuzz(target, Number(first), Number(second), Number(third), fourth);
}

await main(process.argv.slice(2));
process.disconnect?.();
