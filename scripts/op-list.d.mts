export { type KernelFile, opList } from "../csrc/op-list.mjs";
/** Writes op_list.h of all kernels into a folder. Resolves to its path. */
export function writeOpList(folder: string): Promise<string>;
