/*
 * integer_scan_test.c - the integer scan, convolution, gate and activation against plain loops that follow the
 * contract in mlm.h word by word, in 64 bits throughout: random and extreme numbers, states that
 * saturate, any tile, any schedule, step by step.
 */
#include <stdlib.h>

#include "harness.h"
#include "kernels/integer.h"
#include "random.h"

extern const mlm_op_class mlm_selective_scan_int_class, mlm_causal_conv_int_class;
extern const mlm_op_class mlm_gate_int_class, mlm_activation_int_class;

enum { MOST_WIDTH = 80, MOST_STATES = 140, MOST_RANK = 12, ROWS = 13 };
/* Of each op. */
#ifndef INTEGER_SCAN_CASES
#define INTEGER_SCAN_CASES 3000
#endif
/* Every so many-th pair of exponents of an activation. */
#ifndef INTEGER_EXPONENTS_EVERY
#define INTEGER_EXPONENTS_EVERY 5
#endif
enum { CASES = INTEGER_SCAN_CASES };
enum { MOST_INPUTS = MOST_RANK + 2 * MOST_STATES };

/* ---- the contract -------------------------------------------------------------------------------- */

static int64_t floor_shift(int64_t x, int s) {
    const int64_t d = (int64_t)1 << s;
    return x >= 0 ? x / d : -((-x + d - 1) / d);
}
static int64_t clamp(int64_t x, int64_t low, int64_t high) {
    return x < low ? low : x > high ? high : x;
}
static int64_t sat16(int64_t x) { return clamp(x, -32768, 32767); }
static int64_t sat32(int64_t x) { return clamp(x, INT32_MIN, INT32_MAX); }
static int64_t mulw(int64_t a, int64_t b) { return floor_shift(a * b, 16); }
static int64_t rsh(int64_t x, int s) { return floor_shift(x + (((int64_t)1 << s) >> 1), s); }
static int64_t shift(int64_t x, int s) {
    if (s > 31) return 0;
    return s >= 0 ? rsh(x, s) : sat32(x * ((int64_t)1 << (s < -31 ? 31 : -s)));
}
static int bits(int64_t x) {
    int n = 0;
    for (; x > 0; x /= 2) n++;
    return n;
}
static int over(int64_t x) { return bits(x) > 15 ? bits(x) - 15 : 0; }
static int64_t magnitude(int64_t x) { return x < 0 ? -x : x; }

static int64_t exp2m(int64_t f) {
    int64_t t = 1012943840 - 5656 * f;
    t = -1487979748 + floor_shift(t, 16) * f;
    return 1073725440 + floor_shift(t, 16) * f;
}

static int64_t softplus(int64_t v, int edt, int64_t most) {
    if (v > most) v = most;
    const int64_t p = magnitude(v) * 47274;
    const int n = (int)(p >> 26);
    const int64_t T = exp2m((p >> 11) & 0x7FFF);
    const int64_t E = T >> (30 - edt) >> n, t = T >> 15 >> n;
    static const int64_t c[] = {-6108, 10571, -16374, 32767};
    int64_t r = 1863;
    for (int i = 0; i < 4; i++) r = c[i] + floor_shift(r * t + 0x4000, 15);
    if (r > 32767) r = 32767;
    return (v > 0 ? v : 0) * ((int64_t)1 << (edt - 11)) + 2 * mulw(E, r);
}

static int64_t sigmoid(int64_t x, int e) {
    static int64_t table[257];
    if (table[0] == 0)
        for (int i = 0; i < 257; i++) { /* e^(i/16) by its series: no libm, and far from any tie */
            double power = 1.0, term = 1.0;
            for (int k = 1; k < 80; k++) power += term *= i / 16.0 / k;
            table[i] = clamp((int64_t)(32768.0 * power / (1.0 + power) + 0.5), 0, 32767);
        }
    const int64_t a = magnitude(x);
    int64_t i = a >> (e - 4), f = a & ((1 << (e - 4)) - 1);
    if (i > 255) i = 255, f = 0;
    const int64_t s = table[i] + floor_shift((table[i + 1] - table[i]) * f, e - 4);
    return x < 0 ? 32768 - s : s;
}

