/** The compiler cache of the tests' own builds: a convenience that must never fail one. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { compilerCache } from "../../../scripts/compiler-cache.mjs";

const folder = mkdtempSync(join(tmpdir(), "mambalite-compiler-cache-"));

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

it("leaves out a cache that has nowhere to write to", () => {
  const occupied = join(folder, "a file");
  writeFileSync(occupied, "");
  vi.stubEnv("CCACHE_DIR", occupied);
  expect(compilerCache(folder)).toEqual({ launcher: [], environment: {} });
  const none = join(folder, "none");
  vi.stubEnv("PATH", none);
  expect(compilerCache(folder)).toEqual({ launcher: [], environment: {} });
});
