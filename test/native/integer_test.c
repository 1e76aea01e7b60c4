/*
 * integer_test.c - linear layers and norms of integers against the contract: random and extreme rows and weights, all
 * types, widths that are no multiple of anything, and blobs whose sums could overflow.
 */
#include "integer_rig.h"

extern const mlm_op_class mlm_linear_int_class, mlm_norm_int_class;

enum { MOST_INPUTS = 70, MOST_OUTPUTS = 40 };

/* ---- linear -------------------------------------------------------------------------------------------- */

typedef struct layer {
    int32_t weights[MOST_OUTPUTS][MOST_INPUTS];
    int32_t bias[MOST_OUTPUTS], multiplier[MOST_OUTPUTS];
    uint32_t inputs, outputs;
    int32_t shift;
} layer;

static uint8_t *weight_at(uint8_t *quads, uint32_t inputs, uint32_t o, uint32_t i) {
    static const uint32_t order[4] = {0, 2, 1, 3};
    return quads + (o / 4 * ((inputs + 3) / 4) + i / 4) * 16 + o % 4 * 4 + order[i % 4];
}

/* The largest bias that a row of weights leaves room for. */
static int32_t room(const layer *l, uint32_t o) {
    int64_t sum = 0;
    for (uint32_t i = 0; i < l->inputs; i++) sum += abs(l->weights[o][i]);
    return (int32_t)(INT32_MAX - 32768 * sum);
}

static void make_layer(layer *l, uint32_t in_type, uint32_t type) {
    const int is_plain = in_type == MLM_DTYPE_I16 && type == MLM_DTYPE_I16;
    l->inputs = rng_between(&random_numbers, 1, MOST_INPUTS);
    l->outputs = rng_between(&random_numbers, 1, MOST_OUTPUTS);
    l->shift = is_plain ? (int32_t)rng_below(&random_numbers, 16)
                        : (int32_t)rng_below(&random_numbers, 47) - 16;
    const int is_full = rng_once_in(&random_numbers, 4),
              has_bias = !rng_once_in(&random_numbers, 4);
    begin(0, type, l->outputs);
    add_input(in_type, l->inputs);
    rig.op.attributes[0] = (uint32_t)l->shift;
    rig.op.attributes[1] = in_type;
    const uint32_t bytes = (l->outputs + 3) / 4 * ((l->inputs + 3) / 4) * 16;
    uint8_t *quads = add_tensor(0, MLM_DTYPE_I8, MLM_PACK_QUADS, l->outputs, l->inputs, bytes);
    int32_t *bias = has_bias ? add_i32_vector(1, l->outputs) : 0;
    int16_t *multiplier = add_i16_vector(2, l->outputs);
    memset(quads, 128, bytes);
    for (uint32_t o = 0; o < l->outputs; o++) {
        for (uint32_t i = 0; i < l->inputs; i++) {
            l->weights[o][i] =
                is_full ? (o % 2 ? 127 : -128) : (int32_t)rng_below(&random_numbers, 256) - 128;
            *weight_at(quads, l->inputs, o, i) = (uint8_t)(l->weights[o][i] + 128);
        }
        int32_t most = room(l, o);
        if (in_type == MLM_DTYPE_I32) most = INT32_MAX;
        l->bias[o] = !has_bias ? 0
                     : is_full ? (o % 2 ? most : -most)
                               : (int32_t)clamped(any_i32(), -most, most);
        if (bias) bias[o] = l->bias[o];
        l->multiplier[o] = multiplier[o] =
            (int16_t)(is_full ? 32767 : rng_between(&random_numbers, 1, 32767));
    }
}

