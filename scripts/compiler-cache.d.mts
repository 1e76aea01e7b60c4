/** What to put before a compiler's name, and the variables it wants; `base`: folder of all sources and outputs. */
export function compilerCache(base: string): {
  readonly launcher: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
};
/** What the cache needs to know what a file was made of. */
export const DEPENDENCIES: string;
