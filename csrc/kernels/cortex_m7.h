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
#define RAISE_LOW(limit) EACH(RAISE, S0_3, limit)
#define AT_LEAST(x, limit) EACH(RAISE, x, limit)
#define AT_MOST(x, limit) EACH(LOWER, x, limit)
#define AT_MOST_OF(to, x, limit) FOUR2("vmov", to, x) EACH(LOWER, to, limit)
#else
/* s0-s3, each one's comparison on its way while the one before it is chosen. */
#define CHOOSE(x, limit) ONE3("vselgt", x, limit, x)
#define RAISE_LOW(limit) \
    "vcmp.f32 " limit ", s0\n" \
    "vmrs APSR_nzcv, FPSCR\n" \
    "vcmp.f32 " limit ", s1\n" \
    CHOOSE("s0", limit) \
    "vmrs APSR_nzcv, FPSCR\n" \
    "vcmp.f32 " limit ", s2\n" \
    CHOOSE("s1", limit) \
    "vmrs APSR_nzcv, FPSCR\n" \
    "vcmp.f32 " limit ", s3\n" \
    CHOOSE("s2", limit) \
    "vmrs APSR_nzcv, FPSCR\n" \
    CHOOSE("s3", limit)
#define AT_LEAST(x, limit) FOUR3("vmaxnm", x, x, SAME(limit))
#define AT_MOST(x, limit) FOUR3("vminnm", x, x, SAME(limit))
#define AT_MOST_OF(to, x, limit) FOUR3("vminnm", to, x, SAME(limit))
#endif

/* Adds the integers in the low bits of i0 .. i3 to the exponents of p0 .. p3 (v4_add_exponent). */
#define ADD_EXPONENT(i) "add %[p" i "], %[p" i "], %[i" i "], lsl #23\n"
#define CORE_TEMPORARIES [i0] "=&r"(i0), [i1] "=&r"(i1), [i2] "=&r"(i2), [i3] "=&r"(i3)
#define CORE_POWERS [p0] "=&r"(p0), [p1] "=&r"(p1), [p2] "=&r"(p2), [p3] "=&r"(p3)

/* ---- linear: one panel of 8 outputs ---------------------------------------------------------- */

#define MLA_PANEL_LOW(x, w0_3, w4_7) \
    FOUR3("vmla", S0_3, w0_3, SAME(x)) \
    FOUR3("vmla", S4_7, w4_7, SAME(x))
#define MLA_PANEL_HIGH(x, w0_3, w4_7) \
    FOUR3("vmla", S8_11, w0_3, SAME(x)) \
    FOUR3("vmla", S12_15, w4_7, SAME(x))

/*
 * For three cycles behind a multiply-accumulate a Cortex-M7 waits with vldm but not with vldr, and a vldr runs beside
 * the first one of a series: so the inputs and two of the weights come one by one, the others between the series.
 */
#define ONE_ROW_2_INPUTS(x0_at, x1_at) \
    "vldr s24, [%[x], #" x0_at "]\n" \
    "vldr s25, [%[x], #" x1_at "]\n" \
    "vldr s22, [%[w], #56]\n" \
    "vldmia %[w]!, {s8-s21}\n" \
    "vldr s23, [%[w], #4]\n" \
    ONE3("vmla", "s0", "s8", "s24") \
    "add %[w], #8\n" \
    ONE3("vmla", "s1", "s9", "s24") \
    ONE3("vmla", "s2", "s10", "s24") \
    ONE3("vmla", "s3", "s11", "s24") \
    FOUR3("vmla", S4_7, S12_15, SAME("s24")) \
    FOUR3("vmla", S0_3, S16_19, SAME("s25"))

