/*
 * scan_states_wasm.h - scan_states_int.h for WebAssembly's vectors: 8 states of a channel at a time.
 */
#ifndef MLM_SCAN_STATES_WASM_H
#define MLM_SCAN_STATES_WASM_H

#include "wasm_int.h"

enum { STATES = 8, CHANNELS = 4 };

/* Decays in Q15, of states 0 to 3 and 4 to 7. */
typedef struct decays {
    v128_t low, high;
} decays;

/* 2^(15 - n) of 8 lanes from 0 to 127, which is 0 from 16 on. There is no shift a lane, but a table of 16 bytes: an upper
 * byte is looked up by n, a lower one by n - 8. */
MLM_INLINE v128_t power_of(v128_t n) {
    const v128_t bits = wasm_u8x16_make(128, 64, 32, 16, 8, 4, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0);
    const v128_t twice = wasm_i16x8_mul(n, wasm_i16x8_splat(0x101));
    return wasm_i8x16_swizzle(bits, wasm_i8x16_sub(twice, wasm_i16x8_splat(8)));
}

/* Of powers p and q, shifted by their whole parts. */
MLM_INLINE decays shifted_decays(decays by, v128_t p, v128_t q) {
    const v128_t whole = wasm_i16x8_narrow_i32x4(wasm_u32x4_shr(p, 15), wasm_u32x4_shr(q, 15));
    const v128_t power = power_of(whole);
    const v128_t ones = wasm_i16x8_narrow_i32x4(by.low, by.high);
    return (decays){wasm_u32x4_shr(wasm_u32x4_extmul_low_u16x8(ones, power), 15),
                    wasm_u32x4_shr(wasm_u32x4_extmul_high_u16x8(ones, power), 15)};
}

/* Constants of the loop below, which engines make anew, from scalars, wherever it begins; loads cost less. */
typedef struct constants {
    v128_t most, c2, c1, c0, one, half, upper;
} constants;

MLM_INLINE constants load_constants(void) {
    static const int32_t all[][4] = {
#define FOUR(x) {(int32_t)(x), (int32_t)(x), (int32_t)(x), (int32_t)(x)}
        FOUR(0x7FFF),       FOUR((uint32_t)MLM_EXP2_C2 << 16),
        FOUR(MLM_EXP2_C1),  FOUR(MLM_EXP2_C0),
        FOUR(MLM_EXP2_ONE), FOUR(1 << 15),
        FOUR(0xFFFF0000)
#undef FOUR
    };
    const int32_t *k = all[0];
    __asm__ volatile("" : "+r"(k));
    return (constants){wasm_v128_load(k),      wasm_v128_load(k + 4),  wasm_v128_load(k + 8),
                       wasm_v128_load(k + 12), wasm_v128_load(k + 16), wasm_v128_load(k + 20),
                       wasm_v128_load(k + 24)};
}

/* 2^-(power / 2^15) of 4 states, of powers below 1. */
MLM_INLINE v128_t decay_of_fraction(v128_t power, const constants *k) {
    const v128_t f = wasm_i32x4_shl(power, 16);
    v128_t t = wasm_i32x4_add(wasm_i32x4_dot_i16x8(f, k->c2), k->c1);
    t = wasm_i32x4_add(wasm_i32x4_dot_i16x8(t, f), k->c0);
    t = wasm_i32x4_add(wasm_i32x4_dot_i16x8(t, f), k->one);
    return wasm_u32x4_shr(t, 15);
}

/* How a channel's input goes into its states, in vectors. */
typedef struct drives {
    v128_t dt, dtu;
    uint32_t decay_shift, shift;
} drives;

MLM_INLINE drives drives_of(const scan_row *row, uint32_t c) {
    const drive by = {0, (uint32_t)row->y[c]};
    const v128_t factors = wasm_v128_load32_splat(row->dt + c);
    return (drives){wasm_u32x4_shr(factors, 16), wasm_v128_and(factors, splat_i32(0xFFFF)),
                    (uint32_t)decay_shift_of(by), (uint32_t)shift_of(by)};
}

