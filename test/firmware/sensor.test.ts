/** The sensor loop of exported projects: changed only at its marked place, it hears words in a stream. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { buildProject, EMULATORS } from "../../ts/firmware/node.js";
import { Engine } from "../../ts/node.js";
import { createDetector } from "../../ts/streaming/index.js";
import { defaultThresholds } from "../../ts/streaming/thresholds.js";
import { failure, mambalite, output } from "../cli/support.js";
import { RATE_HZ, running, runningDetector, WORDS, words } from "./detectors.js";
import { buildFolder, skipReason } from "./support.js";

const TIMEOUT_MS = 300_000;
const noArm = skipReason("cortex-m7");

/** Each word behind two seconds that are nearly silent. */
function stream(): Int16Array {
  const quiet = Array.from({ length: 2 * RATE_HZ }, (_, i) => ((i * 7919) % 41) - 20);
  return Int16Array.from([...words().flatMap((word) => [...quiet, ...word]), ...quiet]);
}

/** Another timer than the simulated sensor's, a thousand times a second; a ring that is full loses samples. */
const PLACE = (path: string, samples: number) => `
#include "startup.h"

__asm__(".section .rodata.recording, \\"a\\"\\n.balign 4\\nrecording: .incbin \\"${path}\\"\\n.text\\n");
extern const sensor_value recording[];

#define TIMER0_CTRL 0x40000000u
#define TIMER0_RELOAD 0x40000008u
#define TIMER0_INTCLEAR 0x4000000Cu
#define NVIC_ISER0 0xE000E100u
enum { TIMER_HZ = 25000000, A_SECOND = 1000, SAMPLES = ${samples} };

static uint32_t played;

void TIMER0_IRQHandler(void);
void TIMER0_IRQHandler(void) {
    const uint32_t due = SENSOR_RATE_HZ / A_SECOND;
    REGISTER(TIMER0_INTCLEAR) = 1;
    if (played == SAMPLES) return;
    sensor_put(recording + played, due);
    played += due;
    if (played == SAMPLES) sensor_end();
}

int sensor_start(void) {
    REGISTER(TIMER0_CTRL) = 0;
    REGISTER(TIMER0_RELOAD) = TIMER_HZ / A_SECOND - 1;
    REGISTER(NVIC_ISER0) = 1u << 8;
    REGISTER(TIMER0_CTRL) = 9; /* enable, interrupt */
    return 0;
}

`;

const MARKED =
  /(\/\* ---- change this for a sensor of yours: from here[\s\S]*?\*\/\n)[\s\S]*(\/\* ---- to here -+ \*\/)/;

/** 8 ns an instruction: a core of 125 MHz, in whose time the timer's interrupts come. */
const ARGS = EMULATORS["cortex-m7"].args.map((arg) => arg.replace("shift=8", "shift=3"));

