/** The README of an exported project: commands, memory, and what has been run where. Only text. */
import type { Plan } from "../core/plan.js";
import { type Board, IN_FLASH, type WeightsChoice } from "../device/index.js";
import { hexWord } from "../hex-word.js";
import { CORTEX_M, type CortexM, cortexM, SEMIHOSTING } from "./cortex-m.js";
import { commandOf } from "./manifest.js";
import { blobBytes, type Example, type FirmwareModel, memoryBytes } from "./model.js";
import { inputType } from "./model-files.js";
import { detectorApplication, sensorSection } from "./readme-sensor.js";
import { type SensorFormat, sensorBytes } from "./sensor-files.js";
import { EMULATED_TARGETS, type Target } from "./targets.js";

export interface ReadmeFacts {
  readonly model: FirmwareModel;
  readonly example: Example;
  readonly board: Board | undefined;
  /** Id of the region that holds the arena; "" when nothing is known of the machine. */
  readonly region: string;
  /** The same of the weights, or "flash"; and what was asked for. */
  readonly weights: string;
  readonly placing?: WeightsChoice;
  readonly stackBytes: number;
  readonly sensor: SensorFormat;
}

export function readme(target: Target, facts: ReadmeFacts): string {
  return [
    `# ${titleOf(target)}\n\n${introduction(facts)}${madeBy(target, facts)}`,
    `## Build and run\n\n${commands(target, facts)}`,
    `## Memory\n\n${memory(target, facts)}`,
    `## What to expect\n\n${facts.model.detector === undefined ? EXPECT : EXPECT_DETECTOR}`,
    `## The sensor, tasks and interrupts\n\n${sensorSection(target, facts.model, facts.sensor)}`,
    `## In an application\n\n${application(target, facts.model)}`,
    `## Where this has been run\n\n${statusOf(target)}`,
  ].join("\n");
}

function introduction({ weights }: ReadmeFacts): string {
  const place =
    weights === IN_FLASH.place
      ? "stay in flash"
      : `are copied into ${REGION_NAMES[weights]} at start`;
  return `A Mamba network and the C core that runs it, written by \`mambalite export\`. The weights ${place};
nothing is allocated; the self-test tells whether every output has the bits of the simulation.
`;
}

function madeBy(target: Target, facts: ReadmeFacts): string {
  const { model } = facts;
  const crc = hexWord(model.info.crc32);
  return `
Made by \`${commandOf({ target, ...facts })}\`, where ${modelText(model)}
has CRC-32 ${crc}; \`mambalite.json\` has it too. \`mambalite verify --project .\` checks, in an emulator, that core and
model still give the simulation's bits with whatever was edited here${EMULATED.has(target) ? "" : " (not for this target)"}.
`;
}

/** Exact windows are made of a checkpoint, which is in two blobs here. */
function modelText({ detector }: FirmwareModel): string {
  const isSplit = detector !== undefined && detector.windowFrames > 0;
  return isSplit ? "MODEL is the checkpoint and the blob of its network" : "MODEL's blob";
}

const EMULATED: ReadonlySet<string> = new Set(["stm32h7", ...EMULATED_TARGETS]);

const TITLES: Partial<Record<Target, string>> = {
  stm32h7: "MambaLite-Micro on an STM32H7",
  esp32s3: "MambaLite-Micro on an ESP32-S3",
  riscv32: "MambaLite-Micro on a 32-bit RISC-V (emulator)",
  generic: "MambaLite-Micro in C11",
};

function titleOf(target: Target): string {
  const row = cortexM(target);
  if (row !== undefined) return `MambaLite-Micro on a ${row.core} (emulator)`;
  return TITLES[target] ?? target;
}

function commands(target: Target, facts: ReadmeFacts): string {
  const row = cortexM(target);
  if (row !== undefined) return cortexMCommands(row, facts.board);
  return `${COMMANDS[target] ?? ""}${target === "stm32h7" ? stm32h7(facts) : ""}`;
}

