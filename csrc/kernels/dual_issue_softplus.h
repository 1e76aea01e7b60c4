/*
 * dual_issue_softplus.h - softplus for processors that begin two instructions a cycle, as the Cortex-M7 does, by cycles:
 * a load or store runs beside each addition and product, and none behind a multiply-accumulate, where for three cycles no
 * sum may begin. A search over the pipeline model's cycles has found the order and the registers. Same bits as the
 * portable ones, and the same range: who calls sees to what is out of it.
 */
#ifndef MLM_DUAL_ISSUE_SOFTPLUS_H
#define MLM_DUAL_ISSUE_SOFTPLUS_H

#include "../math/powers.h"
#include "cortex_m7.h"

#if MLM_DUAL_ISSUE

/* Coefficients that become sums and are loaded again for each group; then what is loaded once, from [80] on. */
static const float dual_issue_softplus_constants[] = {0.5f * MLM_EXP_C4,
                                                      0.5f * MLM_EXP_C4,
                                                      0.5f * MLM_EXP_C4,
                                                      0.5f * MLM_EXP_C4, /* [0] */
                                                      0.5f * MLM_EXP_C2,
                                                      0.5f * MLM_EXP_C2,
                                                      0.5f * MLM_EXP_C2,
                                                      0.5f * MLM_EXP_C2, /* [16] */
                                                      0.5f,
                                                      0.5f,
                                                      0.5f,
                                                      0.5f, /* [32] */
                                                      MLM_LOG1P_C3,
                                                      MLM_LOG1P_C3,
                                                      MLM_LOG1P_C3,
                                                      MLM_LOG1P_C3, /* [48] */
                                                      MLM_LOG1P_C1,
                                                      MLM_LOG1P_C1,
                                                      MLM_LOG1P_C1,
                                                      MLM_LOG1P_C1, /* [64] */
                                                      -MLM_LOG2_E,
                                                      MLM_POWER_MAGIC,
                                                      MLM_LN2_HIGH,
                                                      MLM_LN2_LOW,
                                                      -0.5f * MLM_EXP_C5,
                                                      -0.5f * MLM_EXP_C3,
                                                      -0.5f * MLM_EXP_C1,
                                                      MLM_LOG1P_C4,
                                                      MLM_LOG1P_C2,
                                                      MLM_LOG1P_C0,
                                                      0.0f};
_Static_assert(MLM_LOG1P_C0 == 2.0f,
               "log1p's denominator and its first coefficient share a register");

/* One instruction a line. */
/* clang-format off */

/*
 * x = softplus(x) for `groups` >= 1 groups of 4, or as far as all are in range: returns how many are left, and moves x
 * on. s0-s10 are constants.
 */
