/*
 * records_test.c - damage to the records of a blob: outputs, tensors, tables, tokens, the order of ops. Each is
 * refused with its status, and nothing crashes. Fields of ops are ops_test.c's.
 */
#include "damage.h"
#include "rig.h"

#include <math.h>
#include <stdlib.h>

static network *small_paper(void) { return network_paper(3, 6, 4); }

#define DAMAGED(wanted, change) DAMAGED_NETWORK(small_paper, wanted, change)

/* ---- outputs -------------------------------------------------------------------------------------- */

static void output_faults(void) {
#define OUTPUTS(wanted, change) DAMAGED_NETWORK(network_of_lengths, wanted, change)
    OUTPUTS(MLM_OK, outputs_of(&b)[1].value = 1);
    OUTPUTS(MLM_ERR_FORMAT, outputs_of(&b)[0].value = 0);
    OUTPUTS(MLM_ERR_FORMAT, outputs_of(&b)[1].value = header_of(&b)->op_count + 1u);
    OUTPUTS(MLM_ERR_FORMAT, outputs_of(&b)[1].value = 0xFFFFFFFFu);
    OUTPUTS(MLM_ERR_FORMAT, outputs_of(&b)[1].value = outputs_of(&b)[0].value);
    OUTPUTS(MLM_ERR_FORMAT, outputs_of(&b)[0].name = header_of(&b)->string_bytes);
    OUTPUTS(MLM_ERR_FORMAT, outputs_of(&b)[0].name = 0xFFFFFFFFu);
    OUTPUTS(MLM_ERR_FORMAT, outputs_of(&b)[0].reserved[0] = 1);
    OUTPUTS(MLM_ERR_FORMAT, outputs_of(&b)[1].reserved[1] = 1);
    /* Labels are those of a vector: output 0, of as many elements. */
    OUTPUTS(MLM_OK, header_of(&b)->label_count = 0);
    OUTPUTS(MLM_ERR_FORMAT, header_of(&b)->label_count = 4);
    OUTPUTS(MLM_ERR_FORMAT,
            (header_of(&b)->label_count = 5, header_of(&b)->label_offset = header_of(&b)->op_offset,
             outputs_of(&b)[0].value = 1));
}

/* ---- tensors -------------------------------------------------------------------------------------- */

static void tensor_faults(void) {
    DAMAGED(MLM_ERR_TENSOR, tensors_of(&b)[1].dtype = MLM_DTYPES);
    DAMAGED(MLM_ERR_TENSOR, tensors_of(&b)[1].dtype = MLM_DTYPE_I8); /* four times the bytes */
    DAMAGED(MLM_ERR_OP, tensors_of(&b)[1].dtype = MLM_DTYPE_U32);
    DAMAGED(MLM_ERR_OP, tensors_of(&b)[1].dtype = MLM_DTYPE_I32);
    DAMAGED(MLM_ERR_TENSOR, tensors_of(&b)[1].packing = MLM_PACKINGS);
    DAMAGED(MLM_ERR_TENSOR, tensors_of(&b)[0].packing = MLM_PACK_VECTOR); /* several columns */
    DAMAGED(MLM_ERR_OP, tensors_of(&b)[0].packing = MLM_PACK_GROUPS);     /* as many bytes */
    DAMAGED(MLM_ERR_OP, tensors_of(&b)[1].packing = MLM_PACK_PANELS);
    DAMAGED(MLM_ERR_TENSOR, tensors_of(&b)[1].rows = 0);
    DAMAGED(MLM_ERR_TENSOR, tensors_of(&b)[1].rows = 0xFFFFFFFFu);
    DAMAGED(MLM_ERR_TENSOR, tensors_of(&b)[1].rows = 9);
    DAMAGED(MLM_ERR_OP, tensors_of(&b)[1].rows = 7); /* the same bytes */
    DAMAGED(MLM_ERR_TENSOR, tensors_of(&b)[0].columns = 0);
    DAMAGED(MLM_ERR_TENSOR, tensors_of(&b)[0].columns += 1u);
    DAMAGED(MLM_ERR_TENSOR, tensors_of(&b)[0].columns = 0xFFFFFFFFu);
    DAMAGED(MLM_ERR_TENSOR,
            (tensors_of(&b)[0].rows = 1u << 24, tensors_of(&b)[0].columns = 1u << 24));
    DAMAGED(MLM_ERR_TENSOR, tensors_of(&b)[1].bytes += 4u);
    DAMAGED(MLM_ERR_TENSOR, tensors_of(&b)[1].bytes = 0);
    DAMAGED(MLM_ERR_TENSOR, tensors_of(&b)[1].offset += 4u);
    DAMAGED(MLM_ERR_TENSOR, tensors_of(&b)[1].offset = (uint32_t)b.size);
    DAMAGED(MLM_ERR_TENSOR, tensors_of(&b)[1].offset = 0xFFFFFFF0u);
    DAMAGED(MLM_ERR_TENSOR, tensors_of(&b)[1].offset = 0);
    DAMAGED(MLM_ERR_TENSOR, tensors_of(&b)[1].name = header_of(&b)->string_bytes);
    DAMAGED(MLM_ERR_TENSOR, tensors_of(&b)[1].reserved[0] = 1);
    DAMAGED(MLM_ERR_TENSOR, tensors_of(&b)[1].reserved[1] = 1);
}

