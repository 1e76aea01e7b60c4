/** Reads what csrc/port/harness/detector.c prints. Knows nothing of how it was run. */

/** What pushes of one size gave. */
export interface StreamReport {
  readonly push: number;
  /** `LABEL CONFIDENCE_BITS INPUTS`, an event each. */
  readonly events: readonly string[];
  readonly answers: number;
  /** CRC-32 of the averages behind all pushes that made answers, and the last averages: 8 hex digits each. */
  readonly bits: readonly string[];
}

export interface DetectorReport {
  /** What mlm_detector_bytes wants. */
  readonly bytes: number;
  readonly streams: readonly (StreamReport & {
    /** Instructions of the longest push, and of all pushes. */
    readonly longest: number;
    readonly total: number;
  })[];
}

/** The report; undefined when the text is not a whole one. */
export function parseDetectorReport(text: string): DetectorReport | undefined {
  if (!/^status MLM_OK$/m.test(text)) return undefined;
  const [head = "", ...parts] = text.split(/^push (?=\d+$)/m);
  const bytes = Number(/^detector (\d+)$/m.exec(head)?.[1]);
  return {
    bytes,
    streams: parts.map((part) => {
      const [answers = "", ...bits] = /^answers (.+)$/m.exec(part)?.[1]?.split(" ") ?? [];
      const [longest, total] = /^longest (\d+) (\d+)$/m.exec(part)?.slice(1).map(Number) ?? [];
      return {
        push: Number.parseInt(part, 10),
        events: [...part.matchAll(/^event (.+)$/gm)].map(([, event = ""]) => event),
        answers: Number(answers),
        bits,
        longest: longest ?? 0,
        total: total ?? 0,
      };
    }),
  };
}
