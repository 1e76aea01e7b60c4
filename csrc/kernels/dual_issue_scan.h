/*
 * dual_issue_scan.h - the recurrence of one group of 4 channels for processors that begin two instructions a cycle, as
 * the Cortex-M7 does, by cycles: a load or store runs beside each addition and product, and none behind a
 * multiply-accumulate, where for three cycles neither a sum nor vldm may begin. A search over the pipeline model's
 * cycles has found the order and the registers. Same bits as the portable one. Knows one frame where nothing has
 * to be clamped.
 */
#ifndef MLM_DUAL_ISSUE_SCAN_H
#define MLM_DUAL_ISSUE_SCAN_H

#include <stddef.h>

#include "cortex_m7.h"

#if MLM_DUAL_ISSUE

/* Coefficients that become sums and are loaded again for each state; then what is loaded once. */
static const float dual_issue_scan_constants[] = {MLM_EXP2_C4,           /* [0] */
                                                  MLM_EXP2_C2,     1.0f, /* [8] */
                                                  MLM_ROUND_MAGIC, MLM_EXP2_C5,
                                                  MLM_EXP2_C3,     MLM_EXP2_C1};

/* Where a group of channels is, and how far it is to the next frame, in bytes. */
typedef struct dual_issue_frames {
    const float *dt;
    float *x;
    uint32_t dt_step, x_step;
    const float *d;
    uint32_t states;
    uint32_t a_back, h_back; /* of a and h from a frame's last state to the first */
    uint32_t most;           /* bits of the largest dt */
    uint32_t frames;         /* that are left */
    uint32_t bc_on;          /* of bc from behind a frame's states */
} dual_issue_frames;

/* One instruction a line. */
/* clang-format off */

/* An element of dual_issue_frames by its offset, which is checked below. */
#define FRAMES_DT "#0"
#define FRAMES_X "#4"
#define FRAMES_DT_STEP "#8"
#define FRAMES_D "#16"
#define FRAMES_STATES "#20"
#define FRAMES_A_BACK "#24"
#define FRAMES_MOST "#32"
#define FRAMES_LEFT "#36"
#define FRAMES_BC_ON "#40"
_Static_assert(offsetof(dual_issue_frames, bc_on) == 40, "the assembly's offsets");

#define OUT_OF_RANGE_IF_ABOVE(bits) \
    "cmp " bits ", %[i4]\n" \
    "bhi 4f\n"

/*
 * For each frame as long as its dt are in range: y = D x, then for each of `states` >= 1 states: h = 2^(dt a) h + dt x B,
 * y += h C; x becomes y. Returns bc of the next frame. s0-s3 are dt, s4-s7 dt x, s8-s11 y, s12-s15 constants. A
 * state's turn begins with dt a and ends with the next state's; in the last one that is its own again, so that
 * nothing is read behind a.
 */
