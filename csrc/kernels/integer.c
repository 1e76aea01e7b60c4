/*
 * integer.c - what several ops on integers are made of: rows narrowed to 16 bits, quotients of 64 bits, and
 * bytes counted by number type.
 */
#include "integer.h"

uint32_t mlm_narrow_row(const int32_t *x, uint32_t width, int16_t *q) {
    int32_t most = 0, least = 0;
    for (uint32_t i = 0; i < width; i++) {
        if (x[i] > most) most = x[i];
        if (x[i] < least) least = x[i];
    }
    const uint32_t k = mlm_narrowing((uint32_t)most | i32_magnitude(least));
    for (uint32_t i = 0; i < width; i++) q[i] = mlm_narrowed(x[i], k);
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
