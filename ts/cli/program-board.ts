/** The commands that reach a board: their options and help. Knows nothing of how they do their work. */
import { MAX_TIMEOUT_SECONDS } from "../firmware/limits.js";
import { RUNNER_BOARDS } from "../runner/images.js";
import type { Command } from "./libraries.js";
import { choice, count } from "./options.js";

/** @param command with what a model and its session take */
export function addFlash(command: Command, print: (text: string) => void): void {
  command
    .requiredOption("--board <id>", RUNNER_BOARDS.join(", "), choice("--board", RUNNER_BOARDS))
    .option("-o, --output <file>", "the .hex, .uf2 or .bin to write, as the board takes it")
    .option(
      "--drive <dir>",
      "the board's mounted drive to copy it to (without --output: the one that identifies itself)",
    )
    .option(
      "--input <file>",
      ".npy as for run; the first sequence is the example's input (default: a bundled model's own)",
    )
    .option("--json", "print JSON")
    .action(async (model, options) =>
      print(await (await import("./commands/flash.js")).flashCommand(model, options)),
    );
}

/** @param command with the options of checkpoints, for --model */
export function addSerial(command: Command, print: (text: string) => void): void {
  command
    .argument("<port>", "its serial line: a device, or tcp://HOST:PORT of an emulator")
    .option("--model <model>", "what runs on it (default: the bundled model that it is)")
    .option("--run <file>", "the board runs these inputs, as for run; bits beside the simulation's")
    .option("--save <file>", "what it said of itself and its timing report, to keep or send in")
    .option(
      "--timeout <seconds>",
      "longest silence while it measures or computes (default: 120)",
      count("--timeout", MAX_TIMEOUT_SECONDS),
    )
    .option("--json", "print JSON")
    .action(async (port, options) =>
      print(await (await import("./commands/serial.js")).serialCommand(port, options)),
    );
}
