/*
 * ssd_scan.c - Mamba-2's scan (Dao & Gu, arXiv 2405.21060) as an op: channels come in heads that have one dt
 * and one A each, heads in groups that share B and C. A row of input 0 is x, then B0 C0 B1 C1 .. of each
 * group; one of input 1 is dt before its bias and softplus. The order of every sum is that of the selective scan.
 */
#include "scan.h"

enum { XBC, DT_INPUT, INPUTS };
enum { HEADS, HEAD_GROUPS, STATES, LEAST_DT, MOST_DT, ATTRIBUTES };
enum { DT_BIAS, A, D, TENSORS };
enum { STEPS, DISCRETIZE, SCAN, PARTS };
enum { SCAN_STATE, DT, DA, DBX, ROLES };
static const char *const part_names[PARTS] = {"dt", "discretize", "ssd_scan"};
static const char *const role_names[ROLES] = {"scan_state", "dt", "dA", "dBx"};

/* Whether every A decays; with an A of 0 an infinite dt would have no exponential. */
static int decays(const mlm_op_view *view) {
    const float *a = mlm_view_data(view, A);
    for (uint32_t head = 0; head < view->op->attributes[HEADS]; head++)
        if (!(a[head] < 0.0f) || !f32_is_finite(f32_bits(a[head]))) return 0;
    return 1;
}

/* dt is not below `least`, which may be 0, nor above `most`, which may be infinite. */
static int are_limits(float least, float most) {
    return least >= 0.0f && f32_is_finite(f32_bits(least)) && most >= least;
}

static MLM_COLD int check(const mlm_op_view *view) {
    const mlm_blob_op *op = view->op;
    const uint32_t heads = op->attributes[HEADS], groups = op->attributes[HEAD_GROUPS];
    const uint64_t states = op->attributes[STATES];
    if (heads == 0 || groups == 0 || op->width % heads || heads % groups || states == 0) return 0;
    return states <= view->widths[XBC] && view->widths[XBC] == op->width + 2 * groups * states &&
           view->widths[DT_INPUT] == heads && mlm_has_optional_vector(view, DT_BIAS, heads) &&
           mlm_has_vector(view, A, heads) && mlm_has_vector(view, D, op->width) &&
           are_limits(mlm_float_attribute(op, LEAST_DT), mlm_float_attribute(op, MOST_DT)) &&
           decays(view);
}

static int has_part(const mlm_blob_op *op, uint32_t schedule, uint32_t part) {
    (void)op;
    return part != DISCRETIZE || schedule == MLM_SCHEDULE_UNFUSED;
}

static int has_fused_part(const mlm_blob_op *op, uint32_t schedule, uint32_t part) {
    (void)op, (void)schedule;
    return part != DISCRETIZE;
}

/* Floats of a head's state: groups of 4 channels of its own. No tensor is as large, so nothing has said yet that
 * they are less than 2^32. */
static uint64_t head_state(const mlm_blob_op *op) {
    const uint32_t channels = op->width / op->attributes[HEADS];
    return (uint64_t)((channels + LANES - 1) / LANES * LANES) * op->attributes[STATES];
}

static MLM_COLD void needs(const mlm_op_view *view, const mlm_shape *shape, mlm_need *need) {
    const uint64_t rows = shape->rows, heads = view->op->attributes[HEADS];
    const uint64_t state = heads * head_state(view->op);
    need[SCAN_STATE] = (mlm_need){.floats = state, .is_state = 1};
    need[DT] = need[DA] =
        (mlm_need){.floats = rows * mlm_padded((uint32_t)heads), .first = STEPS, .last = SCAN};
    if (shape->schedule == MLM_SCHEDULE_UNFUSED)
        need[DBX] = (mlm_need){.floats = rows * state, .first = DISCRETIZE, .last = SCAN};
}

static void make_steps(const mlm_run *run) {
    const uint32_t heads = run->op->attributes[HEADS], padded = mlm_padded(heads);
    const mlm_rows dt = {mlm_buffer_at(run, DT), padded};
    const float *bias = mlm_weights(run, DT_BIAS);
    mlm_copy_rows(run->inputs[DT_INPUT], dt, heads, run->rows);
    for (uint32_t t = 0; bias && t < run->rows; t++)
        for (uint32_t i = 0; i < heads; i++) dt.data[t * padded + i] += bias[i];
    mlm_softplus(dt, (heads + LANES - 1) / LANES, run->rows);
    mlm_decays(mlm_weights(run, A), mlm_float_attribute(run->op, LEAST_DT),
               mlm_float_attribute(run->op, MOST_DT), heads, dt, mlm_buffer_at(run, DA), run->rows);
}

