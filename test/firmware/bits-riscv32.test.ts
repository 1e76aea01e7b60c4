import { testBits } from "./bits.js";

testBits("riscv32", ["hard", "soft"]);
