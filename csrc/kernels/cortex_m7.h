/*
 * cortex_m7.h - the inner loops for Cortex-M with an FPU, in inline assembly, behind the same interface
 * as the portable ones and with the same bits: vmla.f32 and vmls.f32 are not fused, they round the
 * product and then the sum. Compilers do not choose them with contraction off, and spill constants
 * that one vldm brings back. Made for the Cortex-M7. Builds with FPv5 (M7, M33) define MLM_CORTEX_M7_ASM to
 * use it, builds with FPv4 (M4) MLM_CORTEX_M4_ASM: compilers do not tell the two from each other.
 */
#ifndef MLM_CORTEX_M7_H
#define MLM_CORTEX_M7_H

#if defined(MLM_CORTEX_M7_ASM) || defined(MLM_CORTEX_M4_ASM)
#define MLM_CORTEX_M7 1

/* The M7 itself, of which two instructions begin in a cycle: kernels of its own, made for cycles (dual_issue_*.h). */
#if defined(MLM_CORTEX_M7_ASM) && defined(__ARM_ARCH_7EM__)
#define MLM_DUAL_ISSUE 1
#else
#define MLM_DUAL_ISSUE 0
#endif

#include "../math/math4.h"

/* One instruction, or one on four lanes, a line. */
/* clang-format off */

#define LOW_REGISTERS \
    "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "s12", "s13", "s14", \
        "s15"
#define HIGH_REGISTERS \
    "s16", "s17", "s18", "s19", "s20", "s21", "s22", "s23", "s24", "s25", "s26", "s27", "s28", \
        "s29", "s30", "s31"

/* One instruction on lanes 0 .. 3: each argument is the list of its four registers. */
#define ONE3(op, a, b, c) op ".f32 " a ", " b ", " c "\n"
#define ONE2(op, a, b) op ".f32 " a ", " b "\n"
#define FOUR3_(op, a0, a1, a2, a3, b0, b1, b2, b3, c0, c1, c2, c3) \
    ONE3(op, a0, b0, c0) \
    ONE3(op, a1, b1, c1) \
    ONE3(op, a2, b2, c2) \
    ONE3(op, a3, b3, c3)
#define FOUR2_(op, a0, a1, a2, a3, b0, b1, b2, b3) \
    ONE2(op, a0, b0) \
    ONE2(op, a1, b1) \
    ONE2(op, a2, b2) \
    ONE2(op, a3, b3)
#define FOUR3(op, ...) FOUR3_(op, __VA_ARGS__)
#define FOUR2(op, ...) FOUR2_(op, __VA_ARGS__)
#define SAME(r) r, r, r, r
#define S0_3 "s0", "s1", "s2", "s3"
#define S4_7 "s4", "s5", "s6", "s7"
#define S8_11 "s8", "s9", "s10", "s11"
#define S12_15 "s12", "s13", "s14", "s15"
#define S16_19 "s16", "s17", "s18", "s19"
#define S20_23 "s20", "s21", "s22", "s23"
#define S24_27 "s24", "s25", "s26", "s27"
#define S28_31 "s28", "s29", "s30", "s31"

/* limit > x ? limit : x, which leaves NaN alone as vmaxnm does not; and limit < x ? limit : x. */
#define COMPARE(limit, x) \
    "vcmp.f32 " limit ", " x "\n" \
    "vmrs APSR_nzcv, FPSCR\n"
#define MOVE_IF(condition, x, limit) \
    "it " condition "\n" \
    "vmov" condition ".f32 " x ", " limit "\n"
#define EACH(...) EACH_(__VA_ARGS__)
#define EACH_(one, a0, a1, a2, a3, limit) one(a0, limit) one(a1, limit) one(a2, limit) one(a3, limit)

/* AT_LEAST and AT_MOST may give the limit for NaN: what they are made of is NaN by another way, too. FPv4 has
 * neither vsel nor vmaxnm. */
