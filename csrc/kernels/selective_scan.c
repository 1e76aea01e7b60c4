/*
 * selective_scan.c - Mamba's scan as an op: dt from its projection, then the recurrence, chunk by chunk of
 * channels, so that dt is never there as a whole. Knows which buffers and channels are next; the maths is
 * in fused_scan.c and discretized_scan.c.
 */
#include "scan.h"

enum { X, X_DBL, INPUTS };
enum { STATES, RANK, LOWEST_A, ATTRIBUTES };
enum { DT_WEIGHT, DT_BIAS, A, D, TENSORS };
enum { DT_PROJ, DISCRETIZE, SCAN, PARTS };
enum { SCAN_STATE, DT, DA, DBX, ROLES };
static const char *const part_names[PARTS] = {"dt_proj", "discretize", "selective_scan"};
static const char *const role_names[ROLES] = {"scan_state", "dt", "dA", "dBx"};

enum { DT_CHANNELS = 32 /* a multiple of 8, the smallest that keeps the kernels busy */ };

static uint32_t groups_in(uint32_t channels) { return (channels + LANES - 1) / LANES; }

/* Channels of dt that are alive at a time. */
static uint32_t dt_channels(const mlm_blob_op *op, uint32_t schedule) {
    const uint32_t all = mlm_padded(op->width);
    return schedule == MLM_SCHEDULE_UNFUSED || all < DT_CHANNELS ? all : DT_CHANNELS;
}

/* Whether no element of A, nor of what it is padded with, is above 0 or below the lowest one; NaN is. */
static int decays(const mlm_op_view *view) {
    const float lowest = mlm_float_attribute(view->op, LOWEST_A), *a = mlm_view_data(view, A);
    const float *end =
        a + (size_t)groups_in(view->op->width) * LANES * view->op->attributes[STATES];
    if (!f32_is_finite(f32_bits(lowest)) || !(lowest <= 0.0f)) return 0;
    for (; a != end; a++)
        if (!(*a <= 0.0f && *a >= lowest)) return 0;
    return 1;
}

/* x is overwritten while x_dbl is still read: they cannot be one value. */
static MLM_COLD int check_selective_scan(const mlm_op_view *view) {
    const uint32_t width = view->op->width;
    const uint32_t states = view->op->attributes[STATES], rank = view->op->attributes[RANK];
    return view->widths[X] == width && view->op->inputs[X] != view->op->inputs[X_DBL] &&
           rank + 2 * (uint64_t)states == view->widths[X_DBL] &&
           mlm_has_matrix(view, DT_WEIGHT, width, rank) &&
           mlm_has_optional_vector(view, DT_BIAS, width) &&
           mlm_has_tensor(view, A, MLM_PACK_GROUPS, width, states) &&
           mlm_has_vector(view, D, width) && decays(view);
}

static int has_part(const mlm_blob_op *op, uint32_t schedule, uint32_t part) {
    (void)op;
    return part != DISCRETIZE || schedule == MLM_SCHEDULE_UNFUSED;
}

static int has_fused_part(const mlm_blob_op *op, uint32_t schedule, uint32_t part) {
    (void)op, (void)schedule;
    return part != DISCRETIZE;
}

static MLM_COLD void scan_needs(const mlm_op_view *view, const mlm_shape *shape, mlm_need *needs) {
    const int unfused = shape->schedule == MLM_SCHEDULE_UNFUSED;
    const uint64_t rows = shape->rows, channels = dt_channels(view->op, shape->schedule);
    const uint64_t state =
        (uint64_t)groups_in(view->op->width) * LANES * view->op->attributes[STATES];
    needs[SCAN_STATE] = (mlm_need){.floats = state, .is_state = 1};
    needs[DT] = (mlm_need){
        .floats = rows * channels, .first = DT_PROJ, .last = unfused ? DISCRETIZE : SCAN};
    if (unfused)
        needs[DA] = needs[DBX] =
            (mlm_need){.floats = rows * state, .first = DISCRETIZE, .last = SCAN};
}

