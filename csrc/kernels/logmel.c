/*
 * logmel.c - audio samples to log-mel frames: power spectra of windows (logmel_spectrum.c), mel filter bank, log. Its
 * tables are constants of the blob.
 */
#include <string.h>

#include "../math/vec4.h"
#include "kernels.h"
#include "logmel_arm.h"

/* ---- bands --------------------------------------------------------------------------------------------- */

/* Four sums, of every fourth product each, and their sum. */
MLM_INLINE float dot_fours(const float *x, const float *y, uint32_t fours) {
#if MLM_CORTEX_M7
    return fours == 0 ? 0.0f : m7_dot_fours(x, y, fours);
#else
    float sums[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    const float *end = x + 4 * (size_t)fours;
#if MLM_SIMD
    v4 sum = v4_zero();
    for (; x < end; x += 4, y += 4) sum = v4_add(sum, v4_mul(v4_load(x), v4_load(y)));
    v4_store(sums, sum);
#else
    for (; x < end; x += 4, y += 4) {
        sums[0] += x[0] * y[0];
        sums[1] += x[1] * y[1];
        sums[2] += x[2] * y[2];
        sums[3] += x[3] * y[3];
    }
#endif
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
#endif
}

/* The last `count` % 4 products are added one by one. */
MLM_INLINE float dot_product(const float *x, const float *y, uint32_t count) {
    float sum = dot_fours(x, y, count / 4);
    for (uint32_t i = count & ~3u; i < count; i++) sum += x[i] * y[i];
    return sum;
}

static MLM_NOINLINE void mel_bands(const mlm_logmel_form *form, const float *power, float *y) {
    const float *filter = form->filters;
    for (uint32_t band = 0; band < form->bands; band++) {
        const uint32_t first = form->bins[2 * band], count = form->bins[2 * band + 1];
        const float energy = MLM_LOGMEL_POWER_SCALE * dot_product(filter, power + first, count);
        filter += count;
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
        mel_bands(form, mlm_logmel_spectrum(form, history, spectrum), y.data + rows * y.stride);
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
    needs[SPECTRUM_ROLE] = (mlm_need){.floats = form[FFT]};
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

/* Products of window, transform and power: 12 in a butterfly of radix 4 but in the first stage, 4 in one of radix 2, 8
 * for two bins. */
static uint64_t spectrum_products(uint64_t window, uint64_t points) {
    if (points < MLM_LOGMEL_LEAST_POINTS) return (points + 1) * (3 * window + 3);
    uint64_t products = window + 4 * points + 3, h = 4;
    for (; 4 * h <= points; h *= 4) products += 3 * points;
    return h < points ? products + 2 * points : products;
}

/* Passes over the points, the first stage being one. */
static uint64_t passes_over(uint64_t points) {
    uint64_t passes = 0;
    for (uint64_t n = 1; n < points; n *= 4) passes++;
    return passes;
}

/* Filters and their scale, logarithms. */
void mlm_logmel_class_counts(const mlm_op_view *view, mlm_work *work) {
    const uint32_t *form = view->op->attributes;
    const uint32_t window = form[WINDOW], points = form[FFT] / 2;
    const uint32_t bands = view->op->width;
    const uint64_t filters = view->tensors[view->op->tensors[FILTERS]].rows;
    const uint64_t moved = points < MLM_LOGMEL_LEAST_POINTS ? 0 : passes_over(points) * 2 * points;
    const uint64_t windows = points < MLM_LOGMEL_LEAST_POINTS ? points + 1 : 1;
    work->row.macs = spectrum_products(window, points) + filters + bands;
    work->row.exps = bands;
    /* Samples to the window and out of it, what of it stays moves up; then the spectrum. */
    work->row.bytes_read = ((windows + 1) * window + moved + filters) * sizeof(float);
    work->row.bytes_written = (window + moved + points + 1 + bands) * sizeof(float);
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
