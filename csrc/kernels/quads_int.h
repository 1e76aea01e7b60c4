/*
 * quads_int.h - the inner loop of integer linear layers: 4 outputs over all inputs, weights + 128 times inputs. In
 * portable C, which defines what the sums are, for WebAssembly's vectors, and in assembly for Cortex-M0 and for
 * cores with the DSP extension, where compilers find neither the addresses nor the products of two halves. All sums are of 32
 * bits, wherever they are on the way.
 */
#ifndef MLM_QUADS_INT_H
#define MLM_QUADS_INT_H

#include "integer.h"

enum { QUAD = MLM_QUAD, QUAD_BYTES = QUAD * QUAD, OFFSET = 128 };

#if MLM_SIMD && defined(__wasm_simd128__)

#define MLM_QUADS_SIMD 1

/* Sums of a quad's outputs; of two. */
typedef v128_t quad_sums;
typedef struct two_sums {
    quad_sums low, high;
} two_sums;

/* What the sums of a quad begin with; no bias: null. */
MLM_INLINE quad_sums first_sums(const int32_t *bias, uint32_t base) {
    const v128_t same = wasm_i32x4_splat((int32_t)base);
    return bias ? wasm_i32x4_add(wasm_v128_load(bias), same) : same;
}

/* To the halves of the sums of outputs 0 and 1, or 2 and 3, of a quad. */
#define ADD_OUTPUTS(sums, w) \
    sums = wasm_i32x4_add(sums, wasm_i32x4_dot_i16x8(wasm_u16x8_load8x8(w), inputs))

MLM_INLINE quad_sums of_halves(v128_t first, v128_t second) {
    return wasm_i32x4_add(wasm_i32x4_shuffle(first, second, 0, 2, 4, 6),
                          wasm_i32x4_shuffle(first, second, 1, 3, 5, 7));
}

/* Two quads of outputs, `quads` groups of 4 inputs. */
MLM_INLINE two_sums add_two_quads(const uint8_t *w, const uint8_t *v, const int16_t *x,
                                  uint32_t quads) {
    v128_t low0 = wasm_i32x4_splat(0), low1 = low0, high0 = low0, high1 = low0;
    for (; quads > 0; quads--, w += QUAD_BYTES, v += QUAD_BYTES, x += QUAD) {
        const v128_t in_order = wasm_v128_load64_splat(x);
        const v128_t inputs = wasm_i16x8_shuffle(in_order, in_order, 0, 2, 1, 3, 4, 6, 5, 7);
        ADD_OUTPUTS(low0, w);
        ADD_OUTPUTS(low1, w + QUAD_BYTES / 2);
        ADD_OUTPUTS(high0, v);
        ADD_OUTPUTS(high1, v + QUAD_BYTES / 2);
    }
    return (two_sums){of_halves(low0, low1), of_halves(high0, high1)};
}

#undef ADD_OUTPUTS

#else

#define MLM_QUADS_SIMD 0

/* Sums of a quad's outputs. */
typedef struct quad_sums {
    uint32_t s0, s1, s2, s3;
} quad_sums;

/* What the sums of a quad begin with; no bias: null. */
MLM_INLINE quad_sums first_sums(const int32_t *bias, uint32_t base) {
    if (!bias) return (quad_sums){base, base, base, base};
    return (quad_sums){(uint32_t)bias[0] + base, (uint32_t)bias[1] + base, (uint32_t)bias[2] + base,
                       (uint32_t)bias[3] + base};
}

#endif

/* Assembly takes nearly all registers: clang keeps one for frames, and so does gcc without optimisation; for size,
 * gcc does not use the high ones of Cortex-M0. */
#if defined(__OPTIMIZE__) && !defined(__clang__)
#define MLM_HAS_REGISTERS 1
#else
#define MLM_HAS_REGISTERS 0
#endif

#if MLM_QUADS_SIMD
#elif defined(__ARM_FEATURE_DSP) && MLM_HAS_REGISTERS