MLM_INLINE uint32_t dual_issue_softplus(float **x, uint32_t groups) {
    uint32_t i0, i1, i2, i3, i4;
    float *at = *x;
    __asm volatile(
        "add %[i0], %[k], #80\n"
        "vldmia %[i0], {s0-s10}\n"
        "1:\n"
        "vldr s22, [%[x], #8]\n"
        "vldr s24, [%[x], #12]\n"
        "vabs.f32 s11, s24\n"
        "vldr s24, [%[k], #16]\n"
        "vldr s20, [%[x]]\n"
        "vabs.f32 s22, s22\n"
        "vldr s13, [%[k]]\n"
        "vabs.f32 s26, s20\n"
        "vmul.f32 s20, s11, s0\n"
        "vldr s19, [%[x], #4]\n"
        "vabs.f32 s19, s19\n"
        "vldr s18, [%[k], #28]\n"
        "vldr s25, [%[k], #32]\n"
        "vmul.f32 s14, s22, s0\n"
        "vldr s31, [%[k], #76]\n"
        "vadd.f32 s20, s20, s1\n"
        "vldr s16, [%[k], #12]\n"
        "vmul.f32 s15, s26, s0\n"
        "vmul.f32 s23, s19, s0\n"
        "vldr s21, [%[k], #44]\n"
        "vadd.f32 s14, s14, s1\n"
        "vldr s28, [%[k], #40]\n"
        "vadd.f32 s15, s15, s1\n"
        "vmov %[i3], s20\n"
        "vadd.f32 s23, s23, s1\n"
        "vmov %[i4], s14\n"
        "vsub.f32 s14, s14, s1\n"
        "vsub.f32 s20, s20, s1\n"
        "vldr s27, [%[k], #20]\n"
        "vsub.f32 s29, s23, s1\n"
        "vmov %[i2], s23\n"
        "vsub.f32 s17, s15, s1\n"
        "vldr s23, [%[k], #4]\n"
        "vmla.f32 s11, s20, s2\n"
        "vldr s30, [%[k], #36]\n"
        "vmla.f32 s19, s29, s2\n"
        "vmla.f32 s26, s17, s2\n"
        "vmla.f32 s11, s20, s3\n"
        "vmla.f32 s19, s29, s3\n"
        "vmla.f32 s22, s14, s2\n"
        "vmla.f32 s26, s17, s3\n"
        "vmla.f32 s22, s14, s3\n"
        "vmla.f32 s16, s11, s4\n"
        "vmla.f32 s23, s19, s4\n"
        "vmla.f32 s18, s11, s5\n"
        "lsl %[i2], %[i2], #23\n"
        "vmov s14, %[i2]\n"
        "vmul.f32 s29, s11, s11\n"
        "vldr s17, [%[k], #24]\n"
        "vmul.f32 s20, s19, s19\n"
        "vmla.f32 s27, s19, s5\n"
        "vmla.f32 s18, s16, s29\n"
        "vmla.f32 s30, s19, s6\n"
        "ldr %[i2], [%[x]]\n"
        "vmla.f32 s27, s23, s20\n"
        "ldr %[i0], [%[x], #8]\n"
        "vmla.f32 s21, s11, s6\n"
        "vmla.f32 s17, s22, s5\n"
        "vldr s11, [%[k], #8]\n"
        "vmul.f32 s23, s26, s26\n"
        "vmla.f32 s13, s26, s4\n"
        "cmp %[most], %[i2], lsl #1\n"
        "vmla.f32 s24, s26, s5\n"
        "ldr %[i2], [%[x], #12]\n"
        "lsl %[i4], %[i4], #23\n"
        "vmla.f32 s30, s27, s20\n"
        "blo 2f\n"
        "vmla.f32 s11, s22, s4\n"
        "vmla.f32 s28, s22, s6\n"
        "vmla.f32 s21, s18, s29\n"
        "vmla.f32 s24, s13, s23\n"
        "vmla.f32 s25, s26, s6\n"
        "lsl %[i3], %[i3], #23\n"
        "vmov %[i1], s15\n"
        "vmul.f32 s30, s30, s14\n"
        "vldr s14, [%[k], #52]\n"
        "vmov s15, %[i3]\n"
        "vmul.f32 s22, s22, s22\n"
        "vadd.f32 s26, s30, s9\n"
        "vmla.f32 s25, s24, s23\n"
        "vmla.f32 s17, s11, s22\n"
        "lsl %[i1], %[i1], #23\n"
        "vldr s11, [%[x]]\n"
        "vdiv.f32 s30, s30, s26\n"
        "vmla.f32 s28, s17, s22\n"
        "vmov s17, %[i1]\n"
        "vmul.f32 s26, s30, s30\n"
        "vmov s22, %[i4]\n"
        "vmul.f32 s21, s21, s15\n"
        "vldr s15, [%[k], #60]\n"
        "vmul.f32 s25, s25, s17\n"
        "vldr s17, [%[k], #64]\n"
        "vmaxnm.f32 s11, s11, s10\n"
        "vadd.f32 s23, s21, s9\n"
        "vmul.f32 s28, s28, s22\n"
        "vadd.f32 s22, s25, s9\n"
        "vdiv.f32 s21, s21, s23\n"
        "vldr s23, [%[x], #4]\n"
        "vdiv.f32 s25, s25, s22\n"
        "vmul.f32 s22, s25, s25\n"
        "vadd.f32 s24, s28, s9\n"
        "vmul.f32 s29, s21, s21\n"
        "vmla.f32 s17, s22, s8\n"
        "vldr s13, [%[k], #48]\n"
        "vmla.f32 s14, s26, s7\n"
        "vmla.f32 s13, s22, s7\n"
        "vldr s18, [%[k], #68]\n"
        "vmul.f32 s20, s22, s22\n"
        "vmla.f32 s31, s29, s8\n"
        "vdiv.f32 s28, s28, s24\n"
        "vldr s24, [%[k], #56]\n"
        "vmla.f32 s15, s29, s7\n"
        "vldr s27, [%[k], #72]\n"
        "vmul.f32 s19, s28, s28\n"
        "vmla.f32 s17, s13, s20\n"
        "vmul.f32 s20, s29, s29\n"
        "vmul.f32 s13, s26, s26\n"
        "ldr %[i4], [%[x], #4]\n"
        "vmla.f32 s24, s19, s7\n"
        "vmul.f32 s16, s19, s19\n"
        "vmla.f32 s31, s15, s20\n"
        "vmla.f32 s27, s19, s8\n"
        "vmla.f32 s18, s26, s8\n"
        "vmla.f32 s27, s24, s16\n"
        "cmp %[most], %[i4], lsl #1\n"
        "vmla.f32 s18, s14, s13\n"
        "blo 2f\n"
        "cmp %[most], %[i0], lsl #1\n"
        "vmul.f32 s17, s17, s22\n"
        "vmul.f32 s31, s31, s29\n"
        "vadd.f32 s17, s17, s9\n"
        "vldr s29, [%[x], #8]\n"
        "vmul.f32 s27, s27, s19\n"
        "vadd.f32 s31, s31, s9\n"
        "vmaxnm.f32 s23, s23, s10\n"
        "blo 2f\n"
        "vadd.f32 s27, s27, s9\n"
        "vmul.f32 s18, s18, s26\n"
        "vmaxnm.f32 s29, s29, s10\n"
        "vldr s26, [%[x], #12]\n"
        "vmaxnm.f32 s26, s26, s10\n"
        "vadd.f32 s18, s18, s9\n"
        "vmla.f32 s29, s28, s27\n"
        "vmla.f32 s11, s25, s17\n"
        "cmp %[most], %[i2], lsl #1\n"
        "vmla.f32 s23, s30, s18\n"
        "blo 2f\n"
        "vmla.f32 s26, s21, s31\n"
        "vstr s29, [%[x], #8]\n"
        "subs %[groups], #1\n"
        "vstr s11, [%[x]]\n"
        "vstr s23, [%[x], #4]\n"
        "vstr s26, [%[x], #12]\n"
        "add %[x], #16\n"
        "bne 1b\n"
        "2:\n"
        : [x] "+&r"(at), [groups] "+&r"(groups),
          [i0] "=&r"(i0), [i1] "=&r"(i1), [i2] "=&r"(i2), [i3] "=&r"(i3), [i4] "=&r"(i4)
        : [k] "r"(dual_issue_softplus_constants), [most] "r"(MLM_POWER_MAX_BITS << 1)
        : "cc", "memory", LOW_REGISTERS, HIGH_REGISTERS);
    *x = at;
    return groups;
}

/* clang-format on */

#endif
#endif
