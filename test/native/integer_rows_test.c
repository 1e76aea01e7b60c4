/*
 * integer_rows_test.c - pools, arithmetic, conversions and embeddings of integers against the contract: random and
 * extreme rows, all types, any tile, every range of shifts.
 */
#include <math.h>

#include "integer_rig.h"

extern const mlm_op_class mlm_pool_int_class, mlm_arithmetic_int_class, mlm_quantize_class,
    mlm_dequantize_class, mlm_embedding_int_class;

/* ---- pool ---------------------------------------------------------------------------------------------- */

enum { MOST_ROWS = 40 };

static int64_t pooled(uint32_t variant, const int64_t *x, uint32_t n, uint32_t index, int32_t up) {
    int64_t sum = 0, most = x[0], least = x[0];
    for (uint32_t t = 0; t < n; t++) {
        sum += x[t];
        if (x[t] > most) most = x[t];
        if (x[t] < least) least = x[t];
    }
    switch (variant) {
        case MLM_POOL_MEAN:
            return sat(floor_divide(sum * ((int64_t)2 << up) + n, 2 * (int64_t)n), MLM_DTYPE_I32);
        case MLM_POOL_SUM:
            return up < 0 ? sat(rsh(sum, -up), MLM_DTYPE_I32)
                          : sat(sum * ((int64_t)1 << up), MLM_DTYPE_I32);
        case MLM_POOL_MAX: return most;
        case MLM_POOL_MIN: return least;
        case MLM_POOL_FIRST: return x[0];
        case MLM_POOL_ROW: return x[index];
        default: return x[n - 1];
    }
}

static void pool_is_right(uint32_t in_type) {
    static rows x[MOST_ROWS];
    rows y;
    int64_t wanted[MOST_WIDTH], column[MOST_ROWS];
    for (uint32_t n = 0; n < INTEGER_TEST_TIMES; n++) {
        const uint32_t width = rng_between(&random_numbers, 1, MOST_WIDTH);
        const uint32_t total = rng_between(&random_numbers, 1, MOST_ROWS);
        const uint32_t variant = rng_below(&random_numbers, MLM_POOL_STD);
        const uint32_t type =
            variant == MLM_POOL_MEAN || variant == MLM_POOL_SUM ? (uint32_t)MLM_DTYPE_I32 : in_type;
        const uint32_t index = variant == MLM_POOL_ROW ? rng_below(&random_numbers, total) : 0;
        int32_t up = variant == MLM_POOL_MEAN || variant == MLM_POOL_SUM
                         ? (int32_t)rng_below(&random_numbers, 17)
                         : 0;
        if (variant == MLM_POOL_SUM) up = (int32_t)rng_below(&random_numbers, 48) - 31;
        begin(variant, type, width);
        add_input(in_type, width);
        rig.op.attributes[0] = index;
        rig.op.attributes[1] = (uint32_t)up;
        rig.op.attributes[2] = in_type;
        rig.view.least_rows = total;
        if (!CHECK(mlm_pool_int_class.check(&rig.view))) return;
        memset(rig.arena, 0, sizeof rig.arena);
        for (uint32_t t = 0; t < total; t++) fill(x + t, in_type);
        for (uint32_t t = 0, tile; t < total; t += tile) {
            tile = rng_between(&random_numbers, 1, total - t);
            mlm_run run = {.rows = tile, .first = t, .phase = MLM_TAKE};
            run.inputs[0] = (mlm_source){x[t].f32, sizeof *x / sizeof(float)};
            run_op(&mlm_pool_int_class, &run);
        }
        guard(&y);
        mlm_run give = {.output = {y.f32, ROW}, .rows = 1, .in_total = total, .phase = MLM_GIVE};
        run_op(&mlm_pool_int_class, &give);
        for (uint32_t i = 0; i < width; i++) {
            for (uint32_t t = 0; t < total; t++) column[t] = element(x + t, in_type, i);
            wanted[i] = pooled(variant, column, total, index, up);
        }
        if (!is_row(&y, type, wanted, width)) return;
        if (!CHECK(guard_holds(&y, type, width))) return;
    }
}

static void pool_of_i16(void) { pool_is_right(MLM_DTYPE_I16); }
static void pool_of_i32(void) { pool_is_right(MLM_DTYPE_I32); }

