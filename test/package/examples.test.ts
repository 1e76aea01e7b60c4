/** The examples that are no pages run as they stand: of pages see spot-words.test.ts, of gestures getting-started.test.ts. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { output, root } from "../cli/support.js";

const examples = join(root, "examples");

describe("an example", () => {
  it("for Node says what is spoken", () => {
    const node = (...args: string[]) =>
      execFileSync(process.execPath, [join(examples, "node/classify.mjs"), ...args], {
        encoding: "utf8",
      });
    expect(node()).toMatch(/^yes, 9\d\.\d %; a board needs [\d]+ bytes of RAM\n$/);
    expect(node(join(root, "ts/models/kws/stop.wav"))).toMatch(/^stop, /);
  });

  it("of a budget is kept", () => {
    const table = output(["budget", join(examples, "budget/mambalite.json")]);
    expect(table).toContain("keywords");
    expect(table).toContain("in-integers");
  });

  it("of firmware is made by the commands that examples/README.md shows", () => {
    rmSync(join(root, "build/examples"), { recursive: true, force: true });
    const block = /```sh\n([\s\S]*?)```/.exec(
      readFileSync(join(examples, "README.md"), "utf8"),
    )?.[1];
    execFileSync("bash", ["-e", "-c", block as string], { cwd: root, stdio: "pipe" });
    for (const made of [
      "esp-idf/main/idf_component.yml",
      "library/library.json",
      "m0/CMakeLists.txt",
    ]) {
      expect(existsSync(join(root, "build/examples", made)), made).toBe(true);
    }
  });
});