static void non_finite_weights_are_named(void) {
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    blob b = build_blob(small_paper);
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
    blob b = build_blob(small_paper);
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
    ops_of(&b)[3].width += 1u;
    blob_fix_crc(b.bytes, b.size);
    CHECK(open_status(b.bytes, b.size, &fault) == MLM_ERR_OP);
    CHECK_EQUAL(fault.index, 3);
    blob_free(&b);
}

/* ---- filters, and tokens of a self-test ------------------------------------------------------------ */

/* Filters: of 9 bins, as many weights as the bands name. */
static void filter_faults(void) {
#define BINS ((uint32_t *)data_of(&b, 0, 2))
#define AUDIO(wanted, change) DAMAGED_NETWORK(network_audio, wanted, change)
    AUDIO(MLM_ERR_OP, BINS[1] += 1u);
    AUDIO(MLM_ERR_OP, BINS[1] += 0x80000000u);
    AUDIO(MLM_ERR_OP, BINS[0] = 10);
    AUDIO(MLM_ERR_OP, BINS[0] = 0xFFFFFFFFu);
    AUDIO(MLM_ERR_OP, (BINS[1] = BINS[3] = 0x80000000u));
    AUDIO(MLM_ERR_OP, memset(BINS, 0, 56));
    AUDIO(MLM_ERR_OP, tensors_of(&b)[2].dtype = MLM_DTYPE_F32);
    AUDIO(MLM_ERR_OP, tensors_of(&b)[2].dtype = MLM_DTYPE_I32);
    AUDIO(MLM_ERR_FORMAT, header_of(&b)->self_test_inputs = 11); /* no frame */
    AUDIO(MLM_ERR_FORMAT, header_of(&b)->input_width = 2);
    AUDIO(MLM_ERR_OP, header_of(&b)->input_kind = MLM_INPUT_FRAMES);
    AUDIO(MLM_ERR_OP, header_of(&b)->input_kind = MLM_INPUT_TOKENS);
}

static network *tokens_with_self_test(void) {
    network *net = network_tokens();
    net->self_test_inputs = 4;
    return net;
}

/* The paper's network, all of its matrices of i8 that one seed takes; the first one is. */
static network *network_of_i8(void) {
    network *net = network_paper(3, 8, 4);
    uint32_t seed = 0;
    while (net->tensors[net->ops[0].tensors[0]].dtype != MLM_DTYPE_I8) network_use_i8(net, seed++);
    return net;
}

static void i8_faults(void) {
#define BYTES(wanted, change) DAMAGED_NETWORK(network_of_i8, wanted, change)
#define MATRIX tensors_of(&b)[ops_of(&b)[0].tensors[0]]
#define SCALE(i) ((float *)(void *)(b.bytes + MATRIX.offset))[i]
    BYTES(MLM_OK, SCALE(0) = 0.0f);
    BYTES(MLM_OK, b.bytes[MATRIX.offset + 8 * sizeof(float)] = 0x80);
    BYTES(MLM_ERR_NONFINITE, SCALE(0) = NAN);
    BYTES(MLM_ERR_NONFINITE, SCALE(7) = INFINITY);
    BYTES(MLM_ERR_TENSOR, MATRIX.dtype = MLM_DTYPE_F32);
    BYTES(MLM_ERR_TENSOR, MATRIX.packing = MLM_PACK_GROUPS); /* which has no scales */
    BYTES(MLM_ERR_TENSOR, MATRIX.bytes -= 32u);
    BYTES(MLM_ERR_OP, ops_of(&b)[0].tensors[1] = ops_of(&b)[0].tensors[0]);
}

