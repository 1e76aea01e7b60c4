/*
 * logmel.c - audio samples to log-mel frames: window, real FFT, power spectrum, mel filter bank, log.
 * Plain C: what it costs is little beside the network. Its tables are constants of the blob; every
 * sum runs over ascending indices.
 */
#include <string.h>

#include "../math/f32.h"
#include "kernels.h"

/* Windowed samples as n / 2 complex numbers in bit-reversed order, zero beyond the window. */
static void load_windowed(const mlm_logmel_form *form, const float *samples, float *z) {
    const uint32_t half = form->fft / 2;
    uint32_t reversed = 0;
    for (uint32_t i = 0; i < half; i++) {
        for (uint32_t part = 0; part < 2; part++) {
            const uint32_t n = 2 * i + part;
            z[2 * reversed + part] = n < form->window ? samples[n] * form->weights[n] : 0.0f;
        }
        uint32_t bit = half;
        do {
            bit >>= 1;
            reversed ^= bit;
        } while (bit != 0 && !(reversed & bit));
    }
}

/* In place, radix 2, decimation in time: n complex numbers whose twiddles are every `step`-th of the
 * table e^(-2 pi i k / (2 n)). */
static void transform(const float *twiddles, uint32_t n, float *z) {
    for (uint32_t half = 1; half < n; half *= 2)
        for (uint32_t k = 0; k < half; k++) {
            const float *w = twiddles + 2 * k * (n / half);
            const float wr = w[0], wi = w[1];
            for (uint32_t i = k; i < n; i += 2 * half) {
                float *a = z + 2 * i, *b = a + 2 * half;
                const float tr = wr * b[0] - wi * b[1], ti = wr * b[1] + wi * b[0];
                b[0] = a[0] - tr;
                b[1] = a[1] - ti;
                a[0] = a[0] + tr;
                a[1] = a[1] + ti;
            }
        }
}

static float squared(float re, float im) { return re * re + im * im; }

/* The transform of n complex numbers made of 2n real ones becomes the power of bins 0 .. n, the k-th
 * at z[2k]. */
static void power_spectrum(const float *twiddles, uint32_t n, float *z) {
    const float re = z[0], im = z[1];
    for (uint32_t k = 1; 2 * k < n; k++) {
        float *p = z + 2 * k, *q = z + 2 * (n - k);
        const float *w = twiddles + 2 * k;
        const float even_re = p[0] + q[0], even_im = p[1] - q[1];
        const float odd_re = p[1] + q[1], odd_im = q[0] - p[0];
        const float tr = w[0] * odd_re - w[1] * odd_im, ti = w[0] * odd_im + w[1] * odd_re;
        p[0] = 0.25f * squared(even_re + tr, even_im + ti);
        q[0] = 0.25f * squared(even_re - tr, even_im - ti);
    }
    z[n] = squared(z[n], z[n + 1]);
    z[0] = (re + im) * (re + im);
    z[2 * n] = (re - im) * (re - im);
}

static void mel_bands(const mlm_logmel_form *form, const float *power, float *y) {
    const float *weight = form->filters;
    for (uint32_t band = 0; band < form->bands; band++) {
        const uint32_t first = form->bins[2 * band], count = form->bins[2 * band + 1];
        float energy = 0.0f;
        for (uint32_t bin = first; bin < first + count; bin++) energy += *weight++ * power[2 * bin];
        y[band] = f32_log(energy < form->floor ? form->floor : energy);
    }
    for (uint32_t band = form->bands; band < mlm_padded(form->bands); band++) y[band] = 0.0f;
}

uint32_t mlm_logmel(const mlm_logmel_form *form, float *history, uint32_t have,
                    const float *samples, uint32_t count, float *spectrum, mlm_rows y) {
    const uint32_t keep = form->window - form->hop;
    uint32_t rows = 0;
    while (count > 0) {
        const uint32_t missing = form->window - have;
        const uint32_t taken = count < missing ? count : missing;
        memcpy(history + have, samples, taken * sizeof(float));
        have += taken;
        samples += taken;
        count -= taken;
        if (have < form->window) break;
        load_windowed(form, history, spectrum);
        transform(form->twiddles, form->fft / 2, spectrum);
        power_spectrum(form->twiddles, form->fft / 2, spectrum);
        mel_bands(form, spectrum, y.data + rows * y.stride);
        rows++;
        memmove(history, history + form->hop, keep * sizeof(float));
        have = keep;
    }
    return rows;
}

/* ---- the op ---------------------------------------------------------------------------------- */

/* clocks.c knows that window and hop come first. The sample rate is a fact for people, nothing is computed
 * from it. */
enum { WINDOW, HOP, FFT, SAMPLE_RATE, FLOOR, ATTRIBUTES };
enum { WINDOW_WEIGHTS, TWIDDLES, FILTER_BINS, FILTERS, TENSORS };
enum { SAMPLES_ROLE, SPECTRUM_ROLE, ROLES };
static const char *const role_names[ROLES] = {"samples", "spectrum"};

