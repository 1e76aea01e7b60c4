/*
 * reference.c - see reference.h. Equations: Gu & Dao, arXiv 2312.00752, section 3 and figure 3.
 */
#include "reference.h"

#include "blob_builder.h"

#include <math.h>
#include <stdlib.h>

static double *rows_of(size_t rows, size_t width) {
    double *memory = calloc(rows * width + 1u, sizeof *memory);
    if (!memory) abort();
    return memory;
}

static double silu(double x) { return x / (1.0 + exp(-x)); }

static double softplus(double x) { return fmax(x, 0.0) + log1p(exp(-fabs(x))); }

static double bias_of(const mlm_model *model, uint16_t tensor, uint32_t i) {
    return tensor == MLM_NO_TENSOR ? 0.0 : (double)blob_weight(model, tensor, i, 0);
}

/* y (frames, outputs) = x (frames, stride) W^T + b over the first `inputs` elements of each row. */
static void linear(const mlm_model *model, uint16_t weight, uint16_t bias, const double *x,
                   uint32_t inputs, uint32_t outputs, uint32_t stride, uint32_t frames, double *y) {
    for (uint32_t o = 0; o < outputs; o++)
        for (uint32_t t = 0; t < frames; t++) {
            double sum = bias_of(model, bias, o);
            for (uint32_t i = 0; i < inputs; i++)
                sum += (double)blob_weight(model, weight, o, i) * x[(size_t)t * stride + i];
            y[(size_t)t * outputs + o] = sum;
        }
}

static void mamba(const mlm_model *model, const mlm_blob_op *op, const double *u, uint32_t frames,
                  double *out) {
    const uint32_t inner = op->dims[MLM_DIM_INNER], states = op->dims[MLM_DIM_STATE];
    const uint32_t taps = op->dims[MLM_DIM_CONV], rank = op->dims[MLM_DIM_DT_RANK];
    const uint32_t input = op->dims[MLM_DIM_INPUT], output = op->dims[MLM_DIM_OUTPUT];
    const uint16_t *tensors = op->tensors;
    double *x = rows_of(frames, inner), *conv = rows_of(frames, inner), *z = rows_of(frames, inner);
    double *x_dbl = rows_of(frames, rank + 2u * states), *dt = rows_of(frames, inner);
    double *h = rows_of(inner, states);
    linear(model, tensors[MLM_T_IN_X], tensors[MLM_T_IN_X_BIAS], u, input, inner, input, frames, x);
    linear(model, tensors[MLM_T_IN_Z], tensors[MLM_T_IN_Z_BIAS], u, input, inner, input, frames, z);
    for (uint32_t t = 0; t < frames; t++)
        for (uint32_t c = 0; c < inner; c++) {
            double sum = bias_of(model, tensors[MLM_T_CONV_BIAS], c);
            for (uint32_t k = 0; k < taps; k++)
                if (t + k + 1u >= taps)
                    sum += (double)blob_weight(model, tensors[MLM_T_CONV], c, k) *
                           x[(size_t)(t + k + 1u - taps) * inner + c];
            conv[(size_t)t * inner + c] = silu(sum);
        }
    linear(model, tensors[MLM_T_X_PROJ], MLM_NO_TENSOR, conv, inner, rank + 2u * states, inner,
           frames, x_dbl);
    linear(model, tensors[MLM_T_DT], tensors[MLM_T_DT_BIAS], x_dbl, rank, inner, rank + 2u * states,
           frames, dt);
    for (uint32_t t = 0; t < frames; t++)
        for (uint32_t c = 0; c < inner; c++) {
            const size_t at = (size_t)t * inner + c;
            const double *bc = x_dbl + (size_t)t * (rank + 2u * states) + rank;
            const double step = softplus(dt[at]);
            double y = (double)blob_weight(model, tensors[MLM_T_D], c, 0) * conv[at];
            for (uint32_t n = 0; n < states; n++) {
                const double a = (double)blob_weight(model, tensors[MLM_T_A], c, n);
                double *state = &h[(size_t)c * states + n];
                *state = exp2(step * a) * *state + step * conv[at] * bc[2u * n];
                y += *state * bc[2u * n + 1u];
            }
            x[at] = y * silu(z[at]);
        }
    if (tensors[MLM_T_OUT] != MLM_NO_TENSOR)
        linear(model, tensors[MLM_T_OUT], tensors[MLM_T_OUT_BIAS], x, inner, output, inner, frames,
               out);
    else
        for (size_t i = 0; i < (size_t)frames * inner; i++) out[i] = x[i];
    free(x), free(conv), free(z), free(x_dbl), free(dt), free(h);
}

