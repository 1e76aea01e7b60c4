/*
 * dual_issue_scan.h - the recurrence of one group of 4 channels for processors that begin two instructions a cycle, as
 * the Cortex-M7 does, by cycles: a load or store runs beside each addition and product, and none behind a
 * multiply-accumulate, where for three cycles neither a sum nor vldm may begin. A search over the pipeline model's
 * cycles has found the order and the registers. Same bits as the portable one. Knows one frame where nothing has
 * to be clamped.
 */
#ifndef MLM_DUAL_ISSUE_SCAN_H
#define MLM_DUAL_ISSUE_SCAN_H

#include "cortex_m7.h"

#if MLM_DUAL_ISSUE

/* Coefficients that become sums and are loaded again for each state; then what is loaded once. */
static const float dual_issue_scan_constants[] = {MLM_EXP2_C4,
                                                  MLM_EXP2_C4,
                                                  MLM_EXP2_C4,
                                                  MLM_EXP2_C4, /* [0] */
                                                  MLM_EXP2_C2,
                                                  MLM_EXP2_C2,
                                                  MLM_EXP2_C2,
                                                  MLM_EXP2_C2, /* [16] */
                                                  1.0f,
                                                  1.0f,
                                                  1.0f,
                                                  1.0f, /* [32] */
                                                  MLM_ROUND_MAGIC,
                                                  MLM_EXP2_C5,
                                                  MLM_EXP2_C3,
                                                  MLM_EXP2_C1};

/* One instruction a line. */
/* clang-format off */

/*
 * y = D x, then for each of `states` >= 1 states: h = 2^(dt a) h + dt x B, y += h C; x becomes y. No dt a is below
 * MLM_EXP2_MIN. s0-s3 are dt, s4-s7 dt x, s8-s11 y, s12-s15 constants. A turn begins with dt a (s23, s31, s19, s29)
 * and ends with the next state's; in the last one that is its own again, so that nothing is read behind a.
 * 2^n is made in core registers and multiplied to the polynomial, which is exact.
 */