describe.skipIf(noArm !== "")(`a sensor${noArm}`, { timeout: TIMEOUT_MS }, () => {
  let folder: string;
  let recording: Int16Array;

  beforeAll(() => {
    folder = buildFolder("sensor");
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    recording = stream();
    writeFileSync(join(folder, "recording.bin"), recording);
    const args = ["export", "kws", "--target", "cortex-m7", "-o", "project"];
    expect(mambalite(args, folder)).toMatchObject({ code: 0, stderr: "" });
  });

  test("the exported kws project, changed only at its marked place, finds three words", async () => {
    const project = join(folder, "project");
    const path = join(project, "port/sensor-simulated.c");
    const text = readFileSync(path, "utf8");
    expect(text).toMatch(MARKED);
    const place = PLACE(join(folder, "recording.bin"), recording.length);
    writeFileSync(
      path,
      text.replace(MARKED, (_, from, to) => from + place + to),
    );
    await buildProject(project, "cortex-m7");
    const image = join(project, "build/firmware.elf");
    const { stdout } = spawnSync("qemu-system-arm", [...ARGS, "-kernel", image], {
      encoding: "utf8",
      timeout: TIMEOUT_MS,
    });
    const heard = [...stdout.matchAll(/^heard (.+), confidence (.+), at input (\d+)$/gm)];
    expect(heard.map(([, word]) => word)).toEqual(WORDS);
    expect(stdout).not.toMatch(/^lost/m);
    expect(stdout).toMatch(/^configuration as it should be$/m);
    expect(stdout).toMatch(/^detector MLM_OK$/m);

    const engine = await Engine.load();
    const detector = await createDetector(engine, await runningDetector(engine));
    const events = detector.push(Float32Array.from(recording, (sample) => sample / 32768));
    engine.dispose();
    expect(heard.map(([, , , input]) => Number(input))).toEqual(events.map(({ inputs }) => inputs));
    heard.forEach(([, , confidence], i) => {
      expect(Number(confidence)).toBeCloseTo(events[i]!.confidence, 5);
    });
  });

  test("a project that was edited is verified as it is, and its wrong bits are named", () => {
    const project = join(folder, "project");
    const verified = output(["verify", "--project", project]);
    expect(verified).toMatch(/: cortex-m7, 1 file edited: port\/sensor-simulated\.c\n/);
    expect(verified).toMatch(
      /\ncore and model: 1 of 1 inputs equal, bit for bit; arena [\d,]+ bytes/,
    );
    const { smooth, holdOff, thresholds } = running.events;
    const [usual] = defaultThresholds(["a word"]); // which the command leaves out
    const driven = [
      `--mode running --tile 1 --smooth ${smooth} --hold-off ${holdOff}`,
      ...Object.entries(thresholds)
        .filter(([, p]) => p !== usual)
        .map(([label, p]) => `--threshold ${label}=${p}`),
    ].join(" ");
    expect(verified).toContain(
      `\nmade by mambalite export MODEL --target cortex-m7 --board stm32h743 ${driven}\n`,
    );

    // What fused steps change, the self-test's answers may round away, a whole stream's do not.
    edit(join(project, "port/library.cmake"), "-ffp-contract=off", "-ffp-contract=fast");
    const bits =
      "1 of 1 inputs differ in their bits on cortex-m7: input 0, output\\[0\\]\\[\\d\\] is";
    expect(failure(["verify", "--project", project])).toMatch(
      RegExp(`^mambalite: (the firmware for cortex-m7 failed: MLM_ERR_SELF_TEST|${bits} .+)$`),
    );
  });

  test("an FPU in another mode fails the self-test, of the program and of verify --project", async () => {
    const project = join(folder, "other-mode");
    mambalite(["export", "kws", "--target", "cortex-m7", "-o", project], folder);
    edit(join(project, "port/library.cmake"), "-ffp-contract=off", "-ffp-contract=fast");
    edit(
      join(project, "port/startup.c"),
      '    __asm__ volatile("dsb\\n\\tisb");\n',
      '    __asm__ volatile("dsb\\n\\tisb");\n' +
        '    __asm__ volatile("vmsr fpscr, %0" ::"r"(3u << 22 | 1u << 24)); /* RMode: to zero; FZ */\n',
    );
    expect(failure(["verify", "--project", project])).toBe(
      "mambalite: the firmware for cortex-m7 failed: MLM_ERR_SELF_TEST",
    );
    await buildProject(project, "cortex-m7");
    const image = join(project, "build/firmware.elf");
    const { stdout } = spawnSync("qemu-system-arm", [...ARGS, "-kernel", image], {
      encoding: "utf8",
      timeout: TIMEOUT_MS,
    });
    expect(stdout.trimEnd().split("\n").slice(1)).toEqual([
      "configuration the FPU flushes subnormals to zero",
      "configuration compiled without -ffp-contract=off",
      "configuration the FPU does not round to the nearest",
      "open MLM_OK",
      "self-test MLM_ERR_SELF_TEST",
    ]);
  });
});

