/** `mambalite serial` with a stand-in for a board, on a socket and on a pseudo-terminal. */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { readNpy } from "../../ts/checkpoint/npy.js";
import { Engine, type Model } from "../../ts/node.js";
import { inTerminal, mambaliteBeside, ptyStandIn } from "../runner/lines.js";
import { type StandInOptions, serveStandIn } from "../runner/stand-in.js";
import { bundled, failure, har, harInput, json, root, temporaryFolder } from "./support.js";

const temporary = temporaryFolder();
const noTerminals = spawnSync("python3", ["-c", "import pty"]).status !== 0;
const laying = bundled("har", "laying.npy");

let model: Model;
let example: Float32Array;

beforeAll(async () => {
  const engine = await Engine.load();
  model = await engine.loadModel(readFileSync(har));
  example = readNpy(readFileSync(harInput)).data as Float32Array;
});

async function withStandIn(options: StandInOptions, args: readonly string[], starts = true) {
  const { port, close } = await serveStandIn(options, starts);
  try {
    const outcome = await mambaliteBeside(["serial", port, "--timeout", "20", ...args]);
    return { ...outcome, port };
  } finally {
    close();
  }
}

describe("a board on a socket", () => {
  it("is shown beside the estimate, runs an input, and is saved", async () => {
    const saved = temporary("board.txt");
    const args = ["--run", laying, "--save", saved];
    const { code, stdout, stderr } = await withStandIn({ model, example }, args);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^mambalite-runner 1\nrunner microbit\n/); // the console, as it came
    const text = stdout.split("\n");
    expect(text[0]).toBe("microbit, core 0.1.0, 16 MHz, configuration as it should be");
    expect(text[1]).toMatch(/^ {3}model [0-9a-f]{8}: self-test MLM_OK, example: class 0 WALKING$/);
    expect(text[2]).toBe("   arena 4,000 of 12,000 bytes, 3,900 used, stack 700 bytes");
    expect(stdout).toMatch(/measured 123,456 instructions/);
    expect(stdout).toMatch(/input 0: class 5 LAYING, the simulation's bits\n$/);
    expect(json(["timing", "add", saved])).toMatchObject({ board: "microbit", total: 123456 });
    expect(readFileSync(saved, "utf8")).toMatch(/^mambalite-runner 1\n/);
  });

  it("is asked where it has been running, and gives JSON", async () => {
    const { code, stdout } = await withStandIn({ model, example }, ["--json"], false);
    expect(code).toBe(0);
    const { board, timing, runs } = JSON.parse(stdout);
    expect(board).toMatchObject({ board: "microbit", model: timing.model });
    expect(timing.operators.map(({ name }: { name: string }) => name)).toEqual(
      model.ops.map(({ name }) => name),
    );
    expect(runs).toEqual([]);
  });

  it("fails, with all there is to show, where its bits are others", async () => {
    const change = (line: string) => line.replace(/^logits ......../, "logits 00000000");
    const args = ["--run", harInput];
    const { code, stdout, stderr } = await withStandIn({ model, example, change }, args);
    expect(code).toBe(1);
    expect(stdout).toMatch(/input 0: class 0 WALKING, logit 0 is 00000000, not [0-9a-f]{8}\n$/);
    expect(stderr).toContain("mambalite: 1 of 1 inputs differ in their bits on microbit");
    const asJson = await withStandIn({ model, example, change }, [...args, "--json"]);
    expect(JSON.parse(asJson.stdout)).toMatchObject({
      error: { code: "BITS_DIFFER" },
      runs: [{ classIndex: 0 }],
    });
  });

  it.each([
    ["no model", {}, /it has no model \(no model\); mambalite flash writes a file with one$/m],
    [
      "a self-test that fails",
      { change: (line: string) => line.replace("self-test MLM_OK", "self-test MLM_ERR_SELF_TEST") },
      /its self-test says MLM_ERR_SELF_TEST/,
    ],
  ])("fails in a line for %s", async (name, more, message) => {
    const given = name === "no model" ? {} : { model, example };
    const { code, stdout, stderr } = await withStandIn({ ...given, ...more }, []);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^microbit, core 0\.1\.0/);
    expect(stderr).toMatch(message);
  });

  it("says what leads on where the model is not known", async () => {
    const other = {
      model,
      example,
      change: (line: string) => line.replace(/^model .*/, "model 00c0ffee"),
    };
    const shown = await withStandIn(other, []);
    expect(shown.code).toBe(0);
    expect(shown.stdout).toMatch(/measured 123,456 instructions for 100 frames; --model names/);
    const run = await withStandIn(other, ["--run", harInput]);
    expect(run.code).toBe(2);
    expect(run.stderr).toMatch(/--model: expected the model with CRC-32 00c0ffee/);
    const named = await withStandIn(other, ["--model", har]);
    expect(named.stderr).toMatch(/--model: expected the model with CRC-32 00c0ffee, got one with/);
  });
});