static int64_t activate(uint32_t variant, int64_t x, int e, int eo) {
    switch (variant) {
        case MLM_ACTIVATION_SILU: return sat16(rsh(x * sigmoid(x, e), 15 + e - eo));
        case MLM_ACTIVATION_SIGMOID: return sat16(rsh(sigmoid(x, e), 15 - eo));
        case MLM_ACTIVATION_TANH: return sat16(shift(2 * sigmoid(x, e - 1) - 32768, 15 - eo));
        default: return sat16(shift(x > 0 ? x : 0, e - eo));
    }
}

/* ---- an op by hand --------------------------------------------------------------------------------- */

enum { BLOB_BYTES = 1 << 16, ARENA_BYTES = 1 << 17, MOST_ROLES = 4 };

typedef struct subject {
    rng random;
    mlm_blob_op op;
    mlm_blob_tensor tensors[MLM_TENSOR_REFS];
    uint32_t tensor_count, blob_bytes, inputs;
    uint32_t widths[MLM_MAX_INPUTS];
    uint8_t types[MLM_MAX_INPUTS];
    uint32_t loud; /* 0: small weights and inputs; 1: any; 2: extremes */
} subject;

static unsigned char blob[BLOB_BYTES] __attribute__((aligned(16)));
static unsigned char arena[ARENA_BYTES] __attribute__((aligned(16)));

static void begin(subject *s, uint64_t seed) {
    memset(s, 0, sizeof *s);
    s->random.state = seed;
    s->loud = rng_below(&s->random, 3);
    for (uint32_t i = 0; i < MLM_MAX_INPUTS; i++) s->op.inputs[i] = MLM_NO_VALUE;
    for (uint32_t t = 0; t < MLM_TENSOR_REFS; t++) s->op.tensors[t] = MLM_NO_TENSOR;
    memset(blob, 0, sizeof blob);
}

static void add_input(subject *s, uint32_t width, uint32_t type) {
    s->op.inputs[s->inputs] = (uint16_t)(s->inputs + 1);
    s->types[s->inputs] = (uint8_t)type;
    s->widths[s->inputs++] = width;
}

static void *add_tensor(subject *s, uint32_t t, uint32_t dtype, uint32_t packing, uint32_t rows,
                        uint32_t columns, uint32_t bytes) {
    s->op.tensors[t] = (uint16_t)s->tensor_count;
    s->tensors[s->tensor_count++] = (mlm_blob_tensor){.dtype = (uint16_t)dtype,
                                                      .packing = (uint16_t)packing,
                                                      .rows = rows,
                                                      .columns = columns,
                                                      .offset = s->blob_bytes,
                                                      .bytes = bytes};
    void *data = blob + s->blob_bytes;
    s->blob_bytes += (bytes + 15u) & ~15u;
    return data;
}

static int16_t any_i16(subject *s, uint32_t loud) {
    static const int16_t odd[] = {-32768, -32767, 32767, 32766, 0, -1, 1, 16384};
    if (loud == 2 && rng_once_in(&s->random, 2)) return odd[rng_below(&s->random, 8)];
    const uint32_t digits = rng_below(&s->random, 16);
    const int16_t x = (int16_t)(rng_u32(&s->random) & 0xFFFF);
    return (int16_t)(loud == 0 ? x / 16 : x / (1 << digits));
}

static int16_t *add_i16(subject *s, uint32_t t, uint32_t packing, uint32_t rows, uint32_t columns) {
    int16_t *w =
        add_tensor(s, t, MLM_DTYPE_I16, packing, rows, columns, 2 * ((rows * columns + 7) & ~7u));
    for (uint32_t i = 0; i < rows * columns; i++) w[i] = any_i16(s, s->loud);
    return w;
}

