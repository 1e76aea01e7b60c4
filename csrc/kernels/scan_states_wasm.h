/*
 * scan_states_wasm.h - scan_states_int.h for WebAssembly's vectors: 8 states of some channels at a time, the decays of
 * all of them first. A processor works at several channels at once as far as it can hold what waits for results: the
 * chain of products from dt to y is too long for that, halves of it with a store between them are not.
 */
#ifndef MLM_SCAN_STATES_WASM_H
#define MLM_SCAN_STATES_WASM_H

#include "wasm_int.h"

enum { STATES = 8, CHANNELS = 4 };
enum { FLOAT_FRACTION = 23, FLOAT_ONE = 127, MAGIC = 0x4B400000 }; /* as powers_of_two has it */
enum { POWER_FRACTION = 15 };                                      /* bits of a power's fraction */

/* Of states 0 to 3 and 4 to 7. */
typedef struct eight {
    v128_t low, high;
} eight;

/* Those of 16 bits in the upper halves of lanes, above 0. */
MLM_INLINE eight upper_halves(v128_t x) {
    const v128_t none = splat_i32(0);
    return (eight){wasm_i16x8_shuffle(none, x, 0, 8, 1, 9, 2, 10, 3, 11),
                   wasm_i16x8_shuffle(none, x, 4, 12, 5, 13, 6, 14, 7, 15)};
}

/* ---- decays, in Q15 ---------------------------------------------------------------------------------- */

/* Constants of the loop below, which engines make anew, from scalars, wherever it begins; loads cost less. */
typedef struct constants {
    v128_t c2, c1, c0, one;
    const int32_t *whole; /* what only powers from 1 on need */
} constants;

enum { WHOLE_MOST = 0, WHOLE_POWER = 4, WHOLE_MAGIC = 8 };

MLM_INLINE constants load_constants(void) {
    static const int32_t all[][4] = {
#define FOUR(x) {(int32_t)(x), (int32_t)(x), (int32_t)(x), (int32_t)(x)}
        FOUR((uint32_t)MLM_EXP2_C2 << 16),
        FOUR(MLM_EXP2_C1),
        FOUR(MLM_EXP2_C0),
        FOUR(MLM_EXP2_ONE),
        FOUR(0x7FFF),
        FOUR((FLOAT_ONE + POWER_FRACTION - 1) << FLOAT_FRACTION),
        FOUR(MAGIC)
#undef FOUR
    };
    const int32_t *k = all[0];
    __asm__ volatile("" : "+r"(k));
    return (constants){wasm_v128_load(k), wasm_v128_load(k + 4), wasm_v128_load(k + 8),
                       wasm_v128_load(k + 12), k + 16};
}

/* 2^-(power / 2^15) of 4 states, of powers below 1. */
MLM_INLINE v128_t decay_of_fraction(v128_t power, const constants *k) {
    const v128_t f = wasm_i32x4_shl(power, 16);
    v128_t t = wasm_i32x4_add(wasm_i32x4_dot_i16x8(f, k->c2), k->c1);
    t = wasm_i32x4_add(wasm_i32x4_dot_i16x8(t, f), k->c0);
    t = wasm_i32x4_add(wasm_i32x4_dot_i16x8(t, f), k->one);
    return wasm_u32x4_shr(t, 15);
}

/* A decay of 15 bits shifted right by the whole part of its power: times 2^(14 - whole), which is 0 beyond, and by 14. */
MLM_INLINE v128_t shifted_by_whole(v128_t decay, v128_t power, const constants *k) {
    const v128_t whole = wasm_v128_andnot(power, wasm_v128_load(k->whole + WHOLE_MOST));
    const v128_t field = wasm_i32x4_shl(whole, FLOAT_FRACTION - POWER_FRACTION);
    const v128_t by = wasm_i32x4_sub(wasm_v128_load(k->whole + WHOLE_POWER), field);
    const v128_t magic = wasm_v128_load(k->whole + WHOLE_MAGIC);
    const v128_t two = wasm_i32x4_sub(wasm_f32x4_add(by, magic), magic);
    return wasm_u32x4_shr(wasm_i32x4_dot_i16x8(decay, two), POWER_FRACTION - 1);
}

/* Of a channel whose dt is the upper half of `factors`. From a shift of 15 on a product of 30 bits is below 1. */
MLM_INLINE eight decays_of(const int16_t *a, v128_t factors, uint32_t shift, const constants *k) {
    const eight rates = upper_halves(wasm_v128_load(a));
    const v128_t p = shr_by(wasm_i32x4_dot_i16x8(rates.low, factors), shift);
    const v128_t q = shr_by(wasm_i32x4_dot_i16x8(rates.high, factors), shift);
    eight powers = {p, q};
    if (shift < POWER_FRACTION) {
        const v128_t most = wasm_v128_load(k->whole + WHOLE_MOST);
        powers = (eight){wasm_v128_and(p, most), wasm_v128_and(q, most)};
    }
    const eight decays = {decay_of_fraction(powers.low, k), decay_of_fraction(powers.high, k)};
    if (shift >= POWER_FRACTION) return decays;
    return (eight){shifted_by_whole(decays.low, p, k), shifted_by_whole(decays.high, q, k)};
}

