/*
 * case.c - see case.h: random numbers with odd ones among them, and the packings of records.h.
 */
#include "case.h"

#include <string.h>

static float inputs[CASE_INPUT_FLOATS], weights[CASE_WEIGHT_FLOATS];
static float blob[2 * CASE_WEIGHT_FLOATS] __attribute__((aligned(16)));

static const uint32_t odd_bits[] = {
    0x7FC00000u, 0x7F800000u, 0xFF800000u, 0x80000000u, 0x00000000u, 0x00000001u, 0x80012345u,
    0x007FFFFFu, 0x7F7FFFFFu, 0xFF7FFFFFu, 0x7E967699u, 0x00800000u, 0xC2B00000u, 0x42D20000u,
};

static float any_float(kernel_case *c) {
    if (c->is_odd && rng_once_in(&c->random, 6))
        return f32_from_bits(odd_bits[case_below(c, sizeof odd_bits / sizeof *odd_bits)]);
    return 3.0f * rng_signed(&c->random);
}

void case_begin(kernel_case *c, uint32_t kind, uint32_t variant) {
    memset(&c->op, 0, sizeof c->op);
    c->op.kind = (uint16_t)kind;
    c->op.variant = (uint8_t)variant;
    for (uint32_t i = 0; i < MLM_MAX_INPUTS; i++) c->op.inputs[i] = MLM_NO_VALUE;
    for (uint32_t t = 0; t < MLM_TENSOR_REFS; t++) {
        c->op.tensors[t] = MLM_NO_TENSOR;
        c->scales[t] = 0;
    }
    c->tensor_count = c->inputs = c->input_floats = c->weight_floats = c->blob_bytes = c->lag = 0;
    c->blob = (unsigned char *)blob;
}

void case_input(kernel_case *c, uint32_t width, uint32_t rows) {
    const uint32_t i = c->inputs++;
    float *x = inputs + c->input_floats;
    for (uint32_t n = 0; n < rows * width; n++) x[n] = any_float(c);
    c->op.inputs[i] = (uint16_t)i;
    c->widths[i] = width;
    c->rows[i] = rows;
    c->is_vector[i] = 0;
    c->x[i] = x;
    c->input_floats += rows * width;
}

void case_vector_input(kernel_case *c, uint32_t width) {
    case_input(c, width, 1);
    c->is_vector[c->inputs - 1] = 1;
}

float *case_tensor(kernel_case *c, uint32_t t, uint32_t packing, uint32_t rows, uint32_t columns) {
    float *w = weights + c->weight_floats;
    c->op.tensors[t] = (uint16_t)c->tensor_count;
    c->tensors[c->tensor_count++] = (mlm_blob_tensor){
        .dtype = MLM_DTYPE_F32, .packing = (uint16_t)packing, .rows = rows, .columns = columns};
    for (uint32_t n = 0; n < rows * columns; n++)
        w[n] = rng_once_in(&c->random, 16) ? -0.0f : rng_signed(&c->random);
    c->w[t] = w;
    c->weight_floats += rows * columns;
    return w;
}

float *case_matrix(kernel_case *c, uint32_t t, uint32_t rows, uint32_t columns) {
    float *w = case_tensor(c, t, MLM_PACK_PANELS, rows, columns);
    if (case_below(c, 2)) return w;
    float *scales = weights + c->weight_floats;
    c->weight_floats += rows;
    c->tensors[c->op.tensors[t]].dtype = MLM_DTYPE_I8;
    for (uint32_t n = 0; n < rows; n++) scales[n] = 0.01f * rng_signed(&c->random);
    for (uint32_t n = 0; n < rows * columns; n++) w[n] = (float)case_below(c, 256) - 128.0f;
    c->scales[t] = scales;
    return w;
}

void case_vector(kernel_case *c, uint32_t t, uint32_t rows) {
    case_tensor(c, t, MLM_PACK_VECTOR, rows, 1);
}

void case_maybe_vector(kernel_case *c, uint32_t t, uint32_t rows) {
    c->w[t] = 0;
    if (case_below(c, 2)) case_vector(c, t, rows);
}

/* Elements side by side in a packing. */
static uint32_t lanes_of(uint32_t packing) {
    return packing == MLM_PACK_GROUPS ? MLM_GROUP : MLM_PANEL;
}

static void pack_one(kernel_case *c, mlm_blob_tensor *tensor, const float *w) {
    const uint32_t lanes = lanes_of(tensor->packing), columns = tensor->columns;
    const uint32_t padded = (tensor->rows + lanes - 1) / lanes * lanes;
    float *to = blob + c->blob_bytes / sizeof(float);
    tensor->offset = c->blob_bytes;
    tensor->bytes = padded * columns * (uint32_t)sizeof(float);
    memset(to, 0, tensor->bytes);
    for (uint32_t row = 0; row < tensor->rows; row++)
        for (uint32_t column = 0; column < columns; column++)
            to[(row / lanes * columns + column) * lanes + row % lanes] = w[row * columns + column];
    c->blob_bytes += (tensor->bytes + 15u) & ~15u;
}

/* Scales of panels of 8 rows, then the integers, outputs 0 and 4, 1 and 5 ... side by side. */
static void pack_i8(kernel_case *c, mlm_blob_tensor *tensor, const float *w, const float *scales) {
    const uint32_t columns = tensor->columns, padded = (tensor->rows + 7) / 8 * 8;
    float *to = blob + c->blob_bytes / sizeof(float);
    int8_t *bytes = (int8_t *)(to + padded);
    tensor->offset = c->blob_bytes;
    tensor->bytes = padded * (columns + (uint32_t)sizeof(float));
    memset(to, 0, tensor->bytes);
    memcpy(to, scales, tensor->rows * sizeof(float));
    for (uint32_t row = 0; row < tensor->rows; row++)
        for (uint32_t column = 0; column < columns; column++)
            bytes[(row / 8 * columns + column) * 8 + row % 4 * 2 + row / 4 % 2] =
                (int8_t)w[row * columns + column];
    c->blob_bytes += (tensor->bytes + 15u) & ~15u;
}

void case_pack(kernel_case *c) {
    for (uint32_t t = 0; t < MLM_TENSOR_REFS; t++) {
        if (c->op.tensors[t] == MLM_NO_TENSOR) continue;
        mlm_blob_tensor *tensor = &c->tensors[c->op.tensors[t]];
        if (c->scales[t])
            pack_i8(c, tensor, c->w[t], c->scales[t]);
        else
            pack_one(c, tensor, c->w[t]);
    }
}
