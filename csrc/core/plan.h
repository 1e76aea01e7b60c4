/*
 * plan.h - the walk over all buffers that planner and executor share: mlm_plan_make writes down what
 * it visits, mlm_session_init keeps the offsets. One walk, so the two cannot disagree.
 */
#ifndef MLM_PLAN_H
#define MLM_PLAN_H

#include "graph.h"

/* Bytes of struct mlm_session, of what it keeps of a clock, and of a receiver of rows. The same on 32- and
 * 64-bit targets. */
#define MLM_SESSION_BYTES 64u
#define MLM_CLOCK_BYTES 16u
#define MLM_RECEIVER_BYTES 16u

/* Most scratch buffers alive at once that a model may have; mlm_model_open checks it. */
#define MLM_MAX_LIVE_BUFFERS 32u

/* Options resolved: how many frames go through together. */
typedef struct mlm_frame_shape {
    uint32_t schedule;
    uint32_t tile;
    uint32_t max_frames; /* 0: no limit */
} mlm_frame_shape;

/* MLM_ERR_ARGUMENT when the options are not permitted for this model. */
mlm_status mlm_shape_of(mlm_frame_shape *shape, const mlm_model *model, const mlm_options *options);

/* Called for each buffer that has bytes: the session's own first, then by the beginnings of their lives.
 * `role` is that of the op's class, or MLM_ROLE_OUTPUT. */
#define MLM_ROLE_SESSION 0xFEu
#define MLM_ROLE_OUTPUT 0xFFu
typedef void (*mlm_buffer_visitor)(void *context, uint32_t role, const mlm_buffer *buffer);

/* Places every buffer; `visit` may be null. Errors: TOO_LARGE, and CAPACITY for more than
 * MLM_MAX_LIVE_BUFFERS, both before the first visit. */
mlm_status mlm_plan_walk(mlm_plan *plan, const mlm_model *model, const mlm_frame_shape *shape,
                         mlm_buffer_visitor visit, void *context);

/* The needs of an op's own buffers under a schedule, with ticks of `tile` frames. */
void mlm_op_needs(const mlm_model *model, uint32_t op, uint32_t schedule, uint32_t tile,
                  mlm_need needs[MLM_MAX_ROLES]);
uint32_t mlm_need_bytes(const mlm_need *need);

/* Bytes at the start of the arena that are the session's own; its states lie behind them. */
uint32_t mlm_bookkeeping_bytes(const mlm_model *model);

/* Outputs that are sequences. */
uint32_t mlm_receiver_count(const mlm_model *model);

#endif
