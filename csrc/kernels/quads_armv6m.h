/*
 * quads_armv6m.h - quads_int.h for Cortex-M0: all outputs of a row in one piece of assembly. What only adds or is compared
 * is in high registers, as there are eight low ones. For quads_int.h alone.
 */
#ifndef MLM_QUADS_ARMV6M_H
#define MLM_QUADS_ARMV6M_H

#define MLM_HAS_WHOLE_ROWS 1

/* One instruction a line. */
/* clang-format off */

/* r0: weights; r1: inputs; r2: a product; r3: an input; r4, r7: two of them each; sums of outputs in r5, r6, r8, r9. */
#define ADD_INPUT(w0, w1, w2, w3) \
    "ldrb r2, [r0, #" w0 "]\n" \
    "muls r2, r3\n" \
    "adds r5, r2\n" \
    "ldrb r2, [r0, #" w1 "]\n" \
    "muls r2, r3\n" \
    "adds r6, r2\n" \
    "ldrb r2, [r0, #" w2 "]\n" \
    "muls r2, r3\n" \
    "add r8, r2\n" \
    "ldrb r2, [r0, #" w3 "]\n" \
    "muls r2, r3\n" \
    "add r9, r2\n"
#define FIRST_QUAD \
    "ldmia r1!, {r4, r7}\n" \
    "sxth r3, r4\n" ADD_INPUT("0", "4", "8", "12") \
    "asrs r3, r4, #16\n" ADD_INPUT("2", "6", "10", "14") \
    "sxth r3, r7\n" ADD_INPUT("1", "5", "9", "13") \
    "asrs r3, r7, #16\n" ADD_INPUT("3", "7", "11", "15")
#define SECOND_QUAD \
    "ldmia r1!, {r4, r7}\n" \
    "sxth r3, r4\n" ADD_INPUT("16", "20", "24", "28") \
    "asrs r3, r4, #16\n" ADD_INPUT("18", "22", "26", "30") \
    "sxth r3, r7\n" ADD_INPUT("17", "21", "25", "29") \
    "asrs r3, r7, #16\n" ADD_INPUT("19", "23", "27", "31")

/* `quads` groups of 4 inputs; the weights go on to those of the next outputs. For what whole rows below are not for. */
MLM_INLINE quad_sums add_quads(quad_sums sums, const uint8_t **weights, const int16_t *x,
                               uint32_t quads) {
    register const uint8_t *w __asm__("r0") = *weights;
    register const int16_t *from __asm__("r1") = x;
    register uint32_t s0 __asm__("r5") = sums.s0, s1 __asm__("r6") = sums.s1;
    register uint32_t s2 __asm__("r8") = sums.s2, s3 __asm__("r9") = sums.s3;
    for (; quads > 0; quads--)
        __asm__(".syntax unified\n" FIRST_QUAD "adds r0, #16\n"
                : "+l"(w), "+l"(from), "+l"(s0), "+l"(s1), "+h"(s2), "+h"(s3)
                :
                : "r2", "r3", "r4", "r7", "cc", "memory");
    *weights = w;
    return (quad_sums){s0, s1, s2, s3};
}

/* A row, as the assembly below finds it. An output is (sum multiplier 2^-16 + half) 2^-shift. */
typedef struct whole_row {
    int32_t half, shift;
    const int16_t *end, *multiplier; /* offset 8: end of multipliers */
    void *y;
    const int16_t *x, *x_end; /* 20 */
    uint32_t is_odd;          /* 28: whether quads of inputs are */
    uint32_t base;
    const int32_t *bias; /* 36: or null */
} whole_row;

/* Its fields for inputs. */
#define WHOLE_ROW_INPUTS(from, quads) \
    .x = (from), .x_end = (from) + (size_t)QUAD * (quads), .is_odd = (quads) % 2

/* r7: multipliers; r1: y; r4: the shift; r11: half. The output, in `sum`, times its multiplier and shifted. */
#define SCALE(sum, at) \
    "ldrh r3, [r7, #" at "]\n" \
    "asrs r2, " sum ", #16\n" \
    "uxth " sum ", " sum "\n" \
    "muls r2, r3\n" \
    "muls " sum ", r3\n" \
    "lsrs " sum ", #16\n" \
    "adds " sum ", r2\n" \
    "add " sum ", r11\n" \
    "asrs " sum ", r4\n"
