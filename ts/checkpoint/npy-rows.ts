/** Some rows of a `.npy` array as a file of its own, without reading the others. Knows nothing of what they are. */
import { ELEMENT_BYTES, elementCount } from "./elements.js";
import { DTYPES, encodeHeader, readHeader } from "./npy.js";

/** How the rows of an array, along its first axis, lie in its file. */
export interface NpyRows {
  readonly rows: number;
  readonly rowBytes: number;
  /** Where the first row begins. */
  readonly start: number;
  /** What goes before `rows` of them, for a file of their own. */
  header(rows: number): Uint8Array;
}

/**
 * From the beginning of a file, NPY_HEAD_BYTES of it; undefined where rows do not lie one behind the other.
 * @throws BadFile
 */
export function npyRows(head: Uint8Array): NpyRows | undefined {
  const { shape, dtype, littleEndian, fortranOrder, end: start } = readHeader(head);
  const [rows, ...row] = shape;
  if (rows === undefined || fortranOrder) return undefined;
  const [code = ""] = [...DTYPES].find(([, type]) => type === dtype) ?? [];
  const order = ELEMENT_BYTES[dtype] === 1 ? "|" : littleEndian ? "<" : ">";
  return {
    ...{ rows, start, rowBytes: elementCount(row) * ELEMENT_BYTES[dtype] },
    header: (count) => encodeHeader(order + code, [count, ...row]),
  };
}
