/*
 * time_loops.c - specifications of ops that move, repeat, gather or count rows.
 */
#include "loops.h"

MLM_NOINLINE float either(int condition, float then, float otherwise) {
    return condition ? then : otherwise;
}

static int make_window_pool(kernel_case *c) {
    uint32_t *a = c->op.attributes;
    a[0] = 1 + case_below(c, 5);
    a[1] = 1 + case_below(c, 3) * case_below(c, 3);
    a[2] = case_below(c, a[0]);
    a[3] = case_below(c, a[0]);
    a[4] = case_below(c, 2);
    case_input(c, c->size, c->length);
    c->op.width = c->size;
    const uint32_t padded = c->length + a[2] + a[3];
    c->out_rows = padded < a[0] ? 0 : (padded - a[0]) / a[1] + 1;
    return 1;
}

static float window_of(const kernel_case *c, uint32_t r, uint32_t channel) {
    const uint32_t *a = c->op.attributes;
    const int64_t first = (int64_t)r * a[1] - a[2];
    float value = 0.0f;
    uint32_t present = 0;
    for (int64_t t = first; t < first + a[0]; t++) {
        if (t < 0 || t >= c->rows[0]) continue;
        const float x = at(c, 0, (uint32_t)t, channel);
        if (present++ == 0)
            value = x;
        else
            value = c->op.variant == 0 ? value + x : larger(value, x);
    }
    return c->op.variant == 1 ? value : value / (float)(a[4] ? a[0] : present);
}

static void window_pool(const kernel_case *c, float *y) {
    for (uint32_t r = 0; r < c->out_rows; r++)
        for (uint32_t i = 0; i < c->op.width; i++) *y++ = window_of(c, r, i);
}

static int make_unfold(kernel_case *c) {
    const uint32_t window = 1 + case_below(c, 4), hop = 1 + case_below(c, 6);
    c->op.attributes[0] = window;
    c->op.attributes[1] = hop;
    case_input(c, c->size, c->length);
    c->op.width = window * c->size;
    c->out_rows = c->length < window ? 0 : (c->length - window) / hop + 1;
    return 1;
}

static void unfold(const kernel_case *c, float *y) {
    const uint32_t window = c->op.attributes[0], hop = c->op.attributes[1];
    for (uint32_t r = 0; r < c->out_rows; r++, y += c->op.width)
        for (uint32_t j = 0; j < window; j++)
            for (uint32_t i = 0; i < c->size; i++)
                y[c->op.variant == 0 ? j * c->size + i : i * window + j] = at(c, 0, r * hop + j, i);
}

static int make_upsample(kernel_case *c) {
    c->op.attributes[0] = 1 + case_below(c, 4);
    case_input(c, c->size, c->length);
    c->op.width = c->size;
    c->out_rows = c->length * c->op.attributes[0];
    return 1;
}

static void upsample(const kernel_case *c, float *y) {
    for (uint32_t r = 0; r < c->out_rows; r++)
        for (uint32_t i = 0; i < c->op.width; i++) *y++ = at(c, 0, r / c->op.attributes[0], i);
}

static int make_insert_row(kernel_case *c) {
    c->op.attributes[0] = case_below(c, 3) ? case_below(c, c->length + 1) : MLM_INSERT_END;
    case_vector(c, 0, c->size);
    case_input(c, c->size, c->length);
    c->op.width = c->size;
    c->out_rows = c->length + 1;
    return 1;
}

static void insert_row(const kernel_case *c, float *y) {
    const uint32_t wanted = c->op.attributes[0], position = wanted < c->length ? wanted : c->length;
    for (uint32_t r = 0; r < c->out_rows; r++)
        for (uint32_t i = 0; i < c->op.width; i++)
            if (r == position)
                *y++ = c->w[0][i];
            else
                *y++ = at(c, 0, r < position ? r : r - 1, i);
}

