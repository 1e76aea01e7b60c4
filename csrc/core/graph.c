/*
 * graph.c - the meaning of a validated op list: operators, values and lifetimes.
 */
#include "graph.h"

#include "../kernels/kernels.h"

uint32_t mlm_value_width(const mlm_model *model, uint32_t value) {
    return value == 0 ? mlm_header(model)->input_width
                      : mlm_op_at(model, value - 1)->dims[MLM_DIM_OUTPUT];
}

static int has_samples(const mlm_model *model) {
    return mlm_header(model)->input_kind == MLM_INPUT_SAMPLES;
}

uint32_t mlm_inputs_per_frame(const mlm_model *model) {
    return has_samples(model) ? mlm_op_at(model, 0)->dims[MLM_DIM_HOP] : 1;
}

uint32_t mlm_frames_of(const mlm_model *model, uint32_t inputs) {
    if (!has_samples(model)) return inputs;
    const uint32_t *dims = mlm_op_at(model, 0)->dims;
    return inputs < dims[MLM_DIM_WINDOW] ? 0
                                         : 1 + (inputs - dims[MLM_DIM_WINDOW]) / dims[MLM_DIM_HOP];
}

uint64_t mlm_most_inputs(const mlm_model *model, uint64_t frames) {
    if (!has_samples(model)) return frames;
    const uint32_t *dims = mlm_op_at(model, 0)->dims;
    return frames * dims[MLM_DIM_HOP] + dims[MLM_DIM_WINDOW] - 1;
}

/* ---- operators --------------------------------------------------------------------------- */

/* Whether a mamba op has an operator of this kind under this schedule. */
static int has_operator(const mlm_blob_op *op, uint32_t schedule, mlm_operator_kind kind) {
    if (op->kind != MLM_OP_MAMBA) return kind == MLM_OPERATOR_WHOLE;
    if (kind == MLM_OPERATOR_WHOLE) return 0;
    if (kind == MLM_OPERATOR_DISCRETIZE) return schedule == MLM_SCHEDULE_UNFUSED;
    if (kind == MLM_OPERATOR_OUT_PROJ) return op->tensors[MLM_T_OUT] != MLM_NO_TENSOR;
    return 1;
}

uint32_t mlm_op_operator_index(const mlm_blob_op *op, uint32_t schedule, mlm_operator_kind kind) {
    uint32_t index = 0;
    for (uint32_t k = 0; k < (uint32_t)kind; k++)
        index += (uint32_t)has_operator(op, schedule, (mlm_operator_kind)k);
    return index;
}

uint32_t mlm_op_operator_count(const mlm_blob_op *op, uint32_t schedule) {
    return mlm_op_operator_index(op, schedule, (mlm_operator_kind)((int)MLM_OPERATOR_OUT_PROJ + 1));
}

mlm_operator_kind mlm_op_operator_kind(const mlm_blob_op *op, uint32_t schedule, uint32_t n) {
    uint32_t kind = MLM_OPERATOR_WHOLE;
    for (;; kind++) {
        if (!has_operator(op, schedule, (mlm_operator_kind)kind)) continue;
        if (n-- == 0) return (mlm_operator_kind)kind;
    }
}

uint32_t mlm_first_operator(const mlm_model *model, uint32_t schedule, uint32_t op) {
    uint32_t index = 0;
    for (uint32_t i = 0; i < op; i++) index += mlm_op_operator_count(mlm_op_at(model, i), schedule);
    return index;
}

uint32_t mlm_operator_count(const mlm_model *model, uint32_t schedule) {
    return mlm_first_operator(model, schedule, mlm_header(model)->op_count);
}

static const char *const part_names[] = {
    [MLM_OPERATOR_WHOLE] = "",
    [MLM_OPERATOR_IN_PROJ_X] = "in_proj.x",
    [MLM_OPERATOR_CONV1D] = "conv1d",
    [MLM_OPERATOR_X_PROJ] = "x_proj",
    [MLM_OPERATOR_DT_PROJ] = "dt_proj",
    [MLM_OPERATOR_DISCRETIZE] = "discretize",
    [MLM_OPERATOR_SELECTIVE_SCAN] = "selective_scan",
    [MLM_OPERATOR_GATE] = "gate",
    [MLM_OPERATOR_OUT_PROJ] = "out_proj",
};

