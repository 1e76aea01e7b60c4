/** Branches, misses and cores of one instruction a cycle: by construction, from each core's sources. */
import { describe, expect, test } from "vitest";
import {
  CORTEX_M0,
  CORTEX_M0_PLUS,
  CORTEX_M4,
  CORTEX_M7,
  CORTEX_M33,
  ESP32_C3,
  XTENSA_LX6,
  XTENSA_LX7,
  XTENSA_LX7_LOOPS,
} from "../../ts/board/cores/index.js";
import { decodeRiscv } from "../../ts/board/isa/riscv.js";
import { decodeThumb } from "../../ts/board/isa/thumb.js";
import type { Core } from "../../ts/board/pipeline/core.js";
import { Program } from "../../ts/board/pipeline/program.js";
import { Scoreboard } from "../../ts/board/pipeline/scoreboard.js";

const NOP = "f3af 8000";
const SUBS = "f1b9 0901"; // subs.w r9, r9, #1
const BNE = "f47f affe";
const LDR = "f8d9 0000"; // ldr.w r0, [r9]
const LDR_R1 = "f8d9 1000"; // ldr.w r1, [r9]
const STR = "f8c9 2000"; // str.w r2, [r9]
const USE = "ea42 0200"; // orr.w r2, r2, r0
const ADD = "f103 0301"; // add.w r3, r3, #1
const VLDM = "ecb9 0a08"; // vldmia r9!, {s0-s7}
const VLDR = "edd9 0a00"; // vldr s1, [r9]
const VMLA = "ee00 0a81"; // vmla.f32 s0, s1, s2
const VMLA_S3 = "ee42 1a03"; // vmla.f32 s3, s4, s6
const VADD = "ee32 1a22"; // vadd.f32 s2, s4, s5
const BX_LR = "4770";
const MEMORY = 0x20000000;

interface Step {
  readonly code: string;
  readonly address?: number;
  readonly miss?: number;
}

const steps = (...codes: (string | Step)[]): Step[] =>
  codes.map((code) => (typeof code === "string" ? { code } : code));
const load = (code: string, miss = 0): Step => ({ code, address: MEMORY, miss });

class Line {
  readonly program = new Program();
  readonly indices: number[] = [];

  constructor(
    readonly all: readonly Step[],
    riscv = false,
  ) {
    let address = 0x1000;
    for (const { code } of all) {
      const [first = 0, second = 0] = code.split(" ").map((half) => Number.parseInt(half, 16));
      const decoded = riscv ? decodeRiscv(first, second) : decodeThumb(first, second, false);
      this.indices.push(this.program.add(address, decoded));
      address += decoded.bytes;
    }
  }

  /** The last instruction jumps back all but the last time. */
  run(core: Core, times = 1): Scoreboard {
    const board = new Scoreboard(core, this.program);
    for (let time = 1; time <= times; time++) {
      this.indices.forEach((index, i) => {
        const { address, miss = 0 } = this.all[i]!;
        const isLast = i === this.indices.length - 1;
        const behind = this.program.address[index]! + this.program.bytes[index]!;
        const next = isLast && time < times ? 0x1000 : behind;
        board.execute(index, address === undefined ? 0 : 1, address ?? 0, next, 0, miss);
      });
    }
    return board;
  }
}

const cycles = (core: Core, all: readonly Step[], times = 1) =>
  new Line(all).run(core, times).cycles;

describe("branches of a Cortex-M7", () => {
  const far = [SUBS, ...Array<string>(8).fill(NOP), BNE];
  const near = [...Array<string>(8).fill(NOP), SUBS, BNE];

  test("ten instructions around a loop take 5 cycles, and its end 6 more", () =>
    expect(cycles(CORTEX_M7, steps(...far), 100)).toBe(500 + 6));

  test("8 more where the flags were set right before", () =>
    expect(cycles(CORTEX_M7, steps(...near), 100)).toBe(500 + 8));

  test("a branch that is taken every time was foreseen wrongly once", () =>
    expect(new Line(steps(...far)).run(CORTEX_M7, 100).mispredicted).toBe(1));
});

describe("a miss", () => {
  test("is waited for where its value is used", () => {
    expect(cycles(CORTEX_M7, steps(load(LDR, 26), NOP, ADD, NOP))).toBe(2);
    expect(cycles(CORTEX_M7, steps(load(LDR, 26), NOP, USE))).toBe(1 + 26 + 1);
  });

  test("comes behind the one before it", () =>
    expect(cycles(CORTEX_M7, steps(load(LDR_R1, 26), load(LDR, 26), USE))).toBe(2 * 26 + 2));

  test("of a store is left to the memory", () =>
    expect(cycles(CORTEX_M7, steps(load(STR, 26), USE, USE))).toBe(2));
});

