/*
 * kernels.h - what ops compute as functions of shapes and pointers, for their own rows (op.h), for each
 * other and for tests. They know nothing of models, sessions or arenas. Rows of activations are padded to
 * a multiple of 8 floats and 16-byte aligned, except where a source may be the caller's own frames: those
 * are read element by element, never beyond their width. Weights are packed as records.h says.
 */
#ifndef MLM_KERNELS_H
#define MLM_KERNELS_H

#include "op.h"

/* ---- rows ---------------------------------------------------------------------------------------- */

/* y = x, for `width` elements of each of `frames` rows, and 0 behind them up to a multiple of 4, also where x is y
 * already: states that take whole groups of 4 have no chance numbers in them. */
void mlm_copy_rows(mlm_source x, mlm_rows y, uint32_t width, uint32_t frames);

/* ---- linear -------------------------------------------------------------------------------------- */

static inline const void *mlm_elements_from(const mlm_matrix *matrix, size_t first) {
    const size_t bytes = mlm_is_i8(matrix) ? sizeof(int8_t) : sizeof(float);
    return (const unsigned char *)matrix->data + first * bytes;
}

/* Rows [first, first + rows) of panels; first is a multiple of 8. */
static inline mlm_matrix mlm_panels_from(mlm_matrix weight, uint32_t first, uint32_t rows) {
    weight.data = mlm_elements_from(&weight, (size_t)first * weight.columns);
#if MLM_I8_MATRICES
    if (mlm_is_i8(&weight)) weight.scales += first;
#endif
    weight.rows = rows;
    return weight;
}

/* Columns [first, first + columns) of a panel, which then is all there is. */
static inline mlm_matrix mlm_columns_from(mlm_matrix panel, size_t first, uint32_t columns) {
    panel.data = mlm_elements_from(&panel, first * MLM_PANEL);
    panel.columns = columns;
    return panel;
}

/* mlm_linear in arguments that fit registers: structs go through memory. */
void mlm_linear_f32(const float *panels, const float *bias, uint32_t inputs, uint32_t panel_count,
                    const float *x, uint32_t x_stride, float *y, uint32_t y_stride,
                    uint32_t frames);

/* The same of i8 panels: y[t][o] = (sum over i, ascending, of weight[o][i] x[t][i]) scales[o] + bias[o]. */
void mlm_linear_i8(const int8_t *weight, const float *scales, const float *bias, uint32_t inputs,
                   uint32_t panels, mlm_source x, mlm_rows y, uint32_t frames);

/*
 * y[t][o] = bias[o] + sum over i, ascending, of weight[o][i] x[t][i], for `frames` rows and all rows o of
 * the weight up to a multiple of 8. weight: panels, f32 or i8; bias: as many elements as y has, or null.
 */
static inline void mlm_linear(mlm_matrix weight, const float *bias, mlm_source x, mlm_rows y,
                              uint32_t frames) {
    const uint32_t panels = mlm_padded(weight.rows) / MLM_PANEL;
#if MLM_I8_MATRICES
    if (mlm_is_i8(&weight)) {
        mlm_linear_i8(weight.data, weight.scales, bias, weight.columns, panels, x, y, frames);
        return;
    }
#endif
    mlm_linear_f32(weight.data, bias, weight.columns, panels, x.data, x.stride, y.data, y.stride,
                   frames);
}

/* ---- causal convolution ---------------------------------------------------------------------------- */

/*
 * Causal depthwise convolution in place, before its activation: x[t][c] = bias[c] + sum over k, oldest tap
 * first, of weight[c][k] x[t - taps + 1 + k][c]. weight: groups [groups][taps][4]; bias: [4 groups]
 * or null; history: [groups][taps - 1][4], oldest first, updated.
 */
void mlm_conv1d(const float *weight, const float *bias, uint32_t taps, uint32_t groups,
                float *history, mlm_rows x, uint32_t frames);

/* ---- element by element ---------------------------------------------------------------------------- */

/* Variants of the activation and gate ops. */
typedef enum mlm_activation {
    MLM_ACTIVATION_SILU = 0,
    MLM_ACTIVATION_RELU = 1,
    MLM_ACTIVATION_GELU = 2,
    MLM_ACTIVATION_GELU_TANH = 3,
    MLM_ACTIVATION_SIGMOID = 4,
    MLM_ACTIVATION_TANH = 5,
    MLM_ACTIVATION_SOFTPLUS = 6,
    MLM_ACTIVATION_LEAKY_RELU = 7, /* parameter: slope */
    MLM_ACTIVATION_ELU = 8,        /* parameter: alpha */
    MLM_ACTIVATION_HARD_SIGMOID = 9,
    MLM_ACTIVATION_RELU6 = 10,
    MLM_ACTIVATIONS
} mlm_activation;

/* y = activation(x), which may be x; `parameter` is 0 where the activation has none. NaN stays NaN. */
void mlm_activate(mlm_activation activation, float parameter, uint32_t width, mlm_source x,
                  mlm_rows y, uint32_t frames);
/* Exponentials and logarithms that it takes an element. */
uint32_t mlm_activation_exps(mlm_activation activation);

