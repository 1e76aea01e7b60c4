/*
 * math_test.c - the largest error, in ULP, of every elementary function of the core against double
 * precision (whose own error is below 1e-7 of these ULP), over each function's whole domain. Fails
 * when a stated maximum is exceeded, and when it is far from what is measured. Vector and scalar
 * bodies must give the same bits for every input tried.
 *
 *   math_test                one in 1021 of all floats, and all near the places where things happen
 *   math_test --exhaustive   all floats (minutes)
 *   math_test --only NAME
 */
#include "harness.h"
#include "kernels/dual_issue_powers.h"
#include "math/f32.h"
#include "math_units.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#define CHUNK 4096u

/* 1021 is prime: every pattern of low mantissa bits is met. */
static uint32_t stride = 1021u;

typedef struct function {
    const char *name;
    math_unit *vector, *scalar;
    double (*reference)(double x);
    float low, high;     /* domain, both inclusive */
    double stated_ulp;   /* for results that are normal numbers */
    double stated_units; /* of 2^-149, for subnormal results; 0: there are none */
    float watch[6];      /* all floats near these are tried */
} function;

/* Distance of neighbouring floats at |x|; below the normal range it is 2^-149 everywhere. */
static double ulp_at(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    const uint64_t exponent = (bits >> 52) & 0x7FFu, least = 1023u - 126u;
    const uint64_t ulp = ((exponent < least ? least : exponent) - 23u) << 52;
    memcpy(&x, &ulp, sizeof x);
    return x;
}

typedef struct worst {
    double ulp, units; /* largest errors of normal and of subnormal results */
    float ulp_at, units_at;
    uint64_t tried, differing;
} worst;

static const function *current;

static void try_chunk(const float *x, size_t count, worst *w) {
    static float vector[CHUNK], scalar[CHUNK];
    const function *f = current;
    f->vector(x, vector, count);
    f->scalar(x, scalar, count);
    for (size_t i = 0; i < count; i++) {
        if (f32_bits(vector[i]) != f32_bits(scalar[i])) {
            w->differing++;
            CHECK_MESSAGE(0, "%s(%a): vector gives %a, scalar %a", f->name, (double)x[i],
                          (double)vector[i], (double)scalar[i]);
        }
        const double exact = f->reference((double)x[i]), got = (double)vector[i];
        const double error = isnan(vector[i]) ? HUGE_VAL : fabs(got - exact);
        if (fabs(exact) < (double)FLT_MIN) {
            if (error > w->units * 0x1p-149) w->units = error * 0x1p149, w->units_at = x[i];
        } else if (fabs(exact) <= (double)FLT_MAX) {
            const double ulps = error / ulp_at(exact);
            if (ulps > w->ulp) w->ulp = ulps, w->ulp_at = x[i];
        } else {
            CHECK_MESSAGE(isinf(vector[i]), "%s(%a) is %a, not infinite", f->name, (double)x[i],
                          (double)vector[i]);
        }
    }
    w->tried += count;
}

/* Every `step`-th float from `first` to `last` (bit patterns of one sign). */
static void try_range(uint32_t first, uint32_t last, uint32_t step, worst *w) {
    static float x[CHUNK];
    size_t count = 0;
    for (uint64_t bits = first; bits <= last; bits += step) {
        x[count++] = f32_from_bits((uint32_t)bits);
        if (count == CHUNK) {
            try_chunk(x, count, w);
            count = 0;
        }
    }
    if (!count) return;
    while (count % 4u) x[count] = x[count - 1u], count++;
    try_chunk(x, count, w);
}

/* The part of the domain that has the sign bit `sign`: from |smallest| to |largest|. */
static void try_sign(uint32_t sign, worst *w) {
    const function *f = current;
    const float smallest = sign ? fminf(f->high, -0.0f) : fmaxf(f->low, 0.0f);
    const float largest = sign ? f->low : f->high;
    if (sign ? f->low > 0.0f || (f->low == 0.0f && !signbit(f->low)) : f->high < 0.0f) return;
    const uint32_t first = (f32_bits(smallest) & 0x7FFFFFFFu) | sign;
    const uint32_t last = (f32_bits(largest) & 0x7FFFFFFFu) | sign;
    try_range(first, last, stride, w);
    try_range(last, last, 1, w);
    for (size_t i = 0; i < sizeof f->watch / sizeof *f->watch; i++) {
        const uint32_t at = f32_bits(f->watch[i]);
        if ((at & 0x80000000u) != sign) continue;
        const uint32_t from = at - 2000u < first || at - 2000u > at ? first : at - 2000u;
        try_range(from, at + 2000u > last ? last : at + 2000u, 1, w);
    }
}

