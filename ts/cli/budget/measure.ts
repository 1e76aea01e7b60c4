/** What a model of a budget takes and gives, by the commands that people use. Knows nothing of limits. */

import { BOARDS } from "../../device/index.js";
import { FileProblem } from "../../host/file-problem.js";
import { evalCommand } from "../commands/eval.js";
import { profileCommand } from "../commands/profile.js";
import { readBytes } from "../files.js";
import type { BudgetModel } from "./file.js";

export interface Measured {
  readonly arenaBytes: number;
  readonly flashBytes: number;
  /** Estimated, by a board's id. */
  readonly milliseconds: Readonly<Record<string, number>>;
  readonly accuracy?: { readonly items: number; readonly correct: number };
  /** CRC-32 of the logits' bits. */
  readonly bits: string;
}

/** And why a board has no time. */
export interface Measurement extends Measured {
  readonly untimed: ReadonlyMap<string, string>;
}

/** Of `profile --json` what is used here. */
interface Profile {
  readonly plan: { readonly arenaBytes: number };
  readonly flash: { readonly weightsBytes: number };
  readonly provenance: { readonly outputCrc32: string };
  readonly boards: readonly {
    readonly id: string;
    readonly fits: boolean;
    readonly time?: { readonly ms: number };
    readonly noTime?: string;
  }[];
}

export async function measure(model: BudgetModel): Promise<Measurement> {
  const { plan, flash, provenance, boards } = await profiled(model);
  const timed = boards.flatMap(({ id, time }) => (time ? [[id, time.ms] as const] : []));
  const untimed = boards.flatMap(({ id, fits, time, noTime }) =>
    time ? [] : [[id, fits ? (noTime ?? "no time is known") : "the model does not fit"] as const],
  );
  const accuracy = await evaluated(model);
  return {
    arenaBytes: plan.arenaBytes,
    flashBytes: flash.weightsBytes,
    milliseconds: Object.fromEntries(timed),
    ...(accuracy !== undefined && { accuracy }),
    bits: provenance.outputCrc32,
    untimed: new Map(untimed),
  };
}

/** The smallest tile, unless another one is named: boards come and go, and must not change what is held. */
function execution({ schedule = "stream", tile }: BudgetModel) {
  return { schedule, ...(schedule === "stream" && { tile: tile ?? 1 }) };
}

/** Boards without a limit are left out, but one at least is profiled. */
async function profiled(budget: BudgetModel): Promise<Profile> {
  const { model, ...files } = budget.files;
  const wanted = BOARDS.filter(({ id }) => budget.limits.milliseconds.has(id));
  const options = {
    ...{ ...files, ...execution(budget), quick: true, json: true },
    ...(wanted.length > 0 && { board: wanted }),
  };
  const text = await profileCommand(model, options, () => {});
  const profile = JSON.parse(text) as Profile;
  return wanted.length > 0 ? profile : { ...profile, boards: [] };
}

async function evaluated(budget: BudgetModel): Promise<Measured["accuracy"]> {
  if (budget.labelled === undefined) return undefined;
  const { model, labels, input: _, ...files } = budget.files;
  const { classes, ...set } = budget.labelled;
  const named = [classes, labels].filter((path) => path !== undefined);
  const options = { ...files, ...set, ...execution(budget), labels: named, json: true };
  const { items, correct } = JSON.parse(await evalCommand(model, options));
  return { items, correct };
}

const VERSION = 1;

export function baselineText(models: ReadonlyMap<string, Measured>): string {
  const saved = [...models].map(([name, measured]) => {
    const { arenaBytes, flashBytes, milliseconds, accuracy, bits } = measured;
    return [name, { arenaBytes, flashBytes, milliseconds, accuracy, bits }] as const;
  });
  return `${JSON.stringify({ baseline: VERSION, models: Object.fromEntries(saved) }, null, 2)}\n`;
}

/** What `baselineText` wrote. @throws FileProblem */
export function readBaseline(path: string): ReadonlyMap<string, Measured> {
  const text = new TextDecoder().decode(readBytes(path));
  try {
    const { baseline, models } = JSON.parse(text);
    const all: [string, Measured][] = Object.entries(models);
    if (baseline === VERSION && all.every(([, measured]) => isMeasured(measured))) {
      return new Map(all);
    }
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
  }
  throw new FileProblem(path, "is no baseline of `mambalite budget --save`");
}

function isMeasured(value: Partial<Measured> | null): boolean {
  const times = Object.values(value?.milliseconds ?? { none: undefined });
  const { items, correct } = value?.accuracy ?? { items: 0, correct: 0 };
  return (
    typeof value?.bits === "string" &&
    [value.arenaBytes, value.flashBytes, items, correct, ...times].every(Number.isFinite)
  );
}
