export type Imports = ReadonlyMap<string, readonly string[]>;
export function upwardImports(imports: Imports, floors?: readonly (readonly string[])[]): string[];
export function importCircles(imports: Imports): string[];
export function checkLayers(): string[];
