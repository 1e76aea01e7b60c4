/*
 * scan_states_wasm.h - scan_states_int.h for WebAssembly's vectors: 8 states of a channel at a time.
 */
#ifndef MLM_SCAN_STATES_WASM_H
#define MLM_SCAN_STATES_WASM_H

#include "wasm_int.h"

enum { STATES = 8 };

/* 2^(15 - n) of 8 lanes from 0 to 127, which is 0 from 16 on. There is no shift a lane, but a table of 16 bytes: an upper
 * byte is looked up by n, a lower one by n - 8. */
MLM_INLINE v128_t power_of(v128_t n) {
    const v128_t bits = wasm_u8x16_make(128, 64, 32, 16, 8, 4, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0);
    const v128_t twice = wasm_i16x8_mul(n, wasm_i16x8_splat(0x101));
    return wasm_i8x16_swizzle(bits, wasm_i8x16_sub(twice, wasm_i16x8_splat(8)));
}

enum { MOST_STATES = 128 /* that go through the phases together, of one channel or several */ };

/* 2^-f of f 2^16 in Q30, and the whole part of dt a, of 4 states each. */
typedef struct phases {
    int32_t f[MOST_STATES], whole[MOST_STATES];
} phases;

/* Decays in Q15, of states 0 to 3 and 4 to 7. */
typedef struct decays {
    v128_t low, high;
} decays;

/*
 * The first phase of a channel, whose states are `n` to n + states - 1 of the phases. A processor looks ahead over a
 * few states' chains only, and WebAssembly engines order pure operations depth first; what orders them
 * otherwise is stores.
 */
MLM_INLINE void reduce_states(const int16_t *a, uint32_t states, drive by, uint32_t n,
                              phases *between) {
    const v128_t fraction = splat_i32(0x7FFF0000), dt = wasm_i16x8_splat((int16_t)dt_of(by));
    const uint32_t shift = (uint32_t)decay_shift_of(by);
    int32_t *f = between->f + n, *whole = between->whole + n / 2;
    for (const int16_t *end = a + states; a != end; a += STATES, f += STATES, whole += STATES / 2) {
        const v128_t eight = wasm_v128_load(a);
        const v128_t p = shr_by(wasm_i32x4_extmul_low_i16x8(eight, dt), shift);
        const v128_t q = shr_by(wasm_i32x4_extmul_high_i16x8(eight, dt), shift);
        wasm_v128_store(f, wasm_v128_and(wasm_i32x4_shl(p, 16), fraction));
        wasm_v128_store(f + 4, wasm_v128_and(wasm_i32x4_shl(q, 16), fraction));
        const v128_t exponents =
            wasm_i16x8_narrow_i32x4(wasm_i32x4_shr(p, 15), wasm_i32x4_shr(q, 15));
        wasm_v128_store(whole, power_of(exponents));
    }
}

MLM_INLINE void polynomial_states(uint32_t states, int32_t *f) {
    for (const int32_t *end = f + states; f != end; f += 4)
        wasm_v128_store(f, exp2_negative(wasm_v128_load(f)));
}

/* Of 8 states from `n` on. */
MLM_INLINE decays decays_of(const phases *between, uint32_t n) {
    const v128_t e = wasm_v128_load(between->f + n), f = wasm_v128_load(between->f + n + 4);
    const v128_t ones = wasm_i16x8_narrow_i32x4(wasm_i32x4_shr(e, 15), wasm_i32x4_shr(f, 15));
    const v128_t power = wasm_v128_load(between->whole + n / 2);
    return (decays){wasm_u32x4_shr(wasm_u32x4_extmul_low_u16x8(ones, power), 15),
                    wasm_u32x4_shr(wasm_u32x4_extmul_high_u16x8(ones, power), 15)};
}

