/*
 * integer.c - what several ops on integers are made of: rows narrowed to 16 bits, quotients of 64 bits, and
 * whether taps of depthwise convolutions are sound.
 */
#include "integer.h"
#include "wasm_int.h"

#if MLM_WASM_INT

v128_t mlm_shift_four(v128_t x, int32_t s) {
    if (s > 31) return splat_i32(0);
    if (s > 0) {
        const v128_t half = wasm_v128_and(shr_by(x, (uint32_t)s - 1), splat_i32(1));
        return wasm_i32x4_add(shr_by(x, (uint32_t)s), half);
    }
    const uint32_t left = s < -31 ? 31 : 0u - (uint32_t)s;
    const v128_t shifted = shl_by(x, left);
    const v128_t end = wasm_v128_xor(wasm_i32x4_shr(x, 31), splat_i32(INT32_MAX));
    return wasm_v128_bitselect(shifted, end, wasm_i32x4_eq(shr_by(shifted, left), x));
}

/* In fours: rows are padded, but what is in the padding has no say in k. */
uint32_t mlm_narrow_row(const int32_t *x, uint32_t width, int16_t *q) {
    v128_t all = splat_i32(0);
    uint32_t i = 0, rest = 0;
    for (; i < (width & ~3u); i += 4)
        all = wasm_v128_or(all, wasm_i32x4_abs(wasm_v128_load(x + i)));
    for (; i < width; i++) rest |= i32_magnitude(x[i]);
    all = wasm_v128_or(all, wasm_i32x4_shuffle(all, all, 2, 3, 0, 1));
    const uint64_t two = (uint64_t)wasm_i64x2_extract_lane(all, 0);
    const uint32_t k = mlm_narrowing((uint32_t)two | (uint32_t)(two >> 32) | rest);
    for (i = 0; i < width; i += 4) {
        v128_t four = wasm_v128_load(x + i);
        if (k > 0) four = wasm_i32x4_shr(wasm_i32x4_add(shr_by(four, k - 1), splat_i32(1)), 1);
        wasm_v128_store64_lane(q + i, narrow_to_i16(four), 0);
    }
    return k;
}

#else

#if defined(__ARM_FEATURE_DSP)

/* Magnitudes put together: as many bits as the largest one. */
static uint32_t all_magnitudes(const int32_t *x, uint32_t width) {
    const int32_t *const end = x + width, *const fours = x + (width & ~3u);
    uint32_t all = 0;
    /* clang-format off */
    if (width >= 4)
        __asm__ volatile(
            "1:\n"
            "ldmia %[x]!, {r4, r5, r6, r8}\n"
            "eor r9, r4, r4, asr #31\n"
            "sub r4, r9, r4, asr #31\n"
            "eor r9, r5, r5, asr #31\n"
            "sub r5, r9, r5, asr #31\n"
            "orr %[all], %[all], r4\n"
            "eor r9, r6, r6, asr #31\n"
            "sub r6, r9, r6, asr #31\n"
            "orr %[all], %[all], r5\n"
            "eor r9, r8, r8, asr #31\n"
            "sub r8, r9, r8, asr #31\n"
            "orr %[all], %[all], r6\n"
            "cmp %[x], %[fours]\n"
            "orr %[all], %[all], r8\n"
            "bne 1b\n"
            : [x] "+r"(x), [all] "+r"(all)
            : [fours] "r"(fours)
            : "r4", "r5", "r6", "r8", "r9", "cc", "memory");
    /* clang-format on */
    for (; x != end; x++) all |= i32_magnitude(*x);
    return all;
}

#elif defined(__thumb2__)

/* |x| without a condition. */
MLM_INLINE uint32_t magnitude_of(int32_t x) {
    uint32_t magnitude;
    __asm__(
        "eor %0, %1, %1, asr #31\n"
        "sub %0, %0, %1, asr #31\n"
        : "=&r"(magnitude)
        : "r"(x));
    return magnitude;
}

/* Magnitudes put together: as many bits as the largest one. */
static uint32_t all_magnitudes(const int32_t *x, uint32_t width) {
    uint32_t all = 0;
    const int32_t *const end = x + width;
    for (const int32_t *const fours = x + width / 4 * 4; x != fours; x += 4) {
        all |= magnitude_of(x[0]) | magnitude_of(x[1]);
        all |= magnitude_of(x[2]) | magnitude_of(x[3]);
    }
    for (; x != end; x++) all |= magnitude_of(*x);
    return all;
}
#else

/* A number with as many bits as the largest magnitude: with branches, two comparisons are less than a magnitude. */
static uint32_t all_magnitudes(const int32_t *x, uint32_t width) {
    int32_t most = 0, least = 0;
#define LOOK_AT(x)                    \
    do {                              \
        if ((x) > most) most = (x);   \
        if ((x) < least) least = (x); \
    } while (0)
    const int32_t *const end = x + width;
    for (const int32_t *const fours = x + width / 4 * 4; x != fours; x += 4) {
        LOOK_AT(x[0]);
        LOOK_AT(x[1]);
        LOOK_AT(x[2]);
        LOOK_AT(x[3]);
    }
    for (; x != end; x++) LOOK_AT(*x);
#undef LOOK_AT
    return (uint32_t)most | i32_magnitude(least);
}

#endif

