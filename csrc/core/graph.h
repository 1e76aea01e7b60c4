/*
 * graph.h - what the op list of a validated model means: which operators an op is made of, how wide
 * values are, how long they live. Shared by planner and executor so that they cannot disagree.
 * Knows nothing of offsets or of how anything is computed.
 */
#ifndef MLM_GRAPH_H
#define MLM_GRAPH_H

#include "blob.h"

/* Most buffers an op has: a mamba op's scan state, conv state, x, x_dbl, dt, dA, dBx, z, output. */
#define MLM_MAX_OP_BUFFERS 9u

/* Values are numbered 0 for the model's input and n for the output of op n - 1. */
static inline const mlm_blob_op *mlm_op_at(const mlm_model *model, uint32_t op) {
    return mlm_ops(model) + op;
}

/* Elements of one row of a value; rows in the arena are padded to a multiple of 8. */
static inline uint32_t mlm_row_stride(uint32_t width) { return mlm_round_up(width, MLM_PANEL); }

uint32_t mlm_value_width(const mlm_model *model, uint32_t value);

/* Frames that the network has seen after `inputs` inputs: themselves, or of samples the windows. */
uint32_t mlm_frames_of(const mlm_model *model, uint32_t inputs);
/* Most inputs that make no more than `frames` frames in all. */
uint64_t mlm_most_inputs(const mlm_model *model, uint64_t frames);
/* Most inputs that make at most one frame, whatever came before: 1, or a hop of samples. */
uint32_t mlm_inputs_per_frame(const mlm_model *model);

/* Operators of an op under a schedule; and the kind of the n-th of them. */
uint32_t mlm_op_operator_count(const mlm_blob_op *op, uint32_t schedule);
mlm_operator_kind mlm_op_operator_kind(const mlm_blob_op *op, uint32_t schedule, uint32_t n);
/* Index of the operator of this kind within its op. */
uint32_t mlm_op_operator_index(const mlm_blob_op *op, uint32_t schedule, mlm_operator_kind kind);

/* The only pool: ops before it run on frames, it and the ops after it once a sequence. */
uint32_t mlm_pool_op(const mlm_model *model);

/* Last op that reads a value made by an op; the maker itself if none does. */
uint32_t mlm_last_reader(const mlm_model *model, uint32_t value);

/* The op whose buffer op `op` writes its output to: itself, or the maker of an input that dies there
 * and is overwritten element by element. */
uint32_t mlm_output_owner(const mlm_model *model, uint32_t op);

/* Last operator (of the whole model) that reads the bytes of op `op`'s own output, the ops that
 * overwrite it in place included. */
uint32_t mlm_output_last_operator(const mlm_model *model, uint32_t schedule, uint32_t op);

/* Index, in the whole model, of the first operator of an op. */
uint32_t mlm_first_operator(const mlm_model *model, uint32_t schedule, uint32_t op);

/* Options resolved: how many frames and channels go through together. */
typedef struct mlm_shape {
    uint32_t schedule;
    uint32_t tile;
    uint32_t max_frames; /* 0: no limit */
} mlm_shape;

/* MLM_ERR_ARGUMENT when the options are not permitted. */
mlm_status mlm_shape_of(mlm_shape *shape, const mlm_options *options);

/* Channels of dt and of z that a mamba op has alive at a time; multiples of 8. */
uint32_t mlm_dt_channels(const mlm_blob_op *op, uint32_t schedule);
uint32_t mlm_z_channels(const mlm_blob_op *op, uint32_t schedule);

/* A buffer as the graph asks for it: bytes 0 when the op does not need it. */
typedef struct mlm_need {
    uint64_t bytes;
    uint16_t first, last; /* operators of the whole model */
    uint8_t role;
    uint8_t kind;
} mlm_need;

/*
 * The buffers of one op in canonical order (that of mlm_buffer_role); returns how many, those of 0
 * bytes left out. state buffers come in the same order and size under every schedule.
 */
uint32_t mlm_op_needs(const mlm_model *model, const mlm_shape *shape, uint32_t op,
                      mlm_need needs[MLM_MAX_OP_BUFFERS]);

/* CRC-32 (IEEE 802.3) of `bytes` bytes, continuing from `crc` (0 at the start). */
uint32_t mlm_crc32(uint32_t crc, const unsigned char *data, size_t bytes);

#endif
