/**
 * Runs `mambalite` in this process: standard output only after success, or for a report on what failed; on failure
 * one line on standard error and a non-zero exit code. With --json there is one JSON object on standard output either
 * way: of a failure it has the member "error". Knows nothing of the commands.
 */
import { readFileSync } from "node:fs";
import { CommanderError } from "./libraries.js";
import "../host/node-files.js";
import { errorFacts } from "../core/error-facts.js";
import { BadArgument, MambaliteError } from "../core/errors.js";
import { toJson } from "../json.js";
import { FailedWithReport } from "./failure.js";
import { buildProgram } from "./program.js";
import { oneLine } from "./text.js";

const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;
/** The code of a command line that is not one of ours. */
const USAGE = "USAGE";
const UNKNOWN_TOPIC = "no help on that: it is not a command (mambalite --help lists them)";

/** What a command line prints once it has ended, and its exit status. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs and prints. Sets `process.exitCode`. */
export async function main(args: readonly string[]): Promise<void> {
  exitQuietlyWhenReaderLeaves(process.stdout);
  exitQuietlyWhenReaderLeaves(process.stderr);
  const { code, stdout, stderr } = await execute(args);
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  process.exitCode = code;
}

/** Runs a command line. What it says before it has ended goes to standard error as it comes. */
export async function execute(args: readonly string[]): Promise<Outcome> {
  let stdout = "";
  try {
    const program = buildProgram(packageVersion(), (text) => {
      stdout += text;
    });
    const isBare = args.every((arg) => arg === "--debug");
    await program.parseAsync(isBare ? ["--help"] : [...args], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError && error.exitCode === 0)) {
      return {
        code: isUsage(error) ? EXIT_USAGE : EXIT_FAILURE,
        stdout: args.includes("--json") ? jsonOf(error) : textOf(error),
        stderr: complaint(error, args.includes("--debug")),
      };
    }
  }
  return { code: 0, stdout, stderr: "" };
}

function textOf(error: unknown): string {
  return error instanceof FailedWithReport && typeof error.report === "string" ? error.report : "";
}

/** What the command has to show, if anything, and the error with its code and numbers. */
function jsonOf(error: unknown): string {
  const facts =
    error instanceof CommanderError
      ? { code: USAGE, message: messageOf(error) }
      : { ...errorFacts(error), message: messageOf(error) };
  const report = error instanceof FailedWithReport ? error.report : {};
  return toJson({ ...(typeof report === "object" && report), error: facts });
}

function complaint(error: unknown, debug: boolean): string {
  const line = `mambalite: ${oneLine(messageOf(error))}\n`;
  return debug && error instanceof Error ? `${line}${error.stack}\n` : line;
}

function isUsage(error: unknown): boolean {
  return error instanceof CommanderError || error instanceof BadArgument;
}

function messageOf(error: unknown): string {
  if (error instanceof CommanderError) {
    // What `help frobnicate` ends with: the message is of no use to a person.
    const isUnknownTopic = error.code === "commander.help";
    return isUnknownTopic ? UNKNOWN_TOPIC : error.message.replace(/^error: /, "");
  }
  if (error instanceof MambaliteError) return error.message;
  const reason = error instanceof Error ? error.message : String(error);
  return `unexpected error: ${reason} (--debug prints where)`;
}

/** A closed pipe (`mambalite ... | head`) is no failure; a full disk is. */
function exitQuietlyWhenReaderLeaves(stream: NodeJS.WriteStream): void {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit();
    process.stderr.write(`mambalite: cannot write the output: ${oneLine(error.message)}\n`);
    process.exit(EXIT_FAILURE);
  });
}

function packageVersion(): string {
  const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}
