/*
 * dual_issue_silu.h - SiLU and the gate that is made of it for processors that begin two instructions a cycle, as the Cortex-M7 does, by cycles:
 * a load or store runs beside each addition and product, and none behind a multiply-accumulate, where for three cycles no
 * sum may begin. A search over the pipeline model's cycles has found the order and the registers. Same bits as the
 * portable ones, and the same range: who calls sees to what is out of it.
 */
#ifndef MLM_DUAL_ISSUE_SILU_H
#define MLM_DUAL_ISSUE_SILU_H

#include "../math/powers.h"
#include "cortex_m7.h"

#if MLM_DUAL_ISSUE

/* Coefficients that become sums and are loaded again for each group; then what is loaded once, from [64] on. */
static const float dual_issue_silu_constants[] = {0.5f * MLM_EXP_C4,
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
                                                  1.0f,
                                                  1.0f,
                                                  1.0f,
                                                  1.0f, /* [48] */
                                                  -MLM_LOG2_E,
                                                  MLM_POWER_MAGIC,
                                                  MLM_LN2_HIGH,
                                                  MLM_LN2_LOW,
                                                  -0.5f * MLM_EXP_C5,
                                                  -0.5f * MLM_EXP_C3,
                                                  -0.5f * MLM_EXP_C1};

/* One instruction a line. */
/* clang-format off */

/*
 * x = SiLU(x) for `groups` >= 1 groups of 4, or as far as all are in range: returns how many are left, and moves x on.
 * s0-s6 are constants. A group's integers go through core registers while it waits for sums.
 */
MLM_INLINE uint32_t dual_issue_silu(float **x, uint32_t groups) {
    uint32_t i0, i1, i2, i3, i4;
    float *at = *x;
    __asm volatile(
        "add %[i0], %[k], #64\n"
        "vldmia %[i0], {s0-s6}\n"
        "1:\n"
        "vldr s15, [%[x], #8]\n"
        "vldr s13, [%[x], #4]\n"
        "vldr s28, [%[x]]\n"
        "vmul.f32 s18, s15, s0\n"
        "vmul.f32 s21, s13, s0\n"
        "vldr s10, [%[k], #8]\n"
        "vmul.f32 s17, s28, s0\n"
        "vldr s8, [%[x], #12]\n"
        "vmul.f32 s23, s8, s0\n"
        "vldr s31, [%[k], #24]\n"
        "vldr s7, [%[k], #60]\n"
        "vadd.f32 s11, s18, s1\n"
        "vldr s18, [%[x], #8]\n"
        "vadd.f32 s27, s21, s1\n"
        "vldr s21, [%[k], #40]\n"
        "vadd.f32 s12, s23, s1\n"
        "vadd.f32 s26, s17, s1\n"
        "vldr s17, [%[k], #4]\n"
        "vldr s23, [%[k]]\n"
        "vsub.f32 s14, s11, s1\n"
        "vldr s25, [%[k], #16]\n"
        "vsub.f32 s16, s27, s1\n"
        "vldr s22, [%[k], #36]\n"
        "vsub.f32 s20, s26, s1\n"
        "vldr s9, [%[k], #12]\n"
        "vsub.f32 s29, s12, s1\n"
        "vldr s19, [%[k], #56]\n"
        "vmla.f32 s13, s16, s2\n"
        "vmla.f32 s28, s20, s2\n"
        "vmla.f32 s15, s14, s2\n"
        "vmla.f32 s13, s16, s3\n"
        "vmov %[i3], %[i4], s11, s12\n"
        "vmla.f32 s28, s20, s3\n"
        "lsl %[i3], %[i3], #23\n"
        "vmla.f32 s8, s29, s2\n"
        "vmla.f32 s15, s14, s3\n"
        "vmov %[i0], %[i2], s26, s27\n"
        "lsl %[i0], %[i0], #23\n"
        "lsl %[i2], %[i2], #23\n"
        "vldr s26, [%[x]]\n"
        "vmul.f32 s14, s13, s13\n"
        "vldr s27, [%[k], #32]\n"
        "vldr s20, [%[k], #20]\n"
        "vldr s11, [%[k], #48]\n"
        "vmla.f32 s23, s28, s4\n"
        "vldr s12, [%[k], #44]\n"
        "vmul.f32 s16, s28, s28\n"
        "vmla.f32 s25, s28, s5\n"
        "lsl %[i4], %[i4], #23\n"
        "vmla.f32 s8, s29, s3\n"
        "vmla.f32 s21, s15, s6\n"
        "vmla.f32 s10, s15, s4\n"
        "vmul.f32 s29, s15, s15\n"
        "vmla.f32 s25, s23, s16\n"
        "ldr %[i1], [%[x], #8]\n"
        "vmov s23, s24, %[i0], %[i2]\n"
        "vmla.f32 s27, s28, s6\n"
        "ldr %[i2], [%[x]]\n"
        "vmla.f32 s31, s15, s5\n"
        "vmla.f32 s17, s13, s4\n"
        "vldr s15, [%[k], #28]\n"
        "vmul.f32 s28, s8, s8\n"
        "vmla.f32 s31, s10, s29\n"
        "vmla.f32 s27, s25, s16\n"
        "cmp %[most], %[i2], lsl #1\n"
        "ldr %[i2], [%[x], #4]\n"
        "vmla.f32 s9, s8, s4\n"
        "blo 2f\n"
        "vmla.f32 s20, s13, s5\n"
        "vmla.f32 s15, s8, s5\n"
        "cmp %[most], %[i2], lsl #1\n"
        "blo 2f\n"
        "vmla.f32 s22, s13, s6\n"
        "cmp %[most], %[i1], lsl #1\n"
        "vmla.f32 s20, s17, s14\n"
        "blo 2f\n"
        "vmla.f32 s21, s31, s29\n"
        "ldr %[i1], [%[x], #12]\n"
        "vmla.f32 s11, s27, s23\n"
        "vmla.f32 s15, s9, s28\n"
        "vmov s29, s30, %[i3], %[i4]\n"
        "vmla.f32 s12, s8, s6\n"
        "cmp %[most], %[i1], lsl #1\n"
        "vmla.f32 s22, s20, s14\n"
        "blo 2f\n"
        "subs %[groups], #1\n"
        "vmla.f32 s19, s21, s29\n"
        "vldr s29, [%[k], #52]\n"
        "vdiv.f32 s26, s26, s11\n"
        "vmla.f32 s29, s22, s24\n"
        "vldr s24, [%[x], #4]\n"
        "vmla.f32 s12, s15, s28\n"
        "vstr s26, [%[x]]\n"
        "vdiv.f32 s18, s18, s19\n"
        "vmla.f32 s7, s12, s30\n"
        "vldr s30, [%[x], #12]\n"
        "vstr s18, [%[x], #8]\n"
        "vdiv.f32 s24, s24, s29\n"
        "vstr s24, [%[x], #4]\n"
        "vdiv.f32 s30, s30, s7\n"
        "vstr s30, [%[x], #12]\n"
        "add %[x], #16\n"
        "bne 1b\n"
        "2:\n"
        : [x] "+&r"(at), [groups] "+&r"(groups),
          [i0] "=&r"(i0), [i1] "=&r"(i1), [i2] "=&r"(i2), [i3] "=&r"(i3), [i4] "=&r"(i4)
        : [k] "r"(dual_issue_silu_constants), [most] "r"(MLM_POWER_MAX_BITS << 1)
        : "cc", "memory", LOW_REGISTERS, HIGH_REGISTERS);
    *x = at;
    return groups;
}

