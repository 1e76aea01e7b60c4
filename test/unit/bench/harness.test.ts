/** What the benchmark's numbers rest on: which runs count, medians, checks and counted operations. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Contender, inProcess } from "../../../bench/harness/contender.js";
import { near, SameBits } from "../../../bench/harness/correct.js";
import { median, race } from "../../../bench/harness/race.js";
import { bestOf, isUndisturbed } from "../../../bench/harness/undisturbed.js";
import { countOperations } from "../../../bench/roofline/operations.js";

describe("runs", () => {
  test("that lost the processor for a while do not count", () => {
    expect(isUndisturbed({ wallMs: 4.4, cpuMs: 4.39 })).toBe(true);
    expect(isUndisturbed({ wallMs: 8.4, cpuMs: 4.4 })).toBe(false);
    const runs = [
      { wallMs: 8.4, cpuMs: 4.3 },
      { wallMs: 4.5, cpuMs: 4.5 },
    ];
    expect(bestOf(runs)).toBe(4.5);
  });

  test("that were all interrupted count by their time on the CPU", () => {
    const runs = [
      { wallMs: 8.4, cpuMs: 4.4 },
      { wallMs: 12.4, cpuMs: 4.5 },
    ];
    expect(bestOf(runs)).toBe(4.4);
  });

  test("have the median of an odd and of an even number", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
  });
});

describe("a race", () => {
  const busy = (name: string, loops: number, verify: Contender["verify"] = () => {}): Contender =>
    inProcess({
      name,
      verify,
      run: () => {
        let sum = 0;
        for (let i = 0; i < loops; i++) sum += Math.sqrt(i);
        return Float32Array.of(sum);
      },
    });

  test("finds who is faster, by the rounds' ratios", async () => {
    const contenders = [busy("slow", 400_000), busy("fast", 100_000)];
    const result = await race(contenders, { rounds: 9, warmUpMs: 20 });
    expect(result.lap("fast")!.roundsMs).toHaveLength(9);
    expect(result.ratio("slow", "fast")).toBeGreaterThan(2);
    expect(result.ratio("slow", "absent")).toBeUndefined();
  });

  test("ends when a result is wrong", async () => {
    const wrong = busy("wrong", 10, near("wrong", [1], 1e-6));
    await expect(race([wrong], { rounds: 1, warmUpMs: 1 })).rejects.toThrow(/wrong is wrong/);
  });
});

describe("checks", () => {
  test("refuse errors beyond the tolerance, NaN and missing logits", () => {
    const verify = near("it", [10, -20], 1e-3);
    expect(() => verify(Float32Array.of(10.01, -20))).not.toThrow();
    expect(() => verify(Float32Array.of(10.1, -20))).toThrow(/it is wrong/);
    expect(() => verify(Float32Array.of(Number.NaN, -20))).toThrow(/it is wrong/);
    expect(() => verify(Float32Array.of(10))).toThrow(/it is wrong/);
  });

  test("refuse other bits", () => {
    const bits = new SameBits();
    bits.verifier("a", () => {})(Float32Array.of(0));
    const other = bits.verifier("b", () => {});
    expect(() => other(Float32Array.of(0))).not.toThrow();
    expect(() => other(Float32Array.of(-0))).toThrow("b has other bits than a");
  });
});

describe("counted operations", () => {
  const source = `
MLM_INLINE v4 v4_inner(v4 x) {
    return v4_mul(x, v4_splat(2.0f)); /* not v4_div(x) */
}

MLM_INLINE v4 v4_outer(v4 x) {
    const v4 y = v4_add_exponent(v4_inner(x), v4_exponent(x));
    return v4_add(y, v4_inner(y));
}

MLM_INLINE v4 v4_looping(v4 x) {
    for (int i = 0; i < 3; i++) x = v4_add(x, x);
    return x;
}
`;

  test("include those of nested functions", () => {
    expect(countOperations(source, "v4_inner")).toBe(1);
    expect(countOperations(source, "v4_outer")).toBe(5);
  });

  test("are refused where they cannot be read off", () => {
    expect(() => countOperations(source, "v4_looping")).toThrow(/loop/);
    expect(() => countOperations(source, "v4_absent")).toThrow(/no function v4_absent/);
  });

  test("can be read from the core's own functions", () => {
    const math = readFileSync(new URL("../../../csrc/math/math4.h", import.meta.url), "utf8");
    for (const name of ["v4_exp2_negative", "v4_silu", "v4_softplus"]) {
      expect(countOperations(math, name)).toBeGreaterThan(10);
    }
    expect(countOperations(math, "v4_exp2_clamp")).toBe(1);
  });
});
