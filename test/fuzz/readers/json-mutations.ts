/** Damage to JSON text that leaves it JSON, mostly. Knows the grammar, and no field. */
import { MAX_INPUT_BYTES } from "./mutate.js";
import type { Random } from "./random.js";

const TOKEN = /"(?:[^"\\]|\\.){0,200}"|-?[0-9][0-9.eE+-]*|true|false|null/g;
const NUMBERS = ["0", "-0", "-1", "1.5", "1e-40", "1e-5", "1e39", "1e999", "4294967296", "1e15"];
const WORDS = ["null", "true", "{}", "[]", '""', '"__proto__"', '"constructor"', '"\\u0000"'];
const UNSEEN = ['"\\u001b[2J"', '"\\u009b1A"', '"\\u202eabc"', '"\\ud800"', '"a\\nb"', '"\\u2028"'];
const DEEPEST = 300_000;

/** The text with a value, or a key, replaced, doubled, or many times there. */
export function mutateJson(text: string, random: Random): string {
  const tokens = [...text.matchAll(TOKEN)];
  if (tokens.length === 0) return hostileValue(random);
  const token = random.pick(tokens);
  const start = token.index;
  const end = start + token[0].length;
  switch (random.below(4)) {
    case 0:
      return `${text.slice(0, start)}${random.pick(tokens)[0]}${text.slice(end)}`;
    case 1:
      return manyOf(text, start, random);
    default:
      return `${text.slice(0, start)}${hostileValue(random)}${text.slice(end)}`;
  }
}

/** The item or member around a position over and over, each with a number where it had a text. */
function manyOf(text: string, at: number, random: Random): string {
  const start = Math.max(text.lastIndexOf("{", at), text.lastIndexOf("[", at), 0);
  const end = Math.max(start, text.indexOf(random.pick(["}", "]", ","]), at)) + 1;
  const item = text.slice(start, end);
  const copies = random.magnitude(MAX_INPUT_BYTES / (item.length + 8));
  const items = Array.from({ length: copies }, (_, i) =>
    random.chance(0.5) ? item : item.replace('"', `"${i}`),
  );
  return `${text.slice(0, start)}${items.join(",")}${text.slice(end)}`;
}

function hostileValue(random: Random): string {
  const depth = random.magnitude(DEEPEST);
  const length = random.magnitude(MAX_INPUT_BYTES);
  switch (random.below(9)) {
    case 0:
      return "[".repeat(depth) + "]".repeat(random.chance(0.8) ? depth : 0);
    case 1:
      return `${'{"":'.repeat(depth)}0${"}".repeat(depth)}`;
    case 2:
      return `"${random.pick(["a", "\\u0001", "é", "a."]).repeat(length / 6)}"`;
    case 3:
      return `[${new Array(Math.ceil(length / 3)).fill(random.pick(NUMBERS)).join(",")}]`;
    case 4:
      return random.pick(WORDS);
    case 5:
      return random.pick(UNSEEN);
    case 6:
      return "9".repeat(length);
    default:
      return random.pick(NUMBERS);
  }
}