/* Of 8 states. Most powers are below 1: then what a whole part costs is saved. */
MLM_INLINE decays decays_of(const int16_t *a, const drives *by, const constants *k) {
    const v128_t p = shr_by(wasm_i32x4_dot_i16x8(wasm_i32x4_load16x4(a), by->dt), by->decay_shift);
    const v128_t q =
        shr_by(wasm_i32x4_dot_i16x8(wasm_i32x4_load16x4(a + 4), by->dt), by->decay_shift);
    const uint32_t have_whole = wasm_i32x4_bitmask(wasm_i32x4_sub(k->most, wasm_v128_or(p, q)));
    v128_t f = p, g = q;
    if (have_whole) {
        f = wasm_v128_and(p, k->most);
        g = wasm_v128_and(q, k->most);
    }
    const decays fractions = {decay_of_fraction(f, k), decay_of_fraction(g, k)};
    if (!have_whole) return fractions;
    return shifted_decays(fractions, p, q);
}

/* mulw, with the rounding constant at hand. */
MLM_INLINE v128_t mulw_by(v128_t a, factor b, const constants *k) {
    return wasm_i32x4_add(wasm_i32x4_dot_i16x8(wasm_i32x4_add(a, k->half), b.high),
                          wasm_i32x4_shr(wasm_i32x4_dot_i16x8(a, b.low), 16));
}

/* Of 4 states from what they were: what they become. */
MLM_INLINE v128_t next_of(v128_t past, v128_t decay, v128_t bc, const drives *by,
                          const constants *k) {
    const v128_t kept = wasm_i32x4_shl(mulw_by(past, factor_of(decay), k), 1);
    return wasm_i32x4_add(kept, shr_by(wasm_i32x4_dot_i16x8(bc, by->dtu), by->shift));
}

/* Whether the state has 32 bits. Compilers that saw it would make two loops of one. */
MLM_INLINE uint32_t is_wide(const scan_row *row) {
    uint32_t wide = row->h != 0;
    __asm__ volatile("" : "+r"(wide));
    return wide;
}

/* 4 states of h, or of its upper halves; returns what they add to y. */
MLM_INLINE v128_t update_four(const scan_row *row, size_t at, v128_t decay, v128_t bc, factor c,
                              const drives *by, const constants *k) {
    v128_t past = is_wide(row) ? wasm_v128_load(row->h + at)
                               : wasm_i32x4_shl(wasm_u32x4_load16x4(row->h16 + at), 16);
    v128_t next = next_of(past, decay, bc, by, k);
    if (is_wide(row)) {
        wasm_v128_store(row->h + at, next);
    } else {
        const v128_t upper = wasm_i32x4_shr(wasm_i32x4_add(next, k->half), 16);
        wasm_v128_store64_lane(row->h16 + at, narrow_to_i16(upper), 0);
        next = wasm_i32x4_shl(upper, 16);
    }
    return mulw_by(next, c, k);
}

static int32_t update_carefully(const scan_row *row, size_t at, drive by, int32_t skip);

/* States from `n` on, one by one; returns y of them. */
static MLM_COLD int32_t update_rest(const scan_row *row, uint32_t c, uint32_t n) {
    const drive by = {(uint32_t)row->dt[c], (uint32_t)row->y[c]};
    scan_row rest = *row;
    rest.bc += 2 * n;
    rest.states -= n;
    return update_carefully(&rest, (size_t)c * row->states + n, by, 0);
}

/* One channel; the lanes of what is returned add up to its y, but for D u. */
MLM_INLINE v128_t update_channel(const scan_row *row, uint32_t c, const constants *k) {
    const drives by = drives_of(row, c);
    const int16_t *bc = row->bc;
    size_t at = (size_t)c * row->states;
    v128_t y = splat_i32(0);
    for (const size_t end = at + row->states / STATES * STATES; at != end; at += STATES) {
        const decays d = decays_of(row->a + at, &by, k);
        const v128_t low = wasm_v128_load(bc), high = wasm_v128_load(bc + STATES);
        const factor low_c = {wasm_u32x4_shr(low, 16), wasm_v128_and(low, k->upper)};
        const factor high_c = {wasm_u32x4_shr(high, 16), wasm_v128_and(high, k->upper)};
        y = wasm_i32x4_add(y, update_four(row, at, d.low, low, low_c, &by, k));
        y = wasm_i32x4_add(y, update_four(row, at + STATES / 2, d.high, high, high_c, &by, k));
        bc += 2 * STATES;
    }
    if (row->states % STATES == 0) return y;
    const int32_t rest = update_rest(row, c, row->states / STATES * STATES);
    return wasm_i32x4_add(y, wasm_i32x4_make(rest, 0, 0, 0));
}

