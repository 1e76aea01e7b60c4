/*
 * plan.c - gives every buffer its place in the arena:
 *
 *   session's own | states | logits | region that the scratch buffers share by their lifetimes
 *
 * Scratch buffers are placed in the order in which their lives begin, each at the lowest offset that
 * nothing alive occupies. For the chains that networks are, this reaches the theoretical minimum;
 * where it does not, the plan says by how much. It needs no table, so a session can plan without any
 * memory but its stack. Knows sizes and lifetimes and nothing of maths.
 */
#include "plan.h"

#define MAX_LIVE (MLM_MAX_LIVE_VALUES + MLM_MAX_OP_BUFFERS)
#define LIMIT 0xFFFFFFFFu

typedef struct live_buffer {
    uint32_t offset, bytes, last;
} live_buffer;

typedef struct region {
    live_buffer live[MAX_LIVE]; /* by ascending offset */
    uint32_t count;
    uint64_t start, end; /* offsets in the arena: of the region, of the highest byte used + 1 */
    uint64_t most_live;  /* largest sum of bytes alive so far */
} region;

static void expire(region *scratch, uint32_t operator_index) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < scratch->count; i++)
        if (scratch->live[i].last >= operator_index) scratch->live[kept++] = scratch->live[i];
    scratch->count = kept;
}

static void note_live_sum(region *scratch, uint64_t others) {
    uint64_t sum = others;
    for (uint32_t i = 0; i < scratch->count; i++) sum += scratch->live[i].bytes;
    if (sum > scratch->most_live) scratch->most_live = sum;
}

/* Index in the list of live buffers before which `bytes` bytes fit, and the offset there. */
static uint32_t lowest_fit(const region *scratch, uint64_t bytes, uint64_t *offset) {
    uint32_t i = 0;
    *offset = scratch->start;
    while (i<scratch->count && * offset + bytes> scratch->live[i].offset) {
        *offset = (uint64_t)scratch->live[i].offset + scratch->live[i].bytes;
        i++;
    }
    return i;
}

static mlm_status place(region *scratch, const mlm_need *need, uint32_t *placed) {
    expire(scratch, need->first);
    uint64_t offset;
    const uint32_t index = lowest_fit(scratch, need->bytes, &offset);
    if (offset + need->bytes > LIMIT) return MLM_ERR_TOO_LARGE;
    for (uint32_t i = scratch->count; i > index; i--) scratch->live[i] = scratch->live[i - 1];
    scratch->live[index] = (live_buffer){(uint32_t)offset, (uint32_t)need->bytes, need->last};
    scratch->count++;
    if (offset + need->bytes > scratch->end) scratch->end = offset + need->bytes;
    note_live_sum(scratch, 0);
    *placed = (uint32_t)offset;
    return MLM_OK;
}

typedef struct totals {
    uint64_t states, io;
    uint32_t buffers, slots, chunk;
} totals;

static totals count_all(const mlm_model *model, const mlm_shape *shape) {
    mlm_need needs[MLM_MAX_OP_BUFFERS];
    const uint32_t ops = mlm_header(model)->op_count;
    totals all = {.buffers = 1, .slots = ops};
    for (uint32_t op = 0; op < ops; op++) {
        const uint32_t count = mlm_op_needs(model, shape, op, needs);
        all.buffers += count;
        for (uint32_t i = 0; i < count; i++) {
            all.slots += needs[i].role != MLM_ROLE_OUTPUT;
            if (needs[i].kind == MLM_BUFFER_STATE) all.states += needs[i].bytes;
            if (needs[i].kind == MLM_BUFFER_IO) all.io += needs[i].bytes;
        }
        const mlm_blob_op *record = mlm_op_at(model, op);
        if (record->kind != MLM_OP_MAMBA) continue;
        const uint32_t chunk = mlm_dt_channels(record, shape->schedule);
        if (chunk > all.chunk) all.chunk = chunk;
    }
    return all;
}

static void visit_buffer(mlm_buffer_visitor visit, void *context, uint32_t op, const mlm_need *need,
                         uint32_t offset) {
    if (!visit) return;
    const mlm_buffer buffer = {
        offset,       (uint32_t)need->bytes, (uint16_t)need->first, (uint16_t)need->last,
        (uint16_t)op, (uint8_t)need->role,   (uint8_t)need->kind};
    visit(context, &buffer);
}