static void norm(const mlm_model *model, const mlm_blob_op *op, const double *x, uint32_t frames,
                 double *y) {
    const uint32_t width = op->dims[MLM_DIM_INPUT];
    for (uint32_t t = 0; t < frames; t++, x += width, y += width) {
        double mean = 0.0, squares = 0.0;
        if (op->variant) {
            for (uint32_t i = 0; i < width; i++) mean += x[i];
            mean /= width;
        }
        for (uint32_t i = 0; i < width; i++) squares += (x[i] - mean) * (x[i] - mean);
        const double scale = 1.0 / sqrt(squares / width + (double)op->epsilon);
        for (uint32_t i = 0; i < width; i++)
            y[i] = (x[i] - mean) * scale *
                       (double)blob_weight(model, op->tensors[MLM_T_WEIGHT], i, 0) +
                   bias_of(model, op->tensors[MLM_T_BIAS], i);
    }
}

static void affine(const mlm_model *model, const mlm_blob_op *op, const double *x, uint32_t frames,
                   double *y) {
    const uint32_t width = op->dims[MLM_DIM_INPUT];
    for (uint32_t t = 0; t < frames; t++)
        for (uint32_t i = 0; i < width; i++)
            y[(size_t)t * width + i] =
                x[(size_t)t * width + i] *
                    (double)blob_weight(model, op->tensors[MLM_T_WEIGHT], i, 0) +
                bias_of(model, op->tensors[MLM_T_BIAS], i);
}

/* Power of bin k of the discrete Fourier transform of one window, by its definition. */
static double power_of(const mlm_model *model, const mlm_blob_op *op, const float *samples,
                       uint32_t k) {
    const uint32_t fft = op->dims[MLM_DIM_FFT];
    double re = 0.0, im = 0.0;
    for (uint32_t n = 0; n < op->dims[MLM_DIM_WINDOW]; n++) {
        const double x =
            (double)samples[n] * (double)blob_weight(model, op->tensors[MLM_T_WINDOW], n, 0);
        const double angle = 6.283185307179586477 * (double)((uint64_t)k * n % fft) / fft;
        re += x * cos(angle);
        im -= x * sin(angle);
    }
    return re * re + im * im;
}

static void logmel(const mlm_model *model, const mlm_blob_op *op, const float *samples,
                   uint32_t frames, double *y) {
    const uint32_t bands = op->dims[MLM_DIM_OUTPUT];
    const uint32_t *ranges =
        (const uint32_t *)(const void *)mlm_weights(model, op->tensors[MLM_T_FILTER_BINS]);
    double *power = rows_of(1, op->dims[MLM_DIM_FFT] / 2u + 1u);
    for (uint32_t t = 0; t < frames; t++, samples += op->dims[MLM_DIM_HOP]) {
        uint32_t next = 0;
        for (uint32_t k = 0; k <= op->dims[MLM_DIM_FFT] / 2u; k++)
            power[k] = power_of(model, op, samples, k);
        for (uint32_t band = 0; band < bands; band++) {
            const uint32_t first = ranges[2u * band], count = ranges[2u * band + 1u];
            double energy = 0.0;
            for (uint32_t k = first; k < first + count; k++)
                energy +=
                    power[k] * (double)blob_weight(model, op->tensors[MLM_T_FILTERS], next++, 0);
            y[(size_t)t * bands + band] = log(fmax(energy, (double)op->epsilon));
        }
    }
    free(power);
}