#if defined(MLM_CORTEX_M4_ASM)
#define RAISE(x, limit) COMPARE(limit, x) MOVE_IF("gt", x, limit)
#define LOWER(x, limit) COMPARE(limit, x) MOVE_IF("mi", x, limit)
#define AT_LEAST(x, limit) EACH(RAISE, x, limit)
#define AT_MOST(x, limit) EACH(LOWER, x, limit)
#define AT_MOST_OF(to, x, limit) FOUR2("vmov", to, x) EACH(LOWER, to, limit)
#else
#define RAISE(x, limit) COMPARE(limit, x) ONE3("vselgt", x, limit, x)
#define AT_LEAST(x, limit) FOUR3("vmaxnm", x, x, SAME(limit))
#define AT_MOST(x, limit) FOUR3("vminnm", x, x, SAME(limit))
#define AT_MOST_OF(to, x, limit) FOUR3("vminnm", to, x, SAME(limit))
#endif

/* Adds the integers in the low bits of n0, n1 to the exponents of p0, p1 (v4_exponent, v4_add_exponent). */
#define SCALE_PAIR(p0, p1, n0, n1, to0, to1) \
    "vmov %[i0], %[i1], " n0 ", " n1 "\n" \
    "vmov %[i2], %[i3], " p0 ", " p1 "\n" \
    "add %[i2], %[i2], %[i0], lsl #23\n" \
    "add %[i3], %[i3], %[i1], lsl #23\n" \
    "vmov " to0 ", " to1 ", %[i2], %[i3]\n"
#define CORE_TEMPORARIES [i0] "=&r"(i0), [i1] "=&r"(i1), [i2] "=&r"(i2), [i3] "=&r"(i3)

/* ---- linear: one panel of 8 outputs ---------------------------------------------------------- */

#define MLA_PANEL_LOW(x, w0_3, w4_7) \
    FOUR3("vmla", S0_3, w0_3, SAME(x)) \
    FOUR3("vmla", S4_7, w4_7, SAME(x))
#define MLA_PANEL_HIGH(x, w0_3, w4_7) \
    FOUR3("vmla", S8_11, w0_3, SAME(x)) \
    FOUR3("vmla", S12_15, w4_7, SAME(x))

#define ONE_ROW_4_INPUTS \
    "vldmia %[x]!, {s24-s27}\n" \
    "vldmia %[w]!, {s8-s23}\n" \
    MLA_PANEL_LOW("s24", S8_11, S12_15) \
    MLA_PANEL_LOW("s25", S16_19, S20_23) \
    "vldmia %[w]!, {s8-s23}\n" \
    MLA_PANEL_LOW("s26", S8_11, S12_15) \
    MLA_PANEL_LOW("s27", S16_19, S20_23)

/* y[0..8) = bias + sum over i of w[i][0..8) x[i] */
MLM_INLINE void m7_panel_1_row(const float *w, const float *bias, uint32_t inputs, const float *x,
                               float *y) {
    uint32_t eights = inputs / 8, fours = inputs & 4u, ones = inputs & 3u;
    __asm volatile(
        "vldmia %[bias], {s0-s7}\n"
        "cmp %[eights], #0\n"
        "beq 2f\n"
        "1:\n"
        ONE_ROW_4_INPUTS
        ONE_ROW_4_INPUTS
        "subs %[eights], #1\n"
        "bne 1b\n"
        "2:\n"
        "cmp %[fours], #0\n"
        "beq 3f\n"
        ONE_ROW_4_INPUTS
        "3:\n"
        "cmp %[ones], #0\n"
        "beq 5f\n"
        "4:\n"
        "vldmia %[x]!, {s24}\n"
        "vldmia %[w]!, {s8-s15}\n"
        MLA_PANEL_LOW("s24", S8_11, S12_15)
        "subs %[ones], #1\n"
        "bne 4b\n"
        "5:\n"
        "vstmia %[y], {s0-s7}\n"
        : [w] "+&r"(w), [x] "+&r"(x), [eights] "+&r"(eights), [ones] "+&r"(ones)
        : [bias] "r"(bias), [fours] "r"(fours), [y] "r"(y)
        : "cc", "memory", LOW_REGISTERS, HIGH_REGISTERS);
}

#define TWO_ROWS_1_INPUT(x0, x1) \
    "vldmia %[w]!, {s16-s23}\n" \
    MLA_PANEL_LOW(x0, S16_19, S20_23) \
    MLA_PANEL_HIGH(x1, S16_19, S20_23)

