/*
 * check.c - whether the op records of a blob form a network: every op by its class, its place in time, its
 * memory. Nothing here runs a model; sections and tensors are model.c's.
 */
#include "check.h"

#include "plan.h"

/* Largest power of two that an element of an integer is scaled by. */
enum { MOST_EXPONENT = 100 };

/* Whether all of a record that its class does not use is empty. */
static int has_form(const mlm_blob_op *op, const mlm_op_class *class, uint32_t inputs) {
    if (op->variant >= class->variants || inputs < class->least_inputs ||
        inputs > class->most_inputs || op->width == 0 || op->width > MLM_MAX_WIDTH ||
        op->reserved != 0)
        return 0;
    for (uint32_t i = inputs; i < MLM_MAX_INPUTS; i++)
        if (op->inputs[i] != MLM_NO_VALUE) return 0;
    for (uint32_t i = class->attributes; i < MLM_ATTRIBUTES; i++)
        if (op->attributes[i] != 0) return 0;
    for (uint32_t i = class->tensors; i < MLM_TENSOR_REFS; i++)
        if (op->tensors[i] != MLM_NO_TENSOR) return 0;
    return 1;
}

static int is_one_of(uint32_t types, uint32_t type) {
    return type < MLM_DTYPES && (types ? types : MLM_TYPE_BIT(MLM_DTYPE_F32)) >> type & 1u;
}

/* Whether the number types of output and inputs go together. */
static int types_are_right(const mlm_op_view *view, const mlm_op_class *class) {
    const mlm_blob_op *op = view->op;
    if (!MLM_INTEGERS) return op->type == MLM_DTYPE_F32 && op->exponent == 0;
    const uint32_t moved = MLM_TYPE_BIT(MLM_DTYPE_F32) | MLM_TYPE_BIT(MLM_DTYPE_I32);
    const int moves = (class->flags & MLM_OP_MOVES) != 0;
    if (!is_one_of(moves ? moved : class->types, op->type)) return 0;
    if (op->type == MLM_DTYPE_F32 ? op->exponent != 0
                                  : op->exponent < -MOST_EXPONENT || op->exponent > MOST_EXPONENT)
        return 0;
    if (class->flags & MLM_OP_FRONT) return 1;
    /* The second input of an op that is paced by it is not read. */
    const uint32_t read = class->flags & MLM_OP_PACED ? 1 : view->inputs;
    for (uint32_t i = 0; i < read; i++)
        if (!is_one_of(moves ? MLM_TYPE_BIT(op->type) : class->input_types, view->types[i]))
            return 0;
    return 1;
}

static uint32_t input_of_front(uint32_t flags) {
    if (flags & MLM_OP_SAMPLES16) return MLM_INPUT_SAMPLES16;
    return flags & MLM_OP_SAMPLES ? MLM_INPUT_SAMPLES : MLM_INPUT_TOKENS;
}

/* Tokens and samples are read by their front end only, frames by everything else. */
static int reads_rightly(const mlm_model *model, uint32_t index, const mlm_op_class *class) {
    const mlm_blob_op *op = mlm_op_at(model, index);
    const uint32_t input = mlm_header(model)->input_kind;
    const int frames = input == MLM_INPUT_FRAMES;
    if (class->flags & MLM_OP_FRONT)
        return index == 0 && op->inputs[0] == 0 && input == input_of_front(class->flags);
    for (uint32_t i = 0; i < MLM_MAX_INPUTS && op->inputs[i] != MLM_NO_VALUE; i++) {
        if (op->inputs[i] > index) return 0;
        if (op->inputs[i] == 0 && (!frames || op->stage > 0)) return 0;
    }
    return 1;
}

/* The stage that follows from the inputs. */
static uint32_t stage_of(const mlm_model *model, const mlm_blob_op *op, const mlm_op_class *class) {
    uint32_t stage = 0;
    for (uint32_t i = 0; i < MLM_MAX_INPUTS && op->inputs[i] != MLM_NO_VALUE; i++) {
        const uint32_t available = mlm_available_stage(model, op->inputs[i]);
        if (available > stage) stage = available;
    }
    return stage + (class->flags & MLM_OP_WHOLE ? 1u : 0u);
}

/* The clock that its inputs have: of those made in its own stage the same one. MLM_NO_CLOCK: vectors only. */
static int clock_of_inputs(const mlm_model *model, const mlm_blob_op *op, uint32_t *clock) {
    uint32_t own = MLM_NO_CLOCK, earlier = MLM_NO_CLOCK;
    for (uint32_t i = 0; i < MLM_MAX_INPUTS && op->inputs[i] != MLM_NO_VALUE; i++) {
        const uint32_t value = op->inputs[i], found = mlm_value_clock(model, value);
        if (found == MLM_NO_CLOCK) continue;
        if (mlm_available_stage(model, value) < op->stage) {
            if (earlier == MLM_NO_CLOCK) earlier = found;
        } else if (own == MLM_NO_CLOCK) {
            own = found;
        } else if (own != found) {
            return 0;
        }
    }
    *clock = own != MLM_NO_CLOCK ? own : earlier;
    return 1;
}

static int same_change(const mlm_clock *a, const mlm_clock *b) {
    return a->window == b->window && a->hop == b->hop && a->before == b->before &&
           a->after == b->after && a->repeat == b->repeat && a->insert == b->insert &&
           a->fixed == b->fixed;
}

