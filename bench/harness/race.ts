/**
 * Many interleaved rounds: in each, every contender runs a few times, in random order, and its
 * result is checked before its time counts. Ratios are made within a round and their median taken,
 * so that what slows the machine down slows both sides.
 */
import type { Contender } from "./contender.js";
import { shuffled, type Uniform, uniformNumbers } from "./random.js";
import { bestOf } from "./undisturbed.js";

export interface RaceOptions {
  readonly rounds: number;
  /** Each contender runs for at least this long before the first round. */
  readonly warmUpMs?: number;
}

export interface Lap {
  readonly name: string;
  /** Fastest and median of the rounds. */
  readonly minMs: number;
  readonly medianMs: number;
  /** One a round. */
  readonly roundsMs: readonly number[];
}

const WARM_UP_MS = 400;
const SEED = 20_250_905;

export class Race {
  readonly laps: readonly Lap[];

  constructor(laps: readonly Lap[]) {
    this.laps = laps;
  }

  lap(name: string): Lap | undefined {
    return this.laps.find((lap) => lap.name === name);
  }

  /** Median over the rounds of how many times as fast as `slow` `fast` was. */
  ratio(slow: string, fast: string): number | undefined {
    const [a, b] = [this.lap(slow), this.lap(fast)];
    if (a === undefined || b === undefined) return undefined;
    return median(a.roundsMs.map((ms, round) => ms / b.roundsMs[round]!));
  }
}

export async function race(
  contenders: readonly Contender[],
  { rounds, warmUpMs = WARM_UP_MS }: RaceOptions,
): Promise<Race> {
  const uniform = uniformNumbers(SEED);
  for (const contender of contenders) await warmUp(contender, warmUpMs);
  const times = new Map(contenders.map(({ name }): [string, number[]] => [name, []]));
  for (let round = 0; round < rounds; round++) {
    await runRound(contenders, times, uniform);
  }
  return new Race([...times].map(([name, roundsMs]) => lapOf(name, roundsMs)));
}

async function warmUp(contender: Contender, forMs: number): Promise<void> {
  const end = performance.now() + forMs;
  do {
    contender.verify((await contender.sample()).logits);
  } while (performance.now() < end);
}

async function runRound(
  contenders: readonly Contender[],
  times: ReadonlyMap<string, number[]>,
  uniform: Uniform,
): Promise<void> {
  for (const contender of shuffled(contenders, uniform)) {
    const { runs, logits } = await contender.sample();
    contender.verify(logits);
    times.get(contender.name)!.push(bestOf(runs));
  }
}

function lapOf(name: string, roundsMs: readonly number[]): Lap {
  return { name, minMs: Math.min(...roundsMs), medianMs: median(roundsMs), roundsMs };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
