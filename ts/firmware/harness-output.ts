/** Reads what csrc/port/harness/harness.c prints. Knows nothing of how it was run. */

export interface HarnessReport {
  /** All outputs of each input, 8 hex digits an element, in the order of flat-outputs.ts. */
  readonly outputs: readonly (readonly string[])[];
  /** Bytes of stack of each call. */
  readonly stack: {
    readonly open: number;
    readonly init: number;
    /** 0 when the model has no vector that the plan can run. */
    readonly selfTest: number;
    readonly run: number;
  };
  readonly arena: { readonly highWaterBytes: number; readonly guardsIntact: boolean };
  /** Instructions of each operator of the first input, and of one plain run of it. */
  readonly operators: readonly number[];
  readonly total: number;
}

/** Why an output is no report: what the firmware itself says, or undefined. */
export function failureIn(text: string): string | undefined {
  if (/^fault$/m.test(text)) return "the processor took a fault";
  if (/^stack overflow$/m.test(text)) return "the stack is too small";
  const status = /^status (\S+)$/m.exec(text)?.[1];
  return status === undefined || status === "MLM_OK" ? undefined : status;
}

/** The report; undefined when the text is not a whole one. */
export function parseReport(text: string): HarnessReport | undefined {
  const lines = text.split("\n").map((line) => line.trim().split(" "));
  const all = (name: string) => lines.filter(([first]) => first === name);
  const numbers = (name: string) => all(name)[0]?.slice(1).map(Number) ?? [];
  const [open, init, selfTest, run] = numbers("stack");
  const [highWaterBytes, guardsIntact] = numbers("arena");
  const [total] = numbers("total");
  const isWhole = all("status")[0]?.[1] === "MLM_OK" && total !== undefined && run !== undefined;
  if (!isWhole || highWaterBytes === undefined) return undefined;
  return {
    outputs: all("outputs").map((line) => line.slice(2)),
    stack: { open: open ?? 0, init: init ?? 0, selfTest: selfTest ?? 0, run },
    arena: { highWaterBytes, guardsIntact: guardsIntact === 1 },
    operators: all("operator").map((line) => Number(line[2])),
    total,
  };
}
