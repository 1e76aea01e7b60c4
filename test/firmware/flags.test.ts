/** Why the flags and the core's own exp matter: with others the bits are others, and it is noticed. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { FirmwareFailed, type Sources } from "../../ts/firmware/index.js";
import { readSources } from "../../ts/firmware/node.js";
import { buildFolder, keywordSpotter, root, skipReason, verifyCase } from "./support.js";

const TIMEOUT_MS = 300_000;
const skipped = skipReason("cortex-m7");

/** This package's sources with one file edited. */
function edited(path: string, pattern: RegExp, replacement: string): Sources {
  const sources = new Map(readSources());
  const text = sources.get(path) ?? "";
  expect(text).toMatch(pattern);
  return sources.set(path, text.replace(pattern, replacement));
}

async function verifyWith(sources: Sources, name: string, settings: Record<string, string> = {}) {
  return verifyCase("cortex-m7", await keywordSpotter(1), {
    sources,
    execution: { schedule: "stream" },
    variants: ["double"],
    settings: { MAMBALITE_ASM: "OFF", ...settings },
    folder: buildFolder(`cortex-m7-${name}`),
  });
}

describe.skipIf(skipped !== "")(`the bits depend on it${skipped}`, { timeout: TIMEOUT_MS }, () => {
  test("contraction", async () => {
    const sources = edited("build.json", /-ffp-contract=off/, "-ffp-contract=fast");
    const failure = await verifyWith(sources, "contraction").catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(FirmwareFailed);
    expect((failure as FirmwareFailed).reason).toBe("MLM_ERR_SELF_TEST");
  });

  test("libm's expf", async () => {
    const sources = edited(
      "math/powers.h",
      /(\n#endif\n)$/,
      `
extern float expf(float), log1pf(float);
static inline float libm_softplus(float x) { return log1pf(expf(x)); }
#define v4_softplus_in_range(x) \\
    ((v4){libm_softplus(x.a), libm_softplus(x.b), libm_softplus(x.c), libm_softplus(x.d)})
$1`,
    );
    const failure = await verifyWith(sources, "expf", {
      CMAKE_C_STANDARD_LIBRARIES: "-lm",
    }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(FirmwareFailed);
    expect((failure as FirmwareFailed).reason).toBe("MLM_ERR_SELF_TEST");
  });
});

const noX87 = process.arch !== "x64" || spawnSync("gcc", ["--version"]).status !== 0;

test.skipIf(noX87)("float that is evaluated in more than 32 bits does not compile", () => {
  const compile = (flag: string) =>
    spawnSync("gcc", ["-std=c11", flag, "-fsyntax-only", join(root, "csrc/math/f32.h")], {
      encoding: "utf8",
    });
  expect(compile("-mfpmath=sse")).toMatchObject({ status: 0, stderr: "" });
  const refused = compile("-mfpmath=387");
  expect(refused.status).not.toBe(0);
  expect(refused.stderr).toMatch(/error: #error "FLT_EVAL_METHOD is not 0/);
});