static int make_positions(kernel_case *c) {
    c->op.attributes[0] = c->length + case_below(c, 3);
    case_vector(c, 0, c->op.attributes[0] * c->size);
    case_input(c, c->size, c->length);
    c->op.width = c->size;
    c->out_rows = c->length;
    return 1;
}

static void positions(const kernel_case *c, float *y) {
    for (uint32_t t = 0; t < c->out_rows; t++)
        for (uint32_t i = 0; i < c->op.width; i++)
            *y++ = at(c, 0, t, i) + c->w[0][t * c->op.width + i];
}

static int make_align(kernel_case *c) {
    c->lag = case_below(c, 5);
    case_input(c, c->size, c->length);
    case_input(c, 1, c->length);
    c->op.width = c->size;
    c->out_rows = c->length;
    return 1;
}

static void align(const kernel_case *c, float *y) {
    for (uint32_t t = 0; t < c->out_rows; t++)
        for (uint32_t i = 0; i < c->op.width; i++) *y++ = at(c, 0, t, i);
}

static int make_whole(kernel_case *c) {
    case_input(c, c->size, c->length);
    c->op.width = c->size;
    c->out_rows = c->length;
    return 1;
}

static void reverse(const kernel_case *c, float *y) {
    for (uint32_t t = 0; t < c->out_rows; t++)
        for (uint32_t i = 0; i < c->op.width; i++) *y++ = at(c, 0, c->length - 1 - t, i);
}

static int make_transpose(kernel_case *c) {
    case_input(c, c->size, c->length);
    c->op.width = c->length;
    c->out_rows = c->size;
    return 1;
}

static void transpose(const kernel_case *c, float *y) {
    for (uint32_t r = 0; r < c->out_rows; r++)
        for (uint32_t i = 0; i < c->op.width; i++) *y++ = at(c, 0, i, r);
}

static int make_sequence_norm(kernel_case *c) {
    const uint32_t choices[] = {1, c->size, c->size % 2 ? 1 : 2, c->size % 3 ? 1 : 3};
    c->op.attributes[0] = choices[case_below(c, 4)];
    case_float_attribute(c, 1, 1e-5f);
    case_maybe_vector(c, 0, c->size);
    case_maybe_vector(c, 1, c->size);
    return make_whole(c);
}

/* Mean over rows and channels [first, first + width) of x - centre, or of its square. */
static float mean_of(const kernel_case *c, uint32_t first, uint32_t width, float centre,
                     int squared) {
    compensated sum = {0.0f, 0.0f};
    for (uint32_t t = 0; t < c->length; t++)
        for (uint32_t i = first; i < first + width; i++) {
            const float x = at(c, 0, t, i) - centre;
            add_to(&sum, squared ? x * x : x);
        }
    return sum.sum / ((float)c->length * (float)width);
}

static void sequence_norm(const kernel_case *c, float *y) {
    const uint32_t width = c->op.width / c->op.attributes[0];
    for (uint32_t i = 0; i < c->op.width; i++) {
        const uint32_t first = i / width * width;
        const float origin = at(c, 0, 0, first);
        const float mean = origin + mean_of(c, first, width, origin, 0);
        const float variance = mean_of(c, first, width, mean, 1);
        const float scale = norm_scale(variance + f32_from_bits(c->op.attributes[1]));
        for (uint32_t t = 0; t < c->length; t++) {
            float *to = &y[t * c->op.width + i];
            *to = (at(c, 0, t, i) - mean) * scale;
            if (has_tensor(c, 0)) *to *= c->w[0][i];
            if (has_tensor(c, 1)) *to += c->w[1][i];
        }
    }
}

const kernel_spec time_specs[] = {
    {13, make_window_pool, window_pool, 0},
    {14, make_unfold, unfold, 0},
    {15, make_upsample, upsample, 0},
    {16, make_insert_row, insert_row, 0},
    {17, make_positions, positions, 0},
    {18, make_align, align, 0},
    {19, make_whole, reverse, 0},
    {20, make_transpose, transpose, 0},
    {21, make_sequence_norm, sequence_norm, 0},
    {0, 0, 0, 0},
};