#define FINISH_I16(sum, at) \
    SCALE(sum, at) \
    "sxth r2, " sum "\n" \
    "cmp r2, " sum "\n" \
    "beq 8f\n" \
    "asrs " sum ", #31\n" \
    "ldr r2, [sp]\n" \
    "eors " sum ", r2\n" \
    "8:\n" \
    "strh " sum ", [r1, #" at "]\n"
#define FINISH_I32(sum, at) \
    SCALE(sum, at) \
    "stmia r1!, {" sum "}\n"

/* r10: end of inputs; r12: end of multipliers; lr: what all sums begin with. On the stack: the row, but 32767 for half. */
#define ADD_ROW(finish, then) \
    __asm__ volatile( \
        ".syntax unified\n" \
        "sub sp, #40\n" \
        "mov r2, sp\n" \
        "ldmia r1!, {r3, r4, r5, r6, r7}\n" \
        "stmia r2!, {r3, r4, r5, r6, r7}\n" \
        "mov r11, r3\n" \
        "mov r12, r5\n" \
        "ldmia r1!, {r3, r4, r5, r6, r7}\n" \
        "stmia r2!, {r3, r4, r5, r6, r7}\n" \
        "mov r10, r4\n" \
        "mov lr, r6\n" \
        "movs r3, #128\n" \
        "lsls r3, #8\n" \
        "subs r3, #1\n" \
        "str r3, [sp]\n" \
        "1:\n" /* a quad of outputs */ \
        "ldr r7, [sp, #36]\n" \
        "cmp r7, #0\n" \
        "beq 2f\n" \
        "ldmia r7!, {r2, r3, r5, r6}\n" \
        "str r7, [sp, #36]\n" \
        "add r5, lr\n" \
        "add r6, lr\n" \
        "mov r8, r5\n" \
        "mov r9, r6\n" \
        "mov r5, lr\n" \
        "mov r6, lr\n" \
        "adds r5, r2\n" \
        "adds r6, r3\n" \
        "b 3f\n" \
        "2:\n" \
        "mov r5, lr\n" \
        "mov r6, lr\n" \
        "mov r8, lr\n" \
        "mov r9, lr\n" \
        "3:\n" \
        "ldr r1, [sp, #20]\n" \
        "ldr r2, [sp, #28]\n" \
        "cmp r2, #0\n" \
        "beq 4f\n" \
        FIRST_QUAD \
        "adds r0, #16\n" \
        "cmp r1, r10\n" \
        "beq 5f\n" \
        "4:\n" FIRST_QUAD SECOND_QUAD \
        "adds r0, #32\n" \
        "cmp r1, r10\n" \
        "bne 4b\n" \
        "5:\n" \
        "ldr r7, [sp, #12]\n" \
        "ldr r1, [sp, #16]\n" \
        "ldr r4, [sp, #4]\n" \
        finish("r5", "0") \
        finish("r6", "2") \
        "mov r5, r8\n" \
        finish("r5", "4") \
        "mov r6, r9\n" \
        finish("r6", "6") \
        then \
        "adds r7, #8\n" \
        "str r7, [sp, #12]\n" \
        "str r1, [sp, #16]\n" \
        "cmp r7, r12\n" \
        "bhs 6f\n" \
        "b 1b\n" \
        "6:\n" \
        "add sp, #40\n" \
        : "+r"(r0), "+r"(r1) \
        : \
        : "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory")

/* Outputs of 16 bits. */
static MLM_NOINLINE void add_i16_row(whole_row *row, const uint8_t *w) {
    register const uint8_t *r0 __asm__("r0") = w;
    register whole_row *r1 __asm__("r1") = row;
    ADD_ROW(FINISH_I16, "adds r1, #8\n");
}

/* Outputs of 32 bits. */
static MLM_NOINLINE void add_i32_row(whole_row *row, const uint8_t *w) {
    register const uint8_t *r0 __asm__("r0") = w;
    register whole_row *r1 __asm__("r1") = row;
    ADD_ROW(FINISH_I32, "");
}

#undef ADD_ROW
#undef FINISH_I32
#undef FINISH_I16
#undef SCALE
#undef SECOND_QUAD
#undef FIRST_QUAD
#undef ADD_INPUT
/* clang-format on */

#endif
