import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** One file at a time, first: `npm test` runs what is no file of vitest's beside them. */
const BROWSER = ["test/browser/**/*.test.ts"];
/** Of these, what measures the page. */
const PAGE_TIMES = "test/browser/robust.test.ts";

/** These compare times: one file at a time, last, with the machine to itself. */
const ALONE = [
  PAGE_TIMES,
  "test/cli/signals.test.ts",
  "test/cli/audio.test.ts",
  "test/unit/plain-text.test.ts",
  "test/unit/checkpoint/{pickle,saved-module,safetensors,torch}.test.ts",
];

/** All but the page's, which has state of its own in its modules. */
const UNIT = ["test/unit/*.test.ts", "test/unit/!(app)/**/*.test.ts"];

/** Files at once, of the rest: many wait for an emulator or a command line that uses more than one core by itself. */
const MOST_AT_ONCE = 8;
const AT_ONCE = Math.min(Math.max(2, availableParallelism()), MOST_AT_ONCE);

/** Minutes each: begun last, one of them would run with nothing beside it. */
const LONG =
  /\/(networks|kernels|integer-kernels|getting-started|emulated|export|user-code|streams)\.test\.ts$/;

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => (LONG.test(moduleId) ? 0 : 1);
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
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
          exclude: [PAGE_TIMES],
          fileParallelism: false,
          maxWorkers: 1,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: "unit",
          include: UNIT,
          exclude: ALONE,
          // Their modules are loaded once for all of them: what one file changes of the process it puts back.
          isolate: false,
          maxWorkers: AT_ONCE,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: "together",
          include: ["test/**/*.test.ts"],
          exclude: [...BROWSER, ...UNIT, ...ALONE],
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