/* As of 2^32 - 1 rows: sums that with more bits behind the point would leave 64. */
static void mean_of_many_rows(void) {
    static const struct {
        uint32_t total, up;
        int64_t sum;
        int32_t wanted;
    } cases[] = {
        {0xFFFFFFFFu, 16, (int64_t)0xFFFFFFFF * INT32_MIN, INT32_MIN},
        {0xFFFFFFFFu, 16, (int64_t)0xFFFFFFFF * INT32_MAX, INT32_MAX},
        {0xFFFFFFFFu, 16, (int64_t)0xFFFFFFFF * -16384 + 0x7FFFFFFF, -(1 << 30) + (1 << 15)},
        {0xFFFFFFFFu, 0, (int64_t)0xFFFFFFFF * -16384 + 0x7FFFFFFF, -16384},
        {0xFFFFFFFFu, 0, (int64_t)0xFFFFFFFF * -16384 + 0x80000000, -16383},
        {1u << 20, 0, -((int64_t)16384 << 20) + (1 << 19), -16383}, /* halves up */
    };
    rows y;
    begin(MLM_POOL_MEAN, MLM_DTYPE_I32, 1);
    rig.op.attributes[2] = MLM_DTYPE_I32;
    for (uint32_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mlm_run give = {
            .output = {y.f32, ROW}, .rows = 1, .in_total = cases[i].total, .phase = MLM_GIVE};
        rig.op.attributes[1] = cases[i].up;
        memcpy(rig.arena, &cases[i].sum, sizeof cases[i].sum);
        run_op(&mlm_pool_int_class, &give);
        CHECK_MESSAGE(y.i32[0] == cases[i].wanted, "case %u: %d", i, (int)y.i32[0]);
    }
}

static void pool_refuses_what_is_not_there(void) {
    const mlm_op_class *class = &mlm_pool_int_class;
    begin(MLM_POOL_ROW, MLM_DTYPE_I16, 5);
    add_input(MLM_DTYPE_I16, 5);
    rig.op.attributes[2] = MLM_DTYPE_I16;
    rig.view.least_rows = 3;
    REFUSED(class, rig.op.attributes[0], 3);
    REFUSED(class, rig.op.attributes[1], 1);
    REFUSED(class, rig.op.type, MLM_DTYPE_I32);
    REFUSED(class, rig.op.attributes[2], MLM_DTYPE_I32);
    rig.op.variant = MLM_POOL_SUM;
    rig.op.type = MLM_DTYPE_I32;
    REFUSED(class, rig.op.attributes[0], 1);
    REFUSED(class, rig.op.attributes[1], 17);
    REFUSED(class, rig.op.attributes[1], -32);
    REFUSED(class, rig.op.type, MLM_DTYPE_I16);
    rig.op.variant = MLM_POOL_MEAN;
    REFUSED(class, rig.op.attributes[1], -1);
    CHECK(class->variants == MLM_POOL_STD);
}

/* ---- element by element --------------------------------------------------------------------------------- */

enum { ADD, SUBTRACT, MULTIPLY, DIVIDE, MAXIMUM, MINIMUM };

static int64_t combined(uint32_t variant, int64_t a, int64_t b, const int32_t *s) {
    if (variant == MULTIPLY) return sat(rsh(a * b, s[2]), MLM_DTYPE_I32);
    a = shift(a, s[0]), b = shift(b, s[1]);
    switch (variant) {
        case ADD: return sat(a + b, MLM_DTYPE_I32);
        case SUBTRACT: return sat(a - b, MLM_DTYPE_I32);
        case MAXIMUM: return a > b ? a : b;
        default: return a < b ? a : b;
    }
}

static void arithmetic_is_right(void) {
    static const uint32_t variants[] = {ADD, SUBTRACT, MULTIPLY, MAXIMUM, MINIMUM};
    rows a, b, y;
    int64_t wanted[MOST_WIDTH];
    for (uint32_t n = 0; n < 5 * INTEGER_TEST_TIMES; n++) {
        const uint32_t variant = variants[rng_below(&random_numbers, 5)];
        const uint32_t width = rng_between(&random_numbers, 1, MOST_WIDTH);
        int32_t s[3] = {(int32_t)rng_below(&random_numbers, 63) - 31,
                        (int32_t)rng_below(&random_numbers, 63) - 31, 0};
        if (variant == MULTIPLY) s[0] = s[1] = 0, s[2] = (int32_t)rng_below(&random_numbers, 63);
        begin(variant, MLM_DTYPE_I32, width);
        add_input(MLM_DTYPE_I32, width);
        add_input(MLM_DTYPE_I32, width);
        for (uint32_t i = 0; i < 3; i++) rig.op.attributes[i] = (uint32_t)s[i];
        if (!CHECK(mlm_arithmetic_int_class.check(&rig.view))) return;
        fill(&a, MLM_DTYPE_I32);
        fill(&b, MLM_DTYPE_I32);
        for (uint32_t i = 0; i < width; i++) wanted[i] = combined(variant, a.i32[i], b.i32[i], s);
        rows *to = rng_once_in(&random_numbers, 3) ? &a : rng_once_in(&random_numbers, 2) ? &b : &y;
        run_row(&mlm_arithmetic_int_class, &a, &b, to);
        if (!is_row(to, MLM_DTYPE_I32, wanted, width)) return;
    }
}

