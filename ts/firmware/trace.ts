/**
 * Traces a firmware image in QEMU, for Node: builds the plugin, runs the image under it and hands its records on as
 * they come. Knows no times.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { undoAtEnd } from "../host/ending.js";
import { TemporaryPlace } from "../host/temporary.js";
import { EMULATORS } from "./emulators.js";
import { FirmwareFailed } from "./errors.js";
import { answerOf, run } from "./process.js";
import type { EmulatedTarget } from "./targets.js";

const PLUGIN_SOURCE = fileURLToPath(new URL("../../csrc/port/qemu/trace.c", import.meta.url));
const COMPILERS = ["cc", "gcc", "clang"];
const FLAGS = ["-std=gnu11", "-O2", "-shared", "-fPIC"];
/** QEMU defines what the plugin calls. */
const DARWIN_FLAGS = ["-undefined", "dynamic_lookup"];
/** Of the emulator's own process. */
const STREAM = 3;

/** What is traced: a function, entered from another. */
export interface TracedCall {
  readonly start: number;
  readonly caller: number;
  readonly endOfCaller: number;
}

/** Why nothing can be traced here; undefined when it can. */
export function cannotTrace(target: EmulatedTarget): string | undefined {
  if (target === "xtensa") return "nothing is known of the cycles of an lx106";
  const { command } = EMULATORS[target];
  if (!answerOf(command, ["-help"])?.includes("-plugin ")) return `${command} has no plugins here`;
  if (hostCompiler() !== undefined) return undefined;
  return `no C compiler for this machine (${COMPILERS.join(", ")}), which QEMU's plugin is built with`;
}

function hostCompiler(): string | undefined {
  return COMPILERS.find((name) => answerOf(name, ["--version"]) !== undefined);
}

/**
 * @param take gets the records, in pieces of any length
 * @throws FirmwareFailed
 */
export async function traceImage(
  target: EmulatedTarget,
  image: string,
  call: TracedCall,
  timeoutMs: number,
  take: (piece: Uint8Array) => void,
): Promise<void> {
  const scratch = TemporaryPlace.scratch();
  try {
    const plugin = await buildPlugin(target, scratch.path);
    const { start, caller, endOfCaller } = call;
    const options = `start=${start},caller=${caller},end=${endOfCaller},fd=${STREAM}`;
    const { command, args } = EMULATORS[target];
    const all = [...args, "-plugin", `${plugin},${options}`, "-kernel", image];
    await stream(target, command, all, timeoutMs, take);
  } finally {
    scratch.remove();
  }
}

async function buildPlugin(target: string, folder: string): Promise<string> {
  const plugin = join(folder, "trace.so");
  const platform = process.platform === "darwin" ? DARWIN_FLAGS : [];
  const args = [...FLAGS, ...platform, "-o", plugin, PLUGIN_SOURCE];
  const { status, stderr } = await run(hostCompiler() ?? COMPILERS[0]!, args);
  if (status === 0) return plugin;
  throw failed(target, `QEMU's plugin does not build: ${firstLine(stderr)}`, status);
}

function stream(
  target: string,
  command: string,
  args: readonly string[],
  timeoutMs: number,
  take: (piece: Uint8Array) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "ignore", "pipe", "pipe"] });
    const forget = undoAtEnd(() => child.kill("SIGKILL"));
    let stderr = "";
    let problem: unknown;
    const stop = (reason: unknown) => {
      problem ??= reason;
      child.kill("SIGKILL");
    };
    const timer = setTimeout(
      () => stop(failed(target, `not traced after ${timeoutMs / 1000} s`, null)),
      timeoutMs,
    );
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    (child.stdio[STREAM] as Readable).on("data", (piece: Buffer) => {
      try {
        take(piece);
      } catch (error) {
        stop(error);
      }
    });
    child.on("error", stop);
    child.on("close", (status) => {
      clearTimeout(timer);
      forget();
      if (problem !== undefined) reject(problem);
      else if (status === 0) resolve();
      else reject(failed(target, firstLine(stderr) || "the trace ended early", status));
    });
  });
}

function failed(target: string, reason: string, status: number | null): FirmwareFailed {
  return new FirmwareFailed(target, reason, status);
}

function firstLine(text: string): string {
  return text.trim().split("\n")[0] ?? "";
}
