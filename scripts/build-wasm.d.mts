export interface WasmVariant {
  /** Of the module, in wasm. */
  readonly file: string;
  readonly flags: readonly string[];
}
export const variants: readonly WasmVariant[];
/** Compiles files that have the same flags. @returns the objects */
export function compile(
  objects: string,
  sources: readonly string[],
  options: readonly string[],
): Promise<string[]>;
/** The objects of all files in some folders, as the modules are made of them. */
export function compileFolders(
  objects: string,
  folders: readonly string[],
  variant: WasmVariant,
): Promise<string[]>;
