/*
 * selective_scan_int.c - Mamba's scan on integers as an op: dt from its projection, then the recurrence, chunk
 * by chunk of channels, so that dt is never there as a whole. Knows which buffers and channels are next; the
 * maths is in softplus_int.c and scan_int.c.
 */
#include "scan_int.h"

enum { U, X_DBL, INPUTS };
enum {
    STATES,
    RANK,
    DT_SHIFT,    /* of the projection, whose outputs are Q11 */
    DT_EXPONENT, /* of dt */
    DT_MOST,     /* what the projection's outputs are cut off at */
    DECAY_SHIFT, /* of dt A, and so on: as the contract has them, before dt is narrowed */
    INPUT_SHIFT,
    SKIP_SHIFT,
    ATTRIBUTES
};
enum { DT_WEIGHT, DT_BIAS, DT_MULTIPLIER, A, D, TENSORS };
enum { DT_PROJ, SCAN, PARTS };
enum { SATURATIONS, SCAN_STATE, DT, ROLES };
enum { STATE_I32, STATE_I16, VARIANTS };
static const char *const part_names[PARTS] = {"dt_proj", "selective_scan"};
static const char *const role_names[ROLES] = {"saturations", "scan_state", "dt"};

enum {
    COUNT_WORDS = 4, /* a buffer of 16 bytes, of which the first word counts what was cut off */
    DT_CHANNELS = MLM_BOUND_CHANNELS,
    MOST_STATES = 1 << 16, /* beyond them the bounds of scan_int.c would not hold */
    MOST_LINEAR_SHIFT = 15,
    LEAST_DT_EXPONENT = 11,
    MOST_DT_EXPONENT = 30,
    MOST_I16 = 32767,
    MOST_DECAY_SHIFT = 64,
    MOST_INPUT_SHIFT = 128,
    MOST_SKIP_SHIFT = 64,
    LEAST_SKIP_SHIFT = -31
};

/* Channels of dt that are alive at a time. */
static uint32_t dt_channels(const mlm_blob_op *op, uint32_t schedule) {
    const uint32_t all = mlm_padded(op->width);
    return schedule == MLM_SCHEDULE_UNFUSED || all < DT_CHANNELS ? all : DT_CHANNELS;
}

/* ---- the state: bounds, and h ---------------------------------------------------------------------- */

/* Words of 4 bytes in front of h. */
static uint32_t words_before_h(uint32_t width) {
    const uint32_t bounds = (width + MLM_BOUND_CHANNELS - 1) / MLM_BOUND_CHANNELS;
    return ((bounds + 1) / 2 + 3) & ~3u;
}

static uint64_t state_words(const mlm_blob_op *op) {
    const uint64_t elements = (uint64_t)op->width * op->attributes[STATES];
    return words_before_h(op->width) + (op->variant == STATE_I16 ? (elements + 1) / 2 : elements);
}

/* ---- check ------------------------------------------------------------------------------------------- */

static int none_is_negative(const int16_t *a, size_t count) {
    for (const int16_t *end = a + count; a != end; a++)
        if (*a < 0) return 0;
    return 1;
}

static int shifts_are_right(const mlm_blob_op *op) {
    return mlm_is_between(op, DT_SHIFT, 0, MOST_LINEAR_SHIFT) &&
           mlm_is_between(op, DT_EXPONENT, LEAST_DT_EXPONENT, MOST_DT_EXPONENT) &&
           mlm_is_between(op, DT_MOST, -MOST_I16 - 1, MOST_I16) &&
           mlm_softplus_fits(mlm_signed_attribute(op, DT_EXPONENT),
                             mlm_signed_attribute(op, DT_MOST)) &&
           mlm_is_between(op, DECAY_SHIFT, -MOST_DECAY_SHIFT, MOST_DECAY_SHIFT) &&
           mlm_is_between(op, INPUT_SHIFT, -MOST_INPUT_SHIFT, MOST_INPUT_SHIFT) &&
           mlm_is_between(op, SKIP_SHIFT, LEAST_SKIP_SHIFT, MOST_SKIP_SHIFT);
}

