/*
 * counts.c - exact numbers of multiplications, exponentials and bytes moved of each operator, by its
 * class, from how often and over how many rows it runs. Knows nothing of time on any machine.
 */
#include "plan.h"

#define MLM_OP(number, class_name) \
    void class_name##_counts(const mlm_op_view *view, const mlm_work *work, mlm_counts *counts);
#include "op_list.h"
#undef MLM_OP

#define MLM_OP(number, class_name) [number] = class_name##_counts,
static const mlm_op_counter counters[] = {
#include "op_list.h"
};
#undef MLM_OP

/* Rows that op `op` goes over in a sequence of `frames` frames, and the ticks in which they come. */
static void work_of(const mlm_model *model, uint32_t op, uint32_t frames, uint32_t tile,
                    mlm_work *work) {
    const mlm_blob_op *record = mlm_op_at(model, op);
    const uint32_t value = mlm_is_pool(record) ? record->inputs[0] : op + 1;
    const uint32_t clock = mlm_value_clock(model, value);
    work->rows = work->passes = 1;
    if (clock == MLM_NO_CLOCK) return;
    work->rows = mlm_total_rows(model, clock, frames);
    work->passes = ((uint64_t)frames + tile - 1) / tile;
    if (work->passes > work->rows) work->passes = work->rows;
}

mlm_status mlm_operator_counts(const mlm_model *model, const mlm_options *options, uint32_t frames,
                               uint32_t index, mlm_counts *counts) {
    mlm_frame_shape shape;
    mlm_operator_info info;
    if (!model || !options || !counts || mlm_shape_of(&shape, model, options) != MLM_OK ||
        mlm_operator_get_info(model, shape.schedule, index, &info) != MLM_OK)
        return MLM_ERR_ARGUMENT;
    const mlm_blob_header *header = mlm_header(model);
    if (frames < header->min_frames || (header->max_frames && frames > header->max_frames) ||
        (shape.max_frames && frames > shape.max_frames) ||
        mlm_check_lengths(model, frames) != MLM_OK)
        return MLM_ERR_FRAMES;
    mlm_op_view view;
    mlm_work work = {.schedule = shape.schedule, .part = info.part};
    work_of(model, info.op, frames, shape.tile, &work);
    mlm_view_of(&view, model, info.op);
    *counts = (mlm_counts){0, 0, 0, 0};
    counters[view.op->kind](&view, &work, counts);
    return MLM_OK;
}
