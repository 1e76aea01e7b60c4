/*
 * drive.c - see drive.h.
 */
#include "drive.h"

#include <string.h>

enum { ARENA_BYTES = 1 << 19, GUARD_BYTES = 32, GUARD = 0x5C, POISON = 0xFF, MOST_PLACES = 16 };
enum { MOST_ROLES = 8, MOST_PORTION = 5 };

/* ---- memory between guards ------------------------------------------------------------------------ */

static unsigned char arena[ARENA_BYTES] __attribute__((aligned(16)));
static unsigned char copies[ARENA_BYTES];

typedef struct place {
    uint32_t offset, bytes;
} place;

static struct {
    place all[MOST_PLACES];
    uint32_t count, end;
} places;

/* `bytes` bytes that are 16-byte aligned, full of poison; null when there is no room. */
static unsigned char *place_bytes(uint32_t bytes) {
    const uint32_t offset = (places.end + GUARD_BYTES + 15u) & ~15u;
    if (places.count == MOST_PLACES || bytes > ARENA_BYTES - 2 * GUARD_BYTES - 16 ||
        offset + bytes + GUARD_BYTES > ARENA_BYTES)
        return 0;
    memset(arena + places.end, GUARD, offset - places.end);
    memset(arena + offset, POISON, bytes);
    memset(arena + offset + bytes, GUARD, GUARD_BYTES);
    places.all[places.count++] = (place){offset, bytes};
    places.end = offset + bytes + GUARD_BYTES;
    return arena + offset;
}

static float *place_floats(uint32_t floats) {
    return (float *)(void *)place_bytes(floats * (uint32_t)sizeof(float));
}

static int guards_are_whole(void) {
    uint32_t from = 0;
    for (uint32_t i = 0; i <= places.count; i++) {
        const uint32_t to = i < places.count ? places.all[i].offset : places.end;
        for (; from < to; from++)
            if (arena[from] != GUARD) return 0;
        if (i < places.count) from += places.all[i].bytes;
    }
    return 1;
}

/* ---- a case in hand --------------------------------------------------------------------------------- */

static struct {
    kernel_case *c;
    const mlm_op_class *class;
    const drive_options *options;
    float *y;
    mlm_op_view view;
    mlm_clock clock;
    int changes_clock, in_place, is_callers;
    uint32_t tile;
    uint32_t offsets[MOST_ROLES];
    mlm_need needs[MOST_ROLES];
} now;

static int has_flag(uint32_t flag) { return (now.class->flags & flag) != 0; }

/* Rows of the sequence that is read; 1 when all inputs are vectors. */
static uint32_t total_in(void) {
    for (uint32_t i = 0; i < now.c->inputs; i++)
        if (!now.c->is_vector[i]) return now.c->rows[i];
    return 1;
}

/* Rows of the output when `m` rows of input 0 are there; m counts on behind the end. */
static uint32_t rows_at(uint32_t m) {
    const kernel_case *c = now.c;
    uint64_t rows = m;
    if (has_flag(MLM_OP_PACED)) {
        rows = m > c->lag ? m - c->lag : 0;
    } else if (now.changes_clock && !now.clock.fixed && m > 0) {
        const uint64_t padded = (uint64_t)m + now.clock.before;
        rows = padded < now.clock.window ? 0 : (padded - now.clock.window) / now.clock.hop + 1;
        rows *= now.clock.repeat;
        if (now.clock.insert == MLM_INSERT_END)
            rows += m > total_in();
        else if (now.clock.insert != MLM_NO_INSERT && rows >= now.clock.insert)
            rows++;
    }
    const uint32_t all = has_flag(MLM_OP_POOL) ? total_in() : c->out_rows;
    return rows < all ? (uint32_t)rows : all;
}

static void look_at(void) {
    kernel_case *c = now.c;
    now.view = (mlm_op_view){.op = &c->op,
                             .blob = c->blob,
                             .tensors = c->tensors,
                             .tensor_count = c->tensor_count,
                             .inputs = c->inputs,
                             .least_rows = total_in(),
                             .most_rows = total_in()};
    memcpy(now.view.widths, c->widths, sizeof c->widths);
    memcpy(now.view.is_vector, c->is_vector, sizeof c->is_vector);
}