/* y of 4 channels, of the sums of their states: those of lanes, and D u. */
MLM_INLINE void finish_four(const scan_row *row, uint32_t c, const v128_t *sums) {
    const v128_t low = wasm_i32x4_add(wasm_i32x4_shuffle(sums[0], sums[1], 0, 4, 1, 5),
                                      wasm_i32x4_shuffle(sums[0], sums[1], 2, 6, 3, 7));
    const v128_t high = wasm_i32x4_add(wasm_i32x4_shuffle(sums[2], sums[3], 0, 4, 1, 5),
                                       wasm_i32x4_shuffle(sums[2], sums[3], 2, 6, 3, 7));
    v128_t y = wasm_i32x4_add(wasm_i32x4_shuffle(low, high, 0, 1, 4, 5),
                              wasm_i32x4_shuffle(low, high, 2, 3, 6, 7));
    if (row->d) {
        const v128_t half = splat_i32((int32_t)((1u << row->skip_shift) >> 1));
        const v128_t du =
            wasm_i32x4_dot_i16x8(wasm_u32x4_load16x4(row->u + c), wasm_u32x4_load16x4(row->d + c));
        y = wasm_i32x4_add(y, shr_by(wasm_i32x4_add(du, half), (uint32_t)row->skip_shift));
    }
    wasm_v128_store(row->y + c, y);
}

static MLM_NOINLINE void update_channels(const scan_row *row, uint32_t first, uint32_t channels) {
    const uint32_t end = first + channels;
    const constants k = load_constants();
    uint32_t c = first;
    for (; end - c >= CHANNELS; c += CHANNELS) {
        v128_t sums[CHANNELS];
        for (uint32_t i = 0; i < CHANNELS; i++) sums[i] = update_channel(row, c + i, &k);
        finish_four(row, c, sums);
    }
    for (; c < end; c++) row->y[c] = i32_add(update_rest(row, c, 0), skip_of(row, c));
}

/* One loop does both. */
#define update_all_i32 update_channels
#define update_all_i16 update_channels

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
    for (; count > 0; count--, h++)
        most = wasm_u32x4_max(most, wasm_i32x4_abs(wasm_v128_load32_zero(h)));
    return largest_lane(most);
}

static uint32_t largest_i16(const int16_t *h, size_t count) {
    uint32_t largest = 0;
    for (const int16_t *end = h + count; h != end; h++) {
        const uint32_t x = i32_magnitude(*h);
        if (x > largest) largest = x;
    }
    return largest;
}

/* ---- drives, of four channels -------------------------------------------------------------------------- */

enum { FLOAT_FRACTION = 23, FLOAT_ONE = 127 };

/* Bits above the first 15, of numbers of 31: from their exponent as floats, which rounding up to a power of two would be
 * wrong, so no bit that follows one is kept. */
MLM_INLINE v128_t bits_of_four_over_15(v128_t x) {
    const v128_t sparse = wasm_v128_andnot(x, wasm_i32x4_shr(x, 1));
    const v128_t exponent = wasm_i32x4_shr(wasm_f32x4_convert_i32x4(sparse), FLOAT_FRACTION);
    return wasm_i32x4_max(wasm_i32x4_sub(exponent, splat_i32(FLOAT_ONE + 14)), splat_i32(0));
}

