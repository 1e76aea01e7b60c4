/*
 * embedding.c - looks rows up in a table that is packed in panels, so that a language model's head
 * can share it.
 */
#include <stddef.h>

#include "kernels.h"

enum { PANEL = MLM_PANEL };

void mlm_embedding(const float *weight, uint32_t width, const int32_t *tokens, mlm_rows y,
                   uint32_t frames) {
    for (uint32_t t = 0; t < frames; t++, y.data += y.stride) {
        const uint32_t token = (uint32_t)tokens[t];
        const float *row = weight + (size_t)(token / PANEL) * width * PANEL + token % PANEL;
        for (uint32_t i = 0; i < width; i++) y.data[i] = row[(size_t)i * PANEL];
        for (uint32_t i = width; i < mlm_padded(width); i++) y.data[i] = 0.0f;
    }
}

/* ---- the op ---------------------------------------------------------------------------------- */

enum { VOCABULARY, ATTRIBUTES };
enum { WEIGHT, TENSORS };

static int check_embedding(const mlm_op_view *view) {
    const mlm_blob_op *op = view->op;
    return view->widths[0] == 1 &&
           mlm_has_tensor(view, WEIGHT, MLM_PACK_PANELS, op->attributes[VOCABULARY], op->width);
}

static int run_embedding(mlm_run *run) {
    const int32_t *tokens = (const int32_t *)(const void *)run->inputs[0].data;
    mlm_embedding(mlm_weights(run, WEIGHT), run->op->width, tokens, run->output, run->rows);
    return 0;
}

/* A token, and of the table only its row. */
void mlm_embedding_class_counts(const mlm_op_view *view, mlm_work *work) {
    (void)view;
    work->row.bytes_read += work->row.bytes_written;
    work->pass.bytes_read = 0;
}

/* mlm-op 2 */
const mlm_op_class mlm_embedding_class = {
    .name = "embedding",
    .least_inputs = 1,
    .most_inputs = 1,
    .flags = MLM_OP_FRONT | MLM_OP_SEQUENCE,
    .variants = 1,
    .attributes = ATTRIBUTES,
    .tensors = TENSORS,
    .parts = 1,
    .check = check_embedding,
    .run = run_embedding,
};
