/** The README of a project that is a library for other build systems. Only text. */
import { rateOf } from "../core/input.js";
import { commandOf } from "./manifest.js";
import { blobBytes, inputsOf, memoryBytes } from "./model.js";
import type { ReadmeFacts } from "./readme.js";
import { detectorApplication } from "./readme-sensor.js";

export function libraryReadme({ model, board, sensor }: ReadmeFacts): string {
  const pace =
    rateOf(inputsOf(model)) !== undefined
      ? `${grouped(sensor.rateHz)} a second`
      : "as many a second as the model was trained with (it does not say; `SENSOR_RATE_HZ`, of the examples' pace, is a guess)";
  const command = commandOf({ target: "library", board, model });
  return `# MambaLite-Micro as a library

A Mamba network that listens to a stream, its detector and the C core that runs them, made by \`${command}\`
with core ${model.version}. \`src/listen.h\` is all that an application needs: \`listen_begin\`, then \`listen_to\` with inputs as they come.

| for | where | |
|---|---|---|
| Arduino, ESP32 and STM32 | \`library.properties\`, \`examples/Listen\` | [how](examples/Listen/README.md) |
| PlatformIO | \`library.json\`, \`examples/platformio\` | [how](examples/platformio/README.md) |
| Zephyr | \`zephyr/module.yml\`, \`examples/zephyr\` | [how](examples/zephyr/README.md) |
| STM32CubeMX, CMake | \`CMakeLists.txt\`, \`examples/stm32cubemx\` | [how](examples/stm32cubemx/README.md) |
| FreeRTOS | \`examples/freertos\` | [how](examples/freertos/README.md) |
| this machine | \`examples/host\` | [how](examples/host/README.md) |

Each page says what of it was compiled and run, and where. ESP-IDF has a target of its own: \`--target esp32s3\`.

| | bytes | |
|---|---:|---|
| arena of the detector | ${grouped(memoryBytes(model))} | exact: all of it, for ever; in \`listen.c\` |
| flash: model | ${grouped(blobBytes(model))} | exact, used in place |

An input is ${sensor.width === 1 ? "a" : `${sensor.width} elements of`} \`${sensor.type}\`, ${pace}; \`listen_to\` takes any number, ${grouped(sensor.portion)} at a time make a frame.
Compile everything in \`src\` with \`-ffp-contract=off\` and without \`-ffast-math\`; \`listen_begin\` tells when that was forgotten.

${detectorApplication("src", model, "The function that `listen_to` is given")}`;
}

function grouped(value: number): string {
  return value.toLocaleString("en-US");
}