/* Quads, bias and multiplier, from tensor `t` on. */
static void add_layer(subject *s, uint32_t t, uint32_t outputs, uint32_t inputs) {
    const uint32_t columns = (inputs + 3) & ~3u, rows = (outputs + 3) & ~3u;
    uint8_t *w = add_tensor(s, t, MLM_DTYPE_I8, MLM_PACK_QUADS, outputs, inputs, rows * columns);
    memset(w, 128, rows * columns);
    static const uint32_t order[] = {0, 2, 1, 3};
    for (uint32_t o = 0; o < outputs; o++)
        for (uint32_t i = 0; i < inputs; i++)
            w[((o / 4 * (columns / 4) + i / 4) * 4 + o % 4) * 4 + order[i % 4]] =
                (uint8_t)rng_between(&s->random, 1, 255);
    if (!rng_once_in(&s->random, 4)) {
        int32_t *bias = add_tensor(s, t + 1, MLM_DTYPE_I32, MLM_PACK_VECTOR, outputs, 1,
                                   4 * ((outputs + 7) & ~7u));
        for (uint32_t o = 0; o < outputs; o++) bias[o] = (int32_t)rng_u32(&s->random) / 16;
    }
    int16_t *m = add_i16(s, t + 2, MLM_PACK_VECTOR, outputs, 1);
    for (uint32_t o = 0; o < outputs; o++) m[o] = (int16_t)rng_between(&s->random, 1, 32767);
}

static const void *tensor_of(const subject *s, uint32_t t) {
    return s->op.tensors[t] == MLM_NO_TENSOR ? 0 : blob + s->tensors[s->op.tensors[t]].offset;
}

static int64_t layer(const subject *s, uint32_t t, uint32_t inputs, uint32_t o, const int16_t *x,
                     int s_out) {
    static const uint32_t order[] = {0, 2, 1, 3};
    const uint32_t columns = (inputs + 3) & ~3u;
    const uint8_t *w = tensor_of(s, t);
    const int32_t *bias = tensor_of(s, t + 1);
    const int16_t *m = tensor_of(s, t + 2);
    int64_t sum = bias ? bias[o] : 0;
    for (uint32_t i = 0; i < inputs; i++)
        sum += (w[((o / 4 * (columns / 4) + i / 4) * 4 + o % 4) * 4 + order[i % 4]] - 128) * x[i];
    return sat16(floor_shift(mulw(sum, m[o]) + ((1 << s_out) >> 1), s_out));
}

static mlm_op_view view_of(const subject *s) {
    mlm_op_view view = {.op = &s->op,
                        .blob = blob,
                        .tensors = s->tensors,
                        .tensor_count = s->tensor_count,
                        .inputs = s->inputs,
                        .least_rows = 1};
    memcpy(view.widths, s->widths, sizeof view.widths);
    memcpy(view.types, s->types, sizeof view.types);
    return view;
}

/* ---- running one ----------------------------------------------------------------------------------- */

typedef struct machine {
    const subject *s;
    const mlm_op_class *class;
    uint32_t buffers[MOST_ROLES], schedule, tile;
    float *x[MLM_MAX_INPUTS], *y; /* [ROWS][strides], in words */
    uint32_t strides[MLM_MAX_INPUTS], stride, state_bytes;
} machine;

static uint32_t row_words(uint32_t width, uint32_t type) {
    return mlm_padded(width) >> (type == MLM_DTYPE_I16);
}

/* Buffers and rows in the arena; everything that is no state begins as garbage. */
static machine machine_of(const subject *s, const mlm_op_class *class, uint32_t schedule,
                          uint32_t tile) {
    machine m = {.s = s, .class = class, .schedule = schedule, .tile = tile};
    const mlm_op_view view = view_of(s);
    const mlm_shape shape = {schedule, tile, tile, 0};
    mlm_need needs[MOST_ROLES] = {0};
    uint32_t at = 0;
    memset(arena, 0x5A, sizeof arena);
    if (class->needs) class->needs(&view, &shape, needs);
    for (uint32_t role = 0; role < class->roles; role++) {
        m.buffers[role] = at;
        const uint32_t bytes = (uint32_t)needs[role].floats * 4;
        if (needs[role].is_state) {
            memset(arena + at, 0, bytes);
            m.state_bytes = at + bytes;
        }
        at += (bytes + 31) & ~15u;
    }
    for (uint32_t i = 0; i < s->inputs; i++) {
        m.strides[i] = row_words(s->widths[i], s->types[i]);
        m.x[i] = (float *)(void *)(arena + at);
        at += m.strides[i] * 4 * ROWS;
    }
    m.stride = row_words(s->op.width, s->op.type);
    m.y = (float *)(void *)(arena + at);
    at += m.stride * 4 * ROWS;
    if (at > ARENA_BYTES) abort();
    return m;
}

