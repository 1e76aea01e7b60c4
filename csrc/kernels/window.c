/*
 * window.c - see window.h. The history is a ring, so that a step moves no more rows than it brings.
 */
#include <stddef.h>
#include <string.h>

#include "window.h"

enum { MOST = 1 << 24 /* rows */ };

int mlm_is_window(const mlm_window *window) {
    if (window->taps < 1 || window->taps > MOST || window->hop < 1 || window->hop > MOST ||
        window->dilation < 1 || window->dilation > MOST)
        return 0;
    const uint64_t span = (uint64_t)(window->taps - 1) * window->dilation + 1;
    return span <= MOST && window->before < span && window->after < span;
}

int mlm_window_clock(const mlm_window *window, mlm_clock *clock) {
    const uint32_t span = mlm_window_span(window);
    *clock = (mlm_clock){span, window->hop, window->before, window->after, 1, MLM_NO_INSERT, 0};
    return window->hop != 1 || window->before != span - 1 || window->after != 0;
}

void mlm_window_need(const mlm_op_view *view, const mlm_window *window, mlm_need *need) {
    need->floats = (uint64_t)(mlm_window_span(window) - 1) * view->widths[0];
    need->is_state = 1;
}

/* Where row `index` is in the history. */
static size_t place_of(const mlm_run *run, const mlm_window *window, uint32_t index) {
    return (size_t)(index % (mlm_window_span(window) - 1)) * run->input_width;
}

const float *mlm_window_row(const mlm_run *run, const mlm_window *window, const float *history,
                            uint32_t r, uint32_t j) {
    const uint32_t index = mlm_window_index(run, window, r, j);
    if (index == MLM_UNKNOWN) return 0;
    if (index < run->in_first) return history + place_of(run, window, index);
    return run->inputs[0].data + (size_t)(index - run->in_first) * run->inputs[0].stride;
}

void mlm_window_advance(const mlm_run *run, const mlm_window *window, float *history) {
    const uint32_t depth = mlm_window_span(window) - 1;
    for (uint32_t i = run->in_rows > depth ? run->in_rows - depth : 0; i < run->in_rows; i++)
        memcpy(history + place_of(run, window, run->in_first + i),
               run->inputs[0].data + (size_t)i * run->inputs[0].stride,
               run->input_width * sizeof(float));
}
