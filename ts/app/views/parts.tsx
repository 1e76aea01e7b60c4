/** Small parts that every view is made of: panels, tags, bars. Knows nothing of models. */
import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { grouped, kilobytes } from "../format.js";

export type Basis = "exact" | "measured" | "allowance";

const BASIS_TEXT: Readonly<Record<Basis, string>> = {
  exact: "exact",
  measured: "measured on this host",
  allowance: "exact, with allowances of the board",
};

interface PanelProps {
  readonly id: string;
  readonly title: string;
  readonly basis?: Basis;
  readonly note?: string;
  readonly class?: string;
  readonly children: ComponentChildren;
}

/** A section with its heading, and how its figures came about. */
export function Panel({ id, title, basis, note, class: extra = "", children }: PanelProps) {
  return (
    <section id={id} class={`panel ${extra}`} aria-labelledby={`${id}-title`}>
      <header class="panel-head">
        <h2 id={`${id}-title`}>{title}</h2>
        {basis && <span class={`basis basis-${basis}`}>{BASIS_TEXT[basis]}</span>}
        {note && <p class="panel-note">{note}</p>}
      </header>
      {children}
    </section>
  );
}

interface FoldProps {
  readonly title: string;
  readonly class?: string;
  readonly children: ComponentChildren;
}

/** Where there is room beside the figures it is open; on a phone the figures come first. */
const ROOM_BESIDE = "(min-width: 1000px)";

export function Fold({ title, class: extra = "", children }: FoldProps) {
  const isOpenFirst = useRef(matchMedia(ROOM_BESIDE).matches);
  return (
    <details class={`fold ${extra}`} open={isOpenFirst.current}>
      <summary>
        <h2>{title}</h2>
      </summary>
      {children}
    </details>
  );
}

interface ScrollProps {
  readonly label: string;
  readonly isTall?: boolean;
  readonly children: ComponentChildren;
}

/** A table that scrolls in itself where it has no room. */
export function Scroll({ label, isTall = false, children }: ScrollProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by key
    <section class={`scroll ${isTall ? "tall" : ""}`} aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}

interface BarProps {
  /** 0 to 1; more is shown as full. */
  readonly share: number;
  readonly tone?: "good" | "bad" | "plain";
}

/** Decoration: the number stands beside it. */
export function Bar({ share, tone = "plain" }: BarProps) {
  const width = `${100 * Math.min(1, Math.max(0, share))}%`;
  return (
    <span class={`bar bar-${tone}`} aria-hidden="true">
      <span class="bar-fill" style={{ width }} />
    </span>
  );
}

export interface Range {
  /** At most 0. */
  readonly low: number;
  /** At least 0. */
  readonly high: number;
}

/** From 0 to the left or to the right, on a scale that all of a table share. */
export function SignedBar({ value, range }: { value: number; range: Range }) {
  const span = range.high - range.low || 1;
  const at = (part: number) => `${(100 * (part - range.low)) / span}%`;
  const length = Number.isFinite(value) ? Math.abs(value) : 0;
  const fill = { left: at(Math.min(0, value)), width: `${(100 * length) / span}%` };
  return (
    <span class={`bar bar-signed ${value < 0 ? "bar-below" : ""}`} aria-hidden="true">
      <span class="bar-fill" style={fill} />
      <span class="bar-zero" style={{ left: at(0) }} />
    </span>
  );
}

/** The figure to read, and the bytes to check it by. */
export function Bytes({ bytes, note }: { bytes: number; note: string }) {
  const exact = `${grouped(bytes)} bytes`;
  const read = kilobytes(bytes);
  if (read === exact) {
    return (
      <>
        <span class="reading-value exact-bytes">{exact}</span>{" "}
        <span class="reading-note">{note}</span>
      </>
    );
  }
  return (
    <>
      <span class="reading-value">{read}</span>{" "}
      <span class="reading-note">
        <span class="exact-bytes">{exact}</span>, {note}
      </span>
    </>
  );
}

interface FileButtonProps {
  readonly label: string;
  readonly accept?: string;
  readonly multiple?: boolean;
  /** Chooses a folder and everything in it. */
  readonly folder?: boolean;
  readonly name: string;
  onFiles(files: File[]): void;
}

/** A button that opens the browser's file chooser. */
export function FileButton({ label, accept, multiple, folder, name, onFiles }: FileButtonProps) {
  const input = useRef<HTMLInputElement>(null);
  const choose = () => {
    const element = input.current;
    if (element === null) return;
    onFiles([...(element.files ?? [])]);
    element.value = "";
  };
  return (
    <>
      <button type="button" onClick={() => input.current?.click()}>
        {label}
      </button>
      <input
        ref={input}
        type="file"
        name={name}
        class="file-input"
        aria-label={label}
        tabIndex={-1}
        accept={accept ?? ""}
        multiple={multiple === true || folder === true}
        {...(folder === true ? { webkitdirectory: true } : {})}
        onChange={choose}
      />
    </>
  );
}

/** A message that assistive technology reads when it appears; takes its room only when there is one. */
export function Message({ text, tone }: { text: string | null; tone: "problem" | "note" }) {
  return (
    <p class={`message message-${tone}`} role={tone === "problem" ? "alert" : "status"}>
      {text}
    </p>
  );
}
