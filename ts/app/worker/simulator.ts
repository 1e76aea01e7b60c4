/**
 * The worker's own loop: takes requests one after another, gives each to the part that knows, and
 * turns whatever is thrown into one line for a person. Knows no maths and no pages.
 */
import { errorFacts } from "../../core/error-facts.js";
import { MambaliteError } from "../../core/errors.js";
import { fetchBytes, readFile } from "./bytes.js";
import { DraftNeeded } from "./draft-needed.js";
import { exactFigures, Measurements } from "./figures.js";
import { listen } from "./listener.js";
import { openModel } from "./open.js";
import type { Answer, CallName, Calls, Problem, Progress, Reply, Request } from "./protocol.js";
import { Runs } from "./running.js";
import { Workbench } from "./workbench.js";

/** The part of a worker's global scope that is used here. */
interface Scope {
  onmessage: ((event: MessageEvent<Request>) => void) | null;
  postMessage(message: Reply, transfer?: Transferable[]): void;
}

const scope = globalThis as unknown as Scope;
const workbench = new Workbench();
const measurements = new Measurements(workbench);
const runs = new Runs(workbench);

type Handlers = {
  [Name in CallName]: (
    input: Calls[Name]["input"],
    report: (progress: Progress) => void,
  ) => Calls[Name]["output"] | Promise<Calls[Name]["output"]>;
};

const handlers: Handlers = {
  open: (choice, report) => openModel(workbench, choice, report),
  plan: (choice) => exactFigures(workbench.open, choice),
  times: async (choice) => {
    const { timesOf } = await import("./times.js");
    return timesOf(workbench.open, choice);
  },
  profile: ({ choice, isQuick }, report) => {
    report({ what: "measuring" });
    return measurements.profile(choice, isQuick);
  },
  report: async (input, report) => {
    report({ what: "writing the report" });
    const { textOfReport } = await import("./report.js");
    return textOfReport(workbench.open, input, navigator.userAgent);
  },
  sample: ({ budgetMs }) => measurements.sample(budgetMs),
  run: async ({ choice, input, name }, report) => {
    if (input === null) return runs.runGenerated(name, choice, report);
    return runs.runFile(name, await bytesOf(input), choice, report);
  },
  watch: ({ sequence, frame }) => runs.watch(sequence, frame),
  compare: async ({ choice, files }, report) => {
    const { compareFiles } = await import("./comparing.js");
    return compareFiles(workbench, files, choice, report);
  },
  evaluate: async ({ choice, files }, report) => {
    const { evaluateOpen } = await import("./evaluating.js");
    return evaluateOpen(workbench.open, files, choice, report);
  },
  quantize: async ({ choice, files, examples }, report) => {
    const { quantizeOpen } = await import("./quantizing.js");
    return quantizeOpen(workbench.open, choice, { files, examples }, report);
  },
  blob: () => workbench.open.blob.slice(),
  firmware: async ({ choice, target, board }) => {
    const { firmwareZip } = await import("./firmware.js");
    return firmwareZip(workbench, choice, target, board);
  },
  runners: async () => {
    const { offeredRunners } = await import("./flashing.js");
    return offeredRunners();
  },
  flash: async (flash) => {
    const { flashOpen } = await import("./flashing.js");
    return flashOpen(workbench.open, flash);
  },
  measured: async ({ report }) => {
    const { besideEstimate } = await import("./measured.js");
    return besideEstimate(workbench.open, report);
  },
  boardInputs: async ({ input }) => {
    const { inputsForBoard } = await import("./measured.js");
    return inputsForBoard(workbench.open, await bytesOf(input));
  },
  listen: async ({ source, notes, choice }) => {
    const end = await listen(workbench.open, choice, source, notes);
    let isOver = false;
    const stop = (): void => {
      if (!isOver) end();
      isOver = true;
    };
    workbench.whenClosed(stop);
    notes.onmessage = stop;
    return null;
  },
  memory: () => workbench.open.model.memoryBytes,
};

function bytesOf(input: File | string): Promise<Uint8Array> {
  return typeof input === "string" ? fetchBytes(input) : readFile(input, () => {});
}

let queue: Promise<void> = Promise.resolve();

scope.onmessage = ({ data }) => {
  queue = queue.then(() => answer(data));
};

async function answer<Name extends CallName>({ id, name, input }: Request<Name>): Promise<void> {
  const report = (progress: Progress) => scope.postMessage({ id, progress });
  try {
    const output = await handlers[name](input, report);
    // The compiler does not see that an output and its name belong together.
    scope.postMessage({ id, name, output } as Answer);
  } catch (error) {
    scope.postMessage({ id, problem: problemOf(error) });
  }
}

function problemOf(error: unknown): Problem {
  const facts = errorFacts(error);
  const message = facts.message.replace(/\s+/g, " ").trim();
  if (error instanceof DraftNeeded) return { ...facts, message, draft: error.draft };
  if (error instanceof MambaliteError) return { ...facts, message };
  if (error instanceof RangeError) {
    return { code: "OUT_OF_MEMORY", message: `this browser cannot hold it: ${message}` };
  }
  return { ...facts, message: `unexpected error: ${message}` };
}
