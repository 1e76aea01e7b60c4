/** What a detector found of what was there. Knows nothing of how either came about. */
import { BadFile } from "../core/errors.js";
import type { Detection } from "./detector.js";

/** A word or an activity, and when it ends, in seconds of the stream. */
export interface Truth {
  readonly label: string;
  readonly seconds: number;
}

export interface Score {
  readonly total: number;
  /** Events of the right label near a truth, one a truth. */
  readonly hits: number;
  readonly misses: number;
  /** Events of another label near a truth. */
  readonly wrong: number;
  /** Further events of the right label near a truth that has been hit. */
  readonly repeats: number;
  /** Events near no truth. */
  readonly falseAlarms: number;
  readonly falseAlarmsPerHour: number;
  /** Of the hits: how long behind the end of what was there; negative before it. NaN without hits. */
  readonly medianLatencySeconds: number;
}

/** An event belongs to a truth from this long before its end to this long behind. */
export const EARLY_SECONDS = 1;
export const LATE_SECONDS = 0.75;
const SECONDS_PER_HOUR = 3600;

/** A word, which NaN and an empty time are not: one that was lost is no heading. */
const HEADING = /^[\uFEFF\s"#]*(?!(nan|inf|infinity)\b)\p{L}/iu;

/** Lines `seconds,label`; a first line that begins with a word is a heading. @throws BadFile */
export function readTruth(text: string): Truth[] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  const hasHeading = HEADING.test(lines[0] ?? "");
  const entries = lines.slice(hasHeading ? 1 : 0);
  if (entries.length === 0) throw new BadFile("times", 'there is no line "seconds,label"');
  return entries.map((line, index) => {
    const [seconds = "", label = "", ...rest] = line.split(",").map((cell) => cell.trim());
    const time = seconds === "" ? Number.NaN : Number(seconds);
    if (Number.isFinite(time) && time >= 0 && label !== "" && rest.length === 0) {
      return { seconds: time, label };
    }
    throw new BadFile("times", `entry ${index + 1} is not "seconds,label"`);
  });
}

export function scoreOf(
  detections: readonly Detection[],
  truths: readonly Truth[],
  seconds: number,
): Score {
  const isHit = new Set<Truth>();
  const latencies: number[] = [];
  const counts = { wrong: 0, repeats: 0, falseAlarms: 0 };
  for (const detection of detections) {
    const near = truths.filter((truth) => isNear(detection.seconds, truth));
    const own = near.filter(({ label }) => label === detection.label);
    const fresh = own.find((truth) => !isHit.has(truth));
    if (fresh !== undefined) {
      isHit.add(fresh);
      latencies.push(detection.seconds - fresh.seconds);
    } else if (own.length > 0) counts.repeats++;
    else if (near.length > 0) counts.wrong++;
    else counts.falseAlarms++;
  }
  return {
    total: truths.length,
    hits: isHit.size,
    misses: truths.length - isHit.size,
    ...counts,
    falseAlarmsPerHour: (counts.falseAlarms * SECONDS_PER_HOUR) / seconds,
    medianLatencySeconds: median(latencies),
  };
}

function isNear(seconds: number, truth: Truth): boolean {
  return seconds >= truth.seconds - EARLY_SECONDS && seconds <= truth.seconds + LATE_SECONDS;
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
