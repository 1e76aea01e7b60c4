/*
 * model.c - validates a blob, completely and before first use: header, sections, tensors, outputs and
 * self-test here, the ops in check.c. Nothing here runs a model.
 */
#include "check.h"

const char *mlm_status_string(mlm_status status) {
    static const char *const names[MLM_STATUS_COUNT] = {
        [MLM_OK] = "MLM_OK",
        [MLM_DONE] = "MLM_DONE",
        [MLM_ERR_ARGUMENT] = "MLM_ERR_ARGUMENT",
        [MLM_ERR_ALIGNMENT] = "MLM_ERR_ALIGNMENT",
        [MLM_ERR_TRUNCATED] = "MLM_ERR_TRUNCATED",
        [MLM_ERR_MAGIC] = "MLM_ERR_MAGIC",
        [MLM_ERR_VERSION] = "MLM_ERR_VERSION",
        [MLM_ERR_CRC] = "MLM_ERR_CRC",
        [MLM_ERR_FORMAT] = "MLM_ERR_FORMAT",
        [MLM_ERR_TENSOR] = "MLM_ERR_TENSOR",
        [MLM_ERR_NONFINITE] = "MLM_ERR_NONFINITE",
        [MLM_ERR_OP] = "MLM_ERR_OP",
        [MLM_ERR_KIND] = "MLM_ERR_KIND",
        [MLM_ERR_TOO_LARGE] = "MLM_ERR_TOO_LARGE",
        [MLM_ERR_CAPACITY] = "MLM_ERR_CAPACITY",
        [MLM_ERR_ARENA_TOO_SMALL] = "MLM_ERR_ARENA_TOO_SMALL",
        [MLM_ERR_FRAMES] = "MLM_ERR_FRAMES",
        [MLM_ERR_LENGTH] = "MLM_ERR_LENGTH",
        [MLM_ERR_TOKEN] = "MLM_ERR_TOKEN",
        [MLM_ERR_OUTPUT] = "MLM_ERR_OUTPUT",
        [MLM_ERR_BUSY] = "MLM_ERR_BUSY",
        [MLM_ERR_ENDED] = "MLM_ERR_ENDED",
        [MLM_ERR_STATE] = "MLM_ERR_STATE",
        [MLM_ERR_SELF_TEST] = "MLM_ERR_SELF_TEST",
    };
    return (uint32_t)status < MLM_STATUS_COUNT ? names[status] : "MLM_ERR_UNKNOWN";
}

uint32_t mlm_crc32(uint32_t crc, const unsigned char *data, size_t bytes) {
    /* CRCs of the 16 half bytes: 64 bytes of table instead of a kilobyte. */
    static const uint32_t table[16] = {0x00000000u, 0x1DB71064u, 0x3B6E20C8u, 0x26D930ACu,
                                       0x76DC4190u, 0x6B6B51F4u, 0x4DB26158u, 0x5005713Cu,
                                       0xEDB88320u, 0xF00F9344u, 0xD6D6A3E8u, 0xCB61B38Cu,
                                       0x9B64C2B0u, 0x86D3D2D4u, 0xA00AE278u, 0xBDBDF21Cu};
    crc = ~crc;
    for (size_t i = 0; i < bytes; i++) {
        crc ^= data[i];
        crc = (crc >> 4) ^ table[crc & 15u];
        crc = (crc >> 4) ^ table[crc & 15u];
    }
    return ~crc;
}

/* ---- validation: sections ---------------------------------------------------------------- */

typedef struct checker {
    mlm_model model;
    mlm_fault fault;
} checker;

static mlm_status fail(checker *check, mlm_status status, uint32_t index, uint32_t needed,
                       uint32_t have) {
    check->fault = (mlm_fault){index, needed, have};
    return status;
}

/* Whether [offset, offset + count * size) lies behind the header and inside the blob, aligned. */
static int section_fits(const mlm_blob_header *header, uint32_t offset, uint64_t count,
                        uint32_t size) {
    return offset % MLM_ALIGNMENT == 0 && offset >= sizeof *header &&
           offset <= header->blob_bytes && count * size <= header->blob_bytes - offset;
}

