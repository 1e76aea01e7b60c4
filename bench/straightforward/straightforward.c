/*
 * straightforward.c - see straightforward.h. Written from the pseudocode of arXiv 2509.05488 and the
 * equations of arXiv 2312.00752: whole-sequence loops, one matrix product after the other, the scan
 * with its discretisation inside, expf and log1pf from the C library. A = -exp(A_log) is computed
 * once a run, as the reference does.
 */
#include "straightforward.h"

#include <string.h>

#include "loops.h"

/* Depthwise and causal, then SiLU: x is the first half of each row of xz (frames, 2 * d_inner). */
static void conv1d_silu(const sf_sizes *s, const sf_weights *w, const float *xz, float *x,
                        int frames) {
    for (int t = 0; t < frames; t++) {
        for (int c = 0; c < s->d_inner; c++) {
            float sum = w->conv1d_bias[c];
            for (int k = 0; k < s->d_conv; k++) {
                const int from = t + k - (s->d_conv - 1);
                if (from < 0) continue;
                sum += w->conv1d_weight[c * s->d_conv + k] * xz[from * 2 * s->d_inner + c];
            }
            x[t * s->d_inner + c] = silu(sum);
        }
    }
}

/* h = exp(dt A) h + dt B x, y = C h + D x for every frame, channel and state. */
static void selective_scan(const sf_sizes *s, const float *d, const float *a, const float *x,
                           const float *x_dbl, const float *dt, float *h, float *y, int frames) {
    const int states = s->d_state, row = s->dt_rank + 2 * states;
    memset(h, 0, sizeof(float) * (size_t)(s->d_inner * states));
    for (int t = 0; t < frames; t++) {
        const float *b = x_dbl + t * row + s->dt_rank;
        const float *c = b + states;
        for (int i = 0; i < s->d_inner; i++) {
            const float delta = dt[t * s->d_inner + i], u = x[t * s->d_inner + i];
            float sum = 0.0f;
            for (int n = 0; n < states; n++) {
                float *state = h + i * states + n;
                *state = expf(delta * a[i * states + n]) * *state + delta * b[n] * u;
                sum += *state * c[n];
            }
            y[t * s->d_inner + i] = sum + d[i] * u;
        }
    }
}

long sf_memory_floats(const sf_sizes *s, int frames) {
    const long inner = s->d_inner, row = s->dt_rank + 2 * s->d_state;
    return frames * (2 * s->d_model + 2 * inner + inner + row + inner + inner) +
           2 * inner * s->d_state + s->d_model;
}

void sf_run(const sf_sizes *s, const sf_weights *w, const float *input, int frames, float *memory,
            float *logits) {
    const int inner = s->d_inner, row = s->dt_rank + 2 * s->d_state;
    float *u = memory;                      /* (frames, d_model) */
    float *xz = u + frames * s->d_model;    /* (frames, 2 * d_inner) */
    float *x = xz + frames * 2 * inner;     /* (frames, d_inner) */
    float *x_dbl = x + frames * inner;      /* (frames, dt_rank + 2 * d_state) */
    float *dt = x_dbl + frames * row;       /* (frames, d_inner) */
    float *y = dt + frames * inner;         /* (frames, d_inner) */
    float *out = y + frames * inner;        /* (frames, d_model) */
    float *a = out + frames * s->d_model;   /* (d_inner, d_state) */
    float *h = a + inner * s->d_state;      /* (d_inner, d_state) */
    float *pooled = h + inner * s->d_state; /* (d_model) */

    linear(input, s->features, w->linear_in_weight, w->linear_in_bias, u, frames, s->features,
           s->d_model);
    linear(u, s->d_model, w->in_proj, 0, xz, frames, s->d_model, 2 * inner);
    conv1d_silu(s, w, xz, x, frames);
    linear(x, inner, w->x_proj, 0, x_dbl, frames, inner, row);
    linear(x_dbl, row, w->dt_proj_weight, w->dt_proj_bias, dt, frames, s->dt_rank, inner);
    for (int i = 0; i < frames * inner; i++) dt[i] = softplus(dt[i]);
    for (int i = 0; i < inner * s->d_state; i++) a[i] = -expf(w->a_log[i]);
    selective_scan(s, w->d, a, x, x_dbl, dt, h, y, frames);
    for (int t = 0; t < frames; t++)
        for (int i = 0; i < inner; i++) y[t * inner + i] *= silu(xz[t * 2 * inner + inner + i]);
    linear(y, inner, w->out_proj, 0, out, frames, inner, s->d_model);

    memset(pooled, 0, sizeof(float) * (size_t)s->d_model);
    for (int t = 0; t < frames; t++)
        for (int i = 0; i < s->d_model; i++) pooled[i] += out[t * s->d_model + i];
    for (int i = 0; i < s->d_model; i++) pooled[i] /= (float)frames;
    linear(pooled, s->d_model, w->classifier_weight, w->classifier_bias, logits, 1, s->d_model,
           s->classes);
}
