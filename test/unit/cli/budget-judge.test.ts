/** What `mambalite budget` says where there is nothing to hold a limit against. */
import { expect, it } from "vitest";
import type { BudgetModel } from "../../../ts/cli/budget/file.js";
import { judge } from "../../../ts/cli/budget/judge.js";
import type { Measurement } from "../../../ts/cli/budget/measure.js";

const model: BudgetModel = {
  ...{ name: "net", files: { model: "net.mlm" } },
  limits: { milliseconds: new Map([["rp2350", 5]]), sameBits: false },
};
const measured: Measurement = {
  ...{ arenaBytes: 1, flashBytes: 1, milliseconds: {}, bits: "00000000" },
  untimed: new Map([["rp2350", "the model does not fit"]]),
};

function timeOf(now: Measurement) {
  return judge(model, now, { ...measured, milliseconds: { rp2350: 4 } }).find(({ what }) =>
    what.startsWith("time on rp2350"),
  )!;
}

it("a board without a time does not keep to its limit, and says why", () => {
  expect(timeOf(measured)).toMatchObject({
    ...{ limit: "at most 5", before: "4", now: "-", change: "-" },
    problem: "net: no time on rp2350: the model does not fit",
  });
});

it("a board at its limit keeps to it, one above it does not", () => {
  const at = (ms: number) => timeOf({ ...measured, milliseconds: { rp2350: ms } });
  expect(at(5)).not.toHaveProperty("problem");
  expect(at(5.5)).toMatchObject({ problem: "net: 5.5 ms on rp2350, 0.5 more than 5" });
});
