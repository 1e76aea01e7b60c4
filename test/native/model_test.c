/*
 * model_test.c - mlm_model_open and what a model tells about itself: every kind of damage gets its
 * status and its numbers, nothing gets a crash. Knows nothing of plans and sessions.
 */
#include "blob_builder.h"
#include "harness.h"

#include <math.h>
#include <stdlib.h>

static const spec_limits small = {9, 5, 3, 11};

/* mlm_model_open on a copy of exactly the blob's size; the model must stay as it was on failure. */
static mlm_status open_status(const unsigned char *bytes, size_t size, mlm_fault *fault) {
    mlm_model model, before;
    memset(&model, 0xA5, sizeof model);
    before = model;
    const mlm_status status = mlm_model_open(&model, bytes, size, fault);
    if (status != MLM_OK) CHECK(!memcmp(&model, &before, sizeof model));
    return status;
}

static void check_status(mlm_status got, mlm_status wanted, const char *what) {
    CHECK_MESSAGE(got == wanted, "%s: %s, not %s", what, mlm_status_string(got),
                  mlm_status_string(wanted));
}

static blob paper_blob(void) {
    model_spec spec;
    spec_paper(&spec, 3, 6, 4);
    return blob_build(&spec);
}

static mlm_blob_header *header_of(blob *b) { return (mlm_blob_header *)(void *)b->bytes; }

static mlm_blob_op *ops_of(blob *b) {
    return (mlm_blob_op *)(void *)(b->bytes + header_of(b)->op_offset);
}

static mlm_blob_tensor *tensors_of(blob *b) {
    return (mlm_blob_tensor *)(void *)(b->bytes + header_of(b)->tensor_offset);
}

static uint32_t *labels_of(blob *b) {
    return (uint32_t *)(void *)(b->bytes + header_of(b)->label_offset);
}

/* Windows of 12 samples, 5 apart, of a transform of 16, 4 bands; affine, max pool. */
static blob audio_blob(void) {
    model_spec spec = {.seed = 8, .input_kind = MLM_INPUT_SAMPLES, .input_width = 1};
    spec.op_count = 3;
    spec.self_test_frames = 12;
    spec.ops[0] = (op_spec){.kind = MLM_OP_LOGMEL, .input_width = 1, .epsilon = 1e-5f};
    spec.ops[0].window = 12;
    spec.ops[0].hop = 5;
    spec.ops[0].fft = 16;
    spec.ops[1] = (op_spec){.kind = MLM_OP_AFFINE, .inputs = {1, 0}, .input_width = 4};
    spec.ops[2] = (op_spec){.kind = MLM_OP_POOL, .variant = 2, .inputs = {2, 0}, .input_width = 4};
    for (uint32_t i = 0; i < 3; i++) spec.ops[i].output_width = 4;
    return blob_build(&spec);
}

/* First bin and number of bins of each band. */
static uint32_t *bins_of(blob *b) {
    const mlm_blob_tensor *tensor = &tensors_of(b)[ops_of(b)[0].tensors[MLM_T_FILTER_BINS]];
    return (uint32_t *)(void *)(b->bytes + tensor->offset);
}

