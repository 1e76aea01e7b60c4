/**
 * JSON for machines: numbers keep every bit, the sign of zero included, and text is safe to print on
 * a terminal as well. Knows nothing of what it writes.
 */

type Json = null | boolean | number | string | undefined | readonly Json[] | JsonObject;
interface JsonObject {
  readonly [key: string]: Json;
}

/** One line of JSON, ended. `undefined` members are left out; a number must be finite. */
export function toJson(value: unknown): string {
  return `${stringify(value as Json)}\n`;
}

/** JSON has no other numbers. */
export function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function stringify(value: Json): string {
  if (typeof value === "number") return stringifyNumber(value);
  if (Array.isArray(value)) return `[${value.map(stringify).join(",")}]`;
  if (typeof value !== "object" || value === null) return stringifyText(value ?? null);
  const members = Object.entries(value as JsonObject)
    .filter(([, member]) => member !== undefined)
    .map(([key, member]) => `${stringifyText(key)}:${stringify(member)}`);
  return `{${members.join(",")}}`;
}

/** What JSON permits raw but terminals obey (U+0080 to 9F, marks of direction) is escaped too. */
function stringifyText(value: null | boolean | string): string {
  return JSON.stringify(value).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    Array.from({ length: character.length }, (_, i) => {
      const unit = character.charCodeAt(i).toString(16).padStart(UNIT_DIGITS, "0");
      return `\\u${unit}`;
    }).join(""),
  );
}

const UNIT_DIGITS = 4;

function stringifyNumber(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`${value} has no JSON form`);
  // JSON.stringify drops the sign; some readers take "-0" for an integer.
  return Object.is(value, -0) ? "-0.0" : JSON.stringify(value);
}
