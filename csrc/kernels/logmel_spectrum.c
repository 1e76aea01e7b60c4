/*
 * logmel_spectrum.c - samples to the power spectrum of their window. A real transform is one of half as many complex
 * points, here of radix 4, and what takes it apart. Knows nothing of bands.
 */

/* One lane where there is no SIMD: the points of four butterflies would not fit into registers. */
#define MLM_ONE_LANE
#include "../math/vec4.h"
#include "kernels.h"
#include "logmel_arm.h"

/* ---- complex numbers, V4_LANES at a time: in memory the real parts, then the imaginary ones ------------ */

typedef struct c4 {
    v4 re, im;
} c4;

MLM_INLINE c4 c4_load(const float *p) { return (c4){v4_load(p), v4_load(p + V4_LANES)}; }
MLM_INLINE void c4_store(float *p, c4 x) {
    v4_store(p, x.re);
    v4_store(p + V4_LANES, x.im);
}
MLM_INLINE c4 c4_add(c4 x, c4 y) { return (c4){v4_add(x.re, y.re), v4_add(x.im, y.im)}; }
MLM_INLINE c4 c4_sub(c4 x, c4 y) { return (c4){v4_sub(x.re, y.re), v4_sub(x.im, y.im)}; }
MLM_INLINE c4 c4_mul(c4 x, c4 y) {
    return (c4){v4_sub(v4_mul(x.re, y.re), v4_mul(x.im, y.im)),
                v4_add(v4_mul(x.re, y.im), v4_mul(x.im, y.re))};
}
/* x + iy and x - iy */
MLM_INLINE c4 c4_add_i(c4 x, c4 y) { return (c4){v4_sub(x.re, y.im), v4_add(x.im, y.re)}; }
MLM_INLINE c4 c4_sub_i(c4 x, c4 y) { return (c4){v4_add(x.re, y.im), v4_sub(x.im, y.re)}; }
MLM_INLINE v4 c4_power(c4 x) { return v4_add(v4_mul(x.re, x.re), v4_mul(x.im, x.im)); }

#if MLM_SIMD

/* Of numbers that lie one behind the other, re and im by turns, the first four in `low`. */
MLM_INLINE c4 c4_apart(v4 low, v4 high) { return (c4){v4_evens(low, high), v4_odds(low, high)}; }

/*
 * Twiddles at floats `at`, `at` + step, ... of a table whose second half, from `half` on, is the first one negated and
 * left out. No lane but the last may lie there alone: so it is at two thirds of a power of 4.
 */
static MLM_NOINLINE c4 turns_at(const float *table, uint32_t half, uint32_t at, uint32_t step) {
    static const float signs[] = {1.0f, 1.0f, 1.0f, 1.0f, -1.0f, -1.0f, -1.0f, -1.0f};
    const uint32_t last = at + 3 * step;
    const v4 sign = v4_load(signs + (at >= half ? 4 : last >= half ? 1 : 0));
    const float *p = table + (at >= half ? at - half : at);
    const float *q = table + (last >= half ? last - half : last);
    const c4 turns = c4_apart(v4_load_pairs(p, p + step), v4_load_pairs(p + 2 * step, q));
    return (c4){v4_mul(turns.re, sign), v4_mul(turns.im, sign)};
}

/* The same of which all lie in the first half, at p. */
MLM_INLINE c4 first_turns_at(const float *p, uint32_t step) {
    return c4_apart(v4_load_pairs(p, p + step), v4_load_pairs(p + 2 * step, p + 3 * step));
}

/* The first number at `first`, then the other three at `rest` from the last one down. */
MLM_INLINE c4 c4_mirrored(const float *first, const float *rest) {
    return (c4){v4_mirrored(v4_load(first), v4_load(rest)),
                v4_mirrored(v4_load(first + 4), v4_load(rest + 4))};
}

/* Four floats of each of a, b, c and d: lane i of all at the i-th place of the order that reversed bits have. */
static MLM_NOINLINE void store_transposed(float *p, uint32_t points, v4 a, v4 b, v4 c, v4 d) {
    const v4 ab_evens = v4_evens(a, b), cd_evens = v4_evens(c, d);
    const v4 ab_odds = v4_odds(a, b), cd_odds = v4_odds(c, d);
    v4_store(p, v4_evens(ab_evens, cd_evens));
    v4_store(p + points, v4_evens(ab_odds, cd_odds));
    v4_store(p + points / 2, v4_odds(ab_evens, cd_evens));
    v4_store(p + points / 2 + points, v4_odds(ab_odds, cd_odds));
}

/* The four results of each of V4_LANES butterflies whose first numbers are neighbours. */
MLM_INLINE void store_results(float *z, uint32_t points, c4 a, c4 b, c4 c, c4 d) {
    store_transposed(z, points, a.re, b.re, c.re, d.re);
    store_transposed(z + 4, points, a.im, b.im, c.im, d.im);
}

#else

