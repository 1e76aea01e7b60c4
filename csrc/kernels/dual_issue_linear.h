/*
 * dual_issue_linear.h - panels of linear layers for processors that begin two instructions a cycle, as the Cortex-M7
 * does, by cycles: 1.5 a product of one row, 1.22 of four. Two vldr of neighbouring words begin together, as many words
 * a cycle as vldm loads, but they need not wait for a multiply-accumulate to end; and the first multiply-accumulate
 * behind three cycles of loads has one more beside it. So loads come three or four cycles at a time. Inputs go two at
 * a time; one that is left over is for who calls. Same bits as the portable ones.
 */
#ifndef MLM_DUAL_ISSUE_LINEAR_H
#define MLM_DUAL_ISSUE_LINEAR_H

#include "cortex_m7.h"

#if MLM_DUAL_ISSUE

/* One instruction, or one on four lanes, a line. */
/* clang-format off */

#define LOAD(to, base, at) "vldr " to ", [%[" base "], #" at "]\n"
#define MLA(sum, w, x) ONE3("vmla", sum, w, x)

/* y[0..8) = bias + sum over pairs of i of w[i][0..8) x[i] for each of `panels` >= 1 panels; bias_step is in bytes. */
MLM_INLINE void dual_issue_panels_1_row(const float *w, const float *bias, uint32_t bias_step,
                                        uint32_t inputs, uint32_t panels, const float *from,
                                        float *y) {
    const float *x;
    uint32_t left;
    __asm volatile(
        "1:\n"
        "vldmia %[bias], {s0-s7}\n"
        "mov %[x], %[from]\n"
        "lsrs %[left], %[inputs], #1\n"
        "add %[bias], %[bias], %[bias_step]\n"
        "beq 3f\n"
        "2:\n"
        LOAD("s8", "x", "0") LOAD("s9", "x", "4")
        LOAD("s10", "w", "0") LOAD("s11", "w", "4")
        LOAD("s12", "w", "8") LOAD("s13", "w", "12")
        LOAD("s14", "w", "16") LOAD("s15", "w", "20")
        MLA("s0", "s10", "s8")
        LOAD("s16", "w", "24")
        MLA("s1", "s11", "s8")
        MLA("s2", "s12", "s8")
        MLA("s3", "s13", "s8")
        MLA("s4", "s14", "s8")
        MLA("s5", "s15", "s8")
        MLA("s6", "s16", "s8")
        LOAD("s17", "w", "28") LOAD("s18", "w", "32")
        LOAD("s19", "w", "36") LOAD("s20", "w", "40")
        LOAD("s21", "w", "44") LOAD("s22", "w", "48")
        LOAD("s23", "w", "52") LOAD("s24", "w", "56")
        MLA("s7", "s17", "s8")
        LOAD("s25", "w", "60")
        MLA("s0", "s18", "s9")
        "subs %[left], #1\n"
        MLA("s1", "s19", "s9")
        "add %[x], #8\n"
        MLA("s2", "s20", "s9")
        "add %[w], #64\n"
        MLA("s3", "s21", "s9")
        MLA("s4", "s22", "s9")
        MLA("s5", "s23", "s9")
        MLA("s6", "s24", "s9")
        MLA("s7", "s25", "s9")
        "bne 2b\n"
        "3:\n"
        "lsrs %[left], %[inputs], #1\n"
        "it cs\n"
        "addcs %[w], #32\n"
        "subs %[panels], #1\n"
        "vstmia %[y]!, {s0-s7}\n"
        "bne 1b\n"
        : [w] "+&r"(w), [bias] "+&r"(bias), [panels] "+&r"(panels), [y] "+&r"(y), [x] "=&r"(x),
          [left] "=&r"(left)
        : [bias_step] "r"(bias_step), [inputs] "r"(inputs), [from] "r"(from)
        : "cc", "memory", LOW_REGISTERS, HIGH_REGISTERS);
}

#define BOTH_ROWS(w, out0, out1) \
    MLA(out0, w, "s16") \
    MLA(out1, w, "s18")
#define BOTH_ROWS_NEXT(w, out0, out1) \
    MLA(out0, w, "s17") \
    MLA(out1, w, "s19")

/* The same for two rows of x and y and one panel, each weight loaded once. */
MLM_INLINE void dual_issue_panel_2_rows(const float *w, const float *bias, uint32_t inputs,
                                        const float *x0, const float *x1, float *y0, float *y1) {
    uint32_t twos = inputs / 2;
    __asm volatile(
        "vldmia %[bias], {s0-s7}\n"
        "vldmia %[bias], {s8-s15}\n"
        "cmp %[twos], #0\n"
        "beq 2f\n"
        "1:\n"
        LOAD("s16", "x0", "0") LOAD("s17", "x0", "4")
        LOAD("s18", "x1", "0") LOAD("s19", "x1", "4")
        LOAD("s20", "w", "0") LOAD("s21", "w", "4")
        LOAD("s22", "w", "8") LOAD("s23", "w", "12")
        MLA("s0", "s20", "s16")
        LOAD("s24", "w", "16")
        MLA("s8", "s20", "s18")
        BOTH_ROWS("s21", "s1", "s9")
        BOTH_ROWS("s22", "s2", "s10")
        BOTH_ROWS("s23", "s3", "s11")
        BOTH_ROWS("s24", "s4", "s12")
        LOAD("s25", "w", "20") LOAD("s26", "w", "24")
        LOAD("s27", "w", "28") LOAD("s28", "w", "32")
        LOAD("s29", "w", "36") LOAD("s30", "w", "40")
        MLA("s5", "s25", "s16")
        LOAD("s31", "w", "44")
        MLA("s13", "s25", "s18")
        BOTH_ROWS("s26", "s6", "s14")
        BOTH_ROWS("s27", "s7", "s15")
        BOTH_ROWS_NEXT("s28", "s0", "s8")
        BOTH_ROWS_NEXT("s29", "s1", "s9")
        BOTH_ROWS_NEXT("s30", "s2", "s10")
        BOTH_ROWS_NEXT("s31", "s3", "s11")
        LOAD("s20", "w", "48") LOAD("s21", "w", "52")
        LOAD("s22", "w", "56") LOAD("s23", "w", "60")
        MLA("s4", "s20", "s17")
        "subs %[twos], #1\n"
        MLA("s12", "s20", "s19")
        "add %[x0], #8\n"
        MLA("s5", "s21", "s17")
        "add %[x1], #8\n"
        MLA("s13", "s21", "s19")
        "add %[w], #64\n"
        BOTH_ROWS_NEXT("s22", "s6", "s14")
        BOTH_ROWS_NEXT("s23", "s7", "s15")
        "bne 1b\n"
        "2:\n"
        "vstmia %[y0], {s0-s7}\n"
        "vstmia %[y1], {s8-s15}\n"
        : [w] "+&r"(w), [x0] "+&r"(x0), [x1] "+&r"(x1), [twos] "+&r"(twos)
        : [bias] "r"(bias), [y0] "r"(y0), [y1] "r"(y1)
        : "cc", "memory", LOW_REGISTERS, HIGH_REGISTERS);
}