/* A head's channels and what it reads and writes in a row. */
typedef struct head {
    uint32_t channels, states;
    const float *x, *bc, *d, *dt, *da;
    float *h, *dbx, *y;
} head;

/* In the first row. */
static head head_of(const mlm_run *run, uint32_t index) {
    const uint32_t *attributes = run->op->attributes;
    const uint32_t heads = attributes[HEADS], states = attributes[STATES];
    const uint32_t channels = run->op->width / heads, together = heads / attributes[HEAD_GROUPS];
    const size_t state = (size_t)(index * head_state(run->op));
    const float *row = run->inputs[XBC].data;
    return (head){.channels = channels,
                  .states = states,
                  .x = row + index * channels,
                  .bc = row + run->op->width + index / together * 2 * states,
                  .d = mlm_weights(run, D) + index * channels,
                  .dt = mlm_buffer_at(run, DT) + index,
                  .da = mlm_buffer_at(run, DA) + index,
                  .h = mlm_buffer_at(run, SCAN_STATE) + state,
                  .dbx = mlm_buffer_at(run, DBX) + state,
                  .y = run->output.data + index * channels};
}

/* Up to 4 elements of the `left` that there are. */
static MLM_NOINLINE v4 load_some(const float *x, uint32_t left) {
    return left >= LANES ? v4_load(x) : v4_load_some(x, left);
}
static MLM_NOINLINE void store_some(float *y, uint32_t left, v4 x) {
    float all[LANES];
    if (left >= LANES) {
        v4_store(y, x);
        return;
    }
    v4_store(all, x);
    for (uint32_t i = 0; i < left; i++) y[i] = all[i];
}

static MLM_COLD void discretize_head(const head *at) {
    float *dbx = at->dbx;
    for (uint32_t i = 0; i < at->channels; i += LANES) {
        const v4 dt_x = v4_mul(v4_splat(*at->dt), load_some(at->x + i, at->channels - i));
        for (uint32_t n = 0; n < at->states; n++, dbx += LANES)
            v4_store(dbx, v4_mul(dt_x, v4_splat(at->bc[2 * n])));
    }
}

static MLM_COLD void scan_discretized(const head *at) {
    const v4 da = v4_splat(*at->da);
    float *h = at->h;
    const float *dbx = at->dbx;
    for (uint32_t i = 0; i < at->channels; i += LANES) {
        v4 y =
            v4_mul(load_some(at->x + i, at->channels - i), load_some(at->d + i, at->channels - i));
        for (uint32_t n = 0; n < at->states; n++, h += LANES, dbx += LANES)
            y = update(da, v4_load(dbx), h, v4_splat(at->bc[2 * n + 1]), y);
        store_some(at->y + i, at->channels - i, y);
    }
}

#if MLM_SIMD

/* 16 channels from i on. */
MLM_INLINE void scan_quad(const head *at, uint32_t i, float *h) {
    const uint32_t next = at->states * LANES;
    const v4 da = v4_splat(*at->da), dt = v4_splat(*at->dt);
    const quad x = quad_load(at->x + i), dt_x = quad_mul((quad){dt, dt, dt, dt}, x);
    quad y = quad_mul(x, quad_load(at->d + i));
    const float *bc = at->bc;
    for (const float *end = h + next; h != end; h += LANES, bc += 2) {
        const v4 b = v4_splat(bc[0]), c = v4_splat(bc[1]);
        y.a = update(da, v4_mul(dt_x.a, b), h, c, y.a);
        y.b = update(da, v4_mul(dt_x.b, b), h + next, c, y.b);
        y.c = update(da, v4_mul(dt_x.c, b), h + 2 * next, c, y.c);
        y.d = update(da, v4_mul(dt_x.d, b), h + 3 * next, c, y.d);
    }
    quad_store(at->y + i, y);
}

#endif

/* Four groups of 4 channels side by side where the registers hold them, then one by one. */
static MLM_IN_ORDER void scan_head(const head *at) {
    const uint32_t channels = at->channels, next = at->states * LANES;
    const v4 da = v4_splat(*at->da), dt = v4_splat(*at->dt);
    float *h = at->h;
    uint32_t i = 0;
#if MLM_SIMD
    for (; i + GROUPS * LANES <= channels; i += GROUPS * LANES, h += GROUPS * next)
        scan_quad(at, i, h);
#endif
    for (; i < channels; i += LANES) {
        const v4 x = load_some(at->x + i, channels - i), dt_x = v4_mul(dt, x);
        v4 y = v4_mul(x, load_some(at->d + i, channels - i));
        const float *bc = at->bc;
        for (const float *end = h + next; h != end; h += LANES, bc += 2)
            y = update(da, v4_mul(dt_x, v4_splat(bc[0])), h, v4_splat(bc[1]), y);
        store_some(at->y + i, channels - i, y);
    }
}

