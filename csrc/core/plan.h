/*
 * plan.h - the walk over all buffers that planner and executor share: mlm_plan_make writes down what
 * it visits, mlm_session_init keeps the offsets. One walk, so the two cannot disagree.
 */
#ifndef MLM_PLAN_H
#define MLM_PLAN_H

#include "graph.h"

/* Bytes of struct mlm_session, the same on 32- and 64-bit targets. */
#define MLM_SESSION_BYTES 80u
/* Most values alive at once that a model may have; mlm_model_open checks it. */
#define MLM_MAX_LIVE_VALUES 16u

/* Called for each buffer in canonical order: the session's own first, then op by op. */
typedef void (*mlm_buffer_visitor)(void *context, const mlm_buffer *buffer);

/* Places every buffer; `visit` may be null. Errors: TOO_LARGE, before the first visit. */
mlm_status mlm_plan_walk(mlm_plan *plan, const mlm_model *model, const mlm_shape *shape,
                         mlm_buffer_visitor visit, void *context);

#endif
