/*
 * logmel_arm.h - the inner loops of logmel_spectrum.c and logmel.c for Cortex-M with an FPU, with the same bits as the
 * portable ones (cortex_m7.h says how): one instruction loads or stores a complex number, which compilers do not see.
 */
#ifndef MLM_LOGMEL_ARM_H
#define MLM_LOGMEL_ARM_H

#include "cortex_m7.h"

#if MLM_CORTEX_M7
/* One instruction a line. */
/* clang-format off */

/* ---- first stage: butterflies without twiddles ----------------------------------------------------------- */

/* a + b and a - b to s16-s19; with the sum and the difference of c and d the four results, to s24-s31. */
#define M7_SUMS(a_re, a_im, b_re, b_im) \
    ONE3("vadd", "s16", a_re, b_re) \
    ONE3("vadd", "s17", a_im, b_im) \
    ONE3("vsub", "s18", a_re, b_re) \
    ONE3("vsub", "s19", a_im, b_im)
#define M7_RESULTS(sum_re, sum_im, difference_re, difference_im) \
    ONE3("vadd", "s24", "s16", sum_re) \
    ONE3("vadd", "s25", "s17", sum_im) \
    ONE3("vadd", "s26", "s18", difference_im) \
    ONE3("vsub", "s27", "s19", difference_re) \
    ONE3("vsub", "s28", "s16", sum_re) \
    ONE3("vsub", "s29", "s17", sum_im) \
    ONE3("vsub", "s30", "s18", difference_im) \
    ONE3("vadd", "s31", "s19", difference_re)
/* Loads of x and w that are `quarter` bytes on. */
#define M7_NEXT_QUARTER(x, w) \
    "add %[x_on], %[x_on], %[quarter]\n" \
    "add %[w_on], %[w_on], %[quarter]\n" \
    "vldmia %[x_on], {" x "}\n" \
    "vldmia %[w_on], {" w "}\n"
#define M7_FIRST_LOADS \
    "add %[x_on], %[x], %[quarter]\n" \
    "add %[w_on], %[w], %[quarter]\n" \
    "vldmia %[x]!, {s0-s3}\n" \
    "vldmia %[w]!, {s16-s19}\n" \
    "vldmia %[x_on], {s8-s11}\n" \
    "vldmia %[w_on], {s20-s23}\n" \
    FOUR3("vmul", S0_3, S0_3, S16_19) \
    M7_NEXT_QUARTER("s4-s7", "s24-s27") \
    FOUR3("vmul", S8_11, S8_11, S20_23) \
    FOUR3("vmul", S4_7, S4_7, S24_27)

/* Two butterflies of neighbours; their windowed numbers are a quarter (in bytes) apart, their results go to `to` and
 * `half` bytes on. The fourth numbers are 0. */
#define M7_TWO_OF_3 \
    M7_FIRST_LOADS \
    M7_SUMS("s0", "s1", "s4", "s5") \
    M7_RESULTS("s8", "s9", "s8", "s9") \
    "add %[to_on], %[to], %[half]\n" \
    "vstmia %[to], {s24-s31}\n" \
    M7_SUMS("s2", "s3", "s6", "s7") \
    M7_RESULTS("s10", "s11", "s10", "s11") \
    "vstmia %[to_on], {s24-s31}\n"

/* The same with all four. */
#define M7_TWO_OF_4 \
    M7_FIRST_LOADS \
    M7_NEXT_QUARTER("s12-s15", "s28-s31") \
    FOUR3("vmul", S12_15, S12_15, S28_31) \
    M7_SUMS("s0", "s1", "s4", "s5") \
    M7_DIFFERENCES("s8", "s9", "s12", "s13") \
    M7_RESULTS("s20", "s21", "s22", "s23") \
    "add %[to_on], %[to], %[half]\n" \
    "vstmia %[to], {s24-s31}\n" \
    M7_SUMS("s2", "s3", "s6", "s7") \
    M7_DIFFERENCES("s10", "s11", "s14", "s15") \
    M7_RESULTS("s20", "s21", "s22", "s23") \
    "vstmia %[to_on], {s24-s31}\n"
#define M7_DIFFERENCES(c_re, c_im, d_re, d_im) \
    ONE3("vadd", "s20", c_re, d_re) \
    ONE3("vadd", "s21", c_im, d_im) \
    ONE3("vsub", "s22", c_re, d_re) \
    ONE3("vsub", "s23", c_im, d_im)

