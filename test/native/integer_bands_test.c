/*
 * integer_bands_test.c - convolutions and pools over time and bands of integers against the contract: random and extreme
 * rows, all forms of windows, any tile.
 */
#include "integer_rig.h"

#include "kernels/bands.h"

extern const mlm_op_class mlm_conv2d_int_class, mlm_pool2d_int_class;

enum { MOST_ROWS = 12, BUFFER = 4096, BUFFERS = 3 };
enum { BEFORE_OF_POOL = 2, UP_OF_POOL = 7 };

static _Alignas(16) unsigned char arena[BUFFERS * BUFFER];
static rows input[MOST_ROWS], output[2 * MOST_ROWS];
static uint32_t input_rows;

/* Output i covers i stride - before + j dilation. */
typedef struct axis {
    uint32_t in, out, taps, stride, dilation, before, after;
} axis;

/* Where tap j is; -1 where nothing is. */
static int64_t place(const axis *a, uint32_t i, uint32_t j) {
    const int64_t at = (int64_t)i * a->stride + (int64_t)j * a->dilation - a->before;
    return at < 0 || at >= a->in ? -1 : at;
}

static uint32_t outputs_of(const axis *a, uint32_t rows_so_far, uint32_t after) {
    const uint32_t span = (a->taps - 1) * a->dilation + 1;
    const uint32_t all = rows_so_far + a->before + after;
    return all < span ? 0 : (all - span) / a->stride + 1;
}

static axis any_axis(uint32_t in, uint32_t most_dilation) {
    axis a = {.in = in,
              .taps = rng_between(&random_numbers, 1, 4),
              .stride = rng_between(&random_numbers, 1, 3),
              .dilation = rng_between(&random_numbers, 1, most_dilation)};
    const uint32_t span = (a.taps - 1) * a.dilation + 1;
    a.before = rng_below(&random_numbers, span);
    a.after = rng_below(&random_numbers, span);
    return a;
}

/* Over bands: with one output at least, and not always as many as fit. */
static axis any_bands(uint32_t in, uint32_t most_dilation) {
    axis a = any_axis(in, most_dilation);
    a.out = rng_between(&random_numbers, 1, (in + a.before - 1) / a.stride + 1);
    return a;
}

static uint32_t packed_counts(const axis *bands) { return bands->in | bands->out << 16; }
static uint32_t packed_window(const axis *bands) {
    return bands->taps | bands->stride << 8 | bands->dilation << 16 | bands->before << 24;
}

/* In tiles of any sizes; returns how many rows come. */
static uint32_t run_all(const mlm_op_class *class, const axis *time) {
    static const uint32_t buffers[BUFFERS] = {0, BUFFER, 2 * BUFFER};
    uint32_t made = 0;
    memset(arena, 0, sizeof arena);
    memset(output, 0x5A, sizeof output);
    for (uint32_t first = 0, tile; made == 0 || first <= input_rows; first += tile) {
        const int is_end = first == input_rows;
        tile = is_end ? 1 : rng_between(&random_numbers, 1, input_rows - first);
        const uint32_t taken = is_end ? 0 : tile;
        const uint32_t all = outputs_of(time, first + taken, is_end ? time->after : 0);
        mlm_run run = {.op = &rig.op,
                       .blob = rig.blob,
                       .tensors = rig.tensors,
                       .arena = arena,
                       .buffers = buffers,
                       .input_width = rig.view.widths[0],
                       .output = {output[made].f32, sizeof *output / sizeof(float)},
                       .rows = all - made,
                       .first = made,
                       .in_rows = taken,
                       .in_first = first};
        run.inputs[0] = (mlm_source){input[first % MOST_ROWS].f32, sizeof *input / sizeof(float)};
        class->run(&run);
        made = all;
        if (is_end) break;
    }
    return made;
}

static void fill_input(uint32_t count) {
    input_rows = count;
    for (uint32_t t = 0; t < count; t++) fill(input + t, MLM_DTYPE_I16);
}

/* The buffers are as large as the op says, or this test would not see what it writes behind them. */
static int buffers_fit(const mlm_op_class *class) {
    const mlm_shape shape = {.in_rows = 1, .rows = 1};
    mlm_need needs[BUFFERS] = {{0}};
    class->needs(&rig.view, &shape, needs);
    for (uint32_t i = 0; i < class->roles; i++)
        if (needs[i].floats * sizeof(float) > BUFFER) return 0;
    for (uint32_t i = 0; i < class->roles; i++) memset(arena + i * BUFFER, 0, BUFFER);
    return 1;
}

