/*
 * scan_states_int.h - the states of one channel in one row, where it is known that nothing leaves 32 bits and
 * that dt A stays below 128: in portable C, which is what the other forms must give. For scan_int.c alone.
 */
#ifndef MLM_SCAN_STATES_INT_H
#define MLM_SCAN_STATES_INT_H

#include "../math/i32_exp2.h"
#include "scan_int.h"

/* One row of some channels: what the scan has (scan_int.h), and what all of them have in common. */
typedef struct scan_row {
    const int16_t *a, *d, *bc;
    int32_t *h;
    int16_t *h16;
    uint32_t states;
    int32_t *dt;
    const int16_t *u;
    int32_t *y;
    int32_t decay_shift, input_shift, skip_shift;
    uint32_t most_b; /* largest |B| */
    uint32_t limit;  /* of |h|, so that neither it nor y can overflow; in units of 1 */
    uint32_t *saturations;
} scan_row;

/* How one channel's input goes into its states: dt in 15 bits above dt u in 16; what dt u B is shifted by above
 * what dt A is shifted by in 8. Two words, as these fit registers. */
typedef struct drive {
    uint32_t factors, shifts;
} drive;

MLM_INLINE drive drive_by(int32_t dt, int32_t dtu, int32_t decay_shift, int32_t shift) {
#if defined(__ARM_FEATURE_DSP)
    uint32_t factors;
    __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(factors) : "r"(dtu), "r"(dt));
#else
    const uint32_t factors = (uint32_t)dt << 16 | (uint16_t)dtu;
#endif
    return (drive){factors, (uint32_t)shift << 8 | (uint32_t)decay_shift};
}
MLM_INLINE int32_t dt_of(drive by) { return (int32_t)by.factors >> 16; }
MLM_INLINE int32_t dtu_of(drive by) { return (int16_t)by.factors; }
MLM_INLINE int32_t decay_shift_of(drive by) { return (int32_t)(by.shifts & 0xFFu); }
MLM_INLINE int32_t shift_of(drive by) { return (int32_t)(by.shifts >> 8); }

enum {
    LEAST_DECAY_SHIFT = 8, /* below it dt A may be more than a shift on Arm can take */
    MOST_SHIFT = 31,
    ROUNDING = 4,           /* what products rounded down can add to a state */
    SHORT_DECAY_SHIFT = 10, /* from it on dt A is below 32 */
    MOST_ADDED = 0x7FFFFFFF /* to a state, above any limit: where shifts are odd */
};

/* Whether shifts are as the fast ways need them. */
MLM_INLINE int are_plain(int32_t decay_shift, int32_t shift) {
    return (uint32_t)(decay_shift - LEAST_DECAY_SHIFT) <= MOST_SHIFT - LEAST_DECAY_SHIFT &&
           (uint32_t)shift <= MOST_SHIFT;
}

/* What dt u, of a magnitude, adds to a state at most. */
MLM_INLINE uint32_t added_by(const scan_row *row, uint32_t magnitude, int32_t shift) {
    return ((magnitude * row->most_b) >> shift) + ROUNDING;
}

#define HALF_UP (1 << 15) /* a half of a unit of h16, in those of h */

/*
 * 2^(-dt a) in Q15. Where dt a is below 32, one shift does; elsewhere, and on Arm, where a shift may be by more
 * than 31, both are one.
 */
MLM_INLINE int32_t decay_of(int32_t a, int32_t dt, int32_t decay_shift, int is_short) {
    const int32_t power = (a * dt) >> decay_shift;
    const int32_t e = i32_exp2_negative(power & 0x7FFF);
    return is_short ? e >> 15 >> (power >> 15) : i32_shift_right(e, 15 + (power >> 15));
}

/* Compilers that are let mix neighbouring states need more registers than there are. */
#define STATE_BY_STATE __asm__ volatile("" ::: "memory")

/* States between two looks at the end. */
#if defined(__riscv)
enum { TOGETHER = 8 };
#define MORE_STATES(one) one(4) one(5) one(6) one(7)
#else
enum { TOGETHER = 4 };
#define MORE_STATES(one)
#endif

/* `one`(n) does state n of `states` of them, at a, h and bc. Sums cannot be undefined, whatever a loaded state has. */
#if defined(__wasm__) /* its size counts more */
#define FOR_ALL_STATES(states, one) \
    for (const int16_t *end = a + (states); a != end; a++, h++, bc += 2) one(0)
#else
#define FOR_ALL_STATES(states, one)                                            \
    for (const int16_t *end = a + (states) / TOGETHER * TOGETHER; a != end;) { \
        one(0) one(1) one(2) one(3) MORE_STATES(one) a += TOGETHER;            \
        h += TOGETHER;                                                         \
        bc += 2 * TOGETHER;                                                    \
    }                                                                          \
    for (const int16_t *end = a + (states) % TOGETHER; a != end; a++, h++, bc += 2) one(0)
#endif

/* D u, whose shift is plain. */
MLM_INLINE int32_t skip_of(const scan_row *row, uint32_t c) {
    if (!row->d) return 0;
    return i32_round_shift(row->u[c] * row->d[c], (uint32_t)row->skip_shift);
}

