/** What is known of a bundled model: what it is for, and where its files are. Knows none of them. */

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

export interface BundledTerms {
  /** One line for a person. */
  readonly summary: string;
  readonly licence: URL;
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
  /** Of a model that is under other terms than this package. */
  readonly terms?: BundledTerms;
}