static uint32_t operator_width(const mlm_blob_op *op, mlm_operator_kind kind) {
    switch (kind) {
        case MLM_OPERATOR_WHOLE:
        case MLM_OPERATOR_OUT_PROJ: return op->dims[MLM_DIM_OUTPUT];
        case MLM_OPERATOR_X_PROJ: return op->dims[MLM_DIM_DT_RANK] + 2 * op->dims[MLM_DIM_STATE];
        case MLM_OPERATOR_DISCRETIZE: return 2 * op->dims[MLM_DIM_INNER] * op->dims[MLM_DIM_STATE];
        default: return op->dims[MLM_DIM_INNER];
    }
}

mlm_status mlm_operator_get_info(const mlm_model *model, uint32_t schedule, uint32_t index,
                                 mlm_operator_info *info) {
    if (!model || !info || schedule > MLM_SCHEDULE_UNFUSED) return MLM_ERR_ARGUMENT;
    uint32_t n = index;
    for (uint32_t op = 0; op < mlm_header(model)->op_count; op++) {
        const mlm_blob_op *record = mlm_op_at(model, op);
        const uint32_t count = mlm_op_operator_count(record, schedule);
        if (n < count) {
            const mlm_operator_kind kind = mlm_op_operator_kind(record, schedule, n);
            info->op = op;
            info->kind = (uint32_t)kind;
            info->output_width = operator_width(record, kind);
            info->part = part_names[kind];
            return MLM_OK;
        }
        n -= count;
    }
    return MLM_ERR_ARGUMENT;
}

/* ---- values ------------------------------------------------------------------------------ */

uint32_t mlm_pool_op(const mlm_model *model) {
    uint32_t op = 0;
    while (mlm_op_at(model, op)->kind != MLM_OP_POOL) op++;
    return op;
}

uint32_t mlm_last_reader(const mlm_model *model, uint32_t value) {
    uint32_t last = value - 1;
    for (uint32_t op = value; op < mlm_header(model)->op_count; op++) {
        const mlm_blob_op *record = mlm_op_at(model, op);
        if (record->inputs[0] == value || record->inputs[1] == value) last = op;
    }
    return last;
}

static int is_elementwise(uint32_t kind) {
    return kind == MLM_OP_NORM || kind == MLM_OP_ADD || kind == MLM_OP_ACTIVATION ||
           kind == MLM_OP_AFFINE;
}

/* The input value that an op overwrites with its output; 0 if it has an output of its own. The last
 * op never overwrites: its output is the logits buffer. */
static uint32_t overwritten_value(const mlm_model *model, uint32_t op) {
    const mlm_blob_op *record = mlm_op_at(model, op);
    if (!is_elementwise(record->kind) || op + 1 == mlm_header(model)->op_count) return 0;
    for (uint32_t i = 0; i < 2; i++) {
        const uint32_t value = record->inputs[i];
        if (value > 0 && mlm_last_reader(model, value) == op) return value;
    }
    return 0;
}

uint32_t mlm_output_owner(const mlm_model *model, uint32_t op) {
    for (;;) {
        const uint32_t value = overwritten_value(model, op);
        if (value == 0) return op;
        op = value - 1;
    }
}

/* The operator of `reader` after which value `value` is no longer needed by it. */
static uint32_t last_reading_operator(const mlm_model *model, uint32_t schedule, uint32_t reader,
                                      uint32_t value) {
    const mlm_blob_op *record = mlm_op_at(model, reader);
    const uint32_t first = mlm_first_operator(model, schedule, reader);
    if (record->kind != MLM_OP_MAMBA || reader == value - 1) return first;
    /* z, the other half of in_proj, is made only when it is needed. */
    return first + mlm_op_operator_index(record, schedule, MLM_OPERATOR_GATE);
}

static uint32_t last_operator_of(const mlm_model *model, uint32_t schedule, uint32_t op) {
    return mlm_first_operator(model, schedule, op + 1) - 1;
}