/* Buffers and sizes, looked up once. */
typedef struct scan_op {
    mlm_scan all; /* of all channels */
    mlm_source x, x_dbl;
    mlm_rows dt;
    mlm_matrix dt_weight;
    const float *dt_bias;
    uint32_t width, rows;
    uint8_t unfused;
} scan_op;

MLM_INLINE scan_op scan_op_of(const mlm_run *run, int may_unfuse) {
    const mlm_rows dt = {mlm_buffer_at(run, DT), dt_channels(run->op, run->schedule)};
    const mlm_source x_dbl = run->inputs[X_DBL];
    scan_op op = {
        .all = {.a = mlm_weights(run, A),
                .d = mlm_weights(run, D),
                .h = mlm_buffer_at(run, SCAN_STATE),
                .groups = groups_in(run->op->width),
                .states = run->op->attributes[STATES],
                .lowest_a = mlm_float_attribute(run->op, LOWEST_A),
                .x = run->output,
                .bc = {x_dbl.data + run->op->attributes[RANK], x_dbl.stride},
                .dt = mlm_source_of(dt)},
        .x = run->inputs[X],
        .x_dbl = x_dbl,
        .dt = dt,
        .dt_weight = mlm_matrix_of(run, DT_WEIGHT),
        .dt_bias = mlm_weights(run, DT_BIAS),
        .width = run->op->width,
        .rows = run->rows,
        .unfused = may_unfuse && run->schedule == MLM_SCHEDULE_UNFUSED,
    };
    if (op.unfused) {
        op.all.da = mlm_buffer_at(run, DA);
        op.all.dbx = mlm_buffer_at(run, DBX);
    }
    return op;
}

/* dt of the next channels, and their x where the scan is to find it. */
static void project_dt(const scan_op *op, uint32_t first, uint32_t channels) {
    const uint32_t left = op->width - first;
    mlm_copy_rows((mlm_source){op->x.data + first, op->x.stride},
                  (mlm_rows){op->all.x.data + first, op->all.x.stride},
                  channels < left ? channels : left, op->rows);
    mlm_linear(mlm_panels_from(op->dt_weight, first, channels),
               op->dt_bias ? op->dt_bias + first : 0, op->x_dbl, op->dt, op->rows);
    mlm_softplus(op->dt, channels / LANES, op->rows);
}

static mlm_scan scan_chunk(const scan_op *op, uint32_t first, uint32_t channels) {
    const size_t per_channel = (size_t)first * op->all.states;
    const uint32_t groups = channels / LANES, left = op->all.groups - first / LANES;
    mlm_scan scan = op->all;
    scan.a += per_channel;
    scan.d += first;
    scan.h += per_channel;
    scan.x.data += first;
    scan.groups = groups < left ? groups : left;
    return scan;
}

/* One part, of the channels from `first` on. */
MLM_INLINE void run_part(const scan_op *op, uint32_t part, uint32_t first) {
    const uint32_t left = mlm_padded(op->width) - first;
    const uint32_t channels = op->dt.stride < left ? op->dt.stride : left;
    if (part == DT_PROJ) {
        project_dt(op, first, channels);
        return;
    }
    const mlm_scan scan = scan_chunk(op, first, channels);
    if (!op->unfused)
        mlm_selective_scan(&scan, op->rows);
    else if (part == DISCRETIZE)
        mlm_discretize(&scan, op->rows);
    else
        mlm_scan_discretized(&scan, op->rows);
}

/* The parts take turns over chunks of channels. Returns whether there is a next one. */
MLM_INLINE int next_part(const scan_op *op, uint32_t *part, uint32_t *first) {
    if (*part == SCAN) *first += op->dt.stride;
    if (*part == DT_PROJ)
        *part = op->unfused ? DISCRETIZE : SCAN;
    else
        *part = *part == DISCRETIZE ? SCAN : DT_PROJ;
    return *first < mlm_padded(op->width);
}

