/** With --json a command that fails prints one JSON object as well: the error's code and numbers, down to its cause. */
import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readSafetensors, writeNpy, writeSafetensors } from "../../../ts/checkpoint/index.js";
import { execute } from "../../../ts/cli/main.js";
import {
  golden,
  har,
  harInput,
  spotter,
  spotterInput,
  temporaryFolder,
} from "../../cli/support.js";

const temporary = temporaryFolder();
// biome-ignore lint/suspicious/noExplicitAny: what a command prints is what the test is about
async function failed(...args: string[]): Promise<any> {
  const { code, stdout, stderr } = await execute([...args, "--json"]);
  expect(code).toBeGreaterThan(0);
  expect(stderr).toMatch(/^mambalite: [^\n]+\n$/);
  const { error, ...report } = JSON.parse(stdout);
  expect(stderr).toBe(`mambalite: ${error.message}\n`);
  return { error, report };
}

describe("a failure with --json", () => {
  it("of an option has its name, and what was expected", async () => {
    const { error, report } = await failed("profile", har, "--tile", "0");
    expect(error).toMatchObject({ code: "BAD_ARGUMENT", argument: "--tile", got: '"0"' });
    expect(report).toEqual({});
  });

  it("of a file has its path, and the cause with its numbers", async () => {
    const path = temporary("wide.npy");
    writeFileSync(path, writeNpy(new Float32Array(40), [10, 4]));
    const { error } = await failed("run", har, "--input", path);
    expect(error).toMatchObject({ code: "FILE_PROBLEM", path });
    expect(error.cause).toMatchObject({ code: "BAD_INPUT", got: "floating-point [10, 4]" });
  });

  it("of a budget has the bytes", async () => {
    const { error } = await failed("profile", har, "--budget", "100");
    expect(error).toMatchObject({ code: "ARENA_TOO_SMALL", haveBytes: 100 });
    expect(error.neededBytes).toBeGreaterThan(1000);
  });

  it("of a number that is none says which, in text", async () => {
    const path = temporary("nan.npy");
    writeFileSync(path, writeNpy(new Float32Array(9).fill(Number.NaN), [1, 9]));
    const { error } = await failed("run", har, "--input", path);
    expect(error.cause).toMatchObject({ code: "NON_FINITE", value: "NaN", position: [0, 0] });
  });

  it("of a comparison comes beside its report", async () => {
    const logits = golden("paper_d64_t100/logits_float64.npy");
    const args = ["compare", spotter, "--golden", spotterInput, logits, "--tolerance", "0"];
    const { error, report } = await failed(...args);
    expect(error).toMatchObject({ code: "BEYOND_TOLERANCE", tolerance: 0 });
    expect(report).toMatchObject({ isWithin: false, maxRelative: error.maxRelative });
    expect(error).not.toHaveProperty("report");
  });

  it("of unknown names comes beside the draft", async () => {
    const { tensors } = readSafetensors(readFileSync(spotter));
    const path = temporary("odd.safetensors");
    const odd = [...tensors.values()].map((t) => ({ ...t, name: `x.${t.name}y` }));
    writeFileSync(path, writeSafetensors(odd));
    const { error } = await failed("inspect", path);
    expect(error.cause.code).toBe("BAD_CHECKPOINT");
  });

  it("of an unknown option is one of usage", async () => {
    const { error } = await failed("run", har, "--input", harInput, "--frobnicate");
    expect(error).toMatchObject({ code: "USAGE" });
  });
});
