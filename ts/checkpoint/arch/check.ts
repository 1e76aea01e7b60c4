/**
 * Checks of parsed JSON that a stranger wrote: each names the field that is wrong, what it may be and what it
 * is. Knows nothing of networks.
 */
import { BadArgument } from "../../core/errors.js";
import { isNormalFloat32, NORMAL_FLOAT32 } from "../../float32.js";
import { describe } from "../../plain-text.js";
import type { ArchField } from "./kinds.js";

export type JsonObject = Readonly<Record<string, unknown>>;

export function requireObject(
  value: unknown,
  path: string,
  fields?: readonly string[],
): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new BadArgument(path, "an object", describe(value));
  }
  const unknown = fields && Object.keys(value).find((key) => !fields.includes(key));
  if (unknown !== undefined) {
    throw new BadArgument(`${path}.${unknown}`, `only ${fields?.join(", ")}`, "an unknown field");
  }
  return value as JsonObject;
}

export function requireArray(value: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new BadArgument(path, "a list", describe(value));
  return value;
}

export function requireString(value: unknown, path: string): string {
  if (typeof value !== "string") throw new BadArgument(path, "a string", describe(value));
  return value;
}

export function requireStrings(value: unknown, path: string): string[] {
  return requireArray(value, path).map((item, i) => requireString(item, `${path}[${i}]`));
}

export function requireOneOf(value: unknown, allowed: readonly string[], path: string): string {
  if (!allowed.includes(value as string)) {
    throw new BadArgument(path, allowed.join(", "), describe(value));
  }
  return value as string;
}

export function requireInteger(value: unknown, least: number, path: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < least) {
    throw new BadArgument(path, `an integer from ${least} on`, describe(value));
  }
  return value as number;
}

/** A field's value, if it is there or has to be. */
export function requireField(value: unknown, field: ArchField, path: string): void {
  if (value === undefined && mayBeAbsent(field)) return;
  const expected = expectedOf(value, field);
  if (expected !== undefined) throw new BadArgument(path, expected, describe(value));
}

function mayBeAbsent(field: ArchField): boolean {
  return field.isOptional === true || (field.type !== "op" && field.default !== undefined);
}

/** What the value should have been; undefined when it is so. */
function expectedOf(value: unknown, field: ArchField): string | undefined {
  const isFrom = (least: number) => Number.isSafeInteger(value) && (value as number) >= least;
  switch (field.type) {
    case "op":
      return typeof value === "string" ? undefined : "the name of an earlier operator";
    case "integer":
      return isFrom(field.least) ? undefined : `an integer from ${field.least} on`;
    case "number":
      return Number.isFinite(value) ? undefined : "a number";
    case "positive":
      return typeof value === "number" && isNormalFloat32(value) ? undefined : NORMAL_FLOAT32;
    case "flag":
      return typeof value === "boolean" ? undefined : "true or false";
    case "choice": {
      const isChoice = field.choices.includes(value as string);
      if (isChoice || (field.orInteger === true && isFrom(0))) return undefined;
      return `${field.choices.join(", ")}${field.orInteger === true ? " or an integer from 0 on" : ""}`;
    }
  }
}