/* y[0..8) = bias + sum over i of w[i][0..8) x[i] for each of `panels` >= 1 panels; bias_step is in bytes. */
MLM_INLINE void m7_panels_1_row(const float *w, const float *bias, uint32_t bias_step,
                                uint32_t inputs, uint32_t panels, const float *from, float *y) {
    const float *x;
    uint32_t left;
    __asm volatile(
        "1:\n"
        "vldmia %[bias], {s0-s7}\n"
        "mov %[x], %[from]\n"
        "lsrs %[left], %[inputs], #2\n"
        "add %[bias], %[bias], %[bias_step]\n"
        "beq 3f\n"
        "2:\n"
        ONE_ROW_2_INPUTS("0", "4")
        FOUR3("vmla", S4_7, S20_23, SAME("s25"))
        ONE_ROW_2_INPUTS("8", "12")
        "add %[x], #16\n"
        ONE3("vmla", "s4", "s20", "s25")
        "subs %[left], #1\n"
        ONE3("vmla", "s5", "s21", "s25")
        ONE3("vmla", "s6", "s22", "s25")
        ONE3("vmla", "s7", "s23", "s25")
        "bne 2b\n"
        "3:\n"
        "ands %[left], %[inputs], #3\n"
        "beq 5f\n"
        "4:\n"
        "vldmia %[x]!, {s24}\n"
        "vldmia %[w]!, {s8-s15}\n"
        MLA_PANEL_LOW("s24", S8_11, S12_15)
        "subs %[left], #1\n"
        "bne 4b\n"
        "5:\n"
        "subs %[panels], #1\n"
        "vstmia %[y]!, {s0-s7}\n"
        "bne 1b\n"
        : [w] "+&r"(w), [bias] "+&r"(bias), [panels] "+&r"(panels), [y] "+&r"(y), [x] "=&r"(x),
          [left] "=&r"(left)
        : [bias_step] "r"(bias_step), [inputs] "r"(inputs), [from] "r"(from)
        : "cc", "memory", LOW_REGISTERS, HIGH_REGISTERS);
}

/* In the same way; s12-s15 are behind it. */
#define TWO_ROWS_1_INPUT(x_at) \
    "vldr s24, [%[x0], #" x_at "]\n" \
    "vldr s25, [%[x1], #" x_at "]\n" \
    "vldr s22, [%[w], #24]\n" \
    "vldmia %[w]!, {s16-s21}\n" \
    "vldr s23, [%[w], #4]\n" \
    ONE3("vmla", "s0", "s16", "s24") \
    "add %[w], #8\n" \
    ONE3("vmla", "s1", "s17", "s24") \
    ONE3("vmla", "s2", "s18", "s24") \
    ONE3("vmla", "s3", "s19", "s24") \
    FOUR3("vmla", S4_7, S20_23, SAME("s24")) \
    FOUR3("vmla", S8_11, S16_19, SAME("s25"))
/* The last four of them, and on to the next inputs meanwhile. */
#define LAST_OF_TWO_ROWS(inputs_done, count) \
    ONE3("vmla", "s12", "s20", "s25") \
    "add %[x0], #" inputs_done "\n" \
    ONE3("vmla", "s13", "s21", "s25") \
    "add %[x1], #" inputs_done "\n" \
    ONE3("vmla", "s14", "s22", "s25") \
    "subs %[" count "], #1\n" \
    ONE3("vmla", "s15", "s23", "s25")

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
        TWO_ROWS_1_INPUT("0")
        FOUR3("vmla", S12_15, S20_23, SAME("s25"))
        TWO_ROWS_1_INPUT("4")
        FOUR3("vmla", S12_15, S20_23, SAME("s25"))
        TWO_ROWS_1_INPUT("8")
        FOUR3("vmla", S12_15, S20_23, SAME("s25"))
        TWO_ROWS_1_INPUT("12")
        LAST_OF_TWO_ROWS("16", "fours")
        "bne 1b\n"
        "2:\n"
        "cmp %[ones], #0\n"
        "beq 4f\n"
        "3:\n"
        TWO_ROWS_1_INPUT("0")
        LAST_OF_TWO_ROWS("4", "ones")
        "bne 3b\n"
        "4:\n"
        "vstmia %[y0], {s0-s7}\n"
        "vstmia %[y1], {s8-s15}\n"
        : [w] "+&r"(w), [x0] "+&r"(x0), [x1] "+&r"(x1), [fours] "+&r"(fours), [ones] "+&r"(ones)
        : [bias] "r"(bias), [y0] "r"(y0), [y1] "r"(y1)
        : "cc", "memory", LOW_REGISTERS, HIGH_REGISTERS);
}