/* The walk itself, with all sums known to fit. */
static mlm_status walk(region *scratch, const mlm_model *model, const mlm_shape *shape,
                       uint64_t first_state, uint64_t io, mlm_buffer_visitor visit, void *context) {
    mlm_need needs[MLM_MAX_OP_BUFFERS];
    uint64_t state = first_state;
    for (uint32_t op = 0; op < mlm_header(model)->op_count; op++) {
        const uint32_t count = mlm_op_needs(model, shape, op, needs);
        for (uint32_t i = 0; i < count; i++) {
            uint32_t offset = (uint32_t)io;
            if (needs[i].kind == MLM_BUFFER_STATE) {
                offset = (uint32_t)state;
                state += needs[i].bytes;
            } else if (needs[i].kind == MLM_BUFFER_SCRATCH) {
                const mlm_status status = place(scratch, needs + i, &offset);
                if (status != MLM_OK) return status;
            } else {
                expire(scratch, needs[i].first);
                note_live_sum(scratch, needs[i].bytes);
            }
            visit_buffer(visit, context, op, needs + i, offset);
        }
    }
    return MLM_OK;
}

mlm_status mlm_plan_walk(mlm_plan *plan, const mlm_model *model, const mlm_shape *shape,
                         mlm_buffer_visitor visit, void *context) {
    const mlm_blob_header *header = mlm_header(model);
    const totals all = count_all(model, shape);
    const uint64_t session_bytes =
        mlm_round_up(MLM_SESSION_BYTES + all.slots * (uint32_t)sizeof(uint32_t), MLM_ALIGNMENT);
    const uint64_t states = session_bytes + all.states;
    const uint64_t inputs = (uint64_t)shape->tile * mlm_inputs_per_frame(model);
    const uint64_t input_bytes = inputs * header->input_width * sizeof(float);
    if (states + all.io > LIMIT || input_bytes > LIMIT) return MLM_ERR_TOO_LARGE;

    const uint64_t start = states + all.io;
    region scratch = {.start = start, .end = start};
    mlm_status status = walk(&scratch, model, shape, session_bytes, states, 0, 0);
    if (status != MLM_OK) return status;
    if (visit) {
        const mlm_need own = {session_bytes, 0,
                              (uint16_t)(mlm_operator_count(model, shape->schedule) - 1),
                              MLM_ROLE_SESSION, MLM_BUFFER_STATE};
        visit_buffer(visit, context, 0, &own, 0);
        scratch.count = 0;
        walk(&scratch, model, shape, session_bytes, states, visit, context);
    }
    plan->arena_bytes = (uint32_t)scratch.end;
    plan->minimum_bytes = (uint32_t)(states + scratch.most_live);
    plan->state_bytes = (uint32_t)states;
    plan->session_bytes = (uint32_t)session_bytes;
    plan->io_bytes = (uint32_t)all.io;
    plan->scratch_bytes = (uint32_t)(scratch.end - scratch.start);
    plan->input_bytes = (uint32_t)input_bytes;
    plan->output_bytes = header->logits * (uint32_t)sizeof(float);
    plan->tile = shape->tile;
    plan->channel_chunk = all.chunk;
    plan->buffer_count = all.buffers;
    return MLM_OK;
}

uint32_t mlm_plan_buffer_count(const mlm_model *model, const mlm_options *options) {
    mlm_shape shape;
    if (!model || !options || mlm_shape_of(&shape, options) != MLM_OK) return 0;
    return count_all(model, &shape).buffers;
}

typedef struct table_writer {
    mlm_buffer *next;
} table_writer;

static void write_to_table(void *context, const mlm_buffer *buffer) {
    *((table_writer *)context)->next++ = *buffer;
}

mlm_status mlm_plan_make(mlm_plan *plan, const mlm_model *model, const mlm_options *options,
                         mlm_buffer *table, uint32_t capacity) {
    mlm_shape shape;
    if (!plan || !model || !options || !table) return MLM_ERR_ARGUMENT;
    if (mlm_shape_of(&shape, options) != MLM_OK) return MLM_ERR_ARGUMENT;
    if (capacity < count_all(model, &shape).buffers) return MLM_ERR_CAPACITY;
    table_writer writer = {table};
    return mlm_plan_walk(plan, model, &shape, write_to_table, &writer);
}
