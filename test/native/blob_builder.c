/*
 * blob_builder.c - see blob_builder.h.
 */
#define _POSIX_C_SOURCE 200112L /* posix_memalign */

#include "blob_builder.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct builder {
    const model_spec *spec;
    rng random;
    unsigned char *bytes; /* null while sizes are being found out */
    size_t size;
    mlm_blob_header header;
    mlm_blob_op *ops;
    mlm_blob_tensor *tensors; /* room for MLM_TENSOR_REFS an op */
    uint32_t tensor_count;
    float **data; /* packed, one a tensor */
    char *strings;
    uint32_t string_bytes;
} builder;

static void fail(const char *what) {
    fprintf(stderr, "blob_builder: %s\n", what);
    exit(2);
}

static void *allocate(size_t bytes) {
    void *memory = calloc(bytes ? bytes : 1u, 1);
    if (!memory) fail("out of memory");
    return memory;
}

void *aligned_block(size_t bytes) {
    void *memory = NULL;
    if (posix_memalign(&memory, 16, bytes ? bytes : 1u)) fail("out of memory");
    return memory;
}

static uint32_t add_string(builder *b, const char *text) {
    const uint32_t offset = b->string_bytes;
    const size_t length = strlen(text) + 1u;
    b->strings = realloc(b->strings, offset + length);
    if (!b->strings) fail("out of memory");
    memcpy(b->strings + offset, text, length);
    b->string_bytes += (uint32_t)length;
    return offset;
}

/* Where element (row, column) of a tensor lies in its packed data. */
static size_t packed_index(const mlm_blob_tensor *t, uint32_t row, uint32_t column) {
    const uint32_t lanes = t->packing == MLM_PACK_PANELS ? MLM_PANEL : MLM_GROUP;
    if (t->packing == MLM_PACK_VECTOR || t->packing == MLM_PACK_WORDS) return row;
    return ((size_t)(row / lanes) * t->columns + column) * lanes + row % lanes;
}

typedef float (*weight_function)(rng *random, const model_spec *spec, uint32_t row, uint32_t column,
                                 uint32_t columns);

/* The usual initialisation of a linear layer: uniform, +- 1 / sqrt(inputs), here sqrt(3) wider. */
static float linear_weight(rng *random, const model_spec *spec, uint32_t row, uint32_t column,
                           uint32_t columns) {
    (void)spec, (void)row, (void)column;
    return rng_signed(random) * (float)sqrt(3.0 / columns);
}

static float small_weight(rng *random, const model_spec *spec, uint32_t row, uint32_t column,
                          uint32_t columns) {
    (void)spec, (void)row, (void)column, (void)columns;
    return rng_signed(random) * 0.5f;
}

static float scale_weight(rng *random, const model_spec *spec, uint32_t row, uint32_t column,
                          uint32_t columns) {
    (void)spec, (void)row, (void)column, (void)columns;
    return 1.0f + rng_signed(random) * 0.5f;
}

static float dt_bias_weight(rng *random, const model_spec *spec, uint32_t row, uint32_t column,
                            uint32_t columns) {
    (void)row, (void)column, (void)columns;
    return spec->dt_offset + rng_signed(random) * 2.0f - 2.0f;
}

/* A of the S4D-real initialisation, -(1 .. d_state), times log2(e), with noise. */
static float a_weight(rng *random, const model_spec *spec, uint32_t row, uint32_t column,
                      uint32_t columns) {
    (void)spec, (void)row, (void)columns;
    return (float)(-(column + 1.0) * 1.4426950408889634 *
                   (1.0 + 0.25 * (double)rng_signed(random)));
}

static float positive_weight(rng *random, const model_spec *spec, uint32_t row, uint32_t column,
                             uint32_t columns) {
    (void)spec, (void)row, (void)column, (void)columns;
    return 0.5f + rng_signed(random) * 0.5f;
}

/* cos and -sin by turns. */
static float twiddle(rng *random, const model_spec *spec, uint32_t row, uint32_t column,
                     uint32_t columns) {
    const double angle = 6.283185307179586 * (row / 2u) / spec->ops[0].fft;
    (void)random, (void)column, (void)columns;
    return (float)(row % 2u ? -sin(angle) : cos(angle));
}

