/**
 * The microphone as a feed: audio goes from the audio thread straight to the worker, without passing
 * through the page. Knows nothing of what listens.
 */
import captureUrl from "./capture.worklet.ts?worker&url";
import { type Feed, NoSource } from "./feed.js";

const REASONS: Readonly<Record<string, string>> = {
  NotAllowedError:
    "The microphone was refused. Allow it in the browser's settings for this page, or replay a recording.",
  NotFoundError: "There is no microphone here. Replay a recording instead.",
  NotReadableError: "Another program holds the microphone. Close it, or replay a recording.",
};

/** @throws NoSource */
export async function openMicrophone(rateHz: number, target: MessagePort): Promise<Feed> {
  const stream = await askForAudio();
  const stopTracks = () => {
    for (const track of stream.getTracks()) track.stop();
  };
  try {
    const context = await contextFor(stream, rateHz);
    await context.audioWorklet.addModule(captureUrl);
    const node = new AudioWorkletNode(context, "capture", {
      numberOfOutputs: 0,
      channelCount: 1,
      channelCountMode: "explicit",
      processorOptions: { rateHz },
    });
    node.port.postMessage(target, [target]);
    context.createMediaStreamSource(stream).connect(node);
    await context.resume();
    return {
      stop: () => {
        stopTracks();
        void context.close();
      },
    };
  } catch (cause) {
    stopTracks();
    throw new NoSource(
      `The microphone cannot be used: ${String(cause)}. Replay a recording instead.`,
    );
  }
}

async function askForAudio(): Promise<MediaStream> {
  if (navigator.mediaDevices?.getUserMedia === undefined) {
    throw new NoSource(
      "The browser gives the microphone only to pages over https or from localhost. Replay a recording instead.",
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
    const name = cause instanceof DOMException ? cause.name : "";
    throw new NoSource(
      REASONS[name] ??
        `The microphone cannot be used: ${String(cause)}. Replay a recording instead.`,
    );
  }
}

/** At the model's rate where the browser can; else at the device's, and the worklet resamples. */
async function contextFor(stream: MediaStream, rateHz: number): Promise<AudioContext> {
  const wanted = new AudioContext({ sampleRate: rateHz });
  try {
    wanted.createMediaStreamSource(stream).disconnect();
    return wanted;
  } catch {
    await wanted.close();
    return new AudioContext();
  }
}
