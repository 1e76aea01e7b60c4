/*
 * special_cases.c - numbers that send kernels another way, in every combination, where random ones are not sure
 * to meet: the scan's and the gate's; and what norms and means are worth at the edge of binary32.
 */
#include "loops.h"

#define LENGTH(array) ((uint32_t)(sizeof(array) / sizeof *(array)))
#define INFINITE __builtin_inff()
#define NOT_A_NUMBER __builtin_nanf("")
#define DENORMAL 0x1p-140f
#define LARGEST 0x1.fffffep127f

static const float specials[] = {0.0f,      -0.0f,        1.0f,     INFINITE,
                                 -INFINITE, NOT_A_NUMBER, DENORMAL, LARGEST};
enum { SPECIALS = sizeof specials / sizeof *specials };

/* The case's own inputs and tensors are random; these are to be others. */
static float *changed(const float *numbers) { return (float *)(uintptr_t)numbers; }

/* ---- selective scan ----------------------------------------------------------------------------------- */

/* dt is what a frame's three numbers make of a channel's weights, finite ones: in row 0, where they are 0,
 * all channels have the same, which gives them an ordinary state; in row 1 it is what the weights say. */
enum { RANK = 3, ROWS = 2 };
static const float row_1_dt[RANK] = {4.0f, 4.0f, 1.0f};
static const float ordinary_bias = 0.5f; /* softplus makes somewhat less than 1 of it */

typedef struct step_weights {
    float weights[RANK];
} step_weights;

/* dt of row 1, behind softplus: 0, ordinary, infinite, NaN, subnormal, the largest, and one that makes an
 * exponent run out. */
static const step_weights steps[] = {
    {{-LARGEST, 0.0f, 0.0f}},    {{0.0f, 0.0f, 0.0f}},   {{LARGEST, 0.0f, 0.0f}},
    {{LARGEST, -LARGEST, 0.0f}}, {{0.0f, 0.0f, -97.5f}}, {{0.0f, 0.0f, LARGEST}},
    {{0.0f, 0.0f, 1000.0f}},
};
enum { STEPS = sizeof steps / sizeof *steps };
enum { ORDINARY = 1, INFINITE_STEP = 2, NAN_STEP = 3, RUNS_OUT = 6 };

/* Begins a case of `width` channels, all tensors and inputs random but for dt in row 0. */
static void begin_scan(kernel_case *c, uint32_t width, uint32_t states, float lowest) {
    c->op.width = width;
    c->op.attributes[0] = states;
    c->op.attributes[1] = RANK;
    case_float_attribute(c, 2, lowest);
    case_tensor(c, 0, MLM_PACK_PANELS, width, RANK);
    case_vector(c, 1, width);
    case_tensor(c, 2, MLM_PACK_GROUPS, width, states);
    case_vector(c, 3, width);
    case_input(c, width, ROWS);
    case_input(c, RANK + 2 * states, ROWS);
    for (uint32_t i = 0; i < width; i++) changed(c->w[1])[i] = ordinary_bias;
    for (uint32_t k = 0; k < RANK; k++) {
        changed(c->x[1])[k] = 0.0f;
        changed(c->x[1])[RANK + 2 * states + k] = row_1_dt[k];
    }
    c->out_rows = ROWS;
}

static void set_step(kernel_case *c, uint32_t channel, const step_weights *step) {
    for (uint32_t k = 0; k < RANK; k++) changed(c->w[0])[channel * RANK + k] = step->weights[k];
}

/* What A can be: it is finite, and -exp(A_log) may be -0. */
static const float rates[] = {0.0f, -0.0f, -1.0f, -DENORMAL, -3.0f, -LARGEST};
enum { RATES = sizeof rates / sizeof *rates };
enum {
    COMBINATIONS = STEPS * SPECIALS * SPECIALS * SPECIALS, /* of dt, D, u and the state */
    PARTS = 2,
    CHANNELS = COMBINATIONS / PARTS,
    SCAN_TURNS = PARTS * RATES * SPECIALS * SPECIALS /* A, B and C */
};