static void linear_row(const layer *l, uint32_t in_type, uint32_t type, const rows *x,
                       int64_t *wanted) {
    int64_t row[MOST_INPUTS], q[MOST_INPUTS];
    uint32_t k = 0;
    for (uint32_t i = 0; i < l->inputs; i++) row[i] = q[i] = element(x, in_type, i);
    if (in_type == MLM_DTYPE_I32) k = narrow(row, l->inputs, q);
    for (uint32_t o = 0; o < l->outputs; o++) {
        int64_t sum = in_type == MLM_DTYPE_I32 ? 0 : l->bias[o];
        for (uint32_t i = 0; i < l->inputs; i++) sum += l->weights[o][i] * q[i];
        int64_t v = mulw(sum, l->multiplier[o]);
        if (in_type == MLM_DTYPE_I32)
            v = shift(v, l->shift - (int32_t)k) + l->bias[o];
        else
            v = type == MLM_DTYPE_I16 ? rsh(v, l->shift) : shift(v, l->shift);
        wanted[o] = sat(v, type);
    }
}

static void linear_is_right(uint32_t in_type, uint32_t type, uint32_t times) {
    static layer l;
    rows x, y;
    int64_t wanted[MOST_OUTPUTS];
    for (uint32_t n = 0; n < times; n++) {
        make_layer(&l, in_type, type);
        if (!CHECK(mlm_linear_int_class.check(&rig.view))) return;
        for (uint32_t t = 0; t < 4; t++) {
            fill(&x, in_type);
            guard(&y);
            run_row(&mlm_linear_int_class, &x, 0, &y);
            linear_row(&l, in_type, type, &x, wanted);
            if (!is_row(&y, type, wanted, l.outputs)) return;
            if (!CHECK(guard_holds(&y, type, l.outputs))) return;
        }
    }
}

static void linear_i16_to_i16(void) {
    linear_is_right(MLM_DTYPE_I16, MLM_DTYPE_I16, INTEGER_TEST_TIMES);
}
static void linear_i16_to_i32(void) {
    linear_is_right(MLM_DTYPE_I16, MLM_DTYPE_I32, INTEGER_TEST_TIMES);
}
static void linear_i32_to_i16(void) {
    linear_is_right(MLM_DTYPE_I32, MLM_DTYPE_I16, INTEGER_TEST_TIMES);
}
static void linear_i32_to_i32(void) {
    linear_is_right(MLM_DTYPE_I32, MLM_DTYPE_I32, INTEGER_TEST_TIMES);
}

/* Part of a layer, as the scan takes chunks of channels. */
static void linear_from_an_output_on(void) {
    static layer l;
    rows x, y;
    int64_t wanted[MOST_OUTPUTS];
    for (uint32_t n = 0; n < INTEGER_TEST_TIMES; n++) {
        make_layer(&l, MLM_DTYPE_I16, MLM_DTYPE_I16);
        fill(&x, MLM_DTYPE_I16);
        linear_row(&l, MLM_DTYPE_I16, MLM_DTYPE_I16, &x, wanted);
        const uint32_t first = 4 * rng_below(&random_numbers, (l.outputs + 3) / 4);
        const uint32_t count = rng_between(&random_numbers, 1, l.outputs - first);
        mlm_run run = {.op = &rig.op, .blob = rig.blob, .tensors = rig.tensors};
        mlm_i8_layer part;
        mlm_i8_layer_of(&part, &run, 0, 1, 2, l.shift);
        mlm_i8_layer_from(&part, first, count);
        guard(&y);
        mlm_i8_linear_rows(&part, (mlm_source){x.f32, 0}, (mlm_rows){y.f32, 0}, 1);
        if (!is_row(&y, MLM_DTYPE_I16, wanted + first, count)) return;
        for (uint32_t i = (count + 3) & ~3u; i < 2 * ROW; i++)
            if (!CHECK(y.i16[i] == 0x5A5A)) return;
    }
}

