/**
 * Counts the operations on four lanes in the functions of csrc/math/math4.h by reading them, so that
 * the bound follows the code: every call of an arithmetic primitive of vec4.h, nested functions
 * included. Knows C no further than that file needs.
 */

/** Instructions of SIMD128 behind each primitive; constants and broadcasts cost nothing here. */
const PRIMITIVES: Readonly<Record<string, number>> = {
  v4_add: 1,
  v4_sub: 1,
  v4_mul: 1,
  v4_div: 1,
  v4_abs: 1,
  v4_pmin: 1,
  v4_pmax: 1,
  v4_exponent: 1,
  v4_add_exponent: 1,
  /** A comparison and a selection. */
  v4_where_negative: 2,
  v4_splat: 0,
  v4_zero: 0,
};

/** @throws Error for a function that is not there, calls an unknown primitive or has a loop. */
export function countOperations(source: string, name: string): number {
  const body = bodyOf(source, name);
  if (/\b(for|while)\b/.test(body)) throw new Error(`${name} has a loop`);
  const calls = [...body.matchAll(/\b(v4_\w+)\(/g)].map((match) => match[1]!);
  return calls.reduce((sum, call) => sum + (PRIMITIVES[call] ?? countOperations(source, call)), 0);
}

function bodyOf(source: string, name: string): string {
  const start = `^MLM_INLINE \\w+ ${name}\\([^{]*\\{`;
  const onOneLine = new RegExp(`${start}([^\\n]+)\\}$`, "m");
  const onSeveral = new RegExp(`${start}(.*?)^\\}`, "ms");
  const body = (onOneLine.exec(source) ?? onSeveral.exec(source))?.[1];
  if (body === undefined) throw new Error(`no function ${name} in math4.h`);
  return body.replaceAll(/\/\*.*?\*\//gs, "");
}
