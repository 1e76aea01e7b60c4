/** A profile as text for a person: the verdict first. Computes nothing but sums of what it shows. */

import { BOARDS, type BoardVerdict, hasFpu } from "../../device/index.js";
import type { ProfileReport, ProfileVerdict } from "../../profile/index.js";
import { colors } from "../libraries.js";
import { counted, grouped, milliseconds, oneLine, percent } from "../text.js";
import { arenaChart } from "./arena-chart.js";
import { boardEstimates } from "./board-estimates.js";
import { renderDetector } from "./detector.js";
import { table } from "./table.js";

/**
 * What is known at once.
 *
 * @param twin name of the same network in integers, if there is one
 * @param tile why it is the tile
 */
export function renderVerdict(
  path: string,
  verdict: ProfileVerdict,
  twin?: string,
  tile = "",
): string {
  return [
    summary(path, verdict) + tile,
    heading("VERDICT", "exact needs, with allowances for stack and firmware") +
      verdicts(verdict) +
      withoutFpu(verdict, twin) +
      wholeSequence(verdict) +
      (verdict.detector === undefined ? "" : renderDetector(verdict.detector)),
    ...timeOnBoards(verdict),
    "",
  ].join("\n");
}

/** What comes when this host has been measured, and what belongs to it. */
export function renderMeasurements(report: ProfileReport): string {
  return [
    heading("RAM", "exact") + ram(report),
    heading("FLASH", "exact") + flash(report),
    heading("ARENA", "exact; buffers x operators, numbered as below") +
      arenaChart(report.plan, report.operators.length),
    heading(
      "OPERATORS",
      `counts exact, ${report.frames} frames; milliseconds measured on this host, undisturbed`,
    ) + operators(report),
    heading("LATENCY", "measured on this host; it says nothing of a board") + latency(report),
    heading("PROVENANCE", "") + provenance(report),
  ].join("\n");
}

function heading(title: string, basis: string): string {
  return `${colors.bold(title)}${basis === "" ? "" : colors.dim(`  (${basis})`)}\n`;
}

/** Nothing where no board fits. */
function timeOnBoards({ boards, frames }: ProfileVerdict): string[] {
  const text = boardEstimates(boards);
  const basis = `estimated from traces of firmware, ${counted(frames, "frame")}; no device was measured`;
  return text === "" ? [] : [heading("TIME ON A BOARD", basis) + text];
}

function summary(path: string, report: ProfileVerdict): string {
  const { model, plan, frames, input, arenaBudgetBytes: budget } = report;
  const unit = model.inputKind === "tokens" ? "token" : "frame";
  const shape = model.inputKind === "frames" ? ` of ${grouped(model.inputWidth)}` : "";
  const tile = plan.schedule === "stream" ? `, tile ${plan.tile}` : "";
  const source = input === "generated" ? "generated" : "from the given input";
  return (
    `${colors.bold(oneLine(path))}: ${counted(frames, unit)}${shape} (${source}) -> ` +
    `${outputsText(model.outputs)}, ${counted(model.parameters, "parameter")}, ` +
    `schedule ${plan.schedule}${tile}` +
    `${budget === undefined ? "" : ` within ${grouped(budget)} bytes of arena`}\n`
  );
}

function outputsText(outputs: ProfileReport["model"]["outputs"]): string {
  const [only] = outputs;
  if (outputs.length > 1) return counted(outputs.length, "output");
  if (only === undefined || only.isSequence) return `rows of ${grouped(only?.width ?? 0)}`;
  return counted(only.width, "logit");
}

/** What it costs that a part of the network sees whole sequences. */
function wholeSequence({ wholeSequence: whole, plan }: ProfileVerdict): string {
  if (whole === undefined) return "";
  const { forcedBy, maxFrames, bytes, arenaBytesWithout } = whole;
  return (
    `   ${someNames(forcedBy)} ${forcedBy.length === 1 ? "needs" : "need"} the whole sequence: for up to ` +
    `${counted(maxFrames, "frame")} ${grouped(bytes)} bytes of the arena keep it; without, ` +
    `${grouped(arenaBytesWithout)} of ${grouped(plan.arenaBytes)} bytes would do\n${squares(whole.growsWithSquare)}`
  );
}

/** Twice as many frames are four times the work. */
function squares(names: readonly string[]): string {
  if (names.length === 0) return "";
  return `   the work of ${someNames(names)} grows with the square of the sequence's length\n`;
}

function someNames(names: readonly string[]): string {
  const shown = names.slice(0, MAX_FORCING).map(oneLine);
  return [...shown, ...(names.length > MAX_FORCING ? ["..."] : [])].join(", ");
}

const MAX_FORCING = 4;

function verdicts({ boards }: ProfileVerdict): string {
  const rows = boards.map((board) => {
    const { ram, flash } = board;
    return [
      board.id,
      board.fits
        ? { text: "fits", paint: colors.green }
        : { text: "does not fit", paint: colors.red },
      `${grouped(ram.neededBytes)} of ${grouped(regionOf(board).usableBytes)}`,
      regionOf(board).name,
      signed(ram.headroomBytes),
      `${grouped(flash.neededBytes)} of ${grouped(flash.bytes)}`,
      signed(flash.headroomBytes),
      weightsText(board.weights),
    ];
  });
  return (
    table(
      ["board", "", "RAM", "in", "headroom", "flash", "headroom", "weights"],
      ["left", "left", "right", "left", "right", "right", "right", "left"],
      rows,
    ) + allowances(boards)
  );
}

function weightsText({ name, copiedBytes, fits }: BoardVerdict["weights"]): string {
  if (copiedBytes === 0) return `in ${name}`;
  return `${grouped(copiedBytes)} ${fits ? "copied into" : "have no room in"} ${name}`;
}

