import { testBits } from "./bits.js";

testBits("cortex-m7", ["double", "single"]);