test.skipIf(noArm !== "")(
  "verify --project says that a front end of its own is not run, and whether it was edited",
  { timeout: TIMEOUT_MS },
  () => {
    const folder = buildFolder("exact-project");
    rmSync(folder, { recursive: true, force: true });
    output(["export", "kws", "--target", "cortex-m7", "--mode", "exact", "-o", folder]);
    const front = join(folder, "src/front_blob.c");
    writeFileSync(front, readFileSync(front, "utf8").replace("0x00000002", "0x00000003"));
    const verified = output(["verify", "--project", folder]);
    expect(verified).toMatch(/: cortex-m7, 1 file edited: src\/front_blob\.c\n/);
    expect(verified).toMatch(
      /1 of 1 inputs equal, .*; its application and its front end are not run\n/,
    );
  },
);

function edit(path: string, text: string, replacement: string): void {
  const before = readFileSync(path, "utf8");
  expect(before).toContain(text);
  writeFileSync(path, before.replaceAll(text, replacement));
}

test("verify --project refuses by name what it cannot do", () => {
  const folder = buildFolder("no-project");
  mkdirSync(folder, { recursive: true });
  expect(failure(["verify", "--project", folder])).toMatch(
    /no-project: not a valid project file: it has no mambalite\.json, as/,
  );
  writeFileSync(join(folder, "mambalite.json"), "{}");
  expect(failure(["verify", "--project", folder])).toMatch(
    /not a valid project file: its mambalite/,
  );
  expect(failure(["verify", "--project", join(folder, "nowhere")])).toMatch(/nowhere: /);
  // A folder that is none is not read through: what cannot be read in it is not come upon.
  const other = join(folder, "other");
  rmSync(other, { recursive: true, force: true });
  mkdirSync(other);
  symlinkSync("nothing", join(other, "dangling"));
  expect(failure(["verify", "--project", other])).toMatch(/not a valid project file/);
  expect(failure(["verify", "kws", "--project", folder])).toMatch(/no MODEL with it, got kws/);
  for (const other of ["--target riscv32", "--time", "--keep k", "--hold-off 3", "--labels l"]) {
    expect(failure(["verify", "--project", folder, ...other.split(" ")])).toMatch(
      `${other.split(" ")[0]}: expected no --project with it`,
    );
  }
  writeFileSync(
    join(folder, "mambalite.json"),
    '{"target":"generic","version":"1","command":5,"files":{}}',
  );
  expect(failure(["verify", "--project", folder])).toMatch(/its mambalite\.json is not what/);
  writeFileSync(
    join(folder, "mambalite.json"),
    '{"target":"generic","version":"1","command":"mambalite export MODEL","files":{}}',
  );
  expect(failure(["verify", "--project", folder])).toMatch(
    /one of stm32h7, .*, got one for generic/,
  );
  expect(failure(["verify"])).toMatch(/MODEL: expected a model, or --project DIR, got neither/);
  expect(failure(["verify", "kws"])).toMatch(/--target: expected one of cortex-m7/);
  expect(failure(["verify", "kws", "--target", "riscv32", "--hop", "20"])).toMatch(
    /--mode with it/,
  );
});

test("what a detector cannot do is refused by what is wrong with it, and nothing is written", () => {
  const running = ["--target", "riscv32", "--mode", "running"];
  expect(failure(["verify", "har", ...running, "--window", "128", "--hop", "32"])).toMatch(
    /--mode: expected a model of samples with it, got one of frames/,
  );
  expect(failure(["verify", "kws", ...running, "--place", "weights=flash"])).toMatch(
    /--place: expected no --mode with it/,
  );
  expect(failure(["verify", "kws", ...running, "--seconds", "86401"])).toMatch(/1 to 86400/);
  const project = buildFolder("refused");
  const refused = (words: string) => failure(["export", "kws", "-o", project, ...words.split(" ")]);
  expect(refused("--target stm32h7 --hop 500")).toMatch(/a multiple of the hop \(500\), got 70/);
  expect(refused("--target cortex-m0 --mode running")).toMatch(
    /--mode: expected --float, or a board with an FPU: kws-int has no detector, got running/,
  );
  expect(existsSync(project)).toBe(false);
});
