/** What the logits of a contender have to be: near the float64 reference, and ours equal in bits. */

type Verify = (logits: Float32Array) => void;

/** Largest permitted |error| over the largest |logit|. */
export const OUR_TOLERANCE = 2e-6;
/** For float32 sums in whatever order a peer makes them. */
export const PEER_TOLERANCE = 2e-5;

export function near(name: string, reference: readonly number[], tolerance: number): Verify {
  const largest = Math.max(...reference.map(Math.abs));
  return (logits) => {
    const errors = reference.map((value, i) => Math.abs(logits[i]! - value) / largest);
    const worst = logits.length === reference.length ? Math.max(...errors) : Number.NaN;
    if (!(worst <= tolerance)) {
      throw new Error(
        `${name} is wrong: error ${worst} of the largest logit, ${tolerance} allowed`,
      );
    }
  };
}

/** The bits of the first logits it sees, from everybody who shares it. */
export class SameBits {
  #first: { readonly name: string; readonly bits: string } | undefined;

  verifier(name: string, alsoVerify: Verify): Verify {
    return (logits) => {
      alsoVerify(logits);
      const bits = bitsOf(logits);
      this.#first ??= { name, bits };
      if (bits !== this.#first.bits) {
        throw new Error(`${name} has other bits than ${this.#first.name}`);
      }
    };
  }
}

function bitsOf(values: Float32Array): string {
  const { buffer, byteOffset, length } = values;
  return Array.from(new Uint32Array(buffer, byteOffset, length), (w) => w.toString(16)).join(" ");
}