/* A stated maximum is right when nothing exceeds it and something comes near it. */
#define STALE 0.9
static void check_stated(const char *name, const char *unit, double measured, double stated,
                         float at) {
    CHECK_MESSAGE(measured <= stated, "%s: error %.4f %s at %a, more than the stated %.2f", name,
                  measured, unit, (double)at, stated);
    CHECK_MESSAGE(measured >= STALE * stated, "%s: stated %.2f %s is stale, measured %.4f", name,
                  stated, unit, measured);
}

static void measure(void) {
    const function *f = current;
    worst w = {0, 0, 0, 0, 0, 0};
    try_sign(0x80000000u, &w);
    try_sign(0, &w);
    printf("    %-14s max %.4f ulp at %-14a", f->name, w.ulp, (double)w.ulp_at);
    if (f->stated_units > 0.0)
        printf(", subnormal %.4f x 2^-149 at %a", w.units, (double)w.units_at);
    printf(", %llu inputs\n", (unsigned long long)w.tried);
    check_stated(f->name, "ulp", w.ulp, f->stated_ulp, w.ulp_at);
    if (f->stated_units > 0.0)
        check_stated(f->name, "units of 2^-149", w.units, f->stated_units, w.units_at);
    else
        CHECK_MESSAGE(w.units == 0.0, "%s: a subnormal result is off by %g units", f->name,
                      w.units);
}

static double exp_minus(double x) { return exp(-x); }

static double silu(double x) { return x / (1.0 + exp(-x)); }

static double softplus(double x) { return (x > 0.0 ? x : 0.0) + log1p(exp(-fabs(x))); }

static double gelu(double x) { return 0.5 * x * erfc(-x * 0.70710678118654752440); }

static double expm1_minus(double x) { return expm1(-x); }

static double sigmoid(double x) { return 1.0 / (1.0 + exp(-x)); }

static double elu(double x) { return x < 0.0 ? expm1(x) : x; }

/* 2 sqrt(2 / pi), and that times 0.044715. */
static double gelu_tanh(double x) {
    return x / (1.0 + exp(-x * (1.5957691216057307117 + 0.071354816272599750 * x * x)));
}

static double hard_sigmoid(double x) { return fmin(fmax(x + 3.0, 0.0), 6.0) / 6.0; }

static double rsqrt(double x) { return 1.0 / sqrt(x); }

#define BOTH(name) vector_##name, scalar_##name

/* The stated maxima are those of the comments in math/f32.h and math/math4.h. The first float watched
 * (and the second, for subnormal results) is the worst of all, found by --exhaustive: so the short
 * run measures the true maximum too. */
/* clang-format off */
static const function functions[] = {
    {"exp2_negative", BOTH(exp2_negative), exp2, -125.0f, -0.0f, 2.6, 0,
     {-0x1.b73896p-2f, -125.0f, -0.5f, -1.5f, -124.5f, -0.0f}},
    {"exp_minus", BOTH(exp_minus), exp_minus, 0.0f, FLT_MAX, 2.6, 1.6,
     {0x1.793f82p+1f, 0x1.5e8e16p+6f, 87.33654f, 104.0f, 0.34657359f, 0.0f}},
    {"silu", BOTH(silu), silu, -88.0f, FLT_MAX, 3.8, 0.5,
     {-0x1.215508p+5f, -87.33654f, -88.0f, -0.0f, 0.0f, 80.0f}},
    {"softplus", BOTH(softplus), softplus, -FLT_MAX, FLT_MAX, 4.9, 2.2,
     {-0x1.cf9b44p+1f, -0x1.5e87acp+6f, -103.97208f, 20.0f, 0.0f, -16.6f}},
    {"gelu", BOTH(gelu), gelu, -13.0f, FLT_MAX, 10.6, 0.5,
     {-0x1.d4fadcp+0f, -13.0f, -5.0f, -0.0f, 0.0f, 0x1p127f}},
    {"expm1_minus", BOTH(expm1_minus), expm1_minus, 0.0f, FLT_MAX, 1.1, 0,
     {0x1.257e1ep-2f, 0.0f, 0.34657359f, 1.0397208f, 17.5f, 30.0f}},
    {"sigmoid", BOTH(sigmoid), sigmoid, -FLT_MAX, FLT_MAX, 3.7, 1.6,
     {-0x1.4194d4p+2f, -0x1.5e8e16p+6f, -87.33654f, -103.97208f, 0.0f, 17.5f}},
    {"tanh", BOTH(tanh), tanh, -FLT_MAX, FLT_MAX, 2.5, 0,
     {-0x1.205368p+2f, 0.17328680f, 0.51986039f, -9.0f, -0.0f, 15.0f}},
    {"elu", BOTH(elu), elu, -FLT_MAX, FLT_MAX, 1.1, 0,
     {-0x1.257e1ep-2f, -0.0f, -0.34657359f, -17.5f, -30.0f, 1.0f}},
    {"gelu_tanh", BOTH(gelu_tanh), gelu_tanh, -5.0f, FLT_MAX, 46.1, 0.5,
     {-0x1.3fe4ep+2f, -5.0f, -1.0f, -0.0f, 0.0f, 3.0f}},
    {"hard_sigmoid", BOTH(hard_sigmoid), hard_sigmoid, -FLT_MAX, FLT_MAX, 1.1, 0,
     {-0x1.8p-22f, -3.0f, 3.0f, 1.0f, 0.0f, -1.5f}},
    {"sqrt", BOTH(sqrt), sqrt, 0.0f, FLT_MAX, 0.8, 0,
     {0x1.97d9acp-63f, 1.0f, 2.0f, FLT_MIN, 0x1p-149f, 0.0f}},
    {"rsqrt", BOTH(rsqrt), rsqrt, 0x1p-125f, FLT_MAX, 1.8, 0,
     {0x1.001626p-124f, 0x1p-125f, 1.0f, 4.0f, 0.5f, 2.0f}},
    {"log", BOTH(log), log, FLT_MIN, FLT_MAX, 2.0, 0,
     {0x1.00fd16p+0f, FLT_MIN, FLT_MAX, 0.70710678f, 1.41421356f, 1.0f}},
};
/* clang-format on */