/* One instruction a line. */
/* clang-format off */

/* Inputs 0 and 2 of an output are the even bytes of its word, 1 and 3 the odd ones, but those lie in pairs 0, 1
 * and 2, 3 as memory has them: that is what the order of inputs in a quad is for. */
#define ADD_OUTPUT(sum, w) \
    "uxtb16 %[pair], " w "\n" \
    "smlad %[" sum "], %[pair], r4, %[" sum "]\n" \
    "uxtb16 %[pair], " w ", ror #8\n" \
    "smlad %[" sum "], %[pair], r5, %[" sum "]\n"
#define ADD_QUAD \
    "ldmia %[x]!, {r4, r5}\n" \
    "ldmia %[w]!, {r6, r8, r9, r10}\n" \
    ADD_OUTPUT("s0", "r6") \
    ADD_OUTPUT("s1", "r8") \
    ADD_OUTPUT("s2", "r9") \
    ADD_OUTPUT("s3", "r10")

#define ADD_INPUTS(instructions) \
    __asm__(instructions \
            : [w] "+r"(w), [x] "+r"(x), [pair] "=&r"(pair), \
              [s0] "+r"(sums.s0), [s1] "+r"(sums.s1), [s2] "+r"(sums.s2), [s3] "+r"(sums.s3) \
            : \
            : "r4", "r5", "r6", "r8", "r9", "r10", "memory")

/* `quads` groups of 4 inputs; in fours, others first; the weights go on to those of the next outputs. Counted in C,
 * as assembly that counted would leave
 * the compiler no register at all. */
MLM_INLINE quad_sums add_quads(quad_sums sums, const uint8_t **weights, const int16_t *x,
                               uint32_t quads) {
    const uint8_t *w = *weights;
    uint32_t pair;
    if (quads % 2) ADD_INPUTS(ADD_QUAD);
    if (quads % 4 > 1) ADD_INPUTS(ADD_QUAD ADD_QUAD);
    for (uint32_t fours = quads / 4; fours > 0; fours--)
        ADD_INPUTS(ADD_QUAD ADD_QUAD ADD_QUAD ADD_QUAD);
    *weights = w;
    return sums;
}

#define MLM_HAS_I16_ROWS 1

/* A row of 16-bit outputs, as the assembly below finds it. */
typedef struct i16_row {
    const int32_t *bias; /* offset 0; or null */
    uint32_t base;
    const int16_t *x; /* 8 */
    uint32_t quads;
    const int16_t *multiplier; /* 16 */
    int16_t *y;
    int32_t half, shift; /* 24 */
    const int16_t *end;  /* 32: of multipliers */
} i16_row;