static void run_rows(const machine *m, int stepping) {
    for (uint32_t first = 0; first < ROWS; first += m->tile) {
        mlm_run run = {.op = &m->s->op,
                       .blob = blob,
                       .tensors = m->s->tensors,
                       .arena = arena,
                       .buffers = m->buffers,
                       .input_width = m->s->widths[0],
                       .rows = ROWS - first < m->tile ? ROWS - first : m->tile,
                       .first = first,
                       .schedule = (uint8_t)m->schedule,
                       .stepping = (uint8_t)stepping,
                       .in_total = MLM_UNKNOWN};
        for (uint32_t i = 0; i < m->s->inputs; i++) {
            run.widths[i] = m->s->widths[i];
            run.inputs[i] = (mlm_source){m->x[i] + first * m->strides[i], m->strides[i]};
        }
        run.output = (mlm_rows){m->y + first * m->stride, m->stride};
        while (m->class->run(&run)) CHECK(stepping);
    }
}

/* Numbers of all inputs, those of a value of 16 bits as loud as the subject. */
typedef struct inputs_of {
    int16_t i16[MLM_MAX_INPUTS][ROWS][MOST_INPUTS];
    int32_t i32[MLM_MAX_INPUTS][ROWS][MOST_INPUTS];
} inputs_of;
static inputs_of input;

static void make_inputs(subject *s) {
    for (uint32_t i = 0; i < s->inputs; i++)
        for (uint32_t t = 0; t < ROWS; t++)
            for (uint32_t c = 0; c < s->widths[i]; c++) {
                input.i16[i][t][c] = any_i16(s, s->loud);
                const int32_t wide = (int32_t)rng_u32(&s->random);
                input.i32[i][t][c] = s->loud == 2 && rng_once_in(&s->random, 4)
                                         ? (rng_once_in(&s->random, 2) ? INT32_MIN : INT32_MAX)
                                         : wide / (1 << rng_below(&s->random, 20));
            }
}

static void fill_inputs(const machine *m) {
    for (uint32_t i = 0; i < m->s->inputs; i++)
        for (uint32_t t = 0; t < ROWS; t++) {
            float *row = m->x[i] + t * m->strides[i];
            if (m->s->types[i] == MLM_DTYPE_I16)
                memcpy(row, input.i16[i][t], 2 * m->s->widths[i]);
            else
                memcpy(row, input.i32[i][t], 4 * m->s->widths[i]);
        }
}

static int64_t output_at(const machine *m, uint32_t t, uint32_t c) {
    const float *row = m->y + t * m->stride;
    int16_t narrow;
    int32_t wide;
    memcpy(&narrow, (const char *)row + 2 * c, sizeof narrow);
    memcpy(&wide, (const char *)row + 4 * c, sizeof wide);
    return m->s->op.type == MLM_DTYPE_I16 ? narrow : wide;
}

static int64_t wanted[ROWS][MOST_WIDTH];

/* The same bits in every way of running, and the same state at the end. Gives the state. */
static const unsigned char *runs_as_wanted(subject *s, const mlm_op_class *class, uint64_t seed) {
    static unsigned char state[ARENA_BYTES];
    const mlm_op_view view = view_of(s);
    CHECK(class->check(&view));
    for (uint32_t way = 0; way < 4; way++) {
        static const uint32_t tiles[] = {1, 4, ROWS, 3};
        const uint32_t schedule = way == 2 ? MLM_SCHEDULE_UNFUSED : MLM_SCHEDULE_STREAM;
        const machine m = machine_of(s, class, schedule, tiles[way]);
        fill_inputs(&m);
        run_rows(&m, way == 3);
        for (uint32_t t = 0; t < ROWS; t++)
            for (uint32_t c = 0; c < s->op.width; c++)
                if (!CHECK_MESSAGE(output_at(&m, t, c) == wanted[t][c],
                                   "seed %llu way %u row %u channel %u: %lld, not %lld",
                                   (unsigned long long)seed, way, t, c,
                                   (long long)output_at(&m, t, c), (long long)wanted[t][c]))
                    return state;
        if (way > 0)
            CHECK_MESSAGE(!memcmp(state, arena, m.state_bytes), "seed %llu way %u: another state",
                          (unsigned long long)seed, way);
        memcpy(state, arena, m.state_bytes);
    }
    return state;
}