static float vector_at(math_unit *unit, float x) {
    const float in[4] = {x, x, x, x};
    float out[4];
    unit(in, out, 4);
    return out[0];
}

/* What the functions promise outside of what an error in ULP can say. */
static void special_values(void) {
    math_unit *const activations[][2] = {
        {BOTH(silu)}, {BOTH(softplus)}, {BOTH(gelu)}, {BOTH(gelu_tanh)}, {BOTH(elu)}};
    for (size_t i = 0; i < sizeof activations / sizeof *activations; i++)
        for (size_t scalar = 0; scalar < 2; scalar++) {
            math_unit *unit = activations[i][scalar];
            CHECK(isnan(vector_at(unit, NAN)));
            CHECK(vector_at(unit, FLT_MAX) == FLT_MAX);
            CHECK(vector_at(unit, INFINITY) == INFINITY);
        }
    CHECK(vector_at(vector_exp2_negative, -0.0f) == 1.0f);
    CHECK(vector_at(vector_exp2_negative, 0.0f) == 1.0f);
    CHECK(vector_at(vector_exp2_negative, -126.0f) == 0x1p-125f);
    CHECK(vector_at(vector_exp2_negative, -FLT_MAX) == 0x1p-125f);
    CHECK(vector_at(vector_exp2_negative, -INFINITY) == 0x1p-125f);
    CHECK(vector_at(vector_exp_minus, 0.0f) == 1.0f);
    CHECK(vector_at(vector_exp_minus, -0.0f) == 1.0f);
    CHECK(vector_at(vector_exp_minus, INFINITY) == 0.0f);
    CHECK(vector_at(vector_softplus, -INFINITY) == 0.0f);
    math_unit *const bounded[][2] = {{BOTH(sigmoid)}, {BOTH(tanh)}, {BOTH(hard_sigmoid)}};
    for (size_t i = 0; i < sizeof bounded / sizeof *bounded; i++)
        for (size_t scalar = 0; scalar < 2; scalar++) {
            CHECK(isnan(vector_at(bounded[i][scalar], NAN)));
            CHECK(vector_at(bounded[i][scalar], INFINITY) == 1.0f);
            CHECK(vector_at(bounded[i][scalar], -INFINITY) == (i == 1 ? -1.0f : 0.0f));
        }
    CHECK(vector_at(vector_elu, -INFINITY) == -1.0f);
    CHECK(vector_at(vector_expm1_minus, INFINITY) == -1.0f);
    CHECK(isnan(vector_at(vector_sqrt, NAN)) && isnan(vector_at(vector_sqrt, -1.0f)));
    CHECK(vector_at(vector_sqrt, INFINITY) == INFINITY && vector_at(vector_sqrt, 0.0f) == 0.0f);
    for (float x = 1.0f; x < 4096.0f; x += 1.0f) CHECK(vector_at(vector_sqrt, x * x) == x);
    CHECK(isnan(vector_at(vector_log, NAN)));
    CHECK(vector_at(vector_log, INFINITY) == INFINITY);
    CHECK(vector_at(vector_log, -INFINITY) == -INFINITY);
    CHECK(f32_bits(vector_at(vector_log, 1.0f)) == 0);
    /* PyTorch's threshold: above 20 softplus(x) is x itself; log1p(e^-20) = 2e-9 is far below half
     * an ulp of 20, so that both agree to the bit. */
    for (float x = 20.0f; x < 200.0f; x += 0.37f)
        CHECK_MESSAGE(vector_at(vector_softplus, x) == x, "softplus(%a)", (double)x);
}