/* A changed clock has the number of an equal change before it, or the next one. */
static int clock_is_right(const mlm_model *model, uint32_t index, uint32_t from, uint32_t clocks,
                          const mlm_clock *change) {
    const uint32_t clock = mlm_op_at(model, index)->clock;
    if (change->window == 0 || change->hop == 0 || change->before >= change->window ||
        change->after >= change->window || change->repeat == 0)
        return 0;
    for (uint32_t c = 1; c <= clocks; c++) {
        mlm_op_view view;
        mlm_clock other;
        const uint32_t op = mlm_clock_op(model, c);
        mlm_view_of(&view, model, op);
        mlm_class_of(view.op)->clock(&view, &other);
        if (mlm_value_clock(model, view.op->inputs[0]) == from && same_change(&other, change))
            return clock == c;
    }
    return clock == clocks + 1 && clock <= MLM_MAX_CLOCKS;
}

/* align: both rows come in its own stage, and the first one's are never behind. */
static int pace_is_right(const mlm_model *model, const mlm_blob_op *op) {
    const uint32_t clock = mlm_value_clock(model, op->inputs[0]);
    const uint32_t pace = mlm_value_clock(model, op->inputs[1]);
    return clock != MLM_NO_CLOCK && pace != MLM_NO_CLOCK && op->clock == pace &&
           mlm_available_stage(model, op->inputs[0]) == op->stage &&
           mlm_available_stage(model, op->inputs[1]) == op->stage &&
           mlm_class_of(op)->most_ahead(model, clock, pace) >= 0;
}

/* Whether stage and clock are those that follow from class and inputs. `clocks` are known so far. */
static int place_is_right(const mlm_model *model, uint32_t index, const mlm_op_class *class,
                          const mlm_op_view *view, uint32_t *clocks) {
    const mlm_blob_op *op = view->op;
    uint32_t clock;
    mlm_clock change;
    if (op->stage != stage_of(model, op, class)) return 0;
    if (class->flags & MLM_OP_SEQUENCE && view->is_vector[0]) return 0;
    if (class->flags & MLM_OP_PACED) return pace_is_right(model, op);
    if (!clock_of_inputs(model, op, &clock)) return 0;
    if (class->flags & MLM_OP_POOL) return op->clock == MLM_NO_CLOCK;
    if (!(class->flags & MLM_OP_BROADCAST))
        for (uint32_t i = 1; i < view->inputs; i++)
            if (view->is_vector[i] != view->is_vector[0]) return 0;
    if (clock == MLM_NO_CLOCK || !class->clock || !class->clock(view, &change))
        return op->clock == clock;
    if (!clock_is_right(model, index, clock, *clocks, &change)) return 0;
    if (op->clock > *clocks) *clocks = op->clock;
    return 1;
}

/* Ops are in the order of their stages, and of a stage vectors come before sequences. */
static int order_is_right(const mlm_model *model, uint32_t index) {
    if (index == 0) return 1;
    const mlm_blob_op *op = mlm_op_at(model, index), *before = mlm_op_at(model, index - 1);
    const int vector = op->clock == MLM_NO_CLOCK && !mlm_is_pool(op);
    const int vector_before = before->clock == MLM_NO_CLOCK && !mlm_is_pool(before);
    return op->stage > before->stage || (op->stage == before->stage && (!vector || vector_before));
}

/* Rows of input 0 by what the network is defined for. */
static void add_rows(mlm_op_view *view, const mlm_model *model) {
    const mlm_blob_header *header = mlm_header(model);
    const uint32_t clock = mlm_value_clock(model, view->op->inputs[0]);
    view->least_rows = view->most_rows = 1;
    if (clock == MLM_NO_CLOCK) return;
    view->least_rows = mlm_total_rows(model, clock, header->min_frames);
    view->most_rows = header->max_frames ? mlm_total_rows(model, clock, header->max_frames) : 0;
}

/* Not worth a copy where the plan is walked, which has the deepest stack. */
static MLM_NOINLINE mlm_status check_op(const mlm_model *model, uint32_t index, uint32_t *clocks) {
    const mlm_blob_op *op = mlm_op_at(model, index);
    const mlm_op_class *class = mlm_class_of_kind(op->kind);
    mlm_op_view view;
    if (!class) return MLM_ERR_KIND;
    if (op->name >= mlm_header(model)->string_bytes || !has_form(op, class, mlm_input_count(op)) ||
        !reads_rightly(model, index, class))
        return MLM_ERR_OP;
    mlm_view_of(&view, model, index);
    add_rows(&view, model);
    if (class->flags & (MLM_OP_POOL | MLM_OP_WHOLE) && view.least_rows == 0) return MLM_ERR_OP;
    if (!types_are_right(&view, class) || !class->check(&view) ||
        !place_is_right(model, index, class, &view, clocks) || !order_is_right(model, index))
        return MLM_ERR_OP;
    return MLM_OK;
}

/* Whether its buffers can be planned at all, whatever their sizes; the schedule with the most of them. */
static mlm_status check_buffers(const mlm_model *model) {
    const uint32_t least = mlm_header(model)->min_frames;
    const mlm_frame_shape shape = {MLM_SCHEDULE_UNFUSED, 1, least};
    mlm_plan plan;
    const mlm_status status = mlm_plan_walk(&plan, model, &shape, 0, 0);
    return status == MLM_ERR_CAPACITY ? MLM_ERR_OP : MLM_OK;
}

mlm_status mlm_check_graph(const mlm_model *model, mlm_fault *fault) {
    uint32_t clocks = 0;
    const uint32_t ops = mlm_header(model)->op_count;
    for (uint32_t op = 0; op < ops; op++) {
        const mlm_status status = check_op(model, op, &clocks);
        *fault = (mlm_fault){op, 0, mlm_op_at(model, op)->kind};
        if (status != MLM_OK) return status;
    }
    *fault = (mlm_fault){ops - 1, MLM_MAX_LIVE_BUFFERS, 0};
    return check_buffers(model);
}
