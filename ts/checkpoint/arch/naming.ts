/** What an arch's `rename` and `ignore` do to the names of tensors. Knows nothing of ops. */
import type { Naming } from "../weights.js";

interface NamingRules {
  readonly rename?: Readonly<Record<string, string>>;
  readonly ignore?: readonly string[];
}

const INDEX = /\{([a-z])\}/;

/** The longest rule wins, its placeholders not counted; each is about names that begin so, up to a dot or the end. */
export function namingOf({ rename = {}, ignore = [] }: NamingRules): Naming {
  const rules = Object.entries(rename)
    .sort(([a], [b]) => literalLength(b) - literalLength(a))
    .map(([from, to]) => ({ matches: beginning(from), to }));
  const ignored = ignore.map((rule) => ({ rule, matches: beginning(rule) }));
  return {
    rename: (name) => {
      for (const { matches, to } of rules) {
        const indices = matches(name);
        if (indices !== undefined) return renamed(name, indices, to);
      }
      return undefined;
    },
    ignoredBy: (name) => ignored.find(({ matches }) => matches(name) !== undefined)?.rule,
  };
}

function literalLength(rule: string): number {
  return rule.replace(new RegExp(INDEX.source, "g"), "").length;
}

interface Match {
  /** Characters of the name that the rule is about. */
  readonly length: number;
  /** What its placeholders stand for. */
  readonly indices: ReadonlyMap<string, string>;
}

/** Of a rule like "blocks.{i}.ln", where {i} is any number and the same everywhere. */
function beginning(rule: string): (name: string) => Match | undefined {
  const parts = rule.split(new RegExp(INDEX.source, "g"));
  // split gives texts and letters by turns
  return (name) => {
    const indices = new Map<string, string>();
    let at = 0;
    for (const [i, part] of parts.entries()) {
      const text = i % 2 === 0 ? part : (indices.get(part) ?? digitsAt(name, at));
      if (text === undefined || !name.startsWith(text, at)) return undefined;
      if (i % 2 === 1) indices.set(part, text);
      at += text.length;
    }
    return at === name.length || name[at] === "." ? { length: at, indices } : undefined;
  };
}

function digitsAt(name: string, at: number): string | undefined {
  const digits = /[0-9]+/y;
  digits.lastIndex = at;
  return digits.exec(name)?.[0];
}

function renamed(name: string, { length, indices }: Match, to: string): string {
  const rest = name.slice(length);
  const target = to.replace(
    new RegExp(INDEX.source, "g"),
    (whole, letter: string) => indices.get(letter) ?? whole,
  );
  return target === "" ? rest.replace(/^\./, "") : target + rest;
}