function qemuCommand({ qemu, moreMemory, boards }: CortexM, board: Board | undefined): string {
  const isUsual = board === undefined || board.id === boards[0];
  const lines = [
    ["qemu-system-arm", ...qemu],
    ...(isUsual || moreMemory.length === 0 ? [] : [moreMemory]),
    ...SEMIHOSTING,
    ["-kernel", "build/firmware.elf"],
  ];
  return lines.map((line) => line.join(" ")).join(" \\\n    ");
}

const OWN_BOARD = `The memories are those of the board below, at the emulator's addresses. For the board itself
replace \`port/emulator*\` (or \`port/machine.c\`), a page of registers for console and clock of which
\`port/port.h\` says what is asked, and the origins in the linker script.
`;

const RP2040 = `
\`port/rp2040-sram.ld\` has the RP2040's own memories: 264 KB of RAM, and the flash behind its first 256 bytes.
This project does not boot on one yet. Missing are

- those 256 bytes, the second stage of the boot loader: pico-sdk builds it (\`boot2_w25q080\` for a Pico), it goes
  to 0x10000000, and it starts what has its vectors at 0x10000100, as this project has;
- \`port/rp2040.c\`, with console, clock and exit as \`port/emulator*.c\` has them, and
  \`port/rp2040-interrupts.h\`, the names of its 26 interrupts.

With these \`cmake -B build -DMAMBALITE_MACHINE=rp2040\` links for the board. The flash is read through a cache of
16 KB: where a model is larger, a tile of 4 or more frames (\`--tile 4\`) reads its weights less often.
`;

function cortexMCommands(row: CortexM, board: Board | undefined): string {
  const [, ...otherFpus] = row.fpus;
  return `Needs CMake 3.16, \`arm-none-eabi-gcc\` with newlib and QEMU (Debian: \`cmake gcc-arm-none-eabi
libnewlib-arm-none-eabi qemu-system-arm\`).

\`\`\`sh
cmake -B build
cmake --build build
${qemuCommand(row, board)}
\`\`\`

The exit status is 0 when self-test and example gave the bits they should.
${otherFpus.map(({ mfpu, description }) => `For a core ${description} add \`-DMAMBALITE_FPU=${mfpu}\` to the first command.\n`).join("")}
${OWN_BOARD}${board?.id === "rp2040" ? RP2040 : ""}`;
}

const COMMANDS: Partial<Record<Target, string>> = {
  stm32h7: `Needs CMake 3.16 and \`arm-none-eabi-gcc\` with newlib (Debian: \`cmake gcc-arm-none-eabi
libnewlib-arm-none-eabi\`).

\`\`\`sh
cmake -B build
cmake --build build
\`\`\`

Flash \`build/firmware.elf\` with any of

\`\`\`sh
openocd -f board/st_nucleo_h743zi.cfg -c "program build/firmware.elf verify reset exit"
STM32_Programmer_CLI -c port=SWD -w build/firmware.elf -rst
\`\`\`

and watch USART3 (PD8), which on a Nucleo-H743ZI is the debugger's serial port: 115200 8N1. Another
board needs its own console in \`port/stm32h743.c\`, one page of registers.

The same image without the board, in QEMU:

\`\`\`sh
cmake -B build -DMAMBALITE_MACHINE=emulator
cmake --build build
${qemuCommand(CORTEX_M["cortex-m7"], undefined)}
\`\`\`

As a library: the folder is a PlatformIO library (\`library.json\` brings the flags) and an Arduino
library (\`library.properties\`). The Arduino IDE takes no flags from a library: add
\`compiler.c.extra_flags=-ffp-contract=off -DMLM_CORTEX_M7_ASM\` to the core's \`platform.local.txt\`. When
the first one is forgotten, \`mlm_session_self_test()\` says so; the second one only makes it fast.
`,
  esp32s3: `Needs ESP-IDF 5.0 or later.

\`\`\`sh
idf.py set-target esp32s3
idf.py build
idf.py -p PORT flash monitor
\`\`\`

The network is a component of its own, \`components/mambalite_micro\`; \`main\` is an example. Where the
example's arena lies, internal SRAM or PSRAM, is under \`MambaLite-Micro\` in \`idf.py menuconfig\`.
`,
  riscv32: `Needs CMake 3.16, \`riscv64-unknown-elf-gcc\` with picolibc and QEMU (Debian: \`cmake
gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf qemu-system-misc\`).

\`\`\`sh
cmake -B build -DMAMBALITE_ISA=rv32imc
cmake --build build
qemu-system-riscv32 -M virt -bios none -display none -monitor none -serial stdio \\
    -kernel build/firmware.elf
\`\`\`

The exit status is 0 when self-test and example gave the bits they should. rv32imc is what an ESP32-C3 and
the like run; for a core with an FPU leave \`-DMAMBALITE_ISA\` out, it is rv32imafc then.

${OWN_BOARD}`,
  generic: `Needs CMake 3.16 and any C11 compiler for a little-endian machine.

\`\`\`sh
cmake -B build
cmake --build build
build/firmware
\`\`\`

For a board, replace \`port/machine.c\`: it has what \`port/port.h\` asks for. Compile everything in \`src\`
with \`-ffp-contract=off\` and without \`-ffast-math\`.
`,
};