/* In place over `groups` groups of 4 elements of each of `frames` rows. */
void mlm_silu(mlm_rows x, uint32_t groups, uint32_t frames);
void mlm_softplus(mlm_rows x, uint32_t groups, uint32_t frames);

/* x = x * SiLU(z), over `groups` groups of 4 elements of each of `frames` rows. */
void mlm_gate(mlm_rows x, mlm_source z, uint32_t groups, uint32_t frames);

/* The same of one group of any 4 elements, for where mlm_silu and mlm_softplus have to clamp (clamping.c). */
void mlm_silu_clamping(const float *x, float *y);
void mlm_softplus_clamping(float *x);

/* y = x * scale + shift, channel by channel, rounded after the product. */
void mlm_affine(const float *scale, const float *shift, uint32_t width, mlm_source x, mlm_rows y,
                uint32_t frames);

/* ---- scans of heads ---------------------------------------------------------------------------------- */

/* dt is brought between `least` and `most`, in place; decay = 2^(dt a), of as many elements a row. a: below 0. */
void mlm_decays(const float *a, float least, float most, uint32_t heads, mlm_rows dt, float *decay,
                uint32_t frames);

/* ---- selective scan --------------------------------------------------------------------------------- */

/* A chunk of channels of a scan, `groups` groups of 4. */
typedef struct mlm_scan {
    const float *a; /* [groups][states][4]: A * log2(e), not above 0 */
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

/* ---- norms ------------------------------------------------------------------------------------------ */

/* What a norm multiplies by: 1 / sqrt(variance + epsilon); 0 where squares overflow, as in PyTorch. */
static inline float mlm_norm_scale(float energy) {
    return f32_bits(energy) == MLM_INFINITY_BITS ? 0.0f : f32_rsqrt(energy);
}

/* y = x / sqrt(mean(x^2) + epsilon) * weight; sums run over channels in ascending order. Right also
 * where squares overflow, and 0 or NaN beside and in place of an infinite x; epsilon is normal. */
void mlm_rms_norm(const float *weight, float epsilon, uint32_t width, mlm_source x, mlm_rows y,
                  uint32_t frames);
/* y = (x - mean) / sqrt(variance + epsilon) * weight + bias, biased variance, bias may be null. Right
 * also where squares or sums overflow; NaN in a row that has an infinity. */
void mlm_layer_norm(const float *weight, const float *bias, float epsilon, uint32_t width,
                    mlm_source x, mlm_rows y, uint32_t frames);

/* ---- pools ------------------------------------------------------------------------------------------ */

/* Variants of the pool op. */
typedef enum mlm_pool {
    MLM_POOL_MEAN = 0,
    MLM_POOL_LAST = 1,
    MLM_POOL_MAX = 2,
    MLM_POOL_FIRST = 3,
    MLM_POOL_SUM = 4,
    MLM_POOL_ROW = 5,
    MLM_POOL_MIN = 6,
    MLM_POOL_STD = 7,
    MLM_POOLS
} mlm_pool;

/* Rows of [width up to 8] floats that a pool's state has. Sums have as many compensations (Kahan), so that
 * the error does not grow with the number of frames; infinite sums are infinite, as without. std has a mean
 * and a sum of squares. */
uint32_t mlm_pool_state_rows(mlm_pool pool);

/* Takes `frames` further rows into `state`, `before` rows were taken already; MLM_POOL_ROW keeps the last
 * one that it is given. */
void mlm_pool_rows(mlm_pool pool, uint32_t width, mlm_source x, uint32_t frames, uint32_t before,
                   float *state);
/* The pooled row of `total` rows, but for MLM_POOL_STD; `state` is left as it is. */
void mlm_pool_result(mlm_pool pool, uint32_t width, const float *state, uint32_t total, float *y);
/* MLM_POOL_STD: y = sqrt(sum of squares / divisor + epsilon); epsilon 0 or normal. */
void mlm_pool_deviation(float epsilon, uint32_t width, const float *state, uint32_t divisor,
                        float *y);

/* ---- front ends ------------------------------------------------------------------------------------- */

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
 * [fft]. Returns the number of rows made.
 */
uint32_t mlm_logmel(const mlm_logmel_form *form, float *history, uint32_t have,
                    const float *samples, uint32_t count, float *spectrum, mlm_rows y);

/* Of fewer complex points, half a transform, a spectrum is made by its definition. */
enum { MLM_LOGMEL_LEAST_POINTS = 16 };
/* What is left out of a spectrum. */
#define MLM_LOGMEL_POWER_SCALE 0.25f

/* |FFT(window x)|^2 / MLM_LOGMEL_POWER_SCALE of bins 0 .. fft / 2, which lie in `spectrum`, [fft]; samples: [window]. */
const float *mlm_logmel_spectrum(const mlm_logmel_form *form, const float *samples,
                                 float *spectrum);

/* y[t] = row tokens[t] of weight: panels [rows up to 8, / 8][width][8]. Tokens are valid. */
void mlm_embedding(const float *weight, uint32_t width, const int32_t *tokens, mlm_rows y,
                   uint32_t frames);

#endif
