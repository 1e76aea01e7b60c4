/**
 * The package in other runtimes than this Node, each from npm's registry: samples of README and docs, the example for
 * Node, and the command line print what they print here.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { installed, installedProject, type Project, root } from "./project.js";

const COMMAND_LINE = "node_modules/mambalite-micro/scripts/mambalite.mjs";
const RECORDING = "node_modules/mambalite-micro/dist/models/kws/yes.wav";
/** By the name of its package: the command, and what stands before the file that it runs. */
const RUNTIMES = [
  ["node@22", "node", []],
  ["node@24", "node", []],
  ["deno", "deno", ["run", "--allow-all"]],
  ["bun", "bun", []],
] as const;

let project: Project;
let expected: readonly string[];

/** What each of them prints, by a runtime. */
function printedBy(command: string, before: readonly string[] = []): string[] {
  const run = (...args: string[]) => project.run(command, [...before, ...args]);
  return [
    ...["readme.mjs", "typescript.mjs", "classify.mjs"].map((file) => run(file)),
    run(COMMAND_LINE, "run", "kws", "--input", RECORDING, "--json"),
  ];
}

function sampleOf(page: string): string {
  return /```js\n([\s\S]*?)```/.exec(readFileSync(join(root, page), "utf8"))?.[1] as string;
}

describe("the packed package", () => {
  beforeAll(async () => {
    project = await installedProject();
    project.write({
      "readme.mjs": sampleOf("README.md").replace(
        "console.log(logitsOf(session.finish()))",
        "console.log([...logitsOf(session.finish())].join())",
      ),
      "typescript.mjs": sampleOf("docs/typescript.md"),
      "classify.mjs": readFileSync(join(root, "examples/node/classify.mjs")),
    });
    expected = printedBy(process.execPath);
    expect(expected[0]).toMatch(/bytes of RAM\n-?\d/);
  });

  afterAll(() => {
    project?.remove();
  });

  it.for(RUNTIMES)("runs in %s as in this Node", ([name, command, before], context) => {
    if (!installed(project, name)) context.skip();
    expect(printedBy(join(project.folder, "node_modules/.bin", command), before)).toEqual(expected);
  });
});
