/*
 * logmel_int.c - samples of 16 bits to log-mel frames of 16 bits, in integers only, the affine map behind them
 * included: window, real FFT, power, mel filter bank, logarithm. What follows is the definition of its bits.
 *
 * mulw(a, b) = a b 2^-16, rounded down; all >> round down; nothing but what is marked (*) can leave its bits,
 * as the check sees to. N = fft, n = N / 2 points, F = log4(n) rounded down: the stages of radix 4; one of
 * radix 2 comes behind them where n is not a power of 4. Complex numbers are pairs (re, im).
 *
 *   turn      T_k = (c, s), the table: cos and -sin of 2 pi k / N in Q15, k < n, cut off at +-32767;
 *             T_k = (-c, -s) of T_(k - n) from n on. a turned by (c, s), which halves it:
 *             (mulw(a.re, c) - mulw(a.im, s), mulw(a.im, c) + mulw(a.re, s)).
 *             a turned by T_0 is (a.re >> 1, a.im >> 1) exactly.
 *   window    y_i = (x_i w_i) >> (F + 2) for i < window, else 0; z_i = (y_2i, y_(2i+1)), i < n.
 *   combine   four numbers A B C D into S0 = A + B, S1 = A - B, U0 = C + D, U1 = C - D and then, in the order
 *             of their places: S0 + U0, S1 - i U1, S0 - U0, S1 + i U1.
 *   stage 1   places 4 r .. 4 r + 3, r being i with its log2(n / 4) bits reversed, become what z_i, z_(i + n/2),
 *             z_(i + n/4), z_(i + 3n/4) combine to, unscaled; i < n / 4.
 *   stage f   of radix 4, f = 2 .. F, h = 4^(f-1): for each block of 4 h places and each k < h, those at
 *             k, k + h, k + 2 h, k + 3 h of the block become what the first halved (>> 1), the second turned by
 *             T_(2j), the third by T_j and the fourth by T_(3j) combine to; j = k n / (2 h).
 *   last      stage of radix 2, where there is one, h = n / 2: places k and k + h become a + b and a - b, a the
 *             first halved, b the second turned by T_(2k).
 *   power     p = z_k, q = z_(n-k), 0 < k < n / 2: E = ((p.re + q.re) >> 1, (p.im - q.im) >> 1),
 *             O = (p.im + q.im, q.re - p.re) turned by T_k; V_k = |E + O|^2 >> 12, V_(n-k) = |E - O|^2 >> 12.
 *             V_0 = (z_0.re + z_0.im)^2 >> 12, V_n = (z_0.re - z_0.im)^2 >> 12, V_(n/2) = |z_(n/2)|^2 >> 12.
 *             Squares have 64 bits without a sign.
 *   mel       0 < floor < 2^63; e = max(floor, sum of filter weight times V over the band's bins) in 64 bits (*: it wraps).
 *   log2      b: the highest bit of e is bit b. m = e 2^(15-b) - 2^15, rounded down. r = L4; r = L3 + q(r m); L2,
 *             L1, L0 likewise, where q(v) = (v + 2^14) >> 15; l = b 2^16 + 2 (m + q(m r)).
 *   output    y = (mulw(l, multiplier) + offset) >> shift, cut off at the ends of 16 bits.
 *
 * Scale: an energy of 1, of samples in [-1, 1), is e = 2^(48 - 2 log2 N) times the units of window^2 and filter
 * weight over 2^15 and 1. Sums of a stage grow by 2 at most, so that with |w| <= 2^15 no part of z leaves
 * 2^30: the window's shift leaves room for all stages together.
 */
#include <string.h>

#include "integer.h"

typedef struct i32_complex {
    int32_t re, im;
} i32_complex;

/* What the kernel reads of an op. */
typedef struct logmel_form {
    uint32_t window, hop;
    uint32_t points; /* complex ones, fft / 2 */
    uint32_t bands;
    uint32_t window_shift;
    uint32_t shift;
    uint64_t floor;
    const int16_t *weights; /* [window up to an even number] */
    const int16_t *turns;   /* [points][2] */
    const uint32_t *bins;   /* [bands][2]: first bin, number of bins */
    const int16_t *filters; /* each band's weights, one behind the other */
    const int16_t *multiplier;
    const int32_t *offset;
} logmel_form;

/* ---- transform --------------------------------------------------------------------------------------- */

