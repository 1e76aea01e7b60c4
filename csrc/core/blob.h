/*
 * blob.h - the .mlm format as it lies in flash: little-endian, version 2, every section 16-byte
 * aligned. Only model.c and the check functions of ops trust none of it; everybody else reads what they
 * have validated.
 *
 *   header | op records | tensor records | outputs | label offsets | strings | self-test | tensor data
 */
#ifndef MLM_BLOB_H
#define MLM_BLOB_H

#include "../kernels/records.h"

/* "MLM" and 0x1A, which stops a text-mode copy. */
#define MLM_MAGIC 0x1A4D4C4Du

typedef struct mlm_blob_header {
    uint32_t magic;
    uint32_t version;
    uint32_t blob_bytes; /* of everything, header included; a multiple of 16 */
    uint32_t crc32;      /* CRC-32 (IEEE 802.3, reflected) of the blob with this field 0 */
    uint32_t input_kind; /* mlm_input_kind */
    uint32_t input_width;
    uint32_t min_frames; /* at least 1: the network is defined for so many frames, up to */
    uint32_t max_frames; /* 0: no limit */
    uint32_t op_count;
    uint32_t op_offset; /* of mlm_blob_op[op_count] */
    uint32_t tensor_count;
    uint32_t tensor_offset; /* of mlm_blob_tensor[tensor_count] */
    uint32_t output_count;  /* at least 1 */
    uint32_t output_offset; /* of mlm_blob_output[output_count] */
    uint32_t label_count;   /* 0, or the width of output 0, which is a vector then */
    uint32_t label_offset;  /* of uint32_t[label_count]: offsets into the strings */
    uint32_t string_bytes;  /* > 0; the last byte is NUL */
    uint32_t string_offset;
    uint32_t metadata;          /* offset into the strings of a JSON text; offset of "" if none */
    uint32_t self_test_inputs;  /* frames, tokens or samples; 0: none */
    uint32_t self_test_input;   /* offset of float or int32 [inputs][input_width] */
    uint32_t self_test_outputs; /* offset of float: the rows of each output, in their order */
    uint32_t reserved[2];       /* 0 */
} mlm_blob_header;              /* 96 bytes */

typedef struct mlm_blob_output {
    uint32_t name;  /* offset into the strings */
    uint32_t value; /* the output of op value - 1 */
    uint32_t reserved[2];
} mlm_blob_output; /* 16 bytes */

_Static_assert(sizeof(mlm_blob_header) == 96, "blob header layout");
_Static_assert(sizeof(mlm_blob_output) == 16, "blob output layout");

static inline const mlm_blob_header *mlm_header(const mlm_model *model) {
    return (const mlm_blob_header *)(const void *)model->blob;
}

static inline const mlm_blob_op *mlm_ops(const mlm_model *model) {
    return (const mlm_blob_op *)(const void *)(model->blob + mlm_header(model)->op_offset);
}

static inline const mlm_blob_op *mlm_op_at(const mlm_model *model, uint32_t op) {
    return mlm_ops(model) + op;
}

static inline const mlm_blob_tensor *mlm_tensors(const mlm_model *model) {
    return (const mlm_blob_tensor *)(const void *)(model->blob + mlm_header(model)->tensor_offset);
}

static inline const mlm_blob_output *mlm_outputs(const mlm_model *model) {
    return (const mlm_blob_output *)(const void *)(model->blob + mlm_header(model)->output_offset);
}

static inline const char *mlm_string(const mlm_model *model, uint32_t offset) {
    return (const char *)(model->blob + mlm_header(model)->string_offset + offset);
}

/* Data of a tensor reference; null for MLM_NO_TENSOR. */
static inline const void *mlm_tensor_data(const mlm_model *model, uint16_t tensor) {
    if (tensor == MLM_NO_TENSOR) return 0;
    return model->blob + mlm_tensors(model)[tensor].offset;
}

static inline uint32_t mlm_round_up(uint32_t n, uint32_t to) { return (n + to - 1u) / to * to; }

#endif
