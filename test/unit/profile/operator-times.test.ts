/** Operators' times under a clock and a machine that are made up, so that the truth is known. */
import { describe, expect, test } from "vitest";
import { OperatorTimer, type Steppable } from "../../../ts/profile/operator-times.js";
import { uniformNumbers } from "../core/networks.js";

const FRAMES = 100;
/** Milliseconds a step: four operators for each frame, two after the last. */
const FRAME_STEPS = [0.000005, 0.00005, 0.0004, 0.003];
const END_STEPS = [0.00001, 0.0002];
const TRUTH = [...FRAME_STEPS.map((ms) => FRAMES * ms), ...END_STEPS];
const CALL_MS = 0.00004;
const UNTOUCHED = 7;
const WHILE_MS = 97;
/** Of 0.02 ms each, in a millisecond. */
const DISTURBANCES = 0.5;

/** A machine whose every action takes its time, and which does something else now and then. */
class Machine {
  #nowMs = 0;
  #left: number[] = [];
  readonly #arena = new Uint8Array([UNTOUCHED]);
  /** A step has found other bytes than those before what was repeated. */
  isDisturbed = false;
  /** Takes ever longer, up to forty times as long, and then begins again. */
  wildOperator = -1;
  /** Of the work of a feed what each has to do, again from the first on. */
  shares: readonly number[] = [1];
  #feeds = 0;
  #share = 1;
  /** When each operator was repeated last. */
  readonly lastMs = new Map<number, number>();
  readonly #uniform: () => number;

  constructor(
    seed: number,
    readonly tickMs: number,
    readonly readingMs = 0.00003,
    readonly callMs = CALL_MS,
  ) {
    this.#uniform = uniformNumbers(seed);
  }

