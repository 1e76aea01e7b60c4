/*
 * scan_int.h - the integer scan as functions of shapes and pointers: its softplus and one row of the
 * recurrence. Knows nothing of ops. Formats and rounding are part of the contract in mlm.h.
 */
#ifndef MLM_SCAN_INT_H
#define MLM_SCAN_INT_H

#include "integer.h"

/* Channels that have one bound on their state. Chunks of channels begin at a multiple of it. */
enum { MLM_BOUND_CHANNELS = 32 };

/*
 * dt = softplus(v), v in Q11 and not above `most` (what is, counts as `most`), dt with exponent `exponent`, which is
 * from 11 to 30. v and dt may be the two halves of one row: v the second one.
 */
void mlm_softplus_i32(int32_t exponent, int32_t most, const int16_t *v, int32_t *dt,
                      uint32_t channels);
/* Whether no dt leaves 31 bits. */
int mlm_softplus_fits(int32_t exponent, int32_t most);

/* Channels of a scan. */
typedef struct mlm_int_scan {
    const int16_t *a;      /* [channels][states]: A log2(e), not below 0 */
    const int16_t *d;      /* [channels], or null */
    int32_t *h;            /* [channels][states], updated; or */
    int16_t *h16;          /* the same, upper halves only; the other one is null */
    uint16_t *bounds;      /* [channels / MLM_BOUND_CHANNELS, up]: no |h| is above 2^16 times it */
    uint32_t *saturations; /* counts elements of h that were cut off */
    uint32_t channels, states;
    int32_t decay_shift, input_shift,
        skip_shift; /* of dt A, dt u B and u D, as the contract has them */
} mlm_int_scan;

/*
 * One row: h = 2^(-dt A) h + dt u B, y = D u + sum over n of h_n C_n. bc: B0 C0 B1 C1 ... dt: 31 bits, not
 * negative, and overwritten.
 */
void mlm_scan_row_i32(const mlm_int_scan *scan, int32_t *dt, const int16_t *u, const int16_t *bc,
                      int32_t *y);

#endif
