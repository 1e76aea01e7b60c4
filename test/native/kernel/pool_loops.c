/*
 * pool_loops.c - specifications of ops that make one row of a sequence.
 */
#include "loops.h"

enum { MEAN, LAST, MAX, FIRST, SUM, ROW, MIN, STD };

static int make_pool(kernel_case *c) {
    if (c->op.variant == ROW) c->op.attributes[0] = case_below(c, c->length);
    if (c->op.variant == STD) {
        case_float_attribute(c, 0, case_below(c, 2) ? 1e-5f : 0.0f);
        c->op.attributes[1] = c->length > 1 ? case_below(c, 2) : 0;
    }
    case_input(c, c->size, c->length);
    c->op.width = c->size;
    c->out_rows = 1;
    return 1;
}

/* Welford's, both running values compensated. */
static float deviation(const kernel_case *c, uint32_t i) {
    compensated mean = {0.0f, 0.0f}, squares = {0.0f, 0.0f};
    for (uint32_t t = 0; t < c->length; t++) {
        const float x = at(c, 0, t, i), before = x - mean.sum + mean.lost;
        add_to(&mean, before / (float)(t + 1));
        add_to(&squares, before * (x - mean.sum + mean.lost));
    }
    const float divisor = (float)(c->length - c->op.attributes[1]);
    return f32_sqrt(squares.sum / divisor + f32_from_bits(c->op.attributes[0]));
}

static float pooled(const kernel_case *c, uint32_t i) {
    compensated sum = {0.0f, 0.0f};
    float most = at(c, 0, 0, i), least = most;
    for (uint32_t t = 0; t < c->length; t++) {
        add_to(&sum, at(c, 0, t, i));
        most = larger(most, at(c, 0, t, i));
        least = smaller(least, at(c, 0, t, i));
    }
    switch (c->op.variant) {
        case MEAN: return sum.sum / (float)c->length;
        case LAST: return at(c, 0, c->length - 1, i);
        case MAX: return most;
        case FIRST: return at(c, 0, 0, i);
        case SUM: return sum.sum;
        case ROW: return at(c, 0, c->op.attributes[0], i);
        case MIN: return least;
        default: return deviation(c, i);
    }
}

static void pool(const kernel_case *c, float *y) {
    for (uint32_t i = 0; i < c->op.width; i++) y[i] = pooled(c, i);
}

static int make_attention_pool(kernel_case *c) {
    case_input(c, c->size, c->length);
    case_input(c, case_below(c, 2) ? 1 : c->size, c->length);
    c->op.width = c->size;
    c->out_rows = 1;
    return 1;
}

/* e^(low - high), and 1 where that has no value. */
static float shrink(float high, float low) {
    const float distance = high - low;
    return distance != distance ? 1.0f : exp_minus_of(distance);
}

static void attention_pool(const kernel_case *c, float *y) {
    for (uint32_t i = 0; i < c->op.width; i++) {
        const uint32_t column = c->widths[1] == 1 ? 0 : i;
        float largest = at(c, 1, 0, column), weights = 0.0f, sum = 0.0f;
        for (uint32_t t = 0; t < c->length; t++) {
            const float score = at(c, 1, t, column), before = largest;
            largest = larger(largest, score);
            const float weight = shrink(largest, score);
            weights = weights * shrink(largest, before) + weight;
            sum = sum * shrink(largest, before) + weight * at(c, 0, t, i);
        }
        y[i] = sum / (weights + (largest - largest)); /* NaN of an infinite score */
    }
}

static int make_flatten(kernel_case *c) {
    c->op.attributes[0] = c->length;
    case_input(c, c->size, c->length);
    c->op.width = c->length * c->size;
    c->out_rows = 1;
    return 1;
}

static void flatten(const kernel_case *c, float *y) {
    for (uint32_t i = 0; i < c->op.width; i++) y[i] = c->x[0][i];
}

static int make_flatten_linear(kernel_case *c) {
    make_flatten(c);
    c->op.width = 1 + case_below(c, 20);
    case_matrix(c, 0, c->op.width, c->length * c->size);
    case_maybe_vector(c, 1, c->op.width);
    return 1;
}

/* Row by row of the input, each row's sum on top of what there is. */
static void flatten_linear(const kernel_case *c, float *y) {
    for (uint32_t o = 0; o < c->op.width; o++) {
        const float *w = c->w[0] + o * c->length * c->size, *x = c->x[0];
        y[o] = bias_at(c, 1, o);
        for (uint32_t t = 0; t < c->length; t++) {
            float sum = sum_before(c, 0, y[o]);
            for (uint32_t i = 0; i < c->size; i++) sum += *w++ * *x++;
            y[o] = sum_behind(c, 0, o, sum, y[o]);
        }
    }
}

const kernel_spec pool_specs[] = {
    {22, make_pool, pool, 0},
    {23, make_attention_pool, attention_pool, 0},
    {24, make_flatten, flatten, 0},
    {25, make_flatten_linear, flatten_linear, 0},
    {0, 0, 0, 0},
};
