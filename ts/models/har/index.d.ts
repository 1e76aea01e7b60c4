/** Where the files of this package are, by their names. */
export declare const FILES: {
  /** What these files may be used for. */
  readonly "LICENSE.txt": URL;
  /** The constants of the front end. */
  readonly "frontend.json": URL;
  /** The six activities, in the order of the logits. */
  readonly "labels.json": URL;
  /** Synthesised motion, float32 [128, 9], as are standing.npy and walking.npy. */
  readonly "laying.npy": URL;
  /** The same network in integers, for chips without an FPU. */
  readonly "model-int.mlm": URL;
  /** Front end, weights and labels in one. */
  readonly "model.mlm": URL;
  /** The weights, as PyTorch has them. */
  readonly "model.safetensors": URL;
  readonly "standing.npy": URL;
  readonly "walking.npy": URL;
};
