/**
 * For names that follow no convention: the convention that is nearest, and the one rename that would do, if there is
 * one. Layers count as one. Knows nothing of shapes.
 */
import type { ConventionName } from "./convention-names.js";

export interface ConventionForm {
  readonly name: ConventionName;
  readonly required: readonly string[];
  readonly optional: readonly string[];
}

export interface Nearest {
  readonly convention: ConventionName;
  /** Beginning of names, and what it should be. */
  readonly rename?: readonly [from: string, to: string];
}

/** @param forms with one layer each */
export function nearestConvention(
  fileNames: readonly string[],
  forms: readonly ConventionForm[],
): Nearest | undefined {
  const names = [...new Set(fileNames.map(withoutNumbers))];
  let nearest: Nearest | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const form of forms) {
    const difference = differenceOf(names, form);
    const rename = renameFor(names, form, difference);
    if (rename !== undefined) return { convention: form.name, rename };
    const distance = difference.missing.length + difference.unknown.length;
    if (distance < least) {
      least = distance;
      nearest = { convention: form.name };
    }
  }
  return nearest;
}

interface Difference {
  readonly missing: readonly string[];
  readonly unknown: readonly string[];
}

function differenceOf(
  names: readonly string[],
  { required, optional }: ConventionForm,
): Difference {
  const wanted = required.map(withoutNumbers);
  const known = new Set([...wanted, ...optional.map(withoutNumbers)]);
  const present = new Set(names);
  return {
    missing: [...new Set(wanted)].filter((name) => !present.has(name)),
    unknown: names.filter((name) => !known.has(name)),
  };
}

/** What unknown names begin with, as what missing ones begin with; only where nothing is left to mend then. */
function renameFor(
  names: readonly string[],
  form: ConventionForm,
  { missing, unknown }: Difference,
): Nearest["rename"] {
  if (unknown.length === 0) return undefined;
  const from = commonBeginning(unknown);
  const to = commonBeginning(missing);
  if (from === to || from === "") return undefined;
  const renamed = names.map((name) =>
    name === from || name.startsWith(`${from}.`)
      ? `${to}${name.slice(from.length)}`.replace(/^\./, "")
      : name,
  );
  const rest = differenceOf(renamed, form);
  return rest.missing.length === 0 && rest.unknown.length === 0 ? [from, to] : undefined;
}

function withoutNumbers(name: string): string {
  return name.replace(/(^|\.)\d+(?=\.)/g, "$1{i}");
}

/** Up to a dot, without the last part of any. */
function commonBeginning(names: readonly string[]): string {
  const [first = "", ...others] = names;
  let common = first.split(".").slice(0, -1);
  for (const name of others) {
    const parts = name.split(".").slice(0, -1);
    const end = common.findIndex((part, i) => part !== parts[i]);
    if (end >= 0) common = common.slice(0, end);
  }
  return common.join(".");
}
