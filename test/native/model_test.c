/*
 * model_test.c - mlm_model_open and what a model tells about itself; wrong bytes, lengths and headers get their
 * status. Damage to records is records_test.c's. Knows nothing of plans and sessions.
 */
#include "damage.h"
#include "rig.h"

#include <stdlib.h>

static const net_limits limits = {20, 24, 0};

static network *small_paper(void) { return network_paper(3, 6, 4); }

#define DAMAGED(wanted, change) DAMAGED_NETWORK(small_paper, wanted, change)

/* ---- what a model says of itself ------------------------------------------------------------------- */

static void check_model_info(const world *w) {
    const network *net = w->net;
    const mlm_model_info *info = &w->info;
    const int samples = net->input_kind == MLM_INPUT_SAMPLES;
    const uint32_t *front = net->ops[0].attributes;
    CHECK_EQUAL(info->input_kind, net->input_kind);
    CHECK_EQUAL(info->input_width, net->input_width);
    CHECK_EQUAL(info->outputs, net->output_count);
    CHECK_EQUAL(info->min_frames, net->min_frames);
    CHECK_EQUAL(info->max_frames, net->max_frames);
    CHECK_EQUAL(info->needs_max_frames, net_keeps_sequences(net));
    CHECK_EQUAL(info->looks_ahead, net_looks_ahead(net));
    CHECK_EQUAL(info->labels, net->has_labels ? net_width(net, net->outputs[0]) : 0);
    CHECK_EQUAL(info->blob_bytes, w->b.size);
    CHECK_EQUAL(info->crc32, mlm_header(&w->model)->crc32);
    CHECK_EQUAL(info->self_test_inputs, net->self_test_inputs);
    CHECK_EQUAL(info->vocabulary, net->input_kind == MLM_INPUT_TOKENS ? front[0] : 0u);
    CHECK_EQUAL(info->sample_rate_hz, samples ? 16000u : 0u);
    CHECK_EQUAL(info->window_samples, samples ? front[0] : 0u);
    CHECK_EQUAL(info->hop_samples, samples ? front[1] : 0u);
    CHECK(!strncmp(mlm_metadata(&w->model), "{\"made\"", 7));
    for (uint32_t i = 0; i < info->labels; i++) {
        char label[32];
        snprintf(label, sizeof label, "class %u", i);
        CHECK(!strcmp(mlm_label(&w->model, i), label));
    }
}

static void check_outputs(const world *w) {
    for (uint32_t i = 0; i < w->net->output_count; i++) {
        const uint32_t value = w->net->outputs[i], clock = net_clock_of(w->net, value);
        mlm_output_info info;
        char name[32];
        snprintf(name, sizeof name, "output%u", i);
        CHECK(mlm_output_get_info(&w->model, i, &info) == MLM_OK);
        CHECK(!strcmp(info.name, name));
        CHECK_EQUAL(info.width, net_width(w->net, value));
        CHECK_EQUAL(info.is_sequence, clock != MLM_NO_CLOCK);
        for (uint32_t inputs = 0; inputs < 70; inputs++) {
            const uint32_t frames = net_frames_of(w->net, inputs);
            const uint32_t rows = frames == 0             ? 0
                                  : clock == MLM_NO_CLOCK ? 1
                                                          : net_total_rows(w->net, clock, frames);
            const int at_once = clock != MLM_NO_CLOCK && w->net->ops[value - 1].stage == 0;
            CHECK_EQUAL(mlm_output_rows(&w->model, i, inputs), rows);
            CHECK_EQUAL(mlm_output_rows_pushed(&w->model, i, inputs),
                        at_once ? net_rows_after(w->net, clock, frames) : 0);
        }
    }
}

static uint32_t trained_parameters(const network *net, const net_op *op) {
    uint32_t sum = 0;
    if (op->kind == LOGMEL || op->kind == AFFINE) return 0;
    for (int i = 0; i < (int)MLM_TENSOR_REFS; i++)
        if (op->tensors[i] != MLM_NO_TENSOR)
            sum += net->tensors[op->tensors[i]].rows * net->tensors[op->tensors[i]].columns;
    return sum;
}