/* The same for two rows of x and y, each weight loaded once. */
MLM_INLINE void m7_panel_2_rows(const float *w, const float *bias, uint32_t inputs, const float *x0,
                                const float *x1, float *y0, float *y1) {
    uint32_t fours = inputs / 4, ones = inputs & 3u;
    __asm volatile(
        "vldmia %[bias], {s0-s7}\n"
        "vldmia %[bias], {s8-s15}\n"
        "cmp %[fours], #0\n"
        "beq 2f\n"
        "1:\n"
        "vldmia %[x0]!, {s24-s27}\n"
        "vldmia %[x1]!, {s28-s31}\n"
        TWO_ROWS_1_INPUT("s24", "s28")
        TWO_ROWS_1_INPUT("s25", "s29")
        TWO_ROWS_1_INPUT("s26", "s30")
        TWO_ROWS_1_INPUT("s27", "s31")
        "subs %[fours], #1\n"
        "bne 1b\n"
        "2:\n"
        "cmp %[ones], #0\n"
        "beq 4f\n"
        "3:\n"
        "vldmia %[x0]!, {s24}\n"
        "vldmia %[x1]!, {s28}\n"
        TWO_ROWS_1_INPUT("s24", "s28")
        "subs %[ones], #1\n"
        "bne 3b\n"
        "4:\n"
        "vstmia %[y0], {s0-s7}\n"
        "vstmia %[y1], {s8-s15}\n"
        : [w] "+&r"(w), [x0] "+&r"(x0), [x1] "+&r"(x1), [fours] "+&r"(fours), [ones] "+&r"(ones)
        : [bias] "r"(bias), [y0] "r"(y0), [y1] "r"(y1)
        : "cc", "memory", LOW_REGISTERS, HIGH_REGISTERS);
}

/* ---- linear of i8: one panel of 8 outputs ---------------------------------------------------- */

/* The 8 weights of an input into s16-s23; the first load moves on. */
#define TWO_BYTES(i0, i1, load0, load1, to0, to1) \
    "ldrsb %[" i0 "], " load0 "\n" \
    "ldrsb %[" i1 "], " load1 "\n" \
    "vmov " to0 ", " to1 ", %[" i0 "], %[" i1 "]\n"
#define WIDEN_PANEL \
    TWO_BYTES("i0", "i1", "[%[w]], #8", "[%[w], #-6]", "s16", "s17") \
    TWO_BYTES("i2", "i3", "[%[w], #-4]", "[%[w], #-2]", "s18", "s19") \
    TO_FLOATS(S16_19) \
    TWO_BYTES("i0", "i1", "[%[w], #-7]", "[%[w], #-5]", "s20", "s21") \
    TWO_BYTES("i2", "i3", "[%[w], #-3]", "[%[w], #-1]", "s22", "s23") \
    TO_FLOATS(S20_23)
#define TO_FLOATS(...) TO_FLOATS_(__VA_ARGS__)
#define TO_FLOATS_(a0, a1, a2, a3) \
    "vcvt.f32.s32 " a0 ", " a0 "\n" \
    "vcvt.f32.s32 " a1 ", " a1 "\n" \
    "vcvt.f32.s32 " a2 ", " a2 "\n" \
    "vcvt.f32.s32 " a3 ", " a3 "\n"
#define I8_ONE_INPUT(x) \
    WIDEN_PANEL \
    MLA_PANEL_LOW(x, S16_19, S20_23)
#define ZERO_LOW \
    "mov %[i0], #0\n" \
    "vmov s0, s1, %[i0], %[i0]\n" \
    "vmov s2, s3, %[i0], %[i0]\n" \
    "vmov s4, s5, %[i0], %[i0]\n" \
    "vmov s6, s7, %[i0], %[i0]\n"
#define ZERO_HIGH \
    "vmov s8, s9, %[i0], %[i0]\n" \
    "vmov s10, s11, %[i0], %[i0]\n" \
    "vmov s12, s13, %[i0], %[i0]\n" \
    "vmov s14, s15, %[i0], %[i0]\n"