/* On the stack: the row. Every register is taken where inputs are added. */
static void add_i16_row(i16_row *row, const uint8_t *w) {
    const int16_t *x;
    uint32_t s0, s1, s2, s3, *pair = (uint32_t *)(void *)row;
    __asm__ volatile(
        "push {%[pair], lr}\n"
        "1:\n" /* a quad of outputs */
        "ldrd r8, r9, [%[pair]]\n"
        "cmp r8, #0\n"
        "beq 2f\n"
        "ldmia r8!, {r4, r5, r6, r10}\n"
        "str r8, [%[pair]]\n"
        "add %[s0], r4, r9\n"
        "add %[s1], r5, r9\n"
        "add %[s2], r6, r9\n"
        "add %[s3], r10, r9\n"
        "b 3f\n"
        "2:\n"
        "mov %[s0], r9\n"
        "mov %[s1], r9\n"
        "mov %[s2], r9\n"
        "mov %[s3], r9\n"
        "3:\n"
        "ldrd %[x], lr, [%[pair], #8]\n"
        "ands r8, lr, #3\n" /* in fours, but for some at first */
        "add lr, lr, #3\n"
        "lsr lr, lr, #2\n"
        "beq 4f\n"
        "cmp r8, #2\n"
        "bhi 5f\n"
        "beq 6f\n"
        "b 7f\n"
        "4:\n" ADD_QUAD "5:\n" ADD_QUAD "6:\n" ADD_QUAD "7:\n" ADD_QUAD
        "subs lr, lr, #1\n"
        "bne 4b\n"
        "ldr %[pair], [sp]\n"
        "ldrd r8, r9, [%[pair], #16]\n"
        "ldrd r10, r4, [%[pair], #24]\n"
        "ldrd r5, r6, [r8], #8\n"
        "smlawb %[s0], %[s0], r5, r10\n"
        "smlawt %[s1], %[s1], r5, r10\n"
        "smlawb %[s2], %[s2], r6, r10\n"
        "smlawt %[s3], %[s3], r6, r10\n"
        "asr %[s0], %[s0], r4\n"
        "asr %[s1], %[s1], r4\n"
        "asr %[s2], %[s2], r4\n"
        "asr %[s3], %[s3], r4\n"
        "ssat %[s0], #16, %[s0]\n"
        "ssat %[s1], #16, %[s1]\n"
        "ssat %[s2], #16, %[s2]\n"
        "ssat %[s3], #16, %[s3]\n"
        "pkhbt %[s0], %[s0], %[s1], lsl #16\n"
        "pkhbt %[s2], %[s2], %[s3], lsl #16\n"
        "strd %[s0], %[s2], [r9], #8\n"
        "ldr r5, [%[pair], #32]\n"
        "strd r8, r9, [%[pair], #16]\n"
        "cmp r8, r5\n"
        "blo 1b\n"
        "add sp, sp, #8\n"
        : [w] "+r"(w), [pair] "+r"(pair), [x] "=&r"(x), [s0] "=&r"(s0), [s1] "=&r"(s1),
          [s2] "=&r"(s2), [s3] "=&r"(s3)
        :
        : "r4", "r5", "r6", "r8", "r9", "r10", "lr", "cc", "memory");
}

#undef ADD_INPUTS
#undef ADD_OUTPUT
#undef ADD_QUAD
/* clang-format on */

#elif defined(__ARM_ARCH_6M__) && MLM_HAS_REGISTERS && !defined(__OPTIMIZE_SIZE__)

/* clang-format off */
#define ADD_OUTPUT(sum, weight) \
    "ldrb %[t], [%[w], #" weight "]\n" \
    "muls %[t], %[v]\n" \
    "add %[" sum "], %[t]\n"
#define ADD_INPUT(w0, w1, w2, w3) \
    ADD_OUTPUT("s0", w0) \
    ADD_OUTPUT("s1", w1) \
    ADD_OUTPUT("s2", w2) \
    ADD_OUTPUT("s3", w3)
#define TWO_INPUTS(from) \
    "ldr %[next], [%[x], #" from "]\n" \
    "sxth %[v], %[next]\n"
#define SECOND_INPUT "asrs %[v], %[next], #16\n"
#define FIRST_QUAD \
    TWO_INPUTS("0") ADD_INPUT("0", "4", "8", "12") \
    SECOND_INPUT ADD_INPUT("2", "6", "10", "14") \
    TWO_INPUTS("4") ADD_INPUT("1", "5", "9", "13") \
    SECOND_INPUT ADD_INPUT("3", "7", "11", "15")
#define SECOND_QUAD \
    TWO_INPUTS("8") ADD_INPUT("16", "20", "24", "28") \
    SECOND_INPUT ADD_INPUT("18", "22", "26", "30") \
    TWO_INPUTS("12") ADD_INPUT("17", "21", "25", "29") \
    SECOND_INPUT ADD_INPUT("19", "23", "27", "31")

#define ADD_INPUTS(instructions) \
    __asm__(".syntax unified\n" \
            instructions \
            : [w] "+l"(w), [x] "+l"(x), [t] "=&l"(t), [v] "=&l"(v), [next] "=&l"(next), \
              [s0] "+l"(sums.s0), [s1] "+l"(sums.s1), [s2] "+h"(sums.s2), [s3] "+h"(sums.s3) \
            : [end] "h"(end) \
            : "cc", "memory")

