/**
 * The command line of `mambalite`: commands, options and help. Every command resolves to the text
 * for standard output. Knows nothing of how a command does its work, which is loaded when it is asked for: a start is
 * mostly the loading of modules.
 */

import { THINGS } from "../board/memory/memories.js";
import { BUDGET_TILES, SCHEDULES } from "../core/plan.js";
import { BOARDS } from "../device/boards.js";
import { WEIGHTS_CHOICES } from "../device/weights.js";
import { MAX_STREAM_SECONDS, MAX_TIMEOUT_SECONDS } from "../firmware/limits.js";
import { EMULATED_TARGETS, EXPORT_TARGETS } from "../firmware/targets.js";
import { HAR_PACKAGE } from "../models/har.js";
import { DEFAULT_TOLERANCE } from "../profile/accuracy.js";
import { DEFAULT_FRAMES } from "../profile/example-input.js";
import { DEFAULT_TRACE_TOLERANCE } from "../profile/trace.js";
import { QUANTIZED_TYPES } from "../quantize/types.js";
import { BUNDLED_NAMES } from "./bundled.js";
import { Command } from "./libraries.js";
import {
  amount,
  boards,
  choice,
  count,
  DETECT_MODES,
  files,
  placement,
  SIMD_CHOICES,
  timedBoards,
} from "./options.js";
import { addFlash, addSerial } from "./program-board.js";
import { addSweep } from "./program-sweep.js";

const DEFAULT_BUDGET = "mambalite.json";
const JOBS = "threads (default: as many as there are cores); the results are the same";
const FOLD = "multiply linear layers together where that saves work; changes the last bits";
const MODEL =
  "model: .mlm, .safetensors, .pth or .pt, told apart by content; or, where no file is named so, the " +
  `bundled ${BUNDLED_NAMES.slice(0, -1).join(", ")} or ${BUNDLED_NAMES.at(-1)} ` +
  `(har is in the package ${HAR_PACKAGE})`;
const INPUT =
  ".npy: float32 [T, F] or [N, T, F], integer tokens [T] or [N, T], samples [S] or [N, S]; of " +
  "samples also a mono .wav or .flac at the model's rate";
const ARCH = "architecture of a checkpoint of unknown naming, as JSON";
const FRONT_END = "front end that goes before a checkpoint's network, as JSON";
const WEIGHTS =
  `where a board has the weights: ${WEIGHTS_CHOICES.join(", ")} ` +
  "(default: where they are read fastest and have room)";
const FLOAT =
  "the bundled model as named, also where the board has no FPU (default: its twin in integers)";
const EXPORT_MODES = [...DETECT_MODES, "windows"] as const;
const STATES = ["16", "32"] as const;
const SAMPLES =
  "zeros are added to shorter clips of --dataset; longer ones are refused (default: one second)";
const OWN = "a bundled model's own; else";
const WINDOW = `frames of an answer (default: ${OWN} of audio, a second)`;
const HOP = `frames between answers (default: ${OWN} of audio, 0.2 s)`;
const LABELS = "names of a checkpoint's classes, as a JSON array";