/* x = x SiLU(z) in the same way; moves z on, too. */
MLM_INLINE uint32_t dual_issue_gate(float **x, const float **z, uint32_t groups) {
    uint32_t i0, i1, i2, i3, i4, i5;
    float *at = *x;
    const float *from = *z;
    __asm volatile(
        "add %[i0], %[k], #64\n"
        "vldmia %[i0], {s0-s6}\n"
        "1:\n"
        "vldr s11, [%[k], #16]\n"
        "vldr s9, [%[z], #12]\n"
        "vmul.f32 s14, s9, s0\n"
        "vldr s20, [%[z], #4]\n"
        "vldr s29, [%[z]]\n"
        "vmul.f32 s16, s20, s0\n"
        "vldr s12, [%[x], #8]\n"
        "vmul.f32 s28, s29, s0\n"
        "vldr s17, [%[z], #8]\n"
        "vadd.f32 s8, s14, s1\n"
        "vldr s14, [%[k], #52]\n"
        "vmul.f32 s7, s17, s0\n"
        "vldr s27, [%[k], #40]\n"
        "vadd.f32 s19, s16, s1\n"
        "vadd.f32 s18, s28, s1\n"
        "vldr s28, [%[k], #32]\n"
        "vldr s16, [%[k], #36]\n"
        "vadd.f32 s7, s7, s1\n"
        "vldr s25, [%[k]]\n"
        "vsub.f32 s23, s19, s1\n"
        "vsub.f32 s24, s18, s1\n"
        "vldr s10, [%[k], #28]\n"
        "vsub.f32 s13, s7, s1\n"
        "vldr s30, [%[k], #48]\n"
        "vldr s22, [%[k], #4]\n"
        "vsub.f32 s21, s8, s1\n"
        "vmla.f32 s29, s24, s2\n"
        "vldr s26, [%[k], #12]\n"
        "vmla.f32 s20, s23, s2\n"
        "vmla.f32 s17, s13, s2\n"
        "vmla.f32 s29, s24, s3\n"
        "vmla.f32 s9, s21, s2\n"
        "vmov %[i3], %[i2], s18, s19\n"
        "vmla.f32 s17, s13, s3\n"
        "vmla.f32 s9, s21, s3\n"
        "vmla.f32 s20, s23, s3\n"
        "lsl %[i3], %[i3], #23\n"
        "vmov %[i4], %[i0], s7, s8\n"
        "lsl %[i0], %[i0], #23\n"
        "lsl %[i4], %[i4], #23\n"
        "ldr %[i1], [%[z], #12]\n"
        "vmla.f32 s25, s29, s4\n"
        "vmla.f32 s11, s29, s5\n"
        "vldr s7, [%[k], #8]\n"
        "vmul.f32 s8, s29, s29\n"
        "lsl %[i2], %[i2], #23\n"
        "vldr s23, [%[x]]\n"
        "vldr s21, [%[k], #44]\n"
        "vldr s13, [%[k], #20]\n"
        "vmul.f32 s18, s17, s17\n"
        "vmul.f32 s19, s20, s20\n"
        "vldr s31, [%[k], #24]\n"
        "vldr s24, [%[k], #56]\n"
        "vmla.f32 s27, s17, s6\n"
        "vmla.f32 s28, s29, s6\n"
        "vmla.f32 s7, s17, s4\n"
        "ldr %[i5], [%[z]]\n"
        "vmla.f32 s11, s25, s8\n"
        "cmp %[most], %[i5], lsl #1\n"
        "vmla.f32 s31, s17, s5\n"
        "vmla.f32 s22, s20, s4\n"
        "vmla.f32 s13, s20, s5\n"
        "ldr %[i5], [%[z], #4]\n"
        "blo 2f\n"
        "vmla.f32 s16, s20, s6\n"
        "cmp %[most], %[i5], lsl #1\n"
        "vmla.f32 s31, s7, s18\n"
        "ldr %[i5], [%[z], #8]\n"
        "vmla.f32 s28, s11, s8\n"
        "vmla.f32 s21, s9, s6\n"
        "vmla.f32 s26, s9, s4\n"
        "blo 2f\n"
        "vmov s7, s8, %[i3], %[i2]\n"
        "cmp %[most], %[i5], lsl #1\n"
        "vmla.f32 s13, s22, s19\n"
        "vmla.f32 s27, s31, s18\n"
        "vldr s18, [%[z]]\n"
        "vmul.f32 s31, s9, s9\n"
        "vmla.f32 s30, s28, s7\n"
        "blo 2f\n"
        "cmp %[most], %[i1], lsl #1\n"
        "vmla.f32 s10, s9, s5\n"
        "vmov s28, s29, %[i4], %[i0]\n"
        "vmla.f32 s16, s13, s19\n"
        "vmla.f32 s10, s26, s31\n"
        "blo 2f\n"
        "vmla.f32 s24, s27, s28\n"
        "vldr s27, [%[x], #12]\n"
        "vdiv.f32 s18, s18, s30\n"
        "vldr s30, [%[k], #60]\n"
        "vmla.f32 s21, s10, s31\n"
        "vldr s31, [%[z], #8]\n"
        "vmul.f32 s18, s18, s23\n"
        "vmla.f32 s14, s16, s8\n"
        "vdiv.f32 s31, s31, s24\n"
        "vmul.f32 s31, s31, s12\n"
        "vldr s12, [%[x], #4]\n"
        "vmla.f32 s30, s21, s29\n"
        "vldr s29, [%[z], #4]\n"
        "vstr s31, [%[x], #8]\n"
        "vdiv.f32 s29, s29, s14\n"
        "vmul.f32 s29, s29, s12\n"
        "vldr s12, [%[z], #12]\n"
        "vdiv.f32 s12, s12, s30\n"
        "vstr s29, [%[x], #4]\n"
        "vmul.f32 s12, s12, s27\n"
        "vstr s18, [%[x]]\n"
        "add %[z], #16\n"
        "subs %[groups], #1\n"
        "vstr s12, [%[x], #12]\n"
        "add %[x], #16\n"
        "bne 1b\n"
        "2:\n"
        : [x] "+&r"(at), [groups] "+&r"(groups), [z] "+&r"(from),
          [i0] "=&r"(i0), [i1] "=&r"(i1), [i2] "=&r"(i2), [i3] "=&r"(i3), [i4] "=&r"(i4), [i5] "=&r"(i5)
        : [k] "r"(dual_issue_silu_constants), [most] "r"(MLM_POWER_MAX_BITS << 1)
        : "cc", "memory", LOW_REGISTERS, HIGH_REGISTERS);
    *x = at;
    *z = from;
    return groups;
}

/* clang-format on */

#endif
#endif
