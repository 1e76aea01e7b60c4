/**
 * A contender in a process of its own: native code or Python. It is told on standard input how many
 * times to run, and answers with one line of JSON:
 *
 *   {"runs": [[wallMs, cpuMs], ...], "logits": [bits as 32-bit unsigned integers]}
 *
 * Between its turns it waits for input and takes no time.
 */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import {
  type Contender,
  MOST_RUNS,
  type Sample,
  TURN_WARM_UP_MS,
  WANTED_RUNS,
} from "./contender.js";
import { isUndisturbed, type Run } from "./undisturbed.js";

interface Answer {
  readonly runs: readonly (readonly [wallMs: number, cpuMs: number])[];
  readonly logits: readonly number[];
}

interface ChildOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly verify: (logits: Float32Array) => void;
}

export function childContender({ name, command, args, verify }: ChildOptions): Contender {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
  const ask = conversation(name, child);
  const sample = async (): Promise<Sample> => {
    const runs: Run[] = [];
    for (let warmMs = 0; warmMs < TURN_WARM_UP_MS; ) warmMs += (await ask(1)).runs[0]![0];
    for (;;) {
      const answer = await ask(WANTED_RUNS);
      runs.push(...answer.runs.map(([wallMs, cpuMs]) => ({ wallMs, cpuMs })));
      const enough = runs.filter(isUndisturbed).length >= WANTED_RUNS || runs.length >= MOST_RUNS;
      if (enough) return { runs, logits: fromBits(answer.logits) };
    }
  };
  return { name, sample, verify, dispose: () => child.kill() };
}

function conversation(
  name: string,
  child: ChildProcessWithoutNullStreams,
): (runs: number) => Promise<Answer> {
  let complaints = "";
  child.stderr.on("data", (text) => {
    complaints += text;
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return async (runs) => {
    child.stdin.write(`${runs}\n`);
    const { value, done } = await lines.next();
    if (done) throw new Error(`${name} ended: ${complaints.trim()}`);
    return JSON.parse(value) as Answer;
  };
}

function fromBits(words: readonly number[]): Float32Array {
  return new Float32Array(Uint32Array.from(words).buffer);
}