/* Four butterflies, of neighbours in x and w, with results in the order of reversed bits. */
MLM_INLINE void m7_first_of_3(const float *x, const float *w, uint32_t quarter, uint32_t half, float *to) {
    const float *x_on, *w_on;
    float *to_on;
    __asm volatile(
        M7_TWO_OF_3
        "add %[to], %[to], %[half], lsr #1\n"
        M7_TWO_OF_3
        : [x] "+&r"(x), [w] "+&r"(w), [to] "+&r"(to), [x_on] "=&r"(x_on), [w_on] "=&r"(w_on),
          [to_on] "=&r"(to_on)
        : [quarter] "r"(quarter), [half] "r"(half)
        : "memory", LOW_REGISTERS, HIGH_REGISTERS);
}

MLM_INLINE void m7_first_of_4(const float *x, const float *w, uint32_t quarter, uint32_t half, float *to) {
    const float *x_on, *w_on;
    float *to_on;
    __asm volatile(
        M7_TWO_OF_4
        "add %[to], %[to], %[half], lsr #1\n"
        M7_TWO_OF_4
        : [x] "+&r"(x), [w] "+&r"(w), [to] "+&r"(to), [x_on] "=&r"(x_on), [w_on] "=&r"(w_on),
          [to_on] "=&r"(to_on)
        : [quarter] "r"(quarter), [half] "r"(half)
        : "memory", LOW_REGISTERS, HIGH_REGISTERS);
}

/* ---- later stages ------------------------------------------------------------------------------------------ */

/* x times the turn into `re`, `im`: the products of both first, so that no sum waits for them. */
#define M7_PRODUCTS(re, im, x_re, x_im, turn_re) \
    ONE3("vmul", re, x_re, turn_re) \
    ONE3("vmul", im, x_im, turn_re)
#define M7_PRODUCTS_ADDED(re, im, x_re, x_im, turn_im) \
    ONE3("vmls", re, x_im, turn_im) \
    ONE3("vmla", im, x_re, turn_im)

/* What the numbers at a, a + apart, ... are turned by: where their turns are, and how many floats on their neighbours'. */
typedef struct m7_turns {
    const float *once, *twice, *thrice;
    uint32_t step;
    float sign; /* of thrice */
} m7_turns;

/*
 * Butterflies of radix 4 of numbers `apart` bytes from each other, the first of `columns` and their neighbours to a whole
 * stage: each goes on every 4 `apart` up to `end`.
 */
MLM_INLINE void m7_radix_4(float *column, uint32_t columns, const float *end, uint32_t apart, m7_turns turns) {
    const float *const last = column + 2 * columns;
    const uint32_t step = turns.step * sizeof(float);
    float *p, *b, *c, *d;
    __asm volatile(
        "0:\n"
        "vldmia %[once], {s18-s19}\n"
        "vldmia %[twice], {s16-s17}\n"
        "vldmia %[thrice], {s20-s21}\n"
        "add %[once], %[once], %[step]\n"
        "add %[twice], %[twice], %[step], lsl #1\n"
        "add %[thrice], %[thrice], %[step]\n"
        "add %[thrice], %[thrice], %[step], lsl #1\n"
        ONE3("vmul", "s20", "s20", "%[sign]")
        ONE3("vmul", "s21", "s21", "%[sign]")
        "mov %[p], %[column]\n"
        "add %[column], %[column], #8\n"
        "1:\n"
        "add %[b], %[p], %[apart]\n"
        "add %[c], %[b], %[apart]\n"
        "add %[d], %[c], %[apart]\n"
        "vldmia %[b], {s2-s3}\n"
        "vldmia %[c], {s4-s5}\n"
        "vldmia %[d], {s6-s7}\n"
        "vldmia %[p], {s0-s1}\n"
        M7_PRODUCTS("s8", "s9", "s2", "s3", "s16")
        M7_PRODUCTS("s10", "s11", "s4", "s5", "s18")
        M7_PRODUCTS("s12", "s13", "s6", "s7", "s20")
        M7_PRODUCTS_ADDED("s8", "s9", "s2", "s3", "s17")
        M7_PRODUCTS_ADDED("s10", "s11", "s4", "s5", "s19")
        M7_PRODUCTS_ADDED("s12", "s13", "s6", "s7", "s21")
        ONE3("vadd", "s2", "s0", "s8")
        ONE3("vadd", "s3", "s1", "s9")
        ONE3("vadd", "s4", "s10", "s12")
        ONE3("vadd", "s5", "s11", "s13")
        ONE3("vsub", "s6", "s0", "s8")
        ONE3("vsub", "s7", "s1", "s9")
        ONE3("vsub", "s14", "s10", "s12")
        ONE3("vsub", "s15", "s11", "s13")
        ONE3("vadd", "s0", "s2", "s4")
        ONE3("vadd", "s1", "s3", "s5")
        ONE3("vsub", "s10", "s2", "s4")
        ONE3("vsub", "s11", "s3", "s5")
        "vstmia %[p], {s0-s1}\n"
        ONE3("vadd", "s8", "s6", "s15")
        ONE3("vsub", "s9", "s7", "s14")
        ONE3("vsub", "s12", "s6", "s15")
        ONE3("vadd", "s13", "s7", "s14")
        "vstmia %[c], {s10-s11}\n"
        "vstmia %[b], {s8-s9}\n"
        "vstmia %[d], {s12-s13}\n"
        "add %[p], %[d], %[apart]\n"
        "cmp %[p], %[end]\n"
        "bcc 1b\n"
        "cmp %[column], %[last]\n"
        "bcc 0b\n"
        : [column] "+&r"(column), [p] "=&r"(p), [b] "=&r"(b), [c] "=&r"(c), [d] "=&r"(d),
          [once] "+&r"(turns.once), [twice] "+&r"(turns.twice), [thrice] "+&r"(turns.thrice)
        : [last] "r"(last), [end] "r"(end), [apart] "r"(apart), [step] "r"(step), [sign] "t"(turns.sign)
        : "cc", "memory", LOW_REGISTERS, "s16", "s17", "s18", "s19", "s20", "s21");
}

