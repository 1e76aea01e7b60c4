/*
 * kernels.h - every operator as a function of shapes and pointers. Kernels know nothing of models,
 * sessions or arenas. Rows of activations are padded to a multiple of 8 floats and 16-byte aligned,
 * except where a source may be the caller's own frames: those are read element by element, never
 * beyond their width. Weights are packed as blob.h says.
 */
#ifndef MLM_KERNELS_H
#define MLM_KERNELS_H

#include <stdint.h>

/* Elements of a row with its padding, which kernels write too (from zeros). */
static inline uint32_t mlm_padded(uint32_t width) { return (width + 7u) & ~7u; }

/* Rows of floats: `stride` elements from one to the next. */
typedef struct mlm_rows {
    float *data;
    uint32_t stride;
} mlm_rows;

/* Rows that are only read; may be the caller's unpadded frames. */
typedef struct mlm_source {
    const float *data;
    uint32_t stride;
} mlm_source;

/*
 * y[t][0 .. 8 panels) = bias + sum over i, ascending, of weight[..][i] x[t][i], for `frames` rows.
 * weight: panels [panels][inputs][8]; bias: [8 panels] or null.
 */
void mlm_linear(const float *weight, const float *bias, uint32_t inputs, uint32_t panels,
                mlm_source x, mlm_rows y, uint32_t frames);

/*
 * Causal depthwise convolution in place, before its SiLU: x[t][c] = bias[c] + sum over k, oldest tap
 * first, of weight[c][k] x[t - taps + 1 + k][c]. weight: groups [groups][taps][4]; bias: [4 groups]
 * or null; history: [groups][taps - 1][4], oldest first, updated.
 */
void mlm_conv1d(const float *weight, const float *bias, uint32_t taps, uint32_t groups,
                float *history, mlm_rows x, uint32_t frames);

/* In place over `groups` groups of 4 elements of each of `frames` rows. */
void mlm_silu(mlm_rows x, uint32_t groups, uint32_t frames);
void mlm_softplus(mlm_rows x, uint32_t groups, uint32_t frames);

/* x = x * SiLU(z), over `groups` groups of 4 elements of each of `frames` rows. */
void mlm_gate(mlm_rows x, mlm_source z, uint32_t groups, uint32_t frames);

/* A chunk of channels of one Mamba block, `groups` groups of 4. */
typedef struct mlm_scan {
    const float *a; /* [groups][states][4]: A * log2(e), negative */
    const float *d; /* [groups][4] */
    float *h;       /* [groups][states][4], updated */
    uint32_t groups, states;
    float lowest_a;  /* no element of a is below it */
    mlm_rows x;      /* [frames][groups][4]: convolved x in, y out */
    mlm_source bc;   /* [frames][2 states]: B0 C0 B1 C1 ... */
    mlm_source dt;   /* [frames][groups][4], behind its softplus: never negative */
    float *da, *dbx; /* unfused only: [frames][groups][states][4] */
} mlm_scan;

/*
 * For each frame: h = 2^(dt a) h + dt x B, y = D x + sum over n, ascending, of h_n C_n
 * (Gu & Dao, arXiv 2312.00752, equations 2 and 4 with the simplified discretisation of B).
 */
void mlm_selective_scan(const mlm_scan *scan, uint32_t frames);

/* The same in two steps through memory: dA = 2^(dt a) and dBx = dt x B first, then the recurrence. */
void mlm_discretize(const mlm_scan *scan, uint32_t frames);
void mlm_scan_discretized(const mlm_scan *scan, uint32_t frames);

/* y = x / sqrt(mean(x^2) + epsilon) * weight; sums run over channels in ascending order. Right also
 * where squares overflow, and 0 or NaN beside and in place of an infinite x; epsilon is normal. */
void mlm_rms_norm(const float *weight, float epsilon, uint32_t width, mlm_source x, mlm_rows y,
                  uint32_t frames);
/* y = (x - mean) / sqrt(variance + epsilon) * weight + bias, biased variance, bias may be null. Right
 * also where squares or sums overflow; NaN in a row that has an infinity. */
void mlm_layer_norm(const float *weight, const float *bias, float epsilon, uint32_t width,
                    mlm_source x, mlm_rows y, uint32_t frames);

void mlm_add(uint32_t width, mlm_source x, mlm_source y, mlm_rows sum, uint32_t frames);

typedef enum mlm_activation {
    MLM_ACTIVATION_SILU = 0,
    MLM_ACTIVATION_RELU = 1, /* NaN stays NaN */
    MLM_ACTIVATION_GELU = 2
} mlm_activation;

void mlm_activate(mlm_activation activation, uint32_t width, mlm_source x, mlm_rows y,
                  uint32_t frames);

typedef enum mlm_pool { MLM_POOL_MEAN = 0, MLM_POOL_LAST = 1, MLM_POOL_MAX = 2 } mlm_pool;

/* Takes `frames` further rows into `state`, `before` rows were taken already. state: [width up to 8];
 * mean: the sums, then as many compensations (Kahan), so that the error does not grow with the
 * number of frames. Infinite sums are infinite, as without compensation. */
void mlm_pool_rows(mlm_pool pool, uint32_t width, mlm_source x, uint32_t frames, uint32_t before,
                   float *state);
/* The pooled row of `total` rows; `state` is left as it is. */
void mlm_pool_result(mlm_pool pool, uint32_t width, const float *state, uint32_t total, float *y);

/* Constants of a log-mel front end. */
typedef struct mlm_logmel_form {
    uint32_t window, hop; /* samples; 1 <= hop <= window <= fft */
    uint32_t fft;         /* samples, a power of two, at least 4 */
    uint32_t bands;
    float floor;           /* least energy of a band, before the log */
    const float *weights;  /* [window] */
    const float *twiddles; /* [fft / 2][2]: cos and -sin of 2 pi k / fft */
    const uint32_t *bins;  /* [bands][2]: first bin, number of bins */
    const float *filters;  /* each band's weights, one behind the other */
} mlm_logmel_form;

/*
 * Takes `count` further samples behind the `have` samples, fewer than a window, that are in `history`
 * ([window]), and makes a row of y for each window that they complete:
 * y[t][band] = ln(max(sum over its bins of filter |FFT(window x)|^2, floor)). spectrum: scratch
 * [fft + 2]. Returns the number of rows made.
 */
uint32_t mlm_logmel(const mlm_logmel_form *form, float *history, uint32_t have,
                    const float *samples, uint32_t count, float *spectrum, mlm_rows y);

/* y = x * scale + shift, channel by channel, rounded after the product. */
void mlm_affine(const float *scale, const float *shift, uint32_t width, mlm_source x, mlm_rows y,
                uint32_t frames);

/* y[t] = row tokens[t] of weight: panels [rows up to 8, / 8][width][8]. Tokens are valid. */
void mlm_embedding(const float *weight, uint32_t width, const int32_t *tokens, mlm_rows y,
                   uint32_t frames);

#endif
