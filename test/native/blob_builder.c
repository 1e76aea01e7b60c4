/*
 * blob_builder.c - see blob_builder.h.
 */
#define _POSIX_C_SOURCE 200112L /* posix_memalign */

#include "blob_builder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* ---- strings -------------------------------------------------------------------------------------- */

typedef struct builder {
    const network *net;
    mlm_blob_header header;
    mlm_blob_op ops[MLM_MAX_OPS];
    mlm_blob_tensor tensors[sizeof((network *)0)->tensors / sizeof *((network *)0)->tensors];
    mlm_blob_output outputs[MOST_OUTPUTS];
    uint32_t *labels;
    char *strings;
    uint32_t string_bytes;
} builder;

static uint32_t add_string(builder *b, const char *text) {
    const uint32_t offset = b->string_bytes;
    const size_t length = strlen(text) + 1u;
    b->strings = realloc(b->strings, offset + length);
    if (!b->strings) fail("out of memory");
    memcpy(b->strings + offset, text, length);
    b->string_bytes += (uint32_t)length;
    return offset;
}

static uint32_t add_numbered(builder *b, const char *word, uint32_t number) {
    char text[32];
    snprintf(text, sizeof text, "%s%u", word, number);
    return add_string(b, text);
}

/* ---- records -------------------------------------------------------------------------------------- */

static void write_op(builder *b, uint32_t index) {
    const net_op *from = &b->net->ops[index];
    mlm_blob_op *op = &b->ops[index];
    op->kind = (uint16_t)from->kind;
    op->type = (uint8_t)from->type;
    op->exponent = from->exponent;
    op->variant = (uint8_t)from->variant;
    op->name = add_numbered(b, "op", index);
    op->stage = (uint16_t)from->stage;
    op->clock = (uint16_t)from->clock;
    op->width = from->width;
    for (uint32_t i = 0; i < MLM_MAX_INPUTS; i++) op->inputs[i] = (uint16_t)from->inputs[i];
    for (uint32_t i = 0; i < MLM_ATTRIBUTES; i++) op->attributes[i] = from->attributes[i];
    for (uint32_t i = 0; i < MLM_TENSOR_REFS; i++) op->tensors[i] = (uint16_t)from->tensors[i];
}

static void write_tensor(builder *b, uint32_t index) {
    const net_tensor *from = &b->net->tensors[index];
    mlm_blob_tensor *t = &b->tensors[index];
    const uint32_t lanes = from->packing == MLM_PACK_GROUPS ? MLM_GROUP : MLM_PANEL;
    const uint64_t rows = mlm_round_up(from->rows, lanes);
    uint64_t bytes = rows * (from->scales ? from->columns + 4u : from->columns * 4u);
    if (from->packing == MLM_PACK_QUADS)
        bytes = mlm_round_up(from->rows, 4) * (uint64_t)mlm_round_up(from->columns, 4);
    else if (from->dtype == MLM_DTYPE_I16)
        bytes = mlm_round_up(from->rows * from->columns, 8) * sizeof(int16_t);
    if (bytes > 1u << 30) fail("model too large");
    t->name = add_numbered(b, "tensor", index);
    t->dtype = (uint16_t)from->dtype;
    t->packing = (uint16_t)from->packing;
    t->rows = from->rows;
    t->columns = from->columns;
    t->bytes = (uint32_t)bytes;
}

static void pack_tensor(const net_tensor *t, float *to) {
    const uint32_t lanes = t->packing == MLM_PACK_GROUPS ? MLM_GROUP : MLM_PANEL;
    for (uint32_t row = 0; row < t->rows; row++)
        for (uint32_t column = 0; column < t->columns; column++)
            to[(size_t)(row / lanes * t->columns + column) * lanes + row % lanes] =
                t->w[(size_t)row * t->columns + column];
}

/* The scales, then integers: outputs 0 and 4, 1 and 5 ... side by side. */
static void pack_i8(const net_tensor *t, float *to) {
    int8_t *bytes = (int8_t *)(to + mlm_round_up(t->rows, MLM_PANEL));
    memcpy(to, t->scales, t->rows * sizeof *to);
    for (uint32_t row = 0; row < t->rows; row++)
        for (uint32_t column = 0; column < t->columns; column++)
            bytes[(size_t)(row / 8 * t->columns + column) * 8 + row % 4 * 2 + row / 4 % 2] =
                (int8_t)t->w[(size_t)row * t->columns + column];
}

