/** A file of csrc/kernels. */
export interface KernelFile {
  readonly name: string;
  readonly text: string;
}

/** A class row: the number of its kind, its name in C, and the name of its file. */
export interface OpRow {
  readonly kind: number;
  /** What it does with: "variant 0", "attribute 1 is 0", "fused"; undefined for the full row of its kind. */
  readonly only: string | undefined;
  readonly className: string;
  readonly file: string;
}

/** The class rows of the files by kind: all, or those of some kinds, of which one that is enough may be less. */
export function opRows(
  kernelFiles: readonly KernelFile[],
  only?: Iterable<number>,
  isEnough?: (row: OpRow) => boolean,
): OpRow[];
/** The kernel files of a build whose ops have no matrices of i8. */
export function withoutI8Matrices(kernelFiles: readonly KernelFile[]): KernelFile[];
/** Number types of a build besides f32; default: all. */
export interface BuildTypes {
  /** Ops that compute in f32 may have matrices of i8. */
  readonly hasI8Matrices?: boolean;
  /** There are ops that compute in integers. */
  readonly hasIntegers?: boolean;
}

/** The text of op_list.h: the rows that `opRows` gives. */
export function opList(
  kernelFiles: readonly KernelFile[],
  only?: Iterable<number>,
  isEnough?: (row: OpRow) => boolean,
): string;

/** Name and text of op_list.h and of op_types.h. */
export function buildHeaders(
  kernelFiles: readonly KernelFile[],
  only?: Iterable<number>,
  isEnough?: (row: OpRow) => boolean,
  types?: BuildTypes,
): [name: string, text: string][];