/* y[0..8) = (sum over i of w[i][0..8) x[i]) scales + bias */
MLM_INLINE void m7_i8_panel_1_row(const int8_t *w, const float *scales, const float *bias,
                                  uint32_t inputs, const float *x, float *y) {
    uint32_t i0, i1, i2, i3, fours = inputs / 4, ones = inputs & 3u;
    __asm volatile(
        ZERO_LOW
        "cmp %[fours], #0\n"
        "beq 2f\n"
        "1:\n"
        "vldmia %[x]!, {s24-s27}\n"
        I8_ONE_INPUT("s24")
        I8_ONE_INPUT("s25")
        I8_ONE_INPUT("s26")
        I8_ONE_INPUT("s27")
        "subs %[fours], #1\n"
        "bne 1b\n"
        "2:\n"
        "cmp %[ones], #0\n"
        "beq 4f\n"
        "3:\n"
        "vldmia %[x]!, {s24}\n"
        I8_ONE_INPUT("s24")
        "subs %[ones], #1\n"
        "bne 3b\n"
        "4:\n"
        "vldmia %[bias], {s8-s15}\n"
        "vldmia %[scales], {s16-s23}\n"
        FOUR3("vmla", S8_11, S0_3, S16_19)
        FOUR3("vmla", S12_15, S4_7, S20_23)
        "vstmia %[y], {s8-s15}\n"
        : [w] "+&r"(w), [x] "+&r"(x), [fours] "+&r"(fours), [ones] "+&r"(ones), CORE_TEMPORARIES
        : [scales] "r"(scales), [bias] "r"(bias), [y] "r"(y)
        : "cc", "memory", LOW_REGISTERS, HIGH_REGISTERS);
}

#define I8_TWO_ROWS_1_INPUT \
    "vldmia %[x0]!, {s24}\n" \
    "vldmia %[x1]!, {s25}\n" \
    WIDEN_PANEL \
    MLA_PANEL_LOW("s24", S16_19, S20_23) \
    MLA_PANEL_HIGH("s25", S16_19, S20_23)

/* The same for two rows of x and y, each weight made a float once; two inputs a turn, the first turn from its
 * middle if they are odd. */
MLM_INLINE void m7_i8_panel_2_rows(const int8_t *w, const float *scales, const float *bias,
                                   uint32_t inputs, const float *x0, const float *x1, float *y0,
                                   float *y1) {
    uint32_t i0, i1, i2, i3;
    __asm volatile(
        ZERO_LOW
        ZERO_HIGH
        "lsrs %[inputs], %[inputs], #1\n"
        "bcc 1f\n"
        "add %[inputs], %[inputs], #1\n"
        "b 2f\n"
        "1:\n"
        I8_TWO_ROWS_1_INPUT
        "2:\n"
        I8_TWO_ROWS_1_INPUT
        "subs %[inputs], #1\n"
        "bne 1b\n"
        "vldmia %[scales], {s16-s23}\n"
        "vldmia %[bias], {s24-s31}\n"
        FOUR3("vmla", S24_27, S0_3, S16_19)
        FOUR3("vmla", S28_31, S4_7, S20_23)
        "vstmia %[y0], {s24-s31}\n"
        "vldmia %[bias], {s24-s31}\n"
        FOUR3("vmla", S24_27, S8_11, S16_19)
        FOUR3("vmla", S28_31, S12_15, S20_23)
        "vstmia %[y1], {s24-s31}\n"
        : [w] "+&r"(w), [x0] "+&r"(x0), [x1] "+&r"(x1), [inputs] "+&r"(inputs), CORE_TEMPORARIES
        : [scales] "r"(scales), [bias] "r"(bias), [y0] "r"(y0), [y1] "r"(y1)
        : "cc", "memory", LOW_REGISTERS, HIGH_REGISTERS);
}

#define I8_FOUR_ROWS_1_INPUT \
    TWO_BYTES("i0", "i1", "[%[w]], #8", "[%[w], #-6]", "s16", "s17") \
    "vldmia %[x0]!, {s20}\n" \
    "vldmia %[x1]!, {s21}\n" \
    TWO_BYTES("i0", "i1", "[%[w], #-4]", "[%[w], #-2]", "s18", "s19") \
    "vldmia %[x2]!, {s22}\n" \
    "vldmia %[x3]!, {s23}\n" \
    TO_FLOATS(S16_19) \
    FOUR3("vmla", S0_3, S16_19, SAME("s20")) \
    FOUR3("vmla", S4_7, S16_19, SAME("s21")) \
    FOUR3("vmla", S8_11, S16_19, SAME("s22")) \
    FOUR3("vmla", S12_15, S16_19, SAME("s23"))
