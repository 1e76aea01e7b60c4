/*
 * quads_dsp.h - quads_int.h for Arm cores with the DSP extension: all outputs of a row in one piece of assembly. For
 * quads_int.h alone.
 */
#ifndef MLM_QUADS_DSP_H
#define MLM_QUADS_DSP_H

#define MLM_HAS_WHOLE_ROWS 1

/* One instruction a line. */
/* clang-format off */

/* Inputs 0 and 2 of an output are the even bytes of its word, 1 and 3 the odd ones, but those lie in pairs 0, 1
 * and 2, 3 as memory has them: that is what the order of inputs in a quad is for. */
#define ADD_OUTPUT(sum, w) \
    "uxtb16 %[pair], " w "\n" \
    "smlad %[" sum "], %[pair], r4, %[" sum "]\n" \
    "uxtb16 %[pair], " w ", ror #8\n" \
    "smlad %[" sum "], %[pair], r5, %[" sum "]\n"
enum { ADD_QUAD_BYTES = 18 * 4 }; /* of code: instructions of 4 bytes */
#define ADD_QUAD \
    "ldmia.w %[x]!, {r4, r5}\n" \
    "ldmia.w %[w]!, {r6, r8, r9, r10}\n" \
    ADD_OUTPUT("s0", "r6") \
    ADD_OUTPUT("s1", "r8") \
    ADD_OUTPUT("s2", "r9") \
    ADD_OUTPUT("s3", "r10")

/* `quads` groups of 4 inputs; the weights go on to those of the next outputs. For what whole rows below are not for. */
MLM_INLINE quad_sums add_quads(quad_sums sums, const uint8_t **weights, const int16_t *x,
                               uint32_t quads) {
    const uint8_t *w = *weights;
    uint32_t pair;
    for (; quads > 0; quads--)
        __asm__(ADD_QUAD
                : [w] "+r"(w), [x] "+r"(x), [pair] "=&r"(pair), [s0] "+r"(sums.s0),
                  [s1] "+r"(sums.s1), [s2] "+r"(sums.s2), [s3] "+r"(sums.s3)
                :
                : "r4", "r5", "r6", "r8", "r9", "r10", "memory");
    *weights = w;
    return sums;
}

/* A row, as the assembly below finds it. An output is (sum multiplier 2^-16 + half) 2^-shift. */
typedef struct whole_row {
    int32_t half, shift;
    const int16_t *end, *multiplier; /* offset 8: end of multipliers */
    void *y;
    const int16_t *x; /* 20 */
    uint32_t fours;   /* of quads of inputs, the first of which may be less: */
    uint32_t first;   /* 28: quads in it, less 1; then where in the code it begins */
    uint32_t base;
    const int32_t *bias; /* 36: or null */
    uint32_t begin;      /* 40: where in the code a quad of outputs begins */
} whole_row;

/* Its fields for inputs. */
#define WHOLE_ROW_INPUTS(from, quads) \
    .x = (from), .fours = ((quads) + QUAD - 1) / QUAD, .first = ((quads) - 1) % QUAD

/* On the stack: the row. Every register is taken where inputs are added. `finish` makes outputs of the four sums, with
 * half in r4, the shift in r5, y in r9, and multipliers in x and lr. */