MLM_INLINE c4 c4_apart(v4 low, v4 high) { return (c4){low, high}; }
MLM_INLINE c4 first_turns_at(const float *p, uint32_t step) {
    (void)step;
    return c4_load(p);
}
MLM_INLINE c4 turns_at(const float *table, uint32_t half, uint32_t at, uint32_t step) {
    (void)step;
    if (at < half) return c4_load(table + at);
    const c4 opposite = c4_load(table + at - half);
    return c4_sub((c4){v4_zero(), v4_zero()}, opposite);
}
MLM_INLINE void store_results(float *z, uint32_t points, c4 a, c4 b, c4 c, c4 d) {
    (void)points;
    c4_store(z, a);
    c4_store(z + 2, b);
    c4_store(z + 4, c);
    c4_store(z + 6, d);
}
MLM_INLINE c4 c4_mirrored(const float *first, const float *rest) {
    (void)rest;
    return c4_load(first);
}
MLM_INLINE v4 v4_reversed(v4 x) { return x; }

#endif

/* ---- transform ----------------------------------------------------------------------------------------- */

/* Numbers i, i + 1, ... of the windowed samples taken in pairs, zero beyond the window. */
MLM_INLINE c4 windowed(const mlm_logmel_form *form, const float *samples, uint32_t i) {
    const float *x = samples + 2 * i, *w = form->weights + 2 * i;
    const uint32_t left = form->window > 2 * i ? form->window - 2 * i : 0;
    if (left >= 2 * V4_LANES)
        return c4_apart(v4_mul(v4_load(x), v4_load(w)),
                        v4_mul(v4_load(x + V4_LANES), v4_load(w + V4_LANES)));
    float products[2 * V4_LANES] = {0.0f};
    for (uint32_t n = 0; n < left; n++) products[n] = x[n] * w[n];
    return c4_apart(v4_load(products), v4_load(products + V4_LANES));
}

#if MLM_CORTEX_M7

/* Butterflies i .. i + 3 by the loops for them, unless the window ends among what they take. */
MLM_INLINE int arm_butterflies(const mlm_logmel_form *form, const float *samples, uint32_t i,
                               float *to) {
    const uint32_t quarter = form->fft / 8, third = i + 2 * quarter, fourth = third + quarter;
    const uint32_t apart = 2 * quarter * sizeof(float), half = 2 * apart;
    const float *x = samples + 2 * i, *w = form->weights + 2 * i;
    if (2 * (third + 4) > form->window) return 0;
    if (2 * (fourth + 4) <= form->window)
        m7_first_of_4(x, w, apart, half, to);
    else if (2 * fourth >= form->window)
        m7_first_of_3(x, w, apart, half, to);
    else
        return 0;
    return 1;
}

#else

MLM_INLINE int arm_butterflies(const mlm_logmel_form *form, const float *samples, uint32_t i,
                               float *to) {
    (void)form, (void)samples, (void)i, (void)to;
    return 0;
}

#endif

/* Butterflies i .. i + 3 of radix 4, of numbers a quarter apart, to their places in bit-reversed order. */
MLM_INLINE void four_butterflies(const mlm_logmel_form *form, const float *samples, uint32_t i,
                                 float *to) {
    const uint32_t points = form->fft / 2;
    if (arm_butterflies(form, samples, i, to)) return;
    for (uint32_t lane = 0; lane < 4; lane += V4_LANES, i += V4_LANES) {
        float *place = to + (lane & 1u ? points : 0) + (lane & 2u ? points / 2 : 0);
        c4 x[4];
        for (uint32_t k = 0; k < 4; k++) x[k] = windowed(form, samples, i + k * (points / 4));
        const c4 s0 = c4_add(x[0], x[2]), s1 = c4_sub(x[0], x[2]);
        const c4 u0 = c4_add(x[1], x[3]), u1 = c4_sub(x[1], x[3]);
        store_results(place, points, c4_add(s0, u0), c4_sub_i(s1, u1), c4_sub(s0, u0),
                      c4_add_i(s1, u1));
    }
}

static MLM_NOINLINE void first_stage(const mlm_logmel_form *form, const float *samples, float *z) {
    const uint32_t quarter = form->fft / 8;
    uint32_t reversed = 0;
    for (uint32_t i = 0; i < quarter; i += 4) {
        four_butterflies(form, samples, i, z + 8 * reversed);
        uint32_t bit = quarter / 4;
        do {
            bit >>= 1;
            reversed ^= bit;
        } while (bit != 0 && !(reversed & bit));
    }
}

#if MLM_CORTEX_M7

/* In place: transforms of h points, four and four, become ones of 4 h. */
static MLM_NOINLINE void stage_of_4(const mlm_logmel_form *form, uint32_t h, float *z) {
    const float *table = form->twiddles, *end = z + form->fft;
    const uint32_t step = form->fft / (2 * h), apart = 2 * h * sizeof(float);
    const uint32_t around = 2 * h / 3 + 1; /* from there on 3 k is beyond half a turn */
    const float *thrice = table + 3 * around * step - form->fft;
    m7_radix_4(z, around, end, apart, (m7_turns){table, table, table, step, 1.0f});
    m7_radix_4(z + 2 * around, h - around, end, apart,
               (m7_turns){table + around * step, table + 2 * around * step, thrice, step, -1.0f});
}