/* `states` of one channel; returns what they add to y. */
MLM_INLINE int32_t update_states(const int16_t *restrict a, int32_t *restrict h,
                                 const int16_t *restrict bc, uint32_t states, drive by, int32_t y,
                                 int is_short) {
    const int32_t dt = dt_of(by), dtu = dtu_of(by);
    const int32_t decay_shift = decay_shift_of(by), shift = shift_of(by);
#define UPDATE(n)                                                                           \
    {                                                                                       \
        const int32_t kept = 2 * i32_mulw(h[n], decay_of(a[n], dt, decay_shift, is_short)); \
        const int32_t next = i32_add(kept, (dtu * bc[2 * n]) >> shift);                     \
        h[n] = next;                                                                        \
        y = i32_add(y, i32_mulw(next, bc[2 * n + 1]));                                      \
        STATE_BY_STATE;                                                                     \
    }
    FOR_ALL_STATES(states, UPDATE);
#undef UPDATE
    return y;
}

/* The states of one channel from `done` on, its drive being in the place of its dt and y. */
MLM_INLINE void update_one(scan_row *row, uint32_t c, uint32_t done, int is_short) {
    const drive by = {(uint32_t)row->dt[c], (uint32_t)row->y[c]};
    const size_t at = (size_t)c * row->states + done;
    row->y[c] = update_states(row->a + at, row->h + at, row->bc + 2 * (size_t)done,
                              row->states - done, by, skip_of(row, c), is_short);
}

/* The same with states of which only the upper halves are kept. */
MLM_INLINE void update_one_i16(scan_row *row, uint32_t c, uint32_t done) {
    const drive by = {(uint32_t)row->dt[c], (uint32_t)row->y[c]};
    const size_t at = (size_t)c * row->states + done;
    const int32_t dt = dt_of(by), dtu = dtu_of(by);
    const int32_t decay_shift = decay_shift_of(by), shift = shift_of(by);
    const int16_t *restrict a = row->a + at, *restrict bc = row->bc + 2 * done;
    int16_t *restrict h = row->h16 + at;
    int32_t y = skip_of(row, c);
#define UPDATE(n)                                                                         \
    {                                                                                     \
        const int32_t kept = 2 * (h[n] * decay_of(a[n], dt, decay_shift, 0));             \
        const int32_t next = i32_add(i32_add(kept, (dtu * bc[2 * n]) >> shift), HALF_UP); \
        h[n] = (int16_t)(next >> 16);                                                     \
        y = i32_add(y, (next >> 16) * bc[2 * n + 1]);                                     \
        STATE_BY_STATE;                                                                   \
    }
    FOR_ALL_STATES(row->states - done, UPDATE);
#undef UPDATE
    row->y[c] = y;
}

#if MLM_SIMD && defined(__wasm_simd128__)
#include "scan_states_wasm.h"
#else

/* The largest |B|, and the sum of all |C|. */
static void sum_magnitudes(const int16_t *bc, uint32_t states, uint32_t *most_b, uint32_t *sum_c) {
#if defined(__ARM_FEATURE_DSP)
    const uint32_t zero = 0;
    uint32_t most = 0, sum = 0;
    for (const int16_t *end = bc + 2 * (size_t)states; bc != end; bc += 2) {
        uint32_t both, less;
        __builtin_memcpy(&both, bc, sizeof both);
        __asm__(
            "ssub16 %1, %3, %0\n" /* of each half, what it or its negative is */
            "sel %0, %1, %0\n"
            "usub16 %1, %2, %0\n" /* and the larger one */
            "sel %2, %2, %0\n"
            : "+r"(both), "=&r"(less), "+r"(most)
            : "r"(zero)
            : "cc");
        sum += both >> 16;
    }
    *most_b = most & 0xFFFFu;
    *sum_c = sum;
#else
    for (const int16_t *end = bc + 2 * (size_t)states; bc != end; bc += 2) {
        const uint32_t b = i32_magnitude(bc[0]);
        if (b > *most_b) *most_b = b;
        *sum_c += i32_magnitude(bc[1]);
    }
#endif
}

static uint32_t largest_i32(const int32_t *h, size_t count) {
    uint32_t most = 0;
    for (const int32_t *end = h + count; h != end; h++) {
        const uint32_t x = i32_magnitude(*h);
        if (x > most) most = x;
    }
    return most;
}

static uint32_t largest_i16(const int16_t *h, size_t count) {
    uint32_t most = 0;
    for (const int16_t *end = h + count; h != end; h++) {
        const uint32_t x = i32_magnitude(*h);
        if (x > most) most = x;
    }
    return most;
}

static MLM_NOINLINE void update_all_i16(scan_row *row, uint32_t first, uint32_t channels) {
    for (uint32_t c = first; c < first + channels; c++) update_one_i16(row, c, 0);
}

#if defined(__ARM_ARCH)
#include "scan_states_arm.h"
#else

static MLM_NOINLINE void update_all_i32(scan_row *row, uint32_t first, uint32_t channels) {
    const uint32_t states = row->states, skip_shift = (uint32_t)row->skip_shift;
    const int16_t *a = row->a + (size_t)first * states, *const bc = row->bc;
    int32_t *h = row->h + (size_t)first * states, *y = row->y + first;
    const int16_t *u = row->u + first, *d = row->d ? row->d + first : 0;
    const int32_t *factors = row->dt + first;
    for (const int32_t *const end = factors + channels; factors != end; a += states, h += states) {
        const drive by = {(uint32_t)*factors++, (uint32_t)*y};
        const int32_t skip = d ? i32_round_shift(*u++ * *d++, skip_shift) : 0;
        if (decay_shift_of(by) >= SHORT_DECAY_SHIFT)
            *y++ = update_states(a, h, bc, states, by, skip, 1);
        else
            *y++ = update_states(a, h, bc, states, by, skip, 0);
    }
}

#endif
#endif

#ifndef MLM_DRIVES_FOURS
#define MLM_DRIVES_FOURS 0
#endif
#endif
