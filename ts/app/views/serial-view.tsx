/** A board on the serial line: connecting, its console, measured beside estimated, its answers, a file to keep. */
import { useEffect, useRef } from "preact/hooks";
import type { BoardFacts } from "../../runner/console.js";
import { grouped } from "../format.js";
import { hasWebSerial } from "../serial/web-serial.js";
import {
  type BoardWork,
  boardProblem,
  boardRecord,
  boardRuns,
  boardWork,
  connect,
  consoleLines,
  disconnect,
  facts,
  measureOnBoard,
  runOnBoard,
  timing,
  typeOnBoard,
} from "../state/serial.js";
import { offered } from "../state/simulator.js";
import { BoardTiming } from "./board-timing.js";
import { download } from "./download.js";
import { FileButton, Message, Scroll } from "./parts.js";

export function SerialView() {
  const first = useRef<HTMLDivElement>(null);
  // The button that loaded this has gone, and the focus with it.
  useEffect(() => first.current?.focus(), []);
  return (
    <div class="serial" ref={first} tabIndex={-1}>
      {hasWebSerial() ? (
        <Buttons />
      ) : (
        <p>
          This browser has no Web Serial. <code>npx mambalite serial PORT</code> does the same in a
          terminal.
        </p>
      )}
      <Message text={boardProblem.value} tone="problem" />
      {facts.value !== null && <Facts facts={facts.value} />}
      {timing.value !== null && <BoardTiming row={timing.value} />}
      {boardRuns.value.length > 0 && <Runs />}
      {consoleLines.value.length > 0 && <Console />}
    </div>
  );
}

const WORK_TEXT: Readonly<Record<BoardWork, string>> = {
  asking: "asking the board what it is",
  measuring: "the board is measuring",
  running: "the board is running",
  idle: "connected",
};

function Buttons() {
  const work = boardWork.value;
  const isIdle = work === "idle";
  const canRun = isIdle && typeof facts.value?.model === "string";
  if (work === null) {
    return (
      <p class="buttons">
        <button type="button" class="primary" onClick={() => void connect()}>
          Connect
        </button>
        <SaveButton />
      </p>
    );
  }
  return (
    <p class="buttons">
      <span role="status" data-board-work={work}>
        {WORK_TEXT[work]}
      </span>
      <button type="button" onClick={() => void disconnect()}>
        Disconnect
      </button>
      <button type="button" disabled={!canRun} onClick={() => void measureOnBoard()}>
        Have it measure again
      </button>
      {canRun && <RunButtons />}
      <SaveButton />
    </p>
  );
}

function RunButtons() {
  return (
    <>
      <FileButton
        label="Have it run a file"
        name="board-input"
        accept=".npy,.wav,.flac"
        onFiles={([file]) => {
          if (file !== undefined) void runOnBoard(file.name, file);
        }}
      />
      {(offered.value?.examples ?? []).map(({ name, url }) => (
        <button key={name} type="button" onClick={() => void runOnBoard(name, url.href)}>
          on the board: {name}
        </button>
      ))}
    </>
  );
}

/** Signals tell it when there is something to save. */
function SaveButton() {
  const board = facts.value?.board;
  if (board === undefined || (timing.value === null && boardRecord() === null)) return null;
  return (
    <button
      type="button"
      onClick={() => download(`${board}-timing.txt`, "text/plain", boardRecord() ?? "")}
    >
      Save what it said (.txt)
    </button>
  );
}

function Facts({ facts: said }: { facts: BoardFacts }) {
  const { board, core, clockHz, wrong, model, selfTest, arena, stackBytes } = said;
  const rows: readonly (readonly [string, string | undefined])[] = [
    ["board", board],
    ["core", core],
    ["clock", clockHz === undefined ? undefined : `${clockHz / 1e6} MHz`],
    ["configuration", wrong.length === 0 ? "as it should be" : wrong.join("; ")],
    ["model", model ?? "none"],
    ["self-test", selfTest],
    ["arena", arena && `${grouped(arena.planned)} of ${grouped(arena.available)} bytes`],
    ["stack", stackBytes === undefined ? undefined : `${grouped(stackBytes)} bytes`],
  ];
  return (
    <dl class="board-facts">
      {rows.map(
        ([name, value]) =>
          value !== undefined && (
            <div key={name}>
              <dt class="board-fact">{name}</dt>
              <dd class="board-value">{value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}

function Runs() {
  return (
    <div role="status">
      <ul class="board-runs">
        {boardRuns.value.map(({ name, classIndex, label, difference }) => (
          <li key={name} data-class={classIndex}>
            {name}: <b>{classIndex < 0 ? "no class" : (label ?? `class ${classIndex}`)}</b>,{" "}
            {difference === undefined
              ? "the same bits as in this page"
              : `other bits than in this page: ${difference}`}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Console() {
  const lines = useRef<HTMLPreElement>(null);
  const text = consoleLines.value.join("\n");
  // What came last is in view.
  useEffect(() => {
    const view = lines.current?.parentElement;
    if (view && text !== "") view.scrollTop = view.scrollHeight;
  }, [text]);
  return (
    <div class="console">
      <h3>Console</h3>
      <Scroll label="What the board has printed" isTall>
        <pre ref={lines}>{text}</pre>
      </Scroll>
      <form
        class="buttons"
        onSubmit={(event) => {
          event.preventDefault();
          const field = event.currentTarget.elements.namedItem("command") as HTMLInputElement;
          if (field.value.trim() !== "") typeOnBoard(field.value.trim());
          field.value = "";
        }}
      >
        <label class="field">
          <span>Command</span>
          <input name="command" autoComplete="off" spellcheck={false} placeholder="help" />
        </label>
        <button type="submit" disabled={boardWork.value !== "idle"}>
          Send
        </button>
      </form>
    </div>
  );
}