/* Applies `damage`, makes the CRC right again and wants `wanted`. */
#define DAMAGED(wanted, damage) DAMAGED_BLOB(paper_blob, wanted, damage)
#define DAMAGED_AUDIO(wanted, damage) DAMAGED_BLOB(audio_blob, wanted, damage)
#define DAMAGED_BLOB(make, wanted, damage)                                 \
    do {                                                                   \
        blob b = make();                                                   \
        damage;                                                            \
        blob_fix_crc(b.bytes, b.size);                                     \
        check_status(open_status(b.bytes, b.size, NULL), wanted, #damage); \
        blob_free(&b);                                                     \
    } while (0)

static uint32_t trained_parameters(const mlm_model *model, uint32_t op) {
    const mlm_blob_op *o = &mlm_ops(model)[op];
    uint32_t sum = 0;
    if (o->kind == MLM_OP_LOGMEL || o->kind == MLM_OP_AFFINE) return 0;
    for (int i = 0; i < MLM_TENSOR_REFS; i++)
        if (o->tensors[i] != MLM_NO_TENSOR)
            sum +=
                mlm_tensors(model)[o->tensors[i]].rows * mlm_tensors(model)[o->tensors[i]].columns;
    return sum;
}

static void check_infos(const model_spec *spec, const mlm_model *model, const blob *b) {
    mlm_model_info info;
    uint32_t weights = 0;
    mlm_model_get_info(model, &info);
    CHECK_EQUAL(info.input_kind, spec->input_kind);
    CHECK_EQUAL(info.input_width, spec->input_width);
    CHECK_EQUAL(info.logits, spec->ops[spec->op_count - 1u].output_width);
    CHECK_EQUAL(info.ops, spec->op_count);
    CHECK_EQUAL(info.labels, spec->labels ? info.logits : 0u);
    CHECK_EQUAL(info.blob_bytes, b->size);
    CHECK_EQUAL(info.crc32, mlm_header(model)->crc32);
    CHECK_EQUAL(info.self_test_frames, spec->self_test_frames);
    CHECK_EQUAL(info.vocabulary,
                spec->input_kind == MLM_INPUT_TOKENS ? spec->ops[0].input_width : 0u);
    CHECK_EQUAL(info.sample_rate_hz, spec->input_kind == MLM_INPUT_SAMPLES ? 16000u : 0u);
    CHECK_EQUAL(info.window_samples, spec->ops[0].window);
    CHECK_EQUAL(info.hop_samples, spec->ops[0].hop);
    for (uint32_t i = 0; i < info.tensors; i++) {
        mlm_tensor_info tensor;
        CHECK(mlm_tensor_get_info(model, i, &tensor) == MLM_OK);
        CHECK_EQUAL(tensor.rows, mlm_tensors(model)[i].rows);
        CHECK_EQUAL(tensor.columns, mlm_tensors(model)[i].columns);
        CHECK_EQUAL(tensor.packing, mlm_tensors(model)[i].packing);
        CHECK(!strncmp(tensor.name, "op", 2));
        weights += tensor.bytes;
    }
    CHECK_EQUAL(info.weights_bytes, weights);
    for (uint32_t i = 0; i < info.ops; i++) {
        const op_spec *wanted = &spec->ops[i];
        mlm_op_info op;
        char name[32];
        snprintf(name, sizeof name, "op%u", i);
        CHECK(mlm_op_get_info(model, i, &op) == MLM_OK);
        CHECK(!strcmp(mlm_op_name(model, i), name));
        CHECK_EQUAL(op.kind, wanted->kind);
        CHECK_EQUAL(op.variant, wanted->variant);
        CHECK_EQUAL(op.inputs[0], wanted->inputs[0]);
        CHECK_EQUAL(op.inputs[1], wanted->inputs[1]);
        CHECK_EQUAL(op.output_width, wanted->output_width);
        CHECK_EQUAL(op.d_inner, wanted->d_inner);
        CHECK_EQUAL(op.d_state, wanted->d_state);
        CHECK_EQUAL(op.d_conv, wanted->d_conv);
        CHECK_EQUAL(op.dt_rank, wanted->dt_rank);
        CHECK_EQUAL(op.has_out_proj, !!(wanted->optional & OPTIONAL_OUT));
        CHECK_EQUAL(op.parameters, trained_parameters(model, i));
    }
    for (uint32_t i = 0; i < info.labels; i++) {
        char label[32];
        snprintf(label, sizeof label, "class %u", i);
        CHECK(!strcmp(mlm_label(model, i), label));
    }
    CHECK(!strncmp(mlm_metadata(model), "{\"made\"", 7));
}

static void random_models_open_and_describe_themselves(void) {
    rng random = {11};
    for (int i = 0; i < 300; i++) {
        model_spec spec;
        mlm_model model;
        mlm_fault fault = {0, 0, 0};
        char text[1000];
        spec_random(&spec, &random, &small);
        blob b = blob_build(&spec);
        const mlm_status status = mlm_model_open(&model, b.bytes, b.size, &fault);
        spec_describe(&spec, text, sizeof text);
        if (CHECK_MESSAGE(status == MLM_OK, "%s (index %u, needed %u, have %u) %s",
                          mlm_status_string(status), fault.index, fault.needed, fault.have, text))
            check_infos(&spec, &model, &b);
        blob_free(&b);
    }
}

static void indices_out_of_range(void) {
    blob b = paper_blob();
    mlm_model model;
    mlm_op_info op;
    mlm_tensor_info tensor;
    CHECK(mlm_model_open(&model, b.bytes, b.size, NULL) == MLM_OK);
    const uint32_t odd[] = {mlm_header(&model)->op_count, mlm_header(&model)->tensor_count,
                            1000000u, 0x80000000u, 0xFFFFFFFFu};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        if (odd[i] >= mlm_header(&model)->op_count) {
            CHECK(mlm_op_get_info(&model, odd[i], &op) == MLM_ERR_ARGUMENT);
            CHECK(!strcmp(mlm_op_name(&model, odd[i]), ""));
        }
        if (odd[i] >= mlm_header(&model)->label_count)
            CHECK(!strcmp(mlm_label(&model, odd[i]), ""));
        if (odd[i] >= mlm_header(&model)->tensor_count)
            CHECK(mlm_tensor_get_info(&model, odd[i], &tensor) == MLM_ERR_ARGUMENT);
    }
    blob_free(&b);
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

static void null_arguments(void) {
    blob b = paper_blob();
    mlm_model model;
    check_status(mlm_model_open(NULL, b.bytes, b.size, NULL), MLM_ERR_ARGUMENT, "model");
    check_status(mlm_model_open(&model, NULL, b.size, NULL), MLM_ERR_ARGUMENT, "blob");
    CHECK(mlm_model_open(&model, b.bytes, b.size, NULL) == MLM_OK);
    check_status(mlm_op_get_info(&model, 0, NULL), MLM_ERR_ARGUMENT, "op info");
    check_status(mlm_tensor_get_info(&model, 0, NULL), MLM_ERR_ARGUMENT, "tensor info");
    blob_free(&b);
}

static void misaligned_blobs(void) {
    blob b = paper_blob();
    unsigned char *room = aligned_block(b.size + 16u);
    for (size_t shift = 1; shift < 16; shift++) {
        memcpy(room + shift, b.bytes, b.size);
        check_status(open_status(room + shift, b.size, NULL), MLM_ERR_ALIGNMENT, "shifted");
    }
    free(room);
    blob_free(&b);
}

static void sizes_beyond_4_gib(void) {
#if SIZE_MAX > 0xFFFFFFFFu
    blob b = paper_blob();
    const size_t large = (size_t)1 << 32;
    check_status(open_status(b.bytes, large, NULL), MLM_ERR_TOO_LARGE, "4 GiB");
    check_status(open_status(b.bytes, large + b.size, NULL), MLM_ERR_TOO_LARGE, "4 GiB and more");
    blob_free(&b);
#endif
}

static void wrong_lengths(void) {
    blob b = paper_blob();
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
    blob b = paper_blob();
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
            header->reserved = 0;
            blob_fix_crc(bytes, size);
        }
        CHECK(open_status(bytes, size, NULL) != MLM_OK);
    }
}

