/**
 * What a stranger wrote, made fit for a person to read: short, on one line, and without characters
 * that a terminal, an SVG file or the direction of text would obey. Every message, table and chart
 * that shows a name or a value of a file gets it from here. Knows nothing of where it came from.
 */

/** Text on one line; characters that are not seen are written as \u{...}. */
export function oneLine(text: string): string {
  return withoutControls(
    text.replace(/\s+/g, (space) => (LINE_BREAK.test(space) ? " " : space)),
  ).trim();
}

/** Characters that are not seen (control, format, unassigned), written as \u{...}; lines stay. */
export function withoutControls(text: string): string {
  return text.replace(
    /(?!\n)[\p{C}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}

/** At most `most` characters: of longer text the beginning and, since advice comes last, the end. */
export function shorten(text: string, most: number): string {
  if (text.length <= most) return text;
  const head = Math.ceil((most - CUT.length) * HEAD_SHARE);
  return text.slice(0, head) + CUT + text.slice(text.length - (most - CUT.length - head));
}

/** One line of at most `most` characters, in time that does not depend on how long `text` is. */
export function shortLine(text: string, most: number): string {
  // Twice: writing out what is not seen makes text longer.
  return shorten(oneLine(shorten(text, most)), most);
}

/** A text in quotation marks, shortened. */
export function quoted(text: string): string {
  return shorten(JSON.stringify(shorten(text, MAX_SHOWN)), MAX_SHOWN + QUOTES);
}

/**
 * Any value of a file, such as parsed JSON: a few dozen characters, whatever it holds; what is
 * inside of what it holds is not looked at, for it may be nested for ever.
 */
export function describe(value: unknown): string {
  if (!Array.isArray(value)) return describeFlat(value);
  const items = value.slice(0, MAX_SHOWN_ITEMS).map(describeFlat);
  if (value.length > MAX_SHOWN_ITEMS) items.push(CUT);
  return shorten(`[${items.join(", ")}]`, MAX_SHOWN);
}

/** Names separated by commas; of many the first few, and how many more there are. */
export function abbreviate(names: readonly string[], most = MAX_LISTED): string {
  let text = "";
  let shown = 0;
  for (const name of names.slice(0, MAX_SHOWN_NAMES)) {
    const longer = `${text}${shown === 0 ? "" : ", "}${shorten(name, MAX_SHOWN)}`;
    if (shown > 0 && longer.length > most) break;
    text = longer;
    shown++;
  }
  return shown < names.length ? `${text} and ${names.length - shown} more` : text;
}

const LINE_BREAK = /[\r\n\u2028\u2029]/;
const CUT = "\u2026";
/** Of shortened text, how much is its beginning. */
const HEAD_SHARE = 2 / 3;
/** Characters of one name or value. */
const MAX_SHOWN = 60;
const QUOTES = 2;
const MAX_SHOWN_ITEMS = 4;
const MAX_SHOWN_NAMES = 12;
/** Characters of a list of names. */
const MAX_LISTED = 170;

function describeFlat(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "string") return quoted(value);
  if (Array.isArray(value)) return value.length === 0 ? "[]" : "[...]";
  if (typeof value === "object" && value !== null) return "{...}";
  return shorten(String(value), MAX_SHOWN);
}
