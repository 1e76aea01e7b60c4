/**
 * Files dropped anywhere on the page, and where they belong by their names: a model to open, an input
 * to run, a reference to compare with; and what is dropped on the panel of quantisation, examples. Knows nothing of what is in them.
 */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { outputFiles } from "../../reference-files.js";
import { compareFiles } from "../state/comparison.js";
import { chooseExamples } from "../state/quantizing.js";
import { runFile } from "../state/running.js";
import { model, openFiles } from "../state/simulator.js";
import type { NamedFile } from "../worker/protocol.js";

const MODEL_FILE = /\.(pth|pt|safetensors|mlm|bin|ckpt)$/i;
const INPUT_FILE = /\.(npy|wav)$/i;
const LOGITS_FILE = /(^|\/)(logits|output)[^/]*\.npy$/;

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
        void takeDrop(event.dataTransfer, isWithin(event.target, "#quantize"));
      }}
    >
      {children}
    </div>
  );
}

async function takeDrop(transfer: DataTransfer, isForQuantizing: boolean): Promise<void> {
  const files = await filesOf(transfer);
  if (isForQuantizing) chooseExamples(files);
  else takeFiles(files);
}

function isWithin(target: EventTarget | null, selector: string): boolean {
  return target instanceof Element && target.closest(selector) !== null;
}

function takeFiles(files: readonly NamedFile[]): void {
  const models = files.filter(({ path }) => MODEL_FILE.test(path));
  const hasReference = files.some(({ path }) => LOGITS_FILE.test(path) || isOutput(path));
  const [first] = files;
  if (first === undefined) return;
  if (model.peek() !== null && hasReference) {
    void compareFiles(files);
  } else if (model.peek() !== null && files.length === 1 && INPUT_FILE.test(first.path)) {
    void runFile(first.file);
  } else if (models.length > 0) {
    // Any .json beside a model is its arch file, or its config.json.
    const arch = files.filter(({ path }) => path.endsWith(".json"));
    void openFiles([...models.slice(0, 1), ...arch].map(({ file }) => file));
  } else {
    void openFiles(files.map(({ file }) => file));
  }
}

/** Whether a file is called as one of the open model's outputs. */
function isOutput(path: string): boolean {
  const outputs = model.peek()?.info.outputs ?? [];
  const name = path.slice(path.lastIndexOf("/") + 1);
  return outputs.some((output) => outputFiles(output, outputs.length === 1).includes(name));
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