/* ---- convolution ---------------------------------------------------------------------------------------- */

enum { MOST_WEIGHTS = 4096 };

typedef struct convolution {
    axis time, bands;
    uint32_t groups, inputs, outputs; /* channels of a group */
    uint32_t shift;
    int is_depthwise;
    int16_t weight[MOST_WEIGHTS]; /* [groups outputs][taps of time][taps of bands][inputs] */
    int32_t bias[MOST_WIDTH];
    int16_t multiplier[MOST_WIDTH];
} convolution;

static uint32_t columns_of(const convolution *c) {
    return c->time.taps * c->bands.taps * c->inputs;
}

static uint32_t group_rows(const convolution *c) {
    return c->groups == 1 ? c->outputs : (c->outputs + 3) / 4 * 4;
}

static uint8_t *quad_byte(uint8_t *quads, uint32_t columns, uint32_t row, uint32_t column) {
    static const uint8_t order[] = {0, 2, 1, 3};
    return quads + ((row / 4 * ((columns + 3) / 4) + column / 4) * 4 + row % 4) * 4 +
           order[column % 4];
}

static void add_dense(const convolution *c) {
    const uint32_t columns = columns_of(c), height = c->groups * group_rows(c);
    const uint32_t bytes = (height + 3) / 4 * ((columns + 3) / 4) * 16;
    uint8_t *quads = add_tensor(0, MLM_DTYPE_I8, MLM_PACK_QUADS, height, columns, bytes);
    int32_t *bias = add_i32_vector(1, height);
    int16_t *multiplier = add_i16_vector(2, height);
    memset(quads, 128, bytes);
    for (uint32_t i = 0; i < height; i++) multiplier[i] = 1;
    for (uint32_t row = 0; row < c->groups * c->outputs; row++) {
        const uint32_t to = row / c->outputs * group_rows(c) + row % c->outputs;
        bias[to] = c->bias[row];
        multiplier[to] = c->multiplier[row];
        for (uint32_t i = 0; i < columns; i++)
            *quad_byte(quads, columns, to, i) = (uint8_t)(c->weight[row * columns + i] + 128);
    }
}

static void add_depthwise(const convolution *c) {
    const uint32_t columns = columns_of(c);
    int16_t *w = add_tensor(0, MLM_DTYPE_I16, MLM_PACK_ROWS, c->groups, columns,
                            2 * mlm_padded(c->groups * columns));
    memcpy(w, c->weight, 2 * c->groups * columns);
    memcpy(add_i32_vector(1, c->groups), c->bias, 4 * c->groups);
    memcpy(add_i16_vector(2, c->groups), c->multiplier, 2 * c->groups);
}

/* Weights of which no sum leaves 32 bits, now and then just so. */
static void choose_weights(convolution *c) {
    const uint32_t columns = columns_of(c);
    const int32_t most = c->is_depthwise ? 65535 / (int32_t)columns : 127;
    for (uint32_t row = 0; row < c->groups * c->outputs; row++) {
        int64_t room = INT32_MAX;
        for (uint32_t i = 0; i < columns; i++) {
            const int32_t w = (int32_t)rng_below(&random_numbers, 2 * (uint32_t)most + 1) - most;
            const int32_t edge = rng_once_in(&random_numbers, 3) ? (w < 0 ? -most : most) : w;
            c->weight[row * columns + i] = (int16_t)clamped(edge, -32767, 32767);
            room -= 32768 * (int64_t)abs(c->weight[row * columns + i]);
        }
        c->bias[row] = (int32_t)clamped(any_i32(), -room, room);
        c->multiplier[row] = (int16_t)rng_between(&random_numbers, 1, 32767);
    }
}

static convolution any_convolution(void) {
    convolution c = {.is_depthwise = rng_once_in(&random_numbers, 2)};
    const uint32_t bands = rng_between(&random_numbers, 1, 6);
    c.groups = c.is_depthwise ? rng_between(&random_numbers, 1, 11)
                              : 1 + 2 * rng_below(&random_numbers, 2);
    c.inputs = c.is_depthwise ? 1 : rng_between(&random_numbers, 1, 12 / c.groups);
    c.outputs = c.is_depthwise ? 1 : rng_between(&random_numbers, 1, 12 / c.groups);
    c.time = any_axis(rng_between(&random_numbers, 1, MOST_ROWS), 2);
    c.bands = any_bands(bands, 2);
    while (c.bands.out * c.groups * c.outputs > MOST_WIDTH) c.bands.out--;
    c.shift = rng_below(&random_numbers, 16);
    choose_weights(&c);
    return c;
}

