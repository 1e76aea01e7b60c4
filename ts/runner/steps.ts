/** What a person does with a board and the file for it, board by board. Plain text. Knows nothing of files. */
import type { RunnerBoard } from "./images.js";

const MICROBIT = [
  "Connect the micro:bit by USB: a drive MICROBIT appears.",
  "Copy the file onto it. The light beside the plug flickers; the board starts by itself, and the drive comes back. " +
    "A file FAIL.TXT on it says what went wrong.",
  "Its serial port is that of the same cable.",
];

const nucleo = (drive: string) => [
  `Connect the board by its ST-LINK's USB plug: a drive ${drive} appears.`,
  "Copy the file onto it. The light beside the plug flickers red and green; the board starts by itself. A file FAIL.TXT " +
    "on the drive says what went wrong.",
  "Its serial port is that of the same cable.",
];

const pico = (drive: string) => [
  `Hold BOOTSEL while you connect the board by USB: a drive ${drive} appears.`,
  "Copy the file onto it. The drive goes away as the board starts.",
  "Its serial port is on pins 1 (GP0, out) and 2 (GP1, in), with ground on pin 3: connect an adapter of 3.3 V, such as " +
    "a Debug Probe.",
];

export const STEPS: Readonly<Record<RunnerBoard, readonly string[]>> = {
  microbit: MICROBIT,
  "microbit-v2": MICROBIT,
  stm32f405: [
    "The chip has no drive. Write the file to address 0x08000000: `st-flash write FILE 0x08000000` with an ST-LINK, or " +
      "`dfu-util -a 0 -s 0x08000000:leave -D FILE` with BOOT0 held high at reset.",
    "Reset it.",
  ],
  "nucleo-f446re": nucleo("NODE_F446RE"),
  "nucleo-h743zi": nucleo("NODE_H743ZI (of newer ones NOD_H743ZI2)"),
  pico: pico("RPI-RP2"),
  pico2: pico("RP2350"),
};

/** Of all of them. */
export const NOT_PROVEN = "it has run in emulators or been checked as a format; not on silicon yet";