#if defined(__wasm__)
#define SHARED static MLM_NOINLINE /* size counts, and a call costs little */
#define TURNS_BY_ONE \
    1 /* a factor has 32 bits, and 2^15 of Q15 is exact: it needs no loop of its own */
MLM_INLINE int32_t mulw(int32_t a, int32_t b) { return (int32_t)((int64_t)a * b >> 16); }
#else
#define SHARED MLM_INLINE
#define TURNS_BY_ONE 0
#define mulw i32_mulw
#endif

MLM_INLINE i32_complex turn_at(const logmel_form *form, uint32_t k) {
    if (TURNS_BY_ONE && k == 0) return (i32_complex){1 << 15, 0};
    const int16_t *turn = form->turns + 2 * (k < form->points ? k : k - form->points);
    if (k < form->points) return (i32_complex){turn[0], turn[1]};
    return (i32_complex){-turn[0], -turn[1]};
}

MLM_INLINE i32_complex turned(i32_complex a, i32_complex turn) {
    return (i32_complex){mulw(a.re, turn.re) - mulw(a.im, turn.im),
                         mulw(a.im, turn.re) + mulw(a.re, turn.im)};
}

MLM_INLINE i32_complex halved(i32_complex a) { return (i32_complex){a.re >> 1, a.im >> 1}; }

MLM_INLINE i32_complex sum(i32_complex a, i32_complex b) {
    return (i32_complex){a.re + b.re, a.im + b.im};
}

MLM_INLINE i32_complex difference(i32_complex a, i32_complex b) {
    return (i32_complex){a.re - b.re, a.im - b.im};
}

/* To z, z + h, z + 2 h and z + 3 h. */
SHARED void combine(i32_complex a, i32_complex b, i32_complex c, i32_complex d, i32_complex *z,
                    uint32_t h) {
    const i32_complex s0 = sum(a, b), s1 = difference(a, b), u0 = sum(c, d), u1 = difference(c, d);
    z[0] = sum(s0, u0);
    z[h] = (i32_complex){s1.re + u1.im, s1.im - u1.re};
    z[2 * h] = difference(s0, u0);
    z[3 * h] = (i32_complex){s1.re - u1.im, s1.im + u1.re};
}

MLM_INLINE i32_complex windowed(const logmel_form *form, const int16_t *samples, uint32_t i) {
    const int16_t *x = samples + 2 * i, *w = form->weights + 2 * i;
    if (2 * i >= form->window) return (i32_complex){0, 0};
    return (i32_complex){x[0] * w[0] >> form->window_shift, x[1] * w[1] >> form->window_shift};
}

static MLM_NOINLINE void first_stage(const logmel_form *form, const int16_t *samples,
                                     i32_complex *z) {
    const uint32_t quarter = form->points / 4;
    uint32_t reversed = 0;
    for (uint32_t i = 0; i < quarter; i++) {
#if defined(__wasm__) /* size counts */
        i32_complex x[4];
        for (uint32_t q = 0; q < 4; q++) x[q] = windowed(form, samples, i + q * quarter);
        combine(x[0], x[2], x[1], x[3], z + 4 * reversed, 1);
#else
        combine(windowed(form, samples, i), windowed(form, samples, i + 2 * quarter),
                windowed(form, samples, i + quarter), windowed(form, samples, i + 3 * quarter),
                z + 4 * reversed, 1);
#endif
        uint32_t bit = quarter;
        do {
            bit >>= 1;
            reversed ^= bit;
        } while (bit != 0 && !(reversed & bit));
    }
}

static MLM_NOINLINE void stage_of_4(const logmel_form *form, uint32_t h, i32_complex *z) {
    const i32_complex *end = z + form->points;
    if (!TURNS_BY_ONE)
        for (i32_complex *a = z; a < end; a += 4 * h)
            combine(halved(a[0]), halved(a[h]), halved(a[2 * h]), halved(a[3 * h]), a, h);
    const uint32_t step = form->points / (2 * h), first = TURNS_BY_ONE ? 0 : 1;
    for (uint32_t k = first, j = first * step; k < h; k++, j += step) {
        const i32_complex once = turn_at(form, j), twice = turn_at(form, 2 * j);
        const i32_complex thrice = turn_at(form, 3 * j);
        for (i32_complex *a = z + k; a < end; a += 4 * h)
            combine(halved(a[0]), turned(a[h], twice), turned(a[2 * h], once),
                    turned(a[3 * h], thrice), a, h);
    }
}