/** `print` receives what goes to standard output: a command's text, or help. */
export function buildProgram(version: string, print: (text: string) => void): Command {
  const program = new Command("mambalite")
    .description(
      "Runs Mamba networks as a microcontroller would: memory known to the byte, the same bits " +
        "everywhere.",
    )
    .version(version, "-V, --version", "print the version")
    .option("--debug", "on failure print the stack trace as well")
    .helpCommand("help [command]", "print help for a command")
    .showHelpAfterError(false)
    // What follows the name of a command is that command's.
    .enablePositionalOptions()
    .configureOutput({ writeOut: print, writeErr: () => {} })
    .exitOverride();

  const addCommand = (name: string, summary: string): Command =>
    program
      .command(name)
      .description(summary)
      .option("--debug", "on failure print the stack trace as well");

  withModel(addCommand("inspect", "Shows a model's architecture, operators, parameters and bytes."))
    .option("--json", "print JSON")
    .action(async (model, options) =>
      print(await (await import("./commands/inspect.js")).inspect(model, options)),
    );

  addCommand("draft", "Writes an arch file to edit, for a checkpoint of unknown names.")
    .argument("<checkpoint>", "checkpoint: .safetensors, .pth or .pt, told apart by content")
    .option("-o, --output <file>", "the .json file to write (default: print it)")
    .action(async (checkpoint, options) =>
      print(await (await import("./commands/draft.js")).draft(checkpoint, options)),
    );

  addCommand("torch", "Writes the exporter: one Python file that needs only torch.")
    .requiredOption("-o, --output <file>", "the .py file to write, such as mambalite_torch.py")
    .action(async (options) => print(await (await import("./commands/torch.js")).torch(options)));

  addCommand("convert", "Writes a checkpoint as a model blob.")
    .argument("<checkpoint>", "checkpoint: .safetensors, .pth or .pt, told apart by content")
    .requiredOption("-o, --output <file>", "the .mlm file to write")
    .option("--arch <file>", ARCH)
    .option("--frontend <file>", FRONT_END)
    .option("--labels <file>", LABELS)
    .option("--fold", FOLD)
    .option(
      "--running",
      "for streams that never end: answers over a sliding window (docs/detect.md)",
    )
    .option("--window <n>", WINDOW, count("--window"))
    .option("--hop <n>", HOP, count("--hop"))
    .option("--json", "print JSON")
    .action(async (checkpoint, options) =>
      print(await (await import("./commands/convert.js")).convert(checkpoint, options)),
    );

  const quantize = addCommand("quantize", "Writes a checkpoint as a smaller blob, and its error.");
  withExecution(withModel(quantize))
    .requiredOption(
      "--type <name>",
      "w8: weights in a byte, computed in float32; int: integers throughout",
      choice("--type", [...QUANTIZED_TYPES, "int"] as const),
    )
    .requiredOption("-o, --output <file>", "the .mlm file to write")
    .option("--inputs <file>", ".npy of many inputs, as for run: both are run over them")
    .option("--dataset <dir>", "the same over a folder of .wav or .flac files a class, as for eval")
    .option("--samples <n>", SAMPLES, count("--samples"))
    .option("--jobs <n>", JOBS, count("--jobs"))
    .option("--most <n>", "int: calibrate with so many of them (default: 256)", count("--most"))
    .option(
      "--state <bits>",
      "int: 32, or 16 for half of the scans' memory",
      choice("--state", STATES),
    )
    .option(
      "--float <op>",
      "int: this op, or all of this module, stays in floats; repeatable",
      files,
    )
    .option("--no-shares", "int: do not look for each op's share of the error")
    .option("--json", "print JSON")
    .action(async (model, options) => {
      if (options.type === "int") {
        print(
          await (await import("./commands/quantize-int.js")).quantizeIntCommand(model, options),
        );
      } else {
        print(await (await import("./commands/quantize.js")).quantizeCommand(model, options));
      }
    });

  withExecution(withModel(addCommand("run", "Runs a model and prints outputs, bits and class.")))
    .requiredOption("--input <file>", INPUT)
    .option("--allow-nonfinite", "let NaN and infinity in the input through")
    .option("--jobs <n>", JOBS, count("--jobs"))
    .option("--json", "print JSON")
    .action(async (model, options) =>
      print(await (await import("./commands/run.js")).run(model, options)),
    );

  const detect = addCommand(
    "detect",
    "Prints what a detector finds in a long recording, and when.",
  );
  withDetector(
    withModel(detect).requiredOption("--input <file>", `${INPUT}; one recording`),
    "running: one pass, the state never reset; exact: windows, as in training (default: running)",
  )
    .option("--rate <hz>", "frames a second, where the model takes frames", count("--rate"))
    .option("--tile <n>", "frames processed together (default: 1)", count("--tile"))
    .option("--truth <file>", ".csv of what is there: seconds at its end, label")
    .option("--simd <choice>", "SIMD core: auto, on, off", choice("--simd", SIMD_CHOICES))
    .option("--json", "print JSON")
    .action(async (model, options) =>
      print(await (await import("./commands/detect.js")).detectCommand(model, options)),
    );

  const evaluate = addCommand("eval", "Runs a labelled set: accuracy, confusions, a reference.");
  withExecution(withCheckpointFiles(evaluate.argument("<model>", MODEL)))
    .option("--inputs <file>", ".npy of many inputs, as for run")
    .option(
      "--labels <file>",
      `.npy of integers, the class of each of --inputs; a .json beside it: ${LABELS}`,
      files,
    )
    .option("--dataset <dir>", "a folder of .wav or .flac files a class, named as the labels")
    .option("--samples <n>", SAMPLES, count("--samples"))
    .option("--reference <file>", ".npy of logits [N, C] to compare with")
    .option("--jobs <n>", JOBS, count("--jobs"))
    .option("--json", "print JSON")
    .action(async (model, options) =>
      print(await (await import("./commands/eval.js")).evalCommand(model, options)),
    );

  const profile = addCommand("profile", "Shows memory, operators, latency and what fits.");
  withDetector(
    withExecution(withModel(profile)),
    "running or exact: also what a detector takes (default: running for labelled audio that can)",
  )
    .option(
      "--frames <n>",
      `frames to profile (default: those of --input, else ${DEFAULT_FRAMES})`,
      count("--frames"),
    )
    .option("--input <file>", ".npy as for run; the first sequence is used (default: generated)")
    .option("--allow-nonfinite", "let NaN and infinity in the input through")
    .option(
      "--board <id>",
      `only this board, may be repeated: ${BOARDS.map((board) => board.id).join(", ")}`,
      boards,
    )
    .option("--weights <place>", WEIGHTS, choice("--weights", WEIGHTS_CHOICES))
    .option(
      "--quick",
      "measure this host for a moment only; boards are answered at once either way",
    )
    .option("--json", "print JSON (schema: mambalite-micro/profile/report.schema.json)")
    .action(async (model, options) =>
      print(await (await import("./commands/profile.js")).profileCommand(model, options, print)),
    );

  addCommand("timing", "Holds what firmware measured on a board against the estimate.")
    .argument("<action>", "add", choice("timing", ["add"] as const))
    .argument("<report>", "what the firmware printed (docs/timing-report.md)")
    .option("--catalogue <file>", ".json of measurements that it becomes a row of")
    .option("--model <model>", "what was measured (default: the bundled model that it was)")
    .option("--json", "print JSON: the row")
    .action(async (_, report, options) =>
      print(await (await import("./commands/timing.js")).timingAdd(report, options)),
    );

  const serial = addCommand("serial", "Shows a board's console, and measured beside estimated.");
  addSerial(withCheckpointFiles(serial).option("--labels <file>", LABELS), print);

  withExecution(withModel(addCommand("compare", "Compares a model with a reference's outputs.")))
    .option(
      "--golden <path...>",
      "a folder with an input, its outputs and perhaps trace/, or these files (.npy, docs/compare.md); " +
        "default: the references inside a file of mambalite_torch.export",
    )
    .option(
      "--tolerance <x>",
      `largest permitted |error| / largest |logit| of a case (default: ${DEFAULT_TOLERANCE})`,
      amount("--tolerance"),
    )
    .option(
      "--trace-tolerance <x>",
      "the same for each operator of a trace, relative to its largest value",
      amount("--trace-tolerance"),
      DEFAULT_TRACE_TOLERANCE,
    )
    .option("--json", "print JSON")
    .action(async (model, options) =>
      print(await (await import("./commands/compare.js")).compare(model, options)),
    );

  addCommand("budget", "Holds models against limits and a saved baseline, as a table in Markdown.")
    .argument("[file]", "limits and models, as JSON (docs/budget.md)", DEFAULT_BUDGET)
    .option("--save", "make the baseline of what the models are now")
    .action(async (file, options) =>
      print(await (await import("./commands/budget.js")).budgetCommand(file, options)),
    );

  addSweep(addCommand, print);

  const exports = addCommand("export", "Writes a firmware project, ready to flash.");
  withDetector(
    withExecution(withModel(exports)),
    "running or exact: it listens with a detector; windows: one after the other " +
      "(default: running for labelled audio that can, else windows)",
    EXPORT_MODES,
  )
    .requiredOption(
      "--target <name>",
      EXPORT_TARGETS.join(", "),
      choice("--target", EXPORT_TARGETS),
    )
    .requiredOption("-o, --output <dir>", "the folder to make; it must not be there, or be empty")
    .option("--board <id>", "the board it must fit (default: the target's usual one)", boards)
    .option("--weights <place>", WEIGHTS, choice("--weights", WEIGHTS_CHOICES))
    .option("--float", FLOAT)
    .option("--input <file>", ".npy as for run; the first sequence is the example's input")
    .option("--json", "print JSON")
    .action(async (model, options) =>
      print(await (await import("./commands/export.js")).exportCommand(model, options)),
    );

  const flash = addCommand("flash", "Makes one file for a board, without a compiler.");
  addFlash(withExecution(withModel(flash)), print);

  const verify = addCommand("verify", "Runs a model's firmware in an emulator.");
  withDetector(
    withExecution(withModel(verify, "[model]")),
    "running or exact: the detector's firmware, over a stream of clips and noise",
  )
    .option("--project <dir>", "an exported project instead of a model, as it was edited")
    .option(
      "--target <name>",
      `${EMULATED_TARGETS.join(", ")}; without --schedule, stream and layer`,
      choice("--target", EMULATED_TARGETS),
    )
    .option("--board <id>", "whose memories to use (default: the target's usual one)", timedBoards)
    .option(
      "--weights <place>",
      `where the image has its weights: ${WEIGHTS_CHOICES.join(", ")} (default: flash)`,
      choice("--weights", WEIGHTS_CHOICES),
    )
    .option("--float", FLOAT)
    .option("--variant <name...>", "only these builds: double, single; hard, soft (default: all)")
    .option("--input <file>", ".npy as for run, all sequences (default: one, generated)")
    .option("--keep <dir>", "build in this folder and leave everything there")
    .option(
      "--timeout <seconds>",
      "longest time for one run of the emulator (default: 600; with --mode 3600)",
      count("--timeout", MAX_TIMEOUT_SECONDS),
    )
    .option("--time", "estimate cycles and milliseconds on the board, from a trace of the firmware")
    .option(
      "--place <thing=memory>",
      `with --time: where ${THINGS.join(", ")} lie, by ids of the board's memories; several by commas`,
      placement,
    )
    .option("--qio", "with --time: flash that is read four bits at a time")
    .option(
      "--seconds <n>",
      "with --mode: of the stream (default: 20)",
      count("--seconds", MAX_STREAM_SECONDS),
    )
    .option("--json", "print JSON")
    .action(async (model, options) =>
      print(await (await import("./commands/verify-any.js")).verifyAny(model, options)),
    );

  return program;
}

