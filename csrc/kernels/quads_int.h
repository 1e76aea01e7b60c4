/*
 * quads_int.h - the inner loop of integer linear layers: 4 outputs over all inputs, weights + 128 times inputs. In
 * portable C, which defines what the sums are, for WebAssembly's vectors, and in assembly for Cortex-M0 and for
 * cores with the DSP extension, where compilers find neither the addresses nor the products of two halves. All sums are of 32
 * bits, wherever they are on the way.
 */
#ifndef MLM_QUADS_INT_H
#define MLM_QUADS_INT_H

#include "integer.h"
#include "wasm_int.h"

enum { QUAD = MLM_QUAD, QUAD_BYTES = QUAD * QUAD, OFFSET = 128 };

#if MLM_SIMD && defined(__wasm_simd128__)

#define MLM_QUADS_SIMD 1

/* Sums of a quad's outputs; of two. */
typedef v128_t quad_sums;
typedef struct two_sums {
    quad_sums low, high;
} two_sums;

/* Inputs 0 and 1 of a quad are the even bytes of each output, 2 and 3 the odd ones: they become numbers of 16 bits
 * without a shuffle, and all sums lie where they belong. */
#define ADD_INPUTS(sums, w)                                                                   \
    do {                                                                                      \
        const v128_t bytes = wasm_v128_load(w);                                               \
        sums = wasm_i32x4_add(sums, wasm_i32x4_dot_i16x8(wasm_v128_and(bytes, even), first)); \
        sums = wasm_i32x4_add(sums, wasm_i32x4_dot_i16x8(wasm_u16x8_shr(bytes, 8), second));  \
    } while (0)

/* Two quads of outputs, `quads` groups of 4 inputs. */
MLM_INLINE two_sums add_two_quads(two_sums sums, const uint8_t *w, const uint8_t *v,
                                  const int16_t *x, uint32_t quads) {
    const v128_t even = wasm_i16x8_splat(0xFF);
    for (const int16_t *const end = x + QUAD * quads; x != end;
         w += QUAD_BYTES, v += QUAD_BYTES, x += QUAD) {
        const v128_t first = wasm_v128_load32_splat(x), second = wasm_v128_load32_splat(x + 2);
        ADD_INPUTS(sums.low, w);
        ADD_INPUTS(sums.high, v);
    }
    return sums;
}

#undef ADD_INPUTS

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
#include "quads_dsp.h"

#elif defined(__ARM_ARCH_6M__) && MLM_HAS_REGISTERS && !defined(__OPTIMIZE_SIZE__)

#include "quads_armv6m.h"

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
#ifndef MLM_HAS_WHOLE_ROWS
#define MLM_HAS_WHOLE_ROWS 0
#endif

#if defined(__ARM_FEATURE_DSP)
MLM_INLINE int32_t add_four(int32_t sum, const int16_t *x) {
    const uint32_t ones = 0x00010001u;
    uint32_t two[QUAD / 2];
    __builtin_memcpy(two, __builtin_assume_aligned(x, sizeof *two), sizeof two);
    __asm__("smlad %0, %1, %2, %0" : "+r"(sum) : "r"(two[0]), "r"(ones));
    __asm__("smlad %0, %1, %2, %0" : "+r"(sum) : "r"(two[1]), "r"(ones));
    return sum;
}
#endif

#if MLM_QUADS_SIMD

MLM_INLINE v128_t sums_of_twos(v128_t x) { return wasm_i32x4_dot_i16x8(x, wasm_i16x8_splat(1)); }

/* Of `quads` groups of 4. */
MLM_INLINE int32_t sum_of_inputs(const int16_t *x, uint32_t quads) {
    v128_t sums = wasm_i32x4_splat(0);
    if (quads % 2) {
        sums = sums_of_twos(wasm_v128_load64_zero(x));
        x += QUAD;
    }
    for (const int16_t *const end = x + QUAD * (quads & ~1u); x != end; x += 2 * QUAD)
        sums = wasm_i32x4_add(sums, sums_of_twos(wasm_v128_load(x)));
    return sum_of_lanes(sums);
}

#else

MLM_INLINE int32_t sum_of_inputs(const int16_t *x, uint32_t quads) {
    int32_t sum = 0;
#if defined(__ARM_FEATURE_DSP)
    const int16_t *const end = x + QUAD * (size_t)quads;
    if (quads % 2) sum = add_four(sum, x), x += QUAD;
    for (; x != end; x += 2 * QUAD) sum = add_four(add_four(sum, x), x + QUAD);
#else
    for (const int16_t *const end = x + QUAD * (size_t)quads; x != end; x += QUAD)
        sum = i32_add(sum, x[0] + x[1] + x[2] + x[3]);
#endif
    return sum;
}

#endif

/* What weights + 128 make the sums too large by, taken off: -128 times the sum of the inputs. */
MLM_INLINE uint32_t without_offset(const int16_t *x, uint32_t quads) {
    return 0u - (uint32_t)OFFSET * (uint32_t)sum_of_inputs(x, quads);
}

#endif