static void check_ops(const world *w) {
    for (uint32_t i = 0; i < w->net->op_count; i++) {
        const net_op *wanted = &w->net->ops[i];
        const op_row *row = &op_rows[wanted->kind];
        mlm_op_info op;
        char name[32];
        snprintf(name, sizeof name, "op%u", i);
        CHECK(mlm_op_get_info(&w->model, i, &op) == MLM_OK);
        CHECK(!strcmp(mlm_op_name(&w->model, i), name));
        CHECK(!strcmp(op.kind, row->name));
        CHECK(!strcmp(mlm_op_class_name(wanted->kind), row->name));
        CHECK_EQUAL(op.variant, wanted->variant);
        CHECK(!memcmp(op.inputs, wanted->inputs, sizeof op.inputs));
        CHECK(!memcmp(op.attributes, wanted->attributes, sizeof op.attributes));
        CHECK_EQUAL(op.width, wanted->width);
        CHECK_EQUAL(op.is_sequence, wanted->clock != MLM_NO_CLOCK);
        CHECK_EQUAL(op.stage, wanted->stage);
        CHECK_EQUAL(op.is_barrier, (row->flags & (ROW_POOL | ROW_WHOLE)) != 0);
        CHECK_EQUAL(op.parameters, trained_parameters(w->net, wanted));
    }
}

static void check_tensors(const world *w) {
    static const char *const packings[] = {"vector", "panels", "groups"};
    for (uint32_t i = 0; i < w->net->tensor_count; i++) {
        const net_tensor *wanted = &w->net->tensors[i];
        mlm_tensor_info tensor;
        char name[32];
        snprintf(name, sizeof name, "tensor%u", i);
        CHECK(mlm_tensor_get_info(&w->model, i, &tensor) == MLM_OK);
        CHECK(!strcmp(tensor.name, name));
        CHECK_EQUAL(tensor.rows, wanted->rows);
        CHECK_EQUAL(tensor.columns, wanted->columns);
        CHECK(!strcmp(tensor.packing, packings[wanted->packing]));
        const char *const dtypes[] = {"f32", "i8", "i16", "i32", "u32"};
        CHECK(!strcmp(tensor.dtype, dtypes[wanted->dtype]));
        CHECK_EQUAL(tensor.bytes, mlm_tensors(&w->model)[i].bytes);
    }
}

static void random_models_open_and_describe_themselves(void) {
    for (uint64_t seed = 1; seed <= 1000; seed++) {
        world w;
        if (!world_random(&w, seed * 11u, &limits)) continue;
        check_model_info(&w);
        check_outputs(&w);
        check_ops(&w);
        check_tensors(&w);
        CHECK_EQUAL(mlm_op_count(&w.model), w.net->op_count);
        CHECK_EQUAL(mlm_tensor_count(&w.model), w.net->tensor_count);
        world_close(&w);
    }
    /* Those of floats, what converts, at 32 and more those of integers, and more of floats; none is the last. */
    const uint32_t count = mlm_op_class_count();
    CHECK(count > INTEGER_KINDS && !strcmp(mlm_op_class_name(count), ""));
    CHECK(!strcmp(mlm_op_class_name(0), "") && !strcmp(mlm_op_class_name(INTEGER_KINDS), ""));
    CHECK(!strcmp(mlm_op_class_name(KINDS), "quantize") &&
          !strcmp(mlm_op_class_name(INTEGER_KINDS + 1), "linear_int") &&
          !strcmp(mlm_op_class_name(LATER_KINDS), "gru"));
    CHECK(!strcmp(mlm_op_class_name(0xFFFFFFFFu), ""));
}

static void indices_out_of_range(void) {
    static const uint32_t odd[] = {50, 1000000u, 0x80000000u, 0xFFFFFFFFu};
    world w;
    mlm_op_info op;
    mlm_tensor_info tensor;
    mlm_output_info output;
    CHECK(world_open(&w, small_paper()));
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        CHECK(mlm_op_get_info(&w.model, odd[i], &op) == MLM_ERR_ARGUMENT);
        CHECK(mlm_tensor_get_info(&w.model, odd[i], &tensor) == MLM_ERR_ARGUMENT);
        CHECK(mlm_output_get_info(&w.model, odd[i], &output) == MLM_ERR_ARGUMENT);
        CHECK(!strcmp(mlm_op_name(&w.model, odd[i]), ""));
        CHECK(!strcmp(mlm_label(&w.model, odd[i]), ""));
        CHECK_EQUAL(mlm_output_rows(&w.model, odd[i], 9), 0);
        CHECK_EQUAL(mlm_output_rows_pushed(&w.model, odd[i], 9), 0);
    }
    CHECK(mlm_output_get_info(&w.model, 1, &output) == MLM_ERR_ARGUMENT);
    CHECK(mlm_op_get_info(&w.model, 0, NULL) == MLM_ERR_ARGUMENT);
    CHECK(mlm_op_get_info(NULL, 0, &op) == MLM_ERR_ARGUMENT);
    CHECK(mlm_tensor_get_info(&w.model, 0, NULL) == MLM_ERR_ARGUMENT);
    CHECK(mlm_tensor_get_info(NULL, 0, &tensor) == MLM_ERR_ARGUMENT);
    CHECK(mlm_output_get_info(&w.model, 0, NULL) == MLM_ERR_ARGUMENT);
    CHECK(mlm_output_get_info(NULL, 0, &output) == MLM_ERR_ARGUMENT);
    world_close(&w);
}