const REGION_NAMES: Readonly<Record<string, string>> = {
  dtcm: "DTCM",
  "axi-sram": "AXI SRAM",
  sram: "internal SRAM",
  psram: "PSRAM",
};

type Row = readonly [what: string, bytes: number, note: string];

function memory(target: Target, facts: ReadmeFacts): string {
  const { model, board, region, weights, stackBytes, sensor } = facts;
  const isCopied = weights !== IN_FLASH.place;
  const { plan, detector } = model;
  const where = REGION_NAMES[region] ? `; in ${REGION_NAMES[region]}` : "";
  const rows: Row[] = [
    detector === undefined
      ? ["arena", plan.arenaBytes, `exact: ${describePlan(plan)}${where}`]
      : ["arena of the detector", memoryBytes(model), `exact: all of it, for ever${where}`],
    ["the sensor's ring and a portion of it", sensorBytes(sensor), "the application's own"],
    ...(detector === undefined
      ? [["outputs that are vectors", plan.outputBytes, "the application's own"] satisfies Row]
      : []),
    ...(isCopied
      ? [["weights", blobBytes(model), `exact; in ${REGION_NAMES[weights]}`] satisfies Row]
      : []),
    ["flash: model", blobBytes(model), isCopied ? "exact" : "exact, used in place"],
  ];
  const stackOf = target === "esp32s3" ? "of the example's task" : "reserved for everything";
  if (target !== "generic") rows.push(["stack", stackBytes, stackOf]);
  const table = rows.map(([what, bytes, note]) => `| ${what} | ${grouped(bytes)} | ${note} |`);
  const fits = board === undefined ? "" : `\nPlanned for ${board.name}.\n`;
  return `| | bytes | |\n|---|---:|---|\n${table.join("\n")}\n${fits}`;
}

function describePlan({ schedule, tile, maxFrames, wholeBytes }: Plan): string {
  if (schedule !== "stream") return `schedule ${schedule}, up to ${maxFrames} frames`;
  if (maxFrames === 0) return `schedule stream, tile ${tile}, any number of frames`;
  return (
    `schedule stream, tile ${tile}, up to ${maxFrames} frames: part of the network sees the whole ` +
    `sequence, which takes ${grouped(wholeBytes)} of these bytes`
  );
}