static void stage_of_2(const logmel_form *form, i32_complex *z) {
    const uint32_t h = form->points / 2;
    for (uint32_t k = 0; k < h; k++) {
        const i32_complex a = halved(z[k]);
        const i32_complex b =
            !TURNS_BY_ONE && k == 0 ? halved(z[h]) : turned(z[k + h], turn_at(form, 2 * k));
        z[k] = sum(a, b);
        z[k + h] = difference(a, b);
    }
}

static void transform(const logmel_form *form, const int16_t *samples, i32_complex *z) {
    first_stage(form, samples, z);
    uint32_t h = 4;
    for (; 4 * h <= form->points; h *= 4) stage_of_4(form, h, z);
    if (h < form->points) stage_of_2(form, z);
}

/* ---- power and bands --------------------------------------------------------------------------------- */

enum { POWER_SHIFT = 12 };

MLM_INLINE uint64_t squared(int32_t x) {
#if defined(__ARM_ARCH_6M__)
    const uint32_t a = i32_magnitude(x), high = a >> 16, low = a & 0xFFFFu;
    return ((uint64_t)(high * high) << 32) + low * low + ((uint64_t)(high * low) << 17);
#else
    return (uint64_t)((int64_t)x * x);
#endif
}

/* It lies in the place of a point: its low word, then its high one. */
SHARED void store_power(int32_t re, int32_t im, i32_complex *z) {
    const uint64_t power = (squared(re) + squared(im)) >> POWER_SHIFT;
    *z = (i32_complex){(int32_t)(uint32_t)power, (int32_t)(uint32_t)(power >> 32)};
}

/* The transform of n complex numbers made of 2n real ones becomes the power of bins 0 .. n. */
static MLM_NOINLINE void power_spectrum(const logmel_form *form, i32_complex *z) {
    const uint32_t n = form->points;
    for (uint32_t k = 1; 2 * k < n; k++) {
        const i32_complex p = z[k], q = z[n - k];
        const i32_complex even = halved((i32_complex){p.re + q.re, p.im - q.im});
        const i32_complex odd = turned((i32_complex){p.im + q.im, q.re - p.re}, turn_at(form, k));
        store_power(even.re + odd.re, even.im + odd.im, z + k);
        store_power(even.re - odd.re, even.im - odd.im, z + n - k);
    }
    store_power(z[n / 2].re, z[n / 2].im, z + n / 2);
    const i32_complex first = z[0];
    store_power(first.re + first.im, 0, z);
    store_power(first.re - first.im, 0, z + n);
}

MLM_INLINE uint64_t weighted(uint32_t weight, i32_complex power) {
    const uint32_t low = (uint32_t)power.re, high = (uint32_t)power.im;
#if defined(__ARM_ARCH_6M__)
    const uint32_t above = (low >> 16) * weight;
    return ((uint64_t)(high * weight + (above >> 16)) << 32) + (low & 0xFFFFu) * weight +
           (above << 16);
#else
    return (uint64_t)low * weight + ((uint64_t)(high * weight) << 32);
#endif
}

/* Of a number that is not 0, in Q16. The polynomial is log2(1 + m) / m - 1, the largest error of m times it made
 * small, with 0 at m = 1. */
static int32_t log2_q16(uint64_t x) {
    enum { L0 = 14481, L1 = -23236, L2 = 13619, L3 = -6343, L4 = 1479, HALF = 1 << 14 };
    const uint32_t high = (uint32_t)(x >> 32), low = (uint32_t)x;
    const uint32_t bits = high ? 32 + u32_bits(high) : u32_bits(low);
    const uint32_t zeros = 64 - bits;
    const int32_t m = (int32_t)(uint32_t)((x << zeros) >> 48) - (1 << 15);
    int32_t r = L4;
    r = L3 + ((r * m + HALF) >> 15);
    r = L2 + ((r * m + HALF) >> 15);
    r = L1 + ((r * m + HALF) >> 15);
    r = L0 + ((r * m + HALF) >> 15);
    return (int32_t)((bits - 1) << 16) + 2 * (m + ((m * r + HALF) >> 15));
}

static MLM_NOINLINE void mel_bands(const logmel_form *form, const i32_complex *power, int16_t *y) {
    const int16_t *weight = form->filters;
    for (uint32_t band = 0; band < form->bands; band++) {
        const i32_complex *bin = power + form->bins[2 * band];
        const int16_t *end = weight + form->bins[2 * band + 1];
        uint64_t energy = 0;
        while (weight < end) energy += weighted((uint32_t)(int32_t)*weight++, *bin++);
        if (energy < form->floor) energy = form->floor;
        const int32_t scaled = i32_mulw(log2_q16(energy), form->multiplier[band]);
        y[band] = (int16_t)i32_to_i16((scaled + form->offset[band]) >> form->shift);
    }
}