/* 4 states; returns what they add to y. */
MLM_INLINE v128_t update_four(int32_t *h, v128_t decay, v128_t bc, v128_t dtu, uint32_t shift) {
    const v128_t kept = wasm_i32x4_shl(mulw(wasm_v128_load(h), factor_of(decay)), 1);
    const v128_t next = wasm_i32x4_add(kept, shr_by(wasm_i32x4_dot_i16x8(bc, dtu), shift));
    const factor c = {wasm_u32x4_shr(bc, 16), wasm_v128_and(bc, splat_i32((int32_t)0xFFFF0000))};
    wasm_v128_store(h, next);
    return mulw(next, c);
}

/* Last phase: 8 states. */
MLM_INLINE v128_t update_eight(int32_t *h, decays decay, const int16_t *bc, v128_t dtu,
                               uint32_t shift) {
    const v128_t low = update_four(h, decay.low, wasm_v128_load(bc), dtu, shift);
    return wasm_i32x4_add(low, update_four(h + 4, decay.high, wasm_v128_load(bc + 8), dtu, shift));
}

MLM_INLINE v128_t update_eight_i16(int16_t *h, decays decay, const int16_t *bc, v128_t dtu,
                                   uint32_t shift) {
    const v128_t half = splat_i32(HALF_UP), past = wasm_v128_load(h);
    const v128_t all = wasm_i16x8_narrow_i32x4(decay.low, decay.high);
    const v128_t low_bc = wasm_v128_load(bc), high_bc = wasm_v128_load(bc + 8);
    v128_t low = wasm_i32x4_shl(wasm_i32x4_extmul_low_i16x8(past, all), 1);
    v128_t high = wasm_i32x4_shl(wasm_i32x4_extmul_high_i16x8(past, all), 1);
    low = wasm_i32x4_add(low, shr_by(wasm_i32x4_dot_i16x8(low_bc, dtu), shift));
    high = wasm_i32x4_add(high, shr_by(wasm_i32x4_dot_i16x8(high_bc, dtu), shift));
    const v128_t next = wasm_i16x8_narrow_i32x4(wasm_i32x4_shr(wasm_i32x4_add(low, half), 16),
                                                wasm_i32x4_shr(wasm_i32x4_add(high, half), 16));
    wasm_v128_store(h, next);
    return wasm_i32x4_dot_i16x8(next,
                                wasm_i16x8_shuffle(low_bc, high_bc, 1, 3, 5, 7, 9, 11, 13, 15));
}

/* What is left of 8. */
static MLM_NOINLINE void update_rest(scan_row *row, uint32_t c, uint32_t done) {
    if (row->h)
        update_one(row, c, done, 0);
    else
        update_one_i16(row, c, done);
}

/* The last phase of channel c, whose first `done` states are in the phases from `n` on. */
MLM_INLINE void update_phases(scan_row *row, uint32_t c, uint32_t done, const phases *between,
                              uint32_t n, int is_i32) {
    const drive by = {(uint32_t)row->dt[c], (uint32_t)row->y[c]};
    const v128_t dtu = splat_i32(dtu_of(by) & 0xFFFF);
    const uint32_t shift = (uint32_t)shift_of(by);
    const int16_t *bc = row->bc;
    size_t at = (size_t)c * row->states;
    v128_t sum = splat_i32(0);
    for (const uint32_t end = n + done; n != end; n += STATES, at += STATES, bc += 2 * STATES) {
        const decays decay = decays_of(between, n);
        sum = wasm_i32x4_add(sum, is_i32 ? update_eight(row->h + at, decay, bc, dtu, shift)
                                         : update_eight_i16(row->h16 + at, decay, bc, dtu, shift));
    }
    if (done < row->states)
        update_rest(row, c, done);
    else
        row->y[c] = skip_of(row, c);
    row->y[c] = i32_add(row->y[c], sum_of_lanes(sum));
}

