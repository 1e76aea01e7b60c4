/*
 * reference.c - see reference.h.
 */
#include "reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/case.h"
#include "kernels/kernels.h"

static const kernel_spec *spec_of(uint32_t kind) {
    const kernel_spec *const groups[] = {element_specs, layer_specs, time_specs, pool_specs};
    for (uint32_t g = 0; g < sizeof groups / sizeof *groups; g++)
        for (const kernel_spec *spec = groups[g]; spec->kind; spec++)
            if (spec->kind == kind) return spec;
    abort();
}

static float *new_rows(uint32_t rows, uint32_t width) {
    float *memory = calloc((size_t)rows * width + 1, sizeof *memory);
    if (!memory) abort();
    return memory;
}

static void describe_op(kernel_case *c, const network *net, const net_op *op) {
    c->op = (mlm_blob_op){.kind = (uint16_t)op->kind, .variant = (uint8_t)op->variant};
    c->op.width = op->width;
    for (uint32_t i = 0; i < MLM_ATTRIBUTES; i++) c->op.attributes[i] = op->attributes[i];
    for (uint32_t t = 0; t < MLM_TENSOR_REFS; t++) {
        c->op.tensors[t] = (uint16_t)op->tensors[t];
        if (op->tensors[t] == MLM_NO_TENSOR) continue;
        c->w[t] = net->tensors[op->tensors[t]].w;
        c->scales[t] = net->tensors[op->tensors[t]].scales;
    }
}

static void run_op(reference *made, const network *net, uint32_t index, const float *input,
                   uint32_t frames) {
    const net_op *op = &net->ops[index];
    kernel_case c = {.random = {0}};
    net_view v;
    net_view_of(&v, net, op);
    describe_op(&c, net, op);
    for (uint32_t i = 0; i < v.inputs; i++) {
        const uint32_t value = op->inputs[i];
        c.widths[i] = v.widths[i];
        c.rows[i] = value == 0 ? frames : made->rows[value];
        c.is_vector[i] = net_clock_of(net, value) == MLM_NO_CLOCK;
        c.x[i] = value == 0 ? input : made->values[value];
    }
    c.inputs = v.inputs;
    c.size = c.widths[0];
    c.length = c.rows[0];
    c.out_rows = op->clock == MLM_NO_CLOCK ? 1 : net_total_rows(net, op->clock, frames);
    made->rows[index + 1] = c.out_rows;
    made->values[index + 1] = new_rows(c.out_rows, op->width);
    spec_of(op->kind)->loop(&c, made->values[index + 1]);
}

/* ---- front end ------------------------------------------------------------------------------------ */

enum { WINDOW, HOP, FFT, RATE, FLOOR };

static void run_logmel(reference *made, const network *net, const float *samples, uint32_t inputs,
                       uint32_t frames) {
    const net_op *op = &net->ops[0];
    const uint32_t stride = mlm_padded(op->width);
    const float *w[4];
    for (uint32_t t = 0; t < 4; t++) w[t] = net->tensors[op->tensors[t]].w;
    const mlm_logmel_form form = {op->attributes[WINDOW],
                                  op->attributes[HOP],
                                  op->attributes[FFT],
                                  op->width,
                                  f32_from_bits(op->attributes[FLOOR]),
                                  w[0],
                                  w[1],
                                  (const uint32_t *)(const void *)w[2],
                                  w[3]};
    float *history = new_rows(form.window, 1), *rows = new_rows(frames, stride);
    float *spectrum = new_rows(form.fft, 1);
    made->rows[1] =
        mlm_logmel(&form, history, 0, samples, inputs, spectrum, (mlm_rows){rows, stride});
    made->values[1] = new_rows(frames, op->width);
    for (uint32_t t = 0; t < frames; t++)
        memcpy(made->values[1] + (size_t)t * op->width, rows + (size_t)t * stride,
               op->width * sizeof(float));
    free(history), free(rows), free(spectrum);
}

/* Power of bin k of the discrete Fourier transform of one window. */
static double power_of(const net_op *op, const float *window, const float *samples, uint32_t k) {
    const uint32_t fft = op->attributes[FFT];
    double re = 0.0, im = 0.0;
    for (uint32_t n = 0; n < op->attributes[WINDOW]; n++) {
        const double x = (double)samples[n] * (double)window[n];
        const double angle = 6.283185307179586477 * (double)((uint64_t)k * n % fft) / fft;
        re += x * cos(angle);
        im -= x * sin(angle);
    }
    return re * re + im * im;
}

void reference_logmel(const network *net, const float *samples, uint32_t t, double *row) {
    const net_op *op = &net->ops[0];
    const float *window = net->tensors[op->tensors[0]].w;
    const float *bins = net->tensors[op->tensors[2]].w, *filters = net->tensors[op->tensors[3]].w;
    const double floor = (double)f32_from_bits(op->attributes[FLOOR]);
    for (uint32_t band = 0; band < op->width; band++) {
        const uint32_t first = f32_bits(bins[2 * band]), count = f32_bits(bins[2 * band + 1]);
        double energy = 0.0;
        for (uint32_t k = first; k < first + count; k++)
            energy +=
                power_of(op, window, samples + t * op->attributes[HOP], k) * (double)*filters++;
        row[band] = log(fmax(energy, floor));
    }
}

/* ---- all ------------------------------------------------------------------------------------------ */

void reference_run(reference *made, const network *net, const void *input, uint32_t inputs) {
    const uint32_t frames = net_frames_of(net, inputs);
    memset(made, 0, sizeof *made);
    made->count = net->op_count;
    for (uint32_t op = 0; op < net->op_count; op++)
        if (net->ops[op].kind == LOGMEL)
            run_logmel(made, net, input, inputs, frames);
        else
            run_op(made, net, op, input, frames);
}

void reference_free(reference *made) {
    for (uint32_t i = 0; i <= made->count; i++) free(made->values[i]);
}