uint32_t mlm_output_last_operator(const mlm_model *model, uint32_t schedule, uint32_t op) {
    for (;;) {
        const uint32_t value = op + 1;
        const uint32_t reader = mlm_last_reader(model, value);
        if (reader == op) return last_operator_of(model, schedule, op);
        if (overwritten_value(model, reader) != value)
            return last_reading_operator(model, schedule, reader, value);
        op = reader;
    }
}

/* Channels of dt and of z alive at a time in the fused schedules: multiples of 8, the smallest that
 * keep the kernels busy. z comes when dt and x_dbl are gone and takes their place. */
enum { DT_CHANNELS = 32, Z_CHANNELS = 64 };

/* ---- buffers ----------------------------------------------------------------------------- */

mlm_status mlm_shape_of(mlm_shape *shape, const mlm_options *options) {
    const int streaming = options->schedule == MLM_SCHEDULE_STREAM;
    if (options->schedule > MLM_SCHEDULE_UNFUSED) return MLM_ERR_ARGUMENT;
    if (streaming ? options->tile == 0 || options->max_frames != 0
                  : options->tile != 0 || options->max_frames == 0)
        return MLM_ERR_ARGUMENT;
    shape->schedule = options->schedule;
    shape->tile = streaming ? options->tile : options->max_frames;
    shape->max_frames = options->max_frames;
    return MLM_OK;
}

static uint32_t channel_chunk(const mlm_blob_op *op, uint32_t schedule, uint32_t most) {
    const uint32_t all = mlm_row_stride(op->dims[MLM_DIM_INNER]);
    return schedule == MLM_SCHEDULE_UNFUSED || all < most ? all : most;
}

uint32_t mlm_dt_channels(const mlm_blob_op *op, uint32_t schedule) {
    return channel_chunk(op, schedule, DT_CHANNELS);
}

uint32_t mlm_z_channels(const mlm_blob_op *op, uint32_t schedule) {
    return channel_chunk(op, schedule, Z_CHANNELS);
}

/* Sizes above this are all the same, too large for any arena; it keeps sums far from 2^64. */
#define HUGE_FLOATS ((uint64_t)1 << 40)

typedef struct need_list {
    mlm_need *needs;
    uint32_t count;
} need_list;

static void add_need(need_list *list, uint32_t role, uint32_t kind, uint32_t first, uint32_t last,
                     uint64_t floats) {
    if (floats == 0) return;
    const uint64_t alignment = MLM_ALIGNMENT;
    if (floats > HUGE_FLOATS) floats = HUGE_FLOATS;
    const uint64_t bytes = (floats * sizeof(float) + alignment - 1) / alignment * alignment;
    list->needs[list->count++] =
        (mlm_need){bytes, (uint16_t)first, (uint16_t)last, (uint8_t)role, (uint8_t)kind};
}

static void mamba_needs(const mlm_model *model, const mlm_shape *shape, uint32_t op,
                        need_list *list) {
    const mlm_blob_op *record = mlm_op_at(model, op);
    const uint32_t schedule = shape->schedule;
    const uint32_t everywhere = mlm_operator_count(model, schedule) - 1;
    const uint32_t base = mlm_first_operator(model, schedule, op);
    const uint32_t inner = record->dims[MLM_DIM_INNER], states = record->dims[MLM_DIM_STATE];
    const uint64_t padded = mlm_round_up(inner, MLM_GROUP), tile = shape->tile;
    const uint32_t x_dbl = record->dims[MLM_DIM_DT_RANK] + 2 * states;
    const int is_output = record->tensors[MLM_T_OUT] == MLM_NO_TENSOR;
    const uint32_t x_proj = base + mlm_op_operator_index(record, schedule, MLM_OPERATOR_X_PROJ);
    const uint32_t dt = x_proj + 1;
    const uint32_t gate = base + mlm_op_operator_index(record, schedule, MLM_OPERATOR_GATE);
    const uint32_t scan = gate - 1;
    const uint32_t x_last = is_output ? mlm_output_last_operator(model, schedule, op) : gate + 1;
    const int unfused = schedule == MLM_SCHEDULE_UNFUSED;

    add_need(list, MLM_ROLE_SCAN_STATE, MLM_BUFFER_STATE, 0, everywhere, padded * states);
    add_need(list, MLM_ROLE_CONV_STATE, MLM_BUFFER_STATE, 0, everywhere,
             padded * (record->dims[MLM_DIM_CONV] - 1));
    add_need(list, MLM_ROLE_X, MLM_BUFFER_SCRATCH, base, x_last, tile * mlm_row_stride(inner));
    add_need(list, MLM_ROLE_X_DBL, MLM_BUFFER_SCRATCH, x_proj, scan, tile * mlm_row_stride(x_dbl));
    add_need(list, MLM_ROLE_DT, MLM_BUFFER_SCRATCH, dt, unfused ? dt + 1 : scan,
             tile * mlm_dt_channels(record, schedule));
    if (unfused) {
        add_need(list, MLM_ROLE_DA, MLM_BUFFER_SCRATCH, scan - 1, scan, tile * padded * states);
        add_need(list, MLM_ROLE_DBX, MLM_BUFFER_SCRATCH, scan - 1, scan, tile * padded * states);
    }
    add_need(list, MLM_ROLE_Z, MLM_BUFFER_SCRATCH, gate, gate,
             tile * mlm_z_channels(record, schedule));
}