static void header_faults(void) {
    DAMAGED(MLM_ERR_MAGIC, header_of(&b)->magic = 0x12345678u);
    DAMAGED(MLM_ERR_MAGIC, header_of(&b)->magic ^= 1u);
    DAMAGED(MLM_ERR_VERSION, header_of(&b)->version = MLM_FORMAT_VERSION + 1u);
    DAMAGED(MLM_ERR_VERSION, header_of(&b)->version = 0);
    DAMAGED(MLM_ERR_TRUNCATED, header_of(&b)->blob_bytes += 16u);
    DAMAGED(MLM_ERR_TRUNCATED, header_of(&b)->blob_bytes -= 16u);
    DAMAGED(MLM_ERR_TRUNCATED, header_of(&b)->blob_bytes = 0xFFFFFFF0u);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->input_kind = MLM_INPUT_TOKENS); /* wide */
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->input_kind = MLM_INPUT_SAMPLES);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->input_kind = 3);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->input_width = 0);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->logits = 0);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->op_count = 0);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->op_count = MLM_MAX_OPS + 1u);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->op_count = 0xFFFFFFFFu);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->op_offset += 4u);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->op_offset = 0xFFFFFFF0u);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->tensor_offset = (uint32_t)b.size);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->tensor_offset |= 8u);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->tensor_count = 0xFFFFFFFFu);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->tensor_count = 0x08000000u);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->label_count = 3);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->label_offset = 0xFFFFFFF0u);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->label_offset |= 2u);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->string_bytes = 0);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->string_bytes -= 1u); /* the last byte is no NUL */
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->string_bytes = 0xFFFFFFFFu);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->string_offset = (uint32_t)b.size);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->metadata = header_of(&b)->string_bytes);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->metadata = 0xFFFFFFFFu);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->self_test_frames = 0xFFFFFFFFu);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->self_test_frames = 0x40000000u);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->self_test_input = (uint32_t)b.size);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->self_test_input |= 1u);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->self_test_logits = (uint32_t)b.size);
    DAMAGED(MLM_ERR_FORMAT, header_of(&b)->reserved = 1);
    DAMAGED(MLM_ERR_FORMAT, labels_of(&b)[0] = 0xFFFFFFFFu);
    DAMAGED(MLM_ERR_FORMAT, labels_of(&b)[3] = header_of(&b)->string_bytes);
    DAMAGED(MLM_OK, labels_of(&b)[3] = header_of(&b)->string_bytes - 1u);
    DAMAGED(MLM_OK, header_of(&b)->metadata = header_of(&b)->string_bytes - 1u);
    blob b = paper_blob();
    header_of(&b)->crc32 ^= 1u;
    check_status(open_status(b.bytes, b.size, NULL), MLM_ERR_CRC, "crc");
    blob_free(&b);
}

static void tensor_faults(void) {
    DAMAGED(MLM_ERR_TENSOR, tensors_of(&b)[1].dtype = 1);
    DAMAGED(MLM_ERR_TENSOR, tensors_of(&b)[1].packing = MLM_PACK_WORDS); /* of floats */
    DAMAGED(MLM_ERR_TENSOR, tensors_of(&b)[1].packing = 4);
    DAMAGED(MLM_ERR_OP, (tensors_of(&b)[1].packing = MLM_PACK_WORDS, tensors_of(&b)[1].dtype = 1));
    DAMAGED(MLM_ERR_OP, tensors_of(&b)[1].packing = MLM_PACK_PANELS);
    DAMAGED(MLM_ERR_OP, tensors_of(&b)[0].packing = MLM_PACK_GROUPS);
    DAMAGED(MLM_ERR_TENSOR, tensors_of(&b)[0].rows += 8u);
    DAMAGED(MLM_ERR_TENSOR, tensors_of(&b)[0].rows = 0);
    DAMAGED(MLM_ERR_TENSOR, tensors_of(&b)[0].columns = 0);
    DAMAGED(MLM_ERR_TENSOR, tensors_of(&b)[0].columns += 1u);
    DAMAGED(MLM_ERR_TENSOR, tensors_of(&b)[0].offset += 4u);
    DAMAGED(MLM_ERR_TENSOR, tensors_of(&b)[0].offset = (uint32_t)b.size);
    DAMAGED(MLM_ERR_TENSOR, tensors_of(&b)[0].offset = 0xFFFFFFF0u);
    DAMAGED(MLM_ERR_TENSOR, tensors_of(&b)[0].bytes += 16u);
    DAMAGED(MLM_ERR_TENSOR, tensors_of(&b)[0].bytes -= 16u);
    DAMAGED(MLM_ERR_TENSOR, tensors_of(&b)[0].bytes = 0xFFFFFFF0u);
    DAMAGED(MLM_ERR_TENSOR, tensors_of(&b)[0].name = 0xFFFFFFFFu);
    DAMAGED(MLM_ERR_TENSOR, tensors_of(&b)[0].reserved[0] = 1);
    DAMAGED(MLM_ERR_TENSOR, tensors_of(&b)[0].reserved[1] = 1);
    /* Sizes whose product is small again after wrapping at 2^32. */
    DAMAGED(MLM_ERR_TENSOR, (tensors_of(&b)[0].rows = 0x80000000u, tensors_of(&b)[0].columns = 2u));
    DAMAGED(MLM_ERR_TENSOR,
            (tensors_of(&b)[0].rows = 0xFFFFFFFFu, tensors_of(&b)[0].columns = 0xFFFFFFFFu));
    DAMAGED(MLM_ERR_TENSOR, (tensors_of(&b)[1].rows = 0x40000001u, tensors_of(&b)[1].columns = 1u));
}

