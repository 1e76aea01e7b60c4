/**
 * The list of op classes that a build of the core contains, from the marker above each class row in
 * csrc/kernels. Needs no Node, so that the page can write the list of an exported project; on the command
 * line it is scripts/op-list.mjs.
 */

/** A row may do with less: `only variant 0`, `only attribute 1 is 0`, `only fused`. It stands in for the full one where that is enough. */
const MARKER = /^\/\* mlm-op (\d+)(?:, only ([a-z0-9 ]+))? \*\/$/;
const CLASS_ROW = /^const mlm_op_class (\w+) = \{$/;

/** The ops of one kernel file: a marker, and in the next line the class row that it numbers. */
function opsOf({ name, text }) {
  const lines = text.split("\n").map((line) => line.trimEnd());
  return lines.flatMap((line, i) => {
    const row = CLASS_ROW.exec(line);
    const marker = MARKER.exec(lines[i - 1] ?? "");
    if (row && !marker) {
      throw new Error(`${name}: no line /* mlm-op NUMBER */ above the class row ${row[1]}`);
    }
    if (MARKER.test(line) && !CLASS_ROW.test(lines[i + 1] ?? "")) {
      throw new Error(`${name}: no class row (const mlm_op_class ... = {) below ${line}`);
    }
    if (!row) return [];
    return [{ kind: Number(marker[1]), only: marker[2], className: row[1], file: name }];
  });
}

function refuseDuplicates(ops) {
  for (const key of ["kind", "className"]) {
    const seen = new Map();
    for (const op of key === "kind" ? ops.filter(({ only }) => only === undefined) : ops) {
      const other = seen.get(op[key]);
      if (other) throw new Error(`mlm-op ${op[key]} is both in ${other.file} and in ${op.file}`);
      seen.set(op[key], op);
    }
  }
}

function wanted(ops, only, isEnough) {
  if (only === undefined) return ops.filter((op) => op.only === undefined);
  const kinds = new Set(only);
  for (const kind of kinds) {
    if (!ops.some((op) => op.kind === kind)) throw new Error(`no kernel file has mlm-op ${kind}`);
  }
  return [...kinds]
    .sort((a, b) => a - b)
    .map((kind) => {
      const rows = ops.filter((op) => op.kind === kind);
      const narrow = rows.find((op) => op.only !== undefined && isEnough(op));
      return narrow ?? rows.find((op) => op.only === undefined);
    });
}

/**
 * The class rows of the kernel files, by kind. `only`: the kinds that are wanted, all when left out;
 * `isEnough`: whether a row that does with less may stand in for the full one.
 */
export function opRows(kernelFiles, only, isEnough = () => false) {
  const ops = kernelFiles.flatMap(opsOf);
  refuseDuplicates(ops);
  return wanted(
    ops.sort((a, b) => a.kind - b.kind),
    only,
    isEnough,
  );
}

/** A line of the kernel file for matrices of i8. */
const I8_MARKER = /^\/\* mlm-matrices i8 \*\/$/m;

/** The kernel files of a build whose ops have no matrices of i8. */
export function withoutI8Matrices(kernelFiles) {
  return kernelFiles.filter(({ text }) => !I8_MARKER.test(text));
}

/**
 * The text of op_list.h. `kernelFiles`: name and text of each file of csrc/kernels; `only` and `isEnough` as
 * above; `types`: whether ops that compute in f32 may have matrices of i8, which takes the kernel file for them,
 * and whether there are ops that compute in integers.
 */
export function opList(kernelFiles, only, isEnough, types = {}) {
  const { hasI8Matrices = true, hasIntegers = true } = types;
  const lines = opRows(kernelFiles, only, isEnough).map(
    ({ kind, className }) => `MLM_OP(${kind}, ${className})\n`,
  );
  if (lines.length === 0) throw new Error("no op is left for op_list.h");
  const comment =
    "/*\n * op_list.h - the number types of this build of the core, for op.h, and its ops by kind, for files that\n" +
    " * define MLM_OP. Generated from the kernels by scripts/op-list.mjs.\n */\n";
  const defines =
    `#define MLM_I8_MATRICES ${hasI8Matrices ? 1 : 0}\n` +
    `#define MLM_INTEGERS ${hasIntegers ? 1 : 0}\n`;
  return `${comment + defines}#ifdef MLM_OP\n${lines.join("")}#endif\n`;
}