/* ---- the scan ---------------------------------------------------------------------------------------- */

enum { STATES, RANK, DT_SHIFT, DT_EXPONENT, DT_MOST, DECAY_SHIFT, INPUT_SHIFT, SKIP_SHIFT };
enum { DT_WEIGHT, A = 3, D };

static uint64_t saturations, saturating_cases, quiet_cases;

static void choose_shifts(subject *s) {
    uint32_t *at = s->op.attributes;
    at[DT_SHIFT] = rng_below(&s->random, 16);
    at[DT_EXPONENT] = rng_between(&s->random, 11, 30);
    const uint32_t room = 30 - at[DT_EXPONENT];
    at[DT_MOST] = room > 5 ? 32767 : rng_below(&s->random, 1024u << room);
    const int32_t usual = (int32_t)at[DT_EXPONENT] - 4;
    at[DECAY_SHIFT] = (uint32_t)(usual + (int32_t)rng_below(&s->random, 12) - 6);
    at[INPUT_SHIFT] = rng_between(&s->random, 0, s->loud == 0 ? 24 : 12) +
                      (uint32_t)(s->loud == 0 ? usual / 2 : 0);
    at[SKIP_SHIFT] = rng_between(&s->random, 0, 16);
    if (rng_once_in(&s->random, 8)) { /* anything that may be opened */
        at[DECAY_SHIFT] = (uint32_t)((int32_t)rng_below(&s->random, 128) - 64);
        at[INPUT_SHIFT] = (uint32_t)((int32_t)rng_below(&s->random, 256) - 128);
        at[SKIP_SHIFT] = (uint32_t)((int32_t)rng_below(&s->random, 96) - 31);
    }
}

static void make_scan(subject *s) {
    rng *random = &s->random;
    const uint32_t width = rng_between(random, 1, MOST_WIDTH);
    const uint32_t most = rng_once_in(random, 16) ? MOST_STATES : 40;
    const uint32_t states = rng_once_in(random, 2) ? 16 : rng_between(random, 1, most);
    const uint32_t rank = rng_between(random, 1, MOST_RANK);
    s->op.type = MLM_DTYPE_I32;
    s->op.variant = (uint8_t)rng_below(random, 2);
    s->op.width = width;
    add_input(s, width, MLM_DTYPE_I16);
    add_input(s, rank + 2 * states, MLM_DTYPE_I16);
    s->op.attributes[STATES] = states;
    s->op.attributes[RANK] = rank;
    choose_shifts(s);
    add_layer(s, DT_WEIGHT, width, rank);
    int16_t *a = add_i16(s, A, MLM_PACK_ROWS, width, states);
    for (uint32_t i = 0; i < width * states; i++) a[i] = (int16_t)(a[i] < 0 ? ~a[i] : a[i]);
    if (!rng_once_in(random, 4)) add_i16(s, D, MLM_PACK_VECTOR, width, 1);
}

/* The buffer of the count of what was cut off, and the gap behind it. */
enum { COUNT_BYTES = 32 };

static int64_t state_of[MOST_WIDTH][MOST_STATES];