static void arithmetic_refuses(void) {
    const mlm_op_class *class = &mlm_arithmetic_int_class;
    begin(ADD, MLM_DTYPE_I32, 3);
    add_input(MLM_DTYPE_I32, 3);
    add_input(MLM_DTYPE_I32, 3);
    REFUSED(class, rig.op.variant, DIVIDE);
    REFUSED(class, rig.op.attributes[0], 32);
    REFUSED(class, rig.op.attributes[1], -32);
    REFUSED(class, rig.op.attributes[2], 1);
    REFUSED(class, rig.view.widths[1], 4);
    rig.op.variant = MULTIPLY;
    REFUSED(class, rig.op.attributes[0], 1);
    REFUSED(class, rig.op.attributes[2], 63);
    REFUSED(class, rig.op.attributes[2], -1);
}

/* As the contract says it, in floats. */
static int64_t quantized(float x, int32_t exponent, uint32_t type) {
    const float scaled = x * f32_from_bits((uint32_t)(127 + exponent) << 23), v = scaled + 0.5f;
    if (v != v) return 0;
    if (v >= 0x1p31f) return sat(INT32_MAX, type);
    if (v < -0x1p31f) return sat(INT32_MIN, type);
    const int64_t towards_0 = (int64_t)v;
    return sat(towards_0 - ((float)towards_0 > v), type);
}

/* Whole numbers, halves and what lies beside them, over all exponents; and any bits at all. */
static float any_float(int32_t exponent) {
    const uint32_t bits = rng_u32(&random_numbers);
    if (rng_once_in(&random_numbers, 4)) return f32_from_bits(bits);
    const uint32_t field = 127u - 27u + rng_below(&random_numbers, 62);
    const uint32_t mantissas[] = {0,        1,        0x7FFFFF, 0x7FFFFE,
                                  0x400000, 0x3FFFFF, 0x400001, bits >> 9};
    const uint32_t scaled = field - (uint32_t)exponent;
    return f32_from_bits((bits & 0x80000000u) | (scaled & 0xFF) << 23 |
                         mantissas[rng_below(&random_numbers, 8)]);
}

/* Those that are no number or, in units of the output, 2^15 or more; 2^31 where it is wide. */
static uint64_t far_floats(const rows *x, uint32_t type, uint32_t width) {
    const double most = type == MLM_DTYPE_I16 ? 0x1p15 : 0x1p31;
    uint64_t count = 0;
    for (uint32_t i = 0; i < width; i++)
        count += !(fabs(ldexp((double)x->f32[i], rig.op.exponent)) < most);
    return count;
}