static int64_t convolved(const convolution *c, uint32_t r, uint32_t b, uint32_t channel) {
    const uint32_t group = channel / c->outputs, width = c->groups * c->inputs;
    const int16_t *w = c->weight + channel * columns_of(c);
    int64_t sum = c->bias[channel];
    for (uint32_t t = 0; t < c->time.taps; t++)
        for (uint32_t j = 0; j < c->bands.taps; j++)
            for (uint32_t i = 0; i < c->inputs; i++, w++) {
                const int64_t row = place(&c->time, r, t), band = place(&c->bands, b, j);
                if (row >= 0 && band >= 0)
                    sum += *w * input[row].i16[band * width + group * c->inputs + i];
            }
    return sat(rsh(mulw(sum, c->multiplier[channel]), c->shift), MLM_DTYPE_I16);
}

static void begin_convolution(const convolution *c) {
    const axis *t = &c->time;
    const uint32_t attributes[] = {t->taps,
                                   t->stride,
                                   t->dilation,
                                   t->before,
                                   t->after,
                                   c->groups | c->shift << 24,
                                   packed_counts(&c->bands),
                                   packed_window(&c->bands)};
    begin(c->is_depthwise ? MLM_CONV2D_DEPTHWISE : MLM_CONV2D_DENSE, MLM_DTYPE_I16,
          c->bands.out * c->groups * c->outputs);
    memcpy(rig.op.attributes, attributes, sizeof attributes);
    add_input(MLM_DTYPE_I16, c->bands.in * c->groups * c->inputs);
    (c->is_depthwise ? add_depthwise : add_dense)(c);
}

static void convolution_is_right(void) {
    int64_t wanted[MOST_WIDTH];
    for (uint32_t n = 0; n < INTEGER_TEST_TIMES; n++) {
        static convolution c;
        c = any_convolution();
        begin_convolution(&c);
        if (!CHECK(mlm_conv2d_int_class.check(&rig.view))) return;
        if (!CHECK(buffers_fit(&mlm_conv2d_int_class))) return;
        fill_input(c.time.in);
        const uint32_t made = run_all(&mlm_conv2d_int_class, &c.time);
        const uint32_t channels = c.groups * c.outputs;
        for (uint32_t r = 0; r < made; r++) {
            for (uint32_t i = 0; i < rig.op.width; i++)
                wanted[i] = convolved(&c, r, i / channels, i % channels);
            if (!is_row(output + r, MLM_DTYPE_I16, wanted, rig.op.width)) return;
            if (!CHECK(guard_holds(output + r, MLM_DTYPE_I16, rig.op.width))) return;
        }
    }
}

static void convolution_refuses(void) {
    const mlm_op_class *class = &mlm_conv2d_int_class;
    static convolution c;
    c = (convolution){.time = {4, 0, 2, 1, 1, 0, 0}, .bands = {3, 3, 1, 1, 1, 0, 0}};
    c.groups = 2, c.inputs = 1, c.outputs = 3, c.shift = 4;
    choose_weights(&c);
    begin_convolution(&c);
    REFUSED(class, rig.op.attributes[0], 0);
    REFUSED(class, rig.op.attributes[5], 0);
    REFUSED(class, rig.op.attributes[5], 3 | 4 << 24);
    REFUSED(class, rig.op.attributes[5], 2 | 16 << 24);
    REFUSED(class, rig.op.attributes[6], 0);
    REFUSED(class, rig.op.attributes[7], 0);
    REFUSED(class, rig.op.tensors[2], MLM_NO_TENSOR);
    REFUSED(class, rig.tensors[0].rows, 6);
    REFUSED(class, rig.tensors[0].dtype, MLM_DTYPE_I16);
    REFUSED(class, rig.op.variant, MLM_CONV2D_DEPTHWISE);
    c.outputs = 1, c.is_depthwise = 1;
    choose_weights(&c);
    begin_convolution(&c);
    REFUSED(class, rig.op.tensors[2], MLM_NO_TENSOR);
    REFUSED(class, rig.tensors[0].columns, 3);
    REFUSED(class, rig.op.variant, MLM_CONV2D_DENSE);
    int32_t *bias = (int32_t *)(void *)(rig.blob + rig.tensors[1].offset);
    int16_t *multiplier = (int16_t *)(void *)(rig.blob + rig.tensors[2].offset);
    REFUSED(class, bias[1], INT32_MIN);
    REFUSED(class, multiplier[1], 0);
    REFUSED(class, multiplier[0], -1);
}