static void scan_channel(const subject *s, uint32_t t, uint32_t c) {
    const uint32_t *at = s->op.attributes, states = at[STATES], rank = at[RANK];
    const int16_t *x_dbl = input.i16[1][t], *a = (const int16_t *)tensor_of(s, A) + c * states;
    const int16_t *d = tensor_of(s, D);
    const int64_t u = input.i16[0][t][c];
    const int64_t v = layer(s, DT_WEIGHT, rank, c, x_dbl, (int)at[DT_SHIFT]);
    const int64_t dt = softplus(v, (int)at[DT_EXPONENT], (int32_t)at[DT_MOST]);
    const int narrowed = over(dt);
    const int64_t dt15 = dt >> narrowed;
    const int sh = (int)clamp((int32_t)at[DECAY_SHIFT] - narrowed, 0, 31);
    const int64_t product = dt15 * u;
    const int s2 = over(magnitude(product));
    int64_t dtu = floor_shift(product, s2);
    int r = (int32_t)at[INPUT_SHIFT] - narrowed - s2;
    if (r < 0) dtu = sat16(dtu * (1 << (r < -15 ? 15 : -r)));
    r = (int)clamp(r, 0, 31);
    int64_t y = d ? shift(u * d[c], (int32_t)at[SKIP_SHIFT]) : 0;
    for (uint32_t n = 0; n < states; n++) {
        const int64_t p = (dt15 * a[n]) >> sh;
        const int64_t decay = exp2m(p & 0x7FFF) >> (15 + (p >> 15 < 16 ? p >> 15 : 16));
        const int64_t sum =
            2 * mulw(state_of[c][n], decay) + floor_shift(dtu * x_dbl[rank + 2 * n], r);
        int64_t h = sat32(sum);
        saturations += h != sum;
        if (s->op.variant == 1) h = sat16(rsh(h, 16)) * 65536;
        state_of[c][n] = h;
        y += mulw(h, x_dbl[rank + 2 * n + 1]);
    }
    wanted[t][c] = sat32(y);
}

static void check_state(const subject *s, const unsigned char *state, uint64_t seed) {
    const uint32_t states = s->op.attributes[STATES], elements = s->op.width * states;
    const uint32_t element = s->op.variant == 1 ? 2 : 4;
    uint32_t count;
    memcpy(&count, state, sizeof count);
    CHECK_MESSAGE(count == saturations, "seed %llu: %u saturations, not %llu",
                  (unsigned long long)seed, count, (unsigned long long)saturations);
    const uint32_t bounds = (s->op.width + 31) / 32;
    const unsigned char *h = state + COUNT_BYTES + ((2 * bounds + 15) & ~15u);
    for (uint32_t i = 0; i < elements; i++) {
        int32_t wide;
        int16_t narrow;
        memcpy(&wide, h + 4 * (element == 4 ? i : 0), sizeof wide);
        memcpy(&narrow, h + 2 * (element == 2 ? i : 0), sizeof narrow);
        const int64_t got = element == 2 ? (int64_t)narrow * 65536 : wide;
        if (!CHECK_MESSAGE(got == state_of[i / states][i % states], "seed %llu: state %u",
                           (unsigned long long)seed, i))
            return;
    }
}

static void scan(void) {
    for (uint64_t seed = 0; seed < CASES; seed++) {
        subject s;
        begin(&s, seed);
        make_scan(&s);
        const mlm_op_view view = view_of(&s);
        if (!mlm_selective_scan_int_class.check(&view)) continue; /* a bias too large */
        make_inputs(&s);
        memset(state_of, 0, sizeof state_of);
        saturations = 0;
        for (uint32_t t = 0; t < ROWS; t++)
            for (uint32_t c = 0; c < s.op.width; c++) scan_channel(&s, t, c);
        const unsigned char *state = runs_as_wanted(&s, &mlm_selective_scan_int_class, seed);
        check_state(&s, state, seed);
        saturating_cases += saturations > 0;
        quiet_cases += saturations == 0;
    }
    CHECK(saturating_cases > CASES / 10 && quiet_cases > CASES / 10);
}

/* ---- the others -------------------------------------------------------------------------------------- */

