import { testBits } from "./bits.js";

testBits("xtensa", ["lx106"]);
