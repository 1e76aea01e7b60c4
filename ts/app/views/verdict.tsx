/** The verdict, board by board: fits or not, headroom, and what would make it fit. */
import { BOARDS, type BoardVerdict, judgePlaced, type RegionVerdict } from "../../device/index.js";
import { counted, grouped, kilobytes, milliseconds } from "../format.js";
import { boards, schedule, tile } from "../state/choice.js";
import { exact, times } from "../state/simulator.js";
import type { PlanSummary } from "../worker/protocol.js";
import { BoardTimes, gainText } from "./board-times.js";
import { Bar, Panel } from "./parts.js";
import { Word } from "./words.js";

const SHOWN_REMEDIES = 4;
const SHOWN_FORCING = 4;
const SHOWN_BOARDS = 4;

export function VerdictPanel() {
  const figures = exact.value;
  const shown = (figures?.boards ?? []).filter(({ id }) => boards.value.includes(id));
  return (
    <Panel id="verdict" title="Verdict" basis="allowance" class="panel-verdict">
      <p class="hidden" role="status">
        {shown.map(({ id, fits }) => `${id} ${fits ? "fits" : "does not fit"}`).join(", ")}
      </p>
      <WholeSequenceNote />
      <div class="boards">
        {shown.map((verdict) => (
          <BoardCard
            key={verdict.id}
            verdict={verdict}
            alternatives={figures?.alternatives ?? []}
          />
        ))}
      </div>
    </Panel>
  );
}

/** What it costs that a part of the network sees whole sequences. */
function WholeSequenceNote() {
  const figures = exact.value;
  if (figures === null || figures.wholeSequence === null) return null;
  const { forcedBy, maxFrames, bytes, arenaBytesWithout } = figures.wholeSequence;
  const { arenaBytes } = figures.chosen.plan;
  const { growsWithSquare } = figures.wholeSequence;
  return (
    <p class="whole-sequence">
      <b>{someNames(forcedBy)}</b> {forcedBy.length === 1 ? "needs" : "need"} the whole sequence:
      for up to {counted(maxFrames, "frame")} {kilobytes(bytes)} of the arena keep it; without,{" "}
      {kilobytes(arenaBytesWithout)} of {kilobytes(arenaBytes)} would do
      {growsWithSquare.length > 0 && (
        <>
          ; the work of <b>{someNames(growsWithSquare)}</b> grows with the square of the length
        </>
      )}
    </p>
  );
}

function someNames(names: readonly string[]): string {
  return names.slice(0, SHOWN_FORCING).join(", ") + (names.length > SHOWN_FORCING ? ", ..." : "");
}

interface CardProps {
  readonly verdict: BoardVerdict;
  readonly alternatives: readonly PlanSummary[];
}