/* Stores a row; its x is where it began again. */
#define STORE_ROW(sums, x) \
    "vstmia %[y], {" sums "}\n" \
    "add %[y], %[y], %[y_step]\n" \
    "sub %[" x "], %[" x "], %[left], lsl #2\n"

/*
 * Four rows of x and y, half a panel at a time: more sums for each weight and input that is loaded. `halves` is twice
 * the panels; bias_step, of a half, and y_step are in bytes.
 */
MLM_INLINE void dual_issue_panels_4_rows(const float *w, const float *bias, uint32_t bias_step,
                                         uint32_t inputs, uint32_t halves, const float *x0,
                                         uint32_t x_stride, float *y, uint32_t y_step) {
    const float *x1 = x0 + x_stride, *x2 = x1 + x_stride, *x3 = x2 + x_stride;
    uint32_t left;
    __asm volatile(
        "1:\n"
        "vldmia %[bias], {s0-s3}\n"
        "vldmia %[bias], {s4-s7}\n"
        "vldmia %[bias], {s8-s11}\n"
        "vldmia %[bias], {s12-s15}\n"
        "lsrs %[left], %[inputs], #1\n"
        "beq 3f\n"
        "2:\n"
        LOAD("s24", "x0", "0") LOAD("s25", "x0", "4")
        LOAD("s16", "w", "0") LOAD("s17", "w", "4")
        LOAD("s18", "w", "8") LOAD("s19", "w", "12")
        LOAD("s26", "x1", "0") LOAD("s27", "x1", "4")
        MLA("s0", "s16", "s24")
        LOAD("s28", "x2", "0")
        MLA("s1", "s17", "s24")
        "add %[x0], #8\n"
        MLA("s2", "s18", "s24")
        "add %[x1], #8\n"
        MLA("s3", "s19", "s24")
        "subs %[left], #1\n"
        FOUR3("vmla", S4_7, S16_19, SAME("s26"))
        FOUR3("vmla", S8_11, S16_19, SAME("s28"))
        LOAD("s20", "w", "32") LOAD("s21", "w", "36")
        LOAD("s22", "w", "40") LOAD("s23", "w", "44")
        LOAD("s30", "x3", "0") LOAD("s31", "x3", "4")
        MLA("s12", "s16", "s30")
        LOAD("s29", "x2", "4")
        MLA("s13", "s17", "s30")
        "add %[w], #64\n"
        MLA("s14", "s18", "s30")
        "add %[x2], #8\n"
        MLA("s15", "s19", "s30")
        "add %[x3], #8\n"
        FOUR3("vmla", S0_3, S20_23, SAME("s25"))
        FOUR3("vmla", S4_7, S20_23, SAME("s27"))
        FOUR3("vmla", S8_11, S20_23, SAME("s29"))
        FOUR3("vmla", S12_15, S20_23, SAME("s31"))
        "bne 2b\n"
        "3:\n"
        "bic %[left], %[inputs], #1\n"
        STORE_ROW("s0-s3", "x0")
        STORE_ROW("s4-s7", "x1")
        STORE_ROW("s8-s11", "x2")
        STORE_ROW("s12-s15", "x3")
        "add %[bias], %[bias], %[bias_step]\n"
        "sub %[w], %[w], %[left], lsl #5\n" /* where this half began */
        "tst %[halves], #1\n"
        "sub %[y], %[y], %[y_step], lsl #2\n"
        "itt ne\n"
        "addne %[w], %[w], %[inputs], lsl #5\n" /* on to the next panel */
        "subne %[w], #32\n"
        "subs %[halves], #1\n"
        "add %[w], #16\n"
        "add %[y], #16\n"
        "bne 1b\n"
        : [w] "+&r"(w), [x0] "+&r"(x0), [x1] "+&r"(x1), [x2] "+&r"(x2), [x3] "+&r"(x3),
          [y] "+&r"(y), [bias] "+&r"(bias), [halves] "+&r"(halves), [left] "=&r"(left)
        : [bias_step] "r"(bias_step), [inputs] "r"(inputs), [y_step] "r"(y_step)
        : "cc", "memory", LOW_REGISTERS, HIGH_REGISTERS);
}

/* clang-format on */

#endif
#endif
