/*
 * graph.h - what the op records of a model mean: who reads what, how many rows a sequence has, which
 * operators an op is made of. Shared by checks, planner and executor so that they cannot disagree.
 * Knows nothing of offsets or of how anything is computed.
 *
 * A value's place in time has two parts. Its stage: 0 while frames come in; an op behind a barrier runs in
 * a later stage, when the sequence has ended, and goes through time anew. Its clock: how many rows n
 * frames have made of it; clock 0 makes one a frame, and ops that change the clock number theirs 1, 2, ...,
 * an equal change of the same clock having the same number. So no op counts for itself: rows of a step are
 * the difference of two numbers.
 */
#ifndef MLM_GRAPH_H
#define MLM_GRAPH_H

#include "classes.h"

/* Most different clocks in a model besides clock 0, and most buffers of an op besides its output. */
#define MLM_MAX_CLOCKS 24u
#define MLM_MAX_ROLES 4u
#define MLM_MAX_OUTPUTS 32u

/* Of an op that has been checked. */
static inline const mlm_op_class *mlm_class_of(const mlm_blob_op *op) {
    return mlm_op_classes[op->kind];
}

static inline int mlm_is_pool(const mlm_blob_op *op) {
    return (mlm_class_of(op)->flags & MLM_OP_POOL) != 0;
}

/* Elements of one row of a value; rows in the arena are padded to a multiple of 8 elements. */
static inline uint32_t mlm_value_width(const mlm_model *model, uint32_t value) {
    return value == 0 ? mlm_header(model)->input_width : mlm_op_at(model, value - 1)->width;
}

/* Its number type: the model's own input is floats, tokens or samples. */
static inline uint32_t mlm_value_type(const mlm_model *model, uint32_t value) {
    return value == 0 ? MLM_DTYPE_F32 : mlm_op_at(model, value - 1)->type;
}

/* Words of 4 bytes in a row of a value in the arena. */
static inline uint32_t mlm_row_words(const mlm_blob_op *op) {
    return mlm_round_up(op->width, MLM_PANEL) >> (op->type == MLM_DTYPE_I16);
}

static inline uint32_t mlm_value_clock(const mlm_model *model, uint32_t value) {
    return value == 0 ? 0 : mlm_op_at(model, value - 1)->clock;
}

/* The stage from which on a value can be read: a pool's vector is there only behind its own stage. */
uint32_t mlm_available_stage(const mlm_model *model, uint32_t value);

uint32_t mlm_input_count(const mlm_blob_op *op);

/* An op with its surroundings, as its class's functions want it. */
void mlm_view_of(mlm_op_view *view, const mlm_model *model, uint32_t op);

/* ---- rows --------------------------------------------------------------------------------------- */

/* Frames that the network has seen after `inputs` inputs: themselves, or of samples the windows. */
uint32_t mlm_frames_of(const mlm_model *model, uint32_t inputs);
/* Most inputs that make no more than `frames` frames in all. */
uint64_t mlm_most_inputs(const mlm_model *model, uint64_t frames);
/* Most inputs that make at most one frame, whatever came before: 1, or a hop of samples. */
uint32_t mlm_inputs_per_frame(const mlm_model *model);
/* Bytes of one input. */
uint32_t mlm_input_bytes(const mlm_model *model);

/* Rows that an op with this clock has made of `rows` rows, and when these are the whole sequence; at most
 * MLM_UNKNOWN - 1. A fixed clock makes as many rows as there are ticks: `position`. */
uint32_t mlm_clock_rows(const mlm_clock *clock, uint32_t rows, uint32_t position);
uint32_t mlm_clock_total(const mlm_clock *clock, uint32_t rows);

/* Number of clocks besides clock 0; the op that defines clock `clock` >= 1. */
uint32_t mlm_clock_count(const mlm_model *model);
uint32_t mlm_clock_op(const mlm_model *model, uint32_t clock);

/* Rows of a clock that `frames` frames have made so far; and in a whole sequence of so many. */
uint32_t mlm_rows_after(const mlm_model *model, uint32_t clock, uint32_t frames);
uint32_t mlm_total_rows(const mlm_model *model, uint32_t clock, uint32_t frames);

/* Most rows of a clock in one tick of `tile` frames. */
uint32_t mlm_rows_a_tick(const mlm_model *model, uint32_t clock, uint32_t tile);

/* Most rows that the first clock is ahead of the second one, at any time; -1 when it may be behind or
 * more than a million ahead. */
int32_t mlm_most_ahead(const mlm_model *model, uint32_t clock, uint32_t other);

/* Most frames of a sequence whose rows can be counted, whatever the clock. */
uint32_t mlm_most_frames(const mlm_model *model);

/* Whether some op makes rows only behind the end of what is pushed. */
int mlm_looks_ahead(const mlm_model *model);

/* MLM_ERR_LENGTH when branches that meet would have different lengths for `frames` frames. */
mlm_status mlm_check_lengths(const mlm_model *model, uint32_t frames);

/* ---- readers ------------------------------------------------------------------------------------- */

/* Ops [first, end) of a stage. */
uint32_t mlm_stage_begin(const mlm_model *model, uint32_t stage);
uint32_t mlm_stage_end(const mlm_model *model, uint32_t stage);

int mlm_is_output(const mlm_model *model, uint32_t value);

/* Whether a sequence is read in a later stage than its own: all its rows are kept then. */
int mlm_is_whole(const mlm_model *model, uint32_t value);
/* Whether any value is. */
int mlm_has_whole(const mlm_model *model);

/* The op whose output op `op` overwrites element by element with its own, as it dies there; else itself.
 * One step: what is overwritten may have been written over something in its turn. */
uint32_t mlm_overwritten_op(const mlm_model *model, uint32_t op);

/* ---- operators ------------------------------------------------------------------------------------ */

/* Operators of an op under a schedule; how many of them come before part `part`. */
uint32_t mlm_op_operator_count(const mlm_blob_op *op, uint32_t schedule);
uint32_t mlm_op_operator_index(const mlm_blob_op *op, uint32_t schedule, uint32_t part);

/* Index, in the whole model, of the first operator of an op. */
uint32_t mlm_first_operator(const mlm_model *model, uint32_t schedule, uint32_t op);

/* First and last operator between which the bytes of op `op`'s own output are in use, the ops that
 * overwrite it in place included. */
uint32_t mlm_output_first_operator(const mlm_model *model, uint32_t schedule, uint32_t op);
uint32_t mlm_output_last_operator(const mlm_model *model, uint32_t schedule, uint32_t op);

/* Tokens of a model whose input is tokens. */
uint32_t mlm_vocabulary(const mlm_model *model);

/* CRC-32 (IEEE 802.3) of `bytes` bytes, continuing from `crc` (0 at the start). */
uint32_t mlm_crc32(uint32_t crc, const unsigned char *data, size_t bytes);

#endif