static int make_scan_combination(kernel_case *c) {
    const uint32_t part = c->turn % PARTS;
    const float a = rates[c->turn / PARTS % RATES];
    const uint32_t b = c->turn / PARTS / RATES % SPECIALS,
                   to_y = c->turn / PARTS / RATES / SPECIALS;
    begin_scan(c, CHANNELS, 1, a);
    float *x = changed(c->x[0]), *bc = changed(c->x[1]) + RANK;
    for (uint32_t i = 0; i < CHANNELS; i++) {
        const uint32_t code = part * CHANNELS + i;
        x[i] = specials[code % SPECIALS];
        x[CHANNELS + i] = specials[code / SPECIALS % SPECIALS];
        changed(c->w[2])[i] = a;
        changed(c->w[3])[i] = specials[code / SPECIALS / SPECIALS % SPECIALS];
        set_step(c, i, &steps[code / SPECIALS / SPECIALS / SPECIALS]);
    }
    bc[0] = bc[1] = 1.0f;
    bc[RANK + 2] = specials[b];
    bc[RANK + 3] = specials[to_y];
    return 1;
}

/* Four groups that go side by side, and one; the same lane of the four in every combination of what sends
 * frames another way. The other lanes are ordinary, or have the same four turned on by one from lane to lane. */
enum { LANES = 4, GROUPS = 5, ROLES = 4, TURNED = LANES };
enum { ROLE_COMBINATIONS = ROLES * ROLES * ROLES * ROLES };
static const uint32_t role_states[] = {1, 4, 16, 17};
enum { ROLE_TURNS = 4 * (LANES + 1) * ROLE_COMBINATIONS };

static int make_scan_roles(kernel_case *c) {
    static const uint32_t roles[ROLES] = {ORDINARY, NAN_STEP, RUNS_OUT, INFINITE_STEP};
    const uint32_t code = c->turn % ROLE_COMBINATIONS;
    const uint32_t lane = c->turn / ROLE_COMBINATIONS % (LANES + 1);
    const uint32_t states = role_states[c->turn / ROLE_COMBINATIONS / (LANES + 1)];
    begin_scan(c, GROUPS * LANES, states, -3.0f);
    for (uint32_t i = 0; i < c->op.width * states; i++)
        changed(c->w[2])[i] = -2.0f - rng_signed(&c->random);
    for (uint32_t i = 0; i < c->op.width; i++) {
        const uint32_t role = code >> 2 * (i / LANES % LANES);
        const int plays = lane == TURNED || lane == i % LANES;
        const uint32_t turn = lane == TURNED ? i % LANES : 0;
        set_step(c, i, &steps[roles[plays ? (role + turn) % ROLES : 0]]);
    }
    return 1;
}

/* ---- gate --------------------------------------------------------------------------------------------- */

/* What is gated, and what gates, as a weight of 1. */
static int make_gate_pairs(kernel_case *c) {
    if (c->op.variant == 7 || c->op.variant == 8) return 0;
    const uint32_t width = SPECIALS * SPECIALS;
    c->op.width = width;
    case_tensor(c, 0, MLM_PACK_PANELS, width, 1);
    case_vector(c, 1, width);
    case_input(c, width, 1);
    case_input(c, 1, 1);
    changed(c->x[1])[0] = 1.0f;
    for (uint32_t i = 0; i < width; i++) {
        changed(c->x[0])[i] = specials[(i + c->turn) % SPECIALS];
        changed(c->w[0])[i] = specials[i / SPECIALS];
        changed(c->w[1])[i] = -0.0f;
    }
    c->out_rows = 1;
    return 1;
}

/* ---- what norms and means are worth -------------------------------------------------------------------- */

enum { ROW = 4, RMS = 0, MEAN = 0, SUM = 4 };

typedef struct norm_case {
    float x[ROW], rms[ROW], layer[ROW];
} norm_case;