describe.skipIf(noTerminals)(
  `a board on a pseudo-terminal${noTerminals ? " (skipped: needs python3)" : ""}`,
  () => {
    it("is set up without echo, asked, measured and run", async () => {
      const { port, close } = await ptyStandIn({ model, example });
      try {
        const args = ["serial", port, "--run", harInput, "--timeout", "30"];
        const { code, stdout, stderr } = await mambaliteBeside(args);
        expect(stderr).not.toMatch(/mambalite:/);
        expect(code).toBe(0);
        expect(stdout).toMatch(/input 0: class 0 WALKING, the simulation's bits\n$/);
      } finally {
        close();
      }
    });

    it("is typed to by a person at a terminal, until Ctrl-D", async () => {
      const { port, close } = await ptyStandIn({ model, example });
      const command = [process.execPath, join(root, "scripts/mambalite.mjs"), "serial", port];
      const { shown, type, code } = inTerminal(command);
      await expect.poll(shown).toContain("commands go to the board");
      expect(shown()).toContain("measured 123,456 instructions");
      type("run\n");
      await expect
        .poll(shown)
        .toMatch(/run\r\nclass 0 WALKING \(example\)\r\nlogits .*\r\nstatus ok/);
      type("\x04");
      expect(await code).toBe(0);
      close();
    });

    it("that goes away is said in a line", async () => {
      const { port, heard, close } = await ptyStandIn({ change: () => null });
      const outcome = mambaliteBeside(["serial", port]);
      await expect.poll(heard).toBeGreaterThan(0);
      close();
      const { code, stderr } = await outcome;
      expect(code).toBe(1);
      expect(stderr).toMatch(/^mambalite: \/dev\/\S+: (the device has gone|.*EIO.*)\n$/);
    });
  },
);

describe("a port that is none", () => {
  it.each([
    ["/dev/ttyNOTHING", /^mambalite: \/dev\/ttyNOTHING: no such file or directory$/],
    ["tcp://127.0.0.1:1", /^mambalite: tcp:\/\/127\.0\.0\.1:1: connect ECONNREFUSED/],
    ["tcp://here", /expected tcp:\/\/HOST:PORT/],
    ["tcp://localhost:99999", /expected tcp:\/\/HOST:PORT/],
  ])("%s", (port, message) => {
    expect(failure(["serial", port])).toMatch(message);
  });

  it("a file, which stays what it was", () => {
    const file = temporary("notes.txt");
    writeFileSync(file, "mine");
    expect(failure(["serial", file])).toBe(`mambalite: ${file}: is no serial port`);
    expect(readFileSync(file, "utf8")).toBe("mine");
  });

  it("an input that is not there, before the board is asked", () => {
    const message = "mambalite: nowhere.npy: is no file";
    expect(failure(["serial", "/dev/null", "--run", "nowhere.npy"])).toBe(message);
  });

  it("a place to save where nothing can be written, before the board is asked", () => {
    expect(failure(["serial", "/dev/null", "--save", "/nowhere/at/all"])).toMatch(
      /^mambalite: \/nowhere/,
    );
  });
});
