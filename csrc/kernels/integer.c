/*
 * integer.c - what several ops on integers are made of: rows narrowed to 16 bits, quotients of 64 bits, and
 * bytes counted by number type.
 */
#include "integer.h"

#if defined(__thumb2__)

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

uint32_t mlm_narrow_row(const int32_t *x, uint32_t width, int16_t *q) {
    const uint32_t k = mlm_narrowing(all_magnitudes(x, width)), less = k - 1;
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

int64_t mlm_floor_divide(int64_t numerator, uint64_t denominator) {
    uint64_t rest;
    if (numerator >= 0) return (int64_t)divide((uint64_t)numerator, denominator, &rest);
    const uint64_t quotient = divide(0u - (uint64_t)numerator, denominator, &rest);
    return -(int64_t)(quotient + (rest > 0));
}

void mlm_count_typed_rows(const mlm_op_view *view, const mlm_work *work, mlm_counts *counts) {
    for (uint32_t i = 0; i < view->inputs; i++)
        counts->bytes_read += work->rows * mlm_bytes_of(view->types[i], view->widths[i]);
    counts->bytes_written += work->rows * mlm_bytes_of(view->op->type, view->op->width);
}