/* As many channels together as the phases have room for. */
MLM_INLINE void update_in_phases(scan_row *row, uint32_t first, uint32_t channels, int is_i32) {
    phases between __attribute__((aligned(16)));
    const uint32_t states = row->states, end = first + channels;
    const uint32_t done = states <= MOST_STATES ? states & ~(uint32_t)(STATES - 1) : 0;
    const uint32_t together = done > 0 ? MOST_STATES / done : channels;
    while (first < end) {
        const uint32_t count = end - first < together ? end - first : together;
        for (uint32_t i = 0; i < count; i++) {
            const drive by = {(uint32_t)row->dt[first + i], (uint32_t)row->y[first + i]};
            reduce_states(row->a + (size_t)(first + i) * states, done, by, i * done, &between);
        }
        polynomial_states(count * done, between.f);
        for (uint32_t i = 0; i < count; i++)
            update_phases(row, first + i, done, &between, i * done, is_i32);
        first += count;
    }
}

static MLM_NOINLINE void update_all_i32(scan_row *row, uint32_t first, uint32_t channels) {
    update_in_phases(row, first, channels, 1);
}

static MLM_NOINLINE void update_all_i16(scan_row *row, uint32_t first, uint32_t channels) {
    update_in_phases(row, first, channels, 0);
}

MLM_INLINE uint32_t largest_lane(v128_t x) {
    x = wasm_u32x4_max(x, wasm_i32x4_shuffle(x, x, 2, 3, 0, 1));
    x = wasm_u32x4_max(x, wasm_i32x4_shuffle(x, x, 1, 0, 3, 2));
    return (uint32_t)wasm_i32x4_extract_lane(x, 0);
}

/* The largest |B|, and the sum of all |C|: magnitudes of 16 bits, of which 2^15 is one. */
static void sum_magnitudes(const int16_t *bc, uint32_t states, uint32_t *most_b, uint32_t *sum_c) {
    v128_t most = splat_i32(0), sum = most;
    for (; states >= 4; states -= 4, bc += 8) {
        const v128_t both = wasm_i16x8_abs(wasm_v128_load(bc));
        most = wasm_u16x8_max(most, both);
        sum = wasm_i32x4_add(sum, wasm_u32x4_shr(both, 16));
    }
    *most_b = largest_lane(wasm_v128_and(most, splat_i32(0xFFFF)));
    *sum_c = (uint32_t)sum_of_lanes(sum);
    for (; states > 0; states--, bc += 2) {
        const uint32_t b = i32_magnitude(bc[0]);
        if (b > *most_b) *most_b = b;
        *sum_c += i32_magnitude(bc[1]);
    }
}

static uint32_t largest_i32(const int32_t *h, size_t count) {
    v128_t most = splat_i32(0);
    for (; count >= 4; count -= 4, h += 4)
        most = wasm_u32x4_max(most, wasm_i32x4_abs(wasm_v128_load(h)));
    uint32_t largest = largest_lane(most);
    for (; count > 0; count--, h++) {
        const uint32_t x = i32_magnitude(*h);
        if (x > largest) largest = x;
    }
    return largest;
}

static uint32_t largest_i16(const int16_t *h, size_t count) {
    v128_t most = splat_i32(0);
    for (; count >= 8; count -= 8, h += 8)
        most = wasm_u16x8_max(most, wasm_i16x8_abs(wasm_v128_load(h)));
    uint32_t largest = largest_lane(
        wasm_u32x4_max(wasm_v128_and(most, splat_i32(0xFFFF)), wasm_u32x4_shr(most, 16)));
    for (; count > 0; count--, h++) {
        const uint32_t x = i32_magnitude(*h);
        if (x > largest) largest = x;
    }
    return largest;
}

/* ---- drives of four channels -------------------------------------------------------------------------- */

#define MLM_DRIVES_FOURS 1

enum {
    FLOAT_FRACTION = 23,
    FLOAT_ONE = 127,
    MAGIC_BITS = 0x4B400000 /* of 1.5 2^23: what is added to it are its lowest bits */
};