/* `quads` groups of 4 inputs; in twos, an odd one first; the weights go on to those of the next outputs. What only
 * adds or is compared is in high registers, as
 * there are eight low ones, one of which may be taken for frames. */
MLM_INLINE quad_sums add_quads(quad_sums sums, const uint8_t **weights, const int16_t *x,
                               uint32_t quads) {
    const uint8_t *w = *weights;
    const int16_t *const end = x + QUAD * quads;
    uint32_t t, v, next;
    if (quads % 2) ADD_INPUTS(FIRST_QUAD "adds %[w], #16\n" "adds %[x], #8\n");
    if (x != end)
        ADD_INPUTS("1:\n" FIRST_QUAD SECOND_QUAD "adds %[w], #32\n" "adds %[x], #16\n"
                   "cmp %[x], %[end]\n" "bne 1b\n");
    *weights = w;
    return sums;
}

#undef ADD_INPUTS
#undef ADD_OUTPUT
#undef ADD_INPUT
#undef TWO_INPUTS
#undef SECOND_INPUT
#undef FIRST_QUAD
#undef SECOND_QUAD
/* clang-format on */

#else

/* Loads stay behind it: all of them at once need more registers than there are. */
#if defined(__riscv) /* there it would add products up among themselves first, too */
#define NEXT_INPUTS __asm__ volatile("" : "+r"(s0), "+r"(s1), "+r"(s2), "+r"(s3)::"memory")
#else
#define NEXT_INPUTS __asm__ volatile("" ::: "memory")
#endif
#define ADD_INPUT(x, w0, w1, w2, w3) \
    s0 += (w0) * (x), s1 += (w1) * (x), s2 += (w2) * (x), s3 += (w3) * (x)
#define ADD_QUAD(x, w)                                               \
    do {                                                             \
        const uint32_t x0 = (uint32_t)(x)[0], x2 = (uint32_t)(x)[2]; \
        ADD_INPUT(x0, (w)[0], (w)[4], (w)[8], (w)[12]);              \
        ADD_INPUT(x2, (w)[1], (w)[5], (w)[9], (w)[13]);              \
        NEXT_INPUTS;                                                 \
        const uint32_t x1 = (uint32_t)(x)[1], x3 = (uint32_t)(x)[3]; \
        ADD_INPUT(x1, (w)[2], (w)[6], (w)[10], (w)[14]);             \
        ADD_INPUT(x3, (w)[3], (w)[7], (w)[11], (w)[15]);             \
        NEXT_INPUTS;                                                 \
    } while (0)

#if defined(__wasm__) /* a copy is larger than what a call costs */
#define MLM_SHARED static MLM_NOINLINE
#else
#define MLM_SHARED MLM_INLINE
#endif

/* `quads` groups of 4 inputs; in twos, an odd one first. */
MLM_SHARED quad_sums add_quads(quad_sums sums, const uint8_t **weights, const int16_t *x,
                               uint32_t quads) {
    const uint8_t *w = *weights;
    uint32_t s0 = sums.s0, s1 = sums.s1, s2 = sums.s2, s3 = sums.s3;
    const int16_t *const end = x + QUAD * (size_t)quads;
    if (quads % 2) {
        ADD_QUAD(x, w);
        w += QUAD_BYTES, x += QUAD;
    }
    for (; x != end; w += 2 * QUAD_BYTES, x += 2 * QUAD) {
        ADD_QUAD(x, w);
        ADD_QUAD(x + QUAD, w + QUAD_BYTES);
    }
    *weights = w;
    return (quad_sums){s0, s1, s2, s3};
}

#if defined(__riscv)

#define MLM_HAS_TWO_ROWS 1 /* each weight is loaded once for both: there are registers enough */

