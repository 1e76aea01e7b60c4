export declare const PYTHON_MODULES: readonly string[];
export declare const PYTHONS: readonly string[];
/** One line, for what was skipped without it. */
export declare const HOW_TO_GET_PYTHON: string;
export declare function findPython(
  modules?: readonly string[],
  candidates?: readonly string[],
): string | undefined;