static MLM_COLD int check_scan(const mlm_op_view *view) {
    const mlm_blob_op *op = view->op;
    const uint32_t states = op->attributes[STATES], rank = op->attributes[RANK];
    return view->widths[U] == op->width && states > 0 && states <= MOST_STATES &&
           rank + 2 * (uint64_t)states == view->widths[X_DBL] && shifts_are_right(op) &&
           mlm_is_i8_layer(view, DT_WEIGHT, DT_BIAS, DT_MULTIPLIER, op->width, rank, 0) &&
           mlm_has_typed(view, A, MLM_DTYPE_I16, MLM_PACK_ROWS, op->width, states) &&
           none_is_negative(mlm_view_data(view, A), (size_t)op->width * states) &&
           (mlm_is_absent(view, D) ||
            mlm_has_typed(view, D, MLM_DTYPE_I16, MLM_PACK_VECTOR, op->width, 1));
}

static MLM_COLD void scan_needs(const mlm_op_view *view, const mlm_shape *shape, mlm_need *needs) {
    needs[SATURATIONS] = (mlm_need){.floats = COUNT_WORDS, .is_state = 1, .is_read = 1};
    needs[SCAN_STATE] = (mlm_need){.floats = state_words(view->op), .is_state = 1};
    needs[DT] = (mlm_need){.floats = (uint64_t)shape->rows * dt_channels(view->op, shape->schedule),
                           .first = DT_PROJ,
                           .last = SCAN};
}

/* ---- run --------------------------------------------------------------------------------------------- */

/* The channels from `first` on. */
static void set_chunk(mlm_int_scan *scan, const mlm_run *run, uint32_t first, uint32_t channels) {
    const mlm_blob_op *op = run->op;
    const uint32_t states = op->attributes[STATES];
    const size_t before = (size_t)first * states;
    const int16_t *d = mlm_data(run, D);
    uint32_t *state = (uint32_t *)(void *)mlm_buffer_at(run, SCAN_STATE);
    uint32_t *h = state + words_before_h(op->width);
    const int is_i16 = op->variant == STATE_I16;
    scan->a = (const int16_t *)mlm_data(run, A) + before;
    scan->d = d ? d + first : 0;
    scan->h = is_i16 ? 0 : (int32_t *)(void *)h + before;
    scan->h16 = is_i16 ? (int16_t *)(void *)h + before : 0;
    scan->bounds = (uint16_t *)(void *)state + first / MLM_BOUND_CHANNELS;
    scan->saturations = (uint32_t *)(void *)mlm_buffer_at(run, SATURATIONS);
    scan->channels = channels;
    scan->states = states;
    scan->decay_shift = mlm_signed_attribute(op, DECAY_SHIFT);
    scan->input_shift = mlm_signed_attribute(op, INPUT_SHIFT);
    scan->skip_shift = mlm_signed_attribute(op, SKIP_SHIFT);
}

static void project_dt(const mlm_run *run, mlm_rows dt, uint32_t first, uint32_t channels) {
    const mlm_blob_op *op = run->op;
    mlm_i8_layer layer;
    mlm_i8_layer_of(&layer, run, DT_WEIGHT, DT_BIAS, DT_MULTIPLIER,
                    mlm_signed_attribute(op, DT_SHIFT));
    mlm_i8_layer_from(&layer, first, channels);
    const mlm_rows v = {dt.data + dt.stride / 2, dt.stride}; /* second halves of rows */
    mlm_i8_linear_rows(&layer, run->inputs[X_DBL], v, run->rows);
    for (uint32_t t = 0; t < run->rows; t++)
        mlm_softplus_i32(mlm_signed_attribute(op, DT_EXPONENT), mlm_signed_attribute(op, DT_MOST),
                         mlm_i16(v, t), mlm_i32(dt, t), channels);
}

