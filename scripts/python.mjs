/**
 * The one Python of tests and benchmarks: which modules it must have, where it is looked for, and how to
 * get it. scripts/setup.sh reads the same list of modules and packages. Knows nothing of what it runs.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Lines of a module and Debian's package of it. */
const packages = readFileSync(new URL("python-packages.txt", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .map((line) => line.split(" "));

export const PYTHON_MODULES = packages.map(([module]) => module);

/** The system's own comes first: it is the one that its packages are for. */
export const PYTHONS = ["/usr/bin/python3", "python3"];

export const HOW_TO_GET_PYTHON = `sudo scripts/setup.sh python installs ${packages
  .map(([, name]) => name)
  .join(", ")}`;

/** The first Python that has all the modules; undefined if there is none. */
export function findPython(modules = PYTHON_MODULES, candidates = PYTHONS) {
  const test = `import ${modules.join(", ")}`;
  return candidates.find(
    (python) => spawnSync(python, ["-c", test], { stdio: "ignore" }).status === 0,
  );
}
