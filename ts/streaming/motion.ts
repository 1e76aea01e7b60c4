/**
 * The phone's motion sensors as a feed of frames: acceleration without gravity, rotation, acceleration
 * with gravity, each x y z, in g and rad/s, 50 times a second. Knows nothing of what listens.
 */
import { NoSource } from "../core/errors.js";
import type { Feed } from "./feed.js";

export const MOTION_HZ = 50;
export const MOTION_CHANNELS = 9;

const STANDARD_GRAVITY = 9.80665;
const RADIANS = Math.PI / 180;
const FRAME_MS = 1000 / MOTION_HZ;
const WAIT_MS = 2000;
/** Corner of the low-pass that tells gravity from movement where the phone does not. */
const GRAVITY_HZ = 0.3;

interface Axes {
  readonly x: number | null;
  readonly y: number | null;
  readonly z: number | null;
}

/** Of iOS, which asks its user first. */
interface AskingMotionEvent {
  requestPermission?(): Promise<"granted" | "denied">;
}

const NO_SENSOR = "no motion sensor reports anything here: open this page on a phone";

/** Asks the user where that is the custom. The port gets frames. @throws NoSource when it is refused, or nothing comes. */
export async function openMotion(target: MessagePort): Promise<Feed> {
  if (typeof DeviceMotionEvent === "undefined") throw new NoSource("missing", NO_SENSOR);
  const { requestPermission } = DeviceMotionEvent as unknown as AskingMotionEvent;
  if (requestPermission !== undefined) {
    const answer = await requestPermission.call(DeviceMotionEvent).catch(() => "denied");
    if (answer !== "granted") {
      throw new NoSource("refused", "the motion sensors were refused: allow them for this page");
    }
  }
  const frames = new MotionFrames();
  return new Promise((resolve, reject) => {
    let isWaiting = true;
    const stop = () => removeEventListener("devicemotion", take);
    const take = (event: DeviceMotionEvent) => {
      const rows = frames.push(event);
      if (rows === undefined) return;
      if (isWaiting) {
        isWaiting = false;
        resolve({ stop });
      }
      if (rows.length > 0) target.postMessage(rows);
    };
    addEventListener("devicemotion", take);
    setTimeout(() => {
      if (!isWaiting) return;
      stop();
      reject(new NoSource("missing", NO_SENSOR));
    }, WAIT_MS);
  });
}

/** Events at whatever times they come, interpolated to the model's rate. */
export class MotionFrames {
  #before: { readonly at: number; readonly values: Float32Array } | undefined;
  #next = 0;
  #gravity: Float32Array | undefined;

  /** New frames, perhaps none; undefined for an event without a reading. */
  push(event: DeviceMotionEvent): Float32Array | undefined {
    const values = this.#valuesOf(event);
    if (values === undefined) return undefined;
    const at = event.timeStamp;
    const before = this.#before;
    this.#before = { at, values };
    if (before === undefined || at <= before.at) {
      this.#next = at;
      return new Float32Array(0);
    }
    const rows: number[] = [];
    for (; this.#next <= at; this.#next += FRAME_MS) {
      const share = Math.max(0, (this.#next - before.at) / (at - before.at));
      for (let i = 0; i < MOTION_CHANNELS; i++) {
        const from = before.values[i] ?? 0;
        rows.push(from + ((values[i] ?? 0) - from) * share);
      }
    }
    return Float32Array.from(rows);
  }

  #valuesOf(event: DeviceMotionEvent): Float32Array | undefined {
    const total = scaled(event.accelerationIncludingGravity, 1 / STANDARD_GRAVITY);
    const { rotationRate } = event;
    if (total === undefined || rotationRate === null) return undefined;
    const { alpha, beta, gamma } = rotationRate;
    const body = scaled(event.acceleration, 1 / STANDARD_GRAVITY) ?? this.#withoutGravity(total);
    /* Rotation is about z, x, y in this order. */
    const rotation = scaled({ x: beta, y: gamma, z: alpha }, RADIANS) ?? [0, 0, 0];
    return Float32Array.from([...body, ...rotation, ...total]);
  }

  #withoutGravity(total: readonly number[]): number[] {
    const gravity = this.#gravity ?? Float32Array.from(total);
    const weight = 1 - Math.exp((-2 * Math.PI * GRAVITY_HZ) / MOTION_HZ);
    this.#gravity = gravity.map((value, i) => value + ((total[i] ?? 0) - value) * weight);
    return total.map((value, i) => value - (this.#gravity?.[i] ?? 0));
  }
}

function scaled(axes: Axes | null, factor: number): number[] | undefined {
  if (axes === null) return undefined;
  const { x, y, z } = axes;
  if (x === null || y === null || z === null) return undefined;
  return [x * factor, y * factor, z * factor];
}