static void scan_rows(const mlm_run *run, mlm_rows dt, uint32_t first, uint32_t channels) {
    mlm_int_scan scan;
    set_chunk(&scan, run, first, channels);
    const uint32_t rank = run->op->attributes[RANK];
    for (uint32_t t = 0; t < run->rows; t++)
        mlm_scan_row_i32(&scan, mlm_i32(dt, t), mlm_read_i16(run->inputs[U], t) + first,
                         mlm_read_i16(run->inputs[X_DBL], t) + rank,
                         mlm_i32(run->output, t) + first);
}

/* What a part has just made of the channels from `first` on. */
static MLM_COLD void note_made(mlm_run *run, mlm_rows dt, uint32_t part, uint32_t first,
                               uint32_t channels) {
    run->made_width = channels;
    run->made_channel = first;
    if (part == DT_PROJ) {
        run->made = mlm_source_of(dt);
        run->made_exponent = mlm_signed_attribute(run->op, DT_EXPONENT);
    } else {
        run->made = (mlm_source){run->output.data + first, run->output.stride};
    }
}

/* The parts take turns over chunks of channels. */
static int run_scan(mlm_run *run) {
    const mlm_rows dt = {mlm_buffer_at(run, DT), dt_channels(run->op, run->schedule)};
    const uint32_t width = run->op->width;
    uint32_t part = run->stepping ? run->part : DT_PROJ;
    uint32_t first = run->stepping ? run->channel : 0;
    do {
        const uint32_t left = width - first, channels = dt.stride < left ? dt.stride : left;
        if (part == DT_PROJ)
            project_dt(run, dt, first, channels);
        else
            scan_rows(run, dt, first, channels);
        if (run->stepping) note_made(run, dt, part, first, channels);
        if (part == SCAN) first += dt.stride;
        part = part == DT_PROJ ? SCAN : DT_PROJ;
    } while (first < width && !run->stepping);
    run->part = (uint8_t)part;
    run->channel = first;
    return first < width;
}

/* ---- counting ---------------------------------------------------------------------------------------- */

/* dt A, dt u, dt u B; dA h, h C, D u. */
static void count_scan(const mlm_op_view *view, uint64_t width, uint64_t states, mlm_work *work) {
    const uint64_t element = view->op->variant == STATE_I16 ? sizeof(int16_t) : sizeof(int32_t);
    const uint64_t h = width * states * element, y = width * sizeof(int32_t);
    work->row.macs = width * (4 * states + 2);
    work->row.exps = width * states;
    work->row.bytes_read =
        y /* of dt */ + sizeof(int16_t) * (width * (states + 1) + 2 * states) + h;
    work->row.bytes_written = y + h;
}

void mlm_selective_scan_int_class_counts(const mlm_op_view *view, mlm_work *work) {
    const uint64_t width = view->op->width, rank = view->op->attributes[RANK];
    const uint64_t d_bytes = mlm_tensor_bytes(view, D);
    if (work->part == SCAN) {
        count_scan(view, width, view->op->attributes[STATES], work);
        work->pass.bytes_read = d_bytes;
        return;
    }
    work->row.macs = rank * width;
    work->row.exps = 2 * width;
    work->row.bytes_read = rank * sizeof(int16_t);
    work->row.bytes_written = width * sizeof(int32_t);
    work->pass.bytes_read -= mlm_tensor_bytes(view, A) + d_bytes;
}

/* mlm-op 58 */
const mlm_op_class mlm_selective_scan_int_class = {
    .name = "selective_scan_int",
    .least_inputs = INPUTS,
    .most_inputs = INPUTS,
    .flags = MLM_OP_SEQUENCE | MLM_OP_SATURATES,
    .variants = VARIANTS,
    .types = MLM_TYPE_BIT(MLM_DTYPE_I32),
    .input_types = MLM_TYPE_BIT(MLM_DTYPE_I16),
    .attributes = ATTRIBUTES,
    .tensors = TENSORS,
    .parts = PARTS,
    .roles = ROLES,
    .part_names = part_names,
    .role_names = role_names,
    .check = check_scan,
    .needs = scan_needs,
    .run = run_scan,
};
