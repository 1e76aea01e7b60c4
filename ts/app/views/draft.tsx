/** A checkpoint of unknown names: what it probably is, operator by operator, and the arch file to edit. */
import { useRef } from "preact/hooks";
import { draft, openDrafted } from "../state/simulator.js";
import type { DraftAnswer } from "../worker/protocol.js";
import { Scroll } from "./parts.js";

export function DraftPanel() {
  if (draft.value === null) return null;
  const { source, answer } = draft.value;
  return (
    <section class="panel draft" aria-labelledby="draft-title" key={source.name}>
      <h2 id="draft-title">{source.name}: what it probably is</h2>
      <p>
        {answer.guess} Mend what is a guess, then open it; against a reference of yours it can be
        checked.
      </p>
      <DraftTable lines={answer.lines} />
      <DraftEditor text={answer.text} />
    </section>
  );
}

function DraftTable({ lines }: Pick<DraftAnswer, "lines">) {
  return (
    <Scroll label="Operators of the draft" isTall>
      <table>
        <thead>
          <tr>
            <th scope="col">operator</th>
            <th scope="col">kind</th>
            <th scope="col">size</th>
            <th scope="col">guess</th>
          </tr>
        </thead>
        <tbody>
          {lines.map(({ depth, name, kind, what, guess }) => (
            <tr key={`${kind} ${name}`}>
              <th scope="row">{`${"\u2003".repeat(depth)}${name}`}</th>
              <td>{kind}</td>
              <td>{what}</td>
              <td>{guess === "" ? "sure" : guess}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

const EDITOR_ROWS = 16;

function DraftEditor({ text }: { text: string }) {
  const editor = useRef<HTMLTextAreaElement>(null);
  return (
    <>
      <label class="draft-label" for="draft-text">
        Arch file
      </label>
      <textarea
        id="draft-text"
        class="draft-text"
        ref={editor}
        rows={EDITOR_ROWS}
        spellcheck={false}
        defaultValue={text}
      />
      <button type="button" onClick={() => void openDrafted(editor.current?.value ?? text)}>
        Open with this
      </button>
    </>
  );
}