/* Bits above the first 15, of numbers of 31: from their exponent as floats, which rounding up to a power of two would be
 * wrong, so no bit that follows one is kept. */
MLM_INLINE v128_t bits_of_four_over_15(v128_t x) {
    const v128_t sparse = wasm_v128_andnot(x, wasm_i32x4_shr(x, 1));
    const v128_t exponent = wasm_i32x4_shr(wasm_f32x4_convert_i32x4(sparse), FLOAT_FRACTION);
    return wasm_i32x4_max(wasm_i32x4_sub(exponent, splat_i32(FLOAT_ONE + 14)), splat_i32(0));
}

/* x 2^-s, rounded down, of an x that s + `digits` - 1 bits and a sign have room for; s <= digits <= 16. */
MLM_INLINE v128_t shifted_by(v128_t x, v128_t s, int32_t digits) {
    const v128_t scale =
        wasm_i32x4_shl(wasm_i32x4_sub(splat_i32(FLOAT_ONE + digits), s), FLOAT_FRACTION);
    const v128_t sum = wasm_f32x4_add(scale, splat_i32(MAGIC_BITS));
    const v128_t power = wasm_i32x4_sub(sum, splat_i32(MAGIC_BITS));
    return wasm_i32x4_shr(wasm_i32x4_mul(x, power), (uint32_t)digits);
}

MLM_INLINE int all_are_plain(v128_t decay_shift, v128_t shift) {
    const v128_t low = splat_i32(LEAST_DECAY_SHIFT),
                 range = splat_i32(MOST_SHIFT - LEAST_DECAY_SHIFT);
    const v128_t odd_decay = wasm_u32x4_gt(wasm_i32x4_sub(decay_shift, low), range);
    return !wasm_v128_any_true(
        wasm_v128_or(odd_decay, wasm_u32x4_gt(shift, splat_i32(MOST_SHIFT))));
}

#define ADDED_BY(lane)                                                \
    added_by(row, (uint32_t)wasm_i32x4_extract_lane(magnitude, lane), \
             wasm_i32x4_extract_lane(shift, lane))

MLM_INLINE uint32_t larger(uint32_t x, uint32_t y) { return x > y ? x : y; }

/* Channels in fours, up to where shifts are not plain; returns how many. */
MLM_INLINE uint32_t drive_fours(const scan_row *row, uint32_t first, uint32_t channels,
                                uint32_t *most) {
    uint32_t c = first;
    for (const uint32_t end = first + (channels & ~3u); c != end; c += 4) {
        const v128_t wide = wasm_v128_load(row->dt + c), s = bits_of_four_over_15(wide);
        const v128_t dt = shifted_by(wide, s, 16);
        const v128_t product = wasm_i32x4_dot_i16x8(dt, wasm_i32x4_load16x4(row->u + c));
        const v128_t size = wasm_i32x4_abs(product), over = bits_of_four_over_15(size);
        const v128_t dtu = shifted_by(product, over, 15);
        const v128_t magnitude = wasm_i32x4_add(shifted_by(size, over, 15), splat_i32(1));
        const v128_t decay_shift = wasm_i32x4_sub(splat_i32(row->decay_shift), s);
        const v128_t shift = wasm_i32x4_sub(wasm_i32x4_sub(splat_i32(row->input_shift), s), over);
        if (!all_are_plain(decay_shift, shift)) break;
        *most = larger(*most, larger(ADDED_BY(0), ADDED_BY(1)));
        *most = larger(*most, larger(ADDED_BY(2), ADDED_BY(3)));
        const v128_t lower = wasm_v128_and(dtu, splat_i32(0xFFFF));
        wasm_v128_store(row->dt + c, wasm_v128_or(wasm_i32x4_shl(dt, 16), lower));
        wasm_v128_store(row->y + c, wasm_v128_or(wasm_i32x4_shl(shift, 8), decay_shift));
    }
    return c - first;
}

#endif
