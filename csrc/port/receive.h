/*
 * receive.h - where rows of the outputs that are sequences go, in all programs of this folder: one behind
 * the other in the order of the outputs.
 */
#ifndef MLM_RECEIVE_H
#define MLM_RECEIVE_H

#include "mlm.h"

/* Gives each output that is a sequence its part of `rows`, which has room for all that a run of `inputs`
 * inputs makes. */
static inline mlm_status receive_all(mlm_session *session, const mlm_model *model, uint32_t outputs,
                                     uint32_t inputs, float *rows) {
    for (uint32_t i = 0; i < outputs; i++) {
        mlm_output_info info;
        mlm_status status = mlm_output_get_info(model, i, &info);
        if (status == MLM_OK && info.is_sequence) {
            const uint32_t count = mlm_output_rows(model, i, inputs);
            status = mlm_session_receive(session, i, rows, count);
            rows += (size_t)count * info.width;
        }
        if (status != MLM_OK) return status;
    }
    return MLM_OK;
}

#endif
