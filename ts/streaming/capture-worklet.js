/**
 * Runs in the audio thread: collects what the microphone gives into blocks, and posts them to the port that it is
 * sent. A file without imports, because browsers and bundlers take it as it is. Knows nothing of what listens.
 */
const BLOCK_SECONDS = 0.032;

class Capture extends AudioWorkletProcessor {
  #block = new Float32Array(Math.round(sampleRate * BLOCK_SECONDS));
  #filled = 0;
  #target;

  constructor() {
    super();
    this.port.onmessage = ({ data }) => {
      this.#target = data;
    };
  }

  process([input]) {
    for (const sample of input?.[0] ?? []) {
      this.#block[this.#filled++] = sample;
      if (this.#filled === this.#block.length) this.#send();
    }
    return true;
  }

  #send() {
    this.#filled = 0;
    this.#target?.postMessage(this.#block.slice());
  }
}

registerProcessor("mambalite-capture", Capture);