static void op_faults(void) {
    /* The paper's ops: 0 linear, 1 mamba, 2 pool, 3 linear. */
    DAMAGED(MLM_ERR_OP, ops_of(&b)[0].kind = 0);
    DAMAGED(MLM_ERR_OP, ops_of(&b)[0].kind = MLM_OP_LOGMEL);
    DAMAGED(MLM_ERR_OP, ops_of(&b)[0].kind = MLM_OP_AFFINE);
    DAMAGED(MLM_ERR_OP, ops_of(&b)[0].kind = 10);
    DAMAGED(MLM_ERR_OP, ops_of(&b)[0].kind = 0xFFFFu);
    DAMAGED(MLM_ERR_OP, ops_of(&b)[0].kind = MLM_OP_MAMBA);
    DAMAGED(MLM_ERR_OP, ops_of(&b)[0].kind = MLM_OP_EMBEDDING);
    DAMAGED(MLM_ERR_OP, ops_of(&b)[1].kind = MLM_OP_LINEAR);
    DAMAGED(MLM_ERR_OP, ops_of(&b)[2].variant = 3);
    DAMAGED(MLM_ERR_OP, ops_of(&b)[0].variant = 1);
    DAMAGED(MLM_ERR_OP, ops_of(&b)[2].kind = MLM_OP_ACTIVATION); /* no pool */
    DAMAGED(MLM_ERR_OP, ops_of(&b)[1].name = 0xFFFFFFFFu);
    DAMAGED(MLM_ERR_OP, ops_of(&b)[1].inputs[0] = 2);
    DAMAGED(MLM_ERR_OP, ops_of(&b)[1].inputs[0] = 0xFFFFu);
    DAMAGED(MLM_ERR_OP, ops_of(&b)[1].inputs[0] = 0);
    DAMAGED(MLM_ERR_OP, ops_of(&b)[1].inputs[1] = 1);
    DAMAGED(MLM_ERR_OP, ops_of(&b)[0].epsilon = 1e-5f);
    DAMAGED(MLM_ERR_OP, ops_of(&b)[0].dims[MLM_DIM_INPUT] += 1u);
    DAMAGED(MLM_ERR_OP, ops_of(&b)[0].dims[MLM_DIM_OUTPUT] += 1u);
    DAMAGED(MLM_ERR_OP, ops_of(&b)[0].dims[MLM_DIM_OUTPUT] = 0);
    DAMAGED(MLM_ERR_OP, ops_of(&b)[0].dims[MLM_DIM_INNER] = 1);
    DAMAGED(MLM_ERR_OP, ops_of(&b)[1].dims[6] = 1);
    DAMAGED(MLM_ERR_OP, ops_of(&b)[1].dims[MLM_DIM_INNER] = 0);
    DAMAGED(MLM_ERR_OP, ops_of(&b)[1].dims[MLM_DIM_INNER] += 1u);
    DAMAGED(MLM_ERR_OP, ops_of(&b)[1].dims[MLM_DIM_STATE] = 0);
    DAMAGED(MLM_ERR_OP, ops_of(&b)[1].dims[MLM_DIM_STATE] = 0x80000010u);
    DAMAGED(MLM_ERR_OP, ops_of(&b)[1].dims[MLM_DIM_CONV] = 0);
    DAMAGED(MLM_ERR_OP, ops_of(&b)[1].dims[MLM_DIM_DT_RANK] = 0);
    DAMAGED(MLM_ERR_OP, ops_of(&b)[0].tensors[MLM_T_WEIGHT] = MLM_NO_TENSOR);
    DAMAGED(MLM_ERR_OP, ops_of(&b)[0].tensors[MLM_T_WEIGHT] = 1000);
    DAMAGED(MLM_ERR_OP, ops_of(&b)[0].tensors[MLM_T_BIAS] = 0);
    DAMAGED(MLM_ERR_OP, ops_of(&b)[0].tensors[5] = 0);
    DAMAGED(MLM_ERR_OP, ops_of(&b)[1].tensors[15] = 0);
    for (uint16_t required = 0; required < MLM_T_OUT; required++) {
        if (required == MLM_T_IN_X_BIAS || required == MLM_T_IN_Z_BIAS ||
            required == MLM_T_CONV_BIAS || required == MLM_T_DT_BIAS)
            continue;
        DAMAGED(MLM_ERR_OP, ops_of(&b)[1].tensors[required] = MLM_NO_TENSOR);
    }
    DAMAGED(MLM_ERR_OP,
            ops_of(&b)[1].tensors[MLM_T_OUT_BIAS] = ops_of(&b)[0].tensors[MLM_T_WEIGHT]);
    DAMAGED(MLM_ERR_OP, ops_of(&b)[3].inputs[0] = 2); /* the head before the pool */
    DAMAGED(MLM_ERR_OP, ops_of(&b)[3].kind = MLM_OP_POOL);
}

static void bad_norms(void) {
    static const float epsilons[] = {0.0f,       -1e-5f, 1e-40f,  0x1.fffffcp-127f,
                                     -0x1p-126f, NAN,    INFINITY};
    for (size_t i = 0; i < sizeof epsilons / sizeof *epsilons; i++) {
        model_spec spec = {.seed = 3, .input_width = 5, .op_count = 2};
        spec.ops[0] = (op_spec){.kind = MLM_OP_NORM, .input_width = 5, .output_width = 5};
        spec.ops[0].epsilon = epsilons[i];
        spec.ops[1] = (op_spec){.kind = MLM_OP_POOL, .input_width = 5, .output_width = 5};
        spec.ops[1].inputs[0] = 1;
        blob b = blob_build(&spec);
        check_status(open_status(b.bytes, b.size, NULL), MLM_ERR_OP, "epsilon");
        ops_of(&b)[0].epsilon = 0x1p-126f;
        blob_fix_crc(b.bytes, b.size);
        check_status(open_status(b.bytes, b.size, NULL), MLM_OK, "epsilon");
        blob_free(&b);
    }
}