/* [rows / 4][columns / 4][4 rows][4 columns, in the order 0 2 1 3], all + 128; 0 where there is none. */
static void pack_quads(const net_tensor *t, unsigned char *to) {
    static const uint32_t place[] = {0, 2, 1, 3};
    const uint32_t quads = (t->columns + 3) / 4, rows = (t->rows + 3) / 4 * 4;
    memset(to, 128, (size_t)rows * quads * 4);
    for (uint32_t row = 0; row < t->rows; row++)
        for (uint32_t column = 0; column < t->columns; column++)
            to[(size_t)(row / 4 * quads + column / 4) * 16 + row % 4 * 4 + place[column % 4]] =
                (unsigned char)(t->w[(size_t)row * t->columns + column] + 128.0f);
}

/* Row behind row. */
static void pack_integers(const net_tensor *t, unsigned char *to) {
    for (size_t i = 0; i < (size_t)t->rows * t->columns; i++)
        if (t->dtype == MLM_DTYPE_I16)
            ((int16_t *)(void *)to)[i] = (int16_t)t->w[i];
        else
            ((int32_t *)(void *)to)[i] = (int32_t)t->w[i];
}

static void pack(const net_tensor *t, unsigned char *to) {
    if (t->packing == MLM_PACK_QUADS)
        pack_quads(t, to);
    else if (t->dtype == MLM_DTYPE_I16 || t->dtype == MLM_DTYPE_I32)
        pack_integers(t, to);
    else
        (t->scales ? pack_i8 : pack_tensor)(t, (float *)(void *)to);
}

static void write_records(builder *b) {
    const network *net = b->net;
    b->header.metadata = add_string(b, "{\"made\":\"by test/native/blob_builder.c\"}");
    for (uint32_t i = 0; i < net->op_count; i++) write_op(b, i);
    for (uint32_t i = 0; i < net->tensor_count; i++) write_tensor(b, i);
    for (uint32_t i = 0; i < net->output_count; i++) {
        b->outputs[i].name = add_numbered(b, "output", i);
        b->outputs[i].value = net->outputs[i];
    }
    b->header.label_count = net->has_labels ? net_width(net, net->outputs[0]) : 0;
    b->labels = allocate(b->header.label_count * sizeof *b->labels);
    for (uint32_t i = 0; i < b->header.label_count; i++)
        b->labels[i] = add_numbered(b, "class ", i);
}

/* ---- sections ------------------------------------------------------------------------------------- */

/* Gives `bytes` bytes their 16-byte aligned place at the end of the blob so far. */
static uint32_t add_section(size_t *end, size_t bytes) {
    const size_t offset = *end;
    if (bytes > (1u << 30) || offset > (1u << 30)) fail("model too large");
    *end += (bytes + 15u) / 16u * 16u;
    return (uint32_t)offset;
}

/* Floats of all outputs of the self-test. */
static size_t output_floats(const network *net) {
    const uint32_t frames = net_frames_of(net, net->self_test_inputs);
    size_t floats = 0;
    for (uint32_t i = 0; i < net->output_count; i++) {
        const uint32_t clock = net_clock_of(net, net->outputs[i]);
        const size_t rows = clock == MLM_NO_CLOCK ? 1 : net_total_rows(net, clock, frames);
        floats += rows * net_width(net, net->outputs[i]);
    }
    return floats;
}

static size_t place_sections(builder *b) {
    const network *net = b->net;
    mlm_blob_header *header = &b->header;
    size_t end = 0;
    header->magic = MLM_MAGIC;
    header->version = MLM_FORMAT_VERSION;
    header->input_kind = net->input_kind;
    header->input_width = net->input_width;
    header->min_frames = net->min_frames;
    header->max_frames = net->max_frames;
    header->op_count = net->op_count;
    header->tensor_count = net->tensor_count;
    header->output_count = net->output_count;
    header->string_bytes = b->string_bytes;
    header->self_test_inputs = net->self_test_inputs;
    add_section(&end, sizeof *header);
    header->op_offset = add_section(&end, net->op_count * sizeof *b->ops);
    header->tensor_offset = add_section(&end, net->tensor_count * sizeof *b->tensors);
    header->output_offset = add_section(&end, net->output_count * sizeof *b->outputs);
    header->label_offset = add_section(&end, header->label_count * sizeof *b->labels);
    header->string_offset = add_section(&end, header->string_bytes);
    if (net->self_test_inputs) {
        const size_t inputs = net->self_test_inputs;
        header->self_test_input = add_section(&end, inputs * net_input_bytes(net));
        header->self_test_outputs = add_section(&end, output_floats(net) * sizeof(float));
    }
    for (uint32_t i = 0; i < net->tensor_count; i++)
        b->tensors[i].offset = add_section(&end, b->tensors[i].bytes);
    header->blob_bytes = (uint32_t)end;
    return end;
}

