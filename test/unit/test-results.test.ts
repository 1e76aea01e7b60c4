/** What `npm test` makes of the output of its steps, and which skips it lets pass. */
import { expect, it } from "vitest";
import { countLint, countOne, countSummary, reasonToSkip } from "../../scripts/test-results.mjs";

const ended = (output: string, status = 0) => ({ output, status });

it("counts what a summary says, and a step without one as failed", () => {
  expect(countSummary(ended("gcc: skipped, none\n7 passed, 0 failed, 1 skipped\n"))).toEqual({
    ...{ passed: 7, failed: 0 },
    skipped: ["gcc: skipped, none"],
  });
  expect(countSummary(ended("7 passed, 0 failed\n", 1)).failed).toBe(1);
  expect(countSummary(ended("cut off\n"))).toMatchObject({ passed: 0, failed: 1 });
});

it("counts the tools of lint, and a step that is one test", () => {
  expect(countLint(ended("biome: ok\nimports: failed\n", 1))).toMatchObject({
    passed: 1,
    failed: 1,
  });
  expect(countOne(ended("fine\n"))).toEqual({ passed: 1, failed: 0, skipped: [] });
  expect(countOne(ended("skipped: no tool\n"))).toMatchObject({ passed: 0, failed: 0 });
  expect(countOne(ended("", 1))).toMatchObject({ passed: 0, failed: 1 });
});

it("lets only those skips pass that are named, and only where they are to be", () => {
  const listed = [
    { name: "reads what nobody may", when: () => true, because: "root may" },
    { name: "whole test sets *", when: () => true, because: "no data" },
    { name: "is somewhere else", when: () => false, because: "never here" },
  ];
  expect(reasonToSkip("reads what nobody may", listed)).toBe("root may");
  expect(reasonToSkip("reads what nobody may, and more", listed)).toBeUndefined();
  expect(reasonToSkip("whole test sets (skipped: no data) har", listed)).toBe("no data");
  expect(reasonToSkip("is somewhere else", listed)).toBeUndefined();
  expect(reasonToSkip("kernels on riscv32")).toBeUndefined();
});