/* What a part has just made of the channels from `first` on; dA and dBx are no rows. */
static MLM_COLD void note_made(mlm_run *run, const scan_op *op, uint32_t part, uint32_t first) {
    const uint32_t left = op->width - first;
    run->made_width = op->dt.stride < left ? op->dt.stride : left;
    run->made_channel = first;
    if (part == DT_PROJ) {
        run->made = mlm_source_of(op->dt);
    } else if (part == DISCRETIZE) {
        run->made = (mlm_source){0, 0};
        run->made_width = 0;
    } else {
        run->made = (mlm_source){op->all.x.data + first, op->all.x.stride};
    }
}

MLM_INLINE int run_parts(mlm_run *run, int may_unfuse) {
    const scan_op op = scan_op_of(run, may_unfuse);
    uint32_t part = run->stepping ? run->part : DT_PROJ;
    uint32_t first = run->stepping ? run->channel : 0;
    int more;
    do {
        run_part(&op, part, first);
        if (run->stepping) note_made(run, &op, part, first);
        more = next_part(&op, &part, &first);
    } while (more && !run->stepping);
    run->part = (uint8_t)part;
    run->channel = first;
    return more;
}

static int run_selective_scan(mlm_run *run) { return run_parts(run, 1); }

static int run_fused_scan(mlm_run *run) { return run_parts(run, 0); }

/* dt A, dt x, dt x B. */
static void count_discretize(uint64_t width, uint64_t states, mlm_work *work) {
    work->row.macs += width * (2 * states + 1);
    work->row.exps += width * states;
}

/* dA h, h C, D x; fused also what discretize does. */
static void count_scan(uint64_t width, uint64_t states, mlm_work *work) {
    const int unfused = work->schedule == MLM_SCHEDULE_UNFUSED;
    const uint64_t all = width + width * states; /* x, h; or dt, A */
    work->row.macs = width * (2 * states + 1);
    if (!unfused) count_discretize(width, states, work);
    work->row.bytes_read =
        (all + (unfused ? 2 * width * states + states : all + 2 * states)) * sizeof(float);
    work->row.bytes_written = all * sizeof(float);
}

void mlm_selective_scan_class_counts(const mlm_op_view *view, mlm_work *work) {
    const uint64_t width = view->op->width, states = view->op->attributes[STATES];
    const uint64_t rank = view->op->attributes[RANK];
    if (work->part == DT_PROJ) { /* the layer's rows, and dt again for its softplus */
        work->row.macs = rank * width;
        work->row.exps = width;
        work->row.bytes_read = (rank + width) * sizeof(float);
        work->row.bytes_written = 2 * width * sizeof(float);
        work->pass.bytes_read = mlm_tensor_bytes(view, DT_WEIGHT) + mlm_tensor_bytes(view, DT_BIAS);
    } else if (work->part == DISCRETIZE) {
        count_discretize(width, states, work);
        work->pass.bytes_read = mlm_tensor_bytes(view, A);
        work->row.bytes_read = (2 * width + states) * sizeof(float);
        work->row.bytes_written = 2 * width * states * sizeof(float);
    } else {
        count_scan(width, states, work);
        work->pass.bytes_read = mlm_tensor_bytes(view, D);
    }
}

#define SELECTIVE_SCAN                                                                   \
    .name = "selective_scan", .least_inputs = INPUTS, .most_inputs = INPUTS,             \
    .flags = MLM_OP_SEQUENCE | MLM_OP_IN_PLACE, .variants = 1, .attributes = ATTRIBUTES, \
    .tensors = TENSORS, .parts = PARTS, .roles = ROLES, .part_names = part_names,        \
    .role_names = role_names, .check = check_selective_scan, .needs = scan_needs

/* mlm-op 26 */
const mlm_op_class mlm_selective_scan_class = {
    SELECTIVE_SCAN,
    .has_part = has_part,
    .run = run_selective_scan,
};

/* mlm-op 26, only fused */
const mlm_op_class mlm_fused_scan_class = {
    SELECTIVE_SCAN,
    .has_part = has_fused_part,
    .run = run_fused_scan,
};
