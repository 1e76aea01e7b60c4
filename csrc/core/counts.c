/*
 * counts.c - exact numbers of multiplications, exponentials and bytes moved of each operator, by its
 * class, from how often and over how many rows it runs. Knows nothing of time on any machine.
 */
#include "plan.h"

#define MLM_OP(number, class_name) \
    void class_name##_counts(const mlm_op_view *view, mlm_work *work);
#include "op_list.h"
#undef MLM_OP

#define MLM_OP(number, class_name) [number] = class_name##_counts,
static const mlm_op_counter counters[] = {
#include "op_list.h"
};
#undef MLM_OP

/* What most ops do. */
static void usual_work(const mlm_op_view *view, mlm_work *work) {
    for (uint32_t i = 0; i < view->inputs; i++)
        work->row.bytes_read += mlm_bytes_of(view->types[i], view->widths[i]);
    work->row.bytes_written = mlm_bytes_of(view->op->type, view->op->width);
    for (uint32_t t = 0; t < MLM_TENSOR_REFS; t++)
        work->pass.bytes_read += mlm_tensor_bytes(view, t);
}

static void add_times(mlm_counts *counts, const mlm_counts *each, uint64_t times) {
    counts->macs += each->macs * times;
    counts->exps += each->exps * times;
    counts->bytes_read += each->bytes_read * times;
    counts->bytes_written += each->bytes_written * times;
}

/* Rows that op `op` goes over in a sequence of `frames` frames. */
static uint64_t rows_of(const mlm_model *model, uint32_t op, uint32_t frames) {
    const mlm_blob_op *record = mlm_op_at(model, op);
    const uint32_t value = mlm_is_pool(record) ? record->inputs[0] : op + 1;
    const uint32_t clock = mlm_value_clock(model, value);
    return clock == MLM_NO_CLOCK ? 1 : mlm_total_rows(model, clock, frames);
}

/* Adds what it does for rows and passes, which are the `ticks` in which they come. */
static void add_up(const mlm_work *work, uint64_t ticks, mlm_counts *counts) {
    add_times(counts, &work->row, work->rows);
    add_times(counts, &work->pass, ticks < work->rows ? ticks : work->rows);
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
    mlm_work work = {
        .rows = rows_of(model, info.op, frames), .schedule = shape.schedule, .part = info.part};
    mlm_view_of(&view, model, info.op);
    usual_work(&view, &work);
    counters[view.op->kind](&view, &work);
    *counts = work.once;
    add_up(&work, ((uint64_t)frames + shape.tile - 1) / shape.tile, counts);
    return MLM_OK;
}