/* States from `n` on, of channels from `first` on. */
static void make_decays(const scan_row *row, uint32_t n, uint32_t first, uint32_t channels,
                        eight *decays) {
    const constants k = load_constants();
    const int16_t *a = row->a + (size_t)first * row->states + n;
    const int32_t *factors = row->dt + first, *shifts = row->y + first;
    for (const int32_t *const end = factors + channels; factors != end; a += row->states) {
        const drive by = {0, (uint32_t)*shifts++};
        *decays++ =
            decays_of(a, wasm_v128_load32_splat(factors++), (uint32_t)decay_shift_of(by), &k);
    }
}

/* ---- states ------------------------------------------------------------------------------------------ */

/* Whether the state has 32 bits. Compilers that saw it would make two loops of one. */
MLM_INLINE uint32_t is_wide(const int32_t *h) {
    uint32_t wide = h != 0;
    __asm__ volatile("" : "+r"(wide));
    return wide;
}

MLM_INLINE eight states_at(const int32_t *h, const int16_t *h16, size_t at) {
    if (is_wide(h)) return (eight){wasm_v128_load(h + at), wasm_v128_load(h + at + STATES / 2)};
    return upper_halves(wasm_v128_load(h16 + at));
}

/* Returns what is kept. */
MLM_INLINE eight keep_states(int32_t *h, int16_t *h16, size_t at, eight states) {
    if (is_wide(h)) {
        wasm_v128_store(h + at, states.low);
        wasm_v128_store(h + at + STATES / 2, states.high);
        return states;
    }
    const v128_t half = splat_i32(HALF_UP);
    const v128_t upper =
        wasm_i16x8_narrow_i32x4(wasm_i32x4_shr(wasm_i32x4_add(states.low, half), 16),
                                wasm_i32x4_shr(wasm_i32x4_add(states.high, half), 16));
    wasm_v128_store(h16 + at, upper);
    return upper_halves(upper);
}

/* Of 4 states from what they were: what they become. */
MLM_INLINE v128_t next_of(v128_t past, v128_t decay, v128_t added) {
    return wasm_i32x4_add(wasm_i32x4_shl(mulw(past, factor_of(decay)), 1), added);
}

