import { defineConfig } from "vitest/config";

/** One file at a time, first: `npm test` runs what is no file of vitest's beside them. */
const BROWSER = ["test/browser/**/*.test.ts"];

/** These compare times: one file at a time, last, with the machine to itself. */
const ALONE = [
  "test/cli/signals.test.ts",
  "test/cli/audio.test.ts",
  "test/unit/plain-text.test.ts",
  "test/unit/checkpoint/{pickle,saved-module,safetensors,torch}.test.ts",
];

/** Files at once, of the rest: the machines that run all tests have two cores. */
const AT_ONCE = 2;

export default defineConfig({
  test: {
    globalSetup: "test/global-setup.ts",
    testTimeout: 180_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 20_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: "browser",
          include: BROWSER,
          fileParallelism: false,
          maxWorkers: 1,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: "together",
          include: ["test/**/*.test.ts"],
          exclude: [...BROWSER, ...ALONE],
          maxWorkers: AT_ONCE,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: "alone",
          include: ALONE,
          fileParallelism: false,
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
