/**
 * The models that come with this package: trained by the scripts in scripts/train, each with its
 * model card. Plain data: where the files are, for Node, browsers and bundlers alike.
 */

/** An input of a bundled model that may be shown and shipped. */
export interface BundledExample {
  readonly name: string;
  /** What it is: one of the model's labels. */
  readonly label: string;
  /** .npy: float32 frames. .wav: 16-bit mono at the model's sample rate. */
  readonly url: URL;
}

/** The same network in integers, for chips without an FPU; calibrated over training data. */
export interface IntegerTwin {
  readonly name: string;
  readonly title: string;
  readonly blob: URL;
}

/** How a detector is driven (docs/detect.md): chosen on the validation split, measured in the model card. */
export interface StreamForm {
  readonly windows: { readonly windowFrames: number; readonly hopFrames: number };
  readonly events: {
    readonly smooth: number;
    readonly holdOff: number;
    readonly thresholds: number | Readonly<Record<string, number>>;
  };
}

/** For a stream that never ends. */
export interface BundledStream {
  /** The .mlm that runs without a reset, over the windows of `running`. */
  readonly blob: URL;
  readonly running: StreamForm;
  readonly exact: StreamForm;
}

export interface BundledModel {
  readonly name: string;
  /** One line for a person: what goes in and what comes out. */
  readonly title: string;
  /** The .mlm: front end, weights and labels. */
  readonly blob: URL;
  /** What a user would bring: a PyTorch state dict, the front end's constants, the labels. */
  readonly checkpoint: URL;
  readonly frontEnd: URL;
  readonly labels: URL;
  readonly examples: readonly BundledExample[];
  readonly integers: IntegerTwin;
  /** Of a model that was trained for it. */
  readonly stream?: BundledStream;
}

const KWS: BundledModel & { readonly stream: BundledStream } = {
  name: "kws",
  title: "keyword spotting: 16 kHz audio to six words, unknown or silence",
  blob: new URL("./kws/model.mlm", import.meta.url),
  checkpoint: new URL("./kws/model.safetensors", import.meta.url),
  frontEnd: new URL("./kws/frontend.json", import.meta.url),
  labels: new URL("./kws/labels.json", import.meta.url),
  examples: [
    { name: "yes", label: "yes", url: new URL("./kws/yes.wav", import.meta.url) },
    { name: "stop", label: "stop", url: new URL("./kws/stop.wav", import.meta.url) },
    { name: "on", label: "on", url: new URL("./kws/on.wav", import.meta.url) },
  ],
  integers: {
    name: "kws-int",
    title: "keyword spotting in integers: kws for chips without an FPU",
    blob: new URL("./kws/model-int.mlm", import.meta.url),
  },
  stream: {
    blob: new URL("./kws/running.mlm", import.meta.url),
    running: {
      windows: { windowFrames: 70, hopFrames: 10 },
      events: {
        smooth: 4,
        holdOff: 10,
        thresholds: { down: 0.45, off: 0.35, on: 0.55, stop: 0.3, up: 0.7, yes: 0.45 },
      },
    },
    exact: {
      windows: { windowFrames: 98, hopFrames: 14 },
      events: { smooth: 3, holdOff: 7, thresholds: 0.5 },
    },
  },
};

const HAR: BundledModel = {
  name: "har",
  title: "activity recognition: 50 Hz accelerometer and gyroscope to six activities",
  blob: new URL("./har/model.mlm", import.meta.url),
  checkpoint: new URL("./har/model.safetensors", import.meta.url),
  frontEnd: new URL("./har/frontend.json", import.meta.url),
  labels: new URL("./har/labels.json", import.meta.url),
  examples: [
    { name: "walking", label: "WALKING", url: new URL("./har/walking.npy", import.meta.url) },
    { name: "standing", label: "STANDING", url: new URL("./har/standing.npy", import.meta.url) },
    { name: "laying", label: "LAYING", url: new URL("./har/laying.npy", import.meta.url) },
  ],
  integers: {
    name: "har-int",
    title: "activity recognition in integers: har for chips without an FPU",
    blob: new URL("./har/model-int.mlm", import.meta.url),
  },
};

/** What `listen` of mambalite-micro/streaming takes to hear six words. */
export const WORDS = { model: KWS.stream.blob, ...KWS.stream.running.events } as const;

/** The first one is what `npm start` profiles. */
export const BUNDLED_MODELS: readonly BundledModel[] = [KWS, HAR];
