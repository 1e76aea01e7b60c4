/*
 * dual_issue_conv1d.h - a causal convolution's four frames at once for processors that begin two instructions a cycle,
 * as the Cortex-M7 does, by cycles: what is loaded serves four frames, and sums of two channels and four frames are
 * enough not to wait for one another. Same bits as the portable ones. Knows four taps.
 */
#ifndef MLM_DUAL_ISSUE_CONV1D_H
#define MLM_DUAL_ISSUE_CONV1D_H

#include "cortex_m7.h"

#if MLM_DUAL_ISSUE

/* One instruction, or one on two channels and four frames, a line. */
/* clang-format off */

#define TWO_CHANNELS(a0, a1, w0, w1, x0, x1) \
    ONE3("vmla", a0, w0, x0) \
    ONE3("vmla", a1, w1, x1)
/* Adds a tap, w0 and w1 of the two channels, of each frame's x. */
#define ADD_TAP(w0, w1, x00, x01, x10, x11, x20, x21, x30, x31) \
    TWO_CHANNELS("s0", "s1", w0, w1, x00, x01) \
    TWO_CHANNELS("s2", "s3", w0, w1, x10, x11) \
    TWO_CHANNELS("s4", "s5", w0, w1, x20, x21) \
    TWO_CHANNELS("s6", "s7", w0, w1, x30, x31)

/* As mlm_conv1d with four taps and four frames, x_stride apart, `groups` >= 1; bias_step is in bytes, of two channels. */
MLM_INLINE void dual_issue_conv1d_4_rows(const float *w, const float *bias, uint32_t bias_step,
                                         float *history, float *x0, uint32_t x_stride,
                                         uint32_t groups) {
    float *x1 = x0 + x_stride, *x2 = x1 + x_stride, *x3 = x2 + x_stride;
    uint32_t pairs = 2 * groups;
    __asm volatile(
        "1:\n"
        "vldr d0, [%[bias]]\n"
        "vldr d1, [%[bias]]\n"
        "vldr d2, [%[bias]]\n"
        "vldr d3, [%[bias]]\n"
        "vldr d4, [%[x0]]\n" /* s8-s15: x[t] .. x[t+3] */
        "vldr d5, [%[x1]]\n"
        "vldr d6, [%[x2]]\n"
        "vldr d7, [%[x3]]\n"
        "vldr d8, [%[history]]\n" /* s16-s21: x[t-3], x[t-2], x[t-1] */
        "vldr d9, [%[history], #16]\n"
        "vldr d10, [%[history], #32]\n"
        "vldr d11, [%[w]]\n" /* s22-s29 */
        "vldr d12, [%[w], #16]\n"
        "vldr d13, [%[w], #32]\n"
        "vldr d14, [%[w], #48]\n"
        ADD_TAP("s22", "s23", "s16", "s17", "s18", "s19", "s20", "s21", "s8", "s9")
        ADD_TAP("s24", "s25", "s18", "s19", "s20", "s21", "s8", "s9", "s10", "s11")
        ADD_TAP("s26", "s27", "s20", "s21", "s8", "s9", "s10", "s11", "s12", "s13")
        ADD_TAP("s28", "s29", "s8", "s9", "s10", "s11", "s12", "s13", "s14", "s15")
        "add %[w], #8\n"
        "tst %[pairs], #1\n"
        "add %[bias], %[bias], %[bias_step]\n"
        "it ne\n"
        "addne %[w], #48\n" /* on to the next group */
        "vstr d5, [%[history]]\n"
        "vstr d6, [%[history], #16]\n"
        "vstr d7, [%[history], #32]\n"
        "add %[history], #8\n"
        "it ne\n"
        "addne %[history], #32\n"
        "vstmia %[x0]!, {s0-s1}\n"
        "subs %[pairs], #1\n"
        "vstmia %[x1]!, {s2-s3}\n"
        "vstmia %[x2]!, {s4-s5}\n"
        "vstmia %[x3]!, {s6-s7}\n"
        "bne 1b\n"
        : [w] "+&r"(w), [bias] "+&r"(bias), [history] "+&r"(history), [x0] "+&r"(x0),
          [x1] "+&r"(x1), [x2] "+&r"(x2), [x3] "+&r"(x3), [pairs] "+&r"(pairs)
        : [bias_step] "r"(bias_step)
        : "cc", "memory", LOW_REGISTERS, HIGH_REGISTERS);
}

/* clang-format on */

#endif
#endif
