/** Which numbers keep their precision as float32. Knows nothing of what they are for. */

const LEAST_NORMAL = 2 ** -126;

/** What `isNormalFloat32` accepts, for a message. */
export const NORMAL_FLOAT32 = "a normal float32 above 0 (1.18e-38 to 3.40e38)";

/** Whether a number is above 0 and, as float32, neither subnormal (few digits are left) nor infinite. */
export function isNormalFloat32(value: number): boolean {
  const rounded = Math.fround(value);
  return rounded >= LEAST_NORMAL && Number.isFinite(rounded);
}