enum { LEAST_FFT = 4, MOST_FFT = 1 << 24, MOST_RATE = 1 << 24 };

static int is_transformable(uint32_t fft) {
    return fft >= LEAST_FFT && fft <= MOST_FFT && (fft & (fft - 1)) == 0;
}

/* Whether the filters lie within the spectrum and have as many weights as there are. */
static int filters_are_sound(const mlm_op_view *view) {
    const uint32_t bins = view->op->attributes[FFT] / 2 + 1, bands = view->op->width;
    const uint32_t *range = mlm_view_data(view, FILTER_BINS);
    uint64_t weights = 0;
    for (uint32_t band = 0; band < bands; band++, range += 2) {
        if (range[0] > bins || range[1] > bins - range[0]) return 0;
        weights += range[1];
    }
    return weights <= UINT32_MAX && mlm_has_vector(view, FILTERS, (uint32_t)weights);
}

static int check_logmel(const mlm_op_view *view) {
    const uint32_t *form = view->op->attributes;
    return view->widths[0] == 1 && is_transformable(form[FFT]) && form[WINDOW] <= form[FFT] &&
           form[HOP] >= 1 && form[HOP] <= form[WINDOW] && form[SAMPLE_RATE] >= 1 &&
           form[SAMPLE_RATE] <= MOST_RATE && mlm_is_epsilon(view->op, FLOOR) &&
           mlm_has_vector(view, WINDOW_WEIGHTS, form[WINDOW]) &&
           mlm_has_vector(view, TWIDDLES, form[FFT]) &&
           mlm_has_words(view, FILTER_BINS, 2 * view->op->width) && filters_are_sound(view);
}

static void logmel_needs(const mlm_op_view *view, const mlm_shape *shape, mlm_need *needs) {
    (void)shape;
    const uint32_t *form = view->op->attributes;
    needs[SAMPLES_ROLE] = (mlm_need){.floats = form[WINDOW], .is_state = 1};
    needs[SPECTRUM_ROLE] = (mlm_need){.floats = (uint64_t)form[FFT] + 2};
}

/* Takes in_rows samples, of which the first is in_first of the sequence; how many rows they make shows. */
static int run_logmel(mlm_run *run) {
    const uint32_t *attributes = run->op->attributes;
    const mlm_logmel_form form = {
        .window = attributes[WINDOW],
        .hop = attributes[HOP],
        .fft = attributes[FFT],
        .bands = run->op->width,
        .floor = mlm_float_attribute(run->op, FLOOR),
        .weights = mlm_weights(run, WINDOW_WEIGHTS),
        .twiddles = mlm_weights(run, TWIDDLES),
        .bins = mlm_data(run, FILTER_BINS),
        .filters = mlm_weights(run, FILTERS),
    };
    const uint32_t have = run->in_first - run->first * form.hop;
    run->rows = mlm_logmel(&form, mlm_buffer_at(run, SAMPLES_ROLE), have, run->inputs[0].data,
                           run->in_rows, mlm_buffer_at(run, SPECTRUM_ROLE), run->output);
    return 0;
}

/* Window, butterflies (4 multiplications each), spectrum (10 for two bins), filters, logarithms. */
void mlm_logmel_class_counts(const mlm_op_view *view, const mlm_work *work, mlm_counts *counts) {
    const uint32_t *form = view->op->attributes;
    const uint64_t window = form[WINDOW], hop = form[HOP], points = form[FFT] / 2;
    const uint64_t bands = view->op->width;
    const uint64_t filters = view->tensors[view->op->tensors[FILTERS]].rows;
    uint64_t stages = 0;
    for (uint64_t n = points; n > 1; n /= 2) stages++;
    counts->macs +=
        work->rows * (window + stages * points / 2 * 4 + (points / 2 - 1) * 10 + 4 + filters);
    counts->exps += work->rows * bands;
    for (uint32_t tensor = 0; tensor < TENSORS; tensor++)
        mlm_count_tensor(counts, work, view, tensor);
    /* Samples to the window and out of it, what of it stays moves up; then the spectrum. */
    mlm_count_floats_read(counts, work, hop + window + (window - hop));
    mlm_count_floats_written(counts, work, hop + (window - hop));
    mlm_count_floats_read(counts, work, stages * 2 * points + 2 * points + filters);
    mlm_count_floats_written(counts, work, 2 * points + stages * 2 * points + points + 1 + bands);
}

/* mlm-op 3 */
const mlm_op_class mlm_logmel_class = {
    .name = "logmel",
    .least_inputs = 1,
    .most_inputs = 1,
    .flags = MLM_OP_FRONT | MLM_OP_SAMPLES | MLM_OP_SEQUENCE | MLM_OP_CONSTANTS,
    .variants = 1,
    .attributes = ATTRIBUTES,
    .tensors = TENSORS,
    .parts = 1,
    .roles = ROLES,
    .role_names = role_names,
    .check = check_logmel,
    .needs = logmel_needs,
    .run = run_logmel,
};
