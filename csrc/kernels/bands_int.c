/*
 * bands_int.c - see bands_int.h. The history is a ring, as window.c's.
 */
#include <string.h>

#include "bands_int.h"

void mlm_window_need_i16(const mlm_op_view *view, const mlm_window *window, mlm_need *need) {
    need->floats = (uint64_t)(mlm_window_span(window) - 1) * mlm_i16_stride(view->widths[0]);
    need->is_state = 1;
}

/* Where row `index` is in the history, in words. */
static size_t place_of(const mlm_run *run, const mlm_window *window, uint32_t index) {
    return (size_t)(index % (mlm_window_span(window) - 1)) * mlm_i16_stride(run->input_width);
}

const int16_t *mlm_window_row_i16(const mlm_run *run, const mlm_window *window,
                                  const float *history, uint32_t r, uint32_t j) {
    const uint32_t index = mlm_window_index(run, window, r, j);
    if (index == MLM_UNKNOWN) return 0;
    if (index >= run->in_first) return mlm_read_i16(run->inputs[0], index - run->in_first);
    return (const int16_t *)(const void *)(history + place_of(run, window, index));
}

void mlm_window_advance_i16(const mlm_run *run, const mlm_window *window, float *history) {
    const uint32_t depth = mlm_window_span(window) - 1;
    for (uint32_t i = run->in_rows > depth ? run->in_rows - depth : 0; i < run->in_rows; i++)
        memcpy(history + place_of(run, window, run->in_first + i), mlm_read_i16(run->inputs[0], i),
               run->input_width * sizeof(int16_t));
}