static void every_status_has_its_name(void) {
    for (int status = 0; status < MLM_STATUS_COUNT; status++) {
        CHECK(!strncmp(mlm_status_string((mlm_status)status), "MLM_", 4));
        for (int other = 0; other < status; other++)
            CHECK(strcmp(mlm_status_string((mlm_status)status),
                         mlm_status_string((mlm_status)other)) != 0);
    }
    CHECK(mlm_status_string((mlm_status)MLM_STATUS_COUNT) != NULL);
    CHECK(mlm_status_string((mlm_status)0x7FFFFFFF) != NULL);
    CHECK(!strcmp(mlm_status_string(MLM_ERR_CRC), "MLM_ERR_CRC"));
    CHECK(!strcmp(mlm_status_string(MLM_ERR_SELF_TEST), "MLM_ERR_SELF_TEST"));
}

/* ---- bytes ---------------------------------------------------------------------------------------- */

static void no_blob_at_all(void) {
    blob b = build_blob(small_paper);
    mlm_model model;
    check_status(mlm_model_open(NULL, b.bytes, b.size, NULL), MLM_ERR_ARGUMENT, "model");
    check_status(mlm_model_open(&model, NULL, b.size, NULL), MLM_ERR_ARGUMENT, "blob");
    unsigned char *room = aligned_block(b.size + 16u);
    for (size_t shift = 1; shift < 16; shift++) {
        memcpy(room + shift, b.bytes, b.size);
        check_status(open_status(room + shift, b.size, NULL), MLM_ERR_ALIGNMENT, "shifted");
    }
#if SIZE_MAX > 0xFFFFFFFFu
    const size_t large = (size_t)1 << 32;
    check_status(open_status(b.bytes, large, NULL), MLM_ERR_TOO_LARGE, "4 GiB");
    check_status(open_status(b.bytes, large + b.size, NULL), MLM_ERR_TOO_LARGE, "4 GiB and more");
#endif
    free(room);
    blob_free(&b);
}

static void wrong_lengths(void) {
    blob b = build_blob(small_paper);
    for (size_t size = 0; size < b.size; size++) {
        blob shorter = blob_copy(&b, size);
        const mlm_status status = open_status(shorter.bytes, size, NULL);
        CHECK_MESSAGE(status == MLM_ERR_TRUNCATED, "%zu of %zu bytes: %s", size, b.size,
                      mlm_status_string(status));
        blob_free(&shorter);
    }
    blob longer = blob_copy(&b, b.size + 16u);
    check_status(open_status(longer.bytes, longer.size, NULL), MLM_ERR_TRUNCATED, "16 bytes more");
    check_status(open_status(longer.bytes, b.size + 1u, NULL), MLM_ERR_TRUNCATED, "1 byte more");
    blob_free(&longer);
    blob_free(&b);
}

static void every_byte_changed(void) {
    blob b = build_blob(small_paper);
    rng random = {5};
    for (size_t at = 0; at < b.size; at++) {
        const unsigned char kept = b.bytes[at];
        b.bytes[at] = (unsigned char)(kept ^ (1u + rng_below(&random, 255)));
        CHECK_MESSAGE(open_status(b.bytes, b.size, NULL) != MLM_OK, "byte %zu: accepted", at);
        b.bytes[at] = kept;
    }
    CHECK(open_status(b.bytes, b.size, NULL) == MLM_OK);
    blob_free(&b);
}

