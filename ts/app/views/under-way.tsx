/** A call that is under way, beside what asked for it: the top of the page may be far away. */
import { cancel } from "../state/simulator.js";
import { progressOf } from "../state/works.js";
import type { CallName } from "../worker/protocol.js";

interface Props {
  readonly call: CallName;
  /** What is done, "quantising". */
  readonly label: string;
}

export function UnderWay({ call, label }: Props) {
  const { what, share } = progressOf(call) ?? { what: "waiting" };
  return (
    <p class="under-way">
      <progress aria-label={label} {...(share !== undefined && { value: share })} />
      <span>{what}</span>
      <button type="button" onClick={() => void cancel()}>
        Cancel {label}
      </button>
    </p>
  );
}