static mlm_shape shape_of(void) {
    mlm_shape shape = {now.options->schedule, now.tile, now.tile, now.c->lag};
    if (now.changes_clock && !now.clock.fixed)
        shape.rows = (now.tile + now.clock.hop - 1) / now.clock.hop * now.clock.repeat +
                     (now.clock.insert != MLM_NO_INSERT);
    return shape;
}

static int place_buffers(void) {
    const mlm_shape shape = shape_of();
    memset(now.needs, 0, sizeof now.needs);
    if (now.class->needs) now.class->needs(&now.view, &shape, now.needs);
    for (uint32_t role = 0; role < now.class->roles; role++) {
        const mlm_need *need = &now.needs[role];
        if (need->floats > ARENA_BYTES / sizeof(float)) return 0;
        unsigned char *at = place_bytes((uint32_t)(need->floats * sizeof(float)));
        if (!at) return 0;
        if (need->is_state) memset(at, 0, (size_t)need->floats * sizeof(float));
        now.offsets[role] = (uint32_t)(at - arena);
    }
    return 1;
}

static void poison_scratch(void) {
    for (uint32_t role = 0; role < now.class->roles; role++)
        if (!now.needs[role].is_state)
            memset(arena + now.offsets[role], POISON,
                   (size_t)now.needs[role].floats * sizeof(float));
}

/* ---- one step ---------------------------------------------------------------------------------------- */

/* Rows [first, first + rows) of input i, where the step reads them; null when there is no room. */
static float *place_input(uint32_t i, uint32_t first, uint32_t rows, uint32_t *stride) {
    const kernel_case *c = now.c;
    const uint32_t width = c->widths[i];
    const int is_callers = i == 0 && now.is_callers;
    *stride = is_callers ? width : mlm_padded(width);
    float *to = place_floats(rows * *stride + (is_callers ? 1 : 0));
    if (!to) return 0;
    if (is_callers) to++;
    for (uint32_t t = 0; t < rows; t++)
        memcpy(to + (size_t)t * *stride, c->x[i] + (size_t)(first + t) * width, width * sizeof *to);
    if (c->is_vector[i]) *stride = 0;
    return to;
}

static const char *place_rows(mlm_run *run) {
    const kernel_case *c = now.c;
    for (uint32_t i = 0; i < c->inputs; i++) {
        uint32_t first = run->in_first, rows = run->in_rows, stride;
        if (has_flag(MLM_OP_WHOLE)) first = 0, rows = c->rows[i];
        if (c->is_vector[i]) first = 0, rows = 1;
        if (has_flag(MLM_OP_PACED) && i == 1) first = run->first, rows = run->rows;
        float *x = place_input(i, first, rows, &stride);
        if (!x) return "no room for an input";
        run->inputs[i] = (mlm_source){x, stride};
        if (i == 0 && now.in_place) run->output = (mlm_rows){x, stride};
    }
    return 0;
}

static const char *run_step(mlm_run *run) {
    run->made = mlm_source_of(run->output);
    run->made_width = now.c->op.width;
    poison_scratch();
    run->stepping = (uint8_t)now.options->stepping;
    int more;
    do more = now.class->run(run);
    while (more && run->stepping);
    if (more) return "there is more to do without stepping";
    return guards_are_whole() ? 0 : "wrote outside of its buffers";
}

static mlm_run run_of(uint32_t in_first, uint32_t in_rows, uint32_t first, uint32_t rows) {
    const kernel_case *c = now.c;
    mlm_run run = {.op = &c->op,
                   .blob = c->blob,
                   .tensors = c->tensors,
                   .arena = arena,
                   .buffers = now.offsets,
                   .input_width = c->widths[0],
                   .rows = rows,
                   .first = first,
                   .in_rows = in_rows,
                   .in_first = in_first,
                   .schedule = (uint8_t)now.options->schedule};
    memcpy(run.widths, c->widths, sizeof run.widths);
    return run;
}

