/** One of each instruction that no kernel happens to contain, for assemblers. */

const threeRegisters = (names: string) => names.split(" ").map((name) => `${name} r0, r1, r2`);
const fourRegisters = (names: string) => names.split(" ").map((name) => `${name} r0, r1, r2, r3`);
const twoRegisters = (names: string) => names.split(" ").map((name) => `${name} r0, r1`);

const PARALLEL = ["s", "q", "sh", "u", "uq", "uh"].flatMap((prefix) =>
  ["add8", "add16", "asx", "sub8", "sub16", "sax"].map((name) => `${prefix}${name}`),
);

export const THUMB: readonly string[] = [
  ...threeRegisters(PARALLEL.join(" ")),
  ...threeRegisters("qadd qdadd qsub qdsub sel usad8 smuad smuadx smusd smusdx smmul smmulr"),
  ...threeRegisters("smulbb smulbt smultb smultt smulwb smulwt sdiv udiv mul.w"),
  ...threeRegisters("sxtab uxtab sxtah uxtah sxtab16 uxtab16 lsl.w lsr.w asr.w ror.w"),
  ...threeRegisters("and.w orr.w eor.w bic.w orn add.w sub.w adc.w sbc.w rsb"),
  ...fourRegisters("mla mls smlabb smlabt smlatb smlatt smlawb smlawt smlad smladx smlsd smlsdx"),
  ...fourRegisters("smmla smmlar smmls smmlsr usada8 smull umull smlal umlal umaal"),
  ...fourRegisters("smlalbb smlalbt smlaltb smlaltt smlald smlaldx smlsld smlsldx"),
  ...twoRegisters("clz rbit rev.w rev16.w revsh.w rev rev16 revsh sxtb sxth uxtb uxth rrx"),
  ...twoRegisters("sxtb16 uxtb16 sxtb.w uxth.w mvn.w teq tst.w cmn.w cmp.w"),
  ...["pkhbt r0, r1, r2", "pkhtb r0, r1, r2, asr #3", "ssat r0, #7, r1", "usat r0, #7, r1, lsl #2"],
  ...["ssat16 r0, #7, r1", "usat16 r0, #7, r1", "bfi r0, r1, #2, #5", "bfc r0, #2, #5"],
  ...["sbfx r0, r1, #2, #5", "ubfx r0, r1, #2, #5", "movw r0, #1234", "movt r0, #1234"],
  ...["addw r0, r1, #1234", "subw r0, r1, #1234", "add.w r0, r1, #0x1fc0", "rsbs r0, r1, #0"],
  ...["ldr.w r0, [r1, r2, lsl #2]", "ldrsb.w r0, [r1, #-4]", "ldrsh.w r0, [r1], #2"],
  ...[
    "ldrh.w r0, [r1, #300]",
    "ldrb.w r0, [r1, #4]!",
    "strb.w r0, [r1], #-1",
    "strh.w r0, [r1, r2]",
  ],
  ...[
    "ldrt r0, [r1, #4]",
    "strbt r0, [r1, #4]",
    "ldrd r0, r1, [r2], #8",
    "strd r0, r1, [r2, #-8]!",
  ],
  ...["ldmdb r0!, {r1, r2, r8}", "stmdb r0, {r1, r2, r8}", "ldmia.w r0, {r1, r9}", "pop {r4, pc}"],
  ...[
    "push {r4, lr}",
    "pop.w {r4, r8, pc}",
    "push.w {r8, lr}",
    "ldr pc, [sp], #4",
    "str r4, [sp, #-4]!",
  ],
  ...["ldrex r0, [r1]", "strex r0, r1, [r2]", "ldrexb r0, [r1]", "strexh r0, r1, [r2]", "clrex"],
  ...["pld [r0, #4]", "pli [r0, #4]", "dmb", "dsb", "isb", "nop.w", "wfi", "wfe", "sev", "svc #1"],
  ...["mrs r0, primask", "msr primask, r0", "cpsid i", "udf #1", "bkpt #1", "bx lr", "blx r3"],
  ...["tbb [r0, r1]", "tbh [r0, r1, lsl #1]", "vmov s0, r0", "vmov r0, s1", "vmov r0, r1, d3"],
  ...["vmov d3, r0, r1", "vmov s2, s3, r0, r1", "vmov.32 r0, d2[1]", "vmov.32 d2[0], r1"],
  ...["vmsr fpscr, r0", "vmrs r0, fpscr", "vmrs apsr_nzcv, fpscr"],
  ...["vldr d3, [r0, #8]", "vstr d3, [r0, #-8]", "vldmdb r0!, {s1-s3}", "vstmia r0, {d1-d3}"],
  ...["vpush {d8-d9}", "vpop {s16-s19}", "vstmdb r0!, {d2}"],
  ...["f32 s0, s1, s2", "f64 d0, d1, d2"].flatMap((operands) =>
    "vadd vsub vmul vnmul vdiv vmla vmls vnmla vnmls vfma vfms vfnma vfnms vmaxnm vminnm vseleq"
      .split(" ")
      .concat(["vselvs", "vselge", "vselgt"])
      .map((name) => `${name}.${operands}`),
  ),
  ...["f32 s0, s1", "f64 d0, d1"].flatMap((operands) =>
    "vabs vneg vsqrt vmov vcmp vcmpe vrintz vrintr vrintx vrinta vrintn vrintp vrintm"
      .split(" ")
      .map((name) => `${name}.${operands}`),
  ),
  ...["vcvt.f32.s32 s0, s1", "vcvt.u32.f32 s0, s1", "vcvtr.s32.f32 s0, s1", "vcvt.f64.f32 d0, s1"],
  ...["vcvt.f32.f64 s0, d1", "vcvt.s32.f64 s0, d1", "vcvt.f64.u32 d0, s1", "vcvta.s32.f32 s0, s1"],
  ...["vcvtm.u32.f64 s0, d1", "vcvtb.f32.f16 s0, s1", "vcvtt.f16.f32 s0, s1"],
  ...["vcvt.f32.s32 s0, s0, #8", "vcmp.f32 s0, #0", "vmov.f32 s0, #1.0", "vmov.f64 d0, #2.0"],
];