/* Where SiLU and GELU are next to nothing, they must be nearly that, however far below. */
static void tails_vanish(void) {
    for (float x = -88.0f; x >= -FLT_MAX; x *= 1.03f)
        CHECK_MESSAGE(vector_at(vector_silu, x) <= 0.0f && vector_at(vector_silu, x) > -1e-36f,
                      "silu(%a) is %a", (double)x, (double)vector_at(vector_silu, x));
    for (float x = -5.0f; x >= -FLT_MAX; x *= 1.003f)
        CHECK_MESSAGE(
            vector_at(vector_gelu_tanh, x) <= 0.0f && vector_at(vector_gelu_tanh, x) > -3e-7f,
            "gelu_tanh(%a) is %a", (double)x, (double)vector_at(vector_gelu_tanh, x));
    for (float x = -13.0f; x >= -FLT_MAX; x *= 1.003f)
        CHECK_MESSAGE(vector_at(vector_gelu, x) <= 0.0f && vector_at(vector_gelu, x) > -1e-37f,
                      "gelu(%a) is %a", (double)x, (double)vector_at(vector_gelu, x));
}

/* NaN and infinity in one lane must leave the other three alone. */
static void lanes_are_independent(void) {
    const float odd[4] = {NAN, INFINITY, -FLT_MAX, -0.0f};
    for (size_t f = 0; f < sizeof functions / sizeof *functions; f++)
        for (size_t lane = 0; lane < 4; lane++)
            for (size_t i = 0; i < 4; i++) {
                const float x = fmaxf(functions[f].low, fminf(functions[f].high, -1.25f));
                float in[4] = {x, x, x, x}, out[4];
                in[lane] = odd[i];
                functions[f].vector(in, out, 4);
                for (size_t other = 0; other < 4; other++)
                    if (other != lane) CHECK(out[other] == vector_at(functions[f].vector, x));
            }
}

static void both_bodies_agree_on_every_pattern(void) {
    static float x[CHUNK], y[CHUNK], z[CHUNK];
    for (size_t f = 0; f < sizeof functions / sizeof *functions; f++)
        for (uint64_t first = 0; first <= 0xFFFFFFFFu; first += (uint64_t)stride * 16u * CHUNK) {
            for (uint32_t i = 0; i < CHUNK; i++)
                x[i] = f32_from_bits((uint32_t)(first + (uint64_t)i * stride * 16u));
            functions[f].vector(x, y, CHUNK);
            functions[f].scalar(x, z, CHUNK);
            for (uint32_t i = 0; i < CHUNK; i++)
                CHECK_MESSAGE(f32_bits(y[i]) == f32_bits(z[i]) || (isnan(y[i]) && isnan(z[i])),
                              "%s(%a): vector %a, scalar %a", functions[f].name, (double)x[i],
                              (double)y[i], (double)z[i]);
        }
}

/* The Cortex-M7's e / (2 + e), which has no division, in the order of dual_issue_softplus.h. */
static float quotient_without_division(float e) {
    const float divisor = e + 2.0f;
    float y = fmaf(e, fmaf(e, MLM_RECIPROCAL_C2, MLM_RECIPROCAL_C1), MLM_RECIPROCAL_C0);
    float rest = fmaf(-divisor, y, 1.0f);
    rest = fmaf(rest, rest, rest);
    y = fmaf(y, rest, y);
    const float q = e * y;
    return fmaf(fmaf(-divisor, q, e), y, q);
}

static void quotients_need_no_division(void) {
    const uint32_t first = f32_bits(expf(-MLM_SILU_MAX)), last = f32_bits(1.0f);
    for (uint32_t bits = first; bits <= last; bits += stride) {
        const float e = f32_from_bits(bits), exact = e / (e + 2.0f);
        const float q = quotient_without_division(e);
        CHECK_MESSAGE(f32_bits(q) == f32_bits(exact), "%a: %a instead of %a", (double)e, (double)q,
                      (double)exact);
    }
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--exhaustive")) stride = 1;
        if (!strcmp(argv[i], "--only") && i + 1 < argc) harness.only = argv[++i];
    }
    RUN(special_values);
    RUN(tails_vanish);
    RUN(lanes_are_independent);
    RUN(both_bodies_agree_on_every_pattern);
    RUN(quotients_need_no_division);
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        current = &functions[i];
        harness_run(current->name, measure);
    }
    return harness_end();
}
