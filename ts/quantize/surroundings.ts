/** What the conversion of an op looks at besides the op. */
import type { Value } from "../graph/tensor.js";
import type { Conversion, Form } from "./conversion.js";
import type { Observation } from "./observe.js";
import type { Wants } from "./wants.js";

export class Surroundings {
  constructor(
    readonly conversion: Conversion,
    readonly wants: Wants,
    readonly seen: Observation,
    /** Bits of the state of a scan. */
    readonly stateBits: 16 | 32,
    /** Room above its largest magnitude, where it is not the usual one. */
    readonly stateMargin: number | undefined,
  ) {}

  /** The value in this type: as it is, or as the sizes that were seen allow. */
  as(value: Value, type: "i16" | "i32"): Form {
    const native = this.conversion.native(value);
    if (native.type === type) return native;
    const { wants } = this;
    const exponent = type === "i16" ? wants.exponent16(value) : wants.exponent32(value);
    return this.conversion.as(value, type, exponent);
  }
}