static void linear_refuses_what_could_overflow(void) {
    const mlm_op_class *class = &mlm_linear_int_class;
    enum { INPUTS = 600, OUTPUTS = 5 };
    begin(0, MLM_DTYPE_I16, OUTPUTS);
    add_input(MLM_DTYPE_I16, INPUTS - 1);
    rig.op.attributes[1] = MLM_DTYPE_I16;
    uint8_t *quads = add_tensor(0, MLM_DTYPE_I8, MLM_PACK_QUADS, OUTPUTS, INPUTS - 1, 8 * INPUTS);
    int32_t *bias = add_i32_vector(1, OUTPUTS);
    int16_t *multiplier = add_i16_vector(2, OUTPUTS);
    memset(quads, 128, 8 * INPUTS);
    for (uint32_t o = 0; o < OUTPUTS; o++) multiplier[o] = 1;
    /* 511 weights of -128 and one of -127: a sum of 65535. */
    for (uint32_t i = 0; i < 511; i++) *weight_at(quads, INPUTS - 1, 4, i) = 0;
    *weight_at(quads, INPUTS - 1, 4, 511) = 1;
    bias[4] = 32767;
    REFUSED(class, bias[4], 32768);
    REFUSED(class, bias[4], -32768);
    REFUSED(class, bias[4], INT32_MIN);
    REFUSED(class, *weight_at(quads, INPUTS - 1, 4, 511), 0);
    REFUSED(class, *weight_at(quads, INPUTS - 1, 4, 598), 129);
    REFUSED(class, *weight_at(quads, INPUTS - 1, 0, 599), 127); /* padding */
    REFUSED(class, multiplier[3], 0);
    REFUSED(class, multiplier[4], -1);
    REFUSED(class, rig.op.attributes[0], 16);
    REFUSED(class, rig.op.attributes[0], -1);
    REFUSED(class, rig.op.attributes[1], MLM_DTYPE_I32);
    REFUSED(class, rig.op.width, OUTPUTS + 1);
    REFUSED(class, rig.tensors[0].packing, MLM_PACK_ROWS);
    REFUSED(class, rig.tensors[2].dtype, MLM_DTYPE_I32);
    REFUSED(class, rig.op.tensors[2], MLM_NO_TENSOR);
    REFUSED(class, rig.op.tensors[0], TENSORS);
    rig.view.types[0] = MLM_DTYPE_I32;
    rig.op.attributes[1] = MLM_DTYPE_I32;
    bias[4] = INT32_MIN; /* comes behind the shift */
    REFUSED(class, rig.op.attributes[0], 31);
    REFUSED(class, rig.op.attributes[0], -17);
}

/* ---- norm ---------------------------------------------------------------------------------------------- */

enum { RMS, LAYER };

static uint64_t root_of(uint64_t x) {
    uint64_t root = 0;
    while ((root + 1) * (root + 1) <= x) root += (root + 4097) * (root + 4097) <= x ? 4096 : 1;
    return root;
}

static void norm_row(uint32_t variant, uint32_t in_type, const rows *from, const int16_t *gain,
                     const int32_t *bias, int64_t *wanted) {
    int64_t x[MOST_WIDTH];
    const uint32_t width = rig.op.width;
    int64_t k = 0, sum = 0;
    for (uint32_t i = 0; i < width; i++) x[i] = element(from, in_type, i);
    if (variant == LAYER) {
        for (uint32_t i = 0; i < width; i++) {
            if (in_type == MLM_DTYPE_I16) x[i] *= 256;
            sum += x[i];
        }
        const int64_t mean = floor_divide(2 * sum + width, 2 * (int64_t)width);
        for (uint32_t i = 0; i < width; i++) x[i] = sat(x[i] - mean, MLM_DTYPE_I32);
    }
    if (variant == LAYER || in_type == MLM_DTYPE_I32) k = narrow(x, width, x);
    const uint64_t epsilon =
        ((uint64_t)rig.op.attributes[2] << 32 | rig.op.attributes[1]) >> (2 * k);
    uint64_t squares = epsilon > 1 ? epsilon : 1;
    for (uint32_t i = 0; i < width; i++) squares += (uint64_t)(x[i] * x[i]);
    const int64_t j = floor_shift((int64_t)length_of(squares) - 31, 1);
    const uint64_t m = j >= 0 ? squares >> (2 * j) : squares << (-2 * j);
    const int64_t r = clamped((int64_t)(((uint64_t)1 << 31) / root_of(m)), 0, 65535);
    const int64_t s = rig.op.attributes[0];
    for (uint32_t i = 0; i < width; i++) {
        const int64_t u = x[i] * r;
        const int64_t t = j + 1 >= 0 ? floor_shift(u, j + 1) : u * ((int64_t)1 << -(j + 1));
        wanted[i] = sat(rsh(mulw(t, gain[i]) + (bias ? bias[i] : 0), s), MLM_DTYPE_I16);
    }
}