static uint32_t blob_crc(const mlm_model *model) {
    const uint32_t zero = 0;
    const size_t field = offsetof(mlm_blob_header, crc32);
    const size_t after = field + sizeof zero;
    uint32_t crc = mlm_crc32(0, model->blob, field);
    crc = mlm_crc32(crc, (const unsigned char *)&zero, sizeof zero);
    return mlm_crc32(crc, model->blob + after, mlm_header(model)->blob_bytes - after);
}

static mlm_status check_header(checker *check, size_t bytes) {
    const mlm_blob_header *header = mlm_header(&check->model);
    if (bytes < sizeof *header)
        return fail(check, MLM_ERR_TRUNCATED, 0, (uint32_t)sizeof *header, (uint32_t)bytes);
    if (header->magic != MLM_MAGIC) return fail(check, MLM_ERR_MAGIC, 0, MLM_MAGIC, header->magic);
    if (header->version != MLM_FORMAT_VERSION)
        return fail(check, MLM_ERR_VERSION, 0, MLM_FORMAT_VERSION, header->version);
    if (header->blob_bytes != bytes)
        return fail(check, MLM_ERR_TRUNCATED, 0, header->blob_bytes, (uint32_t)bytes);
    const uint32_t crc = blob_crc(&check->model);
    if (crc != header->crc32) return fail(check, MLM_ERR_CRC, 0, header->crc32, crc);
    return MLM_OK;
}

static int sizes_are_sound(const mlm_blob_header *header) {
    const int frames = header->input_kind == MLM_INPUT_FRAMES;
    return header->blob_bytes % MLM_ALIGNMENT == 0 && header->reserved[0] == 0 &&
           header->reserved[1] == 0 && header->input_kind <= MLM_INPUT_SAMPLES16 &&
           header->input_width > 0 && header->input_width <= MLM_MAX_WIDTH &&
           (frames || header->input_width == 1) && header->min_frames > 0 &&
           (header->max_frames == 0 || header->max_frames >= header->min_frames);
}

static int sections_fit(const mlm_blob_header *header) {
    return section_fits(header, header->op_offset, header->op_count, sizeof(mlm_blob_op)) &&
           header->tensor_count < MLM_NO_TENSOR &&
           section_fits(header, header->tensor_offset, header->tensor_count,
                        sizeof(mlm_blob_tensor)) &&
           section_fits(header, header->output_offset, header->output_count,
                        sizeof(mlm_blob_output)) &&
           section_fits(header, header->label_offset, header->label_count, sizeof(uint32_t)) &&
           section_fits(header, header->string_offset, header->string_bytes, 1) &&
           header->string_bytes > 0;
}

static mlm_status check_sections(checker *check) {
    const mlm_blob_header *header = mlm_header(&check->model);
    if (!sizes_are_sound(header)) return fail(check, MLM_ERR_FORMAT, 0, 0, header->input_width);
    if (header->op_count == 0 || header->op_count > MLM_MAX_OPS)
        return fail(check, MLM_ERR_FORMAT, 0, MLM_MAX_OPS, header->op_count);
    if (header->output_count == 0 || header->output_count > MLM_MAX_OUTPUTS)
        return fail(check, MLM_ERR_FORMAT, 0, MLM_MAX_OUTPUTS, header->output_count);
    if (!sections_fit(header))
        return fail(check, MLM_ERR_FORMAT, 0, header->blob_bytes, header->string_bytes);
    const char *strings = mlm_string(&check->model, 0);
    if (strings[header->string_bytes - 1] != '\0' || header->metadata >= header->string_bytes)
        return fail(check, MLM_ERR_FORMAT, 0, header->string_bytes, header->metadata);
    const uint32_t *labels =
        (const uint32_t *)(const void *)(check->model.blob + header->label_offset);
    for (uint32_t i = 0; i < header->label_count; i++)
        if (labels[i] >= header->string_bytes)
            return fail(check, MLM_ERR_FORMAT, i, header->string_bytes, labels[i]);
    return MLM_OK;
}