#define HALF_4_ROWS(w, x0, x1, x2, x3) \
    FOUR3("vmla", S0_3, w, SAME(x0)) \
    FOUR3("vmla", S4_7, w, SAME(x1)) \
    FOUR3("vmla", S8_11, w, SAME(x2)) \
    FOUR3("vmla", S12_15, w, SAME(x3))
#define STORE_ROW(sums) \
    "vstmia %[y], {" sums "}\n" \
    "add %[y], %[y], %[y_stride], lsl #2\n"

/* Four rows of half a panel, outputs 0 .. 3 of w, bias and y: more sums for each weight and input that is loaded. */
MLM_INLINE void m7_half_4_rows(const float *w, const float *bias, uint32_t inputs, const float *x0,
                               uint32_t x_stride, float *y, uint32_t y_stride) {
    const float *x1 = x0 + x_stride, *x2 = x1 + x_stride, *x3 = x2 + x_stride;
    const float *next = w + 8; /* of the input behind w's */
    uint32_t twos = inputs / 2, one = inputs & 1u;
    __asm volatile(
        "vldmia %[bias], {s0-s3}\n"
        "vldmia %[bias], {s4-s7}\n"
        "vldmia %[bias], {s8-s11}\n"
        "vldmia %[bias], {s12-s15}\n"
        "cmp %[twos], #0\n"
        "beq 2f\n"
        "1:\n"
        "vldr s24, [%[x0]]\n"
        "vldr s25, [%[x0], #4]\n"
        "vldr s26, [%[x1]]\n"
        "vldmia %[w], {s16-s19}\n"
        "vldmia %[next], {s20-s23}\n"
        "vldmia %[x2]!, {s28-s29}\n"
        "vldmia %[x3]!, {s30-s31}\n"
        "vldr s27, [%[x1], #4]\n"
        ONE3("vmla", "s0", "s16", "s24")
        "add %[w], #64\n"
        ONE3("vmla", "s1", "s17", "s24")
        "add %[next], #64\n"
        ONE3("vmla", "s2", "s18", "s24")
        "add %[x0], #8\n"
        ONE3("vmla", "s3", "s19", "s24")
        "add %[x1], #8\n"
        FOUR3("vmla", S4_7, S16_19, SAME("s26"))
        FOUR3("vmla", S8_11, S16_19, SAME("s28"))
        FOUR3("vmla", S12_15, S16_19, SAME("s30"))
        "subs %[twos], #1\n"
        HALF_4_ROWS(S20_23, "s25", "s27", "s29", "s31")
        "bne 1b\n"
        "2:\n"
        "cmp %[one], #0\n"
        "beq 3f\n"
        "vldr s24, [%[x0]]\n"
        "vldr s26, [%[x1]]\n"
        "vldr s28, [%[x2]]\n"
        "vldr s30, [%[x3]]\n"
        "vldmia %[w], {s16-s19}\n"
        HALF_4_ROWS(S16_19, "s24", "s26", "s28", "s30")
        "3:\n"
        STORE_ROW("s0-s3")
        STORE_ROW("s4-s7")
        STORE_ROW("s8-s11")
        STORE_ROW("s12-s15")
        : [w] "+&r"(w), [next] "+&r"(next), [x0] "+&r"(x0), [x1] "+&r"(x1), [x2] "+&r"(x2),
          [x3] "+&r"(x3), [twos] "+&r"(twos), [y] "+&r"(y)
        : [bias] "r"(bias), [one] "r"(one), [y_stride] "r"(y_stride)
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
 * v4_exp_minus of s4-s7 into s12-s15. Overwrites s4-s19; expects EXP_CONSTANTS in s22-s28 and m7_exp_coefficients at
 * [k]. Estrin's order, the four lanes side by side: c0 = (c2 s^2 + c1) s^2 + c0, each first a line in s; c2 in s8-s11,
 * then c1, c0. The integers wait in core registers; `meanwhile` must run behind multiply-accumulates and may use
 * s8-s11.
 */
#define EXP_MINUS(meanwhile) \
    FOUR3("vmul", S8_11, S4_7, SAME("s22")) \
    FOUR3("vadd", S8_11, S8_11, SAME("s23")) \
    FOUR3("vsub", S12_15, S8_11, SAME("s23")) \
    FOUR3("vmla", S4_7, S12_15, SAME("s24")) \
    FOUR3("vmla", S4_7, S12_15, SAME("s25")) \
    "vmov %[i0], %[i1], s8, s9\n" \
    "vmov %[i2], %[i3], s10, s11\n" \
    "vldmia %[k], {s8-s19}\n" \
    FOUR3("vmls", S8_11, S4_7, SAME("s26")) \
    FOUR3("vmls", S12_15, S4_7, SAME("s27")) \
    FOUR3("vmls", S16_19, S4_7, SAME("s28")) \
    FOUR3("vmul", S4_7, S4_7, S4_7) \
    FOUR3("vmla", S12_15, S8_11, S4_7) \
    FOUR3("vmla", S16_19, S12_15, S4_7) \
    meanwhile \
    "vmov %[p0], %[p1], s16, s17\n" \
    "vmov %[p2], %[p3], s18, s19\n" \
    ADD_EXPONENT("0") \
    ADD_EXPONENT("1") \
    ADD_EXPONENT("2") \
    "vmov s12, s13, %[p0], %[p1]\n" \
    ADD_EXPONENT("3") \
    "vmov s14, s15, %[p2], %[p3]\n"
#define EXP_CONSTANTS(magic) \
    -MLM_LOG2_E, magic, MLM_LN2_HIGH, MLM_LN2_LOW, MLM_EXP_C5, MLM_EXP_C3, MLM_EXP_C1

static const float m7_exp_coefficients[] = {SAME(MLM_EXP_C4), SAME(MLM_EXP_C2), SAME(1.0f)};
static const float m7_silu_constants[] = {MLM_SILU_MAX, EXP_CONSTANTS(MLM_ROUND_MAGIC),
                                          MLM_SILU_MIN, 1.0f};

/* SiLU of s0-s3 into s4-s7; m7_silu_constants in s21-s30. */
#define SILU(meanwhile) \
    RAISE_LOW("s29") \
    AT_MOST_OF(S4_7, S0_3, "s21") \
    EXP_MINUS(meanwhile) \
    FOUR3("vadd", S12_15, S12_15, SAME("s30")) \
    FOUR3("vdiv", S4_7, S0_3, S12_15)

/* x = SiLU(x) for `groups` >= 1 groups of 4 */
MLM_INLINE void m7_silu(float *x, uint32_t groups) {
    uint32_t i0, i1, i2, i3, p0, p1, p2, p3;
    __asm volatile(
        "vldmia %[constants], {s21-s30}\n"
        "1:\n"
        "vldmia %[x], {s0-s3}\n"
        SILU("")
        "vstmia %[x]!, {s4-s7}\n"
        "subs %[groups], #1\n"
        "bne 1b\n"
        : [x] "+&r"(x), [groups] "+&r"(groups), CORE_TEMPORARIES, CORE_POWERS
        : [constants] "r"(m7_silu_constants), [k] "r"(m7_exp_coefficients)
        : "cc", "memory", LOW_REGISTERS, HIGH_REGISTERS);
}

#define LOAD_GATED \
    "vldr s8, [%[x]]\n" \
    "vldr s9, [%[x], #4]\n" \
    "vldr s10, [%[x], #8]\n" \
    "vldr s11, [%[x], #12]\n"

/* x = x SiLU(z) for `groups` >= 1 groups of 4 */
MLM_INLINE void m7_gate(float *x, const float *z, uint32_t groups) {
    uint32_t i0, i1, i2, i3, p0, p1, p2, p3;
    __asm volatile(
        "vldmia %[constants], {s21-s30}\n"
        "1:\n"
        "vldmia %[z]!, {s0-s3}\n"
        SILU(LOAD_GATED)
        FOUR3("vmul", S4_7, S8_11, S4_7)
        "vstmia %[x]!, {s4-s7}\n"
        "subs %[groups], #1\n"
        "bne 1b\n"
        : [x] "+&r"(x), [z] "+&r"(z), [groups] "+&r"(groups), CORE_TEMPORARIES, CORE_POWERS
        : [constants] "r"(m7_silu_constants), [k] "r"(m7_exp_coefficients)
        : "cc", "memory", LOW_REGISTERS, HIGH_REGISTERS);
}

/*
 * s12-s15 = log1p's polynomial of q^2 in s12-s15, m7_log1p_coefficients at [l]. Estrin's order in q^2, the four lanes
 * side by side: (c3 q^4 + c1) q^2 + C0, c3 and c1 first a line each, in s4-s7 and s8-s11; q^4 in s0-s3; C4 in s31.
 * The sum with C0 is an addition of its own, as that needs no register a lane. C2 and C0 are in s20 and s21 meanwhile.
 */
#define LOG1P_POLYNOMIAL \
    "vldmia %[l], {s4-s11}\n" \
    "vldr s20, [%[l], #32]\n" \
    ONE3("vmul", "s0", "s12", "s12") \
    "vldr s21, [%[l], #36]\n" \
    ONE3("vmul", "s1", "s13", "s13") \
    ONE3("vmul", "s2", "s14", "s14") \
    ONE3("vmul", "s3", "s15", "s15") \
    FOUR3("vmla", S4_7, S12_15, SAME("s31")) \
    FOUR3("vmla", S8_11, S12_15, SAME("s20")) \
    FOUR3("vmla", S8_11, S4_7, S0_3) \
    "vldr s20, [%[l], #40]\n" \
    FOUR3("vmul", S12_15, S8_11, S12_15) \
    FOUR3("vadd", S12_15, S12_15, SAME("s21")) \
    "vldr s21, [%[l], #44]\n"

static const float m7_softplus_constants[] = {
    0.0f, MLM_EXP_MAX, EXP_CONSTANTS(MLM_EXP_MAGIC), MLM_TWO_TO_MINUS_64, 2.0f, MLM_LOG1P_C4};
/* Behind C2 and C0, what their registers held. */
static const float m7_log1p_coefficients[] = {SAME(MLM_LOG1P_C3), SAME(MLM_LOG1P_C1), MLM_LOG1P_C2,
                                              MLM_LOG1P_C0,       0.0f,               MLM_EXP_MAX};

/* x = softplus(x) for `groups` >= 1 groups of 4 */
MLM_INLINE void m7_softplus(float *x, uint32_t groups) {
    uint32_t i0, i1, i2, i3, p0, p1, p2, p3;
    __asm volatile(
        "vldmia %[constants], {s20-s31}\n"
        "1:\n"
        "vldmia %[x], {s0-s3}\n"
        FOUR2("vabs", S4_7, S0_3)
        AT_MOST(S4_7, "s21")
        EXP_MINUS("")
        FOUR3("vmul", S12_15, S12_15, SAME("s29")) /* e */
        FOUR3("vadd", S16_19, S12_15, SAME("s30"))
        FOUR3("vdiv", S16_19, S12_15, S16_19)      /* q */
        FOUR3("vmul", S12_15, S16_19, S16_19)      /* q^2 */
        LOG1P_POLYNOMIAL
        "vldmia %[x], {s0-s3}\n"
        RAISE_LOW("s20")
        FOUR3("vmla", S0_3, S16_19, S12_15)
        "vstmia %[x]!, {s0-s3}\n"
        "subs %[groups], #1\n"
        "bne 1b\n"
        : [x] "+&r"(x), [groups] "+&r"(groups), CORE_TEMPORARIES, CORE_POWERS
        : [constants] "r"(m7_softplus_constants), [k] "r"(m7_exp_coefficients),
          [l] "r"(m7_log1p_coefficients)
        : "cc", "memory", LOW_REGISTERS, HIGH_REGISTERS);
}

/* ---- selective scan: one group of 4 channels, one frame ------------------------------------------ */

/* Coefficients of v4_exp2_polynomial as SCAN_STATES loads them for each state, what it loads once, and what clamps. */
static const float m7_scan_constants[] __attribute__((aligned(8))) = {
    SAME(MLM_EXP2_C4), SAME(MLM_EXP2_C2), SAME(1.0f),
    MLM_ROUND_MAGIC, MLM_EXP2_C5, MLM_EXP2_C3, MLM_EXP2_C1, MLM_EXP2_MIN};

#define NO_CLAMP
/* Where it stands, s0 waits for n. */
#define CLAMP \
    "vldr s0, [%[k], #64]\n" \
    AT_LEAST(S16_19, "s0")

/*
 * For each of `states` >= 1 states: h = 2^(dt a) h + dt x B, y += h C. While one state's power is on its way through
 * the core registers, the next one's exponent is split into n (i0 .. i3) and the rest r (s16-s19): a Cortex-M7 has
 * something to do in each cycle, and for three cycles behind a multiply-accumulate only what may run there: no sum
 * and no vldm. The last state splits its own exponent again, so that nothing is read behind a. s0-s3 are r^2 for
 * Estrin's order, c0 = (c2 r^2 + c1) r^2 + c0, each first a line in r; then dt, which waits on the stack; then n.
 */
#define SCAN_STATES(clamp) \
    "vldmia %[a], {s16-s19}\n" \
    FOUR3("vmul", S16_19, S16_19, S0_3) \
    clamp \
    FOUR3("vadd", S0_3, S16_19, SAME("s12")) \
    FOUR3("vsub", S28_31, S0_3, SAME("s12")) \
    FOUR3("vsub", S16_19, S16_19, S28_31) \
    "vmov %[i0], %[i1], s0, s1\n" \
    "vmov %[i2], %[i3], s2, s3\n" \
    FOUR3("vmul", S0_3, S16_19, S16_19) \
    "1:\n" \
    "vldmia %[k], {s20-s31}\n" \
    FOUR3("vmla", S20_23, S16_19, SAME("s13")) \
    FOUR3("vmla", S24_27, S16_19, SAME("s14")) \
    FOUR3("vmla", S28_31, S16_19, SAME("s15")) \
    FOUR3("vmla", S24_27, S20_23, S0_3) \
    "vldr s16, [%[bc]]\n" \
    ONE3("vmul", "s20", "s4", "s16") \
    ONE3("vmla", "s28", "s24", "s0") \
    "subs %[states], #1\n" \
    ONE3("vmla", "s29", "s25", "s1") \
    "it ne\n" \
    "addne %[a], #16\n" \
    ONE3("vmla", "s30", "s26", "s2") \
    ONE3("vmla", "s31", "s27", "s3") \
    ONE3("vmul", "s21", "s5", "s16") \
    ONE3("vmul", "s22", "s6", "s16") \
    ONE3("vmul", "s23", "s7", "s16") \
    "vldmia %[a], {s16-s19}\n" \
    "vldmia sp, {s0-s3}\n" \
    "vmov %[p0], %[p1], s28, s29\n" \
    "vmov %[p2], %[p3], s30, s31\n" \
    ONE3("vmul", "s16", "s16", "s0") \
    ADD_EXPONENT("0") \
    ONE3("vmul", "s17", "s17", "s1") \
    ADD_EXPONENT("1") \
    ONE3("vmul", "s18", "s18", "s2") \
    ADD_EXPONENT("2") \
    ONE3("vmul", "s19", "s19", "s3") \
    ADD_EXPONENT("3") \
    clamp \
    FOUR3("vadd", S0_3, S16_19, SAME("s12")) \
    "vmov s24, s25, %[p0], %[p1]\n" \
    "vmov s26, s27, %[p2], %[p3]\n" \
    FOUR3("vsub", S28_31, S0_3, SAME("s12")) \
    "vmov %[i0], %[i1], s0, s1\n" \
    "vmov %[i2], %[i3], s2, s3\n" \
    ONE3("vsub", "s16", "s16", "s28") \
    "vldr s28, [%[h]]\n" \
    ONE3("vsub", "s17", "s17", "s29") \
    "vldr s29, [%[h], #4]\n" \
    ONE3("vsub", "s18", "s18", "s30") \
    "vldr s30, [%[h], #8]\n" \
    ONE3("vsub", "s19", "s19", "s31") \
    "vldr s31, [%[h], #12]\n" \
    FOUR3("vmla", S20_23, S24_27, S28_31) \
    "vldr s28, [%[bc], #4]\n" \
    "add %[bc], #8\n" \
    FOUR3("vmla", S8_11, S20_23, SAME("s28")) \
    ONE3("vmul", "s0", "s16", "s16") \
    ONE3("vmul", "s1", "s17", "s17") \
    ONE3("vmul", "s2", "s18", "s18") \
    "vstmia %[h]!, {s20-s23}\n" \
    ONE3("vmul", "s3", "s19", "s19") \
    "bne 1b\n"

/* y = D x, then the states; x becomes y. dt, d and x come in registers that are temporaries once they are loaded: of
 * their own, which the empty line sees to, so that the compiler finds enough. x waits on the stack, below dt. */
#define SCAN_GROUP(all_states) \
    const float *i0 = dt, *i1 = d; \
    float *i2 = x; \
    uint32_t i3, p0, p1, p2, p3; \
    __asm("" : "+r"(i0), "+r"(i1), "+r"(i2)); \
    __asm volatile( \
        "vldmia %[i0], {s0-s3}\n" \
        "vldmia %[i2], {s16-s19}\n" \
        "vldmia %[i1], {s20-s23}\n" \
        "add %[i0], %[k], #48\n" \
        "vldmia %[i0], {s12-s15}\n" \
        FOUR3("vmul", S4_7, S0_3, S16_19) \
        FOUR3("vmul", S8_11, S16_19, S20_23) \
        "push {%[i2]}\n" \
        "vpush {s0-s3}\n" \
        all_states \
        "add sp, #16\n" \
        "pop {%[i2]}\n" \
        "vstmia %[i2], {s8-s11}\n" \
        : [a] "+&r"(a), [h] "+&r"(h), [bc] "+&r"(bc), [states] "+&r"(states), \
          [i0] "+&r"(i0), [i1] "+&r"(i1), [i2] "+&r"(i2), [i3] "=&r"(i3), \
          CORE_POWERS \
        : [k] "r"(m7_scan_constants) \
        : "cc", "memory", LOW_REGISTERS, HIGH_REGISTERS)

/* Where no dt a is below MLM_EXP2_MIN. */
MLM_INLINE void m7_scan_group(const float *a, float *h, const float *bc, uint32_t states,
                              const float *dt, const float *d, float *x) {
    SCAN_GROUP(SCAN_STATES(NO_CLAMP));
}

/* Wherever it is, but not where it is NaN, which vmaxnm passes over: with dt infinite, 0 dt is. */
MLM_INLINE void m7_scan_group_clamping(const float *a, float *h, const float *bc, uint32_t states,
                                       const float *dt, const float *d, float *x) {
    SCAN_GROUP(SCAN_STATES(CLAMP));
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
#endif
#endif
