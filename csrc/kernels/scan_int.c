/*
 * scan_int.c - one row of the integer recurrence, channel by channel. The state saturates, and what does is
 * counted; to look for it at each element would be a tenth of the work. So 32 channels have a bound on
 * their state: it grows with what the input can add, and is measured anew when it has become too large to
 * rule out that anything leaves 32 bits. Where it still is, a channel goes the careful way. Bounds depend on the
 * numbers alone, not on the target or the way through channels and rows, as they are saved with the state.
 */
#include "scan_states_int.h"
#include "wasm_int.h"

enum {
    UNIT = 1 << 16,      /* of bounds */
    MOST_BOUND = 0x7FFE, /* in units: leaves room for rounding to 16 bits */
    FULL = 0x8000,       /* the bound of anything */
    MOST_SKIP =
        1 << 29, /* of |D u|; with MOST_SUM below 2^31, rounding of 2^16 products included */
    MOST_SUM = 0x5FFE0000, /* of |sum over n of h_n C_n| */
    MOST_PLAIN_SKIP_SHIFT =
        30 /* of 1 to this it is known that D u, of 31 bits, stays below MOST_SKIP */
};

#if !MLM_WASM_INT

/* Bits of a number of 31 above the first 15. */
#if defined(__riscv) || defined(__ARM_ARCH_6M__) || defined(__xtensa__)
MLM_INLINE int32_t bits_over_15(uint32_t x) { /* there is no instruction for it */
    static const uint8_t bits[16] = {0, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4};
    x >>= 15;
    if (x < 1 << 4) return bits[x];
    if (x < 1 << 8) return 4 + bits[x >> 4];
    if (x < 1 << 12) return 8 + bits[x >> 8];
    return 12 + bits[x >> 12];
}
#else
MLM_INLINE int32_t bits_over_15(uint32_t x) { return 17 - __builtin_clz(x | 0x7FFF); }
#endif

/* Of shifts out of their range. */
static MLM_COLD drive odd_drive(int32_t dt, int32_t dtu, int32_t decay_shift, int32_t shift) {
    if (shift < 0) {
        dtu = i32_to_i16(dtu * (1 << (shift < -15 ? 15 : -shift)));
        shift = 0;
    }
    return drive_by(dt, dtu, i32_clamp(decay_shift, 0, MOST_SHIFT),
                    shift < MOST_SHIFT ? shift : MOST_SHIFT);
}

#endif

/* Sums in 64 bits. Rounding to 16 bits cuts off only what rounds up to 2^31, and is not counted. */
static MLM_COLD int32_t update_carefully(const scan_row *row, size_t at, drive by, int32_t skip) {
    int64_t y = skip;
    for (uint32_t n = 0; n < row->states; n++, at++) {
        const int32_t b = row->bc[2 * n], c = row->bc[2 * n + 1];
        const int32_t power = (dt_of(by) * row->a[at]) >> decay_shift_of(by), whole = power >> 15;
        const int32_t decay = i32_exp2_negative(power & 0x7FFF) >> (15 + (whole < 16 ? whole : 16));
        const int32_t past = row->h ? row->h[at] : row->h16[at] * UNIT;
        const int64_t sum =
            (int64_t)(2 * i32_mulw(past, decay)) + ((dtu_of(by) * b) >> shift_of(by));
        int32_t now = i64_to_i32(sum);
        if (now != sum && *row->saturations != 0xFFFFFFFFu) ++*row->saturations;
        if (row->h) {
            row->h[at] = now;
        } else {
            const int32_t rounded = (now >> 16) + ((now >> 15) & 1);
            row->h16[at] = (int16_t)(rounded < FULL ? rounded : FULL - 1);
            now = row->h16[at] * UNIT;
        }
        y += i32_mulw(now, c);
    }
    return i64_to_i32(y);
}

/* The largest |h| of all channels of one bound. */
static MLM_NOINLINE uint32_t measure(const scan_row *row, uint32_t first, uint32_t channels) {
    const size_t from = (size_t)first * row->states, count = (size_t)channels * row->states;
    return row->h ? largest_i32(row->h + from, count) : largest_i16(row->h16 + from, count) * UNIT;
}

#if !MLM_WASM_INT

/*
 * Puts each channel's drive in the place of its dt and y. Returns the most that one adds to a state;
 * more than anything may be where one has odd shifts.
 */