const RISCV_THREE =
  "add sub sll srl sra slt sltu xor or and mul mulh mulhsu mulhu div divu rem remu";

export const RISCV: readonly string[] = [
  ...RISCV_THREE.split(" ").map((name) => `${name} a0, t3, a2`),
  ..."addi slti sltiu xori ori andi".split(" ").map((name) => `${name} a0, t3, -7`),
  ..."slli srli srai".split(" ").map((name) => `${name} a0, t3, 7`),
  ..."lb lh lw lbu lhu sb sh sw".split(" ").map((name) => `${name} a0, 3(t3)`),
  ..."beq bne blt bge bltu bgeu".split(" ").map((name) => `${name} a0, t3, .`),
  ...["lui a0, 0x12345", "auipc a0, 0", "jal ra, .", "jalr ra, 0(t3)", "fence", "fence.i", "ecall"],
  ...[
    "ebreak",
    "csrrw a0, mstatus, a1",
    "csrrs a0, mstatus, a1",
    "csrrci a0, mstatus, 3",
    "mret",
    "wfi",
  ],
  ...["lr.w a0, (a1)", "sc.w a0, a2, (a1)"],
  ..."swap add xor and or min max minu maxu".split(" ").map((name) => `amo${name}.w a0, a2, (a1)`),
  ..."fadd fsub fmul fdiv fmin fmax fsgnj fsgnjn fsgnjx"
    .split(" ")
    .map((name) => `${name}.s fa0, fa1, fa2`),
  ..."fmadd fmsub fnmadd fnmsub".split(" ").map((name) => `${name}.s fa0, fa1, fa2, fa3`),
  ...["fsqrt.s fa0, fa1", "feq.s a0, fa0, fa1", "flt.s a0, fa0, fa1", "fle.s a0, fa0, fa1"],
  ...["fcvt.w.s a0, fa0", "fcvt.wu.s a0, fa0", "fcvt.s.w fa0, a0", "fcvt.s.wu fa0, a0"],
  ...["fmv.x.w a0, fa0", "fmv.w.x fa0, a0", "fclass.s a0, fa0", "flw ft8, 4(a0)", "fsw ft8, 4(a0)"],
  ...["c.nop", "c.addi a0, 3", "c.jal .", "c.li a0, 3", "c.lui a0, 3", "c.addi16sp sp, 32"],
  ...[
    "c.srli a0, 3",
    "c.srai a0, 3",
    "c.andi a0, 3",
    "c.sub a0, a1",
    "c.xor a0, a1",
    "c.or a0, a1",
  ],
  ...["c.and a0, a1", "c.j .", "c.beqz a0, .", "c.bnez a0, .", "c.slli a0, 3", "c.lwsp a0, 4(sp)"],
  ...["c.flwsp fa0, 4(sp)", "c.jr a0", "c.mv a0, a1", "c.ebreak", "c.jalr a0", "c.add a0, a1"],
  ...[
    "c.swsp a0, 4(sp)",
    "c.fswsp fa0, 4(sp)",
    "c.lw a0, 4(a1)",
    "c.flw fa0, 4(a1)",
    "c.sw a0, 4(a1)",
  ],
  ...["c.fsw fa0, 4(a1)", "c.addi4spn a0, sp, 8"],
];
