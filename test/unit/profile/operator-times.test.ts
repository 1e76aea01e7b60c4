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

/** A machine whose every action takes its time, one in a thousand much longer. */
class Machine {
  #nowMs = 0;
  #left: number[] = [];
  readonly #arena = new Uint8Array([UNTOUCHED]);
  /** A step has found other bytes than those before what was repeated. */
  isDisturbed = false;
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
      this.#arena[0]! += times;
    },
    reset: () => {},
    feed: () => {
      this.#left = FRAME_STEPS.map((_, i) => i);
    },
    feedEnd: () => {
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
    this.#take([...FRAME_STEPS, ...END_STEPS][operator] ?? 0);
  }

  #take(ms: number): void {
    const isDisturbed = this.#uniform() < 0.0002;
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
