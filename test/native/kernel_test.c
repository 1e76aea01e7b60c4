/*
 * kernel_test.c - every kernel with a fast body against the plain C of the same kernel, in one program:
 * the same bits, or NaN from both. Fast is what the compiler's target has, SSE2 natively and the inline
 * assembly on a Cortex-M7; the plain core is the same sources without it, its names beginning with
 * plain_. Norms and the mean are also held to what they are worth at the edge of binary32. Runs bare,
 * on an emulated board too: it knows no libc and no model.
 */
#include "kernels/cortex_m7.h"
#include "kernels/kernels.h"
#include "port/print.h"
#include "random.h"

#define PLAIN(name) extern __typeof__(mlm_##name) plain_mlm_##name
PLAIN(linear);
PLAIN(conv1d);
PLAIN(silu);
PLAIN(softplus);
PLAIN(gate);
PLAIN(selective_scan);
PLAIN(discretize);
PLAIN(scan_discretized);
PLAIN(rms_norm);
PLAIN(layer_norm);
PLAIN(affine);
PLAIN(activate);
PLAIN(pool_rows);
PLAIN(pool_result);

#define LENGTH(array) ((uint32_t)(sizeof(array) / sizeof *(array)))
#define COPY(to, from) copy(to, from, LENGTH(from))

enum { LANES = 4, PANEL = 8 };

#define INFINITE __builtin_inff()
#define NOT_A_NUMBER __builtin_nanf("")
#define DENORMAL 0x1p-140f
#define LARGEST 0x1.fffffep127f

static const float specials[] = {0.0f,      -0.0f,        1.0f,     INFINITE,
                                 -INFINITE, NOT_A_NUMBER, DENORMAL, LARGEST};
enum { SPECIALS = sizeof specials / sizeof *specials };

/* ---- checks ------------------------------------------------------------------------------------ */

static struct {
    uint64_t checked;
    uint32_t different; /* of the current test */
    uint32_t passed, failed;
} tests;

static uint32_t bits_of(float x) {
    union {
        float f;
        uint32_t u;
    } pun = {x};
    return pun.u;
}

/* The contract: equal bits, or both NaN. */
static int same(float a, float b) { return bits_of(a) == bits_of(b) || (a != a && b != b); }

/* Says what is different where a test first finds it. */
static int same_rows(const float *fast, const float *plain, uint32_t count) {
    tests.checked += count;
    for (uint32_t i = 0; i < count; i++) {
        if (same(fast[i], plain[i])) continue;
        if (tests.different++ == 0) {
            port_write("    element");
            print_number(i);
            port_write(": fast");
            print_bits(bits_of(fast[i]));
            port_write(", plain");
            print_bits(bits_of(plain[i]));
            port_write("\n");
        }
        return 0;
    }
    return 1;
}

static void run(const char *name, void (*test)(void)) {
    tests.checked = 0;
    tests.different = 0;
    test();
    const int ok = tests.different == 0 && tests.checked > 0;
    tests.passed += (uint32_t)ok;
    tests.failed += (uint32_t)!ok;
    port_write(ok ? "  ok   " : "  FAIL ");
    port_write(name);
    port_write(":");
    print_number(tests.checked);
    port_write(" elements,");
    print_number(tests.different);
    port_write(" rows differ\n");
}

static void copy(float *to, const float *from, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) to[i] = from[i];
}

/* Ordinary numbers, one of `odds` special. */
static void fill(rng *random, float *x, uint32_t count, uint32_t odds) {
    for (uint32_t i = 0; i < count; i++)
        x[i] =
            rng_once_in(random, odds) ? specials[rng_below(random, SPECIALS)] : rng_signed(random);
}

/* ---- selective scan ------------------------------------------------------------------------------ */

enum { GROUPS = 5 /* four that go side by side, and one */, MOST_STATES = 17 };

/* Everything that a scan of one frame reads and writes. */
typedef struct scan_data {
    uint32_t groups, states;
    float a[GROUPS * MOST_STATES * LANES], h[GROUPS * MOST_STATES * LANES];
    float d[GROUPS * LANES], x[GROUPS * LANES], dt[GROUPS * LANES], bc[2 * MOST_STATES];
} scan_data;