/* A tensor of zeros. */
static uint32_t reserve_tensor(builder *b, uint32_t op, const char *part, uint16_t packing,
                               uint32_t rows, uint32_t columns) {
    const uint32_t index = b->tensor_count++;
    mlm_blob_tensor *t = &b->tensors[index];
    const uint32_t lanes = packing == MLM_PACK_GROUPS ? MLM_GROUP : MLM_PANEL;
    const uint64_t bytes = (uint64_t)((rows + lanes - 1u) / lanes) * lanes * columns * 4u;
    char name[64];
    if (bytes > 1u << 30) fail("model too large");
    snprintf(name, sizeof name, "op%u.%s", op, part);
    t->name = add_string(b, name);
    t->dtype = packing == MLM_PACK_WORDS ? MLM_DTYPE_U32 : MLM_DTYPE_F32;
    t->packing = packing;
    t->rows = rows;
    t->columns = columns;
    t->bytes = (uint32_t)bytes;
    b->data[index] = allocate(t->bytes);
    return index;
}

static uint16_t add_tensor(builder *b, uint32_t op, const char *part, uint16_t packing,
                           uint32_t rows, uint32_t columns, weight_function weight) {
    const uint32_t index = reserve_tensor(b, op, part, packing, rows, columns);
    const mlm_blob_tensor *t = &b->tensors[index];
    for (uint32_t row = 0; row < rows; row++)
        for (uint32_t column = 0; column < columns; column++)
            b->data[index][packed_index(t, row, column)] =
                weight(&b->random, b->spec, row, column, columns);
    return (uint16_t)index;
}

static void add_mamba_tensors(builder *b, uint32_t index, const op_spec *from, mlm_blob_op *op) {
    const uint32_t inner = from->d_inner, optional = from->optional;
    uint16_t *t = op->tensors;
    t[MLM_T_IN_X] = add_tensor(b, index, "in_proj.x.weight", MLM_PACK_PANELS, inner,
                               from->input_width, linear_weight);
    t[MLM_T_IN_Z] = add_tensor(b, index, "in_proj.z.weight", MLM_PACK_PANELS, inner,
                               from->input_width, linear_weight);
    if (optional & OPTIONAL_IN_BIAS) {
        t[MLM_T_IN_X_BIAS] =
            add_tensor(b, index, "in_proj.x.bias", MLM_PACK_VECTOR, inner, 1, small_weight);
        t[MLM_T_IN_Z_BIAS] =
            add_tensor(b, index, "in_proj.z.bias", MLM_PACK_VECTOR, inner, 1, small_weight);
    }
    t[MLM_T_CONV] =
        add_tensor(b, index, "conv1d.weight", MLM_PACK_GROUPS, inner, from->d_conv, linear_weight);
    if (optional & OPTIONAL_CONV_BIAS)
        t[MLM_T_CONV_BIAS] =
            add_tensor(b, index, "conv1d.bias", MLM_PACK_VECTOR, inner, 1, small_weight);
    t[MLM_T_X_PROJ] = add_tensor(b, index, "x_proj.weight", MLM_PACK_PANELS,
                                 from->dt_rank + 2u * from->d_state, inner, linear_weight);
    t[MLM_T_DT] = add_tensor(b, index, "dt_proj.weight", MLM_PACK_PANELS, inner, from->dt_rank,
                             linear_weight);
    if (optional & OPTIONAL_DT_BIAS)
        t[MLM_T_DT_BIAS] =
            add_tensor(b, index, "dt_proj.bias", MLM_PACK_VECTOR, inner, 1, dt_bias_weight);
    t[MLM_T_A] = add_tensor(b, index, "A", MLM_PACK_GROUPS, inner, from->d_state, a_weight);
    t[MLM_T_D] = add_tensor(b, index, "D", MLM_PACK_VECTOR, inner, 1, scale_weight);
    if (optional & OPTIONAL_OUT) {
        t[MLM_T_OUT] = add_tensor(b, index, "out_proj.weight", MLM_PACK_PANELS, from->output_width,
                                  inner, linear_weight);
        if (optional & OPTIONAL_OUT_BIAS)
            t[MLM_T_OUT_BIAS] = add_tensor(b, index, "out_proj.bias", MLM_PACK_VECTOR,
                                           from->output_width, 1, small_weight);
    }
    op->dims[MLM_DIM_INNER] = inner;
    op->dims[MLM_DIM_STATE] = from->d_state;
    op->dims[MLM_DIM_CONV] = from->d_conv;
    op->dims[MLM_DIM_DT_RANK] = from->dt_rank;
}