/* ---- the op ------------------------------------------------------------------------------------------ */

/* clocks.c knows that window and hop come first. */
enum { WINDOW, HOP, FFT, SAMPLE_RATE, FLOOR_LOW, FLOOR_HIGH, SHIFT, ATTRIBUTES };
enum { WINDOW_WEIGHTS, TURNS, FILTER_BINS, FILTERS, MULTIPLIER, OFFSET, TENSORS };
enum { SAMPLES_ROLE, SPECTRUM_ROLE, ROLES };
static const char *const role_names[ROLES] = {"samples", "spectrum"};

enum {
    LEAST_FFT = 8,
    MOST_FFT = 4096,
    MOST_RATE = 1 << 24,
    MOST_SHIFT = 15,
    MOST_OFFSET = 1 << 29,    /* what it is added to is below 2^21 */
    MOST_TURN = 32769 * 32769 /* 1 and what rounding both parts may add, squared */
};

/* Samples of a window, in words of two. */
static uint32_t sample_words(const mlm_blob_op *op) { return (op->attributes[WINDOW] + 1) / 2; }

static uint64_t floor_of(const mlm_blob_op *op) {
    return (uint64_t)op->attributes[FLOOR_HIGH] << 32 | op->attributes[FLOOR_LOW];
}

static int has_i16(const mlm_op_view *view, uint32_t t, uint32_t elements) {
    return mlm_has_typed(view, t, MLM_DTYPE_I16, MLM_PACK_VECTOR, elements, 1);
}

/* Whether no turn makes anything longer. */
static int turns_are_sound(const mlm_op_view *view) {
    const int16_t *turn = mlm_view_data(view, TURNS);
    for (uint32_t k = 0; k < view->op->attributes[FFT] / 2; k++, turn += 2)
        if (turn[0] < -INT16_MAX || turn[1] < -INT16_MAX ||
            turn[0] * turn[0] + turn[1] * turn[1] > MOST_TURN)
            return 0;
    return 1;
}

/* Whether the filters lie within the spectrum, have as many weights as there are, and none below 0. */
static int filters_are_sound(const mlm_op_view *view) {
    const uint32_t bins = view->op->attributes[FFT] / 2 + 1, bands = view->op->width;
    const uint32_t *range = mlm_view_data(view, FILTER_BINS);
    uint64_t weights = 0;
    for (uint32_t band = 0; band < bands; band++, range += 2) {
        if (range[0] > bins || range[1] > bins - range[0]) return 0;
        weights += range[1];
    }
    if (weights > UINT32_MAX || !has_i16(view, FILTERS, (uint32_t)weights)) return 0;
    const int16_t *weight = mlm_view_data(view, FILTERS);
    for (uint64_t i = 0; i < weights; i++)
        if (weight[i] < 0) return 0;
    return 1;
}

static int map_is_sound(const mlm_op_view *view) {
    const uint32_t bands = view->op->width;
    if (!has_i16(view, MULTIPLIER, bands) ||
        !mlm_has_typed(view, OFFSET, MLM_DTYPE_I32, MLM_PACK_VECTOR, bands, 1))
        return 0;
    const int32_t *offset = mlm_view_data(view, OFFSET);
    for (uint32_t band = 0; band < bands; band++)
        if (offset[band] < -MOST_OFFSET || offset[band] > MOST_OFFSET) return 0;
    return 1;
}

static int check_logmel(const mlm_op_view *view) {
    const uint32_t *form = view->op->attributes, fft = form[FFT];
    return view->widths[0] == 1 && fft >= LEAST_FFT && fft <= MOST_FFT && (fft & (fft - 1)) == 0 &&
           form[WINDOW] <= fft && form[HOP] >= 1 && form[HOP] <= form[WINDOW] &&
           form[SAMPLE_RATE] >= 1 && form[SAMPLE_RATE] <= MOST_RATE && floor_of(view->op) > 0 &&
           floor_of(view->op) <= INT64_MAX && form[SHIFT] <= MOST_SHIFT &&
           has_i16(view, WINDOW_WEIGHTS, form[WINDOW]) && has_i16(view, TURNS, fft) &&
           mlm_has_words(view, FILTER_BINS, 2 * view->op->width) && turns_are_sound(view) &&
           filters_are_sound(view) && map_is_sound(view);
}