static void pool(const mlm_blob_op *op, const double *x, uint32_t frames, double *y) {
    const uint32_t width = op->dims[MLM_DIM_INPUT];
    for (uint32_t i = 0; i < width; i++) {
        double value = op->variant == 0 ? 0.0 : x[i];
        for (uint32_t t = 0; t < frames; t++) {
            const double now = x[(size_t)t * width + i];
            value = op->variant == 0   ? value + now / frames
                    : op->variant == 1 ? now
                                       : fmax(value, now);
        }
        y[i] = value;
    }
}

static double activation(uint32_t variant, double x) {
    if (variant == 0) return silu(x);
    if (variant == 1) return fmax(x, 0.0);
    return 0.5 * x * erfc(-x * 0.70710678118654752440);
}

static uint32_t frames_of(const mlm_model *model, uint32_t inputs) {
    const uint32_t *dims = mlm_ops(model)[0].dims;
    if (mlm_header(model)->input_kind != MLM_INPUT_SAMPLES) return inputs;
    return (inputs - dims[MLM_DIM_WINDOW]) / dims[MLM_DIM_HOP] + 1u;
}

void reference_run(const mlm_model *model, const void *input, uint32_t inputs, double *logits) {
    const mlm_blob_header *header = mlm_header(model);
    double *values[MLM_MAX_OPS + 1u] = {NULL};
    uint32_t rows = frames_of(model, inputs);
    if (header->input_kind == MLM_INPUT_FRAMES) {
        values[0] = rows_of(rows, header->input_width);
        for (size_t i = 0; i < (size_t)rows * header->input_width; i++)
            values[0][i] = (double)((const float *)input)[i];
    }
    for (uint32_t n = 0; n < header->op_count; n++) {
        const mlm_blob_op *op = &mlm_ops(model)[n];
        const double *x = values[op->inputs[0]], *other = values[op->inputs[1]];
        const uint32_t width = op->dims[MLM_DIM_OUTPUT];
        double *y = values[n + 1u] = rows_of(rows, width);
        switch (op->kind) {
            case MLM_OP_LINEAR:
                linear(model, op->tensors[MLM_T_WEIGHT], op->tensors[MLM_T_BIAS], x,
                       op->dims[MLM_DIM_INPUT], width, op->dims[MLM_DIM_INPUT], rows, y);
                break;
            case MLM_OP_MAMBA: mamba(model, op, x, rows, y); break;
            case MLM_OP_NORM: norm(model, op, x, rows, y); break;
            case MLM_OP_AFFINE: affine(model, op, x, rows, y); break;
            case MLM_OP_LOGMEL: logmel(model, op, input, rows, y); break;
            case MLM_OP_ADD:
                for (size_t i = 0; i < (size_t)rows * width; i++) y[i] = x[i] + other[i];
                break;
            case MLM_OP_POOL:
                pool(op, x, rows, y);
                rows = 1;
                break;
            case MLM_OP_EMBEDDING:
                for (uint32_t t = 0; t < rows; t++)
                    for (uint32_t i = 0; i < width; i++)
                        y[(size_t)t * width + i] =
                            (double)blob_weight(model, op->tensors[MLM_T_WEIGHT],
                                                (uint32_t)((const int32_t *)input)[t], i);
                break;
            case MLM_OP_ACTIVATION:
                for (size_t i = 0; i < (size_t)rows * width; i++)
                    y[i] = activation(op->variant, x[i]);
                break;
            default: abort();
        }
    }
    for (uint32_t i = 0; i < header->logits; i++) logits[i] = values[header->op_count][i];
    for (uint32_t n = 0; n <= header->op_count; n++) free(values[n]);
}