/* A step with its rows, which go on to y; a pool has none as long as it takes. */
static const char *tick(mlm_run run) {
    const uint32_t count = places.count, end = places.end, width = now.c->op.width;
    const int gives = !has_flag(MLM_OP_POOL) || run.phase == MLM_GIVE;
    const char *fault = run.phase == MLM_GIVE ? 0 : place_rows(&run);
    if (!fault && !run.output.data) {
        run.output.stride = mlm_padded(width);
        run.output.data = place_floats((gives ? run.rows : 1) * run.output.stride);
        if (!run.output.data) fault = "no room for the output";
    }
    const uint32_t inputs_end = (uint32_t)((unsigned char *)run.output.data - arena);
    const int checks_inputs = !now.in_place && !fault;
    if (checks_inputs) memcpy(copies + end, arena + end, inputs_end - end);
    if (!fault) fault = run_step(&run);
    if (!fault && checks_inputs && memcmp(copies + end, arena + end, inputs_end - end))
        fault = "wrote to its inputs";
    for (uint32_t t = 0; !fault && gives && t < run.rows; t++)
        memcpy(now.y + (size_t)(run.first + t) * width,
               run.output.data + (size_t)t * run.output.stride, width * sizeof(float));
    places.count = count;
    places.end = end;
    return fault;
}

static uint32_t at_most(uint32_t n, uint32_t most) { return n < most ? n : most; }

/* All rows in portions of at most a tile, also those that come behind the end of the input. */
static const char *take_all(void) {
    const uint32_t total = total_in(), all = rows_at(UINT32_MAX / 2);
    const char *fault = 0;
    for (uint32_t from = 0, to; !fault && (from < total || rows_at(from) < all); from = to) {
        to = from +
             (now.options->portions == AT_RANDOM ? 1 + case_below(now.c, now.tile) : now.tile);
        if (!now.options->knows_end && from < total) to = at_most(to, total);
        const uint32_t in_first = at_most(from, total), in_rows = at_most(to, total) - in_first;
        mlm_run run = run_of(in_first, in_rows, rows_at(from), rows_at(to) - rows_at(from));
        run.in_total = now.options->knows_end || from >= total ? total : MLM_UNKNOWN;
        if (has_flag(MLM_OP_WHOLE)) run.in_total = total;
        if (in_rows > 0 || run.rows > 0) fault = tick(run);
    }
    return fault;
}

/* The row of a pool, twice: giving it must not change what has been taken. */
static const char *give_twice(void) {
    const char *fault = 0;
    static unsigned char state[ARENA_BYTES];
    const uint32_t bytes = places.end;
    memcpy(state, arena, bytes);
    for (int i = 0; !fault && i < 2; i++) {
        mlm_run run = run_of(0, 1, 0, 1);
        run.phase = MLM_GIVE;
        run.in_total = total_in();
        fault = tick(run);
        for (uint32_t role = 0; !fault && role < now.class->roles; role++)
            if (now.needs[role].is_state &&
                memcmp(state + now.offsets[role], arena + now.offsets[role],
                       (size_t)now.needs[role].floats * sizeof(float)))
                fault = "giving changed what was taken";
    }
    return fault;
}

const char *drive(kernel_case *c, const mlm_op_class *class, const drive_options *options,
                  float *y) {
    memset(&now, 0, sizeof now);
    memset(&places, 0, sizeof places);
    now.c = c;
    now.class = class;
    now.options = options;
    now.y = y;
    look_at();
    if (!class->check(&now.view)) return "check refuses it";
    now.changes_clock = class->clock && class->clock(&now.view, &now.clock);
    now.tile = options->portions == ONE_BY_ONE ? 1 : MOST_PORTION;
    if (options->portions == AS_A_WHOLE) now.tile = total_in();
    now.in_place = options->in_place && has_flag(MLM_OP_IN_PLACE) && !now.changes_clock &&
                   !c->is_vector[0] && c->widths[0] == c->op.width;
    now.is_callers = has_flag(MLM_OP_FRONT) || (options->is_unaligned && !now.in_place);
    if (!place_buffers()) return "no room for its buffers";
    const char *fault = take_all();
    return !fault && has_flag(MLM_OP_POOL) ? give_twice() : fault;
}
