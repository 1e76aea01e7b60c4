/*
 * align.c - holds rows back until another branch of the network, which looks further ahead, has come as
 * far: a first-in first-out queue.
 */
#include <string.h>

#include "kernels.h"

enum { HELD, ROLES };

static int check(const mlm_op_view *view) {
    return view->widths[0] == view->op->width && !view->is_vector[0] && !view->is_vector[1];
}

static void needs(const mlm_op_view *view, const mlm_shape *shape, mlm_need *need) {
    need[HELD].floats = (uint64_t)shape->held * view->op->width;
    need[HELD].is_state = 1;
}

/* The rows that are held: first .. in_first - 1, one behind the other. */
static int run_align(mlm_run *run) {
    const uint32_t width = run->op->width, held = run->in_first - run->first;
    const mlm_source x = run->inputs[0];
    const mlm_rows y = run->output;
    float *queue = mlm_buffer_at(run, HELD);
    const uint32_t old = run->rows < held ? run->rows : held, passed = run->rows - old;
    mlm_copy_rows((mlm_source){queue, width}, y, width, old);
    mlm_copy_rows(x, (mlm_rows){y.data + (size_t)old * y.stride, y.stride}, width, passed);
    memmove(queue, queue + (size_t)old * width, (size_t)(held - old) * width * sizeof(float));
    for (uint32_t t = passed; t < run->in_rows; t++)
        memcpy(queue + (size_t)(held - old + t - passed) * width, x.data + (size_t)t * x.stride,
               width * sizeof(float));
    /* Nothing is left behind the queue, so that a state does not tell in which portions rows came. */
    const uint32_t now = held - old + (run->in_rows - passed);
    if (now < held)
        memset(queue + (size_t)now * width, 0, (size_t)(held - now) * width * sizeof(float));
    return 0;
}

/* A row to its place, by way of the queue, and one row of the queue up. */
void mlm_align_class_counts(const mlm_op_view *view, mlm_work *work) {
    work->row.bytes_written = 3 * (uint64_t)view->op->width * sizeof(float);
    work->row.bytes_read = work->row.bytes_written;
}

static const char *const roles[] = {"held"};

/* mlm-op 18 */
const mlm_op_class mlm_align_class = {
    .name = "align",
    .least_inputs = 2,
    .most_inputs = 2,
    .flags = MLM_OP_SEQUENCE | MLM_OP_PACED | MLM_OP_MOVES,
    .variants = 1,
    .parts = 1,
    .roles = ROLES,
    .role_names = roles,
    .check = check,
    .needs = needs,
    .most_ahead = mlm_most_ahead,
    .run = run_align,
};