static void logmel_needs(const mlm_op_view *view, const mlm_shape *shape, mlm_need *needs) {
    (void)shape;
    needs[SAMPLES_ROLE] = (mlm_need){.floats = sample_words(view->op), .is_state = 1};
    needs[SPECTRUM_ROLE] = (mlm_need){.floats = (uint64_t)view->op->attributes[FFT] + 2};
}

static logmel_form form_of(const mlm_run *run) {
    const uint32_t *attributes = run->op->attributes;
    logmel_form form = {
        .window = attributes[WINDOW],
        .hop = attributes[HOP],
        .points = attributes[FFT] / 2,
        .bands = run->op->width,
        .window_shift = 2,
        .shift = attributes[SHIFT],
        .floor = floor_of(run->op),
        .weights = mlm_data(run, WINDOW_WEIGHTS),
        .turns = mlm_data(run, TURNS),
        .bins = mlm_data(run, FILTER_BINS),
        .filters = mlm_data(run, FILTERS),
        .multiplier = mlm_data(run, MULTIPLIER),
        .offset = mlm_data(run, OFFSET),
    };
    for (uint32_t n = form.points; n >= 4; n /= 4) form.window_shift++;
    return form;
}

/* Takes in_rows samples, of which the first is in_first of the sequence; how many rows they make shows. */
static int run_logmel(mlm_run *run) {
    const logmel_form form = form_of(run);
    const uint32_t keep = form.window - form.hop;
    int16_t *history = (int16_t *)(void *)mlm_buffer_at(run, SAMPLES_ROLE);
    i32_complex *spectrum = (i32_complex *)(void *)mlm_buffer_at(run, SPECTRUM_ROLE);
    const int16_t *samples = (const int16_t *)(const void *)run->inputs[0].data;
    uint32_t have = run->in_first - run->first * form.hop, left = run->in_rows, rows = 0;
    while (left > 0) {
        const uint32_t missing = form.window - have, taken = left < missing ? left : missing;
        memcpy(history + have, samples, taken * sizeof(int16_t));
        have += taken;
        samples += taken;
        left -= taken;
        if (have < form.window) break;
        transform(&form, history, spectrum);
        power_spectrum(&form, spectrum);
        mel_bands(&form, spectrum, mlm_i16(run->output, rows++));
        memmove(history, history + form.hop, keep * sizeof(int16_t));
        have = keep;
    }
    run->rows = rows;
    return 0;
}

/* Window, butterflies (3 complex multiplications in each of 4 points, 1 in each of 2), spectrum (8 for two bins),
 * filters, logarithms. */
void mlm_logmel_int_class_counts(const mlm_op_view *view, mlm_work *work) {
    const uint32_t *form = view->op->attributes;
    const uint32_t window = form[WINDOW], points = form[FFT] / 2, bands = view->op->width;
    const uint64_t filters = view->tensors[view->op->tensors[FILTERS]].rows;
    uint32_t stages = 0, turns = 0, h = 4;
    for (; 4 * h <= points; h *= 4, stages++) turns += 3 * (points / 4 - points / (4 * h));
    if (h < points) turns += points / 2 - 1, stages++;
    work->row.macs = window + 4 * turns + (points / 2 - 1) * 8 + 4 + filters;
    work->row.exps = bands;
    /* Samples of half a word to the window and out of it, what of it stays moves up; then the spectrum. */
    work->row.bytes_read = (window + (stages + 1) * 2 * points + 2 * filters) * sizeof(float);
    work->row.bytes_written =
        (window / 2 + (stages + 2) * 2 * points + 2 + bands / 2) * sizeof(float);
}

/* mlm-op 35 */
const mlm_op_class mlm_logmel_int_class = {
    .name = "logmel_int",
    .least_inputs = 1,
    .most_inputs = 1,
    .flags = MLM_OP_FRONT | MLM_OP_SAMPLES16 | MLM_OP_SEQUENCE | MLM_OP_CONSTANTS,
    .variants = 1,
    .types = MLM_TYPE_BIT(MLM_DTYPE_I16),
    .attributes = ATTRIBUTES,
    .tensors = TENSORS,
    .parts = 1,
    .roles = ROLES,
    .role_names = role_names,
    .check = check_logmel,
    .needs = logmel_needs,
    .run = run_logmel,
};