/* As make_decays; adds to sums, of which lanes add up to y but for D u. */
static void update_states_of(const scan_row *row, uint32_t n, uint32_t first, uint32_t channels,
                             const eight *decays, v128_t *sums) {
    const v128_t low = wasm_v128_load(row->bc + 2 * n);
    const v128_t high = wasm_v128_load(row->bc + 2 * n + STATES);
    const v128_t lower = splat_i32(0xFFFF), upper = splat_i32((int32_t)0xFFFF0000);
    const eight b = {wasm_v128_and(low, lower), wasm_v128_and(high, lower)};
    const factor c = {wasm_u32x4_shr(low, 16), wasm_v128_and(low, upper)};
    const factor e = {wasm_u32x4_shr(high, 16), wasm_v128_and(high, upper)};
    const int32_t *factors = row->dt + first, *shifts = row->y + first;
    int32_t *const h = row->h;
    int16_t *const h16 = row->h16;
    size_t at = (size_t)first * row->states + n;
    for (const int32_t *const end = factors + channels; factors != end; at += row->states) {
        const drive by = {0, (uint32_t)*shifts++};
        const uint32_t shift = (uint32_t)shift_of(by);
        const v128_t dtu = wasm_v128_load32_splat(factors++); /* in lower halves, where B is */
        const eight past = states_at(h, h16, at);
        const v128_t added = shr_by(wasm_i32x4_dot_i16x8(b.low, dtu), shift);
        const v128_t added_high = shr_by(wasm_i32x4_dot_i16x8(b.high, dtu), shift);
        const eight next = {next_of(past.low, decays->low, added),
                            next_of(past.high, decays->high, added_high)};
        const eight kept = keep_states(h, h16, at, next);
        const v128_t sum = wasm_i32x4_add(*sums, mulw(kept.low, c));
        *sums++ = wasm_i32x4_add(sum, mulw(kept.high, e));
        decays++;
    }
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
    eight decays[MLM_BOUND_CHANNELS];
    v128_t sums[MLM_BOUND_CHANNELS];
    const uint32_t in_fours = channels / CHANNELS * CHANNELS;
    const uint32_t in_eights = row->states / STATES * STATES;
    for (uint32_t i = 0; i < in_fours; i++) sums[i] = splat_i32(0);
    for (uint32_t n = 0; n < in_eights; n += STATES) {
        make_decays(row, n, first, in_fours, decays);
        update_states_of(row, n, first, in_fours, decays, sums);
    }
    for (uint32_t i = 0; i < in_fours && in_eights < row->states; i++)
        sums[i] = wasm_i32x4_add(sums[i],
                                 wasm_i32x4_make(update_rest(row, first + i, in_eights), 0, 0, 0));
    for (uint32_t i = 0; i < in_fours; i += CHANNELS) finish_four(row, first + i, sums + i);
    for (uint32_t c = first + in_fours; c < first + channels; c++)
        row->y[c] = i32_add(update_rest(row, c, 0), skip_of(row, c));
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

/* dt of 31 bits as 15 of them, in its place, and by how much it is shifted for that, in that of y. */
static void narrow_steps(int32_t *dt, int32_t *shifts, uint32_t channels) {
    for (uint32_t c = 0; c < channels; c += 4) {
        const v128_t wide = wasm_v128_load(dt + c), s = bits_of_four_over_15(wide);
        const v128_t by = powers_of_two(wasm_i32x4_sub(splat_i32(16), s));
        wasm_v128_store(dt + c, wasm_i32x4_shr(wasm_i32x4_mul(wide, by), 16));
        wasm_v128_store(shifts + c, s);
    }
}

/* The most that channels add to a state: of magnitudes of dt u and their shifts. */
static uint32_t most_added(const scan_row *row, const uint32_t *sizes, uint32_t first,
                           uint32_t channels) {
    const uint32_t most_b = row->most_b;
    const int32_t *shifts = row->y + first;
    uint32_t most = 0;
    for (uint32_t c = 0; c < channels; c++) {
        const drive by = {0, (uint32_t)shifts[c]};
        const uint32_t added = ((sizes[c] + 1) * most_b) >> shift_of(by);
        most = added > most ? added : most;
    }
    return most + ROUNDING;
}

/* As scan_int.c has it. In fours, as rows are padded; what comes of the padding has no say in the result. */
static uint32_t drive_channels(const scan_row *row, uint32_t first, uint32_t channels) {
    uint32_t sizes[MLM_BOUND_CHANNELS];
    /* Else, as far as compilers know, what is stored might change them. */
    const v128_t most_decay_shift = splat_i32(row->decay_shift);
    const v128_t most_shift = splat_i32(row->input_shift);
    int32_t *factors = row->dt + first, *shifts = row->y + first;
    const int16_t *u = row->u + first;
    v128_t odd = splat_i32(0);
    v128_t left = wasm_i32x4_sub(splat_i32((int32_t)channels), wasm_i32x4_make(0, 1, 2, 3));
    narrow_steps(factors, shifts, channels);
    for (uint32_t c = 0; c < channels; c += 4, left = wasm_i32x4_sub(left, splat_i32(4))) {
        const v128_t dt = wasm_v128_load(factors + c), s = wasm_v128_load(shifts + c);
        const v128_t product = wasm_i32x4_dot_i16x8(dt, wasm_i32x4_load16x4(u + c));
        const v128_t size = wasm_i32x4_abs(product), over = bits_of_four_over_15(size);
        const v128_t over_by = powers_of_two(wasm_i32x4_sub(splat_i32(15), over));
        wasm_v128_store(sizes + c, wasm_i32x4_shr(wasm_i32x4_mul(size, over_by), 15));
        v128_t dtu = wasm_i32x4_shr(wasm_i32x4_mul(product, over_by), 15);
        v128_t decay_shift = wasm_i32x4_sub(most_decay_shift, s);
        v128_t shift = wasm_i32x4_sub(wasm_i32x4_sub(most_shift, s), over);
        const v128_t are_odd = odd_lanes(decay_shift, shift);
        if (wasm_v128_any_true(are_odd)) {
            odd = wasm_v128_or(odd, wasm_v128_and(are_odd, wasm_i32x4_gt(left, splat_i32(0))));
            dtu = odd_input(dtu, shift);
            decay_shift = clamped_shift(decay_shift);
            shift = clamped_shift(shift);
        }
        const v128_t lower = wasm_v128_and(dtu, splat_i32(0xFFFF));
        wasm_v128_store(factors + c, wasm_v128_or(wasm_i32x4_shl(dt, 16), lower));
        wasm_v128_store(shifts + c, wasm_v128_or(wasm_i32x4_shl(shift, 8), decay_shift));
    }
    return wasm_v128_any_true(odd) ? MOST_ADDED : most_added(row, sizes, first, channels);
}

#endif