#define ADD_ROW(finish) \
    __asm__ volatile( \
        "ldr r4, [%[pair], #28]\n" \
        "adr.w r5, 7f + 1\n" /* Thumb */ \
        "movw r6, %[bytes]\n" \
        "mls r5, r4, r6, r5\n" \
        "str r5, [%[pair], #28]\n" \
        "ldr r4, [%[pair], #36]\n" \
        "adr.w r5, 2f + 1\n" \
        "cbz r4, 0f\n" \
        "adr.w r5, 1f + 1\n" \
        "0:\n" \
        "str r5, [%[pair], #40]\n" \
        "add r8, %[pair], #28\n" \
        "ldmia r8, {r4, r5, r6, r9}\n" \
        "push {r4, r5, r6, r9}\n" \
        "ldmia %[pair], {r4, r5, r6, r8, r9, r10, lr}\n" \
        "push {r4, r5, r6, r8, r9, r10, lr}\n" \
        "ldr pc, [sp, #40]\n" \
        "1:\n" /* a quad of outputs that has biases */ \
        "ldrd r9, r8, [sp, #32]\n" \
        "ldmia r8!, {r4, r5, r6, r10}\n" \
        "add %[s0], r4, r9\n" \
        "add %[s1], r5, r9\n" \
        "add %[s2], r6, r9\n" \
        "add %[s3], r10, r9\n" \
        "str r8, [sp, #36]\n" \
        "ldrd %[x], lr, [sp, #20]\n" \
        "ldr pc, [sp, #28]\n" \
        "2:\n" /* one that has none */ \
        "ldr %[s0], [sp, #32]\n" \
        "ldrd %[x], lr, [sp, #20]\n" \
        "mov %[s1], %[s0]\n" \
        "mov %[s2], %[s0]\n" \
        "mov %[s3], %[s0]\n" \
        "ldr pc, [sp, #28]\n" \
        "4:\n" ADD_QUAD ADD_QUAD ADD_QUAD "7:\n" ADD_QUAD \
        "subs lr, lr, #1\n" \
        "bne 4b\n" \
        "ldmia sp, {r4, r5, r6, r8, r9}\n" \
        "ldrd %[x], lr, [r8], #8\n" \
        "smlawb %[s0], %[s0], %[x], r4\n" \
        "smlawt %[s1], %[s1], %[x], r4\n" \
        "smlawb %[s2], %[s2], lr, r4\n" \
        "smlawt %[s3], %[s3], lr, r4\n" \
        "asr %[s0], %[s0], r5\n" \
        "asr %[s1], %[s1], r5\n" \
        "asr %[s2], %[s2], r5\n" \
        "asr %[s3], %[s3], r5\n" \
        finish \
        "strd r8, r9, [sp, #12]\n" \
        "cmp r8, r6\n" \
        "it lo\n" \
        "ldrlo pc, [sp, #40]\n" \
        "add sp, sp, #44\n" \
        : [w] "+r"(w), [pair] "+r"(pair), [x] "=&r"(x), [s0] "=&r"(s0), [s1] "=&r"(s1), \
          [s2] "=&r"(s2), [s3] "=&r"(s3) \
        : [bytes] "i"(ADD_QUAD_BYTES) \
        : "r4", "r5", "r6", "r8", "r9", "r10", "lr", "cc", "memory")

/* Outputs of 16 bits. */
static MLM_NOINLINE void add_i16_row(whole_row *row, const uint8_t *w) {
    const int16_t *x;
    uint32_t s0, s1, s2, s3, *pair = (uint32_t *)(void *)row;
    ADD_ROW(
        "ssat %[s0], #16, %[s0]\n"
        "ssat %[s1], #16, %[s1]\n"
        "ssat %[s2], #16, %[s2]\n"
        "ssat %[s3], #16, %[s3]\n"
        "pkhbt %[s0], %[s0], %[s1], lsl #16\n"
        "pkhbt %[s2], %[s2], %[s3], lsl #16\n"
        "strd %[s0], %[s2], [r9], #8\n");
}

/* Outputs of 32 bits. */
static MLM_NOINLINE void add_i32_row(whole_row *row, const uint8_t *w) {
    const int16_t *x;
    uint32_t s0, s1, s2, s3, *pair = (uint32_t *)(void *)row;
    ADD_ROW(
        "strd %[s0], %[s1], [r9], #8\n"
        "strd %[s2], %[s3], [r9], #8\n");
}

#undef ADD_ROW
#undef ADD_OUTPUT
#undef ADD_QUAD
/* clang-format on */

#endif
