/** Regions never overlap, are aligned, and their space is used again. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { REGION_ALIGNMENT, Regions } from "../../../ts/core/regions.js";

const BASE = 1000;

describe("Regions", () => {
  test("places regions one after the other, aligned", () => {
    const regions = new Regions(BASE);
    expect(regions.allocate(1)).toBe(1008);
    expect(regions.allocate(17)).toBe(1024);
    expect(regions.allocate(0)).toBe(1056);
    expect(regions.end).toBe(1072);
  });

  test("reuses what was freed, and gives the end back", () => {
    const regions = new Regions(0);
    const [a, b, c] = [regions.allocate(32), regions.allocate(32), regions.allocate(32)];
    regions.free(a);
    regions.free(b);
    expect(regions.endWith(64)).toBe(96);
    expect(regions.allocate(64)).toBe(0);
    regions.free(c);
    expect(regions.end).toBe(64);
    regions.free(0);
    expect(regions.end).toBe(0);
  });

  test("ignores what it did not place", () => {
    const regions = new Regions(0);
    const a = regions.allocate(16);
    regions.free(a + 16);
    regions.free(a);
    regions.free(a);
    expect(regions.end).toBe(0);
  });

  test("never overlaps, whatever the order", () => {
    const sizes = fc.array(fc.tuple(fc.nat(200), fc.nat(), fc.boolean()), { maxLength: 60 });
    fc.assert(
      fc.property(sizes, (calls) => {
        const regions = new Regions(BASE);
        const live: { start: number; bytes: number }[] = [];
        for (const [bytes, pick, isFree] of calls) {
          if (isFree && live.length > 0) {
            regions.free(live.splice(pick % live.length, 1)[0]!.start);
            continue;
          }
          const end = regions.endWith(bytes);
          const start = regions.allocate(bytes);
          expect(regions.end).toBe(end);
          expect(start % REGION_ALIGNMENT).toBe(0);
          expect(start).toBeGreaterThanOrEqual(BASE);
          expect(start + bytes).toBeLessThanOrEqual(end);
          for (const other of live) {
            expect(start + bytes <= other.start || other.start + other.bytes <= start).toBe(true);
          }
          live.push({ start, bytes });
        }
        for (const { start } of live) regions.free(start);
        expect(regions.end).toBe(1008);
      }),
    );
  });
});
