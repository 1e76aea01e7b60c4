/** `listen` over a worker and a feed that are made up: what comes when, and what is left behind when it fails. */
import { beforeEach, expect, test, vi } from "vitest";
import type { WorkerReply, WorkerStart } from "../../../ts/streaming/detector-worker.js";
import { type Feed, type ListenOptions, listen } from "../../../ts/streaming/index.js";

const READY: WorkerReply = {
  ready: { labels: ["yes"], rateHz: 50, arenaBytes: 1000, inputKind: "frames", inputWidth: 6 },
};
const PROBLEM: WorkerReply = { problem: { code: "NON_FINITE", message: "it has NaN" } };
const DETECTION = { label: "yes", classIndex: 0, confidence: 0.9, inputs: 100, seconds: 2 };
const NOTE: WorkerReply = {
  note: {
    ...{ detections: [DETECTION], averages: Float32Array.of(0.9), answers: 1 },
    ...{ inputs: 100, busyMs: 1 },
  },
};

class MadeUpWorker extends EventTarget {
  readonly posted: WorkerStart[] = [];
  terminate = vi.fn();

  postMessage(message: WorkerStart): void {
    this.posted.push(message);
  }

  say(data: WorkerReply): void {
    this.dispatchEvent(new MessageEvent("message", { data }));
  }
}

let worker: MadeUpWorker;
const stop = vi.fn();

beforeEach(() => {
  worker = new MadeUpWorker();
  stop.mockClear();
});

function optionsWith(from: ListenOptions["from"]) {
  return {
    ...{ model: new Uint8Array(4), worker: () => worker as unknown as Worker },
    ...(from !== undefined && { from }),
    ...{ onDetection: vi.fn(), onProblem: vi.fn() },
  };
}

/** A feed that opens when it is told to. */
function lateFeed() {
  let open = () => {};
  const feed = new Promise<Feed>((resolve) => {
    open = () => resolve({ stop });
  });
  return { from: () => feed, open: () => open() };
}

const soon = () => new Promise((done) => setTimeout(done));

test("what the worker hears before the feed is said to be open is not lost", async () => {
  const { from, open } = lateFeed();
  const options = optionsWith(from);
  const listening = listen(options);
  worker.say(READY);
  await soon();
  worker.say(NOTE);
  open();
  const { labels } = await listening;
  expect(labels).toEqual(["yes"]);
  expect(options.onDetection).toHaveBeenCalledWith(DETECTION);
});

test("a problem between the worker's readiness and the feed's is thrown, and both are ended", async () => {
  const { from, open } = lateFeed();
  const options = optionsWith(from);
  const listening = listen(options);
  const refused = expect(listening).rejects.toMatchObject({ problem: "NON_FINITE" });
  worker.say(READY);
  await soon();
  worker.say(PROBLEM);
  await refused;
  open();
  await soon();
  expect(worker.terminate).toHaveBeenCalled();
  expect(stop).toHaveBeenCalled();
  expect(options.onProblem).not.toHaveBeenCalled();
});

test("a problem later on is told once, and ends both", async () => {
  const options = optionsWith(async () => ({ stop }));
  const listening = listen(options);
  worker.say(READY);
  await listening;
  worker.say(PROBLEM);
  worker.say(PROBLEM);
  await soon();
  expect(options.onProblem).toHaveBeenCalledTimes(1);
  expect(worker.terminate).toHaveBeenCalled();
  expect(stop).toHaveBeenCalled();
});

test("a feed that throws at once leaves no worker behind", async () => {
  const from = () => {
    throw new RangeError("no such sensor");
  };
  await expect(listen(optionsWith(from))).rejects.toThrow("no such sensor");
  expect(worker.terminate).toHaveBeenCalled();
});

test("motion has its own rate, by which events have their seconds", async () => {
  const start = async (options: Partial<ListenOptions>) => {
    await expect(listen({ ...optionsWith("motion"), ...options })).rejects.toMatchObject({
      code: "NO_SOURCE",
    });
    return worker.posted.at(-1)?.options.rateHz;
  };
  expect(await start({})).toBe(50);
  expect(await start({ rateHz: 25 })).toBe(25);
});