/* y = sums scales + bias of one row, and on to the next one; scales in s16-s19. */
#define STORE_HALF(sums) \
    "vldmia %[bias], {s20-s23}\n" \
    FOUR3("vmla", S20_23, sums, S16_19) \
    "vstmia %[y], {s20-s23}\n" \
    "add %[y], %[y], %[y_stride], lsl #2\n"

/* Four rows of half a panel, outputs 0 .. 3 of w, scales, bias and y: more sums for each weight that is made a
 * float. As above two inputs a turn. */
MLM_INLINE void m7_i8_half_4_rows(const int8_t *w, const float *scales, const float *bias,
                                  uint32_t inputs, const float *x0, uint32_t x_stride, float *y,
                                  uint32_t y_stride) {
    const float *x1 = x0 + x_stride, *x2 = x1 + x_stride, *x3 = x2 + x_stride;
    uint32_t i0, i1;
    __asm volatile(
        ZERO_LOW
        ZERO_HIGH
        "lsrs %[inputs], %[inputs], #1\n"
        "bcc 1f\n"
        "add %[inputs], %[inputs], #1\n"
        "b 2f\n"
        "1:\n"
        I8_FOUR_ROWS_1_INPUT
        "2:\n"
        I8_FOUR_ROWS_1_INPUT
        "subs %[inputs], #1\n"
        "bne 1b\n"
        "vldmia %[scales], {s16-s19}\n"
        STORE_HALF(S0_3)
        STORE_HALF(S4_7)
        STORE_HALF(S8_11)
        STORE_HALF(S12_15)
        : [w] "+&r"(w), [x0] "+&r"(x0), [x1] "+&r"(x1), [x2] "+&r"(x2), [x3] "+&r"(x3),
          [inputs] "+&r"(inputs), [y] "+&r"(y), [i0] "=&r"(i0), [i1] "=&r"(i1)
        : [scales] "r"(scales), [bias] "r"(bias), [y_stride] "r"(y_stride)
        : "cc", "memory", LOW_REGISTERS, HIGH_REGISTERS);
}

/* ---- conv1d: one group of 4 channels, 4 taps, one frame ------------------------------------------ */

MLM_INLINE void m7_conv1d_4_taps(const float *w, const float *bias, float *history, float *x) {
    __asm volatile(
        "vldmia %[bias], {s0-s3}\n"
        "vldmia %[history], {s4-s15}\n" /* x[t-3], x[t-2], x[t-1] */
        "vldmia %[x], {s16-s19}\n"
        "vldmia %[w]!, {s20-s27}\n"
        FOUR3("vmla", S0_3, S20_23, S4_7)
        FOUR3("vmla", S0_3, S24_27, S8_11)
        "vldmia %[w]!, {s20-s27}\n"
        FOUR3("vmla", S0_3, S20_23, S12_15)
        FOUR3("vmla", S0_3, S24_27, S16_19)
        "vstmia %[x], {s0-s3}\n"
        "vstmia %[history], {s8-s19}\n"
        : [w] "+&r"(w)
        : [bias] "r"(bias), [history] "r"(history), [x] "r"(x)
        : "memory", LOW_REGISTERS, "s16", "s17", "s18", "s19", "s20", "s21", "s22", "s23", "s24",
          "s25", "s26", "s27");
}

/* ---- e^-x and what is made of it ------------------------------------------------------------- */

/*
 * v4_exp_minus_reduce and _polynomial of s8-s11: p into s12-s15, n into s4-s7. Overwrites s8-s11 and s16-s18; expects
 * EXP_CONSTANTS in s22-s28 and exp_coefficients at [k].
 */
#define EXP_MINUS_PARTS \
    FOUR3("vmul", S4_7, S8_11, SAME("s22")) \
    FOUR3("vadd", S4_7, S4_7, SAME("s23")) \
    FOUR3("vsub", S12_15, S4_7, SAME("s23")) \
    FOUR3("vmla", S8_11, S12_15, SAME("s24")) \
    FOUR3("vmla", S8_11, S12_15, SAME("s25")) \
    EXP_POLYNOMIAL("s8", "s12", "s13", "s14") \
    EXP_POLYNOMIAL("s9", "s13", "s14", "s15") \
    EXP_POLYNOMIAL("s10", "s14", "s15", "s16") \
    EXP_POLYNOMIAL("s11", "s15", "s16", "s17")