/* Which lanes are not as are_plain has them. */
MLM_INLINE v128_t odd_lanes(v128_t decay_shift, v128_t shift) {
    const v128_t least = wasm_i32x4_sub(decay_shift, splat_i32(LEAST_DECAY_SHIFT));
    const v128_t all = wasm_v128_or(wasm_v128_or(decay_shift, shift), least);
    return wasm_i32x4_ne(wasm_v128_and(all, splat_i32(~MOST_SHIFT)), splat_i32(0));
}

MLM_INLINE v128_t clamped_shift(v128_t s) {
    return wasm_i32x4_max(wasm_i32x4_min(s, splat_i32(MOST_SHIFT)), splat_i32(0));
}

/* As odd_drive does it, which leaves plain lanes as they are. */
MLM_INLINE v128_t odd_input(v128_t dtu, v128_t shift) {
    const v128_t left = wasm_i32x4_sub(splat_i32(0), wasm_i32x4_max(shift, splat_i32(-15)));
    const v128_t by = powers_of_two(wasm_i32x4_max(left, splat_i32(0)));
    return wasm_i32x4_extend_low_i16x8(narrow_to_i16(wasm_i32x4_mul(dtu, by)));
}

/* As scan_int.c has it. In fours, as rows are padded; what comes of the padding has no say in the result. */
static uint32_t drive_channels(const scan_row *row, uint32_t first, uint32_t channels) {
    /* Else, as far as compilers know, what is stored might change them. */
    const v128_t most_b = splat_i32((int32_t)row->most_b);
    const v128_t most_decay_shift = splat_i32(row->decay_shift);
    const v128_t most_shift = splat_i32(row->input_shift);
    int32_t *factors = row->dt + first, *shifts = row->y + first;
    const int16_t *u = row->u + first;
    v128_t added = splat_i32(0), odd = added;
    v128_t left = wasm_i32x4_sub(splat_i32((int32_t)channels), wasm_i32x4_make(0, 1, 2, 3));
    for (uint32_t c = 0; c < channels; c += 4, left = wasm_i32x4_sub(left, splat_i32(4))) {
        const v128_t wide = wasm_v128_load(factors + c), s = bits_of_four_over_15(wide);
        const v128_t by = powers_of_two(wasm_i32x4_sub(splat_i32(16), s));
        const v128_t dt = wasm_i32x4_shr(wasm_i32x4_mul(wide, by), 16);
        const v128_t product = wasm_i32x4_dot_i16x8(dt, wasm_i32x4_load16x4(u + c));
        const v128_t size = wasm_i32x4_abs(product), over = bits_of_four_over_15(size);
        const v128_t over_by = powers_of_two(wasm_i32x4_sub(splat_i32(15), over));
        const v128_t magnitude = wasm_i32x4_shr(wasm_i32x4_mul(size, over_by), 15);
        const v128_t largest = wasm_i32x4_mul(wasm_i32x4_add(magnitude, splat_i32(1)), most_b);
        v128_t dtu = wasm_i32x4_shr(wasm_i32x4_mul(product, over_by), 15);
        v128_t decay_shift = wasm_i32x4_sub(most_decay_shift, s);
        v128_t shift = wasm_i32x4_sub(wasm_i32x4_sub(most_shift, s), over);
        const v128_t has_say = wasm_i32x4_gt(left, splat_i32(0));
        const v128_t are_odd = odd_lanes(decay_shift, shift);
        if (wasm_v128_any_true(are_odd)) {
            odd = wasm_v128_or(odd, wasm_v128_and(are_odd, has_say));
            dtu = odd_input(dtu, shift);
            decay_shift = clamped_shift(decay_shift);
            shift = clamped_shift(shift);
        }
        added = wasm_i32x4_max(added, wasm_v128_and(shifted_right(largest, shift), has_say));
        const v128_t lower = wasm_v128_and(dtu, splat_i32(0xFFFF));
        wasm_v128_store(factors + c, wasm_v128_or(wasm_i32x4_shl(dt, 16), lower));
        wasm_v128_store(shifts + c, wasm_v128_or(wasm_i32x4_shl(shift, 8), decay_shift));
    }
    return wasm_v128_any_true(odd) ? MOST_ADDED : largest_lane(added) + ROUNDING;
}

#endif