function withModel(command: Command, argument = "<model>"): Command {
  return withCheckpointFiles(command.argument(argument, MODEL)).option("--labels <file>", LABELS);
}

function withCheckpointFiles(command: Command): Command {
  return command
    .option("--arch <file>", ARCH)
    .option("--frontend <file>", FRONT_END)
    .option("--fold", `of a checkpoint: ${FOLD}`);
}

function withExecution(command: Command): Command {
  return command
    .option(
      "--schedule <name>",
      `${SCHEDULES.join(", ")} (default: stream)`,
      choice("--schedule", SCHEDULES),
    )
    .option(
      "--tile <n>",
      "frames processed together; only with --schedule stream (default: by --budget, or by one board, else 1)",
      count("--tile"),
    )
    .option(
      "--budget <bytes>",
      `largest arena; without --tile the fastest of ${BUDGET_TILES.join(", ")} that fits`,
      count("--budget"),
    )
    .option(
      "--simd <choice>",
      `${SIMD_CHOICES.join(", ")} (default: auto)`,
      choice("--simd", SIMD_CHOICES),
    );
}

function withDetector(
  command: Command,
  text: string,
  modes: readonly string[] = DETECT_MODES,
): Command {
  return command
    .option("--mode <name>", text, choice("--mode", modes))
    .option("--window <n>", WINDOW, count("--window"))
    .option("--hop <n>", HOP, count("--hop"))
    .option("--smooth <n>", `answers that are averaged (default: ${OWN} 3)`, count("--smooth"))
    .option(
      "--hold-off <n>",
      `answers in which a label does not fire again (default: ${OWN} 5)`,
      count("--hold-off"),
    )
    .option(
      "--threshold <p>",
      `average that fires (default: ${OWN} 0.7), above 1 never; or LABEL=P; repeatable`,
      files,
    );
}