static void logmel_faults(void) {
    static const float floors[] = {0.0f, -1e-5f, -0.0f, 1e-45f, 0x1.fffffcp-127f, NAN, INFINITY};
    DAMAGED_AUDIO(MLM_OK, (void)0);
    DAMAGED_AUDIO(MLM_OK, ops_of(&b)[0].epsilon = 0x1p-126f);
    for (size_t i = 0; i < sizeof floors / sizeof *floors; i++)
        DAMAGED_AUDIO(MLM_ERR_OP, ops_of(&b)[0].epsilon = floors[i]);
    /* Sizes: window 12, hop 5, fft 16, 4 bands. */
    DAMAGED_AUDIO(MLM_ERR_OP, ops_of(&b)[0].dims[MLM_DIM_HOP] = 0);
    DAMAGED_AUDIO(MLM_ERR_OP, ops_of(&b)[0].dims[MLM_DIM_HOP] = 13);
    DAMAGED_AUDIO(MLM_ERR_OP, ops_of(&b)[0].dims[MLM_DIM_HOP] = 0xFFFFFFFFu);
    DAMAGED_AUDIO(MLM_OK, ops_of(&b)[0].dims[MLM_DIM_HOP] = 12);
    DAMAGED_AUDIO(MLM_OK, ops_of(&b)[0].dims[MLM_DIM_HOP] = 1);
    DAMAGED_AUDIO(MLM_ERR_OP, ops_of(&b)[0].dims[MLM_DIM_WINDOW] = 0);
    DAMAGED_AUDIO(MLM_ERR_OP, ops_of(&b)[0].dims[MLM_DIM_WINDOW] = 11); /* its vector has 12 */
    DAMAGED_AUDIO(MLM_ERR_OP, (ops_of(&b)[0].dims[MLM_DIM_WINDOW] = 24, tensors_of(&b)[0].rows = 24,
                               tensors_of(&b)[0].bytes = 96));
    DAMAGED_AUDIO(MLM_ERR_OP, ops_of(&b)[0].dims[MLM_DIM_WINDOW] = 0x80000000u);
    DAMAGED_AUDIO(MLM_ERR_OP, ops_of(&b)[0].dims[MLM_DIM_FFT] = 0);
    DAMAGED_AUDIO(MLM_ERR_OP, ops_of(&b)[0].dims[MLM_DIM_FFT] = 8);
    DAMAGED_AUDIO(MLM_ERR_OP, ops_of(&b)[0].dims[MLM_DIM_FFT] = 32);
    DAMAGED_AUDIO(MLM_ERR_OP, ops_of(&b)[0].dims[MLM_DIM_FFT] = 1u << 24);
    DAMAGED_AUDIO(MLM_ERR_OP, (ops_of(&b)[0].dims[MLM_DIM_FFT] = 15, tensors_of(&b)[1].rows = 15));
    DAMAGED_AUDIO(MLM_ERR_OP, (ops_of(&b)[0].dims[MLM_DIM_FFT] = 12, tensors_of(&b)[1].rows = 12,
                               tensors_of(&b)[1].bytes = 64));
    DAMAGED_AUDIO(MLM_ERR_OP, tensors_of(&b)[1].rows = 15); /* twiddles */
    DAMAGED_AUDIO(MLM_ERR_OP, ops_of(&b)[0].dims[MLM_DIM_OUTPUT] = 3);
    DAMAGED_AUDIO(MLM_ERR_OP, ops_of(&b)[0].dims[MLM_DIM_OUTPUT] = 5);
    DAMAGED_AUDIO(MLM_ERR_OP, ops_of(&b)[0].dims[MLM_DIM_OUTPUT] = 0x80000004u);
    DAMAGED_AUDIO(MLM_ERR_OP, ops_of(&b)[0].dims[MLM_DIM_INPUT] = 2);
    DAMAGED_AUDIO(MLM_ERR_OP, ops_of(&b)[0].dims[MLM_DIM_SAMPLE_RATE] = 0);
    DAMAGED_AUDIO(MLM_ERR_OP, ops_of(&b)[0].dims[6] = 1);
    DAMAGED_AUDIO(MLM_ERR_OP, ops_of(&b)[0].variant = 1);
    DAMAGED_AUDIO(MLM_ERR_OP, ops_of(&b)[0].inputs[0] = 1);
    DAMAGED_AUDIO(MLM_ERR_OP, ops_of(&b)[0].inputs[1] = 1);
    DAMAGED_AUDIO(MLM_ERR_OP, ops_of(&b)[0].tensors[4] = 0);
    for (uint16_t needed = 0; needed <= MLM_T_FILTERS; needed++) {
        DAMAGED_AUDIO(MLM_ERR_OP, ops_of(&b)[0].tensors[needed] = MLM_NO_TENSOR);
        DAMAGED_AUDIO(MLM_ERR_OP, ops_of(&b)[0].tensors[needed] = 1000);
        DAMAGED_AUDIO(MLM_ERR_OP, ops_of(&b)[0].tensors[needed] = needed == 2 ? 3 : 2);
        DAMAGED_AUDIO(MLM_ERR_OP, ops_of(&b)[0].tensors[needed] = 4); /* the affine op's scale */
    }
    DAMAGED_AUDIO(MLM_ERR_NONFINITE, bins_of(&b)[-1] = 0x7FC00000u); /* of the tensor before */
}