/* Compilers would add products up before they reach the sums, which takes more registers than there are. */
#define ADD_TO_BOTH(a, b, weight)            \
    w0 = (weight), a += w0 * p, b += w0 * q; \
    __asm__ volatile("" : "+r"(a), "+r"(b))
#define ADD_INPUT_OF_TWO(i, from)                              \
    do {                                                       \
        const uint32_t p = (uint32_t)x[i], q = (uint32_t)z[i]; \
        uint32_t w0;                                           \
        ADD_TO_BOTH(s0, r0, w[from]);                          \
        ADD_TO_BOTH(s1, r1, w[from + 4]);                      \
        ADD_TO_BOTH(s2, r2, w[from + 8]);                      \
        ADD_TO_BOTH(s3, r3, w[from + 12]);                     \
    } while (0)
#define ADD_QUAD_OF_TWO(i, from)           \
    do {                                   \
        ADD_INPUT_OF_TWO(i, from);         \
        ADD_INPUT_OF_TWO(i + 2, from + 1); \
        ADD_INPUT_OF_TWO(i + 1, from + 2); \
        ADD_INPUT_OF_TWO(i + 3, from + 3); \
    } while (0)

/* As add_quads, of two rows of inputs. */
MLM_INLINE void add_quads_of_two(quad_sums *first, quad_sums *second, const uint8_t **weights,
                                 const int16_t *x, const int16_t *z, uint32_t quads) {
    const uint8_t *w = *weights;
    uint32_t s0 = first->s0, s1 = first->s1, s2 = first->s2, s3 = first->s3;
    uint32_t r0 = second->s0, r1 = second->s1, r2 = second->s2, r3 = second->s3;
    const int16_t *const end = x + QUAD * (size_t)quads;
    if (quads % 2) {
        ADD_QUAD_OF_TWO(0, 0);
        w += QUAD_BYTES, x += QUAD, z += QUAD;
    }
    for (; x != end; w += 2 * QUAD_BYTES, x += 2 * QUAD, z += 2 * QUAD) {
        ADD_QUAD_OF_TWO(0, 0);
        ADD_QUAD_OF_TWO(QUAD, QUAD_BYTES);
    }
    *weights = w;
    *first = (quad_sums){s0, s1, s2, s3};
    *second = (quad_sums){r0, r1, r2, r3};
}

#undef ADD_QUAD_OF_TWO
#undef ADD_INPUT_OF_TWO
#undef ADD_TO_BOTH

#endif

#undef ADD_QUAD
#undef NEXT_INPUTS
#undef ADD_INPUT

#endif

#ifndef MLM_HAS_TWO_ROWS
#define MLM_HAS_TWO_ROWS 0
#endif
#ifndef MLM_HAS_I16_ROWS
#define MLM_HAS_I16_ROWS 0
#endif

/* What weights + 128 make the sums too large by, taken off: -128 times the sum of the inputs. */
MLM_INLINE uint32_t without_offset(const int16_t *x, uint32_t quads) {
    int32_t sum = 0;
#if defined(__ARM_FEATURE_DSP)
    const uint32_t ones = 0x00010001u;
    const int16_t *const end = x + QUAD * (size_t)quads;
    for (; x != end; x += QUAD) {
        uint32_t two[QUAD / 2];
        __builtin_memcpy(two, __builtin_assume_aligned(x, sizeof *two), sizeof two);
        __asm__("smlad %0, %1, %2, %0" : "+r"(sum) : "r"(two[0]), "r"(ones));
        __asm__("smlad %0, %1, %2, %0" : "+r"(sum) : "r"(two[1]), "r"(ones));
    }
#else
    for (const int16_t *const end = x + QUAD * (size_t)quads; x != end; x += QUAD)
        sum = i32_add(sum, x[0] + x[1] + x[2] + x[3]);
#endif
    return 0u - (uint32_t)OFFSET * (uint32_t)sum;
}

#endif