static void copy_sections(const builder *b, unsigned char *to) {
    const mlm_blob_header *header = &b->header;
    const network *net = b->net;
    memcpy(to, header, sizeof *header);
    memcpy(to + header->op_offset, b->ops, net->op_count * sizeof *b->ops);
    memcpy(to + header->tensor_offset, b->tensors, net->tensor_count * sizeof *b->tensors);
    memcpy(to + header->output_offset, b->outputs, net->output_count * sizeof *b->outputs);
    memcpy(to + header->label_offset, b->labels, header->label_count * sizeof *b->labels);
    memcpy(to + header->string_offset, b->strings, b->string_bytes);
    for (uint32_t i = 0; i < net->tensor_count; i++)
        pack(&net->tensors[i], to + b->tensors[i].offset);
}

/* ---- self-test ------------------------------------------------------------------------------------ */

static void require(mlm_status status, const mlm_fault *fault, const network *net) {
    char text[8000];
    if (status == MLM_OK) return;
    network_describe(net, text, sizeof text);
    fprintf(stderr, "%s, index %u, needed %u, have %u, %s\n", mlm_status_string(status),
            fault->index, fault->needed, fault->have, text);
    fail("the core refused a network");
}

/* Vectors are behind finish in the order of the outputs, sequences among them where they are received. */
static void record_outputs(const network *net, mlm_session *session, const void *input, float *to) {
    float *vectors = allocate(output_floats(net) * sizeof(float)), *next = vectors, *at = to;
    const uint32_t frames = net_frames_of(net, net->self_test_inputs);
    const mlm_fault none = {0, 0, 0};
    for (int written = 0; written < 2; written++) {
        at = to;
        for (uint32_t i = 0; i < net->output_count; i++) {
            const uint32_t width = net_width(net, net->outputs[i]);
            const uint32_t clock = net_clock_of(net, net->outputs[i]);
            const int is_vector = clock == MLM_NO_CLOCK;
            const uint32_t rows = is_vector ? 1 : net_total_rows(net, clock, frames);
            if (is_vector && written) memcpy(at, next, width * sizeof(float));
            if (is_vector && written) next += width;
            if (!is_vector && !written)
                require(mlm_session_receive(session, i, at, rows), &none, net);
            at += (size_t)rows * width;
        }
        if (!written)
            require(mlm_session_run(session, input, net->self_test_inputs, vectors), &none, net);
    }
    free(vectors);
}

static void record_self_test(const network *net, const blob *b) {
    const mlm_blob_header *header = (const mlm_blob_header *)(const void *)b->bytes;
    rng random = {net->seed + 1};
    mlm_model model;
    mlm_session *session;
    mlm_fault fault = {0, 0, 0};
    mlm_model_info info;
    uint32_t bytes = 0;
    float *input = network_random_input(net, &random, net->self_test_inputs);
    memcpy(b->bytes + header->self_test_input, input,
           (size_t)net->self_test_inputs * net_input_bytes(net));
    free(input);
    blob_fix_crc(b->bytes, b->size);
    require(mlm_model_open(&model, b->bytes, b->size, &fault), &fault, net);
    mlm_model_get_info(&model, &info);
    const uint32_t frames = net_frames_of(net, net->self_test_inputs);
    const mlm_options options = {MLM_SCHEDULE_STREAM, 1, info.needs_max_frames ? frames : 0};
    require(mlm_arena_bytes(&model, &options, &bytes), &fault, net);
    void *arena = aligned_block(bytes);
    require(mlm_session_init(&session, &model, &options, arena, bytes), &fault, net);
    record_outputs(net, session, b->bytes + header->self_test_input,
                   (float *)(void *)(b->bytes + header->self_test_outputs));
    free(arena);
    blob_fix_crc(b->bytes, b->size);
}

/* ---- blobs ---------------------------------------------------------------------------------------- */

blob blob_build(network *net) {
    builder *b = allocate(sizeof *b);
    blob result;
    network_sort(net);
    b->net = net;
    write_records(b);
    result.size = place_sections(b);
    result.bytes = aligned_block(result.size);
    memset(result.bytes, 0, result.size);
    copy_sections(b, result.bytes);
    blob_fix_crc(result.bytes, result.size);
    if (net->self_test_inputs) record_self_test(net, &result);
    free(b->labels);
    free(b->strings);
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