static mlm_scan scan_of(scan_data *data, float *da, float *dbx) {
    const uint32_t stride = data->groups * LANES, elements = stride * data->states;
    float lowest = 0.0f;
    for (uint32_t i = 0; i < elements; i++)
        if (data->a[i] < lowest) lowest = data->a[i];
    return (mlm_scan){.a = data->a,
                      .d = data->d,
                      .h = data->h,
                      .groups = data->groups,
                      .states = data->states,
                      .lowest_a = lowest,
                      .x = {data->x, stride},
                      .bc = {data->bc, 2 * data->states},
                      .dt = {data->dt, stride},
                      .da = da,
                      .dbx = dbx};
}

/* The fused scan and the one in two steps, against the plain fused one. */
static void compare_scans(const scan_data *given) {
    static scan_data fast, plain, two_steps;
    static float da[GROUPS * MOST_STATES * LANES], dbx[GROUPS * MOST_STATES * LANES];
    fast = plain = two_steps = *given;
    const mlm_scan scans[] = {scan_of(&fast, 0, 0), scan_of(&plain, 0, 0),
                              scan_of(&two_steps, da, dbx)};
    mlm_selective_scan(&scans[0], 1);
    plain_mlm_selective_scan(&scans[1], 1);
    mlm_discretize(&scans[2], 1);
    mlm_scan_discretized(&scans[2], 1);
    const uint32_t channels = given->groups * LANES, elements = channels * given->states;
    if (same_rows(fast.x, plain.x, channels)) same_rows(fast.h, plain.h, elements);
    if (same_rows(two_steps.x, plain.x, channels)) same_rows(two_steps.h, plain.h, elements);
}

/* What dt can be behind softplus, which is never negative; the last one makes an exponent run out. */
static const float steps[] = {0.0f, 1.0f, INFINITE, NOT_A_NUMBER, DENORMAL, LARGEST, 1000.0f};
/* What A can be: mlm_model_open lets finite numbers through, and -exp(A_log) may be -0. */
static const float rates[] = {0.0f,      -0.0f,    1.0f,    -1.0f, DENORMAL,
                              -DENORMAL, -LARGEST, LARGEST, -3.0f};

/* Every combination of dt, A, B, C, u, D and h; each group has one dt, its lanes have all h. */
static void scan_specials(void) {
    static scan_data data;
    data.groups = SPECIALS / LANES;
    data.states = 1;
    COPY(data.h, specials);
    enum { CHANNELS = SPECIALS };
    for (uint32_t code = 0; code < LENGTH(steps) * LENGTH(rates) * SPECIALS * SPECIALS; code++) {
        uint32_t rest = code;
        const float b = specials[rest % SPECIALS], c = specials[(rest /= SPECIALS) % SPECIALS];
        const float dt = steps[(rest /= SPECIALS) % LENGTH(steps)];
        const float a = rates[rest / LENGTH(steps)];
        data.bc[0] = b;
        data.bc[1] = c;
        for (uint32_t i = 0; i < CHANNELS; i++) data.a[i] = a, data.dt[i] = dt;
        for (uint32_t u = 0; u < SPECIALS; u++)
            for (uint32_t d = 0; d < SPECIALS; d++) {
                for (uint32_t i = 0; i < CHANNELS; i++)
                    data.x[i] = specials[u], data.d[i] = specials[d];
                compare_scans(&data);
            }
    }
}

/* Any of them next to any other, in the lanes of a group and the states of a channel. */
static void scan_mixtures(void) {
    static scan_data data;
    rng random = {7};
    for (uint32_t i = 0; i < 40000; i++) {
        data.groups = rng_between(&random, 1, GROUPS);
        data.states = rng_between(&random, 1, rng_once_in(&random, 4) ? MOST_STATES : 3);
        const uint32_t channels = data.groups * LANES, elements = channels * data.states;
        const uint32_t odds = rng_between(&random, 1, 20);
        fill(&random, data.h, elements, odds);
        fill(&random, data.x, channels, odds);
        fill(&random, data.d, channels, odds);
        fill(&random, data.bc, 2 * data.states, odds * 2);
        for (uint32_t k = 0; k < elements; k++)
            data.a[k] = rng_once_in(&random, odds) ? rates[rng_below(&random, LENGTH(rates))]
                                                   : -2.0f - rng_signed(&random);
        for (uint32_t k = 0; k < channels; k++)
            data.dt[k] = rng_once_in(&random, odds) ? steps[rng_below(&random, LENGTH(steps))]
                                                    : 0.3f + 0.2f * rng_signed(&random);
        compare_scans(&data);
    }
}