#define NONE \
    { NOT_A_NUMBER, NOT_A_NUMBER, NOT_A_NUMBER, NOT_A_NUMBER }

/* Weights 1, no bias, squares that overflow: what PyTorch gives, but for the sign of a zero of LayerNorm. */
static const norm_case norm_cases[] = {
    {{2e19f, -2e19f, 2e19f, 0.0f}, {0.0f, -0.0f, 0.0f, 0.0f}, {0.0f, -0.0f, 0.0f, -0.0f}},
    {{3e19f, 1.0f, 2.0f, 3.0f}, {0.0f, 0.0f, 0.0f, 0.0f}, {0.0f, -0.0f, -0.0f, -0.0f}},
    {{LARGEST, LARGEST, -LARGEST, -LARGEST}, {0.0f, 0.0f, -0.0f, -0.0f}, NONE},
    {{LARGEST, LARGEST, LARGEST, -LARGEST}, {0.0f, 0.0f, 0.0f, -0.0f}, NONE},
    {{INFINITE, -1.0f, 2.0f, 0.0f}, {NOT_A_NUMBER, -0.0f, 0.0f, 0.0f}, NONE},
    {{-INFINITE, INFINITE, 2e19f, 1.0f}, {NOT_A_NUMBER, NOT_A_NUMBER, 0.0f, 0.0f}, NONE},
    {{NOT_A_NUMBER, 2e19f, LARGEST, 1.0f}, NONE, NONE},
};

static int make_norm_edge(kernel_case *c) {
    case_float_attribute(c, 0, 1e-5f);
    case_vector(c, 0, ROW);
    case_input(c, ROW, 1);
    for (uint32_t i = 0; i < ROW; i++) {
        changed(c->w[0])[i] = 1.0f;
        changed(c->x[0])[i] = norm_cases[c->turn].x[i];
    }
    c->op.width = ROW;
    c->out_rows = 1;
    return 1;
}

static void norm_edge(const kernel_case *c, float *y) {
    const norm_case *edge = &norm_cases[c->turn];
    for (uint32_t i = 0; i < ROW; i++) y[i] = (c->op.variant == RMS ? edge->rms : edge->layer)[i];
}

enum { MEAN_ROWS = 3 };

typedef struct mean_case {
    float x[MEAN_ROWS], mean;
} mean_case;

static const mean_case mean_cases[] = {
    {{INFINITE, 1.0f, 2.0f}, INFINITE},
    {{INFINITE, INFINITE, INFINITE}, INFINITE},
    {{1.0f, INFINITE, 1.0f}, INFINITE},
    {{-INFINITE, 1.0f, 1.0f}, -INFINITE},
    {{3e38f, 3e38f, 1.0f}, INFINITE},
    {{-3e38f, -3e38f, -1.0f}, -INFINITE},
    {{INFINITE, 1.0f, -INFINITE}, NOT_A_NUMBER},
    {{1.0f, NOT_A_NUMBER, INFINITE}, NOT_A_NUMBER},
};

/* Means and sums, which are the same here. */
static int make_mean_edge(kernel_case *c) {
    if (c->op.variant != MEAN && c->op.variant != SUM) return 0;
    case_input(c, 1, MEAN_ROWS);
    for (uint32_t t = 0; t < MEAN_ROWS; t++) changed(c->x[0])[t] = mean_cases[c->turn].x[t];
    c->op.width = 1;
    c->out_rows = 1;
    return 1;
}

static void mean_edge(const kernel_case *c, float *y) { *y = mean_cases[c->turn].mean; }

const kernel_spec special_specs[] = {
    {26, make_scan_combination, 0, SCAN_TURNS},
    {26, make_scan_roles, 0, ROLE_TURNS},
    {28, make_gate_pairs, 0, SPECIALS},
    {7, make_norm_edge, norm_edge, LENGTH(norm_cases)},
    {22, make_mean_edge, mean_edge, LENGTH(mean_cases)},
    {0, 0, 0, 0},
};