static void token_faults(void) {
#define TOKENS(wanted, change) DAMAGED_NETWORK(tokens_with_self_test, wanted, change)
#define TOKEN(i) ((int32_t *)(void *)(b.bytes + header_of(&b)->self_test_input))[i]
    TOKENS(MLM_OK, TOKEN(0) = 10);
    TOKENS(MLM_ERR_FORMAT, TOKEN(0) = 11);
    TOKENS(MLM_ERR_FORMAT, TOKEN(3) = -1);
    TOKENS(MLM_ERR_OP, header_of(&b)->input_kind = MLM_INPUT_FRAMES);
    TOKENS(MLM_ERR_OP, header_of(&b)->input_kind = MLM_INPUT_SAMPLES);
    TOKENS(MLM_ERR_OP,
           (header_of(&b)->input_kind = MLM_INPUT_SAMPLES, ops_of(&b)[0].attributes[1] = 1));
    TOKENS(MLM_ERR_OP,
           (header_of(&b)->input_kind = MLM_INPUT_SAMPLES, header_of(&b)->self_test_inputs = 12));
}

/* ---- networks -------------------------------------------------------------------------------------- */

/* `values` branches from the first op, added up one after the other: all alive at once. */
static network *branches(uint32_t values) {
    network *net = network_new(MLM_INPUT_FRAMES, 3, 1);
    for (uint32_t i = 0; i < values; i++) network_add(net, op_of(ACTIVATION, 0, 0));
    uint32_t sum = 1;
    for (uint32_t i = 2; i <= values; i++) sum = network_add(net, op_of_two(ARITHMETIC, 0, sum, i));
    network_add_output(net, network_add(net, op_of(POOL, 0, sum)));
    return net;
}

static void values_alive_at_once(void) {
    uint32_t refused_from = 0;
    for (uint32_t values = 2; values <= 60 && !refused_from; values++) {
        network *net = branches(values);
        blob b = blob_build(net);
        mlm_fault fault = {0, 0, 0};
        const mlm_status status = open_status(b.bytes, b.size, &fault);
        CHECK(status == MLM_OK || (status == MLM_ERR_OP && fault.needed == 32));
        if (status == MLM_ERR_OP) refused_from = values;
        blob_free(&b);
        network_free(net);
    }
    CHECK_MESSAGE(refused_from >= 32 && refused_from <= 34, "refused from %u values on",
                  refused_from);
}

/* Ops in another order than that of stages, with vectors behind sequences. */
static void order_of_ops(void) {
    network *net = network_backwards();
    net->self_test_inputs = 0;
    blob b = blob_build(net);
    mlm_blob_op *ops = ops_of(&b);
    for (uint32_t i = 0; i + 1 < net->op_count; i++) {
        const mlm_blob_op kept[2] = {ops[i], ops[i + 1]};
        if (ops[i + 1].stage == ops[i].stage) continue;
        ops[i] = kept[1], ops[i + 1] = kept[0];
        blob_fix_crc(b.bytes, b.size);
        check_status(open_status(b.bytes, b.size, NULL), MLM_ERR_OP, "stages exchanged");
        ops[i] = kept[0], ops[i + 1] = kept[1];
    }
    blob_free(&b);
    network_free(net);
}

int main(int argc, char **argv) {
    if (argc == 3 && !strcmp(argv[1], "--only")) harness.only = argv[2];
    RUN(output_faults);
    RUN(tensor_faults);
    RUN(non_finite_weights_are_named);
    RUN(faults_say_where);
    RUN(filter_faults);
    RUN(i8_faults);
    RUN(token_faults);
    RUN(values_alive_at_once);
    RUN(order_of_ops);
    return harness_end();
}