/* The same lane of four neighbouring groups, in every combination of what sends frames another way;
 * the other lanes ordinary, or with the same four turned on by one from lane to lane. */
static void scan_groups_and_lanes(void) {
    static const float roles[] = {0.3f, NOT_A_NUMBER, 1000.0f, INFINITE};
    enum { ROLES = 4, COMBINATIONS = ROLES * ROLES * ROLES * ROLES, TURNED = LANES };
    static const uint32_t states[] = {1, 4, 16, MOST_STATES};
    static scan_data data;
    rng random = {9};
    data.groups = GROUPS;
    for (uint32_t s = 0; s < LENGTH(states); s++) {
        data.states = states[s];
        fill(&random, data.h, LENGTH(data.h), UINT32_MAX);
        fill(&random, data.x, LENGTH(data.x), UINT32_MAX);
        fill(&random, data.d, LENGTH(data.d), UINT32_MAX);
        fill(&random, data.bc, LENGTH(data.bc), UINT32_MAX);
        for (uint32_t i = 0; i < LENGTH(data.a); i++) data.a[i] = -2.0f - rng_signed(&random);
        for (uint32_t lane = 0; lane <= TURNED; lane++)
            for (uint32_t code = 0; code < COMBINATIONS; code++) {
                for (uint32_t i = 0; i < GROUPS * LANES; i++) {
                    const uint32_t group = i / LANES, role = code >> 2 * (group % LANES);
                    const int plays = lane == TURNED || lane == i % LANES;
                    const uint32_t turn = lane == TURNED ? i % LANES : 0;
                    data.dt[i] = roles[plays ? (role + turn) % ROLES : 0];
                }
                compare_scans(&data);
            }
    }
}

/* ---- SiLU, softplus, gate and the activations of whole rows -------------------------------------- */

enum { WIDTH = 16 };

typedef void (*in_place)(mlm_rows x, uint32_t groups, uint32_t frames);

static void compare_in_place(in_place fast, in_place plain, const float *x) {
    float a[WIDTH], b[WIDTH];
    copy(a, x, WIDTH);
    copy(b, x, WIDTH);
    fast((mlm_rows){a, WIDTH}, WIDTH / LANES, 1);
    plain((mlm_rows){b, WIDTH}, WIDTH / LANES, 1);
    same_rows(a, b, WIDTH);
}

static void compare_gate(const float *x, const float *z) {
    float a[WIDTH], b[WIDTH];
    copy(a, x, WIDTH);
    copy(b, x, WIDTH);
    mlm_gate((mlm_rows){a, WIDTH}, (mlm_source){z, WIDTH}, WIDTH / LANES, 1);
    plain_mlm_gate((mlm_rows){b, WIDTH}, (mlm_source){z, WIDTH}, WIDTH / LANES, 1);
    same_rows(a, b, WIDTH);
}

static void compare_activations(const float *x) {
    for (int kind = MLM_ACTIVATION_SILU; kind <= MLM_ACTIVATION_GELU; kind++) {
        float a[WIDTH], b[WIDTH];
        mlm_activate((mlm_activation)kind, WIDTH, (mlm_source){x, WIDTH}, (mlm_rows){a, WIDTH}, 1);
        plain_mlm_activate((mlm_activation)kind, WIDTH, (mlm_source){x, WIDTH},
                           (mlm_rows){b, WIDTH}, 1);
        same_rows(a, b, WIDTH);
    }
}

