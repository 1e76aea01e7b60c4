/*
 * clocks.c - how many rows there are: of frames made of samples, of each clock at any time and at the end,
 * in a tick, and how far one clock can be ahead of another. Arithmetic only; knows no buffers.
 */
#include "graph.h"

#define MOST_ROWS (MLM_UNKNOWN - 1u)

static uint32_t at_most(uint64_t rows) { return rows < MOST_ROWS ? (uint32_t)rows : MOST_ROWS; }

/* ---- samples and frames ------------------------------------------------------------------------- */

/* The front end's window and hop are attributes 0 and 1 of the first op. */
enum { WINDOW = 0, HOP = 1 };

static int has_samples(const mlm_model *model) {
    return mlm_header(model)->input_kind >= MLM_INPUT_SAMPLES;
}

uint32_t mlm_input_bytes(const mlm_model *model) {
    const mlm_blob_header *header = mlm_header(model);
    return header->input_kind == MLM_INPUT_SAMPLES16
               ? (uint32_t)sizeof(int16_t)
               : header->input_width * (uint32_t)sizeof(float);
}

uint32_t mlm_inputs_per_frame(const mlm_model *model) {
    return has_samples(model) ? mlm_op_at(model, 0)->attributes[HOP] : 1;
}

uint32_t mlm_frames_of(const mlm_model *model, uint32_t inputs) {
    if (!has_samples(model)) return inputs;
    const uint32_t *form = mlm_op_at(model, 0)->attributes;
    return inputs < form[WINDOW] ? 0 : 1 + (inputs - form[WINDOW]) / form[HOP];
}

uint64_t mlm_most_inputs(const mlm_model *model, uint64_t frames) {
    if (!has_samples(model)) return frames;
    const uint32_t *form = mlm_op_at(model, 0)->attributes;
    return frames * form[HOP] + form[WINDOW] - 1;
}

/* ---- one clock ------------------------------------------------------------------------------------ */

/* No sequence is so long that a window behind 2^32 rows is missed; and small cores have no 64-bit division. */
static uint64_t windows_of(const mlm_clock *clock, uint64_t rows) {
    if (rows < clock->window) return 0;
    const uint64_t behind_first = rows - clock->window;
    return 1 + (uint64_t)(at_most(behind_first) / clock->hop);
}

uint32_t mlm_clock_rows(const mlm_clock *clock, uint32_t rows, uint32_t position) {
    if (clock->fixed) return position;
    if (rows == 0) return 0;
    uint64_t made = windows_of(clock, (uint64_t)rows + clock->before) * clock->repeat;
    if (clock->insert != MLM_NO_INSERT && made >= clock->insert) made++;
    return at_most(made);
}

uint32_t mlm_clock_total(const mlm_clock *clock, uint32_t rows) {
    if (clock->fixed) return clock->fixed;
    if (rows == 0) return 0;
    const uint64_t padded = (uint64_t)rows + clock->before + clock->after;
    return at_most(windows_of(clock, padded) * clock->repeat + (clock->insert != MLM_NO_INSERT));
}

/* ---- the clocks of a model ------------------------------------------------------------------------ */

uint32_t mlm_clock_count(const mlm_model *model) {
    uint32_t count = 0;
    for (uint32_t op = 0; op < mlm_header(model)->op_count; op++) {
        const uint32_t clock = mlm_op_at(model, op)->clock;
        if (clock != MLM_NO_CLOCK && clock > count) count = clock;
    }
    return count;
}

uint32_t mlm_clock_op(const mlm_model *model, uint32_t clock) {
    uint32_t op = 0;
    while (mlm_op_at(model, op)->clock != clock) op++;
    return op;
}

/* The clock that op `op` changes, and how. */
static uint32_t change_of(const mlm_model *model, uint32_t op, mlm_clock *change) {
    mlm_op_view view;
    mlm_view_of(&view, model, op);
    view.op = mlm_op_at(model, op);
    mlm_class_of(view.op)->clock(&view, change);
    return mlm_value_clock(model, view.op->inputs[0]);
}

/* Whether clock `clock` is `above` or made of it; parents have smaller numbers. */
static int is_under(const mlm_model *model, uint32_t clock, uint32_t above) {
    while (clock > above)
        clock = mlm_value_clock(model, mlm_op_at(model, mlm_clock_op(model, clock))->inputs[0]);
    return clock == above;
}

/* The changes from clock `above` to clock `clock`, which is under it, one by one: moves `above` on to the next
 * clock on the way. */
static void step_down(const mlm_model *model, uint32_t *above, uint32_t clock, mlm_clock *change) {
    do ++*above;
    while (!is_under(model, clock, *above));
    change_of(model, mlm_clock_op(model, *above), change);
}

static uint32_t rows_behind(const mlm_model *model, uint32_t clock, uint32_t frames, int ended) {
    uint32_t rows = frames;
    for (uint32_t c = 0; c < clock;) {
        mlm_clock change;
        step_down(model, &c, clock, &change);
        rows = ended ? mlm_clock_total(&change, rows) : mlm_clock_rows(&change, rows, frames);
    }
    return rows;
}

uint32_t mlm_rows_after(const mlm_model *model, uint32_t clock, uint32_t frames) {
    return rows_behind(model, clock, frames, 0);
}

uint32_t mlm_total_rows(const mlm_model *model, uint32_t clock, uint32_t frames) {
    return rows_behind(model, clock, frames, 1);
}