/* Estrin's order: c0 = (c2 s^2 + c1) s^2 + c0, each first a line in s. */
#define EXP_POLYNOMIAL(s, c0, c1, c2) \
    "vldmia %[k], {" c0 "-" c2 "}\n" \
    ONE3("vmul", "s18", s, s) \
    ONE3("vmls", c2, "s26", s) \
    ONE3("vmls", c1, "s27", s) \
    ONE3("vmls", c0, "s28", s) \
    ONE3("vmla", c1, c2, "s18") \
    ONE3("vmla", c0, c1, "s18")
#define SCALE_ALL \
    SCALE_PAIR("s12", "s13", "s4", "s5", "s12", "s13") \
    SCALE_PAIR("s14", "s15", "s6", "s7", "s14", "s15")
#define EXP_CONSTANTS(magic) \
    -MLM_LOG2_E, magic, MLM_LN2_HIGH, MLM_LN2_LOW, MLM_EXP_C5, MLM_EXP_C3, MLM_EXP_C1

static const float m7_exp_coefficients[] = {1.0f, MLM_EXP_C2, MLM_EXP_C4};
static const float m7_silu_constants[] = {MLM_SILU_MAX, EXP_CONSTANTS(MLM_ROUND_MAGIC),
                                          MLM_SILU_MIN, 1.0f};

/* SiLU of s0-s3 into s4-s7; m7_silu_constants in s21-s30. */
#define SILU \
    EACH(RAISE, S0_3, "s29") \
    AT_MOST_OF(S8_11, S0_3, "s21") \
    EXP_MINUS_PARTS \
    SCALE_ALL \
    FOUR3("vadd", S12_15, S12_15, SAME("s30")) \
    FOUR3("vdiv", S4_7, S0_3, S12_15)

/* x = SiLU(x) for `groups` >= 1 groups of 4 */
MLM_INLINE void m7_silu(float *x, uint32_t groups) {
    uint32_t i0, i1, i2, i3;
    __asm volatile(
        "vldmia %[constants], {s21-s30}\n"
        "1:\n"
        "vldmia %[x], {s0-s3}\n"
        SILU
        "vstmia %[x]!, {s4-s7}\n"
        "subs %[groups], #1\n"
        "bne 1b\n"
        : [x] "+&r"(x), [groups] "+&r"(groups), CORE_TEMPORARIES
        : [constants] "r"(m7_silu_constants), [k] "r"(m7_exp_coefficients)
        : "cc", "memory", LOW_REGISTERS, HIGH_REGISTERS);
}

/* x = x SiLU(z) for `groups` >= 1 groups of 4 */
MLM_INLINE void m7_gate(float *x, const float *z, uint32_t groups) {
    uint32_t i0, i1, i2, i3;
    __asm volatile(
        "vldmia %[constants], {s21-s30}\n"
        "1:\n"
        "vldmia %[z]!, {s0-s3}\n"
        SILU
        "vldmia %[x], {s8-s11}\n"
        FOUR3("vmul", S4_7, S8_11, S4_7)
        "vstmia %[x]!, {s4-s7}\n"
        "subs %[groups], #1\n"
        "bne 1b\n"
        : [x] "+&r"(x), [z] "+&r"(z), [groups] "+&r"(groups), CORE_TEMPORARIES
        : [constants] "r"(m7_silu_constants), [k] "r"(m7_exp_coefficients)
        : "cc", "memory", LOW_REGISTERS, HIGH_REGISTERS);
}

/* Estrin's order in q^2: c0 = (c3 q^4 + c1) q^2 + c0, c3 and c1 first a line each; C4 in s31,
 * log1p_coefficients at [l]. */
#define LOG1P_POLYNOMIAL(q2, c0, c1, c3, c2) \
    "vldmia %[l], {" c0 "-" c2 "}\n" \
    ONE3("vmul", "s11", q2, q2) \
    ONE3("vmla", c3, "s31", q2) \
    ONE3("vmla", c1, c2, q2) \
    ONE3("vmla", c1, c3, "s11") \
    ONE3("vmla", c0, c1, q2)

static const float m7_softplus_constants[] = {
    0.0f, MLM_EXP_MAX, EXP_CONSTANTS(MLM_EXP_MAGIC), MLM_TWO_TO_MINUS_64, 2.0f, MLM_LOG1P_C4};