static void gates(void) {
    rng random = {11};
    for (uint32_t i = 0; i < 20000; i++) {
        float x[WIDTH], z[WIDTH];
        fill(&random, x, WIDTH, rng_between(&random, 1, 8));
        fill(&random, z, WIDTH, rng_between(&random, 1, 8));
        const float scale = rng_once_in(&random, 2) ? 3.0f : 150.0f;
        for (uint32_t k = 0; k < WIDTH; k++) x[k] *= scale, z[k] *= scale;
        compare_in_place(mlm_silu, plain_mlm_silu, x);
        compare_in_place(mlm_softplus, plain_mlm_softplus, x);
        compare_gate(x, z);
        compare_activations(x);
    }
}

/* The scans count on it: never below 0, and never -0. */
static void softplus_is_not_negative(void) {
    for (uint32_t top = 0; top <= 0xFFFF; top += LANES) {
        union {
            uint32_t bits[LANES];
            float x[LANES];
        } row;
        for (uint32_t k = 0; k < LANES; k++) row.bits[k] = (top + k) << 16;
        mlm_softplus((mlm_rows){row.x, LANES}, 1, 1);
        tests.checked += LANES;
        for (uint32_t k = 0; k < LANES; k++)
            tests.different += row.x[k] == row.x[k] && row.bits[k] >> 31;
    }
}

/* ---- sums ---------------------------------------------------------------------------------------- */

enum { MOST_INPUTS = 40, MOST_PANELS = 7, MOST_FRAMES = 9 };

static void linear(void) {
    static float weight[MOST_PANELS * MOST_INPUTS * PANEL], bias[MOST_PANELS * PANEL];
    static float x[MOST_FRAMES * MOST_INPUTS];
    static float fast[MOST_FRAMES * MOST_PANELS * PANEL], plain[LENGTH(fast)];
    rng random = {13};
    for (uint32_t i = 0; i < 1500; i++) {
        const uint32_t inputs = rng_between(&random, 1, MOST_INPUTS);
        const uint32_t panels = rng_between(&random, 1, MOST_PANELS), width = panels * PANEL;
        const uint32_t frames = rng_between(&random, 1, MOST_FRAMES);
        const uint32_t odds = rng_between(&random, 20, 2000);
        const float *b = rng_once_in(&random, 4) ? 0 : bias;
        fill(&random, weight, width * inputs, odds);
        fill(&random, bias, width, odds);
        fill(&random, x, frames * inputs, odds);
        mlm_linear(weight, b, inputs, panels, (mlm_source){x, inputs}, (mlm_rows){fast, width},
                   frames);
        plain_mlm_linear(weight, b, inputs, panels, (mlm_source){x, inputs},
                         (mlm_rows){plain, width}, frames);
        same_rows(fast, plain, frames * width);
    }
}

enum { MOST_TAPS = 5, CONV_GROUPS = 3, CONV_WIDTH = CONV_GROUPS * LANES };

static void conv1d(void) {
    static float weight[CONV_WIDTH * MOST_TAPS], bias[CONV_WIDTH];
    static float history[2][CONV_WIDTH * MOST_TAPS], x[2][MOST_FRAMES * CONV_WIDTH];
    rng random = {15};
    for (uint32_t i = 0; i < 4000; i++) {
        const uint32_t taps = rng_once_in(&random, 3) ? rng_between(&random, 1, MOST_TAPS) : 4;
        const uint32_t frames = rng_between(&random, 1, MOST_FRAMES);
        const uint32_t odds = rng_between(&random, 2, 50);
        const float *b = rng_once_in(&random, 4) ? 0 : bias;
        fill(&random, weight, LENGTH(weight), odds);
        fill(&random, bias, LENGTH(bias), odds);
        fill(&random, history[0], LENGTH(history[0]), odds);
        fill(&random, x[0], LENGTH(x[0]), odds);
        COPY(history[1], history[0]);
        COPY(x[1], x[0]);
        mlm_conv1d(weight, b, taps, CONV_GROUPS, history[0], (mlm_rows){x[0], CONV_WIDTH}, frames);
        plain_mlm_conv1d(weight, b, taps, CONV_GROUPS, history[1], (mlm_rows){x[1], CONV_WIDTH},
                         frames);
        same_rows(x[0], x[1], LENGTH(x[0]));
        same_rows(history[0], history[1], LENGTH(history[0]));
    }
}

