/*
 * graph.c - the meaning of a validated op list: who reads what and until when, stages, operators.
 */
#include "graph.h"

uint32_t mlm_input_count(const mlm_blob_op *op) {
    uint32_t count = 0;
    while (count < MLM_MAX_INPUTS && op->inputs[count] != MLM_NO_VALUE) count++;
    return count;
}

uint32_t mlm_available_stage(const mlm_model *model, uint32_t value) {
    if (value == 0) return 0;
    const mlm_blob_op *op = mlm_op_at(model, value - 1);
    return (uint32_t)op->stage + (uint32_t)mlm_is_pool(op);
}

void mlm_view_of(mlm_op_view *view, const mlm_model *model, uint32_t op) {
    const mlm_blob_op *record = mlm_op_at(model, op);
    view->op = record;
    view->blob = model->blob;
    view->tensors = mlm_tensors(model);
    view->tensor_count = mlm_header(model)->tensor_count;
    view->inputs = mlm_input_count(record);
    for (uint32_t i = 0; i < view->inputs; i++) {
        view->widths[i] = mlm_value_width(model, record->inputs[i]);
        view->types[i] = (uint8_t)mlm_value_type(model, record->inputs[i]);
        view->is_vector[i] = mlm_value_clock(model, record->inputs[i]) == MLM_NO_CLOCK;
    }
    view->least_rows = view->most_rows = 0;
}

/* ---- stages ------------------------------------------------------------------------------------- */

uint32_t mlm_stage_begin(const mlm_model *model, uint32_t stage) {
    uint32_t op = 0;
    while (op < mlm_header(model)->op_count && mlm_op_at(model, op)->stage < stage) op++;
    return op;
}

uint32_t mlm_stage_end(const mlm_model *model, uint32_t stage) {
    return mlm_stage_begin(model, stage + 1);
}

/* ---- readers ------------------------------------------------------------------------------------ */

static int reads(const mlm_blob_op *op, uint32_t value) {
    for (uint32_t i = 0; i < MLM_MAX_INPUTS; i++)
        if (op->inputs[i] == value) return 1;
    return 0;
}

int mlm_is_output(const mlm_model *model, uint32_t value) {
    for (uint32_t i = 0; i < mlm_header(model)->output_count; i++)
        if (mlm_outputs(model)[i].value == value) return 1;
    return 0;
}

/* Last op that reads a value made by an op; the maker itself if none does. */
static uint32_t last_reader(const mlm_model *model, uint32_t value) {
    uint32_t op = mlm_header(model)->op_count - 1;
    while (op >= value && !reads(mlm_op_at(model, op), value)) op--;
    return op;
}

int mlm_is_whole(const mlm_model *model, uint32_t value) {
    const mlm_blob_op *maker = mlm_op_at(model, value - 1);
    if (maker->clock == MLM_NO_CLOCK) return 0;
    return mlm_op_at(model, last_reader(model, value))->stage > maker->stage;
}

int mlm_has_whole(const mlm_model *model) {
    for (uint32_t value = 1; value <= mlm_header(model)->op_count; value++)
        if (mlm_is_whole(model, value)) return 1;
    return 0;
}

/* ---- operators ------------------------------------------------------------------------------------ */

static int has_part(const mlm_blob_op *op, uint32_t schedule, uint32_t part) {
    const mlm_op_class *class = mlm_class_of(op);
    return part < class->parts && (!class->has_part || class->has_part(op, schedule, part));
}

uint32_t mlm_op_operator_index(const mlm_blob_op *op, uint32_t schedule, uint32_t part) {
    uint32_t index = 0;
    for (uint32_t i = 0; i < part; i++) index += (uint32_t)has_part(op, schedule, i);
    return index;
}

uint32_t mlm_op_operator_count(const mlm_blob_op *op, uint32_t schedule) {
    return mlm_op_operator_index(op, schedule, mlm_class_of(op)->parts);
}

uint32_t mlm_first_operator(const mlm_model *model, uint32_t schedule, uint32_t op) {
    uint32_t index = 0;
    for (uint32_t i = 0; i < op; i++) index += mlm_op_operator_count(mlm_op_at(model, i), schedule);
    return index;
}

uint32_t mlm_operator_count(const mlm_model *model, uint32_t schedule) {
    return mlm_first_operator(model, schedule, mlm_header(model)->op_count);
}

static uint32_t last_operator(const mlm_model *model, uint32_t schedule, uint32_t op) {
    return mlm_first_operator(model, schedule, op + 1) - 1;
}

