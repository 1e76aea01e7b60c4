/** The thread of test/cli/command-thread.ts: runs command lines of the built program, one after the other. */
import process from "node:process";
import { workerData } from "node:worker_threads";

const { port, ended } = workerData;

/** What is said while a command runs. */
let said = "";
process.stderr.write = (text) => {
  said += text;
  return true;
};

/** A program that cannot be loaded is an answer, too: nobody else would hear of it. */
async function outcomeOf(args) {
  const { execute } = await import("../../dist/cli/main.js");
  return execute(args);
}

port.on("message", async ({ args, environment }) => {
  said = "";
  process.env = environment;
  const outcome = await outcomeOf(args).catch((error) => ({
    ...{ code: null, stdout: "" },
    stderr: String(error?.stack ?? error),
  }));
  port.postMessage({ ...outcome, stderr: said + outcome.stderr });
  Atomics.add(ended, 0, 1);
  Atomics.notify(ended, 0);
});