/* Bins of each band anywhere in the spectrum, some without any; at least one weight in all. */
static void add_logmel_tensors(builder *b, uint32_t index, const op_spec *from, mlm_blob_op *op) {
    const uint32_t bands = from->output_width, bins = from->fft / 2u + 1u;
    uint16_t *t = op->tensors;
    uint32_t weights = 0;
    t[MLM_T_WINDOW] =
        add_tensor(b, index, "window", MLM_PACK_VECTOR, from->window, 1, positive_weight);
    t[MLM_T_TWIDDLES] = add_tensor(b, index, "twiddles", MLM_PACK_VECTOR, from->fft, 1, twiddle);
    const uint32_t table = reserve_tensor(b, index, "filter_bins", MLM_PACK_WORDS, 2u * bands, 1);
    uint32_t *range = (uint32_t *)(void *)b->data[table];
    for (uint32_t band = 0; band < bands; band++) {
        const uint32_t first = rng_below(&b->random, bins + 1u);
        const uint32_t count = rng_below(&b->random, bins - first + 1u);
        range[2u * band] = first;
        range[2u * band + 1u] = count;
        weights += count;
    }
    if (weights == 0) range[0] = 0, range[1] = weights = 1;
    t[MLM_T_FILTER_BINS] = (uint16_t)table;
    t[MLM_T_FILTERS] =
        add_tensor(b, index, "filters", MLM_PACK_VECTOR, weights, 1, positive_weight);
    op->dims[MLM_DIM_WINDOW] = from->window;
    op->dims[MLM_DIM_HOP] = from->hop;
    op->dims[MLM_DIM_FFT] = from->fft;
    op->dims[MLM_DIM_SAMPLE_RATE] = 16000;
}

static void add_op(builder *b, uint32_t index) {
    const op_spec *from = &b->spec->ops[index];
    mlm_blob_op *op = &b->ops[index];
    uint16_t *t = op->tensors;
    char name[32];
    snprintf(name, sizeof name, "op%u", index);
    op->kind = (uint16_t)from->kind;
    op->variant = (uint16_t)from->variant;
    op->name = add_string(b, name);
    op->inputs[0] = (uint16_t)from->inputs[0];
    op->inputs[1] = (uint16_t)from->inputs[1];
    op->epsilon = from->epsilon;
    op->dims[MLM_DIM_INPUT] = from->input_width;
    op->dims[MLM_DIM_OUTPUT] = from->output_width;
    for (int i = 0; i < MLM_TENSOR_REFS; i++) t[i] = MLM_NO_TENSOR;
    switch (from->kind) {
        case MLM_OP_LINEAR:
            t[MLM_T_WEIGHT] =
                from->optional & OPTIONAL_TIED
                    ? b->ops[0].tensors[MLM_T_WEIGHT]
                    : add_tensor(b, index, "weight", MLM_PACK_PANELS, from->output_width,
                                 from->input_width, linear_weight);
            if (from->optional & OPTIONAL_BIAS)
                t[MLM_T_BIAS] = add_tensor(b, index, "bias", MLM_PACK_VECTOR, from->output_width, 1,
                                           small_weight);
            break;
        case MLM_OP_EMBEDDING:
            t[MLM_T_WEIGHT] = add_tensor(b, index, "weight", MLM_PACK_PANELS, from->input_width,
                                         from->output_width, linear_weight);
            break;
        case MLM_OP_NORM:
            t[MLM_T_WEIGHT] =
                add_tensor(b, index, "weight", MLM_PACK_VECTOR, from->input_width, 1, scale_weight);
            if (from->optional & OPTIONAL_BIAS)
                t[MLM_T_BIAS] = add_tensor(b, index, "bias", MLM_PACK_VECTOR, from->input_width, 1,
                                           small_weight);
            break;
        case MLM_OP_AFFINE:
            t[MLM_T_WEIGHT] =
                add_tensor(b, index, "scale", MLM_PACK_VECTOR, from->input_width, 1, scale_weight);
            t[MLM_T_BIAS] =
                add_tensor(b, index, "shift", MLM_PACK_VECTOR, from->input_width, 1, small_weight);
            break;
        case MLM_OP_MAMBA: add_mamba_tensors(b, index, from, op); break;
        case MLM_OP_LOGMEL: add_logmel_tensors(b, index, from, op); break;
        default: break;
    }
}

