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
/** The text of op_list.h: the rows that `opRows` gives, and whether they may have matrices of i8 (default: yes). */
export function opList(
  kernelFiles: readonly KernelFile[],
  only?: Iterable<number>,
  isEnough?: (row: OpRow) => boolean,
  hasI8Matrices?: boolean,
): string;