static void random_bytes(void) {
    rng random = {6};
    for (int i = 0; i < 20000; i++) {
        _Alignas(16) unsigned char bytes[512];
        const size_t size = rng_below(&random, sizeof bytes);
        for (size_t k = 0; k < size; k++) bytes[k] = (unsigned char)rng_u32(&random);
        if (size >= sizeof(mlm_blob_header) && i % 2) { /* past the first checks */
            mlm_blob_header *header = (mlm_blob_header *)(void *)bytes;
            header->magic = MLM_MAGIC;
            header->version = MLM_FORMAT_VERSION;
            header->blob_bytes = (uint32_t)size;
            blob_fix_crc(bytes, size);
        }
        CHECK(open_status(bytes, size, NULL) != MLM_OK);
    }
}

/* ---- header --------------------------------------------------------------------------------------- */

static void header_faults(void) {
    DAMAGED(MLM_ERR_MAGIC, header_of(&b)->magic = 0x12345678u);
    DAMAGED(MLM_ERR_VERSION, header_of(&b)->version = MLM_FORMAT_VERSION + 1u);
    DAMAGED(MLM_ERR_VERSION, header_of(&b)->version = 1);
    DAMAGED(MLM_ERR_TRUNCATED, header_of(&b)->blob_bytes += 16u);
    DAMAGED(MLM_ERR_TRUNCATED, header_of(&b)->blob_bytes = 0xFFFFFFF0u);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->input_kind = MLM_INPUT_TOKENS); /* wide */
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->input_kind = MLM_INPUT_SAMPLES);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->input_kind = 3);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->input_width = 0);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->input_width = (1u << 24) + 1u);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->min_frames = 0);
    DAMAGED(MLM_ERR_FORMAT, (header_of(&b)->min_frames = 3, header_of(&b)->max_frames = 2));
    DAMAGED(MLM_OK, (header_of(&b)->min_frames = 3, header_of(&b)->max_frames = 3));
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->min_frames = 4); /* the self-test has 3 */
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->max_frames = 2);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->op_count = 0);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->op_count = MLM_MAX_OPS + 1u);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->op_count = 0xFFFFFFFFu);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->op_offset += 4u);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->op_offset = 0xFFFFFFF0u);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->op_offset = 80); /* in the header */
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->tensor_offset = (uint32_t)b.size);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->tensor_offset |= 8u);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->tensor_count = 0xFFFFFFFFu);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->tensor_count = 0xFFFFu);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->output_count = 0);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->output_count = 33);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->output_count = 0xFFFFFFFFu);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->output_offset = (uint32_t)b.size);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->output_offset += 8u);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->label_count = 3);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->label_count = 0xFFFFFFFFu);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->label_offset = 0xFFFFFFF0u);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->label_offset |= 2u);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->string_bytes = 0);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->string_bytes -= 1u); /* the last byte is no NUL */
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->string_bytes = 0xFFFFFFFFu);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->string_offset = (uint32_t)b.size);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->metadata = header_of(&b)->string_bytes);
    DAMAGED(MLM_OK, header_of(&b)->metadata = header_of(&b)->string_bytes - 1u);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->self_test_inputs = 0xFFFFFFFFu);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->self_test_inputs = 0x40000000u);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->self_test_input = (uint32_t)b.size);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->self_test_input |= 1u);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->self_test_outputs = (uint32_t)b.size);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->self_test_outputs += 4u);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->reserved[0] = 1);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->reserved[1] = 1);
    DAMAGED(MLM_ERR_FORMAT, labels_of(&b)[0] = 0xFFFFFFFFu);
    DAMAGED(MLM_ERR_FORMAT, labels_of(&b)[3] = header_of(&b)->string_bytes);
    DAMAGED(MLM_OK, labels_of(&b)[3] = header_of(&b)->string_bytes - 1u);
    blob b = build_blob(small_paper);
    header_of(&b)->crc32 ^= 1u;
    check_status(open_status(b.bytes, b.size, NULL), MLM_ERR_CRC, "crc");
    blob_free(&b);
}

int main(int argc, char **argv) {
    if (argc == 3 && !strcmp(argv[1], "--only")) harness.only = argv[2];
    RUN(random_models_open_and_describe_themselves);
    RUN(indices_out_of_range);
    RUN(every_status_has_its_name);
    RUN(no_blob_at_all);
    RUN(wrong_lengths);
    RUN(every_byte_changed);
    RUN(random_bytes);
    RUN(header_faults);
    return harness_end();
}
