/**
 * How many frames a network is defined for: what its ops need and allow, and for which lengths branches
 * that meet have equally many rows. Arithmetic only.
 */
import { BadArgument } from "../core/errors.js";
import type { Network } from "../graph/network.js";
import type { EqualRows, Placement, RowsBound } from "./place.js";

export interface Lengths {
  readonly minFrames: number;
  /** 0: no limit. */
  readonly maxFrames: number;
  /** Frames by which every window of the network has been full. */
  readonly history: number;
  /** The shortest permitted length of at least `frames` frames, else the longest one. */
  near(frames: number): number;
}

/** Of lengths that are tried for branches that meet; strides and rates repeat within far fewer. */
const MOST_TRIED = 1 << 12;

/** @throws BadArgument when there is no length for which the network is defined */
export function lengthsOf(network: Network, placement: Placement): Lengths {
  const { bounds, equals, history } = placement;
  checkGiven("minFrames", network.minFrames);
  checkGiven("maxFrames", network.maxFrames);
  const least = leastOf(network, bounds);
  const most = mostOf(network, bounds);
  if (least.frames > most.frames) {
    const got = `at least ${least.frames} frames (${least.why}), at most ${most.frames} (${most.why})`;
    throw new BadArgument("network", "a length that suits all of its ops", got);
  }
  const first = meeting(equals, least.frames, most.frames);
  if (first === undefined) throw neverMeet(equals, least.frames, most.frames);
  return {
    minFrames: least.frames,
    maxFrames: Number.isFinite(most.frames) ? most.frames : 0,
    history,
    near: (frames) => meeting(equals, Math.max(frames, first), most.frames) ?? latest(first),
  };

  /** The longest one, if there is a limit. */
  function latest(otherwise: number): number {
    if (!Number.isFinite(most.frames)) return otherwise;
    for (let frames = most.frames; frames > otherwise; frames--) {
      if (equals.every((pair) => isEqual(pair, frames))) return frames;
    }
    return otherwise;
  }
}

function checkGiven(name: string, frames: number | undefined): void {
  if (frames === undefined || (Number.isSafeInteger(frames) && frames >= 1)) return;
  throw new BadArgument(name, "an integer from 1 on", String(frames));
}

interface Limit {
  readonly frames: number;
  readonly why: string;
}

function leastOf(network: Network, bounds: readonly RowsBound[]): Limit {
  const given = { frames: network.minFrames ?? 1, why: "as the network says" };
  return bounds
    .map(({ op, pace, least }) => ({ frames: pace.framesForAtLeast(least), why: `for ${op}` }))
    .reduce((largest, limit) => (limit.frames > largest.frames ? limit : largest), given);
}

function mostOf(network: Network, bounds: readonly RowsBound[]): Limit {
  const given = {
    frames: network.maxFrames ?? Number.POSITIVE_INFINITY,
    why: "as the network says",
  };
  return bounds
    .filter(({ most }) => Number.isFinite(most))
    .map(({ op, pace, most }) => ({ frames: pace.framesForAtMost(most), why: `for ${op}` }))
    .reduce((smallest, limit) => (limit.frames < smallest.frames ? limit : smallest), given);
}

/** The shortest length from `least` on for which all pairs are equal. */
function meeting(equals: readonly EqualRows[], least: number, most: number): number | undefined {
  for (let frames = least; frames <= Math.min(most, least + MOST_TRIED); frames++) {
    if (equals.every((pair) => isEqual(pair, frames))) return frames;
  }
  return undefined;
}

function isEqual({ paces: [a, b] }: EqualRows, frames: number): boolean {
  return a.total(frames) === b.total(frames);
}

function neverMeet(equals: readonly EqualRows[], least: number, most: number): BadArgument {
  const frames = Number.isFinite(most) ? most : least;
  const pair = equals.find((each) => meeting([each], least, most) === undefined) ?? equals[0];
  const rows = pair?.paces.map((pace) => pace.total(frames)).join(" and ");
  return new BadArgument(
    `inputs of op ${pair?.op}`,
    'sequences of equally many rows (a convolution may need the padding "same")',
    `${rows} rows for ${frames} frames`,
  );
}
