/**
 * The microphone as a feed: audio goes from the audio thread straight to the port, which may end in a worker, without
 * passing through the page. Knows nothing of what listens.
 */
import { NoSource, type NoSourceReason } from "../core/errors.js";
import type { Feed, FeedRate } from "./feed.js";

export interface MicrophoneOptions {
  /**
   * What the browser is asked for, waited for behind the user's answer; where it gives another rate, that is posted
   * first. Default 16,000.
   */
  readonly rateHz?: number | Promise<number | undefined>;
  /** Where capture-worklet.js is; default: beside this file, where bundlers find it. */
  readonly worklet?: URL | string;
}

const RATE_HZ = 16_000;

const REASONS: Readonly<Record<string, readonly [NoSourceReason, string]>> = {
  NotAllowedError: [
    "refused",
    "the microphone was refused: allow it in the browser's settings for this page",
  ],
  NotFoundError: ["missing", "there is no microphone here"],
  NotReadableError: ["busy", "another program holds the microphone: close it"],
};

/** Asks the user. The port gets a `FeedRate`, then samples. @throws NoSource */
export async function openMicrophone(
  target: MessagePort,
  options: MicrophoneOptions = {},
): Promise<Feed> {
  const stream = await askForAudio();
  let context: AudioContext | undefined;
  const stop = () => {
    for (const track of stream.getTracks()) track.stop();
    context?.close().catch(() => {}); // it is closed already
  };
  try {
    context = await contextFor(stream, (await options.rateHz) ?? RATE_HZ);
    await context.audioWorklet.addModule(options.worklet ?? packagedWorklet());
    const node = new AudioWorkletNode(context, "mambalite-capture", {
      numberOfOutputs: 0,
      channelCount: 1,
      channelCountMode: "explicit",
    });
    const rate: FeedRate = { rateHz: context.sampleRate };
    target.postMessage(rate);
    node.port.postMessage(target, [target]);
    context.createMediaStreamSource(stream).connect(node);
    await context.resume();
    return { stop };
  } catch (cause) {
    stop();
    throw failure(cause);
  }
}

/** Bundlers find the file by this expression. */
function packagedWorklet(): URL {
  return new URL("./capture-worklet.js", import.meta.url);
}

async function askForAudio(): Promise<MediaStream> {
  if (globalThis.navigator?.mediaDevices?.getUserMedia === undefined) {
    throw new NoSource(
      "insecure",
      "browsers give the microphone only to pages over https or from localhost",
    );
  }
  try {
    return await navigator.mediaDevices.getUserMedia({
      audio: {
        channelCount: 1,
        echoCancellation: false,
        noiseSuppression: false,
        autoGainControl: false,
      },
    });
  } catch (cause) {
    throw failure(cause);
  }
}

function failure(cause: unknown): NoSource {
  const name = cause instanceof DOMException ? cause.name : "";
  const [reason, message] = REASONS[name] ?? [
    "failed" as const,
    `the microphone cannot be used: ${String(cause)}`,
  ];
  return new NoSource(reason, message, { cause });
}

/** At the model's rate where the browser can; else at the device's, and who listens resamples. */
async function contextFor(stream: MediaStream, rateHz: number): Promise<AudioContext> {
  let wanted: AudioContext | undefined;
  try {
    wanted = new AudioContext({ sampleRate: rateHz });
    wanted.createMediaStreamSource(stream).disconnect();
    return wanted;
  } catch {
    await wanted?.close();
    return new AudioContext();
  }
}
