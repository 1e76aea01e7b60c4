import { describe, expect, it } from "vitest";
import { floatsNote, modelFor, type TwinChoice } from "../../../ts/cli/twin.js";
import { BOARDS } from "../../../ts/device/index.js";

const board = (id: string) => BOARDS.find((each) => each.id === id);

describe("the form of a bundled model that firmware gets", () => {
  it.each<[TwinChoice, string]>([
    [{ target: "cortex-m0" }, "kws-int is used: microbit has no FPU; --float takes kws\n"],
    [
      { target: "cortex-m0", board: board("rp2040") },
      "kws-int is used: rp2040 has no FPU; --float takes kws\n",
    ],
    [{ target: "cortex-m3" }, "kws-int is used: stm32l152 has no FPU; --float takes kws\n"],
    [{ target: "riscv32" }, "kws-int is used: esp32c3 has no FPU; --float takes kws\n"],
    [
      { target: "riscv32", variant: ["hard", "soft"] },
      "kws-int is used: esp32c3 has no FPU; --float takes kws\n",
    ],
  ])("its twin: %o", (choice, note) => {
    expect(modelFor("kws", choice)).toEqual({ model: "kws-int", note });
  });

  it.each<TwinChoice>([
    { target: "cortex-m0", float: true },
    { target: "cortex-m0", fold: true },
    { target: "riscv32", variant: ["hard"] },
    { target: "cortex-m33" },
    { target: "stm32h7" },
    { target: "esp32s3" },
    // Nothing is known of the machine.
    { target: "generic" },
    { target: "xtensa" },
  ])("as named: %o", (choice) => {
    expect(modelFor("kws", choice)).toEqual({ model: "kws", note: "" });
  });

  it("is not a detector's, which is told where a twin would have been used", () => {
    expect(floatsNote("kws", { target: "cortex-m0" })).toBe(
      "kws is used, in floats: kws-int has no detector\n",
    );
    expect(floatsNote("kws", { target: "cortex-m0", float: true })).toBe("");
    expect(floatsNote("kws", { target: "cortex-m7" })).toBe("");
  });

  it("is for names, not for files", () => {
    for (const name of ["kws-int", "model.mlm", "ts/models/kws/model.mlm", "har2"]) {
      expect(modelFor(name, { target: "cortex-m0" })).toEqual({ model: name, note: "" });
    }
  });
});