/** What firmware takes instead of this model on some of the boards. */
function withoutFpu({ boards }: ProfileVerdict, twin: string | undefined): string {
  const without = BOARDS.filter((board) => !hasFpu(board)).map(({ id }) => id);
  const ids = boards.map(({ id }) => id).filter((id) => without.includes(id));
  if (twin === undefined || ids.length === 0) return "";
  return `   no FPU in ${listed(ids)}: verify and export take ${twin} there\n`;
}

/** The region a session goes to, or the roomiest one when it fits in none. */
function regionOf({ ram }: BoardVerdict) {
  const byRoom = [...ram.regions].sort((a, b) => b.headroomBytes - a.headroomBytes);
  const chosen = ram.regions.find((region) => region.id === ram.region) ?? byRoom[0];
  if (chosen === undefined) throw new RangeError("a board without RAM");
  return chosen;
}

const MOST_IDS = 4;

/** What is counted besides the model, once for all boards that share it. */
function allowances(boards: readonly BoardVerdict[]): string {
  const idsByNote = new Map<string, string[]>();
  for (const { id, ram, flash } of boards) {
    const notes = ram.regions
      .filter((region) => region.reservedFor !== "")
      .map((region) => `${region.name} without ${region.reservedFor}`);
    notes.push(
      `RAM with ${grouped(ram.stackBytes)} for the stack`,
      `flash with ${grouped(flash.reservedBytes)} for ${flash.reservedFor}`,
    );
    for (const note of notes) idsByNote.set(note, [...(idsByNote.get(note) ?? []), id]);
  }
  return [...idsByNote]
    .map(([note, ids]) => {
      const whose = ids.length === boards.length ? "" : `${listed(ids)}: `;
      return colors.dim(`   ${whose}${note}\n`);
    })
    .join("");
}

/** The first few by name. */
function listed(ids: readonly string[]): string {
  if (ids.length <= MOST_IDS) return ids.join(", ");
  const shown = ids.slice(0, MOST_IDS - 1);
  return `${shown.join(", ")} and ${ids.length - shown.length} more`;
}

function ram({ plan, ram: total, arenaCheck }: ProfileReport): string {
  const overhead = `of which alive at once ${grouped(plan.minimumBytes)}, planner's overhead ${grouped(plan.overheadBytes)}`;
  const guards = arenaCheck.guardsIntact ? "guard bytes intact" : "GUARD BYTES OVERWRITTEN";
  return table(
    ["", "bytes", ""],
    ["left", "right", "left"],
    [
      [
        "state",
        grouped(plan.stateBytes),
        `lives throughout, ${grouped(plan.sessionBytes)} of them bookkeeping`,
      ],
      ["scratch", grouped(plan.scratchBytes), "shared by buffers that are not alive together"],
      ["io", grouped(plan.ioBytes), "outputs inside the arena"],
      ["= arena", grouped(plan.arenaBytes), overhead],
      ...(plan.wholeBytes === 0
        ? []
        : [["of it whole", grouped(plan.wholeBytes), "rows of the whole sequence"]]),
      [
        "caller's input",
        grouped(total.callerInputBytes),
        plan.schedule === "stream" ? "one tile" : "the whole sequence",
      ],
      ["caller's output", grouped(total.callerOutputBytes), "outputs that are no sequences"],
      ["= all", grouped(total.totalBytes), "and the stack of the calling task"],
      [
        "high-water mark",
        grouped(arenaCheck.highWaterBytes),
        `of the arena, measured here; ${guards}`,
      ],
    ],
  );
}

function flash({ flash: { weightsBytes, codeBytes } }: ProfileReport): string {
  const rows = [["blob", grouped(weightsBytes), "weights and tables, used in place"]];
  if (codeBytes !== undefined) rows.push(["code", grouped(codeBytes), "the core"]);
  return table(["", "bytes", ""], ["left", "right", "left"], rows);
}

function operators({ operators: list }: ProfileReport): string {
  const rows = list.map((operator, index) => [
    String(index + 1),
    operator.name,
    grouped(operator.macs),
    grouped(operator.exps),
    grouped(operator.bytesRead),
    grouped(operator.bytesWritten),
    milliseconds(operator.hostMs),
    percent(operator.hostShare),
  ]);
  const sum = (of: (operator: (typeof list)[number]) => number) =>
    list.reduce((total, operator) => total + of(operator), 0);
  rows.push([
    "",
    "all",
    grouped(sum((o) => o.macs)),
    grouped(sum((o) => o.exps)),
    grouped(sum((o) => o.bytesRead)),
    grouped(sum((o) => o.bytesWritten)),
    milliseconds(sum((o) => o.hostMs)),
    "",
  ]);
  return table(
    ["", "operator", "MACs", "exps", "bytes read", "written", "host ms", "share"],
    ["right", "left", "right", "right", "right", "right", "right", "right"],
    rows,
  );
}

function latency({ latency: { runs, medianMs, p95Ms, minMs } }: ProfileReport): string {
  return `   median ${milliseconds(medianMs)} ms, 95 % within ${milliseconds(p95Ms)} ms, least ${milliseconds(minMs)} ms, of ${counted(runs, "run")}\n`;
}

function provenance({ provenance: from }: ProfileReport): string {
  return (
    `   core ${from.coreVersion}, ${from.build} build, ${oneLine(from.host)}\n` +
    `   CRC-32: model ${from.modelCrc32}, input ${from.inputCrc32}, outputs ${from.outputCrc32}; ` +
    `self-test ${from.selfTest}\n`
  );
}

function signed(value: number): string {
  return value < 0 ? `-${grouped(-value)}` : grouped(value);
}