/* Filters: of 9 bins, as many weights as the bands name. */
static void filter_faults(void) {
    uint32_t weights;
    blob sample = audio_blob();
    weights = tensors_of(&sample)[3].rows;
    blob_free(&sample);
    DAMAGED_AUDIO(MLM_ERR_OP, bins_of(&b)[1] += 1u);
    DAMAGED_AUDIO(MLM_ERR_OP, bins_of(&b)[1] -= 1u);
    DAMAGED_AUDIO(MLM_ERR_OP, bins_of(&b)[1] += 0x80000000u);
    DAMAGED_AUDIO(MLM_ERR_OP, bins_of(&b)[0] = 10);
    DAMAGED_AUDIO(MLM_ERR_OP, bins_of(&b)[0] = 0xFFFFFFFFu);
    DAMAGED_AUDIO(MLM_ERR_OP, tensors_of(&b)[3].rows -= 1u);
    /* All weights by the last band, then by one that has too few bins left; sums that wrap. */
    for (uint32_t first = 0; first <= 10; first++)
        DAMAGED_AUDIO(
            first + weights <= 9 ? MLM_OK : MLM_ERR_OP,
            (memset(bins_of(&b), 0, 32), bins_of(&b)[6] = first, bins_of(&b)[7] = weights));
    for (uint32_t first = 0; first <= 10; first++)
        DAMAGED_AUDIO(first <= 9 ? MLM_OK : MLM_ERR_OP,
                      (memset(bins_of(&b), 0, 32), bins_of(&b)[1] = weights < 9 ? weights : 9,
                       bins_of(&b)[3] = weights < 9 ? 0 : weights - 9u, bins_of(&b)[6] = first));
    DAMAGED_AUDIO(MLM_ERR_OP, (bins_of(&b)[1] = bins_of(&b)[3] = 0x80000000u));
    DAMAGED_AUDIO(MLM_ERR_OP, memset(bins_of(&b), 0, 32));
    DAMAGED_AUDIO(MLM_ERR_TENSOR, tensors_of(&b)[2].dtype = MLM_DTYPE_F32);
    DAMAGED_AUDIO(MLM_ERR_TENSOR, tensors_of(&b)[2].packing = MLM_PACK_VECTOR);
    DAMAGED_AUDIO(MLM_ERR_TENSOR, (tensors_of(&b)[2].rows = 4, tensors_of(&b)[2].columns = 2));
    DAMAGED_AUDIO(MLM_ERR_TENSOR, tensors_of(&b)[2].offset += 4u);
    DAMAGED_AUDIO(MLM_ERR_TENSOR, tensors_of(&b)[0].dtype = MLM_DTYPE_U32);
    DAMAGED_AUDIO(MLM_ERR_OP, (tensors_of(&b)[2].dtype = MLM_DTYPE_F32,
                               tensors_of(&b)[2].packing = MLM_PACK_VECTOR));
}

/* What makes samples of an input, and self-tests that are too short for a frame. */
static void faults_of_sample_models(void) {
    DAMAGED_AUDIO(MLM_ERR_OP, header_of(&b)->input_kind = MLM_INPUT_FRAMES);
    DAMAGED_AUDIO(MLM_ERR_OP, header_of(&b)->input_kind = MLM_INPUT_TOKENS);
    DAMAGED_AUDIO(MLM_ERR_FORMAT, header_of(&b)->input_kind = 3);
    DAMAGED_AUDIO(MLM_ERR_FORMAT, header_of(&b)->input_width = 4);
    DAMAGED_AUDIO(MLM_ERR_OP, ops_of(&b)[0].kind = MLM_OP_AFFINE);
    DAMAGED_AUDIO(MLM_ERR_OP, ops_of(&b)[0].kind = MLM_OP_EMBEDDING);
    DAMAGED_AUDIO(MLM_ERR_OP, ops_of(&b)[1].kind = MLM_OP_LOGMEL);
    DAMAGED_AUDIO(MLM_ERR_OP, ops_of(&b)[1].inputs[0] = 0);
    DAMAGED_AUDIO(MLM_ERR_OP, ops_of(&b)[1].tensors[MLM_T_WEIGHT] = MLM_NO_TENSOR);
    DAMAGED_AUDIO(MLM_ERR_OP, ops_of(&b)[1].tensors[MLM_T_BIAS] = MLM_NO_TENSOR);
    DAMAGED_AUDIO(MLM_ERR_OP, ops_of(&b)[1].tensors[MLM_T_BIAS] = 0); /* 12 elements */
    DAMAGED_AUDIO(MLM_ERR_OP, ops_of(&b)[1].tensors[MLM_T_BIAS] = 2); /* words */
    DAMAGED_AUDIO(MLM_ERR_OP, ops_of(&b)[1].epsilon = 1e-5f);
    DAMAGED_AUDIO(MLM_ERR_OP, ops_of(&b)[1].variant = 1);
    DAMAGED_AUDIO(MLM_ERR_OP, ops_of(&b)[1].dims[MLM_DIM_OUTPUT] = 5);
    DAMAGED_AUDIO(MLM_ERR_OP, ops_of(&b)[1].dims[MLM_DIM_WINDOW] = 1);
    DAMAGED_AUDIO(MLM_OK, header_of(&b)->self_test_frames = 0);
    DAMAGED_AUDIO(MLM_ERR_FORMAT, header_of(&b)->self_test_frames = 1);
    DAMAGED_AUDIO(MLM_ERR_FORMAT, header_of(&b)->self_test_frames = 11);
    DAMAGED_AUDIO(MLM_OK, header_of(&b)->self_test_frames = 13);
    DAMAGED_AUDIO(MLM_ERR_FORMAT, header_of(&b)->self_test_frames = 0xFFFFFFFFu);
}

static op_spec op_of(uint32_t kind, uint32_t input, uint32_t input_width, uint32_t output_width) {
    op_spec op = {.kind = kind, .inputs = {input, 0}};
    op.input_width = input_width;
    op.output_width = output_width;
    op.epsilon = kind == MLM_OP_NORM ? 1e-5f : 0.0f;
    if (kind == MLM_OP_MAMBA) op.d_inner = op.d_state = op.d_conv = op.dt_rank = 2;
    if (kind == MLM_OP_MAMBA) op.optional = OPTIONAL_OUT;
    return op;
}

static op_spec add_of(uint32_t x, uint32_t y, uint32_t width) {
    op_spec op = op_of(MLM_OP_ADD, x, width, width);
    op.inputs[1] = y;
    return op;
}