static MLM_NOINLINE uint32_t drive_channels(const scan_row *row, uint32_t first,
                                            uint32_t channels) {
    uint32_t in_fours = 0, most = 0, done = 0, is_odd = 0;
#if MLM_DRIVES_FOURS
    done = drive_fours(row, first, channels, &in_fours);
#endif
    int32_t *factors = row->dt + first + done, *shifts = row->y + first + done;
    const int16_t *u = row->u + first + done;
    const int32_t row_decay_shift = row->decay_shift, row_shift = row->input_shift;
    const uint32_t most_b = row->most_b;
    for (const int32_t *end = row->dt + first + channels; factors != end;
         factors++, shifts++, u++) {
        const int32_t s = bits_over_15((uint32_t)*factors), dt = *factors >> s;
        const int32_t product = dt * *u;
        const uint32_t magnitude = i32_magnitude(product);
        const int32_t over = bits_over_15(magnitude);
        const int32_t decay_shift = row_decay_shift - s, shift = row_shift - s - over;
        drive by = drive_by(dt, product >> over, decay_shift, shift);
        if (are_plain(decay_shift, shift)) {
            const uint32_t added = (((magnitude >> over) + 1) * most_b) >> shift;
            if (added > most) most = added;
        } else {
            is_odd = 1;
            by = odd_drive(dt, product >> over, decay_shift, shift);
        }
        *factors = (int32_t)by.factors;
        *shifts = (int32_t)by.shifts;
    }
    if (is_odd) return MOST_ADDED;
    return most + ROUNDING > in_fours ? most + ROUNDING : in_fours; /* as added_by has it */
}

#endif

static void update_all(scan_row *row, uint32_t first, uint32_t channels) {
    (row->h ? update_all_i32 : update_all_i16)(row, first, channels);
}

/* Those carefully that may leave `room` or have odd shifts. Returns the most that was added to a state. */
static MLM_COLD uint32_t update_one_by_one(scan_row *row, uint32_t first, uint32_t channels,
                                           uint32_t room) {
    const int16_t *d = row->d;
    uint32_t most = 0;
    row->d = 0; /* D u, whatever its shift, is added here */
    for (uint32_t c = first; c < first + channels; c++) {
        const drive by = {(uint32_t)row->dt[c], (uint32_t)row->y[c]};
        const uint32_t added = added_by(row, i32_magnitude(dtu_of(by)) + 1, shift_of(by));
        const int32_t skip = d ? i32_shift(row->u[c] * d[c], row->skip_shift) : 0;
        if (added > room || decay_shift_of(by) < LEAST_DECAY_SHIFT ||
            i32_magnitude(skip) > MOST_SKIP) {
            row->y[c] = update_carefully(row, (size_t)c * row->states, by, skip);
            most = (uint32_t)FULL * UNIT;
        } else {
            update_all(row, c, 1);
            row->y[c] = i32_add(row->y[c], skip);
            if (added > most) most = added;
        }
    }
    row->d = d;
    return most;
}

/* The channels of one bound, from `first` on. */
static void scan_channels(scan_row *row, uint32_t first, uint32_t channels, uint16_t *stored) {
    const int has_plain_skip =
        !row->d || (row->skip_shift > 0 && row->skip_shift <= MOST_PLAIN_SKIP_SHIFT);
    uint32_t bound = (*stored < FULL ? *stored : (uint32_t)FULL) * UNIT;
    uint32_t most = drive_channels(row, first, channels);
    if (most > row->limit || bound > row->limit - most) bound = measure(row, first, channels);
    const uint32_t room = row->limit > bound ? row->limit - bound : 0;
    if (has_plain_skip && most <= room)
        update_all(row, first, channels);
    else
        most = update_one_by_one(row, first, channels, room);
    const uint32_t full = (uint32_t)FULL * UNIT, next = most < full - bound ? bound + most : full;
    *stored = (uint16_t)((next + (UNIT - 1)) / UNIT);
}

void mlm_scan_row_i32(const mlm_int_scan *scan, int32_t *dt, const int16_t *u, const int16_t *bc,
                      int32_t *y) {
    scan_row row = {.a = scan->a,
                    .d = scan->d,
                    .bc = bc,
                    .h = scan->h,
                    .h16 = scan->h16,
                    .states = scan->states,
                    .dt = dt,
                    .u = u,
                    .y = y,
                    .decay_shift = scan->decay_shift,
                    .input_shift = scan->input_shift,
                    .skip_shift = scan->skip_shift,
                    .saturations = scan->saturations};
    uint32_t sum_c = 0;
    sum_magnitudes(bc, scan->states, &row.most_b, &sum_c);
    const uint32_t limit = (uint32_t)MOST_SUM / (sum_c + 1);
    row.limit = (limit < MOST_BOUND ? limit : MOST_BOUND) * UNIT;
    for (uint32_t first = 0; first < scan->channels; first += MLM_BOUND_CHANNELS) {
        const uint32_t left = scan->channels - first;
        scan_channels(&row, first, left < MLM_BOUND_CHANNELS ? left : MLM_BOUND_CHANNELS,
                      scan->bounds + first / MLM_BOUND_CHANNELS);
    }
}
