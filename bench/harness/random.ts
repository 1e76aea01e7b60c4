/** Seeded random numbers, the same on every machine. */

export type Uniform = () => number;

/** Uniform in [0, 1), 32 bits each: the mulberry32 generator (T. Ettinger, public domain). */
export function uniformNumbers(seed: number): Uniform {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A sum of twelve uniform numbers has variance 1 and needs no function but +. */
const UNIFORMS_PER_NORMAL = 12;

/** `count` numbers of about N(0, 1). */
export function normalNumbers(uniform: Uniform, count: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: count }, () => {
    let sum = -UNIFORMS_PER_NORMAL / 2;
    for (let i = 0; i < UNIFORMS_PER_NORMAL; i++) sum += uniform();
    return sum;
  });
}

/** In random order (Fisher and Yates). */
export function shuffled<T>(items: readonly T[], uniform: Uniform): T[] {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(uniform() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