describe("Cortex-M4", () => {
  test("loads in a row take a cycle each, and the last its second", () => {
    expect(cycles(CORTEX_M4, steps(load(LDR), ADD))).toBe(3);
    expect(cycles(CORTEX_M4, steps(load(LDR), load(LDR_R1), load(LDR), ADD))).toBe(5);
  });

  test("a load hides behind a nop, a store behind a load", () => {
    expect(cycles(CORTEX_M4, steps(load(LDR), NOP))).toBe(2);
    expect(cycles(CORTEX_M4, steps(load(LDR), load(STR), ADD))).toBe(3);
    expect(cycles(CORTEX_M4, steps(load(STR), load(LDR), ADD))).toBe(5);
  });

  test("VMLA 3, VLDM 1 + N, a result one later", () => {
    expect(cycles(CORTEX_M4, steps(VMLA_S3, VMLA_S3.replace("1a03", "2a03")))).toBe(6);
    expect(cycles(CORTEX_M4, steps(load(VLDM)))).toBe(9);
    expect(cycles(CORTEX_M4, steps(VADD, VADD))).toBe(2);
    expect(cycles(CORTEX_M4, steps(VADD, "ee31 0a21"))).toBe(3); // vadd.f32 s0, s2, s3
  });
});

describe("Cortex-M33", () => {
  test("nothing of the FPU for 2 cycles behind a multiply-accumulate", () => {
    expect(cycles(CORTEX_M33, steps(VMLA, VADD))).toBe(4);
    expect(cycles(CORTEX_M33, steps(VMLA, NOP, NOP, VADD))).toBe(4);
    expect(cycles(CORTEX_M33, steps(VMLA, VMLA))).toBe(4);
  });

  test("load to use 2", () => {
    expect(cycles(CORTEX_M33, steps(load(LDR), USE))).toBe(3);
    expect(cycles(CORTEX_M33, steps(load(LDR), NOP, USE))).toBe(3);
  });
});

describe("Cortex-M0 and M0+", () => {
  const loop = ["6800", "3901", "d1fc"]; // ldr r0, [r0]; subs r1, #1; bne
  test("LDR 2, a taken branch 3 and 2", () => {
    expect(cycles(CORTEX_M0, steps(...loop), 10)).toBe(10 * 4 + 9 * 2);
    expect(cycles(CORTEX_M0_PLUS, steps(...loop), 10)).toBe(10 * 4 + 9 * 1);
  });
  test("BX 3 and 2", () => {
    expect(cycles(CORTEX_M0, steps(BX_LR), 2)).toBe(1 + 2 + 1);
    expect(cycles(CORTEX_M0_PLUS, steps(BX_LR), 2)).toBe(1 + 1 + 1);
  });
});

describe("RISC-V and Xtensa by proxy", () => {
  const FADD = "7553 00b5"; // fadd.s fa0, fa0, fa1
  const FDIV = "7553 18b5"; // fdiv.s fa0, fa0, fa1
  const LW = "a503 0005"; // lw a0, 0(a1)
  const ADDI = "0513 0015"; // addi a0, a0, 1
  const BNEZ = "1ee3 fe05"; // bnez a0, .-4
  const run = (core: Core, all: readonly Step[], times = 1) =>
    new Line(all, true).run(core, times).cycles;

  test("add.s has 4 cycles of latency, a division 54 and 169", () => {
    expect(run(XTENSA_LX7, steps(FADD, FADD, FADD))).toBe(9);
    expect(run(XTENSA_LX7, steps(FDIV))).toBe(54);
    expect(run(XTENSA_LX6, steps(FDIV))).toBe(169);
  });

  test("load to use 2, a taken branch 2 and 3 more", () => {
    expect(run(XTENSA_LX7, steps(load(LW), ADDI))).toBe(3);
    expect(run(XTENSA_LX7, steps(ADDI, BNEZ), 10)).toBe(20 + 9 * 2);
    expect(run(XTENSA_LX6, steps(ADDI, BNEZ), 10)).toBe(20 + 9 * 3);
    expect(run(ESP32_C3, steps(ADDI, BNEZ), 10)).toBe(20 + 9 * 2);
  });

  test("a loop that hardware counts: its branch is an instruction where it ends, and one that branches has none", () => {
    expect(run(XTENSA_LX7_LOOPS, steps(ADDI, BNEZ), 10)).toBe(10 + 1);
    const BNEZ_8 = "1ce3 fe05"; // bnez a0, .-8
    const BNEZ_FORWARD = "1463 0005"; // bnez a0, .+8
    // Taken, the branch in the loop skips an instruction.
    expect(run(XTENSA_LX7_LOOPS, steps(ADDI, ADDI, BNEZ_8), 10)).toBe(20 + 1);
    const branching = new Line(steps(BNEZ_FORWARD, ADDI, ADDI, "1ae3 fe05"), true);
    const { indices, program } = branching;
    const board = new Scoreboard(XTENSA_LX7_LOOPS, program);
    const at = (position: number) => program.address[indices[position]!]!;
    for (let turn = 0; turn < 10; turn++) {
      board.execute(indices[0]!, 0, 0, at(2), 0, 0);
      board.execute(indices[2]!, 0, 0, at(3), 0, 0);
      board.execute(indices[3]!, 0, 0, turn < 9 ? at(0) : at(3) + 4, 0, 0);
    }
    expect(board.cycles).toBe(10 * 5 + 9 * 2);
  });
});

test("VLDR beside integer work, on all", () => {
  expect(cycles(CORTEX_M7, steps(load(VLDR), ADD))).toBe(1);
  expect(cycles(CORTEX_M33, steps(load(VLDR), ADD))).toBe(2);
});
