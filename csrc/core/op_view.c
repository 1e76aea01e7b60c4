/*
 * op_view.c - what check functions of ops ask about an op's tensors and attributes.
 */
#include "../kernels/op.h"
#include "blob.h"

int mlm_has_typed(const mlm_op_view *view, uint32_t t, uint32_t dtype, uint32_t packing,
                  uint32_t rows, uint32_t columns) {
    if (view->op->tensors[t] >= view->tensor_count) return 0;
    const mlm_blob_tensor *tensor = view->tensors + view->op->tensors[t];
    return tensor->dtype == dtype && tensor->packing == packing && tensor->rows == rows &&
           tensor->columns == columns;
}

int mlm_has_tensor(const mlm_op_view *view, uint32_t t, uint32_t packing, uint32_t rows,
                   uint32_t columns) {
    return mlm_has_typed(view, t, MLM_DTYPE_F32, packing, rows, columns);
}

int mlm_has_matrix(const mlm_op_view *view, uint32_t t, uint32_t rows, uint32_t columns) {
    return mlm_has_tensor(view, t, MLM_PACK_PANELS, rows, columns) ||
           (MLM_I8_MATRICES &&
            mlm_has_typed(view, t, MLM_DTYPE_I8, MLM_PACK_PANELS, rows, columns));
}

int mlm_has_vector(const mlm_op_view *view, uint32_t t, uint32_t rows) {
    return mlm_has_tensor(view, t, MLM_PACK_VECTOR, rows, 1);
}

int mlm_has_words(const mlm_op_view *view, uint32_t t, uint32_t rows) {
    return mlm_has_typed(view, t, MLM_DTYPE_U32, MLM_PACK_VECTOR, rows, 1);
}

int mlm_has_optional_vector(const mlm_op_view *view, uint32_t t, uint32_t rows) {
    return mlm_is_absent(view, t) || mlm_has_vector(view, t, rows);
}

uint64_t mlm_tensor_bytes(const mlm_op_view *view, uint32_t t) {
    return mlm_is_absent(view, t) ? 0 : view->tensors[view->op->tensors[t]].bytes;
}

int mlm_is_epsilon(const mlm_blob_op *op, uint32_t i) {
    const uint32_t bits = op->attributes[i];
    return f32_is_finite(bits) && bits >= MLM_LEAST_NORMAL_BITS && !(bits >> 31);
}