const EXPECT = `The program opens the model (which checks its CRC-32 and every size in it), runs the model's own
self-test vector, then one example input, and prints what it gives (the class where the output has
labels, the values of another vector, the number of rows of a sequence), latency, arena and stack; last comes

\`\`\`
bits equal to the simulation's
\`\`\`

\`MLM_ERR_CRC\` means that the model's bytes have changed, \`MLM_ERR_SELF_TEST\` that the compiler's flags
change the results (contraction or fast-math).
`;

const EXPECT_DETECTOR = `The program opens the model (which checks its CRC-32 and every size in it), runs the model's own
self-test vector where it has one, then a detector over the simulated sensor: what it hears or feels, how long the longest
push took, arena and stack. The averages of every answer are compared with the simulation's; last comes

\`\`\`
bits equal to the simulation's
\`\`\`

A sensor of yours does not end, and nor does the program then.
`;

function application(target: Target, model: FirmwareModel): string {
  const { info, ops, plan } = model;
  const [folder, library, more] =
    target === "esp32s3"
      ? ["main", "components/mambalite_micro/src", "Further files go into `main/CMakeLists.txt`."]
      : ["port", "src", "Every `port/app*.c` is compiled."];
  return `\`${folder}/app.c\` is where to start: open, init, then the inputs as they come. ${more}
\`${library}/mlm.h\` documents all of it. The core here has what this model uses and nothing else
(${usedOps(ops)}${plan.schedule === "unfused" ? "" : "; no schedule unfused"}): another model wants a project of its own.

${model.detector === undefined ? ofWindows(info) : detectorApplication(library, model, "`on_detection` in `app.c`")}`;
}

function ofWindows(info: FirmwareModel["info"]): string {
  return `A recording is one window of inputs; input that never ends is run window by window, each from a reset,
with every status checked:

${windows(inputType(info), info)}`;
}

function usedOps(ops: FirmwareModel["ops"]): string {
  return [...new Set(ops.map(({ kind }) => kind))].sort().join(", ");
}

/** Only what the model has: vectors come with finish, rows as they are made. */
function windows(type: string, { inputKind: inputs, outputs }: FirmwareModel["info"]): string {
  const hasVectors = outputs.some(({ isSequence }) => !isSequence);
  const sequence = outputs.findIndex(({ isSequence }) => isSequence);
  const hasRows = sequence >= 0;
  return [
    "```c",
    `/* Yours: waits for the next ${inputs}; does something with the result of a window. */`,
    `void read_${inputs}(${type} *${inputs}, uint32_t count);`,
    ...(hasVectors ? ["void use_vectors(const float *vectors);"] : []),
    ...(hasRows ? ["void use_rows(const float *rows, uint32_t count);"] : []),
    "",
    "/* Returns only when something is wrong. */",
    "mlm_status run_windows(mlm_session *session) {",
    `    static ${type} ${inputs}[MODEL_INPUTS_PER_FRAME * MODEL_INPUT_WIDTH];`,
    ...(hasVectors ? ["    static float vectors[MODEL_VECTOR_FLOATS];"] : []),
    ...(hasRows ? ["    static float rows[EXAMPLE_OUTPUT_FLOATS];"] : []),
    ...(hasRows
      ? [`    /* Output ${sequence}; each other one that is a sequence has a call of its own. */`]
      : []),
    ...(hasRows ? [receiveCall(sequence, outputs[sequence]!.width)] : []),
    ...(hasRows ? ["    if (status != MLM_OK) return status;"] : []),
    "    for (;;) {",
    hasRows ? "        status = MLM_OK;" : "        mlm_status status = MLM_OK;",
    "        mlm_session_reset(session);",
    "        for (uint32_t left = EXAMPLE_LENGTH; left > 0 && status == MLM_OK;) {",
    "            const uint32_t count = left < MODEL_INPUTS_PER_FRAME ? left : MODEL_INPUTS_PER_FRAME;",
    `            read_${inputs}(${inputs}, count);`,
    `            status = mlm_session_push(session, ${inputs}, count);`,
    "            left -= count;",
    "        }",
    `        if (status == MLM_OK) status = mlm_session_finish(session, ${hasVectors ? "vectors" : "0"});`,
    "        if (status != MLM_OK) return status;",
    ...(hasVectors ? ["        use_vectors(vectors);"] : []),
    ...(hasRows ? [`        use_rows(rows, mlm_session_received(session, ${sequence}));`] : []),
    "    }",
    "}",
    "```",
    "",
  ].join("\n");
}