static void norms_pools_affine(void) {
    static float x[MOST_FRAMES * WIDTH], weight[WIDTH], bias[WIDTH];
    static float fast[MOST_FRAMES * WIDTH], plain[MOST_FRAMES * WIDTH];
    rng random = {17};
    for (uint32_t i = 0; i < 4000; i++) {
        const uint32_t width = rng_between(&random, WIDTH - PANEL + 1, WIDTH);
        const uint32_t odds = rng_between(&random, 2, 300);
        const mlm_source source = {x, WIDTH};
        fill(&random, x, LENGTH(x), odds);
        fill(&random, weight, LENGTH(weight), UINT32_MAX);
        fill(&random, bias, LENGTH(bias), UINT32_MAX);
#define COMPARE_ROWS(name, ...)                                               \
    do {                                                                      \
        mlm_##name(__VA_ARGS__, (mlm_rows){fast, WIDTH}, MOST_FRAMES);        \
        plain_mlm_##name(__VA_ARGS__, (mlm_rows){plain, WIDTH}, MOST_FRAMES); \
        for (uint32_t t = 0; t < MOST_FRAMES; t++)                            \
            same_rows(fast + t * WIDTH, plain + t * WIDTH, width);            \
    } while (0)
        COMPARE_ROWS(rms_norm, weight, 1e-5f, width, source);
        COMPARE_ROWS(layer_norm, weight, bias, 1e-5f, width, source);
        COMPARE_ROWS(affine, weight, bias, width, source);
        for (int pool = MLM_POOL_MEAN; pool <= MLM_POOL_MAX; pool++) {
            float states[2][2 * WIDTH] = {{0.0f}};
            mlm_pool_rows((mlm_pool)pool, width, source, MOST_FRAMES, 0, states[0]);
            plain_mlm_pool_rows((mlm_pool)pool, width, source, MOST_FRAMES, 0, states[1]);
            mlm_pool_result((mlm_pool)pool, width, states[0], MOST_FRAMES, fast);
            plain_mlm_pool_result((mlm_pool)pool, width, states[1], MOST_FRAMES, plain);
            same_rows(fast, plain, width);
        }
    }
}

#if MLM_CORTEX_M7

/* Sizes that the compiler knows: equal counters must not share a register. */
static void panels_of_constant_sizes(void) {
    static float weight[MOST_INPUTS * PANEL], bias[PANEL], x[2 * MOST_INPUTS];
    float fast[2 * PANEL], plain[2 * PANEL];
    rng random = {19};
    fill(&random, weight, LENGTH(weight), UINT32_MAX);
    fill(&random, bias, LENGTH(bias), UINT32_MAX);
    fill(&random, x, LENGTH(x), UINT32_MAX);
#define COMPARE_PANELS(inputs)                                                      \
    do {                                                                            \
        m7_panel_1_row(weight, bias, inputs, x, fast);                              \
        plain_mlm_linear(weight, bias, inputs, 1, (mlm_source){x, inputs},          \
                         (mlm_rows){plain, PANEL}, 1);                              \
        same_rows(fast, plain, PANEL);                                              \
        m7_panel_2_rows(weight, bias, inputs, x, x + (inputs), fast, fast + PANEL); \
        plain_mlm_linear(weight, bias, inputs, 1, (mlm_source){x, inputs},          \
                         (mlm_rows){plain, PANEL}, 2);                              \
        same_rows(fast, plain, 2 * PANEL);                                          \
    } while (0)
    COMPARE_PANELS(1);
    COMPARE_PANELS(5);
    COMPARE_PANELS(8);
    COMPARE_PANELS(9);
    COMPARE_PANELS(15);
    COMPARE_PANELS(36); /* 4 times 8 and 4 */
    COMPARE_PANELS(40);
}

#endif

/* ---- what it is worth at the edge of binary32 ---------------------------------------------------- */

enum { ROW = 4 };