/* ---- pool ----------------------------------------------------------------------------------------------- */

static int64_t pooled(const axis *time, const axis *bands, uint32_t r, uint32_t b, uint32_t channel,
                      uint32_t channels) {
    const int counts_absent = (int)rig.op.attributes[MLM_POOL2D_COUNT_ABSENT];
    int64_t sum = 0, most = INT16_MIN, counted = 0;
    for (uint32_t t = 0; t < time->taps; t++)
        for (uint32_t j = 0; j < bands->taps; j++) {
            const int64_t row = place(time, r, t), band = place(bands, b, j);
            if (row < 0 || band < 0) continue;
            const int64_t x = input[row].i16[band * channels + channel];
            sum += x, counted++;
            if (x > most) most = x;
        }
    if (rig.op.variant == MLM_POOL2D_MAX) return most;
    if (counts_absent) counted = time->taps * bands->taps;
    const int64_t share = (((int64_t)1 << 31) + counted / 2) / counted;
    return sat(rsh(sum * share, 31 - rig.op.attributes[UP_OF_POOL]), MLM_DTYPE_I16);
}

static void begin_pool(uint32_t variant, const axis *time, const axis *bands, uint32_t channels) {
    begin(variant, MLM_DTYPE_I16, bands->out * channels);
    add_input(MLM_DTYPE_I16, bands->in * channels);
    const uint32_t attributes[] = {time->taps,
                                   time->stride,
                                   time->before,
                                   time->after,
                                   rng_below(&random_numbers, 2),
                                   packed_counts(bands),
                                   packed_window(bands),
                                   0};
    memcpy(rig.op.attributes, attributes, sizeof attributes);
}

static void pool_is_right(void) {
    int64_t wanted[MOST_WIDTH];
    for (uint32_t n = 0; n < INTEGER_TEST_TIMES; n++) {
        const axis time = any_axis(rng_between(&random_numbers, 1, MOST_ROWS), 1);
        const axis bands = any_bands(rng_between(&random_numbers, 1, 5), 1);
        const uint32_t channels = rng_between(&random_numbers, 1, 9);
        begin_pool(rng_below(&random_numbers, 2), &time, &bands, channels);
        if (rig.op.variant == MLM_POOL2D_AVERAGE)
            rig.op.attributes[UP_OF_POOL] = rng_below(&random_numbers, 16);
        if (!CHECK(mlm_pool2d_int_class.check(&rig.view))) return;
        if (!CHECK(buffers_fit(&mlm_pool2d_int_class))) return;
        fill_input(time.in);
        const uint32_t made = run_all(&mlm_pool2d_int_class, &time);
        for (uint32_t r = 0; r < made; r++) {
            for (uint32_t i = 0; i < rig.op.width; i++)
                wanted[i] = pooled(&time, &bands, r, i / channels, i % channels, channels);
            if (!is_row(output + r, MLM_DTYPE_I16, wanted, rig.op.width)) return;
            if (!CHECK(guard_holds(output + r, MLM_DTYPE_I16, rig.op.width))) return;
        }
    }
}

static void pool_refuses(void) {
    const mlm_op_class *class = &mlm_pool2d_int_class;
    const axis time = {4, 0, 2, 1, 1, 0, 0};
    axis bands = {3, 2, 2, 1, 1, 0, 0};
    begin_pool(MLM_POOL2D_AVERAGE, &time, &bands, 3);
    REFUSED(class, rig.op.attributes[0], 0);
    REFUSED(class, rig.op.attributes[0], 32768);
    REFUSED(class, rig.op.attributes[BEFORE_OF_POOL], 2);
    REFUSED(class, rig.op.attributes[MLM_POOL2D_COUNT_ABSENT], 2);
    REFUSED(class, rig.op.attributes[UP_OF_POOL], 16);
    REFUSED(class, rig.op.width, 8);
    bands.dilation = 2;
    REFUSED(class, rig.op.attributes[6], packed_window(&bands));
    rig.op.variant = MLM_POOL2D_MAX;
    REFUSED(class, rig.op.attributes[UP_OF_POOL], 1);
}

int main(int argc, char **argv) {
    if (argc > 1) harness.only = argv[1];
    RUN(convolution_is_right);
    RUN(convolution_refuses);
    RUN(pool_is_right);
    RUN(pool_refuses);
    return harness_end();
}
