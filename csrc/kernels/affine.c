/*
 * affine.c - scales and shifts each channel: a standardisation of the input, or a norm folded into one.
 */
#include "../math/vec4.h"
#include "kernels.h"

void mlm_affine(const float *scale, const float *shift, uint32_t width, mlm_source x, mlm_rows y,
                uint32_t frames) {
    for (uint32_t t = 0; t < frames; t++, x.data += x.stride, y.data += y.stride)
        for (uint32_t i = 0; i < mlm_padded(width); i += V4_LANES)
            v4_store(y.data + i, v4_add(v4_mul(v4_load_row(x.data, i, width), v4_load(scale + i)),
                                        v4_load(shift + i)));
}

/* ---- the op ---------------------------------------------------------------------------------- */

enum { SCALE, SHIFT, TENSORS };

static int check_affine(const mlm_op_view *view) {
    const uint32_t width = view->op->width;
    return view->widths[0] == width && mlm_has_vector(view, SCALE, width) &&
           mlm_has_vector(view, SHIFT, width);
}

static int run_affine(mlm_run *run) {
    mlm_affine(mlm_weights(run, SCALE), mlm_weights(run, SHIFT), run->op->width, run->inputs[0],
               run->output, run->rows);
    return 0;
}

void mlm_affine_class_counts(const mlm_op_view *view, mlm_work *work) {
    work->row.macs = view->op->width;
}

/* mlm-op 4 */
const mlm_op_class mlm_affine_class = {
    .name = "affine",
    .least_inputs = 1,
    .most_inputs = 1,
    .flags = MLM_OP_IN_PLACE | MLM_OP_CONSTANTS,
    .variants = 1,
    .tensors = TENSORS,
    .parts = 1,
    .check = check_affine,
    .run = run_affine,
};