uint32_t mlm_rows_a_tick(const mlm_model *model, uint32_t clock, uint32_t tile) {
    uint32_t rows = tile;
    for (uint32_t c = 0; c < clock;) {
        mlm_clock change;
        step_down(model, &c, clock, &change);
        const uint64_t windows = 1 + (uint64_t)((rows - 1) / change.hop);
        rows = change.fixed ? tile
                            : at_most(windows * change.repeat + (change.insert != MLM_NO_INSERT));
    }
    return rows;
}

/* Whether every clock can count the rows of so many frames, and the ticks behind them that the last rows need. */
static int can_count(const mlm_model *model, uint32_t clocks, uint32_t frames) {
    uint32_t total[MLM_MAX_CLOCKS + 1] = {frames}, most[MLM_MAX_CLOCKS + 1] = {MOST_ROWS};
    for (uint32_t c = 1; c <= clocks; c++) {
        mlm_clock change;
        const uint32_t from = change_of(model, mlm_clock_op(model, c), &change);
        total[c] = mlm_clock_total(&change, total[from]);
        most[c] = mlm_clock_rows(&change, most[from], MOST_ROWS);
        if (total[c] == MOST_ROWS || most[c] < total[c]) return 0;
    }
    return 1;
}

uint32_t mlm_most_frames(const mlm_model *model) {
    const uint32_t clocks = mlm_clock_count(model);
    uint32_t most = 0;
    for (uint32_t bit = 1u << 31; bit > 0; bit >>= 1)
        if (can_count(model, clocks, most | bit)) most |= bit;
    return most;
}

int mlm_looks_ahead(const mlm_model *model) {
    const uint32_t count = mlm_clock_count(model);
    for (uint32_t c = 1; c <= count; c++) {
        mlm_clock change;
        const uint32_t op = mlm_clock_op(model, c);
        change_of(model, op, &change);
        if (mlm_op_at(model, op)->stage == 0 &&
            (change.after > 0 || change.insert == MLM_INSERT_END))
            return 1;
    }
    return 0;
}

/* ---- one clock ahead of another --------------------------------------------------------------------- */

/* Rows r of a clock that has seen m rows of another one: m rate + low <= r den <= m rate + high. */
typedef struct bounds {
    int64_t rate, low, high, den;
} bounds;

enum { LARGEST = 1 << 20 /* of all four numbers, so that no product here comes near 2^63 */ };

static int is_small(int64_t x) { return x >= -LARGEST && x <= LARGEST; }

/* What a change of the clock makes of them; 0 when they become too large. */
static int apply(bounds *b, const mlm_clock *change) {
    const int64_t hop = change->hop, repeat = change->repeat;
    const int64_t shift = (int64_t)change->before - change->window + hop;
    if (change->fixed || !is_small(hop) || !is_small(repeat) || !is_small(shift)) return 0;
    const int64_t low = b->low + (shift - hop + 1) * b->den, high = b->high + shift * b->den;
    b->den *= hop;
    b->rate *= repeat;
    b->low = low * repeat;
    b->high = high * repeat;
    if (change->insert != MLM_NO_INSERT && change->insert != MLM_INSERT_END)
        b->high =
            (b->high > 0 ? b->high : 0) + b->den; /* it may be there before any other row is */
    return is_small(b->rate) && is_small(b->low) && is_small(b->high) && is_small(b->den);
}

/* The bounds of `clock` in rows of `above`, which it is under: changes are applied from above down. */
static int bounds_of(const mlm_model *model, uint32_t clock, uint32_t above, bounds *b) {
    *b = (bounds){1, 0, 0, 1};
    while (above < clock) {
        mlm_clock change;
        step_down(model, &above, clock, &change);
        if (!apply(b, &change)) return 0;
    }
    return 1;
}

/* How often `divisor` is in `dividend`, neither below 0, bit by bit: small cores have no 64-bit division. -1 when
 * it is more than LARGEST. */
static int32_t whole_quotient(int64_t dividend, int64_t divisor) {
    int32_t quotient = 0;
    for (int32_t bit = 2 * LARGEST; bit > 0; bit /= 2)
        if ((quotient + bit) * divisor <= dividend) quotient += bit;
    return quotient <= LARGEST ? quotient : -1;
}

int32_t mlm_most_ahead(const mlm_model *model, uint32_t clock, uint32_t other) {
    uint32_t common = clock < other ? clock : other;
    while (!is_under(model, clock, common) || !is_under(model, other, common)) common--;
    bounds a, b;
    if (!bounds_of(model, clock, common, &a) || !bounds_of(model, other, common, &b)) return -1;
    if (a.rate * b.den != b.rate * a.den) return -1;
    if (a.low * b.den < b.high * a.den) return -1;
    return whole_quotient(a.high * b.den - b.low * a.den, a.den * b.den);
}

mlm_status mlm_check_lengths(const mlm_model *model, uint32_t frames) {
    for (uint32_t op = 0; op < mlm_header(model)->op_count; op++) {
        const mlm_blob_op *record = mlm_op_at(model, op);
        const uint32_t inputs = mlm_input_count(record);
        uint32_t first = MLM_NO_CLOCK;
        for (uint32_t i = 0; i < inputs; i++) {
            const uint32_t clock = mlm_value_clock(model, record->inputs[i]);
            if (clock == MLM_NO_CLOCK || clock == first) continue;
            if (first == MLM_NO_CLOCK)
                first = clock;
            else if (mlm_total_rows(model, clock, frames) != mlm_total_rows(model, first, frames))
                return MLM_ERR_LENGTH;
        }
    }
    return MLM_OK;
}