/* ---- validation: tensors ----------------------------------------------------------------- */

static const uint8_t element_bytes[MLM_DTYPES] = {[MLM_DTYPE_F32] = 4,
                                                  [MLM_DTYPE_I8] = 1,
                                                  [MLM_DTYPE_I16] = 2,
                                                  [MLM_DTYPE_I32] = 4,
                                                  [MLM_DTYPE_U32] = 4};

/* Padding included. */
static uint64_t packed_elements(const mlm_blob_tensor *tensor) {
    const uint64_t rows = tensor->rows, columns = tensor->columns;
    switch (MLM_INTEGERS || tensor->packing == MLM_PACK_GROUPS ? tensor->packing
                                                               : (uint32_t)MLM_PACK_PANELS) {
        case MLM_PACK_GROUPS: return mlm_round_up(tensor->rows, MLM_GROUP) * columns;
        case MLM_PACK_QUADS:
            return (uint64_t)mlm_round_up(tensor->rows, MLM_QUAD) *
                   mlm_round_up(tensor->columns, MLM_QUAD);
        case MLM_PACK_ROWS: return (rows * columns + 7) & ~(uint64_t)7;
        default: return mlm_round_up(tensor->rows, MLM_PANEL) * columns;
    }
}

static mlm_status check_tensor(checker *check, uint32_t index) {
    const mlm_blob_header *header = mlm_header(&check->model);
    const mlm_blob_tensor *tensor = mlm_tensors(&check->model) + index;
    if (tensor->name >= header->string_bytes || tensor->dtype >= MLM_DTYPES ||
        tensor->packing >= MLM_PACKINGS || tensor->rows == 0 || tensor->rows > MLM_MAX_WIDTH ||
        tensor->columns == 0 || tensor->columns > MLM_MAX_WIDTH ||
        (tensor->packing == MLM_PACK_VECTOR && tensor->columns != 1) || tensor->reserved[0] != 0 ||
        tensor->reserved[1] != 0)
        return fail(check, MLM_ERR_TENSOR, index, 0, tensor->rows);
    const uint64_t elements = packed_elements(tensor);
    const uint32_t rows = mlm_round_up(tensor->rows, MLM_PANEL);
    const int has_scales =
        MLM_I8_MATRICES && tensor->dtype == MLM_DTYPE_I8 && tensor->packing == MLM_PACK_PANELS;
    const uint64_t floats = tensor->dtype == MLM_DTYPE_F32 ? elements : has_scales ? rows : 0;
    const uint64_t bytes =
        elements * element_bytes[tensor->dtype] + (has_scales ? (uint64_t)rows * sizeof(float) : 0);
    if (tensor->bytes != bytes || !section_fits(header, tensor->offset, bytes, 1))
        return fail(check, MLM_ERR_TENSOR, index, (uint32_t)bytes, tensor->bytes);
    const float *data = mlm_tensor_data(&check->model, (uint16_t)index);
    for (uint32_t i = 0; i < floats; i++)
        if (!f32_is_finite(f32_bits(data[i]))) return fail(check, MLM_ERR_NONFINITE, index, 0, i);
    return MLM_OK;
}

/* ---- validation: outputs and self-test ------------------------------------------------------ */

static mlm_status check_outputs(checker *check) {
    const mlm_blob_header *header = mlm_header(&check->model);
    for (uint32_t i = 0; i < header->output_count; i++) {
        const mlm_blob_output *output = mlm_outputs(&check->model) + i;
        if (output->name >= header->string_bytes || output->value == 0 ||
            output->value > header->op_count || output->reserved[0] != 0 ||
            output->reserved[1] != 0)
            return fail(check, MLM_ERR_FORMAT, i, header->op_count, output->value);
        for (uint32_t j = 0; j < i; j++)
            if (mlm_outputs(&check->model)[j].value == output->value)
                return fail(check, MLM_ERR_FORMAT, i, 0, output->value);
    }
    return MLM_OK;
}