static const float m7_log1p_coefficients[] = {MLM_LOG1P_C0, MLM_LOG1P_C1, MLM_LOG1P_C3,
                                              MLM_LOG1P_C2};

/* x = softplus(x) for `groups` >= 1 groups of 4 */
MLM_INLINE void m7_softplus(float *x, uint32_t groups) {
    uint32_t i0, i1, i2, i3;
    __asm volatile(
        "vldmia %[constants], {s20-s31}\n"
        "1:\n"
        "vldmia %[x], {s0-s3}\n"
        FOUR2("vabs", S8_11, S0_3)
        AT_MOST(S8_11, "s21")
        EXP_MINUS_PARTS
        SCALE_ALL
        FOUR3("vmul", S12_15, S12_15, SAME("s29")) /* e */
        FOUR3("vadd", S16_19, S12_15, SAME("s30"))
        FOUR3("vdiv", S16_19, S12_15, S16_19)      /* q */
        FOUR3("vmul", S12_15, S16_19, S16_19)      /* q^2 */
        LOG1P_POLYNOMIAL("s12", "s4", "s5", "s6", "s7")
        LOG1P_POLYNOMIAL("s13", "s5", "s6", "s7", "s8")
        LOG1P_POLYNOMIAL("s14", "s6", "s7", "s8", "s9")
        LOG1P_POLYNOMIAL("s15", "s7", "s8", "s9", "s10")
        EACH(RAISE, S0_3, "s20")
        FOUR3("vmla", S0_3, S16_19, S4_7)
        "vstmia %[x]!, {s0-s3}\n"
        "subs %[groups], #1\n"
        "bne 1b\n"
        : [x] "+&r"(x), [groups] "+&r"(groups), CORE_TEMPORARIES
        : [constants] "r"(m7_softplus_constants), [k] "r"(m7_exp_coefficients),
          [l] "r"(m7_log1p_coefficients)
        : "cc", "memory", LOW_REGISTERS, HIGH_REGISTERS);
}

/* ---- selective scan: one group of 4 channels, one frame ------------------------------------------ */

/* v4_exp2_polynomial in Estrin's order: c0 = (c2 r^2 + c1) r^2 + c0, each first a line in r. */
#define EXP2_POLYNOMIAL(r, c0, c1, c2) \
    ONE3("vmul", "s30", r, r) \
    ONE3("vmla", c2, "s14", r) \
    ONE3("vmla", c1, "s15", r) \
    ONE3("vmla", c0, "s31", r) \
    ONE3("vmla", c1, c2, "s30") \
    ONE3("vmla", c0, c1, "s30")
/* Two powers, of r0 and r1 and the integers in the low bits of n0 and n1, which they replace. */
#define EXP2_PAIR(r0, r1, n0, n1) \
    "vldmia %[k], {s24-s29}\n" \
    EXP2_POLYNOMIAL(r0, "s26", "s25", "s24") \
    EXP2_POLYNOMIAL(r1, "s27", "s28", "s29") \
    SCALE_PAIR("s26", "s27", n0, n1, n0, n1)

/* The coefficients of a pair of polynomials, mirrored so that their results are neighbours; then what
 * SCAN_GROUP loads once. */
static const float m7_scan_constants[] __attribute__((aligned(8))) = {
    MLM_EXP2_C4,     MLM_EXP2_C2,  1.0f,        1.0f,        MLM_EXP2_C2, MLM_EXP2_C4,
    MLM_ROUND_MAGIC, MLM_EXP2_MIN, MLM_EXP2_C5, MLM_EXP2_C3, MLM_EXP2_C1};
static const float m7_round_magic[] = {SAME(MLM_ROUND_MAGIC)};

/* One state: n of dt a into s16-s19, the rest of it into s20-s23. */
#define REDUCE \
    "vldmia %[a]!, {s24-s27}\n" \
    "vldmia %[magic], {s16-s19}\n" \
    FOUR3("vmla", S16_19, S24_27, S0_3) \
    FOUR3("vsub", S20_23, S16_19, SAME("s12")) \
    FOUR3("vnmls", S20_23, S24_27, S0_3)
#define CLAMP_AND_REDUCE \
    "vldmia %[a]!, {s24-s27}\n" \
    FOUR3("vmul", S20_23, S24_27, S0_3) \
    AT_LEAST(S20_23, "s13") \
    FOUR3("vadd", S16_19, S20_23, SAME("s12")) \
    FOUR3("vsub", S24_27, S16_19, SAME("s12")) \
    FOUR3("vsub", S20_23, S20_23, S24_27)
