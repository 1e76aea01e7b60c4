/*
 * causal_conv_int_armv6m.h - the usual convolution of causal_conv_int.c on Cortex-M0, where it has biases and no
 * multipliers. For it alone.
 */
#ifndef MLM_CAUSAL_CONV_INT_ARMV6M_H
#define MLM_CAUSAL_CONV_INT_ARMV6M_H

/* What channels have in common or move on in, as the assembly below finds it. */
typedef struct convolution_frame {
    uint32_t row, two_rows; /* bytes, of the history */
    int32_t half;           /* offset 8 */
    uint32_t shift;
    const int16_t *end; /* 16: of x */
} convolution_frame;

/* Returns how many channels it has done. */
static MLM_NOINLINE uint32_t convolve_some(const conv *op, int16_t *x) {
    if (op->multiplier || !op->bias || op->width == 0) return 0;
    const uint32_t row = mlm_padded(op->width) * (uint32_t)sizeof *x;
    const convolution_frame frame = {row, 2 * row, (int32_t)((1u << op->shift) >> 1), op->shift,
                                     x + op->width};
    register const int16_t *r0 __asm__("r0") = op->weight;
    register const int32_t *r1 __asm__("r1") = op->bias;
    register int16_t *r2 __asm__("r2") = op->history;
    register int16_t *r3 __asm__("r3") = x;
    register const convolution_frame *r4 __asm__("r4") = &frame;
    /* clang-format off */
    __asm__ volatile(
        ".syntax unified\n"
        "ldmia r4!, {r5, r6, r7}\n"
        "mov r8, r5\n"
        "mov r9, r6\n"
        "mov r10, r7\n"
        "ldmia r4!, {r5, r6}\n"
        "mov r11, r5\n"
        "mov r12, r6\n"
        "1:\n" /* a channel: its sum in r7, two taps in r6 */
        "ldmia r1!, {r7}\n"
        "ldmia r0!, {r6}\n"
        "movs r4, #0\n"
        "ldrsh r5, [r2, r4]\n"
        "sxth r4, r6\n"
        "muls r5, r4\n"
        "adds r7, r5\n"
        "mov r4, r8\n"
        "ldrsh r5, [r2, r4]\n"
        "asrs r6, r6, #16\n"
        "strh r5, [r2]\n"
        "muls r6, r5\n"
        "adds r7, r6\n"
        "ldmia r0!, {r6}\n"
        "mov r5, r9\n"
        "ldrsh r5, [r2, r5]\n"
        "strh r5, [r2, r4]\n"
        "sxth r4, r6\n"
        "muls r5, r4\n"
        "adds r7, r5\n"
        "movs r4, #0\n"
        "ldrsh r5, [r3, r4]\n"
        "mov r4, r9\n"
        "asrs r6, r6, #16\n"
        "strh r5, [r2, r4]\n"
        "muls r6, r5\n"
        "adds r7, r6\n"
        "add r7, r10\n"
        "mov r4, r11\n"
        "asrs r7, r4\n"
        "sxth r4, r7\n"
        "cmp r4, r7\n"
        "bne 3f\n"
        "2:\n"
        "strh r7, [r3]\n"
        "adds r2, #2\n"
        "adds r3, #2\n"
        "cmp r3, r12\n"
        "bne 1b\n"
        "b 4f\n"
        "3:\n" /* the end of 16 bits that is nearest */
        "movs r4, #1\n"
        "lsls r4, #15\n"
        "subs r4, #1\n"
        "asrs r7, #31\n"
        "eors r7, r4\n"
        "b 2b\n"
        "4:\n"
        : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3), "+r"(r4)
        :
        : "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "cc", "memory");
    /* clang-format on */
    return op->width;
}

#endif
