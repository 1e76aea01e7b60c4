/** `mambalite verify` from the outside. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { failure, json, output, spotter } from "../cli/support.js";
import { root, skipReason } from "./support.js";

const TIMEOUT_MS = 300_000;
const skipped = skipReason("cortex-m7");

describe.skipIf(skipped !== "")(`mambalite verify${skipped}`, { timeout: TIMEOUT_MS }, () => {
  const args = ["verify", spotter, "--target", "cortex-m7", "--variant", "double", "--tile", "2"];

  test("--json", () => {
    const report = json(args);
    const planned = json(["profile", spotter, "--tile", "2"]).plan;
    expect(report.model).toBe(spotter);
    expect(Object.keys(report)).toEqual([
      ...[
        "model",
        "target",
        "equalBits",
        "items",
        "equalItems",
        "arenaBytes",
        "stackBytes",
        "flash",
      ],
      ...["instructions", "toolchain"],
    ]);
    expect(report).toMatchObject({ target: "cortex-m7", equalBits: true, items: 1, equalItems: 1 });
    expect(report.arenaBytes).toBe(planned.arenaBytes);
    expect(Object.keys(report.flash)).toEqual(["codeBytes", "weightsBytes"]);
    const names = report.instructions.operators.map(({ name }: { name: string }) => name);
    expect(names).toContain("mamba.selective_scan");
    for (const { count } of report.instructions.operators) expect(count).toBeGreaterThan(0);
    expect(report.toolchain.compiler).toMatch(/^arm-none-eabi-gcc/);
    expect(report.toolchain.emulator).toMatch(/^QEMU emulator version/);
    expect(report.toolchain.flags).toMatch(/-mcpu=cortex-m7 .*-ffp-contract=off/);
    expect(report.toolchain.flags).not.toMatch(/\/\w+\//);
  });

  test("for a person", () => {
    const text = output(args);
    expect(text).toMatch(/1 of 1 input of 100 frames equal in every bit on cortex-m7/);
    expect(text).toMatch(/^ +mamba\.selective_scan +[0-9,]+ +\d+\.\d %$/m);
  });

  test("a plan that the board cannot hold", () => {
    expect(failure([...args.slice(0, -1), "5000"])).toMatch(
      /does not fit stm32h743: RAM: \d+ bytes/,
    );
  });

  test("a temporary folder that cannot be written, and one that is not there", () => {
    for (const [folder, reason] of [
      ["/proc", "no such file or directory|permission denied"],
      ["/nonexistent", "no such file or directory"],
    ] as const) {
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [join(root, "scripts/mambalite.mjs"), ...args],
        { encoding: "utf8", env: { ...process.env, TMPDIR: folder } },
      );
      expect(stdout).toBe("");
      expect(status).toBe(1);
      expect(stderr).toMatch(
        new RegExp(
          `^mambalite: ${folder}: (${reason}); the variable TMPDIR names another folder\n$`,
        ),
      );
    }
  });

  test("a folder to keep that is a file", () => {
    expect(failure([...args, "--keep", spotter])).toMatch(/a part of the path is not a directory/);
  });

  test("whose memories: those of a board of the target, and no other", () => {
    const args = ["verify", "kws", "--target", "cortex-m0", "--tile", "1", "--float"];
    expect(failure(args)).toMatch(
      /does not fit microbit: RAM: \d+ bytes needed \(arena \d+, .*\), 16384 usable in RAM, \d+ missing/,
    );
    expect(failure([...args, "--board", "rp2350"])).toMatch(
      /--board: expected one of microbit, rp2040, got rp2350/,
    );
    const xtensa = ["verify", spotter, "--target", "xtensa", "--board", "esp32s3"];
    expect(failure(xtensa)).toMatch(/--board: expected none with --target xtensa, got esp32s3/);
  });

  test("an unknown variant", () => {
    expect(failure([...args.slice(0, 4), "--variant", "triple"])).toMatch(/double, single/);
  });
});

test("a time-out longer than a timer can wait is refused, with the longest", () => {
  const args = ["verify", spotter, "--target", "cortex-m7", "--timeout"];
  for (const text of ["2147484", "0x10", "1e3", "Infinity", "0", "-1", "1.5", ""]) {
    expect(failure([...args, text])).toMatch(
      /--timeout: expected a whole number from 1 to 2147483, got "/,
    );
  }
});

test("without a toolchain: what is missing and how to get it", () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, "scripts/mambalite.mjs"), "verify", spotter, "--target", "riscv32"],
    { encoding: "utf8", env: { ...process.env, PATH: "/nonexistent" } },
  );
  expect(stdout).toBe("");
  expect(status).toBe(1);
  expect(stderr).toMatch(
    /^mambalite: verify --target riscv32 needs cmake, .*; to install: sudo apt-get install .*\n$/,
  );
});