/* Gives `bytes` bytes their 16-byte aligned place at the end of the blob so far. */
static uint32_t add_section(size_t *end, size_t bytes) {
    const size_t offset = *end;
    if (bytes > (1u << 30) || offset > (1u << 30)) fail("model too large");
    *end += (bytes + 15u) / 16u * 16u;
    return (uint32_t)offset;
}

blob blob_build(const model_spec *spec) {
    builder *b = allocate(sizeof *b);
    mlm_blob_header *header = &b->header;
    const op_spec *last = &spec->ops[spec->op_count - 1u];
    size_t end = 0;
    blob result;
    b->spec = spec;
    b->ops = allocate(spec->op_count * sizeof *b->ops);
    b->tensors = allocate(spec->op_count * MLM_TENSOR_REFS * sizeof *b->tensors);
    b->data = allocate(spec->op_count * MLM_TENSOR_REFS * sizeof *b->data);
    b->random.state = spec->seed;

    header->metadata = add_string(b, "{\"made\":\"by test/native/blob_builder.c\"}");
    for (uint32_t i = 0; i < spec->op_count; i++) add_op(b, i);
    header->magic = MLM_MAGIC;
    header->version = MLM_FORMAT_VERSION;
    header->input_kind = spec->input_kind;
    header->input_width = spec->input_width;
    header->logits = last->output_width;
    header->op_count = spec->op_count;
    header->tensor_count = b->tensor_count;
    header->label_count = spec->labels ? header->logits : 0;
    header->self_test_frames = spec->self_test_frames;
    uint32_t *labels = allocate((size_t)header->label_count * 4u);
    for (uint32_t i = 0; i < header->label_count; i++) {
        char label[32];
        snprintf(label, sizeof label, "class %u", i);
        labels[i] = add_string(b, label);
    }
    header->string_bytes = b->string_bytes;

    const size_t input_bytes = (size_t)spec->self_test_frames * spec->input_width * 4u;
    add_section(&end, sizeof *header);
    header->op_offset = add_section(&end, header->op_count * sizeof *b->ops);
    header->tensor_offset = add_section(&end, header->tensor_count * sizeof *b->tensors);
    header->label_offset = add_section(&end, (size_t)header->label_count * 4u);
    header->string_offset = add_section(&end, header->string_bytes);
    if (spec->self_test_frames) {
        header->self_test_input = add_section(&end, input_bytes);
        header->self_test_logits = add_section(&end, (size_t)header->logits * 4u);
    }
    for (uint32_t i = 0; i < b->tensor_count; i++)
        b->tensors[i].offset = add_section(&end, b->tensors[i].bytes);
    header->blob_bytes = add_section(&end, 0);

    result.size = end;
    result.bytes = aligned_block(end);
    memset(result.bytes, 0, end);
    memcpy(result.bytes, header, sizeof *header);
    memcpy(result.bytes + header->op_offset, b->ops, header->op_count * sizeof *b->ops);
    memcpy(result.bytes + header->tensor_offset, b->tensors,
           header->tensor_count * sizeof *b->tensors);
    memcpy(result.bytes + header->label_offset, labels, (size_t)header->label_count * 4u);
    memcpy(result.bytes + header->string_offset, b->strings, b->string_bytes);
    for (uint32_t i = 0; i < b->tensor_count; i++) {
        memcpy(result.bytes + b->tensors[i].offset, b->data[i], b->tensors[i].bytes);
        free(b->data[i]);
    }
    if (spec->self_test_frames) {
        void *input = spec_random_input(spec, &b->random, spec->self_test_frames);
        memcpy(result.bytes + header->self_test_input, input, input_bytes);
        free(input);
    }
    blob_fix_crc(result.bytes, result.size);
    if (spec->self_test_frames) {
        const mlm_options options = {MLM_SCHEDULE_STREAM, 1, 0};
        mlm_model model;
        mlm_session *session;
        mlm_plan plan;
        mlm_fault fault = {0, 0, 0};
        mlm_status status = mlm_model_open(&model, result.bytes, result.size, &fault);
        if (status != MLM_OK) {
            fprintf(stderr, "%s, index %u, needed %u, have %u\n", mlm_status_string(status),
                    fault.index, fault.needed, fault.have);
            fail("the core refused a blob");
        }
        const uint32_t count = mlm_plan_buffer_count(&model, &options);
        mlm_buffer *table = allocate(count * sizeof *table);
        if (mlm_plan_make(&plan, &model, &options, table, count) != MLM_OK) fail("no plan");
        void *arena = aligned_block(plan.arena_bytes);
        float *logits = allocate((size_t)header->logits * 4u);
        if (mlm_session_init(&session, &model, &options, arena, plan.arena_bytes) != MLM_OK ||
            mlm_session_run(session, result.bytes + header->self_test_input, spec->self_test_frames,
                            logits) != MLM_OK)
            fail("the self-test input does not run");
        memcpy(result.bytes + header->self_test_logits, logits, (size_t)header->logits * 4u);
        blob_fix_crc(result.bytes, result.size);
        free(table);
        free(arena);
        free(logits);
    }
    free(labels);
    free(b->strings);
    free(b->ops);
    free(b->tensors);
    free(b->data);
    free(b);
    return result;
}