#else

/* In place: transforms of h points, four and four, become ones of 4 h. */
static MLM_NOINLINE void stage_of_4(const mlm_logmel_form *form, uint32_t h, float *z) {
    const float *end = z + form->fft;
    const uint32_t step = form->fft / (2 * h); /* floats between the twiddles of neighbours */
    for (uint32_t k = 0; k < h; k += V4_LANES) {
        const c4 once = first_turns_at(form->twiddles + k * step, step);
        const c4 twice = first_turns_at(form->twiddles + 2 * k * step, 2 * step);
        const c4 thrice = turns_at(form->twiddles, form->fft, 3 * k * step, 3 * step);
        for (float *p = z + 2 * k; p < end; p += 8 * h) {
            const c4 a = c4_load(p), b = c4_mul(c4_load(p + 2 * h), twice);
            const c4 c = c4_mul(c4_load(p + 4 * h), once), d = c4_mul(c4_load(p + 6 * h), thrice);
            const c4 s0 = c4_add(a, b), s1 = c4_sub(a, b), u0 = c4_add(c, d), u1 = c4_sub(c, d);
            c4_store(p, c4_add(s0, u0));
            c4_store(p + 2 * h, c4_sub_i(s1, u1));
            c4_store(p + 4 * h, c4_sub(s0, u0));
            c4_store(p + 6 * h, c4_add_i(s1, u1));
        }
    }
}

#endif

/* The last one, where the number of points is no power of 4. */
static MLM_NOINLINE void stage_of_2(const mlm_logmel_form *form, float *z) {
    const uint32_t h = form->fft / 4;
    for (uint32_t k = 0; k < h; k += V4_LANES) {
        float *p = z + 2 * k, *q = p + 2 * h;
        const c4 a = c4_load(p), b = c4_mul(c4_load(q), first_turns_at(form->twiddles + 4 * k, 4));
        c4_store(p, c4_add(a, b));
        c4_store(q, c4_sub(a, b));
    }
}

/* ---- power --------------------------------------------------------------------------------------------- */

/*
 * The transform of n complex numbers made of 2n real ones becomes 4 times the power of bins 0 .. n, in ascending
 * order from the n / 2-th float on: from the middle outwards, so that what is written was read before.
 */
static MLM_NOINLINE void power_spectrum(const mlm_logmel_form *form, float *z) {
    const uint32_t n = form->fft / 2;
    const float *w = form->twiddles;
    float *power = z + n / 2;
    const float re = z[n], im = z[n + V4_LANES];
    power[n / 2] = 4.0f * (re * re + im * im);
    uint32_t k = n / 2;
#if MLM_CORTEX_M7
    m7_power_pairs(z + n, z + n + 2, w + n, n / 2 - 1, power + n / 2, power + n / 2 + 1);
    k = 1;
#endif
    while (k > 0) {
        k -= V4_LANES;
        /* Number n - k, which of 0 is number 0, and those before it. */
        const float *mirror = k == 0 ? z : z + 2 * (n - k);
        const c4 p = c4_load(z + 2 * k), q = c4_mirrored(mirror, z + 2 * (n - k) - 8);
        const c4 turn = c4_apart(v4_load(w + 2 * k), v4_load(w + 2 * k + V4_LANES));
        const c4 even = {v4_add(p.re, q.re), v4_sub(p.im, q.im)};
        const c4 odd = c4_mul((c4){v4_add(p.im, q.im), v4_sub(q.re, p.re)}, turn);
        v4_store(power + k, c4_power(c4_add(even, odd)));
        v4_store(power + n - k - (V4_LANES - 1), v4_reversed(c4_power(c4_sub(even, odd))));
    }
}

/* Of few points, by the definition. */
static MLM_COLD void small_power_spectrum(const mlm_logmel_form *form, const float *samples,
                                          float *power) {
    const uint32_t half = form->fft / 2;
    for (uint32_t k = 0; k <= half; k++) {
        float re = 0.0f, im = 0.0f;
        for (uint32_t n = 0; n < form->window; n++) {
            const uint32_t angle = k * n;
            const float *turn = form->twiddles + 2 * (angle & (half - 1u));
            const float windowed_x = samples[n] * form->weights[n];
            const float x = angle & half ? -windowed_x : windowed_x;
            re += x * turn[0];
            im += x * turn[1];
        }
        power[k] = 4.0f * (re * re + im * im);
    }
}

const float *mlm_logmel_spectrum(const mlm_logmel_form *form, const float *samples, float *z) {
    const uint32_t points = form->fft / 2;
    if (points < MLM_LOGMEL_LEAST_POINTS) {
        small_power_spectrum(form, samples, z + points / 2);
        return z + points / 2;
    }
    first_stage(form, samples, z);
    uint32_t h = 4;
    for (; 4 * h <= points; h *= 4) stage_of_4(form, h, z);
    if (h < points) stage_of_2(form, z);
    power_spectrum(form, z);
    return z + points / 2;
}
