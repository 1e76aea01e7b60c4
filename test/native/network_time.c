/*
 * network_time.c - how many rows the values of a network have and when, by counting them.
 */
#include "network.h"

uint32_t net_width(const network *net, uint32_t value) {
    return value == 0 ? net->input_width : net->ops[value - 1].width;
}

uint32_t net_type(const network *net, uint32_t value) {
    return value == 0 ? MLM_DTYPE_F32 : net->ops[value - 1].type;
}

int net_takes_samples(const network *net) {
    return net->input_kind == MLM_INPUT_SAMPLES || net->input_kind == MLM_INPUT_SAMPLES16;
}

uint32_t net_input_bytes(const network *net) {
    return net->input_kind == MLM_INPUT_SAMPLES16 ? 2 : net->input_width * 4;
}

uint32_t net_clock_of(const network *net, uint32_t value) {
    return value == 0 ? 0 : net->ops[value - 1].clock;
}

uint32_t net_available(const network *net, uint32_t value) {
    if (value == 0) return 0;
    const net_op *op = &net->ops[value - 1];
    return op->stage + !!(op_rows[op->kind].flags & ROW_POOL);
}

void net_view_of(net_view *view, const network *net, const net_op *op) {
    *view = (net_view){.net = net, .op = op};
    while (view->inputs < MLM_MAX_INPUTS && op->inputs[view->inputs] != MLM_NO_VALUE) {
        view->widths[view->inputs] = net_width(net, op->inputs[view->inputs]);
        view->types[view->inputs] = net_type(net, op->inputs[view->inputs]);
        view->inputs++;
    }
}

/* Windows that lie in `rows` rows, counted one by one. */
static uint32_t windows_in(const mlm_clock *c, uint32_t rows) {
    uint32_t r = 0;
    while ((uint64_t)r * c->hop + c->window <= rows) r++;
    return r;
}

/* Rows of a clock when its ancestor has had so many. */
static uint32_t rows_behind(const network *net, uint32_t clock, uint32_t ancestor,
                            uint32_t ancestors) {
    if (clock == ancestor) return ancestors;
    const mlm_clock *c = &net->clocks[clock].change;
    const uint32_t rows = rows_behind(net, net->clocks[clock].from, ancestor, ancestors);
    if (c->fixed) return ancestors;
    if (rows == 0) return 0;
    const uint32_t made = windows_in(c, rows + c->before) * c->repeat;
    return made + (c->insert < MLM_INSERT_END && made >= c->insert);
}

uint32_t net_rows_after(const network *net, uint32_t clock, uint32_t frames) {
    return rows_behind(net, clock, 0, frames);
}

uint32_t net_total_rows(const network *net, uint32_t clock, uint32_t frames) {
    if (clock == 0) return frames;
    const mlm_clock *c = &net->clocks[clock].change;
    const uint32_t rows = net_total_rows(net, net->clocks[clock].from, frames);
    if (c->fixed) return c->fixed;
    if (rows == 0) return 0;
    return windows_in(c, rows + c->before + c->after) * c->repeat + (c->insert != MLM_NO_INSERT);
}

static int is_made_of(const network *net, uint32_t clock, uint32_t other) {
    while (clock > other) clock = net->clocks[clock].from;
    return clock == other;
}

/* A row count that has nothing to do with frames lies between clock and ancestor. */
static int passes_fixed(const network *net, uint32_t clock, uint32_t ancestor) {
    for (; clock > ancestor; clock = net->clocks[clock].from)
        if (net->clocks[clock].change.fixed) return 1;
    return 0;
}

enum { ROWS_TRIED = 150 };

int net_is_ahead(const network *net, uint32_t clock, uint32_t other) {
    uint32_t common = clock < other ? clock : other;
    while (!is_made_of(net, clock, common) || !is_made_of(net, other, common)) common--;
    if (passes_fixed(net, clock, common) || passes_fixed(net, other, common)) return 0;
    uint32_t lead = 0;
    /* Of what both are made of: many frames may go by before it has a row. */
    for (uint32_t rows = 0; rows <= ROWS_TRIED; rows++) {
        const uint32_t a = rows_behind(net, clock, common, rows);
        const uint32_t b = rows_behind(net, other, common, rows);
        if (a < b) return 0;
        if (a - b > lead) {
            if (rows > ROWS_TRIED / 2) return 0; /* the lead grows: another pace */
            lead = a - b;
        }
    }
    return 1;
}

int net_looks_ahead(const network *net) {
    for (uint32_t i = 0; i < net->op_count; i++) {
        const net_op *op = &net->ops[i];
        if (op->stage > 0 || op->clock == MLM_NO_CLOCK || op->clock == 0) continue;
        const mlm_clock *change = &net->clocks[op->clock].change;
        if (change->after > 0 || change->insert == MLM_INSERT_END) return 1;
    }
    return 0;
}

static int reads(const net_op *op, uint32_t value) {
    for (uint32_t i = 0; i < MLM_MAX_INPUTS; i++)
        if (op->inputs[i] == value) return 1;
    return 0;
}

int net_keeps_sequences(const network *net) {
    for (uint32_t i = 0; i < net->op_count; i++)
        for (uint32_t k = i + 1; k < net->op_count && net->ops[i].clock != MLM_NO_CLOCK; k++)
            if (reads(&net->ops[k], i + 1) && net->ops[k].stage > net->ops[i].stage) return 1;
    return 0;
}

int net_lengths_meet(const network *net, uint32_t frames) {
    for (uint32_t i = 0; i < net->op_count; i++) {
        uint32_t rows = 0;
        net_view v;
        net_view_of(&v, net, &net->ops[i]);
        int has_rows = 0;
        for (uint32_t k = 0; k < v.inputs; k++) {
            const uint32_t clock = net_clock_of(net, v.op->inputs[k]);
            if (clock == MLM_NO_CLOCK) continue;
            const uint32_t total = net_total_rows(net, clock, frames);
            if (has_rows && total != rows) return 0;
            rows = total;
            has_rows = 1;
        }
    }
    return 1;
}

uint32_t net_frames_of(const network *net, uint32_t inputs) {
    uint32_t frames = 0;
    if (!net_takes_samples(net)) return inputs;
    const uint32_t *form = net->ops[0].attributes;
    for (uint64_t end = form[0]; end <= inputs; end += form[1]) frames++;
    return frames;
}

uint32_t net_inputs_of(const network *net, uint32_t frames) {
    if (!net_takes_samples(net)) return frames;
    const uint32_t *form = net->ops[0].attributes;
    return frames == 0 ? 0 : form[0] + (frames - 1) * form[1];
}

uint32_t net_inputs_per_frame(const network *net) {
    return net_takes_samples(net) ? net->ops[0].attributes[1] : 1;
}