blob blob_copy(const blob *from, size_t size) {
    blob copy = {aligned_block(size), size};
    memset(copy.bytes, 0, size);
    memcpy(copy.bytes, from->bytes, size < from->size ? size : from->size);
    return copy;
}

void blob_free(blob *b) {
    free(b->bytes);
    b->bytes = NULL;
    b->size = 0;
}

uint32_t crc32_of(const unsigned char *bytes, size_t size) {
    static uint32_t table[256];
    uint32_t crc = 0xFFFFFFFFu;
    if (!table[1])
        for (uint32_t i = 0; i < 256; i++) {
            uint32_t c = i;
            for (int bit = 0; bit < 8; bit++) c = (c >> 1) ^ (c & 1u ? 0xEDB88320u : 0u);
            table[i] = c;
        }
    for (size_t i = 0; i < size; i++) crc = (crc >> 8) ^ table[(crc ^ bytes[i]) & 0xFFu];
    return crc ^ 0xFFFFFFFFu;
}

void blob_fix_crc(unsigned char *bytes, size_t size) {
    const size_t at = offsetof(mlm_blob_header, crc32);
    if (size < sizeof(mlm_blob_header)) return;
    memset(bytes + at, 0, 4);
    const uint32_t crc = crc32_of(bytes, size);
    memcpy(bytes + at, &crc, 4);
}

float blob_weight(const mlm_model *model, uint16_t tensor, uint32_t row, uint32_t column) {
    return mlm_weights(model, tensor)[packed_index(&mlm_tensors(model)[tensor], row, column)];
}

void blob_set_weight(blob *b, uint16_t tensor, uint32_t row, uint32_t column, float value) {
    const mlm_model model = {b->bytes};
    const mlm_blob_tensor *t = &mlm_tensors(&model)[tensor];
    memcpy(b->bytes + t->offset + packed_index(t, row, column) * sizeof value, &value,
           sizeof value);
}

void *spec_random_input(const model_spec *spec, rng *random, uint32_t inputs) {
    const size_t count = (size_t)inputs * spec->input_width;
    void *input = allocate(count * 4u);
    for (size_t i = 0; i < count; i++) {
        if (spec->input_kind == MLM_INPUT_TOKENS)
            ((int32_t *)input)[i] = (int32_t)rng_below(random, spec->ops[0].input_width);
        else
            ((float *)input)[i] = rng_signed(random) * 2.0f;
    }
    return input;
}
