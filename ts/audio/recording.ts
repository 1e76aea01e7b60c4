/** What an audio file says of itself, and its samples once they are wanted. */
export interface Recording {
  readonly rateHz: number;
  readonly channels: number;
  /** Of a recording of one channel: float32 in [-1, 1), unless the file holds other floats. */
  samples(): Float32Array;
}
