/*
 * logmel.c - audio samples to log-mel frames: window, real FFT, power spectrum, mel filter bank, log.
 * Plain C: what it costs is little beside the network. Its tables are constants of the blob; every
 * sum runs over ascending indices.
 */
#include <string.h>

#include "../core/f32.h"
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
