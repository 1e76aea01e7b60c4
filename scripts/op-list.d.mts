export { type KernelFile, opList } from "../csrc/op-list.mjs";
/** Writes op_list.h and op_types.h of all kernels into a folder. Resolves to their paths. */
export function writeBuildHeaders(folder: string): Promise<string[]>;