/* dA, then h = dA h + dt x B and y += h C. */
#define UPDATE \
    EXP2_PAIR("s20", "s21", "s16", "s17") \
    EXP2_PAIR("s22", "s23", "s18", "s19") \
    "vldmia %[bc]!, {s28-s29}\n" \
    "vldmia %[h], {s24-s27}\n" \
    FOUR3("vmul", S20_23, S4_7, SAME("s28")) \
    FOUR3("vmla", S20_23, S16_19, S24_27) \
    "vstmia %[h]!, {s20-s23}\n" \
    FOUR3("vmla", S8_11, S20_23, SAME("s29"))

/* y = D x, then for each of `states` >= 1 states: h = 2^(dt a) h + dt x B, y += h C; x becomes y. Once dt and
 * d are loaded, their registers are the first two temporaries: of their own, which the empty line sees to, so
 * that the compiler finds enough. */
#define SCAN_GROUP(all_states) \
    const float *i0 = dt, *i1 = d; \
    uint32_t i2, i3; \
    __asm("" : "+r"(i0), "+r"(i1)); \
    __asm volatile( \
        "vldr d6, [%[k], #24]\n" /* s12, s13 */ \
        "vldr d7, [%[k], #32]\n" \
        "vldr s31, [%[k], #40]\n" \
        "vldmia %[i0], {s0-s3}\n" \
        "vldmia %[x], {s16-s19}\n" \
        "vldmia %[i1], {s20-s23}\n" \
        FOUR3("vmul", S4_7, S0_3, S16_19) \
        FOUR3("vmul", S8_11, S16_19, S20_23) \
        all_states \
        "vstmia %[x], {s8-s11}\n" \
        : [a] "+&r"(a), [h] "+&r"(h), [bc] "+&r"(bc), [states] "+&r"(states), \
          [i0] "+&r"(i0), [i1] "+&r"(i1), [i2] "=&r"(i2), [i3] "=&r"(i3) \
        : [x] "r"(x), [k] "r"(m7_scan_constants), \
          [magic] "r"(m7_round_magic) \
        : "cc", "memory", LOW_REGISTERS, HIGH_REGISTERS)

/* Where no dt a is below MLM_EXP2_MIN: two states a turn, the first turn from its middle if they are odd. */
MLM_INLINE void m7_scan_group(const float *a, float *h, const float *bc, uint32_t states,
                              const float *dt, const float *d, float *x) {
    SCAN_GROUP(
        "lsrs %[states], %[states], #1\n"
        "bcc 1f\n"
        "add %[states], %[states], #1\n"
        "b 2f\n"
        "1:\n"
        REDUCE
        UPDATE
        "2:\n"
        REDUCE
        UPDATE
        "subs %[states], #1\n"
        "bne 1b\n");
}

/* Wherever it is, but not where it is NaN, which vmaxnm passes over: with dt infinite, 0 dt is. */
MLM_INLINE void m7_scan_group_clamping(const float *a, float *h, const float *bc, uint32_t states,
                                       const float *dt, const float *d, float *x) {
    SCAN_GROUP(
        "1:\n"
        CLAMP_AND_REDUCE
        UPDATE
        "subs %[states], #1\n"
        "bne 1b\n");
}

/* The largest of four dt; a NaN is passed over. */
MLM_INLINE float m7_largest(const float *x) {
#if defined(MLM_CORTEX_M4_ASM)
    float most = 0.0f; /* is as good as a lesser one: no dt a is too low then */
    for (uint32_t i = 0; i < 4; i++)
        if (x[i] > most) most = x[i];
    return most;
#else
    register float most __asm("s0");
    __asm("vldmia %[x], {s0-s3}\n"
        ONE3("vmaxnm", "s0", "s0", "s1")
        ONE3("vmaxnm", "s2", "s2", "s3")
        ONE3("vmaxnm", "s0", "s0", "s2")
        : "=t"(most) : [x] "r"(x), "m"(*(const float(*)[4])x) : "s1", "s2", "s3");
    return most;
#endif
}

/* clang-format on */

#else
#define MLM_CORTEX_M7 0
#define MLM_DUAL_ISSUE 0
#endif
#endif