/* A model of up to 5 ops over frames of 4 elements, or tokens. */
#define GRAPH(wanted, kind_of_input, ...)                                       \
    do {                                                                        \
        const op_spec list[] = {__VA_ARGS__};                                   \
        model_spec spec = {.seed = 1, .input_kind = (kind_of_input)};           \
        spec.input_width = spec.input_kind == MLM_INPUT_FRAMES ? 4u : 1u;       \
        spec.op_count = sizeof list / sizeof *list;                             \
        memcpy(spec.ops, list, sizeof list);                                    \
        blob b = blob_build(&spec);                                             \
        check_status(open_status(b.bytes, b.size, NULL), wanted, #__VA_ARGS__); \
        blob_free(&b);                                                          \
    } while (0)

/* Every op is sound in itself; what they make together is not a model. */
static void graphs_that_make_no_model(void) {
    const op_spec linear = op_of(MLM_OP_LINEAR, 0, 4, 4), pool = op_of(MLM_OP_POOL, 1, 4, 4);
    const op_spec embedding = op_of(MLM_OP_EMBEDDING, 0, 9, 4);
    const uint32_t frames = MLM_INPUT_FRAMES, tokens = MLM_INPUT_TOKENS;
    GRAPH(MLM_OK, frames, linear, pool);
    GRAPH(MLM_OK, frames, linear, pool, op_of(MLM_OP_NORM, 2, 4, 4), add_of(2, 3, 4));
    GRAPH(MLM_OK, frames, linear, add_of(0, 1, 4), op_of(MLM_OP_POOL, 2, 4, 4));
    GRAPH(MLM_OK, frames, op_of(MLM_OP_POOL, 0, 4, 4));
    GRAPH(MLM_OK, tokens, embedding, pool);
    GRAPH(MLM_ERR_OP, frames, linear);
    GRAPH(MLM_ERR_OP, frames, linear, pool, op_of(MLM_OP_POOL, 2, 4, 4));
    GRAPH(MLM_ERR_OP, frames, linear, pool, op_of(MLM_OP_MAMBA, 2, 4, 4));
    GRAPH(MLM_ERR_OP, frames, linear, pool, op_of(MLM_OP_LINEAR, 1, 4, 4));
    GRAPH(MLM_ERR_OP, frames, linear, pool, op_of(MLM_OP_LINEAR, 0, 4, 4));
    GRAPH(MLM_ERR_OP, frames, linear, pool, add_of(2, 1, 4));
    GRAPH(MLM_ERR_OP, frames, linear, pool, add_of(2, 0, 4));
    GRAPH(MLM_ERR_OP, frames, linear, pool, add_of(3, 2, 4));
    GRAPH(MLM_ERR_OP, frames, linear, add_of(1, 2, 4), op_of(MLM_OP_POOL, 2, 4, 4));
    GRAPH(MLM_ERR_OP, frames, op_of(MLM_OP_LINEAR, 1, 4, 4), pool);
    GRAPH(MLM_ERR_OP, frames, op_of(MLM_OP_LINEAR, 0, 4, 3), add_of(0, 1, 4),
          op_of(MLM_OP_POOL, 2, 4, 4));
    GRAPH(MLM_ERR_OP, frames, op_of(MLM_OP_LINEAR, 0, 3, 4), pool);
    GRAPH(MLM_ERR_OP, frames, op_of(MLM_OP_NORM, 0, 4, 3), op_of(MLM_OP_POOL, 1, 3, 3));
    GRAPH(MLM_ERR_OP, frames, op_of(MLM_OP_ACTIVATION, 0, 4, 5), op_of(MLM_OP_POOL, 1, 5, 5));
    GRAPH(MLM_ERR_OP, frames, linear, op_of(MLM_OP_POOL, 1, 4, 3));
    GRAPH(MLM_ERR_OP, frames, embedding, pool);
    GRAPH(MLM_ERR_OP, tokens, op_of(MLM_OP_LINEAR, 0, 1, 4), pool);
    GRAPH(MLM_ERR_OP, tokens, op_of(MLM_OP_POOL, 0, 1, 1));
    GRAPH(MLM_ERR_OP, tokens, op_of(MLM_OP_ACTIVATION, 0, 1, 1), op_of(MLM_OP_POOL, 1, 1, 1));
    GRAPH(MLM_ERR_OP, tokens, embedding, op_of(MLM_OP_EMBEDDING, 0, 9, 4),
          op_of(MLM_OP_POOL, 2, 4, 4));
    GRAPH(MLM_ERR_OP, tokens, op_of(MLM_OP_EMBEDDING, 0, 9, 1), add_of(1, 0, 1),
          op_of(MLM_OP_POOL, 2, 1, 1));
}

/* Samples are read by the first op alone, a log-mel front end; affine stands anywhere. */
static void graphs_of_samples(void) {
    const uint32_t frames = MLM_INPUT_FRAMES, samples = MLM_INPUT_SAMPLES;
    op_spec logmel = op_of(MLM_OP_LOGMEL, 0, 1, 4);
    logmel.window = logmel.hop = logmel.fft = 4;
    logmel.epsilon = 1e-5f;
    op_spec one_band = logmel;
    one_band.output_width = 1;
    const op_spec affine = op_of(MLM_OP_AFFINE, 0, 4, 4);
    GRAPH(MLM_OK, samples, logmel, op_of(MLM_OP_POOL, 1, 4, 4));
    GRAPH(MLM_OK, samples, logmel, op_of(MLM_OP_AFFINE, 1, 4, 4), op_of(MLM_OP_POOL, 2, 4, 4));
    GRAPH(MLM_OK, samples, logmel, add_of(1, 1, 4), op_of(MLM_OP_POOL, 2, 4, 4));
    GRAPH(MLM_OK, frames, affine, op_of(MLM_OP_POOL, 1, 4, 4), op_of(MLM_OP_AFFINE, 2, 4, 4));
    GRAPH(MLM_OK, frames, affine, add_of(0, 1, 4), op_of(MLM_OP_POOL, 2, 4, 4));
    GRAPH(MLM_ERR_OP, samples, logmel);
    for (uint32_t fft = 1; fft <= 2; fft++) { /* powers of two, but too small */
        op_spec tiny = logmel;
        tiny.window = tiny.hop = tiny.fft = fft;
        GRAPH(MLM_ERR_OP, samples, tiny, op_of(MLM_OP_POOL, 1, 4, 4));
    }
    GRAPH(MLM_ERR_OP, samples, op_of(MLM_OP_POOL, 0, 1, 1));
    GRAPH(MLM_ERR_OP, samples, op_of(MLM_OP_LINEAR, 0, 1, 4), op_of(MLM_OP_POOL, 1, 4, 4));
    GRAPH(MLM_ERR_OP, samples, op_of(MLM_OP_AFFINE, 0, 1, 1), op_of(MLM_OP_POOL, 1, 1, 1));
    GRAPH(MLM_ERR_OP, samples, one_band, add_of(1, 0, 1), op_of(MLM_OP_POOL, 2, 1, 1));
    GRAPH(MLM_ERR_OP, samples, one_band, op_of(MLM_OP_AFFINE, 0, 1, 1),
          op_of(MLM_OP_POOL, 2, 1, 1));
    GRAPH(MLM_ERR_OP, frames, affine, op_of(MLM_OP_POOL, 1, 4, 4), op_of(MLM_OP_AFFINE, 1, 4, 4));
    GRAPH(MLM_ERR_OP, frames, op_of(MLM_OP_AFFINE, 0, 4, 5), op_of(MLM_OP_POOL, 1, 5, 5));
}

/* `values` branches from the first op, added up one after the other: all alive at once. */
static void spec_of_branches(model_spec *spec, uint32_t values) {
    memset(spec, 0, sizeof *spec);
    spec->input_width = 3;
    for (uint32_t i = 0; i < values; i++)
        spec->ops[spec->op_count++] =
            (op_spec){.kind = MLM_OP_ACTIVATION, .input_width = 3, .output_width = 3};
    for (uint32_t i = 1; i < values; i++) {
        op_spec add = {.kind = MLM_OP_ADD, .inputs = {i == 1 ? 1 : spec->op_count, i + 1u}};
        add.input_width = add.output_width = 3;
        spec->ops[spec->op_count++] = add;
    }
    op_spec pool = {.kind = MLM_OP_POOL, .inputs = {spec->op_count, 0}};
    pool.input_width = pool.output_width = 3;
    spec->ops[spec->op_count++] = pool;
}

static void values_alive_at_once(void) {
    model_spec spec;
    uint32_t refused_from = 0;
    for (uint32_t values = 2; values <= 60 && !refused_from; values++) {
        spec_of_branches(&spec, values);
        blob b = blob_build(&spec);
        const mlm_status status = open_status(b.bytes, b.size, NULL);
        CHECK(status == MLM_OK || status == MLM_ERR_OP);
        if (status == MLM_ERR_OP) refused_from = values;
        blob_free(&b);
    }
    CHECK_MESSAGE(refused_from >= 16 && refused_from <= 20, "refused from %u values on",
                  refused_from);
}

static void non_finite_weights_are_named(void) {
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    blob b = paper_blob();
    for (uint32_t tensor = 0; tensor < header_of(&b)->tensor_count; tensor++)
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
            const mlm_blob_tensor *t = &tensors_of(&b)[tensor];
            const uint32_t elements = t->bytes / 4u, at = i == 0 ? 0 : elements - 1u;
            float *data = (float *)(void *)(b.bytes + t->offset);
            const float kept = data[at];
            mlm_fault fault = {77, 77, 77};
            data[at] = bad[i];
            blob_fix_crc(b.bytes, b.size);
            check_status(open_status(b.bytes, b.size, &fault), MLM_ERR_NONFINITE, "weight");
            CHECK_EQUAL(fault.index, tensor);
            CHECK_EQUAL(fault.have, at);
            data[at] = kept;
        }
    blob_free(&b);
}

