/**
 * Runs in the audio thread: collects what the microphone gives into blocks at the model's rate and
 * posts them to the port it is given, which ends in the simulator's worker. Knows nothing of models.
 */
import { Resampler } from "./resampler.js";

/** What the audio thread's global scope has. */
declare const sampleRate: number;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(
  name: string,
  processor: new (options: { processorOptions: CaptureOptions }) => AudioWorkletProcessor,
): void;

interface CaptureOptions {
  readonly rateHz: number;
}

const BLOCK = 512;
/** The largest 16-bit sample. */
const LARGEST = 1 - 1 / 32768;

class Capture extends AudioWorkletProcessor {
  readonly #resampler: Resampler | undefined;
  readonly #block = new Float32Array(BLOCK);
  #filled = 0;
  #target: MessagePort | undefined;

  constructor({ processorOptions }: { processorOptions: CaptureOptions }) {
    super();
    const { rateHz } = processorOptions;
    if (rateHz !== sampleRate) this.#resampler = new Resampler(sampleRate, rateHz);
    this.port.onmessage = ({ data }: MessageEvent<MessagePort>) => {
      this.#target = data;
    };
  }

  process(inputs: Float32Array[][]): boolean {
    const channel = inputs[0]?.[0];
    if (channel !== undefined) this.#collect(this.#resampler?.push(channel) ?? channel);
    return true;
  }

  #collect(samples: Float32Array): void {
    for (const sample of samples) {
      this.#block[this.#filled++] = Math.max(-1, Math.min(LARGEST, sample));
      if (this.#filled < BLOCK) continue;
      this.#target?.postMessage(this.#block.slice());
      this.#filled = 0;
    }
  }
}

registerProcessor("capture", Capture);
