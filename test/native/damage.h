/*
 * damage.h - blobs with one thing wrong in them, whose CRC is right again.
 */
#ifndef DAMAGE_H
#define DAMAGE_H

#include "blob_builder.h"
#include "harness.h"

/* mlm_model_open; the model must stay as it was on failure. */
static inline mlm_status open_status(const unsigned char *bytes, size_t size, mlm_fault *fault) {
    mlm_model model, before;
    memset(&model, 0xA5, sizeof model);
    before = model;
    const mlm_status status = mlm_model_open(&model, bytes, size, fault);
    if (status != MLM_OK) CHECK(!memcmp(&model, &before, sizeof model));
    return status;
}

static inline void check_status(mlm_status got, mlm_status wanted, const char *what) {
    CHECK_MESSAGE(got == wanted, "%s: %s, not %s", what, mlm_status_string(got),
                  mlm_status_string(wanted));
}

static inline blob build_blob(network *(*make)(void)) {
    network *net = make();
    blob b = blob_build(net);
    network_free(net);
    return b;
}

static inline mlm_blob_header *header_of(blob *b) { return (mlm_blob_header *)(void *)b->bytes; }

static inline mlm_blob_op *ops_of(blob *b) {
    return (mlm_blob_op *)(void *)(b->bytes + header_of(b)->op_offset);
}

static inline mlm_blob_tensor *tensors_of(blob *b) {
    return (mlm_blob_tensor *)(void *)(b->bytes + header_of(b)->tensor_offset);
}

static inline mlm_blob_output *outputs_of(blob *b) {
    return (mlm_blob_output *)(void *)(b->bytes + header_of(b)->output_offset);
}

static inline uint32_t *labels_of(blob *b) {
    return (uint32_t *)(void *)(b->bytes + header_of(b)->label_offset);
}

/* Data of tensor reference `t` of an op. */
static inline void *data_of(blob *b, uint32_t op, uint32_t t) {
    return b->bytes + tensors_of(b)[ops_of(b)[op].tensors[t]].offset;
}

/* Applies `damage` to the blob `b` of a network, makes the CRC right again and wants `wanted`. */
#define DAMAGED_NETWORK(make, wanted, damage)                              \
    do {                                                                   \
        blob b = build_blob(make);                                         \
        damage;                                                            \
        blob_fix_crc(b.bytes, b.size);                                     \
        check_status(open_status(b.bytes, b.size, NULL), wanted, #damage); \
        blob_free(&b);                                                     \
    } while (0)

#endif
