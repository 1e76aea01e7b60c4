/** Types of build.mjs, for the parity tests. */
export const root: string;
/** Compiler, flags and body of vec4.h of a build of the core. */
export const variants: Readonly<Record<string, unknown>>;
/** Why this variant cannot be built here; null when it can. */
export function missingFor(variant: string): string | null;
/** Builds a variant if needed. Resolves to the folder of its programs. */
export function build(variant: string): Promise<string>;
