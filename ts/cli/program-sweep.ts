/** The commands of sweeps, their options and help. Knows nothing of how they do their work. */
import { env } from "node:process";
import { DEFAULT_QUEUE } from "../sweep/queue/redis.js";
import type { Command } from "./libraries.js";
import { count } from "./options.js";
import { shardOption } from "./shard-option.js";

const NAME = "of the queue: each sweep at a time has its own";

export function addSweep(
  addCommand: (name: string, summary: string) => Command,
  print: (text: string) => void,
): void {
  const sweep = addCommand(
    "sweep",
    "Runs many models in many forms, and says which is best on a board.",
  )
    .argument("<file>", "models, variants, data, boards and limits, as JSON (docs/sweep.md)")
    .option(
      "-o, --output <file>",
      "results, a line a task (default: results.jsonl beside the file)",
    )
    .option("--report <file>", "the page (default: beside the results, .html)")
    .option("--no-report", "no page")
    .option("--jobs <n>", "threads (default: as many as there are cores)", count("--jobs"))
    .option(
      "--shard <i/n>",
      "only part i of n, for sweep merge; auto or auto/n: as an array job of Slurm or Kubernetes says",
      shardOption(env),
    )
    .option(
      "--queue <url>",
      "redis://...: workers elsewhere do the work (mambalite worker); needs --share",
    )
    .option("--name <name>", NAME, DEFAULT_QUEUE)
    .option("--share <dir>", "with --queue: a folder for models and data, which workers read")
    .option("--dry-run", "only say how many tasks there are")
    .option("--json", "print JSON")
    .action(async (file, options) =>
      print(await (await import("./commands/sweep.js")).sweepCommand(file, options)),
    );

  sweep
    .enablePositionalOptions()
    .command("merge")
    .description("Joins the results of parts.")
    .argument("<part...>", "what sweep --shard has written")
    .requiredOption("-o, --output <file>", "the results of all parts")
    .option("--json", "print JSON")
    .option("--debug", "on failure print the stack trace as well")
    .action(async (parts, options) =>
      print(await (await import("./commands/sweep.js")).sweepMergeCommand(parts, options)),
    );

  addCommand("worker", "Does the jobs of sweeps that come through a queue.")
    .requiredOption("--queue <url>", "redis://... of the planner (mambalite sweep --queue)")
    .option("--name <name>", NAME, DEFAULT_QUEUE)
    .option(
      "--from <place>",
      "models and data: a folder, or an http:// address of it (default: the planner's --share)",
    )
    .option("--cache <dir>", "what came from there (default: mambalite in the user's cache)")
    .option("--jobs <n>", "threads (default: as many as there are cores)", count("--jobs"))
    .option("--rate <n>", "at most so many jobs a second, of all workers", count("--rate"))
    .option("--idle <seconds>", "end after so long without a job (default: never)", count("--idle"))
    .action(async (options) =>
      print(await (await import("./commands/worker.js")).workerCommand(options)),
    );
}