static void quantize_is_right(void) {
    static const uint32_t types[] = {MLM_DTYPE_F32, MLM_DTYPE_I16, MLM_DTYPE_I32};
    rows x, y;
    int64_t wanted[MOST_WIDTH];
    for (uint32_t n = 0; n < 5 * INTEGER_TEST_TIMES; n++) {
        const uint32_t in_type = types[rng_below(&random_numbers, 3)];
        const uint32_t type = types[rng_between(&random_numbers, 1, 2)];
        const uint32_t width = rng_between(&random_numbers, 1, MOST_WIDTH);
        const int32_t s =
            in_type == MLM_DTYPE_F32 ? 0 : (int32_t)rng_below(&random_numbers, 63) - 31;
        begin(0, type, width);
        add_input(in_type, width);
        rig.op.exponent = (int32_t)rng_below(&random_numbers, 201) - 100;
        rig.op.attributes[0] = (uint32_t)s;
        rig.op.attributes[1] = in_type;
        if (!CHECK(mlm_quantize_class.check(&rig.view))) return;
        fill(&x, in_type);
        for (uint32_t i = 0; i < width; i++) {
            if (in_type == MLM_DTYPE_F32) x.f32[i] = any_float(rig.op.exponent);
            wanted[i] = in_type == MLM_DTYPE_F32 ? quantized(x.f32[i], rig.op.exponent, type)
                                                 : sat(shift(element(&x, in_type, i), s), type);
        }
        guard(&y);
        uint32_t *count = (uint32_t *)(void *)rig.arena;
        *count = n % 2 ? UINT32_MAX - 1u : n;
        const uint64_t counted =
            *count + (in_type == MLM_DTYPE_F32 ? far_floats(&x, type, width) : 0u);
        run_row(&mlm_quantize_class, &x, 0, &y);
        if (!is_row(&y, type, wanted, width)) return;
        if (!CHECK(guard_holds(&y, type, width))) return;
        if (!CHECK(*count == (counted < UINT32_MAX ? counted : UINT32_MAX))) return;
    }
    REFUSED(&mlm_quantize_class, rig.op.attributes[0], 32);
    REFUSED(&mlm_quantize_class, rig.op.attributes[1], MLM_DTYPE_I8);
}

static void dequantize_is_right(void) {
    rows x, y;
    for (uint32_t n = 0; n < INTEGER_TEST_TIMES; n++) {
        const uint32_t in_type = rng_once_in(&random_numbers, 2) ? MLM_DTYPE_I16 : MLM_DTYPE_I32;
        const uint32_t width = rng_between(&random_numbers, 1, MOST_WIDTH);
        const int32_t exponent = (int32_t)rng_below(&random_numbers, 201) - 100;
        begin(0, MLM_DTYPE_F32, width);
        add_input(in_type, width);
        rig.op.attributes[0] = (uint32_t)exponent;
        rig.op.attributes[1] = in_type;
        if (!CHECK(mlm_dequantize_class.check(&rig.view))) return;
        fill(&x, in_type);
        guard(&y);
        run_row(&mlm_dequantize_class, &x, 0, &y);
        for (uint32_t i = 0; i < mlm_padded(width); i++) {
            float wanted = i < width ? (float)element(&x, in_type, i) : 0.0f;
            for (int32_t e = exponent; e > 0; e--) wanted *= 0.5f;
            for (int32_t e = exponent; e < 0; e++) wanted *= 2.0f;
            if (!CHECK(f32_bits(y.f32[i]) == f32_bits(wanted))) return;
        }
    }
    REFUSED(&mlm_dequantize_class, rig.op.attributes[0], 101);
    REFUSED(&mlm_dequantize_class, rig.op.attributes[0], -101);
}

static void embedding_is_right(void) {
    enum { WORDS = 9, WIDTH = 13 };
    static const int32_t tokens[] = {8, 0, 3};
    rows y[3];
    begin(0, MLM_DTYPE_I16, WIDTH);
    add_input(MLM_DTYPE_F32, 1);
    rig.op.attributes[0] = WORDS;
    int16_t *table = add_tensor(0, MLM_DTYPE_I16, MLM_PACK_ROWS, WORDS, WIDTH, 2 * WORDS * WIDTH);
    for (uint32_t i = 0; i < WORDS * WIDTH; i++) table[i] = any_i16();
    CHECK(mlm_embedding_int_class.check(&rig.view));
    mlm_run run = {.output = {y[0].f32, sizeof *y / sizeof(float)}, .rows = 3};
    run.inputs[0] = (mlm_source){(const float *)(const void *)tokens, 1};
    run_op(&mlm_embedding_int_class, &run);
    for (uint32_t t = 0; t < 3; t++) CHECK(!memcmp(y[t].i16, table + tokens[t] * WIDTH, 2 * WIDTH));
    REFUSED(&mlm_embedding_int_class, rig.op.attributes[0], WORDS + 1);
    REFUSED(&mlm_embedding_int_class, rig.view.widths[0], 2);
}

int main(int argc, char **argv) {
    if (argc > 1) harness.only = argv[1];
    RUN(pool_of_i16);
    RUN(pool_of_i32);
    RUN(mean_of_many_rows);
    RUN(pool_refuses_what_is_not_there);
    RUN(arithmetic_is_right);
    RUN(arithmetic_refuses);
    RUN(quantize_is_right);
    RUN(dequantize_is_right);
    RUN(embedding_is_right);
    return harness_end();
}