static void convolution(void) {
    for (uint64_t seed = 0; seed < CASES; seed++) {
        subject s;
        begin(&s, seed);
        const uint32_t width = rng_between(&s.random, 1, MOST_WIDTH);
        const uint32_t taps = rng_once_in(&s.random, 2) ? 4 : rng_between(&s.random, 1, 7);
        const int has_silu = rng_once_in(&s.random, 2);
        const int ec = (int)rng_between(&s.random, 4, 15);
        const int eo = has_silu ? (int)rng_between(&s.random, (uint32_t)ec, 15) : ec;
        const int is_plain = rng_once_in(&s.random, 2);
        const int shift_out = (int)rng_below(&s.random, is_plain ? 31 : 16);
        const uint32_t attributes[] = {taps, 0, (uint32_t)has_silu, (uint32_t)shift_out,
                                       (uint32_t)ec};
        memcpy(s.op.attributes, attributes, sizeof attributes);
        s.op.type = MLM_DTYPE_I16;
        s.op.width = width;
        s.op.exponent = eo;
        add_input(&s, width, MLM_DTYPE_I16);
        int16_t *w = add_i16(&s, 0, MLM_PACK_ROWS, width, taps);
        for (uint32_t i = 0; i < width * taps; i++) w[i] = (int16_t)(w[i] / (int32_t)taps);
        int32_t *bias = 0;
        if (!rng_once_in(&s.random, 4))
            bias = add_tensor(&s, 1, MLM_DTYPE_I32, MLM_PACK_VECTOR, width, 1,
                              4 * ((width + 7) & ~7u));
        for (uint32_t c = 0; bias && c < width; c++) {
            int64_t room = INT32_MAX; /* what is left of 31 bits, now and then all of it */
            for (uint32_t k = 0; k < taps; k++) room -= 32768 * magnitude(w[c * taps + k]);
            bias[c] = (int32_t)rng_u32(&s.random) / 4096;
            if (s.loud == 2 && room > 0)
                bias[c] = (int32_t)(rng_once_in(&s.random, 2) ? room : -room);
        }
        int16_t *m = is_plain ? 0 : add_i16(&s, 2, MLM_PACK_VECTOR, width, 1);
        for (uint32_t c = 0; m && c < width; c++) m[c] = (int16_t)rng_between(&s.random, 1, 32767);
        const mlm_op_view view = view_of(&s);
        if (!mlm_causal_conv_int_class.check(&view)) continue; /* weights too large */
        make_inputs(&s);
        for (uint32_t t = 0; t < ROWS; t++)
            for (uint32_t c = 0; c < width; c++) {
                int64_t sum = bias ? bias[c] : 0;
                for (uint32_t k = 0; k < taps; k++)
                    if (t + k + 1 >= taps)
                        sum += (int64_t)w[c * taps + k] * input.i16[0][t + k + 1 - taps][c];
                const int64_t scaled = m ? mulw(sum, m[c]) : sum;
                const int64_t v = sat16(floor_shift(scaled + ((1 << shift_out) >> 1), shift_out));
                wanted[t][c] = has_silu ? activate(MLM_ACTIVATION_SILU, v, ec, eo) : v;
            }
        runs_as_wanted(&s, &mlm_causal_conv_int_class, seed);
    }
}

/* Exponents of input and output of an activation; 0 where there are none. */
static int choose_exponents(rng *random, uint32_t variant, int *from, int *to) {
    *from = (int)rng_between(random, 4, 16);
    *to = (int)rng_below(random, 31) - 8;
    return mlm_is_i16_activation((mlm_activation)variant, *from, *to);
}

static void gate(void) {
    for (uint64_t seed = 0; seed < CASES; seed++) {
        subject s;
        begin(&s, seed);
        const uint32_t width = rng_between(&s.random, 1, MOST_WIDTH);
        const uint32_t inputs = rng_between(&s.random, 1, 20), variant = rng_below(&s.random, 6);
        const uint32_t sh = rng_below(&s.random, 47), z_shift = rng_below(&s.random, 16);
        int ez, eg;
        if (!choose_exponents(&s.random, variant, &ez, &eg)) continue;
        const uint32_t attributes[] = {z_shift, (uint32_t)ez, (uint32_t)eg, sh};
        memcpy(s.op.attributes, attributes, sizeof attributes);
        s.op.variant = (uint8_t)variant;
        s.op.type = MLM_DTYPE_I32;
        s.op.width = width;
        add_input(&s, width, MLM_DTYPE_I32);
        add_input(&s, inputs, MLM_DTYPE_I16);
        add_layer(&s, 0, width, inputs);
        const mlm_op_view view = view_of(&s);
        if (!mlm_gate_int_class.check(&view)) continue;
        make_inputs(&s);
        for (uint32_t t = 0; t < ROWS; t++)
            for (uint32_t c = 0; c < width; c++) {
                const int64_t z = layer(&s, 0, inputs, c, input.i16[1][t], (int)z_shift);
                const int64_t g = activate(variant, z, ez, eg);
                wanted[t][c] = sat32(rsh((int64_t)input.i32[0][t][c] * g, (int)sh));
            }
        runs_as_wanted(&s, &mlm_gate_int_class, seed);
    }
}

