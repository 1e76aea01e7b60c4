/** A core's description as tables that the scoreboard looks things up in. Knows no core. */
import { KINDS, Kind, USES, Use } from "../isa/instruction.js";
import { type Core, RESULTS, Result } from "./core.js";

type KindName = keyof typeof Kind;

/** May two kinds share a cycle? */
export const ALONE = 0;
export const PAIRS = 1;
export const PAIRS_BY_BANK = 2;
/** With a multiply-accumulate that begins a series of them. */
export const PAIRS_AT_START = 3;

export interface Tables {
  readonly hold: Float64Array;
  readonly holdEach: Float64Array;
  readonly result: Uint8Array;
  /** [Result][Use] */
  readonly latency: Uint8Array;
  readonly early: Uint8Array;
  readonly earlySecond: Uint8Array;
  readonly alone: Uint8Array;
  /** [first][second] */
  readonly pair: Uint8Array;
  readonly blocked: Uint8Array;
  readonly notSecond: Uint8Array;
  /** [first][second] */
  readonly gap: Uint8Array;
}

export function tablesOf(core: Core): Tables {
  return {
    hold: byKind((name) => core.holds[name]?.first ?? 1),
    holdEach: byKind((name) => core.holds[name]?.each ?? 0),
    result: flags((name) => Result[core.results[name] ?? "late"]),
    latency: latencies(core),
    early: flags((name) => Number(core.early.includes(name))),
    earlySecond: flags((name) => Number(core.earlySecond.includes(name))),
    alone: flags((name) => Number(core.pairing?.alone.includes(name) ?? true)),
    pair: pairs(core),
    blocked: flags((name) => Number(core.window?.blocked.includes(name) ?? false)),
    notSecond: flags((name) => Number(core.window?.notSecond.includes(name) ?? false)),
    gap: gaps(core),
  };
}

const NAMES = Object.keys(Kind) as KindName[];
const ACCUMULATES: readonly KindName[] = ["fpMla", "fpFused"];

function byKind(value: (name: KindName) => number): Float64Array {
  return Float64Array.from(NAMES, value);
}

function flags(value: (name: KindName) => number): Uint8Array {
  return Uint8Array.from(NAMES, value);
}

function latencies({ latencies: given }: Core): Uint8Array {
  const table = new Uint8Array(RESULTS * USES);
  for (const [name, result] of Object.entries(Result)) {
    const row = given[name as keyof typeof Result] ?? { otherwise: 1 };
    for (const [use, index] of Object.entries(Use)) {
      table[result * USES + index] = row[use as keyof typeof Use] ?? row.otherwise;
    }
  }
  return table;
}

function pairs({ pairing, window }: Core): Uint8Array {
  const table = new Uint8Array(KINDS * KINDS);
  if (pairing === undefined) return table;
  for (const first of NAMES) {
    for (const second of NAMES) {
      const names = [first, second];
      const isRefused =
        names.some((name) => pairing.alone.includes(name)) ||
        pairing.firstOnly.includes(second) ||
        pairing.exclusive.some((group) => names.every((name) => group.includes(name))) ||
        pairing.never.some((rule) => rule.first.includes(first) && rule.second.includes(second));
      const isBanked = names.every((name) => pairing.banked.includes(name));
      const isAtStart =
        names.some((name) => ACCUMULATES.includes(name)) &&
        names.some((name) => window?.notSecond.includes(name));
      const value = isRefused
        ? ALONE
        : isBanked
          ? PAIRS_BY_BANK
          : isAtStart
            ? PAIRS_AT_START
            : PAIRS;
      table[Kind[first] * KINDS + Kind[second]] = value;
    }
  }
  return table;
}

function gaps({ gaps: rules }: Core): Uint8Array {
  const table = new Uint8Array(KINDS * KINDS);
  for (const { first, second, cycles } of rules) {
    // Behind the rules that name both, what is left.
    const named = rules.filter((rule) => rule.first === first && rule.second !== "others");
    const isNamed = (name: KindName) => named.some((rule) => rule.second.includes(name));
    const seconds = second === "others" ? NAMES.filter((name) => !isNamed(name)) : second;
    for (const from of first)
      for (const to of seconds) table[Kind[from] * KINDS + Kind[to]] = cycles;
  }
  return table;
}
