/** One file for a board: which board, whether there is room, the file, and what to do with it. */
import { useEffect, useRef } from "preact/hooks";
import { besideArenaBytes, STEPS } from "../../runner/index.js";
import { grouped } from "../format.js";
import {
  chooseRunner,
  command,
  fileName,
  flashed,
  flashProblem,
  loadRunners,
  makeFile,
  runner,
  runners,
} from "../state/flashing.js";
import { exact, model } from "../state/simulator.js";
import type { FlashAnswer, RunnerOffer } from "../worker/protocol.js";
import { download } from "./download.js";
import { className } from "./outputs.js";
import { Message } from "./parts.js";

export function FlashView() {
  const first = useRef<HTMLDivElement>(null);
  useEffect(() => {
    void loadRunners();
    // The button that loaded this has gone, and the focus with it.
    first.current?.focus();
  }, []);
  const chosen = runner.value;
  return (
    <div class="flash" ref={first} tabIndex={-1}>
      {chosen !== undefined && (
        <>
          <p class="buttons">
            <BoardChoice chosen={chosen} />
            <button type="button" class="primary" onClick={() => void save()}>
              Save {fileName.value}
            </button>
          </p>
          <Room offer={chosen} />
        </>
      )}
      <Message text={flashProblem.value} tone="problem" />
      {flashed.value !== null && <Saved answer={flashed.value} />}
    </div>
  );
}

function BoardChoice({ chosen }: { chosen: RunnerOffer }) {
  return (
    <label class="field">
      <span>Board</span>
      <select
        name="runner"
        value={chosen.board}
        onChange={(event) => chooseRunner(event.currentTarget.value)}
      >
        {runners.value.map(({ board, name }) => (
          <option key={board} value={board} selected={board === chosen.board}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

/** What is known before a file is made: the example comes on top of the model. */
function Room({ offer }: { offer: RunnerOffer }) {
  const plan = exact.value?.chosen.plan;
  const info = model.value?.info;
  if (plan === undefined || info === undefined) return null;
  const ramBytes = plan.arenaBytes + besideArenaBytes({ info, plan });
  return (
    <p class="fine">
      {grouped(ramBytes)} of {grouped(offer.arenaBytes)} bytes of RAM beside the firmware;{" "}
      {grouped(info.blobBytes)} of {grouped(offer.payloadBytes)} bytes of flash behind it, and the
      example
    </p>
  );
}

async function save(): Promise<void> {
  const name = fileName.peek();
  const answer = await makeFile();
  if (answer !== null) download(name, "application/octet-stream", answer.bytes);
}

function Saved({ answer }: { answer: FlashAnswer }) {
  const { board, classIndex, bytes } = answer;
  const labels = model.value?.labels ?? [];
  return (
    <div class="answer">
      <p>
        {fileName.value}, {grouped(bytes.length)} bytes
        {classIndex >= 0 && <>: the board should answer {className(labels, classIndex)}</>}
      </p>
      <ol>
        {STEPS[board].map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
      <p class="fine">
        The same bytes in a terminal: <code>{command.value}</code>
      </p>
    </div>
  );
}