function BoardCard({ verdict, alternatives }: CardProps) {
  const { id, name, core, clockHz, fits, ram, flash, weights } = verdict;
  return (
    <article class={`board ${fits ? "board-fits" : "board-not"}`} aria-label={id} data-board={id}>
      <h3>
        <span class="board-id">{id}</span>
        <span class="board-answer">{fits ? "\u2713 fits" : "\u2717 does not fit"}</span>
      </h3>
      <p class="board-name">
        {name} · {core.replace(/ \(.*/, "")} · {clockHz / 1e6} MHz
      </p>
      <dl class="needs">
        {ram.regions.map((region) => (
          <Resource
            key={region.id}
            name={region.name}
            needed={neededIn(verdict, region)}
            available={region.usableBytes}
            headroom={region.usableBytes - neededIn(verdict, region)}
            isChosen={region.id === ram.region}
            holds={[
              ...(region.id === ram.region ? ["arena"] : []),
              ...(region.id === weights.place ? ["weights"] : []),
            ]}
            note={region.reservedFor === "" ? "" : `without ${region.reservedFor}`}
          />
        ))}
        <Resource
          name="flash"
          needed={flash.neededBytes}
          available={flash.bytes}
          headroom={flash.headroomBytes}
          isChosen={flash.fits}
          holds={[]}
          note={`${grouped(flash.weightsBytes)} bytes of model, ${grouped(flash.reservedBytes)} for ${flash.reservedFor}`}
        />
      </dl>
      <p class="board-note">
        Bytes of RAM: {grouped(ram.neededBytes)} = <Word name="arena" /> {grouped(ram.arenaBytes)} +
        caller's input and output {grouped(ram.callerBytes)} + {grouped(ram.stackBytes)} for the
        stack
        {weights.place === ram.region && <> + weights {grouped(weights.copiedBytes)}</>}
      </p>
      <BoardTimes id={id} />
      <Remedies verdict={verdict} alternatives={alternatives} />
    </article>
  );
}

/** Of weights that lie apart from the arena, those; else all that would go where the arena goes. */
function neededIn({ ram, weights }: BoardVerdict, region: RegionVerdict): number {
  if (region.id === weights.place && region.id !== ram.region) return weights.copiedBytes;
  return region.usableBytes - region.headroomBytes;
}

interface ResourceProps {
  readonly name: string;
  readonly needed: number;
  readonly available: number;
  readonly headroom: number;
  /** Where the arena goes, or flash that suffices. */
  readonly isChosen: boolean;
  /** Things of the plan. */
  readonly holds: readonly string[];
  readonly note: string;
}

function Resource({ name, needed, available, headroom, isChosen, holds, note }: ResourceProps) {
  const fits = headroom >= 0;
  return (
    <div class={`resource ${isChosen ? "resource-chosen" : ""}`}>
      <dt>
        {name} {holds.length > 0 && <span class="here">{whatGoes(holds)} here</span>}
      </dt>
      <dd>
        <span class="amount" title={`${grouped(needed)} of ${grouped(available)} bytes`}>
          {kilobytes(needed)} <span class="of">of {kilobytes(available)}</span>
        </span>
        <Bar share={needed / available} tone={fits ? "good" : "bad"} />
        <span class={fits ? "headroom" : "headroom short"}>
          {fits ? `${kilobytes(headroom)} free` : `${kilobytes(-headroom)} over`}
        </span>
        {note !== "" && <small class="resource-note">{note}</small>}
      </dd>
    </div>
  );
}

function whatGoes(things: readonly string[]): string {
  return `${things.join(" and ")} ${things.at(-1) === "weights" ? "go" : "goes"}`;
}

/** Ways to run the model that fit this board, with their numbers; or that none does. */
function Remedies({ verdict, alternatives }: CardProps) {
  const board = BOARDS.find(({ id }) => id === verdict.id);
  const figures = exact.value;
  if (board === undefined || figures === null) return null;
  const judged = alternatives
    .filter((plan) => !isCurrent(plan))
    .map((plan) => ({
      plan,
      result: judgePlaced(board, { ...plan, weightsBytes: verdict.flash.weightsBytes }),
    }));
  const fitting = judged.filter(({ result }) => result.fits);
  if (!verdict.flash.fits) return <FlashRemedy verdict={verdict} />;
  if (verdict.fits) {
    const roomiest = fitting.at(-1);
    if (roomiest === undefined) return <p class="remedy-none">No other schedule or tile fits.</p>;
    return (
      <div class="remedies">
        <h4>Also fits</h4>
        <ul>
          {spread(fitting).map((remedy) => (
            <Remedy key={keyOf(remedy.plan)} {...remedy} />
          ))}
        </ul>
      </div>
    );
  }
  return (
    <div class="remedies">
      <h4>What would make it fit</h4>
      {fitting.length === 0 ? (
        <p class="remedy-none">No schedule and no tile: {otherBoards(verdict)}</p>
      ) : (
        <ul>
          {fitting.slice(0, SHOWN_REMEDIES).map((remedy) => (
            <Remedy key={keyOf(remedy.plan)} {...remedy} />
          ))}
        </ul>
      )}
    </div>
  );
}

function otherBoards({ id }: BoardVerdict): string {
  const others = (exact.value?.boards ?? []).filter((other) => other.id !== id && other.fits);
  if (others.length === 0) return "no board of the catalogue holds it as it is.";
  const shown = others.slice(0, SHOWN_BOARDS).map((other) => withTime(other.id));
  const more = others.length > shown.length ? ` and ${others.length - shown.length} more` : "";
  return `but ${shown.join(", ")}${more} would hold it as it is.`;
}

function withTime(id: string): string {
  const ms = times.value?.boards.find((board) => board.id === id)?.time?.ms;
  return ms === undefined ? id : `${id} (about ${milliseconds(ms)} ms)`;
}

function FlashRemedy({ verdict }: { verdict: BoardVerdict }) {
  const { flash } = verdict;
  return (
    <div class="remedies">
      <h4>What would make it fit</h4>
      <p class="remedy-none">
        A model of at most {kilobytes(flash.bytes - flash.reservedBytes)} (this one has{" "}
        {kilobytes(flash.weightsBytes)}): no schedule changes what flash holds;{" "}
        {otherBoards(verdict)}
      </p>
    </div>
  );
}

/** The cheapest, the dearest and some between. */
function spread<T>(all: readonly T[]): readonly T[] {
  if (all.length <= SHOWN_REMEDIES) return all;
  const step = (all.length - 1) / (SHOWN_REMEDIES - 1);
  return Array.from({ length: SHOWN_REMEDIES }, (_, i) => all[Math.round(i * step)]!);
}

function Remedy({ plan, result }: { plan: PlanSummary; result: BoardVerdict }) {
  const { ram } = result;
  return (
    <li>
      <button type="button" class="remedy" onClick={() => use(plan)}>
        <b>{nameOf(plan)}</b> <span>{kilobytes(ram.neededBytes)} of RAM</span>{" "}
        <span>{gainText(times.value, result.id, plan)} </span>
        <span>
          {kilobytes(ram.headroomBytes)} free in {nameOfRegion(result)}
        </span>
      </button>
    </li>
  );
}

function nameOfRegion({ ram }: BoardVerdict): string {
  return ram.regions.find(({ id }) => id === ram.region)?.name ?? "RAM";
}

function nameOf(plan: PlanSummary): string {
  return plan.schedule === "stream" ? `stream, tile ${plan.tile}` : plan.schedule;
}

function keyOf({ schedule: name, tile: size }: PlanSummary): string {
  return `${name} ${size}`;
}

function isCurrent(plan: PlanSummary): boolean {
  const now = exact.value?.choice;
  if (now === undefined || plan.schedule !== now.schedule) return false;
  return plan.schedule !== "stream" || plan.tile === now.tile;
}

function use(plan: PlanSummary): void {
  schedule.value = plan.schedule;
  if (plan.tile > 0) tile.value = plan.tile;
}
