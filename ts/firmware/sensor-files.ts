/**
 * What a project's sensor gives, as C: the type of an input, how many a second, how many the ring holds. Only text.
 * Knows nothing of machines.
 */
import { has16Bits, inputsPerFrame, rateOf } from "../core/input.js";
import { defines, GENERATED, header } from "./c-source.js";
import { type Example, type FirmwareModel, inputsOf } from "./model.js";

/** An element of an input as it lies in ring and example. */
export type SensorType = "int16_t" | "int32_t" | "float";

export interface SensorFormat {
  readonly type: SensorType;
  /** Samples of 16 bits, which a front end of floats takes divided by 2^15. */
  readonly makesFloats: boolean;
  readonly width: number;
  readonly rateHz: number;
  /** Inputs that are read at once, at most: those that make a frame. */
  readonly portion: number;
  /** Inputs, a power of two. */
  readonly ring: number;
}

/** Of frames, where nothing says how many come a second: the pace of the simulated sensor. */
const UNKNOWN_RATE_HZ = 100;
/** What the ring holds at least, in portions, besides what comes while a window is computed. */
const PORTIONS = 3;

export function sensorFormat(model: FirmwareModel, { input }: Example): SensorFormat {
  const info = inputsOf(model);
  const { inputKind, takes16Bits, inputWidth } = info;
  const makesFloats = inputKind === "samples" && !takes16Bits && has16Bits(input);
  const portion = inputsPerFrame(info);
  const hop = model.detector?.hopFrames ?? 0;
  return {
    type: typeOf(inputKind, takes16Bits || makesFloats),
    makesFloats,
    width: inputWidth,
    rateHz: rateOf(info) ?? UNKNOWN_RATE_HZ,
    portion,
    ring: 2 ** Math.ceil(Math.log2(portion * (PORTIONS + hop))),
  };
}

function typeOf(inputKind: string, has16: boolean): SensorType {
  if (inputKind === "tokens") return "int32_t";
  return has16 ? "int16_t" : "float";
}

const BYTES: Readonly<Record<SensorType, number>> = { int16_t: 2, int32_t: 4, float: 4 };

/** Of the ring, and of the portions that are read. */
export function sensorBytes({ type, makesFloats, width, portion, ring }: SensorFormat): number {
  return (ring + portion) * width * BYTES[type] + (makesFloats ? portion * BYTES.float : 0);
}

export function sensorHeader(format: SensorFormat): string {
  return header(
    "SENSOR_FORMAT_H",
    `What the sensor gives: [inputs][SENSOR_WIDTH] of sensor_value. ${GENERATED}`,
    `typedef ${format.type} sensor_value;
${defines({
  SENSOR_WIDTH: format.width,
  SENSOR_RATE_HZ: format.rateHz,
  SENSOR_PORTION: format.portion,
  SENSOR_RING_INPUTS: format.ring,
  SENSOR_MAKES_FLOATS: format.makesFloats ? "1" : "0",
})}`,
  );
}