static void norm_is_right(uint32_t variant, uint32_t in_type) {
    rows x, y;
    int64_t wanted[MOST_WIDTH];
    for (uint32_t n = 0; n < 5 * INTEGER_TEST_TIMES; n++) {
        const uint32_t width = rng_between(&random_numbers, 1, MOST_WIDTH);
        begin(variant, MLM_DTYPE_I16, width);
        add_input(in_type, width);
        rig.op.attributes[0] = rng_below(&random_numbers, 31);
        const uint64_t epsilon =
            ((uint64_t)rng_u32(&random_numbers) << 32 | rng_u32(&random_numbers)) >>
            rng_between(&random_numbers, 2, 63);
        rig.op.attributes[1] = (uint32_t)epsilon;
        rig.op.attributes[2] = (uint32_t)(epsilon >> 32);
        rig.op.attributes[3] = in_type;
        int16_t *gain = add_i16_vector(0, width);
        int32_t *bias = rng_once_in(&random_numbers, 2) ? add_i32_vector(1, width) : 0;
        for (uint32_t i = 0; i < width; i++) {
            gain[i] = any_i16();
            if (bias) bias[i] = (int32_t)clamped(any_i32(), -(1 << 29), 1 << 29);
        }
        if (!CHECK(mlm_norm_int_class.check(&rig.view))) return;
        fill(&x, in_type);
        norm_row(variant, in_type, &x, gain, bias, wanted);
        const int in_place = in_type == MLM_DTYPE_I16 && rng_once_in(&random_numbers, 2);
        guard(&y);
        run_row(&mlm_norm_int_class, &x, 0, in_place ? &x : &y);
        if (!is_row(in_place ? &x : &y, MLM_DTYPE_I16, wanted, width)) return;
        if (!in_place && !CHECK(guard_holds(&y, MLM_DTYPE_I16, width))) return;
    }
}

static void rms_norm_of_i16(void) { norm_is_right(RMS, MLM_DTYPE_I16); }
static void rms_norm_of_i32(void) { norm_is_right(RMS, MLM_DTYPE_I32); }
static void layer_norm_of_i16(void) { norm_is_right(LAYER, MLM_DTYPE_I16); }
static void layer_norm_of_i32(void) { norm_is_right(LAYER, MLM_DTYPE_I32); }

static void norm_refuses_what_could_overflow(void) {
    const mlm_op_class *class = &mlm_norm_int_class;
    begin(RMS, MLM_DTYPE_I16, 5);
    add_input(MLM_DTYPE_I32, 5);
    rig.op.attributes[3] = MLM_DTYPE_I32;
    add_i16_vector(0, 5);
    int32_t *bias = add_i32_vector(1, 5);
    bias[4] = -(1 << 29);
    REFUSED(class, bias[4], (1 << 29) + 1);
    REFUSED(class, bias[4], INT32_MIN);
    REFUSED(class, rig.op.attributes[0], 31);
    REFUSED(class, rig.op.attributes[0], -1);
    REFUSED(class, rig.op.attributes[2], 1u << 30);
    REFUSED(class, rig.op.attributes[3], MLM_DTYPE_I16);
    REFUSED(class, rig.op.tensors[0], MLM_NO_TENSOR);
    REFUSED(class, rig.tensors[1].dtype, MLM_DTYPE_F32);
    REFUSED(class, rig.view.widths[0], 6);
}

int main(int argc, char **argv) {
    if (argc > 1) harness.only = argv[1];
    RUN(linear_i16_to_i16);
    RUN(linear_i16_to_i32);
    RUN(linear_i32_to_i16);
    RUN(linear_i32_to_i32);
    RUN(linear_from_an_output_on);
    RUN(linear_refuses_what_could_overflow);
    RUN(rms_norm_of_i16);
    RUN(rms_norm_of_i32);
    RUN(layer_norm_of_i16);
    RUN(layer_norm_of_i32);
    RUN(norm_refuses_what_could_overflow);
    return harness_end();
}