static void every_activation_of_every_number(void) {
    static int16_t x[1 << 16];
    for (uint32_t variant = 0; variant < MLM_ACTIVATIONS; variant++)
        for (int from = -2; from < 20; from++)
            for (int to = -20; to < 34; to++) {
                if (!mlm_is_i16_activation((mlm_activation)variant, from, to)) continue;
                if ((from + 7 * to) % INTEGER_EXPONENTS_EVERY) continue;
                for (int i = 0; i < 1 << 16; i++) x[i] = (int16_t)(i - 32768);
                mlm_activate_i16((mlm_activation)variant, x, 1 << 16, from, to);
                for (int i = 0; i < 1 << 16; i++) {
                    const int64_t want = activate(variant, i - 32768, from, to);
                    if (!CHECK_MESSAGE(x[i] == want, "%u of %d, %d to %d: %d, not %d", variant,
                                       i - 32768, from, to, x[i], (int)want))
                        break;
                }
            }
}

static void activation_op(void) {
    for (uint64_t seed = 0; seed < CASES; seed++) {
        subject s;
        begin(&s, seed);
        const uint32_t width = rng_between(&s.random, 1, MOST_WIDTH);
        const uint32_t type = rng_once_in(&s.random, 4) ? MLM_DTYPE_I32 : MLM_DTYPE_I16;
        const uint32_t variant =
            type == MLM_DTYPE_I32 ? MLM_ACTIVATION_RELU : rng_below(&s.random, 6);
        int from, to;
        if (!choose_exponents(&s.random, variant, &from, &to)) continue;
        s.op.attributes[0] = (uint32_t)from;
        s.op.attributes[1] = type;
        s.op.variant = (uint8_t)variant;
        s.op.type = (uint8_t)type;
        s.op.width = width;
        s.op.exponent = to;
        add_input(&s, width, type);
        make_inputs(&s);
        for (uint32_t t = 0; t < ROWS; t++)
            for (uint32_t c = 0; c < width; c++) {
                const int64_t wide = input.i32[0][t][c];
                wanted[t][c] = type == MLM_DTYPE_I16
                                   ? activate(variant, input.i16[0][t][c], from, to)
                                   : shift(wide > 0 ? wide : 0, from - to);
            }
        runs_as_wanted(&s, &mlm_activation_int_class, seed);
    }
}

/* ---- what may not be opened ---------------------------------------------------------------------------- */

static int opens(const subject *s, const mlm_op_class *class) {
    const mlm_op_view view = view_of(s);
    return class->check(&view);
}

static void refusals(void) {
    static const int32_t bad[][2] = {
        {STATES, 0},         {STATES, 5},       {RANK, 0},          {DT_SHIFT, -1},
        {DT_SHIFT, 16},      {DT_EXPONENT, 10}, {DT_EXPONENT, 31},  {DT_MOST, 32768},
        {DT_MOST, -32769},   {DECAY_SHIFT, 65}, {DECAY_SHIFT, -65}, {INPUT_SHIFT, 129},
        {INPUT_SHIFT, -129}, {SKIP_SHIFT, 65},  {SKIP_SHIFT, -32},
    };
    subject s;
    for (uint64_t seed = 0; begin(&s, seed), make_scan(&s),
                  s.op.attributes[STATES] != 16 || !opens(&s, &mlm_selective_scan_int_class);)
        seed++;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        subject other = s;
        other.op.attributes[bad[i][0]] = (uint32_t)bad[i][1];
        CHECK_MESSAGE(!opens(&other, &mlm_selective_scan_int_class), "attribute %d of %d",
                      bad[i][0], bad[i][1]);
    }
    int16_t *a = (int16_t *)(void *)(blob + s.tensors[s.op.tensors[A]].offset);
    a[s.op.width * 16 - 1] = -1;
    CHECK(!opens(&s, &mlm_selective_scan_int_class));
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++)
        if (!strcmp(argv[i], "--only") && i + 1 < argc) harness.only = argv[++i];
    RUN(every_activation_of_every_number);
    RUN(activation_op);
    RUN(convolution);
    RUN(gate);
    RUN(scan);
    RUN(refusals);
    return harness_end();
}
