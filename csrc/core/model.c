/*
 * model.c - validates a blob, completely and before first use, and reads facts out of it. The only
 * file that does not trust the blob; nothing here runs a model.
 */
#include "f32.h"
#include "plan.h"

/* Widths beyond this are refused, so that products of two of them stay far from 2^64. */
#define MAX_WIDTH (1u << 24)

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
        [MLM_ERR_TOO_LARGE] = "MLM_ERR_TOO_LARGE",
        [MLM_ERR_CAPACITY] = "MLM_ERR_CAPACITY",
        [MLM_ERR_ARENA_TOO_SMALL] = "MLM_ERR_ARENA_TOO_SMALL",
        [MLM_ERR_FRAMES] = "MLM_ERR_FRAMES",
        [MLM_ERR_TOKEN] = "MLM_ERR_TOKEN",
        [MLM_ERR_BUSY] = "MLM_ERR_BUSY",
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

static mlm_status check_sections(checker *check) {
    const mlm_blob_header *header = mlm_header(&check->model);
    const uint32_t bytes = header->blob_bytes;
    const int frames = header->input_kind == MLM_INPUT_FRAMES;
    if (bytes % MLM_ALIGNMENT != 0 || header->reserved != 0 ||
        header->input_kind > MLM_INPUT_SAMPLES || header->input_width == 0 ||
        header->input_width > MAX_WIDTH || (!frames && header->input_width != 1) ||
        header->logits == 0 || header->logits > MAX_WIDTH)
        return fail(check, MLM_ERR_FORMAT, 0, 0, header->input_width);
    if (header->op_count == 0 || header->op_count > MLM_MAX_OPS)
        return fail(check, MLM_ERR_FORMAT, 0, MLM_MAX_OPS, header->op_count);
    if (!section_fits(header, header->op_offset, header->op_count, sizeof(mlm_blob_op)) ||
        header->tensor_count >= MLM_NO_TENSOR ||
        !section_fits(header, header->tensor_offset, header->tensor_count,
                      sizeof(mlm_blob_tensor)) ||
        (header->label_count != 0 && header->label_count != header->logits) ||
        !section_fits(header, header->label_offset, header->label_count, sizeof(uint32_t)) ||
        !section_fits(header, header->string_offset, header->string_bytes, 1) ||
        header->string_bytes == 0)
        return fail(check, MLM_ERR_FORMAT, 0, bytes, header->string_bytes);
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

static uint64_t packed_floats(uint32_t packing, uint32_t rows, uint32_t columns) {
    const uint32_t group = packing == MLM_PACK_GROUPS ? MLM_GROUP : MLM_PANEL;
    return (uint64_t)mlm_round_up(rows, group) * columns;
}

static mlm_status check_tensor(checker *check, uint32_t index) {
    const mlm_blob_header *header = mlm_header(&check->model);
    const mlm_blob_tensor *tensor = mlm_tensors(&check->model) + index;
    const int words = tensor->packing == MLM_PACK_WORDS;
    if (tensor->name >= header->string_bytes ||
        tensor->dtype != (words ? MLM_DTYPE_U32 : MLM_DTYPE_F32) ||
        tensor->packing > MLM_PACK_WORDS || tensor->rows == 0 || tensor->rows > MAX_WIDTH ||
        tensor->columns == 0 || tensor->columns > MAX_WIDTH ||
        ((words || tensor->packing == MLM_PACK_VECTOR) && tensor->columns != 1) ||
        tensor->reserved[0] != 0 || tensor->reserved[1] != 0)
        return fail(check, MLM_ERR_TENSOR, index, 0, tensor->rows);
    const uint64_t floats = packed_floats(tensor->packing, tensor->rows, tensor->columns);
    if (tensor->bytes / sizeof(float) != floats || tensor->bytes % sizeof(float) != 0 ||
        !section_fits(header, tensor->offset, floats, sizeof(float)))
        return fail(check, MLM_ERR_TENSOR, index, (uint32_t)(floats * sizeof(float)),
                    tensor->bytes);
    const float *data = mlm_weights(&check->model, (uint16_t)index);
    for (uint32_t i = 0; i < floats && !words; i++)
        if (!f32_is_finite(f32_bits(data[i]))) return fail(check, MLM_ERR_NONFINITE, index, 0, i);
    return MLM_OK;
}

/* Whether tensor reference `t` of an op is a tensor of this packing and shape. */
static int has_shape(const mlm_model *model, const mlm_blob_op *op, uint32_t t, uint32_t packing,
                     uint32_t rows, uint32_t columns) {
    if (op->tensors[t] >= mlm_header(model)->tensor_count) return 0;
    const mlm_blob_tensor *tensor = mlm_tensors(model) + op->tensors[t];
    return tensor->packing == packing && tensor->rows == rows && tensor->columns == columns;
}

static int has_vector(const mlm_model *model, const mlm_blob_op *op, uint32_t t, uint32_t rows) {
    return has_shape(model, op, t, MLM_PACK_VECTOR, rows, 1);
}

static int has_optional_vector(const mlm_model *model, const mlm_blob_op *op, uint32_t t,
                               uint32_t rows) {
    return op->tensors[t] == MLM_NO_TENSOR || has_vector(model, op, t, rows);
}

/* ---- validation: ops ---------------------------------------------------------------------- */

/* How many leading dims and tensor references an op kind uses; the others must be empty. */
typedef struct op_form {
    uint8_t dims, tensors, inputs, variants, mask_has_epsilon;
} op_form;

static const op_form forms[] = {
    [MLM_OP_LINEAR] = {2, 2, 1, 1, 0},     [MLM_OP_MAMBA] = {6, MLM_T_OUT_BIAS + 1, 1, 1, 0},
    [MLM_OP_NORM] = {2, 2, 1, 2, 1},       [MLM_OP_ADD] = {2, 0, 2, 1, 0},
    [MLM_OP_POOL] = {2, 0, 1, 3, 0},       [MLM_OP_EMBEDDING] = {2, 1, 1, 1, 0},
    [MLM_OP_ACTIVATION] = {2, 0, 1, 3, 0}, [MLM_OP_LOGMEL] = {6, 4, 1, 1, 1},
    [MLM_OP_AFFINE] = {2, 2, 1, 1, 0},
};

static int has_form(const mlm_blob_op *op) {
    if (op->kind < MLM_OP_LINEAR || op->kind > MLM_OP_AFFINE) return 0;
    const op_form *form = forms + op->kind;
    if (op->variant >= form->variants) return 0;
    for (uint32_t i = 0; i < 8; i++)
        if (i < form->dims ? op->dims[i] == 0 || op->dims[i] > MAX_WIDTH : op->dims[i] != 0)
            return 0;
    for (uint32_t i = form->tensors; i < MLM_TENSOR_REFS; i++)
        if (op->tensors[i] != MLM_NO_TENSOR) return 0;
    if (form->inputs < 2 && op->inputs[1] != 0) return 0;
    const uint32_t epsilon = f32_bits(op->epsilon);
    return form->mask_has_epsilon ? f32_is_positive_normal(epsilon) : epsilon == 0;
}

static int mamba_is_sound(const mlm_model *model, const mlm_blob_op *op) {
    const uint32_t input = op->dims[MLM_DIM_INPUT], output = op->dims[MLM_DIM_OUTPUT];
    const uint32_t inner = op->dims[MLM_DIM_INNER], states = op->dims[MLM_DIM_STATE];
    const uint32_t taps = op->dims[MLM_DIM_CONV], rank = op->dims[MLM_DIM_DT_RANK];
    const int has_out = op->tensors[MLM_T_OUT] != MLM_NO_TENSOR;
    if (rank + 2 * states > MAX_WIDTH) return 0;
    if (has_out ? !has_shape(model, op, MLM_T_OUT, MLM_PACK_PANELS, output, inner)
                : output != inner || op->tensors[MLM_T_OUT_BIAS] != MLM_NO_TENSOR)
        return 0;
    return has_shape(model, op, MLM_T_IN_X, MLM_PACK_PANELS, inner, input) &&
           has_shape(model, op, MLM_T_IN_Z, MLM_PACK_PANELS, inner, input) &&
           has_shape(model, op, MLM_T_CONV, MLM_PACK_GROUPS, inner, taps) &&
           has_shape(model, op, MLM_T_X_PROJ, MLM_PACK_PANELS, rank + 2 * states, inner) &&
           has_shape(model, op, MLM_T_DT, MLM_PACK_PANELS, inner, rank) &&
           has_shape(model, op, MLM_T_A, MLM_PACK_GROUPS, inner, states) &&
           has_vector(model, op, MLM_T_D, inner) &&
           has_optional_vector(model, op, MLM_T_IN_X_BIAS, inner) &&
           has_optional_vector(model, op, MLM_T_IN_Z_BIAS, inner) &&
           has_optional_vector(model, op, MLM_T_CONV_BIAS, inner) &&
           has_optional_vector(model, op, MLM_T_DT_BIAS, inner) &&
           has_optional_vector(model, op, MLM_T_OUT_BIAS, output);
}

/* Whether the filters lie within the spectrum and have as many weights as there are. */
static int filters_are_sound(const mlm_model *model, const mlm_blob_op *op) {
    const uint32_t bins = op->dims[MLM_DIM_FFT] / 2 + 1, bands = op->dims[MLM_DIM_OUTPUT];
    const uint16_t table = op->tensors[MLM_T_FILTER_BINS], filters = op->tensors[MLM_T_FILTERS];
    const mlm_blob_tensor *tensors = mlm_tensors(model);
    const uint32_t *range = (const uint32_t *)(const void *)mlm_weights(model, table);
    uint64_t weights = 0;
    for (const uint32_t *end = range + 2 * bands; range < end; range += 2) {
        if (range[0] > bins || range[1] > bins - range[0]) return 0;
        weights += range[1];
    }
    return filters < mlm_header(model)->tensor_count &&
           tensors[filters].packing == MLM_PACK_VECTOR && tensors[filters].rows == weights;
}

static int logmel_is_sound(const mlm_model *model, const mlm_blob_op *op) {
    const uint32_t window = op->dims[MLM_DIM_WINDOW], hop = op->dims[MLM_DIM_HOP];
    const uint32_t fft = op->dims[MLM_DIM_FFT], bands = op->dims[MLM_DIM_OUTPUT];
    return op->dims[MLM_DIM_INPUT] == 1 && hop <= window && window <= fft && fft >= 4 &&
           (fft & (fft - 1)) == 0 && has_vector(model, op, MLM_T_WINDOW, window) &&
           has_vector(model, op, MLM_T_TWIDDLES, fft) &&
           has_shape(model, op, MLM_T_FILTER_BINS, MLM_PACK_WORDS, 2 * bands, 1) &&
           filters_are_sound(model, op);
}

/* Whether sizes and tensors of an op agree with each other and with the values it reads. */
static int is_sound(const mlm_model *model, uint32_t index) {
    const mlm_blob_op *op = mlm_op_at(model, index);
    const uint32_t input = op->dims[MLM_DIM_INPUT], output = op->dims[MLM_DIM_OUTPUT];
    if (op->inputs[0] > index || op->inputs[1] > index) return 0;
    const uint32_t input_kind = mlm_header(model)->input_kind;
    const int reads_input = op->inputs[0] == 0 || (op->kind == MLM_OP_ADD && op->inputs[1] == 0);
    if (op->kind == MLM_OP_EMBEDDING)
        return index == 0 && input_kind == MLM_INPUT_TOKENS &&
               has_shape(model, op, MLM_T_WEIGHT, MLM_PACK_PANELS, input, output);
    if (op->kind == MLM_OP_LOGMEL)
        return index == 0 && input_kind == MLM_INPUT_SAMPLES && logmel_is_sound(model, op);
    if ((reads_input && input_kind != MLM_INPUT_FRAMES) ||
        mlm_value_width(model, op->inputs[0]) != input)
        return 0;
    switch (op->kind) {
        case MLM_OP_LINEAR:
            return has_shape(model, op, MLM_T_WEIGHT, MLM_PACK_PANELS, output, input) &&
                   has_optional_vector(model, op, MLM_T_BIAS, output);
        case MLM_OP_MAMBA: return mamba_is_sound(model, op);
        case MLM_OP_NORM:
            return input == output && has_vector(model, op, MLM_T_WEIGHT, input) &&
                   (op->variant == 1 ? has_optional_vector(model, op, MLM_T_BIAS, input)
                                     : op->tensors[MLM_T_BIAS] == MLM_NO_TENSOR);
        case MLM_OP_AFFINE:
            return input == output && has_vector(model, op, MLM_T_WEIGHT, input) &&
                   has_vector(model, op, MLM_T_BIAS, input);
        case MLM_OP_ADD: return input == output && mlm_value_width(model, op->inputs[1]) == input;
        default: return input == output;
    }
}

/* Exactly one pool; no frame-wise value, the model's input included, is read behind it, and no
 * mamba stands there. */
static mlm_status check_pool(checker *check) {
    const mlm_model *model = &check->model;
    const uint32_t ops = mlm_header(model)->op_count;
    uint32_t pools = 0, pool = 0;
    for (uint32_t op = 0; op < ops; op++)
        if (mlm_op_at(model, op)->kind == MLM_OP_POOL) pool = op, pools++;
    if (pools != 1) return fail(check, MLM_ERR_OP, 0, 1, pools);
    for (uint32_t op = pool + 1; op < ops; op++) {
        const mlm_blob_op *record = mlm_op_at(model, op);
        const uint32_t inputs = record->kind == MLM_OP_ADD ? 2 : 1;
        for (uint32_t i = 0; i < inputs; i++)
            if (record->inputs[i] <= pool)
                return fail(check, MLM_ERR_OP, op, pool + 1, record->inputs[i]);
        if (record->kind == MLM_OP_MAMBA) return fail(check, MLM_ERR_OP, op, 0, record->kind);
    }
    return MLM_OK;
}

/* While an op runs, the values that it or a later op still reads are alive, and its output. */
static mlm_status check_live_values(checker *check) {
    const mlm_model *model = &check->model;
    uint32_t alive = 0;
    for (uint32_t op = 0; op < mlm_header(model)->op_count; op++) {
        const mlm_blob_op *record = mlm_op_at(model, op);
        const uint32_t first = record->inputs[0], second = record->inputs[1];
        if (alive + 1 > MLM_MAX_LIVE_VALUES)
            return fail(check, MLM_ERR_OP, op, MLM_MAX_LIVE_VALUES, alive + 1);
        if (first > 0 && mlm_last_reader(model, first) == op) alive--;
        if (second > 0 && second != first && mlm_last_reader(model, second) == op) alive--;
        if (mlm_last_reader(model, op + 1) > op) alive++;
    }
    return MLM_OK;
}

static mlm_status check_ops(checker *check) {
    const mlm_blob_header *header = mlm_header(&check->model);
    for (uint32_t op = 0; op < header->op_count; op++) {
        const mlm_blob_op *record = mlm_op_at(&check->model, op);
        if (record->name >= header->string_bytes || !has_form(record) ||
            !is_sound(&check->model, op))
            return fail(check, MLM_ERR_OP, op, 0, record->kind);
    }
    const mlm_status status = check_pool(check);
    if (status != MLM_OK) return status;
    const uint32_t output = mlm_value_width(&check->model, header->op_count);
    if (output != header->logits)
        return fail(check, MLM_ERR_OP, header->op_count - 1, header->logits, output);
    return check_live_values(check);
}

static mlm_status check_self_test(checker *check) {
    const mlm_blob_header *header = mlm_header(&check->model);
    const uint64_t elements = (uint64_t)header->self_test_frames * header->input_width;
    if (header->self_test_frames == 0) return MLM_OK;
    if (!section_fits(header, header->self_test_input, elements, sizeof(float)) ||
        !section_fits(header, header->self_test_logits, header->logits, sizeof(float)))
        return fail(check, MLM_ERR_FORMAT, 0, header->blob_bytes, header->self_test_input);
    if (mlm_frames_of(&check->model, header->self_test_frames) == 0)
        return fail(check, MLM_ERR_FORMAT, 0, 1, 0);
    if (header->input_kind != MLM_INPUT_TOKENS) return MLM_OK;
    const uint32_t vocabulary = mlm_op_at(&check->model, 0)->dims[MLM_DIM_INPUT];
    const int32_t *tokens =
        (const int32_t *)(const void *)(check->model.blob + header->self_test_input);
    for (uint32_t i = 0; i < header->self_test_frames; i++)
        if (tokens[i] < 0 || (uint32_t)tokens[i] >= vocabulary)
            return fail(check, MLM_ERR_FORMAT, i, vocabulary, (uint32_t)tokens[i]);
    return MLM_OK;
}

static mlm_status check_blob(checker *check, size_t bytes) {
    mlm_status status = check_header(check, bytes);
    if (status == MLM_OK) status = check_sections(check);
    for (uint32_t i = 0; status == MLM_OK && i < mlm_header(&check->model)->tensor_count; i++)
        status = check_tensor(check, i);
    if (status == MLM_OK) status = check_ops(check);
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

/* ---- facts ------------------------------------------------------------------------------- */

static uint32_t weights_bytes(const mlm_model *model) {
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < mlm_header(model)->tensor_count; i++)
        bytes += mlm_tensors(model)[i].bytes;
    return bytes < 0xFFFFFFFFu ? (uint32_t)bytes : 0xFFFFFFFFu;
}

void mlm_model_get_info(const mlm_model *model, mlm_model_info *info) {
    const mlm_blob_header *header = mlm_header(model);
    info->input_kind = header->input_kind;
    info->input_width = header->input_width;
    info->logits = header->logits;
    info->ops = header->op_count;
    info->tensors = header->tensor_count;
    info->labels = header->label_count;
    info->blob_bytes = header->blob_bytes;
    info->weights_bytes = weights_bytes(model);
    info->crc32 = header->crc32;
    info->self_test_frames = header->self_test_frames;
    const uint32_t *dims = mlm_op_at(model, 0)->dims;
    const int samples = header->input_kind == MLM_INPUT_SAMPLES;
    info->vocabulary = header->input_kind == MLM_INPUT_TOKENS ? dims[MLM_DIM_INPUT] : 0;
    info->sample_rate_hz = samples ? dims[MLM_DIM_SAMPLE_RATE] : 0;
    info->window_samples = samples ? dims[MLM_DIM_WINDOW] : 0;
    info->hop_samples = samples ? dims[MLM_DIM_HOP] : 0;
}

const char *mlm_op_name(const mlm_model *model, uint32_t op) {
    return op < mlm_header(model)->op_count ? mlm_string(model, mlm_op_at(model, op)->name) : "";
}

const char *mlm_label(const mlm_model *model, uint32_t index) {
    const mlm_blob_header *header = mlm_header(model);
    const uint32_t *labels = (const uint32_t *)(const void *)(model->blob + header->label_offset);
    return index < header->label_count ? mlm_string(model, labels[index]) : "";
}

const char *mlm_metadata(const mlm_model *model) {
    return mlm_string(model, mlm_header(model)->metadata);
}

static uint32_t parameters(const mlm_model *model, const mlm_blob_op *op) {
    uint64_t count = 0;
    if (op->kind == MLM_OP_LOGMEL || op->kind == MLM_OP_AFFINE) return 0;
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
    info->kind = record->kind;
    info->variant = record->variant;
    info->inputs[0] = record->inputs[0];
    info->inputs[1] = record->inputs[1];
    info->input_width = record->kind == MLM_OP_EMBEDDING ? 1 : record->dims[MLM_DIM_INPUT];
    info->output_width = record->dims[MLM_DIM_OUTPUT];
    const int mamba = record->kind == MLM_OP_MAMBA;
    info->d_inner = mamba ? record->dims[MLM_DIM_INNER] : 0;
    info->d_state = mamba ? record->dims[MLM_DIM_STATE] : 0;
    info->d_conv = mamba ? record->dims[MLM_DIM_CONV] : 0;
    info->dt_rank = mamba ? record->dims[MLM_DIM_DT_RANK] : 0;
    info->has_out_proj = mamba && record->tensors[MLM_T_OUT] != MLM_NO_TENSOR;
    info->parameters = parameters(model, record);
    return MLM_OK;
}

mlm_status mlm_tensor_get_info(const mlm_model *model, uint32_t tensor, mlm_tensor_info *info) {
    if (!model || !info || tensor >= mlm_header(model)->tensor_count) return MLM_ERR_ARGUMENT;
    const mlm_blob_tensor *record = mlm_tensors(model) + tensor;
    info->name = mlm_string(model, record->name);
    info->rows = record->rows;
    info->columns = record->columns;
    info->packing = record->packing;
    info->bytes = record->bytes;
    return MLM_OK;
}
