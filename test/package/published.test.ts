/** The tarball by the eyes of the tools that look at published packages, and every name that it exports, imported. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  filesIn,
  installedProject,
  type Project,
  packed,
  packedHar,
  root,
  tarballIn,
} from "./project.js";

const TIMEOUT_MS = 600_000;
/** Of these versions, so that a new rule of theirs fails nothing unseen. */
const TOOLS = ["publint@0.3.25", "@arethetypeswrong/cli@0.18.5"];
const { exports: exported } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

let project: Project;

beforeAll(async () => {
  project = await installedProject();
});

afterAll(() => project?.remove());

/** Runs a command of the tools, which npm gets from the registry. */
function tool(...command: string[]) {
  const packages = TOOLS.map((name) => `--package=${name}`);
  const args = ["exec", "--yes", "--prefer-offline", ...packages, "--", ...command];
  const { status, stdout, stderr } = spawnSync("npm", args, {
    ...{ cwd: project.folder, encoding: "utf8" as const },
    env: { ...process.env, NO_COLOR: "1" },
  });
  return { status, printed: stdout + stderr };
}

describe("the tarball", { timeout: TIMEOUT_MS }, () => {
  it.for([
    ["mambalite-micro", packed],
    ["@mambalite/har", packedHar],
  ] as const)("of %s has nothing that publint and attw complain of", async ([, made], context) => {
    const tarball = tarballIn(await made());
    const publint = tool("publint", "run", tarball, "--strict");
    // What npm says of a registry that cannot be had.
    if (/\bnpm (?:error|ERR!) code (?:E[A-Z]+|E404)\b/.test(publint.printed)) context.skip();
    expect(publint, publint.printed).toMatchObject({ status: 0 });
    expect(publint.printed).toContain("All good!");
    // The package is of ES modules alone, as its engines are.
    const attw = tool("attw", tarball, "--profile", "esm-only", "--format", "ascii", "--no-emoji");
    expect(attw, attw.printed).toMatchObject({ status: 0 });
  });

  it("exports what can be imported", () => {
    const names = Object.keys(exported).filter((name) => !name.includes("*"));
    const modules = names.filter((name) => !name.endsWith(".json"));
    expect(modules.length).toBeGreaterThan(10);
    project.write({
      "all.js": `
for (const name of ${JSON.stringify(names.map((name) => name.replace(/^\./, "mambalite-micro")))}) {
  const type = name.endsWith(".json") ? { with: { type: "json" } } : {};
  const module = await import(name, type);
  console.log(name, Object.keys(module).length > 0);
}`,
    });
    const lines = project.run(process.execPath, ["--no-warnings", "all.js"]).trim().split("\n");
    expect(lines.filter((line) => line.endsWith(" true"))).toHaveLength(names.length);
  });

  it("has declarations that lead to their sources", () => {
    const folder = join(project.folder, "node_modules/mambalite-micro");
    const maps = filesIn(folder).filter((name) => name.endsWith(".d.ts.map"));
    expect(maps.length).toBeGreaterThan(100);
    const missing = maps.flatMap((name) => {
      const { sources } = JSON.parse(readFileSync(join(folder, name), "utf8"));
      const paths = (sources as string[]).map((path) => join(folder, dirname(name), path));
      return paths.filter((path) => !existsSync(path));
    });
    expect(missing).toEqual([]);
  });
});