function receiveCall(output: number, width: number): string {
  const rows = width === 1 ? "EXAMPLE_OUTPUT_FLOATS" : `EXAMPLE_OUTPUT_FLOATS / ${width}u`;
  return `    mlm_status status =\n        mlm_session_receive(session, ${output}, rows, ${rows});`;
}

/** What only the board's own port has: clock, interrupts, memories. */
function stm32h7({ board }: ReadmeFacts): string {
  const clock = board?.projectClockHz ?? 0;
  const atFullSpeed = board !== undefined && clock === board.clockHz;
  return `
${atFullSpeed ? fullClock(clock) : resetClock(clock)}
What is printed as latency are core cycles (DWT), and microseconds at the clock that the core has. An
application with a clock tree of its own replaces \`port/stm32h743-clock.c\`.

Every interrupt of the STM32H743 has a weak handler by ST's name: define \`TIM2_IRQHandler\` in a
\`port/app*.c\`, enable it in the NVIC, and it is yours. One that is enabled and has no handler ends the
program with its name.

\`-DMAMBALITE_ARENA=dtcm\` or \`axi\` puts the arena into DTCM or AXI SRAM. All static variables are cleared or
copied at start, but for those in the section \`.noinit\`.
`;
}

function fullClock(hz: number): string {
  return `The core runs at ${hz / 1e6} MHz (400 MHz on chips of revision Y), from PLL1 and the internal oscillator;
where supply or PLL do not get ready it stays at the oscillator's 64 MHz.`;
}

function resetClock(hz: number): string {
  return `The core runs at ${hz / 1e6} MHz, as out of reset: the way to more begins with the choice of the supply
(LDO or SMPS), which is the board's, and a wrong choice locks the chip up until it loses power. Console,
debugger commands and the names of interrupts are those of an STM32H743 on a Nucleo-H743ZI.`;
}

const BITS_TESTED =
  "The core's bits are tested against the simulation on emulated Cortex-M0, M3, M4, M7 and M33, RISC-V\n" +
  "(with and without FPU) and Xtensa (soft float).";

function statusOf(target: Target): string {
  if (cortexM(target) === undefined) return STATUS[target] ?? "";
  return `${BITS_TESTED} This project is compiled with
\`arm-none-eabi-gcc\` and run in QEMU.\n`;
}

const STATUS: Partial<Record<Target, string>> = {
  stm32h7: `${BITS_TESTED} This project is compiled with \`arm-none-eabi-gcc\` and run in QEMU with
\`-DMAMBALITE_MACHINE=emulator\`. \`port/stm32h743.c\`, its clock and the STM32H743's linker scripts are compiled
and linked, the clock is checked over a model of its registers, but all this **has not been run on
silicon**; times on the board are not known.
`,
  esp32s3: `${BITS_TESTED} The C files of this project pass Debian's gcc for the Xtensa lx106
without a warning, \`main/esp32s3.c\` against stand-ins for ESP-IDF's headers.
**This project has not been built with ESP-IDF and has not been run on silicon**; the FPU of the
ESP32-S3 has not been tested: the self-test will tell.
`,
  riscv32: `${BITS_TESTED} This project is compiled with \`riscv64-unknown-elf-gcc\` and run in QEMU.
`,
  generic: `${BITS_TESTED} This project is compiled and run natively on x86-64.
`,
};

function grouped(value: number): string {
  return value.toLocaleString("en-US");
}