/* A head's rows one behind the other, so that its state stays near. */
static void for_each_head(const mlm_run *run, void (*work)(const head *)) {
    const uint32_t heads = run->op->attributes[HEADS], steps = mlm_padded(heads);
    const size_t state = (size_t)(heads * head_state(run->op));
    for (uint32_t index = 0; index < heads; index++) {
        head at = head_of(run, index);
        for (uint32_t t = 0; t < run->rows; t++) {
            work(&at);
            at.x += run->inputs[XBC].stride;
            at.bc += run->inputs[XBC].stride;
            at.dt += steps;
            at.da += steps;
            at.dbx += state;
            at.y += run->output.stride;
        }
    }
}

static MLM_COLD void note_made(mlm_run *run, uint32_t part) {
    if (part == SCAN) return;
    const uint32_t heads = run->op->attributes[HEADS];
    run->made = (mlm_source){part == STEPS ? mlm_buffer_at(run, DT) : 0, mlm_padded(heads)};
    run->made_width = part == STEPS ? heads : 0;
}

MLM_INLINE int run_parts(mlm_run *run, int may_unfuse) {
    const int unfused = may_unfuse && run->schedule == MLM_SCHEDULE_UNFUSED;
    uint32_t part = run->stepping ? run->part : STEPS;
    do {
        if (part == STEPS)
            make_steps(run);
        else if (!unfused)
            for_each_head(run, scan_head);
        else
            for_each_head(run, part == DISCRETIZE ? discretize_head : scan_discretized);
        if (run->stepping) note_made(run, part);
        part += part == STEPS && !unfused ? SCAN - STEPS : 1;
    } while (part < PARTS && !run->stepping);
    run->part = (uint8_t)(part < PARTS ? part : STEPS);
    return part < PARTS;
}

static int run_ssd_scan(mlm_run *run) { return run_parts(run, 1); }

static int run_fused_ssd_scan(mlm_run *run) { return run_parts(run, 0); }

/* Rows in and out of the state and of dBx count as floats that are read and written in every row. */
void mlm_ssd_scan_class_counts(const mlm_op_view *view, mlm_work *work) {
    const uint64_t width = view->op->width, heads = view->op->attributes[HEADS];
    const uint64_t states = width * view->op->attributes[STATES];
    const uint64_t bc = view->widths[XBC] - width, half = bc / 2;
    const int unfused = work->schedule == MLM_SCHEDULE_UNFUSED;
    if (work->part == STEPS) { /* dt, and again for its softplus and its limits; dt A */
        work->row.macs = heads;
        work->row.exps = 2 * heads;
        work->row.bytes_read = 3 * heads * sizeof(float);
        work->row.bytes_written = 4 * heads * sizeof(float);
        work->pass.bytes_read = mlm_tensor_bytes(view, DT_BIAS) + mlm_tensor_bytes(view, A);
    } else if (work->part == DISCRETIZE) { /* dt x, dt x B */
        work->row.macs = width + states;
        work->row.bytes_read = (width + half + heads) * sizeof(float);
        work->row.bytes_written = states * sizeof(float);
        work->pass.bytes_read = 0;
    } else { /* dA h, h C, D x; fused also what discretize does */
        work->row.macs = width + 2 * states + (unfused ? 0 : width + states);
        work->row.bytes_read =
            (width + states + (unfused ? states + half : bc) + (unfused ? 1 : 2) * heads) *
            sizeof(float);
        work->row.bytes_written = (width + states) * sizeof(float);
        work->pass.bytes_read = mlm_tensor_bytes(view, D);
    }
}

#define SSD_SCAN                                                                                 \
    .name = "ssd_scan", .least_inputs = INPUTS, .most_inputs = INPUTS, .flags = MLM_OP_SEQUENCE, \
    .variants = 1, .attributes = ATTRIBUTES, .tensors = TENSORS, .parts = PARTS, .roles = ROLES, \
    .part_names = part_names, .role_names = role_names, .check = check, .needs = needs

/* mlm-op 71 */
const mlm_op_class mlm_ssd_scan_class = {
    SSD_SCAN,
    .has_part = has_part,
    .run = run_ssd_scan,
};

/* mlm-op 71, only fused */
const mlm_op_class mlm_fused_ssd_scan_class = {
    SSD_SCAN,
    .has_part = has_fused_part,
    .run = run_fused_ssd_scan,
};