typedef struct norm_case {
    float x[ROW], rms[ROW], layer[ROW];
} norm_case;

#define NONE \
    { NOT_A_NUMBER, NOT_A_NUMBER, NOT_A_NUMBER, NOT_A_NUMBER }

/* Weights 1, no bias, epsilon 1e-5, squares that overflow: what PyTorch gives, but for the sign of a zero
 * of LayerNorm. */
static const norm_case norm_cases[] = {
    {{2e19f, -2e19f, 2e19f, 0.0f}, {0.0f, -0.0f, 0.0f, 0.0f}, {0.0f, -0.0f, 0.0f, -0.0f}},
    {{3e19f, 1.0f, 2.0f, 3.0f}, {0.0f, 0.0f, 0.0f, 0.0f}, {0.0f, -0.0f, -0.0f, -0.0f}},
    {{LARGEST, LARGEST, -LARGEST, -LARGEST}, {0.0f, 0.0f, -0.0f, -0.0f}, NONE},
    {{LARGEST, LARGEST, LARGEST, -LARGEST}, {0.0f, 0.0f, 0.0f, -0.0f}, NONE},
    {{INFINITE, -1.0f, 2.0f, 0.0f}, {NOT_A_NUMBER, -0.0f, 0.0f, 0.0f}, NONE},
    {{-INFINITE, INFINITE, 2e19f, 1.0f}, {NOT_A_NUMBER, NOT_A_NUMBER, 0.0f, 0.0f}, NONE},
    {{NOT_A_NUMBER, 2e19f, LARGEST, 1.0f}, NONE, NONE},
};

/* Within four units in the last place, infinities and zeros with their signs. */
static void is_worth(const float *got, const float *wanted, uint32_t count) {
    tests.checked += count;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t apart = bits_of(got[i]) - bits_of(wanted[i]) + 4u;
        const int exact = wanted[i] == 0.0f || wanted[i] != wanted[i] || wanted[i] * 0.0f != 0.0f;
        tests.different += exact ? !same(got[i], wanted[i]) : apart > 8u;
    }
}

static void worth_of_norms(void) {
    const float ones[PANEL] = {1.0f, 1.0f, 1.0f, 1.0f};
    for (uint32_t i = 0; i < LENGTH(norm_cases); i++) {
        float y[PANEL];
        const mlm_source x = {norm_cases[i].x, ROW};
        mlm_rms_norm(ones, 1e-5f, ROW, x, (mlm_rows){y, PANEL}, 1);
        is_worth(y, norm_cases[i].rms, ROW);
        mlm_layer_norm(ones, 0, 1e-5f, ROW, x, (mlm_rows){y, PANEL}, 1);
        is_worth(y, norm_cases[i].layer, ROW);
    }
}

typedef struct mean_case {
    float x[3], mean;
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

static void worth_of_means(void) {
    for (uint32_t i = 0; i < LENGTH(mean_cases); i++) {
        float state[2 * PANEL] = {0.0f}, y[PANEL];
        mlm_pool_rows(MLM_POOL_MEAN, 1, (mlm_source){mean_cases[i].x, 1}, 3, 0, state);
        mlm_pool_result(MLM_POOL_MEAN, 1, state, 3, y);
        is_worth(y, &mean_cases[i].mean, 1);
    }
}

int port_main(void) {
    run("scan: every combination of special values", scan_specials);
    run("scan: special values next to each other", scan_mixtures);
    run("scan: every combination of four groups and their lanes", scan_groups_and_lanes);
    run("SiLU, softplus, gate, activations", gates);
    run("softplus is not negative", softplus_is_not_negative);
    run("linear", linear);
    run("conv1d", conv1d);
    run("norms, pools, affine", norms_pools_affine);
#if MLM_CORTEX_M7
    run("panels of constant sizes", panels_of_constant_sizes);
#endif
    run("worth of norms", worth_of_norms);
    run("worth of means", worth_of_means);
    /* The last line, as harness.h writes it. */
    print_number(tests.passed);
    port_write(" passed,");
    print_number(tests.failed);
    port_write(" failed\n");
    return tests.failed != 0;
}