mlm_status mlm_operator_get_info(const mlm_model *model, uint32_t schedule, uint32_t index,
                                 mlm_operator_info *info) {
    if (!model || !info || schedule > MLM_SCHEDULE_UNFUSED) return MLM_ERR_ARGUMENT;
    uint32_t left = index;
    for (uint32_t op = 0; op < mlm_header(model)->op_count; op++) {
        const mlm_blob_op *record = mlm_op_at(model, op);
        const mlm_op_class *class = mlm_class_of(record);
        for (uint32_t part = 0; part < class->parts; part++) {
            if (!has_part(record, schedule, part) || left-- > 0) continue;
            info->op = op;
            info->part = part;
            info->output_width = record->width;
            info->name = class->part_names ? class->part_names[part] : "";
            return MLM_OK;
        }
    }
    return MLM_ERR_ARGUMENT;
}

/* ---- lives of outputs ------------------------------------------------------------------------------ */

/* Whether op `op` may write over the buffer of `value`, which it reads: it dies there, and both have the
 * same rows at the same time. */
static int may_overwrite(const mlm_model *model, uint32_t op, uint32_t value) {
    const mlm_blob_op *record = mlm_op_at(model, op);
    if (value == 0 || value == MLM_NO_VALUE) return 0;
    const mlm_blob_op *maker = mlm_op_at(model, value - 1);
    return maker->width == record->width && maker->type == record->type &&
           maker->clock == record->clock &&
           maker->stage + (uint32_t)mlm_is_pool(maker) == record->stage &&
           last_reader(model, value) == op && !mlm_is_output(model, value) &&
           !mlm_is_output(model, op + 1) && !mlm_is_whole(model, op + 1);
}

/* The input value that an op overwrites with its output; 0 if it has an output of its own. Only an op that
 * may read vectors beside sequences may overwrite another input than the first. */
static uint32_t overwritten_value(const mlm_model *model, uint32_t op) {
    const mlm_blob_op *record = mlm_op_at(model, op);
    const uint32_t flags = mlm_class_of(record)->flags;
    if (!(flags & MLM_OP_IN_PLACE)) return 0;
    if (may_overwrite(model, op, record->inputs[0])) return record->inputs[0];
    if (flags & MLM_OP_BROADCAST && may_overwrite(model, op, record->inputs[1]))
        return record->inputs[1];
    return 0;
}

uint32_t mlm_overwritten_op(const mlm_model *model, uint32_t op) {
    const uint32_t value = overwritten_value(model, op);
    return value == 0 ? op : value - 1;
}

/* Behind its last operator in its own stage a value may be read again, tick by tick, until the stage ends. */
static uint32_t last_read(const mlm_model *model, uint32_t schedule, uint32_t op, uint32_t reader) {
    const mlm_blob_op *maker = mlm_op_at(model, op), *last = mlm_op_at(model, reader);
    const int in_ticks = last->clock != MLM_NO_CLOCK || mlm_is_pool(last);
    const int each_tick = maker->clock == MLM_NO_CLOCK || last->stage > maker->stage;
    if (in_ticks && each_tick)
        return mlm_first_operator(model, schedule, mlm_stage_end(model, last->stage)) - 1;
    return last_operator(model, schedule, reader);
}

uint32_t mlm_output_first_operator(const mlm_model *model, uint32_t schedule, uint32_t op) {
    const int from_stage_begin = mlm_is_whole(model, op + 1);
    const uint32_t begin = mlm_stage_begin(model, mlm_op_at(model, op)->stage);
    return mlm_first_operator(model, schedule, from_stage_begin ? begin : op);
}

uint32_t mlm_output_last_operator(const mlm_model *model, uint32_t schedule, uint32_t op) {
    for (;;) {
        const uint32_t value = op + 1;
        const mlm_blob_op *maker = mlm_op_at(model, op);
        if (mlm_is_output(model, value) && maker->clock == MLM_NO_CLOCK)
            return mlm_operator_count(model, schedule) - 1;
        const uint32_t reader = last_reader(model, value);
        uint32_t last = last_operator(model, schedule, op);
        if (mlm_is_output(model, value))
            last = mlm_first_operator(model, schedule, mlm_stage_end(model, maker->stage)) - 1;
        if (reader == op) return last;
        if (overwritten_value(model, reader) != value) {
            const uint32_t read = last_read(model, schedule, op, reader);
            return read > last ? read : last;
        }
        op = reader;
    }
}