  readonly clock = {
    now: () => {
      this.#take(this.readingMs);
      return Math.floor(this.#nowMs / this.tickMs) * this.tickMs;
    },
  };

  readonly session: Steppable = {
    arena: () => this.#arena,
    repeatOperator: (times: number) => {
      this.#take(this.callMs);
      for (let i = 0; i < times; i++) this.#work(this.#left[0]);
      if (times > 0) this.lastMs.set(this.#left[0] ?? -1, this.#nowMs);
      this.#arena[0]! += times;
    },
    reset: () => {
      this.#feeds = 0;
    },
    feed: () => {
      this.#share = this.shares[this.#feeds++ % this.shares.length]!;
      this.#left = FRAME_STEPS.map((_, i) => i);
    },
    feedEnd: () => {
      this.#share = 1;
      this.#left = END_STEPS.map((_, i) => FRAME_STEPS.length + i);
    },
    stepOperator: () => {
      this.#take(this.callMs);
      this.isDisturbed ||= this.#arena[0] !== UNTOUCHED;
      const operator = this.#left.shift() ?? -1;
      this.#work(operator);
      return operator;
    },
  };

  #work(operator = -1): void {
    const wild =
      operator === this.wildOperator ? 1 + 40 * ((this.#nowMs / WHILE_MS) % 1) ** 0.5 : 1;
    this.#take(([...FRAME_STEPS, ...END_STEPS][operator] ?? 0) * wild * this.#share);
  }

  #take(ms: number): void {
    const isDisturbed = this.#uniform() < ms * DISTURBANCES;
    this.#nowMs += ms * (1 + 0.02 * this.#uniform()) + (isDisturbed ? 0.02 : 0);
  }
}

function timerOf(machine: Machine): OperatorTimer {
  const operators = TRUTH.length;
  const passage = { input: new Float32Array(FRAMES), feedLength: 1, operators, endsOnce: false };
  return new OperatorTimer(machine.session, passage, machine.clock);
}

function measure(machine: Machine, budgetMs: number): number[] {
  const timer = timerOf(machine);
  timer.measure(budgetMs);
  return timer.milliseconds();
}

describe("times of operators", () => {
  test("ten measurements agree within 10 % an operator, far below what a step costs", () => {
    const runs = Array.from({ length: 10 }, (_, seed) => measure(new Machine(seed, 0.00001), 3000));
    for (const [operator, truth] of TRUTH.entries()) {
      const times = runs.map((run) => run[operator] as number);
      expect(Math.max(...times) / Math.min(...times), `operator ${operator}`).toBeLessThan(1.1);
      for (const ms of times) expect(Math.abs(ms / truth - 1)).toBeLessThan(0.2);
    }
  });

  test("have no part of what a call costs, however long it is beside them", () => {
    const [readingMs, callMs] = [0.00003, 20 * CALL_MS];
    const times = measure(new Machine(5, 0.00001, readingMs, callMs), 3000);
    for (const [operator, truth] of TRUTH.entries()) {
      expect(
        Math.abs((times[operator] as number) / truth - 1),
        `operator ${operator}`,
      ).toBeLessThan(0.25);
    }
  });

  test("are told under a clock whose tick is longer than the longest step", () => {
    const times = measure(new Machine(1, 0.005), 3000);
    for (const [operator, truth] of TRUTH.entries()) {
      expect(times[operator], `operator ${operator}`).toBeGreaterThan(0);
      // Of the shortest the disturbances, which a long block cannot leave out, are a part.
      if (truth >= 0.005)
        expect(Math.abs((times[operator] as number) / truth - 1)).toBeLessThan(0.2);
    }
  });

  test("leave every step what it would have found", () => {
    const machine = new Machine(4, 0.00001);
    measure(machine, 100);
    expect(machine.isDisturbed).toBe(false);
  });

  test("stop as soon as all can be told", () => {
    const machine = new Machine(1, 0.00001);
    const timer = timerOf(machine);
    timer.measure(60_000);
    expect(timer.isTold).toBe(true);
    expect(machine.clock.now()).toBeLessThan(30_000);
  });

  test("are never 0: what cannot be told takes at most what the measurement errs", () => {
    for (const tickMs of [0.1, 1]) {
      const times = measure(new Machine(2, tickMs), 20);
      for (const ms of times) expect(ms).toBeGreaterThan(0);
      expect(times.every(Number.isFinite)).toBe(true);
    }
  });

  test("go on where they were left, and become steadier", () => {
    const timer = timerOf(new Machine(3, 0.1));
    const errorOf = () =>
      Math.max(...timer.milliseconds().map((ms, i) => Math.abs(ms / (TRUTH[i] as number) - 1)));
    timer.measure(2);
    const first = errorOf();
    for (let i = 0; i < 100; i++) timer.measure(50);
    expect(errorOf()).toBeLessThan(first / 4);
  });
});

test("what some feeds have less to do, as the last tile has, counts as less", () => {
  // The quickest of them all would be a fiftieth: a tenth of the feeds.
  const SHARES = [1, 0.5, 1, 1, 0.5, 1, 1, 1, 1, 0.02];
  const share = SHARES.reduce((sum, one) => sum + one) / SHARES.length;
  const machine = new Machine(7, 0.00001);
  machine.shares = SHARES;
  const times = measure(machine, 3000);
  for (const [operator, truth] of TRUTH.entries()) {
    const expected = operator < FRAME_STEPS.length ? share * truth : truth;
    expect(Math.abs(times[operator]! / expected - 1), `operator ${operator}`).toBeLessThan(0.1);
  }
});

test("behind the first second only what cannot be told yet is timed", () => {
  const WILD = 3;
  const BUDGET_MS = 3000;
  const machine = new Machine(6, 0.001);
  machine.wildOperator = WILD;
  const startMs = machine.clock.now();
  const timer = timerOf(machine);
  timer.measure(BUDGET_MS);
  const after = (operator: number) => machine.lastMs.get(operator)! - startMs;
  for (const operator of TRUTH.keys()) {
    if (operator !== WILD) expect(after(operator)).toBeLessThan(1.6 * 1000);
  }
  expect(after(WILD)).toBeGreaterThan(0.95 * BUDGET_MS);
  for (const [operator, ms] of timer.milliseconds().entries()) {
    if (operator !== WILD) expect(Math.abs(ms / TRUTH[operator]! - 1)).toBeLessThan(0.2);
  }
});
