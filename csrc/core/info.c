/*
 * info.c - facts about a validated model, for mlm.h and mlm_inspect.h.
 */
#include "graph.h"

/* Attributes of the front ends: the only ones that the core reads. */
enum { EMBEDDING_VOCABULARY = 0, LOGMEL_WINDOW = 0, LOGMEL_HOP = 1, LOGMEL_SAMPLE_RATE = 3 };

uint32_t mlm_vocabulary(const mlm_model *model) {
    return mlm_op_at(model, 0)->attributes[EMBEDDING_VOCABULARY];
}

void mlm_model_get_info(const mlm_model *model, mlm_model_info *info) {
    const mlm_blob_header *header = mlm_header(model);
    const uint32_t *front = mlm_op_at(model, 0)->attributes;
    const int samples = header->input_kind >= MLM_INPUT_SAMPLES;
    info->input_kind = header->input_kind;
    info->input_width = header->input_width;
    info->outputs = header->output_count;
    info->min_frames = header->min_frames;
    info->max_frames = header->max_frames;
    info->needs_max_frames = (uint32_t)mlm_has_whole(model);
    info->looks_ahead = (uint32_t)mlm_looks_ahead(model);
    info->labels = header->label_count;
    info->blob_bytes = header->blob_bytes;
    info->crc32 = header->crc32;
    info->self_test_inputs = header->self_test_inputs;
    info->vocabulary = header->input_kind == MLM_INPUT_TOKENS ? mlm_vocabulary(model) : 0;
    info->sample_rate_hz = samples ? front[LOGMEL_SAMPLE_RATE] : 0;
    info->window_samples = samples ? front[LOGMEL_WINDOW] : 0;
    info->hop_samples = samples ? front[LOGMEL_HOP] : 0;
}

mlm_status mlm_output_get_info(const mlm_model *model, uint32_t output, mlm_output_info *info) {
    if (!model || !info || output >= mlm_header(model)->output_count) return MLM_ERR_ARGUMENT;
    const mlm_blob_output *record = mlm_outputs(model) + output;
    info->name = mlm_string(model, record->name);
    info->width = mlm_value_width(model, record->value);
    info->is_sequence = mlm_value_clock(model, record->value) != MLM_NO_CLOCK;
    return MLM_OK;
}

uint32_t mlm_output_rows(const mlm_model *model, uint32_t output, uint32_t inputs) {
    const uint32_t frames = mlm_frames_of(model, inputs);
    if (output >= mlm_header(model)->output_count || frames == 0) return 0;
    const uint32_t clock = mlm_value_clock(model, mlm_outputs(model)[output].value);
    return clock == MLM_NO_CLOCK ? 1 : mlm_total_rows(model, clock, frames);
}

uint32_t mlm_output_rows_pushed(const mlm_model *model, uint32_t output, uint32_t inputs) {
    if (output >= mlm_header(model)->output_count) return 0;
    const mlm_blob_op *op = mlm_op_at(model, mlm_outputs(model)[output].value - 1);
    if (op->clock == MLM_NO_CLOCK || op->stage > 0) return 0;
    return mlm_rows_after(model, op->clock, mlm_frames_of(model, inputs));
}

const char *mlm_label(const mlm_model *model, uint32_t index) {
    const mlm_blob_header *header = mlm_header(model);
    const uint32_t *labels = (const uint32_t *)(const void *)(model->blob + header->label_offset);
    return index < header->label_count ? mlm_string(model, labels[index]) : "";
}

const char *mlm_metadata(const mlm_model *model) {
    return mlm_string(model, mlm_header(model)->metadata);
}

/* ---- ops and tensors ------------------------------------------------------------------------- */

static const char *const dtypes[MLM_DTYPES] = {"f32", "i8", "i16", "i32", "u32"};

uint32_t mlm_op_count(const mlm_model *model) { return mlm_header(model)->op_count; }

uint32_t mlm_tensor_count(const mlm_model *model) { return mlm_header(model)->tensor_count; }

const char *mlm_op_name(const mlm_model *model, uint32_t op) {
    return op < mlm_header(model)->op_count ? mlm_string(model, mlm_op_at(model, op)->name) : "";
}

/* Constants of front ends and of scaling are not trained. */
static uint32_t parameters(const mlm_model *model, const mlm_blob_op *op) {
    uint64_t count = 0;
    if (mlm_class_of(op)->flags & MLM_OP_CONSTANTS) return 0;
    for (uint32_t i = 0; i < MLM_TENSOR_REFS; i++) {
        if (op->tensors[i] == MLM_NO_TENSOR) continue;
        const mlm_blob_tensor *tensor = mlm_tensors(model) + op->tensors[i];
        count += (uint64_t)tensor->rows * tensor->columns;
    }
    return count < 0xFFFFFFFFu ? (uint32_t)count : 0xFFFFFFFFu;
}

mlm_status mlm_op_get_info(const mlm_model *model, uint32_t op, mlm_op_info *info) {
    if (!model || !info || op >= mlm_header(model)->op_count) return MLM_ERR_ARGUMENT;
    const mlm_blob_op *record = mlm_op_at(model, op);
    const mlm_op_class *class = mlm_class_of(record);
    info->kind = class->name;
    info->variant = record->variant;
    for (uint32_t i = 0; i < MLM_MAX_INPUTS; i++) info->inputs[i] = record->inputs[i];
    info->width = record->width;
    info->is_sequence = record->clock != MLM_NO_CLOCK;
    info->stage = record->stage;
    info->is_barrier = (class->flags & (MLM_OP_POOL | MLM_OP_WHOLE)) != 0;
    for (uint32_t i = 0; i < MLM_ATTRIBUTES; i++) info->attributes[i] = record->attributes[i];
    info->parameters = parameters(model, record);
    info->type = dtypes[record->type];
    info->exponent = record->exponent;
    return MLM_OK;
}

mlm_status mlm_tensor_get_info(const mlm_model *model, uint32_t tensor, mlm_tensor_info *info) {
    static const char *const packings[MLM_PACKINGS] = {"vector", "panels", "groups", "quads",
                                                       "rows"};
    if (!model || !info || tensor >= mlm_header(model)->tensor_count) return MLM_ERR_ARGUMENT;
    const mlm_blob_tensor *record = mlm_tensors(model) + tensor;
    info->name = mlm_string(model, record->name);
    info->dtype = dtypes[record->dtype];
    info->packing = packings[record->packing];
    info->rows = record->rows;
    info->columns = record->columns;
    info->bytes = record->bytes;
    return MLM_OK;
}
