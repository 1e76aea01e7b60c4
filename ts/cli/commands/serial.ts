/** `mambalite serial`: what a board on a serial line says of itself, beside what was estimated and simulated. */
import { stderr, stdin, stdout } from "node:process";
import { createInterface } from "node:readline";
import { COSTS } from "../../board/cost-table.js";
import { BadArgument } from "../../core/errors.js";
import type { Model } from "../../core/model.js";
import { BitsDiffer } from "../../firmware/index.js";
import { FileProblem } from "../../host/file-problem.js";
import { openSerialPort } from "../../host/serial-port.js";
import { toJson } from "../../json.js";
import { takenBy } from "../../open/inputs.js";
import { parseTimingReport, timingRow } from "../../profile/timing-report.js";
import { expectedBits, firstDifference } from "../../runner/expected.js";
import { type Greeting, RunnerLink } from "../../runner/link.js";
import { recordText } from "../../runner/record.js";
import { BoardFailed } from "../../runner/serial-errors.js";
import { inputValues } from "../../runner/values.js";
import { FailedWithReport } from "../failure.js";
import { inFile, isFileLike, requireWritable, writeAtomically } from "../files.js";
import { readInputs } from "../load-input.js";
import { type MeasuredChoice, withMeasured } from "../measured-model.js";
import { startProgress } from "../progress.js";
import { type BoardReport, type BoardRun, renderBoard } from "../render/serial.js";

export interface SerialOptions extends MeasuredChoice {
  /** A .npy or a recording that the board is to run. */
  readonly run?: string;
  readonly save?: string;
  /** Seconds that the board may be silent. */
  readonly timeout?: number;
  readonly json?: boolean;
}

const DEFAULT_PATIENCE_SECONDS = 120;
/** What the names of the core's errors begin with. */
const CORE_ERROR = "MLM_ERR";

export async function serialCommand(port: string, options: SerialOptions): Promise<string> {
  const { save, run, timeout = DEFAULT_PATIENCE_SECONDS } = options;
  // Before a board has measured for a minute.
  if (run !== undefined && !isFileLike(run)) throw new FileProblem(run, "is no file");
  if (save !== undefined) requireWritable(save, run === undefined ? [] : [run]);
  const link = new RunnerLink((bytes) => line.write(bytes), {
    patienceMs: 1000 * timeout,
    onLine: (text) => stderr.write(`${text}\n`),
  });
  const lost = new AbortController();
  const line = await openSerialPort(port, {
    take: (bytes) => link.take(bytes),
    close: (reason) => {
      link.close(reason);
      lost.abort(reason);
    },
  });
  try {
    const report = await converse(port, link, options);
    const text = options.json ? toJson(report) : renderBoard(report);
    const isConsole = stdin.isTTY && !options.json && save === undefined && run === undefined;
    if (!isConsole) return text;
    stdout.write(text); // now: a person reads it before typing
    await typeOn(link, lost.signal);
    return "";
  } finally {
    line.close();
  }
}

/** @throws BoardFailed, BitsDiffer, with what there is to show */
async function converse(
  port: string,
  link: RunnerLink,
  options: SerialOptions,
): Promise<BoardReport> {
  const greeting = await link.greet();
  const { facts } = greeting;
  const { model: crc } = facts;
  if (crc === null || crc === undefined) {
    const reason = `it has no model (${facts.status ?? "it says not why"}); mambalite flash writes a file with one`;
    throw failedWith({ board: facts, runs: [] }, new BoardFailed(reason), options);
  }
  const measured = await measure(port, link, greeting, options);
  const report: BoardReport | undefined = await withMeasured(crc, options, async (model) => ({
    board: facts,
    timing: await inFile(port, () => timingRow(measured, model, COSTS)),
    runs: await runInputs(link, model, options),
  }));
  if (report !== undefined) return requireRight(report, options);
  if (options.run !== undefined) {
    throw new BadArgument("--model", `the model with CRC-32 ${crc}, no bundled one is it`, "none");
  }
  return { board: facts, measured, runs: [] };
}

async function measure(
  port: string,
  link: RunnerLink,
  { facts, report }: Greeting,
  { save }: SerialOptions,
) {
  const text = report ?? (await link.report());
  const parsed = await inFile(port, () => parseTimingReport(text));
  if (save !== undefined) {
    await writeAtomically(save, new TextEncoder().encode(recordText(facts, text)), []);
  }
  return parsed;
}

/** One after another: a board has one session. */
async function runInputs(
  link: RunnerLink,
  model: Model,
  { run: path }: SerialOptions,
): Promise<BoardRun[]> {
  if (path === undefined) return [];
  const { sequences } = await readInputs(path, takenBy(model), false);
  const progress = startProgress(sequences.length, "inputs");
  const runs: BoardRun[] = [];
  try {
    for (const sequence of sequences) {
      const answer = await link.stream(inputValues(model.info, sequence));
      const difference = firstDifference(answer, expectedBits(model, sequence));
      runs.push({ ...answer, ...(difference !== undefined && { difference }) });
      progress.done(runs.length);
    }
  } finally {
    progress.stop();
  }
  return runs;
}

/** What a board computes otherwise is a failure, with all there is to show. */
function requireRight(report: BoardReport, options: SerialOptions): BoardReport {
  const { runs, board } = report;
  if (board.selfTest?.startsWith(CORE_ERROR)) {
    const reason = `its self-test says ${board.selfTest}: it does not compute what it should`;
    throw failedWith(report, new BoardFailed(reason), options);
  }
  const wrong = runs.findIndex(({ difference }) => difference !== undefined);
  if (wrong < 0) return report;
  const equal = runs.filter(({ difference }) => difference === undefined).length;
  const first = `input ${wrong}: ${runs[wrong]!.difference}`;
  const reason = new BitsDiffer(board.board ?? "the board", runs.length, equal, first);
  throw failedWith(report, reason, options);
}

function failedWith(
  report: BoardReport,
  reason: BoardFailed | BitsDiffer,
  { json }: SerialOptions,
): FailedWithReport {
  return new FailedWithReport(reason, json ? report : renderBoard(report));
}

/** Lines that a person types go to the board, until there are no more. @throws what the line ended with */
async function typeOn(link: RunnerLink, lost: AbortSignal): Promise<void> {
  stderr.write("commands go to the board (help lists them); Ctrl-D ends\n");
  for await (const text of createInterface({ input: stdin, signal: lost })) link.type(text);
  lost.throwIfAborted();
}
