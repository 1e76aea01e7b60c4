/*
 * hostile.c - see hostile.h. Additions of a power of two to a size are what products in 32 bits do not see.
 */
#include "hostile.h"

#include "kernel_test.h"

#include <string.h>

enum { TRIES = 4000 / KERNEL_TEST_EVERY, MOST_SIZE = 1 << 24, SEED = 77 };

/* Attributes that are no sizes: floats, and the position of an inserted row, which has a value for the end. */
static const struct {
    uint32_t kind, attribute;
} no_sizes[] = {{5, 0},  {7, 0},  {16, 0}, {21, 1}, {22, 0}, {26, 2}, {27, 2},
                {73, 6}, {73, 7}, {74, 5}, {74, 6}, {71, 3}, {71, 4}, {72, 1}};

static int is_size(uint32_t kind, uint32_t attribute) {
    for (uint32_t i = 0; i < sizeof no_sizes / sizeof *no_sizes; i++)
        if (no_sizes[i].kind == kind && no_sizes[i].attribute == attribute) return 0;
    return 1;
}

static uint32_t spoilt(kernel_case *c, uint32_t value) {
    static const uint32_t extremes[] = {0,           1,           MOST_SIZE,
                                        0x7FFFFFFFu, 0x80000000u, 0xFFFFFFFFu,
                                        0xFFFFFFFEu, 0x7F800000u, 0x7FC00000u};
    switch (case_below(c, 4)) {
        case 0: return extremes[case_below(c, sizeof extremes / sizeof *extremes)];
        case 1: return value + (1u << case_below(c, 32));
        case 2: return value - 1;
        default: return rng_u32(&c->random);
    }
}

/* Widths are at most 2^24, which model.c sees to before it asks a check function. */
static uint32_t spoilt_width(kernel_case *c, uint32_t width) {
    return 1 + (spoilt(c, width) - 1) % MOST_SIZE;
}

static mlm_op_view spoil(kernel_case *c, const mlm_op_class *class) {
    mlm_op_view view = {.op = &c->op,
                        .blob = c->blob,
                        .tensors = c->tensors,
                        .tensor_count = c->tensor_count,
                        .inputs = c->inputs,
                        .least_rows = c->rows[0],
                        .most_rows = c->rows[0]};
    memcpy(view.widths, c->widths, sizeof view.widths);
    memcpy(view.is_vector, c->is_vector, sizeof view.is_vector);
    for (uint32_t times = 1 + case_below(c, 2); times > 0; times--) {
        const uint32_t i = case_below(c, c->inputs), t = case_below(c, MLM_TENSOR_REFS);
        const uint32_t a =
            class->attributes ? case_below(c, class->attributes) : MLM_ATTRIBUTES - 1;
        switch (case_below(c, 6)) {
            case 0: c->op.width = spoilt_width(c, c->op.width); break;
            case 1: view.widths[i] = spoilt_width(c, view.widths[i]); break;
            case 2: view.most_rows = spoilt(c, view.most_rows); break;
            case 3:
                if (t < class->tensors) c->op.tensors[t] = (uint16_t)spoilt(c, c->op.tensors[t]);
                break;
            default:
                if (class->attributes) c->op.attributes[a] = spoilt(c, c->op.attributes[a]);
                break;
        }
    }
    return view;
}

static int is_sound(const mlm_clock *clock) {
    return clock->window >= 1 && clock->hop >= 1 && clock->repeat >= 1 &&
           clock->before < clock->window && clock->after < clock->window;
}

/* What the kernels rely on where it is not a tensor's size, once more in 64 bits. */
static int holds(const mlm_op_view *view) {
    const uint32_t *a = view->op->attributes;
    const uint64_t width = view->op->width, in = view->widths[0];
    const uint32_t least = view->least_rows, most = view->most_rows;
    switch (view->op->kind) {
        case 5: return f32_is_finite(a[0]);
        case 14: return a[0] * in == width;
        case 16: return a[0] == MLM_INSERT_END || a[0] <= least;
        case 17: return most >= 1 && most <= a[0];
        case 20: return least == width && most == width;
        case 21: return a[0] >= 1 && width % a[0] == 0;
        case 24: return least == a[0] && most == a[0] && a[0] * in == width;
        case 25: return least == a[0] && most == a[0];
        case 71:
            return a[0] >= 1 && width % a[0] == 0 && a[1] >= 1 && a[0] % a[1] == 0 &&
                   width + (uint64_t)2 * a[1] * a[2] == in;
        case 72: return a[0] >= 1 && width % a[0] == 0;
        default: return 1;
    }
}

static const char *look_at_accepted(const mlm_op_view *view, const mlm_op_class *class) {
    for (uint32_t i = 0; i < MLM_ATTRIBUTES; i++)
        if (view->op->attributes[i] > MOST_SIZE && is_size(view->op->kind, i))
            return "a huge attribute passes";
    if (!holds(view)) return "what the kernel relies on does not hold";
    mlm_clock clock = {1, 1, 0, 0, 1, MLM_NO_INSERT, 0};
    if (class->clock && class->clock(view, &clock) && !is_sound(&clock))
        return "a clock that cannot be passes";
    const mlm_shape shape = {MLM_SCHEDULE_STREAM, UINT32_MAX, UINT32_MAX, 1 << 20};
    mlm_need needs[MLM_TENSOR_REFS];
    memset(needs, 0, sizeof needs);
    if (class->needs) class->needs(view, &shape, needs);
    for (uint32_t role = 0; role < class->roles; role++)
        if (needs[role].floats >> 62) return "a size wraps round";
    return 0;
}

const char *try_hostile(const kernel_spec *spec, const mlm_op_class *class) {
    kernel_case c = {.random = {SEED + spec->kind}};
    const char *fault = 0;
    for (uint32_t i = 0; !fault && i < TRIES; i++) {
        c.size = 1 + case_below(&c, 20);
        c.length = 1 + case_below(&c, 9);
        case_begin(&c, spec->kind, case_below(&c, class->variants));
        if (!spec->make(&c)) continue;
        case_pack(&c);
        const mlm_op_view view = spoil(&c, class);
        if (class->check(&view)) fault = look_at_accepted(&view, class);
    }
    return fault;
}
