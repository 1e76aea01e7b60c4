/**
 * What the core makes of an input, op by op, and the numpy reference of integers (scripts/reference/integer), which is
 * asked for a number of networks in one process whether it makes the same. Knows nothing of how a network came to be.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeNpy } from "../../ts/checkpoint/index.js";
import type { ModelInfo } from "../../ts/core/info.js";
import { framesIn, type InputArray, tileLength, to16Bits } from "../../ts/core/input.js";
import type { Session, StepRows } from "../../ts/core/session.js";
import type { Model } from "../../ts/node.js";

const SCRIPT = fileURLToPath(new URL("../../scripts/reference/integer/run.py", import.meta.url));
const MOST_OUTPUT_BYTES = 2 ** 28;

/** What one op made of a whole sequence. */
export interface Traced {
  readonly name: string;
  /** [rows, width], or [width] of a vector. */
  readonly shape: readonly number[];
  readonly elements: StepRows;
}

export interface Trace {
  /** By index of the op. */
  readonly ops: readonly Traced[];
  readonly saturations: number;
}

/** Every op's rows, step by step. @throws Error for an op that makes nothing, or not in order */
export function traceOf(model: Model, input: InputArray, tile: number): Trace {
  const { info } = model;
  const bound = info.needsMaxFrames ? { maxFrames: Math.max(1, framesIn(info, input.length)) } : {};
  const session = model.createSession({ tile, ...bound });
  try {
    const recorder = new Recorder(model);
    const most = tileLength(info, tile);
    for (let first = 0; first < input.length; first += most) {
      session.feed(input.subarray(first, first + most));
      recorder.stepThrough(session);
    }
    session.feedEnd();
    recorder.stepThrough(session);
    return { ops: recorder.traced(), saturations: session.saturations };
  } finally {
    session.dispose();
  }
}

interface Piece {
  readonly firstRow: number;
  readonly firstChannel: number;
  readonly rows: number;
  readonly width: number;
  readonly elements: StepRows;
}

class Recorder {
  readonly #model: Model;
  readonly #pieces: Piece[][];
  /** By operator its op, for the last operator of an op: what comes before is inside of it. */
  readonly #opOf: readonly (number | undefined)[];

  constructor(model: Model) {
    this.#model = model;
    this.#pieces = model.ops.map(() => []);
    const operators = model.operators("stream");
    const last = new Map(operators.map(({ op }, index) => [op, index]));
    this.#opOf = operators.map(({ op }, index) => (last.get(op) === index ? op : undefined));
  }

  stepThrough(session: Session): void {
    for (let step = session.step(); step !== undefined; step = session.step()) {
      const index = this.#opOf[step.operatorIndex];
      if (index === undefined || step.rows === 0) continue;
      const elements = step.elements();
      if (elements.length === 0) continue;
      const { exponent, name } = this.#model.ops[index]!;
      if (step.exponent !== exponent) throw new Error(`${name}: a step of another exponent`);
      this.#pieces[index]!.push({ ...step, elements });
    }
  }

  traced(): Traced[] {
    return this.#model.ops.map(({ name, width, isSequence }, index) => {
      const pieces = this.#pieces[index]!;
      const [first] = pieces;
      if (first === undefined) throw new Error(`${name}: no step shows what it makes`);
      const rows = Math.max(...pieces.map((piece) => piece.firstRow + piece.rows));
      const elements = new (first.elements.constructor as Int32ArrayConstructor)(rows * width);
      let count = 0;
      for (const piece of pieces) {
        count += piece.elements.length;
        place(piece, elements, width);
      }
      if (count !== elements.length) throw new Error(`${name}: ${count} of ${elements.length}`);
      return { name, shape: isSequence ? [rows, width] : [width], elements };
    });
  }
}

function place(
  { firstRow, firstChannel, rows, width, elements }: Piece,
  to: StepRows,
  all: number,
) {
  for (let row = 0; row < rows; row++) {
    const made = elements.subarray(row * width, (row + 1) * width);
    to.set(made, (firstRow + row) * all + firstChannel);
  }
}

/** The first thing that is not the same, to the bit; undefined where everything is. */
export function differenceOf(got: Trace, expected: Trace): string | undefined {
  const index = got.ops.findIndex((op, i) => textOf(op) !== textOf(expected.ops[i]!));
  if (index >= 0) return `${got.ops[index]!.name} differs`;
  if (got.saturations === expected.saturations) return undefined;
  return `${got.saturations} saturations, not ${expected.saturations}`;
}

function textOf({ shape, elements }: Traced): string {
  const { buffer, byteOffset, byteLength } = elements;
  return `${shape} ${Buffer.from(buffer, byteOffset, byteLength).toString("base64")}`;
}

// ---- the reference -----------------------------------------------------------------------------------

export interface Question {
  readonly blob: Uint8Array;
  readonly info: ModelInfo;
  readonly input: InputArray;
  readonly trace: Trace;
}

export interface Answer {
  readonly differences: readonly string[];
  /** Of the ops that were compared. */
  readonly kinds: readonly string[];
}

/** A Python that has numpy; undefined if there is none. */
export function findNumpy(): string | undefined {
  return ["python3", "/usr/bin/python3"].find((python) => {
    return spawnSync(python, ["-c", "import numpy"], { stdio: "ignore" }).status === 0;
  });
}

/** Questions on their way into files, so that the traces of many networks are not in memory together. */
export class Reference {
  readonly #folder = mkdtempSync(join(tmpdir(), "mambalite-integers-"));
  readonly #jobs: object[] = [];

  ask(question: Question): void {
    const { blob, trace } = question;
    const traces = join(this.#folder, String(this.#jobs.length));
    mkdirSync(traces);
    const [model, inputFile] = [join(traces, "model.mlm"), join(traces, "input.npy")];
    writeFileSync(model, blob);
    writeFileSync(inputFile, inputNpy(question));
    for (const [index, { shape, elements }] of trace.ops.entries()) {
      const stored = elements instanceof Int16Array ? Int32Array.from(elements) : elements;
      writeFileSync(join(traces, `value.${index + 1}.npy`), writeNpy(stored, [1, ...shape]));
    }
    this.#jobs.push({ model, input: inputFile, traces, saturations: trace.saturations });
  }

  /** In the order in which they were asked. */
  answers(python: string): Answer[] {
    const list = join(this.#folder, "jobs.json");
    writeFileSync(list, JSON.stringify(this.#jobs));
    const { status, stdout, stderr } = spawnSync(python, [SCRIPT, "--batch", list], {
      encoding: "utf8",
      maxBuffer: MOST_OUTPUT_BYTES,
    });
    if (status !== 0) throw new Error(`${SCRIPT}: ${stderr}`);
    return JSON.parse(stdout);
  }

  dispose(): void {
    rmSync(this.#folder, { recursive: true });
  }
}

function inputNpy({ input, info: { inputKind, inputWidth, takes16Bits } }: Question): Uint8Array {
  if (takes16Bits) {
    const samples = new Int16Array(input.length);
    to16Bits(input, samples);
    return writeNpy(Int32Array.from(samples), [1, input.length]);
  }
  const isFrames = inputKind === "frames";
  return writeNpy(input, isFrames ? [1, input.length / inputWidth, inputWidth] : [1, input.length]);
}