uint32_t mlm_op_needs(const mlm_model *model, const mlm_shape *shape, uint32_t op,
                      mlm_need needs[MLM_MAX_OP_BUFFERS]) {
    need_list list = {needs, 0};
    const mlm_blob_op *record = mlm_op_at(model, op);
    const uint32_t schedule = shape->schedule;
    const uint32_t stride = mlm_row_stride(record->dims[MLM_DIM_OUTPUT]);
    const uint32_t last = mlm_operator_count(model, schedule) - 1;
    const int x_is_output =
        record->kind == MLM_OP_MAMBA && record->tensors[MLM_T_OUT] == MLM_NO_TENSOR;

    if (record->kind == MLM_OP_MAMBA) mamba_needs(model, shape, op, &list);
    if (record->kind == MLM_OP_LOGMEL) {
        add_need(&list, MLM_ROLE_SAMPLES, MLM_BUFFER_STATE, 0, last, record->dims[MLM_DIM_WINDOW]);
        add_need(&list, MLM_ROLE_SPECTRUM, MLM_BUFFER_SCRATCH, 0, 0,
                 (uint64_t)record->dims[MLM_DIM_FFT] + 2);
    }
    if (record->kind == MLM_OP_POOL)
        add_need(&list, MLM_ROLE_POOL_STATE, MLM_BUFFER_STATE, 0, last,
                 record->variant == MLM_POOL_MEAN ? 2 * stride : stride);
    if (!x_is_output && mlm_output_owner(model, op) == op) {
        const int is_logits = op + 1 == mlm_header(model)->op_count;
        const uint64_t rows = op < mlm_pool_op(model) ? shape->tile : 1;
        add_need(&list, MLM_ROLE_OUTPUT, is_logits ? MLM_BUFFER_IO : MLM_BUFFER_SCRATCH,
                 last_operator_of(model, schedule, op),
                 mlm_output_last_operator(model, schedule, op), rows * stride);
    }
    return list.count;
}

static const char *const role_names[] = {
    [MLM_ROLE_SESSION] = "session",
    [MLM_ROLE_SCAN_STATE] = "scan_state",
    [MLM_ROLE_CONV_STATE] = "conv_state",
    [MLM_ROLE_POOL_STATE] = "pool_state",
    [MLM_ROLE_OUTPUT] = "output",
    [MLM_ROLE_X] = "x",
    [MLM_ROLE_X_DBL] = "x_dbl",
    [MLM_ROLE_DT] = "dt",
    [MLM_ROLE_DA] = "dA",
    [MLM_ROLE_DBX] = "dBx",
    [MLM_ROLE_Z] = "z",
    [MLM_ROLE_SAMPLES] = "samples",
    [MLM_ROLE_SPECTRUM] = "spectrum",
};

const char *mlm_buffer_role_string(uint32_t role) {
    return role <= MLM_ROLE_SPECTRUM ? role_names[role] : "";
}