/* ---- power ------------------------------------------------------------------------------------------------- */

/*
 * Of `count` pairs of numbers, below `p` and from `q` on, with the turns below `w`: the powers below `low` and from
 * `high` on.
 */
MLM_INLINE void m7_power_pairs(const float *p, const float *q, const float *w, uint32_t count, float *low,
                               float *high) {
    __asm volatile(
        "1:\n"
        "vldmdb %[p]!, {s0-s1}\n"
        "vldmia %[q]!, {s2-s3}\n"
        "vldmdb %[w]!, {s4-s5}\n"
        ONE3("vadd", "s6", "s1", "s3") /* odd */
        ONE3("vsub", "s7", "s2", "s0")
        ONE3("vadd", "s8", "s0", "s2") /* even */
        ONE3("vsub", "s9", "s1", "s3")
        ONE3("vmul", "s10", "s6", "s4")
        ONE3("vmul", "s11", "s7", "s4")
        ONE3("vmls", "s10", "s7", "s5")
        ONE3("vmla", "s11", "s6", "s5")
        ONE3("vadd", "s0", "s8", "s10")
        ONE3("vadd", "s1", "s9", "s11")
        ONE3("vsub", "s2", "s8", "s10")
        ONE3("vsub", "s3", "s9", "s11")
        ONE3("vmul", "s4", "s0", "s0")
        ONE3("vmul", "s5", "s2", "s2")
        ONE3("vmla", "s4", "s1", "s1")
        ONE3("vmla", "s5", "s3", "s3")
        "subs %[count], #1\n"
        "vstmdb %[low]!, {s4}\n"
        "vstmia %[high]!, {s5}\n"
        "bne 1b\n"
        : [p] "+&r"(p), [q] "+&r"(q), [w] "+&r"(w), [count] "+&r"(count), [low] "+&r"(low), [high] "+&r"(high)
        :
        : "cc", "memory", LOW_REGISTERS);
}

/* ---- bands ------------------------------------------------------------------------------------------------- */

/* Four sums of `fours`, at least one, products of x and y each, and the sum of those. */
MLM_INLINE float m7_dot_fours(const float *x, const float *y, uint32_t fours) {
    float sum;
    __asm volatile(
        "vldmia %[x]!, {s4-s7}\n"
        "vldmia %[y]!, {s8-s11}\n"
        "subs %[fours], #1\n"
        FOUR3("vmul", S0_3, S4_7, S8_11)
        "beq 2f\n"
        "1:\n"
        "vldmia %[x]!, {s4-s7}\n"
        "vldmia %[y]!, {s8-s11}\n"
        "subs %[fours], #1\n"
        FOUR3("vmla", S0_3, S4_7, S8_11)
        "bne 1b\n"
        "2:\n"
        ONE3("vadd", "s0", "s0", "s1")
        ONE3("vadd", "s2", "s2", "s3")
        ONE3("vadd", "%[sum]", "s0", "s2")
        : [x] "+&r"(x), [y] "+&r"(y), [fours] "+&r"(fours), [sum] "=&t"(sum)
        :
        : "cc", "memory", "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11");
    return sum;
}

/* clang-format on */
#endif
#endif
