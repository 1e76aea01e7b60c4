/** `mambalite budget`: every kind of regression, made on purpose; docs/budget.md's example; what action.yml posts. */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { writeNpy } from "../../ts/checkpoint/index.js";
import { readBudget } from "../../ts/cli/budget/file.js";
import { bundled, failure, mambalite, output, root, temporaryFolder } from "./support.js";

const inFolder = temporaryFolder();
const docs = readFileSync(join(root, "docs/budget.md"), "utf8");
const block = (language: string) =>
  new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(docs)![1]!;

function write(name: string, content: unknown): string {
  const path = inFolder(name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

/** The bundled model is right about its own example when that is of class 0. */
function har(name: string, limits: unknown, actual = "walking.npy") {
  const input = bundled("har", "walking.npy");
  const labelled = { inputs: input, classes: inFolder(actual) };
  return { ...{ name, model: "har", input, limits }, labelled };
}

beforeAll(() => {
  writeFileSync(inFolder("walking.npy"), writeNpy(new Int32Array([0]), [1]));
  writeFileSync(inFolder("laying.npy"), writeNpy(new Int32Array([5]), [1]));
});

describe("mambalite budget", () => {
  it("keeps to the example of docs/budget.md, and compares with what was saved", () => {
    const path = write("mambalite.json", block("json"));
    expect(failure(["budget", path, "--save", "--tile"])).toContain("--tile");
    const saved = output(["budget", path, "--save"]);
    expect(saved).toMatch(
      /\n\| in-integers \| bits of logits, CRC-32 \| the baseline's \| - \| [0-9a-f]{8} \| - \| ok \|\n/,
    );
    const again = output(["budget", path]);
    expect(again).toMatch(
      /\n\| keywords \| arena, bytes \| at most 32,768 \| ([\d,]+) \| \1 \| - \| ok \|\n/,
    );
    expect(again).toMatch(
      /\n\| keywords \| time on stm32h743, ms \| at most 200 \| (\S+) \| \1 \| - \| ok \|\n/,
    );
    expect(again).toMatch(/\n\nWithin the budget\.\n$/);
  });

  it("fails for each kind of regression, and says what and by how much", () => {
    const generous = { accuracy: 1, sameBits: true, milliseconds: { stm32h743: 1000 } };
    const path = write("kept.json", { budget: 1, models: [har("net", generous)] });
    expect(output(["budget", path, "--save"])).toContain("| accuracy of 1, % | at least 100.00 |");
    const baseline = JSON.parse(readFileSync(inFolder("kept.baseline.json"), "utf8"));
    const { arenaBytes, flashBytes, milliseconds, bits } = baseline.models.net;
    const was = { ...baseline.models.net, arenaBytes: arenaBytes - 100, bits: "00000000" };
    write("was.json", { baseline: 1, models: { net: was } });
    const limits = {
      ...{ arenaBytes: arenaBytes - 1, flashBytes: flashBytes - 1200, accuracy: 0.9 },
      ...{ sameBits: true, milliseconds: { stm32h743: milliseconds.stm32h743 / 2, microbit: 1 } },
    };
    const models = [har("net", limits, "laying.npy"), har("new", { sameBits: true })];
    const tight = write("tight.json", { budget: 1, baseline: "was.json", models });
    const { code, stdout, stderr } = mambalite(["budget", tight]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^mambalite: net: arena of [^\n]+\n$/);
    const number = (value: number) => value.toLocaleString("en-US");
    for (const line of [
      `net: arena of ${number(arenaBytes)} bytes, 1 more than ${number(arenaBytes - 1)}`,
      `net: flash of ${number(flashBytes)} bytes, 1,200 more than ${number(flashBytes - 1200)}`,
      `net: accuracy of 0.00 % (0 of 1), 90 points less than 90.00 %`,
      `net: logits have other bits: ${bits}, not the baseline's 00000000`,
      `new: no baseline has bits to hold ${bits} against (--save makes one)`,
    ]) {
      expect(stdout).toContain(`\n- ${line}\n`);
    }
    expect(stdout).toMatch(/\n- net: [\d.]+ ms on stm32h743, [\d.]+ more than [\d.]+\n/);
    expect(stdout).toMatch(/\n- net: [\d,]+ ms on microbit, [\d,]+ more than 1\n/);
    expect(stdout).toContain("Over the budget: 7");
    expect(stdout).toMatch(
      /\| net \| arena, bytes \| .* \| \+100 \(\+[\d.]+ %\) \| \*\*over\*\* \|/,
    );
    expect(existsSync(inFolder("tight.baseline.json"))).toBe(false);
  });

  it("refuses what is no budget, in one line", () => {
    const manifest = { version: "1", target: "generic", command: "", model: {}, files: {} };
    const problem = (content: unknown) => {
      const path = write("wrong.json", content);
      expect(() => readBudget(path)).toThrow(`${path}: `);
      try {
        readBudget(path);
      } catch (error) {
        return (error as Error).message.slice(path.length + 2);
      }
      return undefined;
    };
    const one = (model: unknown) => ({ budget: 1, models: [model] });
    const limited = (limits: unknown) => one({ model: "har", limits });
    expect(problem(manifest)).toMatch(/^is the manifest of an exported project, not a budget/);
    expect(problem({ models: [] })).toMatch(/^expected "budget": 1/);
    expect(problem({ budget: 2, models: [] })).toMatch(/^expected "budget": 1/);
    expect(problem([])).toBe("expected an object, got a list");
    expect(problem("{")).toMatch(/JSON/);
    expect(problem({ budget: 1, models: [] })).toBe("models: expected at least one");
    expect(problem(one({ limits: {} }))).toBe('models[0]: expected "model", got none');
    expect(problem(one({ model: "har" }))).toBe('models[0]: expected "limits", got none');
    expect(problem(one({ model: "har", limits: {}, arena: 1 }))).toMatch(/got "arena"$/);
    expect(problem(one({ model: "a|b", limits: {} }))).toMatch(/"name" of letters/);
    expect(problem(limited({ arenaBytes: "1" }))).toMatch(
      /^models\[0\]\.limits\.arenaBytes: expected a number/,
    );
    expect(problem(limited({ arenaBytes: 0.5 }))).toMatch(/a whole number above 0/);
    expect(problem(limited({ accuracy: 90 }))).toMatch(/"accuracy" from 0 to 1, got 90$/);
    expect(problem(limited({ accuracy: 0.9 }))).toMatch(/"labelled" beside "accuracy"/);
    expect(problem(limited({ milliseconds: { toaster: 1 } }))).toMatch(/got "toaster"$/);
    expect(problem(limited({ milliseconds: { rp2350: 0 } }))).toMatch(/rp2350 above 0, got 0$/);
    const same = { model: "har", limits: {} };
    expect(problem({ budget: 1, models: [same, same] })).toBe('two models have the name "har"');
    const path = write("other.json", { budget: 1, baseline: "wrong.json", models: [same] });
    write("wrong.json", { baseline: 1, models: { har: { bits: 1 } } });
    expect(failure(["budget", path])).toMatch(
      /wrong\.json: is no baseline of `mambalite budget --save`$/,
    );
    expect(failure(["budget", inFolder("none.json")])).toMatch(/none\.json: no such file/);
  });
});

describe.skipIf(process.platform === "win32")("action.yml", () => {
  const action = readFileSync(join(root, "action.yml"), "utf8");
  const script = /\n {6}run: \|\n([\s\S]*)$/.exec(action)![1]!.replace(/^ {8}/gm, "");

  /** Runs the step where `npx` prints a table and `gh` notes what it is asked, and knows these comments. */
  function post(name: string, { status = 0, table = "| t |\n", number = "7", ids = "" }) {
    const folder = inFolder(name);
    mkdirSync(folder);
    const program = (file: string, text: string) => {
      writeFileSync(join(folder, file), `#!/bin/sh\n${text}\n`);
      chmodSync(join(folder, file), 0o755);
    };
    writeFileSync(join(folder, "table"), table);
    program("npx", `echo "$@" >>"$HERE/asked"; cat "$HERE/table"; exit ${status}`);
    program("gh", `echo "$@" >>"$HERE/asked"; case "$*" in *--paginate*) printf '${ids}';; esac`);
    const outcome = spawnSync("bash", ["-e", "-o", "pipefail", "-c", script], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...{ PATH: `${folder}${delimiter}${process.env.PATH}`, HERE: folder, RUNNER_TEMP: folder },
        ...{ FILE: "mambalite.json", PACKAGE: "mambalite-micro", GH_TOKEN: "t", NUMBER: number },
        ...{ GITHUB_REPOSITORY: "a/b", GITHUB_STEP_SUMMARY: join(folder, "summary") },
      },
    });
    const read = (file: string) => readFileSync(join(folder, file), "utf8");
    return { status: outcome.status, asked: read("asked"), summary: read("summary") };
  }

  it("runs the command, comments once, and replaces its comment", () => {
    const first = post("first", {});
    expect(first.status).toBe(0);
    expect(first.asked).toMatch(
      /^--yes --package mambalite-micro mambalite budget mambalite\.json\n/,
    );
    expect(first.asked).toMatch(/\napi repos\/a\/b\/issues\/7\/comments -F body=@\S+\n$/);
    expect(first.summary).toBe("<!-- mambalite budget: mambalite.json -->\n\n| t |\n");
    const later = post("later", { ids: "12\\n34\\n" });
    expect(later.asked).toMatch(/\napi -X PATCH repos\/a\/b\/issues\/comments\/34 -F body=@\S+\n$/);
  });

  it("fails when the budget does, after it has said so; says nothing where there is nothing to say", () => {
    const over = post("over", { status: 1 });
    expect(over.status).toBe(1);
    expect(over.asked).toContain("issues/7/comments");
    expect(post("broken", { status: 2, table: "" }).asked).not.toContain("api");
    expect(post("push", { number: "" }).asked).not.toContain("api");
  });
});