static void faults_say_where(void) {
    blob b = paper_blob();
    mlm_fault fault = {77, 77, 77};
    CHECK(open_status(b.bytes, b.size, &fault) == MLM_OK);
    CHECK_MESSAGE(fault.index == 77 && fault.needed == 77 && fault.have == 77,
                  "fault is written on failure only");
    CHECK(open_status(b.bytes, b.size - 16u, &fault) == MLM_ERR_TRUNCATED);
    CHECK_EQUAL(fault.needed, b.size);
    CHECK_EQUAL(fault.have, b.size - 16u);
    CHECK(open_status(b.bytes, 10, &fault) == MLM_ERR_TRUNCATED);
    CHECK_EQUAL(fault.have, 10);
    header_of(&b)->version = 9;
    CHECK(open_status(b.bytes, b.size, &fault) == MLM_ERR_VERSION);
    CHECK_EQUAL(fault.needed, MLM_FORMAT_VERSION);
    CHECK_EQUAL(fault.have, 9);
    header_of(&b)->version = MLM_FORMAT_VERSION;
    tensors_of(&b)[4].dtype = 9;
    blob_fix_crc(b.bytes, b.size);
    CHECK(open_status(b.bytes, b.size, &fault) == MLM_ERR_TENSOR);
    CHECK_EQUAL(fault.index, 4);
    tensors_of(&b)[4].dtype = MLM_DTYPE_F32;
    ops_of(&b)[3].dims[MLM_DIM_INPUT] += 1u;
    blob_fix_crc(b.bytes, b.size);
    CHECK(open_status(b.bytes, b.size, &fault) == MLM_ERR_OP);
    CHECK_EQUAL(fault.index, 3);
    blob_free(&b);
}

int main(int argc, char **argv) {
    if (argc == 3 && !strcmp(argv[1], "--only")) harness.only = argv[2];
    RUN(random_models_open_and_describe_themselves);
    RUN(indices_out_of_range);
    RUN(every_status_has_its_name);
    RUN(null_arguments);
    RUN(misaligned_blobs);
    RUN(sizes_beyond_4_gib);
    RUN(wrong_lengths);
    RUN(every_byte_changed);
    RUN(random_bytes);
    RUN(header_faults);
    RUN(tensor_faults);
    RUN(op_faults);
    RUN(bad_norms);
    RUN(logmel_faults);
    RUN(filter_faults);
    RUN(faults_of_sample_models);
    RUN(graphs_that_make_no_model);
    RUN(graphs_of_samples);
    RUN(values_alive_at_once);
    RUN(non_finite_weights_are_named);
    RUN(faults_say_where);
    return harness_end();
}
