/**
 * Files dropped anywhere on the page, and where they go: a model to open, an input to run, a reference to compare with;
 * and what is dropped on the panels of quantisation or evaluation, examples or a labelled set. Knows nothing of what files are called or hold.
 */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { sortDropped } from "../../open/dropped.js";
import { compareFiles } from "../state/comparison.js";
import { evaluateFiles } from "../state/evaluating.js";
import { chooseExamples } from "../state/quantizing.js";
import { runFile } from "../state/running.js";
import { model, openDropped } from "../state/simulator.js";
import type { NamedFile } from "../worker/protocol.js";

export function DropTarget({ children }: { children: ComponentChildren }) {
  const [isOver, setOver] = useState(false);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping has the file buttons as its equal
    <div
      class={`page ${isOver ? "page-drop" : ""}`}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={(event) => {
        if (event.relatedTarget === null) setOver(false);
      }}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        if (event.dataTransfer === null) return;
        void takeDrop(event.dataTransfer, event.target);
      }}
    >
      {children}
    </div>
  );
}

/** On some panels it is clear what files are for. */
const TAKERS: readonly (readonly [string, (files: readonly NamedFile[]) => void])[] = [
  ["#quantize", chooseExamples],
  ["#evaluate", (files) => void evaluateFiles(files)],
];

async function takeDrop(transfer: DataTransfer, target: EventTarget | null): Promise<void> {
  const files = await filesOf(transfer);
  const taker = TAKERS.find(([selector]) => isWithin(target, selector));
  if (taker === undefined) takeFiles(files);
  else taker[1](files);
}

function isWithin(target: EventTarget | null, selector: string): boolean {
  return target instanceof Element && target.closest(selector) !== null;
}

function takeFiles(files: readonly NamedFile[]): void {
  const dropped = sortDropped(files, model.peek()?.info.outputs);
  if (dropped.kind === "reference") void compareFiles(dropped.files);
  else if (dropped.kind === "input") void runFile(dropped.file.file);
  else void openDropped(dropped);
}

/** Folders are walked; entries must be taken before the event is over. */
async function filesOf(transfer: DataTransfer): Promise<NamedFile[]> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.() ?? null);
  if (entries.every((entry) => entry === null)) {
    return [...transfer.files].map((file) => ({ path: file.name, file }));
  }
  const found = await Promise.all(entries.map((entry) => (entry === null ? [] : walk(entry))));
  return found.flat();
}

async function walk(entry: FileSystemEntry): Promise<NamedFile[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => {
      (entry as FileSystemFileEntry).file(resolve, reject);
    });
    return [{ path: entry.fullPath.replace(/^\//, ""), file }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const children: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => {
      reader.readEntries(resolve, reject);
    });
    if (some.length === 0) break;
    children.push(...some);
  }
  return (await Promise.all(children.map(walk))).flat();
}
