/** Of an exported project's README: its sensor, its loop, and what other tasks and interrupts may do. Only text. */
import { rateOf } from "../core/input.js";
import type { FirmwareModel } from "./model.js";
import { inputsOf } from "./model.js";
import type { SensorFormat } from "./sensor-files.js";
import type { Target } from "./targets.js";

export function sensorSection(
  target: Target,
  model: FirmwareModel,
  { type, makesFloats, rateHz, ring, portion }: SensorFormat,
): string {
  const info = inputsOf(model);
  const { inputKind } = info;
  const folder = target === "esp32s3" ? "main" : "port";
  const pace =
    rateOf(info) !== undefined
      ? `${grouped(rateHz)} ${inputKind} a second`
      : `${rateHz} ${inputKind} a second, since the model does not say how many it wants`;
  const floats = makesFloats
    ? " They stay 16 bits wide up to the front end, which takes them divided by 2^15."
    : "";
  return `The sensor is simulated: ${TIMERS[target] ?? "SysTick"} plays the example's ${inputKind}, ${pace}, through the same ring
as a real one would use. \`${folder}/sensor-simulated.c\` has the place to change, between two marked lines: an
interrupt calls \`sensor_put\` with \`${type}\` inputs as they come, \`sensor_start\` sets it up, nothing else changes.${floats}
The ring holds ${grouped(ring)} ${inputKind}; the program takes ${grouped(portion)} at a time. What comes while the ring is full is
lost and counted (\`sensor_lost\`); only the simulated sensor waits.
${VARIANTS[target] ?? ""}
${rules(model)}`;
}

const TIMERS: Partial<Record<Target, string>> = {
  esp32s3: "a timer of ESP-IDF",
  riscv32: "the machine timer",
  generic: "the wait for inputs itself, as fast as it goes,",
};

const VARIANTS: Partial<Record<Target, string>> = {
  stm32h7: `
\`-DMAMBALITE_SENSOR=adc\` takes \`port/sensor-adc.c\` instead, for a model of samples: PC0, ADC1 started by TIM6 for each
sample, DMA1 into SRAM1, whose lines of the cache are forgotten before they are read. It is compiled and linked for the
board; **it has not been run on silicon**.
`,
  esp32s3: `
\`idf.py menuconfig\`, MambaLite-Micro, *Sensor of the example*, takes \`main/sensor-i2s.c\` instead, for a model of samples: a
microphone on I2S with ESP-IDF's driver, its pins beside it. It is compiled against stand-ins for ESP-IDF's headers only;
**it has not been built with ESP-IDF, nor run**.
`,
};

function rules({ detector }: FirmwareModel): string {
  const call = detector === undefined ? "`mlm_session_push`" : "`mlm_detector_push`";
  const finish = detector === undefined ? ", and one of `mlm_session_finish`" : "";
  const window =
    detector !== undefined && detector.windowFrames > 0
      ? ` One push in ${detector.hopFrames} computes a whole window of ${detector.windowFrames} frames.`
      : "";
  return `Rules for interrupts and tasks: nothing of the library may be called from an interrupt but \`sensor_put\`,
\`sensor_room\` and \`sensor_end\`; a session or detector belongs to one task at a time, two of them share nothing and may run
in two tasks or on two cores. There are no locks, no allocation, no waiting and no global variable in the library.
Between two yields lies one call of ${call} with a portion of inputs${finish}; the program prints how long the
longest one took.${window} A watchdog is fed between them, where the program waits for inputs anyway.
`;
}

/** What a program with a detector does. */
export function detectorApplication(
  library: string,
  { detector }: FirmwareModel,
  place: string,
): string {
  const { windowFrames = 0, hopFrames = 0, smooth = 0, holdOff = 0 } = detector ?? {};
  const form =
    windowFrames === 0
      ? "running: one pass over the stream, whose state is never reset"
      : `exact: a window of ${windowFrames} frames from an empty state, every ${hopFrames} frames`;
  return `The detector is ${form}. It averages ${smooth} answers; a label that has fired is held off for ${holdOff}
of them. Thresholds are in \`${library}/model_detector.h\`. ${place} is where to do something with what is heard
or felt; \`${library}/mlm_detector.h\` documents all of it, \`mlm_detector_save_state\` among it, for a device that sleeps.
`;
}

function grouped(value: number): string {
  return value.toLocaleString("en-US");
}