/* As mlm_narrowed, of a k above 0: with k - 1. */
MLM_INLINE int32_t narrowed_by(int32_t x, uint32_t less) {
    const int32_t twice = (x >> less) + 1;
#if defined(__ARM_FEATURE_SAT)
    int32_t y;
    __asm__("ssat %0, #16, %1, asr #1" : "=r"(y) : "r"(twice));
    return y;
#else
    const int32_t rounded = twice >> 1;
    return rounded < MLM_MOST_16 ? rounded : MLM_MOST_16;
#endif
}

#if defined(__ARM_FEATURE_DSP)

/* Fours of a row, of a k up to 16: shifted to the upper halves, where a sum that is too large stays below 2^15. Returns
 * how many elements these are. */
static uint32_t narrow_fours(const int32_t *x, uint32_t width, uint32_t k, int16_t *q) {
    const uint32_t left = 16 - k, half = 1u << 15, all = width & ~3u;
    const int32_t *const end = x + all;
    if (all == 0) return 0;
    /* clang-format off */
    __asm__ volatile(
        "1:\n"
        "ldmia %[x]!, {r4, r5, r6, r8}\n"
        "lsl r4, r4, %[left]\n"
        "lsl r5, r5, %[left]\n"
        "lsl r6, r6, %[left]\n"
        "lsl r8, r8, %[left]\n"
        "qadd r4, r4, %[half]\n"
        "qadd r5, r5, %[half]\n"
        "qadd r6, r6, %[half]\n"
        "qadd r8, r8, %[half]\n"
        "pkhtb r4, r5, r4, asr #16\n"
        "pkhtb r5, r8, r6, asr #16\n"
        "cmp %[x], %[end]\n"
        "strd r4, r5, [%[q]], #8\n"
        "bne 1b\n"
        : [x] "+r"(x), [q] "+r"(q)
        : [left] "r"(left), [half] "r"(half), [end] "r"(end)
        : "r4", "r5", "r6", "r8", "cc", "memory");
    /* clang-format on */
    return all;
}

#endif

uint32_t mlm_narrow_row(const int32_t *x, uint32_t width, int16_t *q) {
    const uint32_t k = mlm_narrowing(all_magnitudes(x, width)), less = k - 1;
#if defined(__ARM_FEATURE_DSP)
    if (k <= 16) {
        const uint32_t done = narrow_fours(x, width, k, q);
        x += done, q += done, width -= done;
    }
#endif
    const int32_t *const end = x + width, *const twos = x + width / 2 * 2;
    if (k == 0) {
        while (x != end) *q++ = (int16_t)*x++;
        return 0;
    }
    for (; x != twos; x += 2, q += 2) {
        q[0] = (int16_t)narrowed_by(x[0], less);
        q[1] = (int16_t)narrowed_by(x[1], less);
    }
    if (x != end) *q = (int16_t)narrowed_by(*x, less);
    return k;
}

#endif

#if defined(__wasm__)

static uint64_t divide(uint64_t numerator, uint64_t denominator, uint64_t *rest) {
    *rest = numerator % denominator;
    return numerator / denominator;
}

#else

/* Bit by bit: cores without a 64-bit division would bring a library's in. */
static uint64_t divide(uint64_t numerator, uint64_t denominator, uint64_t *rest) {
    uint64_t quotient = 0;
    uint32_t bit = u64_bits(numerator);
    *rest = 0;
    while (bit-- > 0) {
        *rest = *rest << 1 | (numerator >> bit & 1u);
        quotient <<= 1;
        if (*rest >= denominator) {
            *rest -= denominator;
            quotient |= 1u;
        }
    }
    return quotient;
}

#endif

int64_t mlm_floor_divide(int64_t numerator, uint64_t denominator) {
    uint64_t rest;
    if (numerator >= 0) return (int64_t)divide((uint64_t)numerator, denominator, &rest);
    const uint64_t quotient = divide(0u - (uint64_t)numerator, denominator, &rest);
    return -(int64_t)(quotient + (rest > 0));
}

MLM_COLD int mlm_are_i16_taps(const mlm_op_view *view, uint32_t channels, uint32_t taps,
                              uint32_t shift) {
    const int is_plain = mlm_is_absent(view, MLM_TAPS_MULTIPLIER);
    const int has_bias = !mlm_is_absent(view, MLM_TAPS_BIAS);
    if (!mlm_has_typed(view, MLM_TAPS, MLM_DTYPE_I16, MLM_PACK_ROWS, channels, taps) ||
        (has_bias &&
         !mlm_has_typed(view, MLM_TAPS_BIAS, MLM_DTYPE_I32, MLM_PACK_VECTOR, channels, 1)) ||
        (!is_plain &&
         !mlm_has_typed(view, MLM_TAPS_MULTIPLIER, MLM_DTYPE_I16, MLM_PACK_VECTOR, channels, 1)))
        return 0;
    const int16_t *w = mlm_view_data(view, MLM_TAPS);
    const int16_t *multiplier = is_plain ? 0 : mlm_view_data(view, MLM_TAPS_MULTIPLIER);
    const int32_t *bias = has_bias ? mlm_view_data(view, MLM_TAPS_BIAS) : 0;
    const uint64_t half = is_plain ? (1u << shift) >> 1 : 0;
    for (uint32_t c = 0; c < channels; c++) {
        uint64_t most = half + (bias ? i32_magnitude(bias[c]) : 0);
        for (const int16_t *end = w + taps; w != end; w++)
            most += (uint64_t)i32_magnitude(*w) << MLM_BITS_16;
        if (most > INT32_MAX || (multiplier && multiplier[c] <= 0)) return 0;
    }
    return 1;
}