/* Behind the check of the ops: outputs are floats, and labels are those of the first one. */
static mlm_status check_labels(checker *check) {
    const mlm_blob_header *header = mlm_header(&check->model);
    for (uint32_t i = 0; i < header->output_count; i++)
        if (mlm_value_type(&check->model, mlm_outputs(&check->model)[i].value) != MLM_DTYPE_F32)
            return fail(check, MLM_ERR_FORMAT, i, MLM_DTYPE_F32, header->output_count);
    const uint32_t value = mlm_outputs(&check->model)->value;
    const uint32_t width = mlm_value_width(&check->model, value);
    if (header->label_count == 0 || header->label_count == width) return MLM_OK;
    return fail(check, MLM_ERR_FORMAT, 0, width, header->label_count);
}

static mlm_status check_self_test(checker *check) {
    const mlm_blob_header *header = mlm_header(&check->model);
    const uint32_t inputs = header->self_test_inputs;
    const uint64_t elements = (uint64_t)inputs * header->input_width;
    if (inputs == 0) return MLM_OK;
    uint64_t outputs = 0;
    for (uint32_t i = 0; i < header->output_count; i++)
        outputs += (uint64_t)mlm_output_rows(&check->model, i, inputs) *
                   mlm_value_width(&check->model, mlm_outputs(&check->model)[i].value);
    const uint32_t input_bytes = mlm_input_bytes(&check->model) / header->input_width;
    if (!section_fits(header, header->self_test_input, elements, input_bytes) ||
        !section_fits(header, header->self_test_outputs, outputs, sizeof(float)))
        return fail(check, MLM_ERR_FORMAT, 0, header->blob_bytes, header->self_test_input);
    const uint32_t frames = mlm_frames_of(&check->model, inputs);
    if (frames < header->min_frames || (header->max_frames && frames > header->max_frames) ||
        mlm_check_lengths(&check->model, frames) != MLM_OK)
        return fail(check, MLM_ERR_FORMAT, 0, header->min_frames, frames);
    if (header->input_kind != MLM_INPUT_TOKENS) return MLM_OK;
    const uint32_t vocabulary = mlm_vocabulary(&check->model);
    const int32_t *tokens =
        (const int32_t *)(const void *)(check->model.blob + header->self_test_input);
    for (uint32_t i = 0; i < inputs; i++)
        if (tokens[i] < 0 || (uint32_t)tokens[i] >= vocabulary)
            return fail(check, MLM_ERR_FORMAT, i, vocabulary, (uint32_t)tokens[i]);
    return MLM_OK;
}

static mlm_status check_blob(checker *check, size_t bytes) {
    mlm_status status = check_header(check, bytes);
    if (status == MLM_OK) status = check_sections(check);
    for (uint32_t i = 0; status == MLM_OK && i < mlm_header(&check->model)->tensor_count; i++)
        status = check_tensor(check, i);
    if (status == MLM_OK) status = check_outputs(check);
    if (status == MLM_OK) status = mlm_check_graph(&check->model, &check->fault);
    if (status == MLM_OK) status = check_labels(check);
    if (status == MLM_OK) status = check_self_test(check);
    return status;
}

mlm_status mlm_model_open(mlm_model *model, const void *blob, size_t bytes, mlm_fault *fault) {
    if (!model || !blob) return MLM_ERR_ARGUMENT;
    if ((uintptr_t)blob % MLM_ALIGNMENT != 0) return MLM_ERR_ALIGNMENT;
    if (bytes > 0xFFFFFFFFu) return MLM_ERR_TOO_LARGE;
    checker check = {.model = {blob}};
    const mlm_status status = check_blob(&check, bytes);
    if (status == MLM_OK)
        *model = check.model;
    else if (fault)
        *fault = check.fault;
    return status;
}
