/*
 * case.h - one case of the kernel test: an op with its tensors and inputs, made by hand, and what a plain
 * loop says that it gives. Knows nothing of how kernels work.
 */
#ifndef KERNEL_CASE_H
#define KERNEL_CASE_H

#include "../random.h"
#include "kernels/op.h"

enum { CASE_INPUT_FLOATS = 4096, CASE_WEIGHT_FLOATS = 32768, CASE_OUTPUT_FLOATS = 8192 };

typedef struct kernel_case {
    rng random;
    int is_odd;            /* inputs have NaN, infinities, subnormal and huge numbers among them */
    uint32_t size, length; /* what widths and numbers of rows are made of */
    uint32_t turn;         /* of a spec that counts its cases */

    mlm_blob_op op;
    mlm_blob_tensor tensors[MLM_TENSOR_REFS];
    const float
        *w[MLM_TENSOR_REFS]; /* [rows][columns] of each tensor, as it was before it was packed */
    const float *scales[MLM_TENSOR_REFS]; /* [rows] of i8, whose w are integers; else null */
    unsigned char *blob;                  /* packed, 16-byte aligned */
    uint32_t tensor_count, blob_bytes, weight_floats;

    uint32_t inputs, widths[MLM_MAX_INPUTS], rows[MLM_MAX_INPUTS];
    uint8_t is_vector[MLM_MAX_INPUTS];
    const float *x[MLM_MAX_INPUTS]; /* [rows][width] */
    uint32_t input_floats;

    uint32_t out_rows;
    uint32_t lag; /* align: rows by which the pace is behind x, until the end */
} kernel_case;

/* What a kind of op is tested with: `make` chooses attributes, tensors and inputs by the case's size,
 * length and random numbers, and returns 0 where there is no such op; `loop` is the specification. Special
 * cases are counted instead, `turns` of them, and may leave out the loop: it is that of the kind. */
typedef struct kernel_spec {
    uint32_t kind;
    int (*make)(kernel_case *c);
    void (*loop)(const kernel_case *c, float *y);
    uint32_t turns;
} kernel_spec;

/* All of them; the last one's kind is 0. */
extern const kernel_spec element_specs[], layer_specs[], time_specs[], pool_specs[];
extern const kernel_spec special_specs[];

/* Begins a case of one kind and variant. */
void case_begin(kernel_case *c, uint32_t kind, uint32_t variant);
/* The next input: `rows` rows of random numbers; a vector has one. */
void case_input(kernel_case *c, uint32_t width, uint32_t rows);
void case_vector_input(kernel_case *c, uint32_t width);
/* Tensor reference `t`, random; case_weights gives what may be changed before case_pack. */
float *case_tensor(kernel_case *c, uint32_t t, uint32_t packing, uint32_t rows, uint32_t columns);
/* Panels of what is a linear layer: f32 or i8. */
float *case_matrix(kernel_case *c, uint32_t t, uint32_t rows, uint32_t columns);
void case_vector(kernel_case *c, uint32_t t, uint32_t rows);
/* The same, or absent. */
void case_maybe_vector(kernel_case *c, uint32_t t, uint32_t rows);
/* Packs all tensors. */
void case_pack(kernel_case *c);

static inline uint32_t case_below(kernel_case *c, uint32_t n) { return rng_below(&c->random, n); }
static inline void case_float_attribute(kernel_case *c, uint32_t i, float value) {
    c->op.attributes[i] = f32_bits(value);
}

#endif
