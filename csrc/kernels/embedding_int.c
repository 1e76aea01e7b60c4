/*
 * embedding_int.c - looks rows up in a table of 16-bit numbers.
 */
#include "integer.h"

enum { VOCABULARY, ATTRIBUTES };
enum { TABLE, TENSORS };

static int check(const mlm_op_view *view) {
    const mlm_blob_op *op = view->op;
    return view->widths[0] == 1 && mlm_has_typed(view, TABLE, MLM_DTYPE_I16, MLM_PACK_ROWS,
                                                 op->attributes[VOCABULARY], op->width);
}

static int run_embedding(mlm_run *run) {
    const int32_t *tokens = (const int32_t *)(const void *)run->inputs[0].data;
    const int16_t *table = mlm_data(run, TABLE);
    const uint32_t width = run->op->width;
    for (uint32_t t = 0; t < run->rows; t++) {
        const int16_t *row = table + (size_t)tokens[t] * width;
        int16_t *y = mlm_i16(run->output, t);
        for (uint32_t i = 0; i < width; i++) y[i] = row[i];
    }
    return 0;
}

/* A token, and of the table only its row. */
void mlm_embedding_int_class_counts(const mlm_op_view *view, mlm_work *work) {
    (void)view;
    work->row.bytes_read += work->row.bytes_written;
    work->pass.bytes_read = 0;
}

/* mlm-op 34 */
const mlm_op_class mlm_embedding_int_class = {
    .name = "embedding_int",
    .least_inputs = 1,
    .most_inputs = 1,
    .flags = MLM_OP_FRONT | MLM_OP_SEQUENCE,
    .variants = 1,
    .types = MLM_TYPE_BIT(MLM_DTYPE_I16),
    .attributes = ATTRIBUTES,
    .tensors = TENSORS,
    .parts = 1,
    .check = check,
    .run = run_embedding,
};