MLM_INLINE void dual_issue_scan_group(const float *a, float *h, const float *bc, uint32_t states,
                                      const float *dt, const float *d, float *x) {
    uint32_t i2, i3;
    __asm volatile(
        "vldmia %[i0], {s0-s3}\n"
        "vldmia %[a], {s4-s7}\n"
        "vmul.f32 s23, s4, s0\n"
        "vldr s8, [%[x]]\n"
        "vmul.f32 s31, s5, s1\n"
        "vldr s9, [%[x], #4]\n"
        "vmul.f32 s19, s6, s2\n"
        "vldr s10, [%[x], #8]\n"
        "vmul.f32 s29, s7, s3\n"
        "vldr s11, [%[x], #12]\n"
        "vmul.f32 s4, s0, s8\n"
        "vldr s12, [%[i1]]\n"
        "vmul.f32 s5, s1, s9\n"
        "vldr s13, [%[i1], #4]\n"
        "vmul.f32 s6, s2, s10\n"
        "vldr s14, [%[i1], #8]\n"
        "vmul.f32 s7, s3, s11\n"
        "vldr s15, [%[i1], #12]\n"
        "vmul.f32 s8, s8, s12\n"
        "vldr s12, [%[k], #48]\n"
        "vmul.f32 s9, s9, s13\n"
        "vldr s13, [%[k], #52]\n"
        "vmul.f32 s10, s10, s14\n"
        "vldr s14, [%[k], #56]\n"
        "vmul.f32 s11, s11, s15\n"
        "vldr s15, [%[k], #60]\n"
        "1:\n"
        "vadd.f32 s22, s31, s12\n"
        "vldr s25, [%[k], #32]\n"
        "vadd.f32 s21, s23, s12\n"
        "vldr s20, [%[k], #24]\n"
        "vadd.f32 s16, s19, s12\n"
        "vadd.f32 s17, s29, s12\n"
        "vmov %[i0], %[i1], s21, s22\n"
        "vldr s18, [%[k], #12]\n"
        "vsub.f32 s26, s22, s12\n"
        "vsub.f32 s22, s16, s12\n"
        "add %[i1], %[one], %[i1], lsl #23\n"
        "vsub.f32 s21, s21, s12\n"
        "vldr s27, [%[k], #20]\n"
        "vmov %[i2], %[i3], s16, s17\n"
        "vsub.f32 s16, s17, s12\n"
        "vldr s17, [%[k], #36]\n"
        "vldr s30, [%[k], #4]\n"
        "vsub.f32 s26, s31, s26\n"
        "vsub.f32 s21, s23, s21\n"
        "vsub.f32 s16, s29, s16\n"
        "add %[i3], %[one], %[i3], lsl #23\n"
        "vsub.f32 s22, s19, s22\n"
        "vldr s19, [%[k], #16]\n"
        "vmla.f32 s25, s21, s15\n"
        "vldr s23, [%[k]]\n"
        "vmla.f32 s30, s26, s13\n"
        "vmla.f32 s18, s16, s13\n"
        "add %[i0], %[one], %[i0], lsl #23\n"
        "add %[i2], %[one], %[i2], lsl #23\n"
        "vmla.f32 s27, s26, s14\n"
        "vldr s29, [%[k], #28]\n"
        "vmul.f32 s31, s26, s26\n"
        "vmla.f32 s19, s21, s14\n"
        "vmla.f32 s29, s16, s14\n"
        "vmla.f32 s27, s30, s31\n"
        "vmla.f32 s17, s26, s15\n"
        "vldr s26, [%[k], #44]\n"
        "vmul.f32 s30, s16, s16\n"
        "vmla.f32 s23, s21, s13\n"
        "subs %[states], #1\n"
        "vmla.f32 s26, s16, s15\n"
        "it ne\n"
        "addne %[a], #16\n"
        "vldr s16, [%[k], #8]\n"
        "vmul.f32 s21, s21, s21\n"
        "vmla.f32 s29, s18, s30\n"
        "vmla.f32 s17, s27, s31\n"
        "vmla.f32 s16, s22, s13\n"
        "vldr s31, [%[k], #40]\n"
        "vmul.f32 s27, s22, s22\n"
        "vmla.f32 s20, s22, s14\n"
        "vmla.f32 s19, s23, s21\n"
        "vmla.f32 s26, s29, s30\n"
        "vmov s29, s30, %[i0], %[i1]\n"
        "vmla.f32 s31, s22, s15\n"
        "vmla.f32 s20, s16, s27\n"
        "vldr s22, [%[bc]]\n"
        "vmul.f32 s17, s17, s30\n"
        "vmla.f32 s25, s19, s21\n"
        "vmov s18, s19, %[i2], %[i3]\n"
        "vldr s21, [%[h], #4]\n"
        "vmul.f32 s30, s7, s22\n"
        "vmul.f32 s16, s5, s22\n"
        "vmla.f32 s31, s20, s27\n"
        "vldr s27, [%[a]]\n"
        "vmla.f32 s16, s17, s21\n"
        "vldr s21, [%[h]]\n"
        "vmul.f32 s23, s27, s0\n"
        "vldr s27, [%[a], #4]\n"
        "vmul.f32 s29, s25, s29\n"
        "vldr s25, [%[a], #12]\n"
        "vmul.f32 s19, s26, s19\n"
        "vmul.f32 s26, s4, s22\n"
        "vldr s17, [%[bc], #4]\n"
        "vldr s20, [%[h], #8]\n"
        "vmul.f32 s22, s6, s22\n"
        "vstr s16, [%[h], #4]\n"
        "vmul.f32 s18, s31, s18\n"
        "vldr s31, [%[h], #12]\n"
        "vmla.f32 s26, s29, s21\n"
        "vmla.f32 s30, s19, s31\n"
        "vmla.f32 s22, s18, s20\n"
        "vldr s20, [%[a], #8]\n"
        "vmla.f32 s9, s16, s17\n"
        "vstr s26, [%[h]]\n"
        "vmul.f32 s29, s25, s3\n"
        "vmla.f32 s8, s26, s17\n"
        "add %[bc], #8\n"
        "vmla.f32 s11, s30, s17\n"
        "vmla.f32 s10, s22, s17\n"
        "vstr s22, [%[h], #8]\n"
        "vmul.f32 s31, s27, s1\n"
        "vstr s30, [%[h], #12]\n"
        "add %[h], #16\n"
        "vmul.f32 s19, s20, s2\n"
        "bne 1b\n"
        "vstmia %[x], {s8-s11}\n"
        : [a] "+&r"(a), [h] "+&r"(h), [bc] "+&r"(bc), [states] "+&r"(states), [i0] "+&r"(dt),
          [i1] "+&r"(d), [i2] "=&r"(i2), [i3] "=&r"(i3)
        : [x] "r"(x), [k] "r"(dual_issue_scan_constants), [one] "r"(f32_bits(1.0f))
        : "cc", "memory", LOW_REGISTERS, HIGH_REGISTERS);
}

/* clang-format on */

#endif
#endif
