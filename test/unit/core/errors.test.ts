/** Every error: a code of its own, its class's name, one line, and its numbers. */
import { describe, expect, test } from "vitest";
import { errorFacts } from "../../../ts/core/error-facts.js";
import * as errors from "../../../ts/core/errors.js";
import { FileProblem } from "../../../ts/host/file-problem.js";

const examples: readonly errors.MambaliteError[] = [
  new errors.BadFile("npy", "too short"),
  new errors.UnsafePickle("os.system", "not a tensor"),
  new errors.BadCheckpoint("w", "shape [1]", "shape [2]"),
  new errors.NonFinite("w", [1, 2], Number.NaN),
  new errors.BadInput("tokens", "frames"),
  new errors.BadArgument("tile", "1", "0"),
  new errors.NotInstalled("har", "@mambalite/har", "its data forbid it", "npm install it"),
  new errors.BadModel("MLM_ERR_CRC", "changed"),
  new errors.SelfTestFailed(8),
  new errors.BeyondTolerance("the reference", { maxRelative: 0.5, tolerance: 2e-6 }),
  new errors.TooLarge("an arena", 100, 200),
  new errors.ArenaTooSmall(2, 1),
  new errors.BadState("finish before any frame"),
  new errors.Disposed("Session"),
  new errors.BadWasm("HTML"),
  new errors.OutOfMemory(5, "a session"),
  new errors.NoSource("refused", "the microphone is refused"),
  new errors.DetectorStopped("BAD_MODEL", "the detector ended"),
];

describe("errors", () => {
  test("are all here", () => {
    const classes = Object.values(errors).filter(
      (value) => value.prototype instanceof errors.MambaliteError,
    );
    expect(new Set(examples.map((error) => error.constructor))).toEqual(new Set(classes));
    expect(new Set(examples.map(({ code }) => code)).size).toBe(examples.length);
  });

  test.each(examples.map((error) => [error.code, error] as const))("%s", (code, error) => {
    expect(error).toBeInstanceOf(errors.MambaliteError);
    expect(error).toBeInstanceOf(Error);
    expect(error.name).toBe(error.constructor.name);
    expect(String(error)).toBe(`${error.name}: ${error.message}`);
    expect(error.message).not.toContain("\n");
    expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
  });

  test("are data for JSON: code, message, numbers and causes", () => {
    const nan = new errors.NonFinite("w", [1, 2], Number.NaN);
    const problem = new FileProblem("a.npy", nan.message, { cause: nan });
    expect(JSON.parse(JSON.stringify(problem))).toEqual({
      ...{ code: "FILE_PROBLEM", message: `a.npy: ${nan.message}` },
      ...{ path: "a.npy", reason: nan.message },
      cause: {
        ...{ code: "NON_FINITE", message: nan.message },
        where: "w",
        position: [1, 2],
        value: "NaN",
      },
    });
    const foreign = new errors.OutOfMemory(5, "a session", { cause: new RangeError("no") });
    expect(foreign.toJSON()).toEqual({
      ...{ code: "OUT_OF_MEMORY", message: foreign.message, neededBytes: 5 },
    });
    expect(errorFacts(new RangeError("no"))).toEqual({ code: "UNEXPECTED", message: "no" });
  });

  test("say what is too large, counted or not", () => {
    expect(new errors.TooLarge("an arena", 100).message).toBe(
      "too large: an arena needs more bytes; the limit is 100",
    );
    expect(new errors.TooLarge("an arena", 100, 200)).toMatchObject({ neededBytes: 200 });
  });
});