MLM_INLINE const float *dual_issue_scan_frames(dual_issue_frames *at, const float *a, float *h,
                                               const float *bc) {
    uint32_t i0, i1, i2, i3, i4, i5, states;
    __asm volatile(
        "vldr s12, [%[k], #12]\n"
        "vldr s13, [%[k], #16]\n"
        "vldr s14, [%[k], #20]\n"
        "vldr s15, [%[k], #24]\n"
        "1:\n"
        "ldr %[i0], [%[at], " FRAMES_DT "]\n"
        "ldr %[i1], [%[at], " FRAMES_X "]\n"
        "ldr %[i4], [%[at], " FRAMES_MOST "]\n"
        "ldrd %[i2], %[i3], [%[i0]]\n"
        OUT_OF_RANGE_IF_ABOVE("%[i2]")
        OUT_OF_RANGE_IF_ABOVE("%[i3]")
        "ldrd %[i2], %[i3], [%[i0], #8]\n"
        OUT_OF_RANGE_IF_ABOVE("%[i2]")
        OUT_OF_RANGE_IF_ABOVE("%[i3]")
        "ldr %[i5], [%[at], " FRAMES_D "]\n"
        "ldr %[states], [%[at], " FRAMES_STATES "]\n"
        "vldmia %[i0], {s0-s3}\n"
        "vldmia %[a], {s4-s7}\n"
        "vmul.f32 s22, s4, s0\n"
        "vldr s8, [%[i1]]\n"
        "vmul.f32 s16, s5, s1\n"
        "vldr s9, [%[i1], #4]\n"
        "vmul.f32 s30, s6, s2\n"
        "vldr s10, [%[i1], #8]\n"
        "vmul.f32 s28, s7, s3\n"
        "vldr s11, [%[i1], #12]\n"
        "vmul.f32 s4, s0, s8\n"
        "vldr s17, [%[i5]]\n"
        "vmul.f32 s5, s1, s9\n"
        "vldr s18, [%[i5], #4]\n"
        "vmul.f32 s6, s2, s10\n"
        "vldr s19, [%[i5], #8]\n"
        "vmul.f32 s7, s3, s11\n"
        "vldr s20, [%[i5], #12]\n"
        "vmul.f32 s8, s8, s17\n"
        "vmul.f32 s9, s9, s18\n"
        "vmul.f32 s10, s10, s19\n"
        "vmul.f32 s11, s11, s20\n"
        "2:\n"
        "vldr s20, [%[k]]\n"
        "vadd.f32 s24, s30, s12\n"
        "vadd.f32 s18, s22, s12\n"
        "vadd.f32 s19, s16, s12\n"
        "vldr s21, [%[k]]\n"
        "vadd.f32 s25, s28, s12\n"
        "subs %[states], #1\n"
        "vsub.f32 s17, s24, s12\n"
        "vldr s27, [%[k], #8]\n"
        "vldr s29, [%[k], #4]\n"
        "vsub.f32 s26, s18, s12\n"
        "vldr s23, [%[k]]\n"
        "vsub.f32 s31, s19, s12\n"
        "vmov %[i4], %[i1], s18, s19\n"
        "vsub.f32 s18, s25, s12\n"
        "vsub.f32 s30, s30, s17\n"
        "vldr s17, [%[k]]\n"
        "vldr s19, [%[k], #4]\n"
        "vsub.f32 s31, s16, s31\n"
        "vsub.f32 s22, s22, s26\n"
        "vldr s26, [%[k], #8]\n"
        "vmov %[i0], %[i2], s24, s25\n"
        "vldr s16, [%[bc]]\n"
        "vsub.f32 s28, s28, s18\n"
        "vmul.f32 s25, s22, s22\n"
        "vldr s18, [%[k], #4]\n"
        "vldr s24, [%[k], #4]\n"
        "vmla.f32 s23, s22, s13\n"
        "vmla.f32 s20, s31, s13\n"
        "vmla.f32 s17, s30, s13\n"
        "vmla.f32 s24, s31, s14\n"
        "vmla.f32 s26, s22, s15\n"
        "vmla.f32 s19, s22, s14\n"
        "vmla.f32 s27, s31, s15\n"
        "vldr s22, [%[k], #8]\n"
        "vmul.f32 s31, s31, s31\n"
        "vmla.f32 s19, s23, s25\n"
        "vmla.f32 s18, s28, s14\n"
        "vmla.f32 s24, s20, s31\n"
        "it ne\n"
        "addne %[a], #16\n"
        "vmla.f32 s21, s28, s13\n"
        "vmul.f32 s20, s30, s30\n"
        "vmla.f32 s29, s30, s14\n"
        "vmla.f32 s26, s19, s25\n"
        "vldr s23, [%[k], #8]\n"
        "vmul.f32 s19, s28, s28\n"
        "vmla.f32 s27, s24, s31\n"
        "vmla.f32 s29, s17, s20\n"
        "vmla.f32 s18, s21, s19\n"
        "vldr s17, [%[a], #4]\n"
        "vmul.f32 s25, s4, s16\n"
        "vmla.f32 s22, s30, s15\n"
        "vmla.f32 s23, s28, s15\n"
        "vmov %[i5], %[i3], s26, s27\n"
        "vmla.f32 s22, s29, s20\n"
        "add %[i5], %[i5], %[i4], lsl #23\n"
        "vmla.f32 s23, s18, s19\n"
        "add %[i3], %[i3], %[i1], lsl #23\n"
        "vmov s26, s27, %[i5], %[i3]\n"
        "vldr s30, [%[h], #12]\n"
        "vmul.f32 s24, s7, s16\n"
        "vldr s21, [%[h], #4]\n"
        "vldr s20, [%[h], #8]\n"
        "vldr s28, [%[h]]\n"
        "vmul.f32 s18, s5, s16\n"
        "vmul.f32 s19, s6, s16\n"
        "vldr s16, [%[bc], #4]\n"
        "vmov %[i1], %[i3], s22, s23\n"
        "add %[i3], %[i3], %[i2], lsl #23\n"
        "vmla.f32 s25, s26, s28\n"
        "vmla.f32 s18, s27, s21\n"
        "add %[i1], %[i1], %[i0], lsl #23\n"
        "vmov s22, s23, %[i1], %[i3]\n"
        "vldr s27, [%[a], #12]\n"
        "vldr s26, [%[a]]\n"
        "vldr s21, [%[a], #8]\n"
        "vmul.f32 s28, s27, s3\n"
        "vmla.f32 s24, s23, s30\n"
        "vstr s25, [%[h]]\n"
        "vmla.f32 s19, s22, s20\n"
        "vmla.f32 s9, s18, s16\n"
        "vmul.f32 s22, s26, s0\n"
        "vmla.f32 s8, s25, s16\n"
        "vstr s24, [%[h], #12]\n"
        "vmul.f32 s30, s21, s2\n"
        "vmla.f32 s11, s24, s16\n"
        "add %[bc], #8\n"
        "vmla.f32 s10, s19, s16\n"
        "vstr s18, [%[h], #4]\n"
        "vstr s19, [%[h], #8]\n"
        "add %[h], #16\n"
        "vmul.f32 s16, s17, s1\n"
        "bne 2b\n"
        "ldr %[i0], [%[at], " FRAMES_X "]\n"
        "ldrd %[i1], %[i2], [%[at], " FRAMES_DT_STEP "]\n"
        "ldr %[i3], [%[at], " FRAMES_DT "]\n"
        "vstmia %[i0], {s8-s11}\n"
        "add %[i3], %[i1]\n"
        "ldrd %[i4], %[i5], [%[at], " FRAMES_A_BACK "]\n"
        "add %[i0], %[i2]\n"
        "strd %[i3], %[i0], [%[at]]\n"
        "ldr %[i2], [%[at], " FRAMES_LEFT "]\n"
        "ldr %[i3], [%[at], " FRAMES_BC_ON "]\n"
        "sub %[a], %[i4]\n"
        "subs %[i2], #1\n"
        "sub %[h], %[i5]\n"
        "str %[i2], [%[at], " FRAMES_LEFT "]\n"
        "add %[bc], %[i3]\n"
        "bne 1b\n"
        "4:\n"
        : [a] "+&r"(a), [h] "+&r"(h), [bc] "+&r"(bc), [states] "=&r"(states), [i0] "=&r"(i0),
          [i1] "=&r"(i1), [i2] "=&r"(i2), [i3] "=&r"(i3), [i4] "=&r"(i4), [i5] "=&r"(i5)
        : [at] "r"(at), [k] "r"(dual_issue_scan_constants)
        : "cc", "memory", LOW_REGISTERS, HIGH_REGISTERS);
    return bc;
}

/* clang-format on */

#endif
#endif
