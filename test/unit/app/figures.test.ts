/** Figures as the page writes them, and where they stand in its charts. */
import { describe, expect, it } from "vitest";
import { layOutArena, markTexts } from "../../../ts/app/charts/arena-layout.js";
import { kilobytes } from "../../../ts/app/format.js";
import type { Plan } from "../../../ts/index.js";

describe("kilobytes", () => {
  it.each([
    [0, "0 bytes"],
    [1, "1 byte"],
    [1023, "1,023 bytes"],
    [1024, "1 KB"],
    [14_992, "14.6 KB"],
    [131_072, "128 KB"],
    [1_047_000, "1,022 KB"],
    [1_638_400, "1.56 MB"],
    [8_388_608, "8 MB"],
  ])("%i is %s", (bytes, text) => {
    expect(kilobytes(bytes)).toBe(text);
  });
});

describe("the arena's chart", () => {
  const plan = { arenaBytes: 1_638_400, minimumBytes: 1_600_000 };

  it("names peak and minimum shorter where they would collide, the minimum last of all", () => {
    expect(markTexts(plan, 800)).toEqual({
      peak: "peak 1,638,400",
      minimum: "minimum 1,600,000, dashed",
    });
    expect(markTexts(plan, 240).minimum).toBe("min 1,600,000");
    expect(markTexts(plan, 150)).toEqual({ peak: "peak 1,638,400", minimum: "" });
  });

  it("keeps of a long name what tells it from others", () => {
    const buffer = { kind: "state", isWhole: false, offset: 0, bytes: 100, firstOp: 0, lastOp: 0 };
    const name = "layers.2.mixer.selective_scan.scan_state";
    const whole = { ...plan, arenaBytes: 100, buffers: [{ ...buffer, name }] } as unknown as Plan;
    const text = (width: number) =>
      layOutArena(whole, 1, { width, height: 300, isCompact: false, nameHeight: 18 }).boxes[0]
        ?.text;
    expect(text(400)).toBe(name);
    expect(text(250)).toBe("layers.2\u2026scan_state");
    expect(text(160)).toBe("scan_state");
  });
});
